"""What reached the booking database, read past the processes that wrote it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete
from sqlalchemy.engine import make_url

from booking import messages, requests
from booking.clinic import read_clinic
from booking.database import open_database, writing
from booking.models import Hold, OccupiedStep
from tests.e2e.stack import Stack

Stored = list[dict[str, Any]]


def stored_requests(stack: Stack) -> Stored:
    """As `needlepoint requests list --json` has them, the newest first."""
    engine = open_database(stack.settings.booking_database_url)
    zone = read_clinic(stack.settings.clinic).zone
    found = [requests.as_json(one, zone) for one in requests.list_requests(engine)]
    engine.dispose()
    return found


def stored_messages(stack: Stack) -> Stored:
    """As `needlepoint messages list --json` has them, the newest first."""
    engine = open_database(stack.settings.booking_database_url)
    zone = read_clinic(stack.settings.clinic).zone
    found = [messages.as_json(one, zone) for one in messages.list_messages(engine)]
    engine.dispose()
    return found


def free_all_times(stack: Stack) -> None:
    """Let the next story find the calendar empty, whatever the one before has booked or held."""
    engine = open_database(stack.settings.booking_database_url)
    with writing(engine) as session:
        session.execute(delete(OccupiedStep))
        session.execute(delete(Hold))
    engine.dispose()


@contextmanager
def locked_booking_database(stack: Stack) -> Iterator[None]:
    """Nobody else can write to the requests meanwhile."""
    with locked_database(stack.settings.booking_database_url):
        yield


@contextmanager
def locked_database(url: str) -> Iterator[None]:
    """Nobody else can write to a SQLite database meanwhile."""
    file = make_url(url).database
    assert file
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()
