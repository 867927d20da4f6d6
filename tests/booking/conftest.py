"""A clinic, a fixed now, and a fresh database each: SQLite files and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from booking.clinic import Clinic, read_clinic
from booking.database import migrate, open_database
from booking.details import Details, PreferredTime

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    return read_clinic(ROOT / "clinic.yml")


@pytest.fixture
def now(clinic: Clinic) -> datetime:
    """A Friday, ten in the morning in New York, within opening hours."""
    return datetime(2026, 11, 20, 10, 0, tzinfo=clinic.zone)


@pytest.fixture
def details(clinic: Clinic) -> Details:
    """All that a request needs."""
    return Details(
        name="Ana Lopez",
        email="ana@example.com",
        phone="+12025550164",
        concern="acne scars",
        time=PreferredTime(datetime(2026, 11, 24, 15, 0, tzinfo=clinic.zone), "tuesday after 3"),
    )


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'booking.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once on each kind that a clinic may use."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def migrated() -> Iterator[Callable[[str], Engine]]:
    """Opens a database with our tables in it; closed after the test."""
    opened = []

    def open_migrated(url: str) -> Engine:
        migrate(url)
        opened.append(open_database(url))
        return opened[-1]

    yield open_migrated
    for engine in opened:
        engine.dispose()


@pytest.fixture
def engine(database_url: str, migrated: Callable[[str], Engine]) -> Engine:
    return migrated(database_url)
