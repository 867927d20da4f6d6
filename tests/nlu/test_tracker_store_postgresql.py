"""The tracker store on a real PostgreSQL; what is the same for any database is tested on SQLite."""

from typing import Iterator

import pytest
from rasa.core.tracker_store import SQLTrackerStore

from nlu.tracker_store import LiveTrackerStore
from tests.nlu.test_tracker_store import DOMAIN, VISITOR, said, say, start, turn
from tests.postgresql import Postgresql, running_postgresql

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def url(server: Postgresql) -> str:
    return f"postgresql+psycopg2://{server.address}/postgres"


async def test_two_processes_that_take_turns_agree_with_rasas_own_store(
    server: Postgresql, url: str
) -> None:
    one, other = (
        LiveTrackerStore(DOMAIN, host=url),
        LiveTrackerStore(DOMAIN, host=url),
    )
    await say(one, *start())

    for number in range(6):
        await say([one, other][number % 2], *turn(str(number)))

    assert await said(one) == await said(other) == list("012345")
    rasas = await SQLTrackerStore(DOMAIN, host=url).retrieve(VISITOR)
    assert await one.retrieve(VISITOR) == rasas


async def test_a_server_that_went_away_is_told_and_caught_up_with(
    server: Postgresql, url: str
) -> None:
    store = LiveTrackerStore(DOMAIN, host=url)
    await say(store, *start(), *turn("before"), to="visitor-2")
    server.stop()

    await say(store, *turn("meanwhile"), to="visitor-2")
    told = await store.works()
    server.start()

    assert told is False
    assert await store.works() is True
    again = LiveTrackerStore(DOMAIN, host=url)
    assert await said(again, of="visitor-2") == ["before", "meanwhile"]
