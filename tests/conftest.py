"""For all tests: those of Rasa's side run in Rasa's environment only."""

import sys
from collections.abc import Iterator

import pytest

from tests.postgresql import Postgresql, running_postgresql

collect_ignore = ["nlu"] if sys.version_info >= (3, 11) else []


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: Postgresql) -> Iterator[str]:
    """The URL of an empty database."""
    with postgresql_server.database() as name:
        yield f"postgresql+psycopg://{postgresql_server.address}/{name}"
