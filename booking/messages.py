"""Messages that visitors leave for the clinic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from booking.database import reading
from booking.details import Contact, clean_text
from booking.errors import DetailRefused, Refusal
from booking.models import ClinicMessage
from booking.outbox import tell_of_message
from booking.storing import store_once

if TYPE_CHECKING:
    from booking.clinic import Clinic

LONGEST_MESSAGE = 2000


def leave_message(
    engine: Engine,
    clinic: Clinic,
    *,
    text: str,
    contact: Contact,
    conversation_id: str,
    idempotency_key: str,
    now: datetime,
    name: str | None = None,
) -> ClinicMessage:
    """Store the message once, and what the hand-offs tell of it.

    The same key again returns the message stored first.

    Raises `DetailRefused` for an empty text (no_message), one over 2,000 characters (too_long),
    or without any contact (no_contact); `BookingUnavailable` with nothing stored.
    """
    words = _read_message(text)
    if contact.email is None and contact.phone is None:
        raise DetailRefused(Refusal.NO_CONTACT)

    def store(session: Session, reference: str) -> ClinicMessage:
        message = ClinicMessage(
            reference=reference,
            text=words,
            contact_email=contact.email,
            contact_phone=contact.phone,
            name=name,
            conversation_id=conversation_id,
            idempotency_key=idempotency_key,
            created_at=now,
        )
        session.add(message)
        tell_of_message(session, clinic, message)
        return message

    return store_once(engine, ClinicMessage, idempotency_key, store)


def list_messages(engine: Engine) -> Sequence[ClinicMessage]:
    """All messages, the newest first."""
    newest = ClinicMessage.created_at.desc(), ClinicMessage.id.desc()
    with reading(engine) as session:
        return session.scalars(select(ClinicMessage).order_by(*newest)).all()


def as_json(message: ClinicMessage, tz: tzinfo) -> dict[str, str | None]:
    """reference, text, name, email, phone, created_at (ISO 8601 with the offset of `tz`)."""
    return {
        "reference": message.reference,
        "text": message.text,
        "name": message.name,
        "email": message.contact_email,
        "phone": message.contact_phone,
        "created_at": message.created_at.astimezone(tz).isoformat(timespec="seconds"),
    }


def _read_message(text: str) -> str:
    words = clean_text(text, lines=True)
    if not words:
        raise DetailRefused(Refusal.NO_MESSAGE)
    if len(words) > LONGEST_MESSAGE:
        raise DetailRefused(Refusal.TOO_LONG)
    return words
