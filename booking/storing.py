"""Store a row once per idempotency key, under a reference that nobody else has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking.database import reading, writing
from booking.errors import BookingUnavailable
from booking.models import ClinicMessage, ConsultationRequest

# Read out over the phone, none of these is taken for another: no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
REFERENCE_LENGTH = 6
ATTEMPTS = 5


def new_reference() -> str:
    """Such as "NP-7KQ4MX"; unguessable enough to name one of a clinic's requests."""
    return "NP-" + "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))


def store_once[Kept: (ConsultationRequest, ClinicMessage)](
    engine: Engine,
    kind: type[Kept],
    key: str,
    store: Callable[[Session, str], Kept],
    transaction: Callable[[Engine], AbstractContextManager[Session]] = writing,
) -> Kept:
    """The row of `kind` kept under `key`; when there is none, that of `store(session, reference)`.

    The database's unique constraints decide, so two callers at the same moment get the same row.
    """
    for _ in range(ATTEMPTS):
        try:
            with transaction(engine) as session:
                kept = session.scalar(select(kind).where(kind.idempotency_key == key))
                return kept if kept is not None else store(session, new_reference())
        except IntegrityError:
            # Either somebody stored the same key just now, or the reference is taken.
            first = _stored(engine, kind, key)
            if first is not None:
                return first
    raise BookingUnavailable(f"no free reference after {ATTEMPTS} attempts")


def _stored[Kept: (ConsultationRequest, ClinicMessage)](
    engine: Engine, kind: type[Kept], key: str
) -> Kept | None:
    with reading(engine) as session:
        return session.scalar(select(kind).where(kind.idempotency_key == key))
