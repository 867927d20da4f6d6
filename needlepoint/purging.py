"""Deletes what is older than the clinic keeps it, from every database."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from booking import outbox, retention
from booking.database import open_database
from booking.errors import BookingUnavailable
from faq import inbox
from faq.database import StaffDatabaseUnavailable
from needlepoint import tracker_events
from needlepoint.settings import Settings
from web import chat_store
from web.staff import log as log_of_staff

log = logging.getLogger("needlepoint.worker")


def purge(settings: Settings, moment: datetime) -> None:
    """Delete what has been quiet since before `moment`; a database that fails waits its turn."""
    purges: dict[str, tuple[str, Callable[[sa.Engine, datetime], dict[str, int]]]] = {
        "requests": (settings.booking_database_url, _purge_booking),
        "chat": (settings.chat_database_url, _purge_chat),
        "conversations": (settings.tracker_database_url, _purge_conversations),
        "staff": (settings.staff_database_url, _purge_staff),
    }
    for name, (url, work) in purges.items():
        engine = open_database(url)
        try:
            done = work(engine, moment)
        except (SQLAlchemyError, BookingUnavailable, StaffDatabaseUnavailable) as error:
            log.error("old %s could not be deleted, next try in an hour: %s", name, error)
        else:
            told = ", ".join(f"{count} {what}" for what, count in done.items() if count)
            if told:
                log.info("deleted what is older than %s: %s", f"{moment:%Y-%m-%d}", told)
        finally:
            engine.dispose()


def _purge_booking(engine: sa.Engine, moment: datetime) -> dict[str, int]:
    purged = retention.purge_before(engine, moment)
    # Availability passes over holds that have expired: their rows are all that is left to go.
    retention.purge_expired_holds(engine, datetime.now(UTC))
    return {
        "requests": purged.requests,
        "messages for the clinic": purged.messages,
        "hand-offs": outbox.purge_delivered(engine, moment),
    }


def _purge_chat(engine: sa.Engine, moment: datetime) -> dict[str, int]:
    return {"chat messages": chat_store.purge_before(engine, moment)}


def _purge_conversations(engine: sa.Engine, moment: datetime) -> dict[str, int]:
    """Rasa's side of the conversations."""
    return {"events of conversations": tracker_events.purge_before(engine, moment)}


def _purge_staff(engine: sa.Engine, moment: datetime) -> dict[str, int]:
    """What staff did, and what waited in their inbox; their accounts stay."""
    return {
        "lines of staff's log": log_of_staff.purge_before(engine, moment),
        "questions in the inbox": inbox.purge_before(engine, moment.timestamp()),
    }
