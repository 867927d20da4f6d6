"""All that is kept about one e-mail address, in every database: shown and erased."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Engine

from booking import outbox, privacy
from booking.addresses import Address
from booking.database import open_database, scrub
from booking.models import ConsultationRequest, Delivery
from faq import inbox
from needlepoint import tracker_events
from needlepoint.settings import Settings
from web import chat_store

# A visitor who is in the chat at this very moment may have a turn under way.
PASSES = 3
POLL_SECONDS = 0.2


class StillTalking(Exception):
    """The address came up again while it was being erased; nothing else of it is left."""


@dataclass(frozen=True)
class Found:
    """What is in the booking database, and the conversations with whatever was said in them."""

    kept: privacy.Kept
    conversations: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.kept or self.conversations)


@dataclass(frozen=True)
class Gone:
    """What was erased: rows of the booking database, chat messages, events of Rasa's, questions in
    the inbox."""

    booking: privacy.Erased
    chat_messages: int
    events: int
    inbox_questions: int

    def as_json(self, tz: tzinfo) -> dict[str, Any]:
        return {
            "requests": self.booking.requests,
            "messages": self.booking.messages,
            "chat_messages": self.chat_messages,
            "events": self.events,
            "inbox_questions": self.inbox_questions,
            "blanked_in_others": self.booking.blanked,
            "remove_by_hand": [privacy.sent_as_json(one, tz) for one in self.booking.sent],
        }


class Records:
    """The databases in which people's data are. Raises as SQLAlchemy, `booking` and `faq`."""

    def __init__(self, settings: Settings) -> None:
        self.booking = open_database(settings.booking_database_url)
        self.chat = open_database(settings.chat_database_url)
        self.tracker = open_database(settings.tracker_database_url)
        self.staff = open_database(settings.staff_database_url)

    def close(self) -> None:
        for engine in self._all():
            engine.dispose()

    def _all(self) -> tuple[Engine, ...]:
        return self.booking, self.chat, self.tracker, self.staff

    def find(self, address: Address) -> Found:
        kept = privacy.find_kept(self.booking, address)
        said = chat_store.conversations_mentioning(self.chat, address)
        said |= tracker_events.mentioning(self.tracker, address)
        # Masked as they are, questions seldom tell; their conversations do.
        said |= inbox.conversations_in_which(self.staff, address.is_in)
        return Found(kept, kept.conversations | said)

    def export(self, address: Address, tz: tzinfo) -> dict[str, Any]:
        """One document with everything."""
        found = self.find(address)
        return {
            "email": address.email,
            "exported_at": datetime.now(tz).isoformat(timespec="seconds"),
            **privacy.as_json(found.kept, tz),
            "chat": chat_store.export_conversations(self.chat, found.conversations),
            "conversations": tracker_events.export(self.tracker, found.conversations),
            "inbox": [
                {
                    "asked_at": datetime.fromtimestamp(one.asked_at, tz).isoformat(),
                    "text": one.text,
                    "reason": one.reason,
                }
                for one in inbox.export_conversations(self.staff, found.conversations)
            ],
        }

    def erase(self, address: Address) -> Gone:
        """Erase everything, so that no file of SQLite's holds it any more.

        What was said goes first: should a database fail half-way, the requests still tell which
        conversations are meant when it is done again. Raises `StillTalking`.
        """
        conversations: set[str] = set()
        booking, said, events, asked = privacy.Erased(0, 0, 0, ()), 0, 0, 0
        for _ in range(PASSES):
            conversations |= self.find(address).conversations
            said += self._erase_chat(conversations)
            events += tracker_events.erase(self.tracker, conversations)
            asked += inbox.erase_conversations(self.staff, conversations)
            booking += privacy.erase_kept(self.booking, address)
            for engine in self._all():
                scrub(engine)
            if not self.find(address):
                return Gone(booking, said, events, asked)
        raise StillTalking("the address was just used again in the chat: run this once more")

    def _erase_chat(self, conversations: Collection[str]) -> int:
        writing = self.chat.execution_options(immediate=True)
        return chat_store.erase_conversations(writing, conversations)


def wait_until_told(
    engine: Engine, requests: Collection[ConsultationRequest], seconds: float
) -> bool:
    """Give the worker time to hand off what is to be told of requests; whether it has."""
    until = time.monotonic() + seconds
    while any(
        outbox.list_outbox(engine, state=Delivery.PENDING, reference=request.reference)
        for request in requests
    ):
        if time.monotonic() > until:
            return False
        time.sleep(POLL_SECONDS)
    return True
