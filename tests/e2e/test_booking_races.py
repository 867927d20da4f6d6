"""Many visitors who want one and the same time at once, through the public chat API."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest

from tests.e2e.booker import TAKEN, Booker, Heard, bookers
from tests.e2e.stack import Stack, make_stack, own_clinic
from tests.e2e.stored import stored_requests

WISH = "tuesday 3pm"
WISHED = "2026-11-24T15:00:00-05:00"
HELD = "time_held"
# So many give their details at a time before the race.
BEGINNING = 8
# One room that is free every half hour, the next few weeks.
ONE_ROOM = {
    "practitioners": [{"id": "room", "name": "The room"}],
    "booking": {"slot_minutes": 30, "buffer_minutes": 0, "starts_every_minutes": 30},
}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with running(tmp_path) as stack:
        yield stack


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Stack]:
    """A stack with a clinic of one room."""
    clinic = own_clinic(folder, **ONE_ROOM)
    stack = make_stack(folder, NEEDLEPOINT_CLINIC=clinic, **settings)
    stack.start()
    try:
        stack.wait_until_healthy()
        yield stack
    finally:
        stack.stop()


def all_at_once(visitors: list[Booker]) -> list[str]:
    """Has everybody wish for it at the same moment, and go on until they have a time.

    The references that they are told.
    """
    barrier = Barrier(len(visitors))

    def begin(visitor: Booker) -> None:
        visitor.begin()
        assert visitor.say_all_but_when().asks == "preferred_time"

    def wish(visitor: Booker) -> str:
        barrier.wait(60)
        visitor.say(WISH)
        return visitor.finish()

    with ThreadPoolExecutor(BEGINNING) as pool:
        list(pool.map(begin, visitors))
    with ThreadPoolExecutor(len(visitors)) as pool:
        return list(pool.map(wish, visitors))


def race(stack: Stack, count: int) -> None:
    visitors = list(bookers(stack.url, count, WISH))

    references = all_at_once(visitors)

    stored = stored_requests(stack)
    assert_each_has_a_time_of_their_own(stored, visitors, references)
    assert_one_got_it_and_the_others_were_told(visitors)


def assert_each_has_a_time_of_their_own(
    stored: list[dict[str, str]], visitors: list[Booker], references: list[str]
) -> None:
    assert {one["reference"]: one["email"] for one in stored} == {
        reference: visitor.person.email
        for reference, visitor in zip(references, visitors, strict=True)
    }
    starts = [one["starts_at"] for one in stored]
    assert len(starts) == len(set(starts)) == len(visitors)
    assert WISHED in starts


def assert_one_got_it_and_the_others_were_told(visitors: list[Booker]) -> None:
    heard = [visitor.heard[1] for visitor in visitors]
    got_it = [one for one in heard if HELD in one.names]
    told = [one for one in heard if TAKEN in one.names]
    assert len(got_it) == 1
    assert len(told) == len(visitors) - 1
    assert all(map(offers_times, told))


def offers_times(heard: Heard) -> bool:
    titles = [choice["title"] for choice in heard.choices]
    return len(titles) == 4 and titles[-1] == "Other times" and "Tue 24 Nov, 3:00 pm" not in titles


def test_one_of_many_gets_the_time_and_the_others_get_others(stack: Stack) -> None:
    race(stack, 40)


@pytest.mark.soak
@pytest.mark.timeout(900)
class TestInFull:
    def test_two_hundred_on_sqlite(self, stack: Stack) -> None:
        race(stack, 200)

    def test_two_hundred_on_postgresql(self, tmp_path: Path, postgresql_url: str) -> None:
        with running(tmp_path, NEEDLEPOINT_DATABASE_URL=postgresql_url) as stack:
            race(stack, 200)
