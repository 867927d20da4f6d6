"""Messages that visitors leave for the clinic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from sqlalchemy import Engine

from booking.details import Contact
from booking.models import ClinicMessage


def leave_message(
    engine: Engine,
    *,
    text: str,
    contact: Contact,
    conversation_id: str,
    idempotency_key: str,
    now: datetime,
    name: str | None = None,
) -> ClinicMessage:
    """Store the message once; the same key again returns the one stored first.

    Raises `DetailRefused` for an empty text (no_message), one over 2,000 characters (too_long),
    or without any contact (no_contact).
    """
    raise NotImplementedError


def list_messages(engine: Engine) -> Sequence[ClinicMessage]:
    """All messages, the newest first."""
    raise NotImplementedError


def as_json(message: ClinicMessage, tz: tzinfo) -> dict[str, str | None]:
    """reference, text, name, email, phone, created_at (ISO 8601 in `tz`)."""
    raise NotImplementedError
