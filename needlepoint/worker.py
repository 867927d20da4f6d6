"""The `worker` process: deletes, every hour, what is older than the clinic keeps it."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from booking import retention
from booking.clinic import read_clinic
from booking.database import open_database
from booking.errors import BookingUnavailable
from needlepoint.databases import migrate
from needlepoint.settings import Settings
from web import chat_store

SECONDS_BETWEEN_PURGES = 3600.0

log = logging.getLogger("needlepoint.worker")

# Rasa's table of conversation events; `timestamp` is in seconds since 1970.
_events = sa.table("events", sa.column("sender_id"), sa.column("timestamp", sa.Double))


def run_worker(settings: Settings) -> None:
    """Work until told to stop. Raises what a wrong clinic.yml raises."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    kept = timedelta(days=read_clinic(settings.clinic).privacy.retention_days)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    migrate(settings)
    while not stop.is_set():
        purge(settings, datetime.now(UTC) - kept)
        stop.wait(SECONDS_BETWEEN_PURGES)


def purge(settings: Settings, moment: datetime) -> None:
    """Delete what has been quiet since before `moment`; a database that fails waits its turn."""
    purges: dict[str, tuple[str, Callable[[sa.Engine, datetime], str]]] = {
        "requests": (settings.booking_database_url, _purge_requests),
        "chat": (settings.chat_database_url, _purge_chat),
        "conversations": (settings.tracker_database_url, _purge_conversations),
    }
    for name, (url, work) in purges.items():
        engine = open_database(url)
        try:
            done = work(engine, moment)
        except (SQLAlchemyError, BookingUnavailable) as error:
            log.error("old %s could not be deleted, next try in an hour: %s", name, error)
        else:
            if done:
                log.info("deleted what is older than %s: %s", f"{moment:%Y-%m-%d}", done)
        finally:
            engine.dispose()


def _purge_requests(engine: sa.Engine, moment: datetime) -> str:
    if not sa.inspect(engine).has_table("consultation_requests"):
        return ""  # The web process, which makes the tables, has not started yet.
    purged = retention.purge_before(engine, moment)
    return _told({"requests": purged.requests, "messages for the clinic": purged.messages})


def _purge_chat(engine: sa.Engine, moment: datetime) -> str:
    if not sa.inspect(engine).has_table(chat_store.messages_table.name):
        return ""
    return _told({"chat messages": chat_store.purge_before(engine, moment)})


def _purge_conversations(engine: sa.Engine, moment: datetime) -> str:
    """Rasa's side of the conversations; those still going on keep their first events, too."""
    if not sa.inspect(engine).has_table(_events.name):
        return ""
    columns = _events.c
    quiet = (
        sa.select(columns.sender_id)
        .group_by(columns.sender_id)
        .having(sa.func.max(columns.timestamp) < moment.timestamp())
    )
    with engine.execution_options(immediate=True).begin() as connection:
        gone = connection.execute(sa.delete(_events).where(columns.sender_id.in_(quiet)))
    return _told({"events of conversations": gone.rowcount})


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)
