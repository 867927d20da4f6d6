"""Keep a start for a conversation while the visitor gives the rest of the details."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine, delete

from booking.database import changing_slots
from booking.models import Hold
from booking.occupancy import check_offered, occupy, remove_expired_holds
from booking.schedule import ends_at

if TYPE_CHECKING:
    from booking.clinic import Clinic


def hold_slot(
    engine: Engine,
    clinic: Clinic,
    starts_at: datetime,
    *,
    owner: str,
    now: datetime,
    real_now: datetime,
) -> Hold:
    """Keep `starts_at` for `owner`, in place of what was kept for it before.

    Raises `SlotTaken` (what was kept before stays kept), `SlotNotOffered` for a start that the
    clinic's rules do not have, or `BookingUnavailable`.
    """
    check_offered(clinic, starts_at, now)
    with changing_slots(engine) as session:
        remove_expired_holds(session, real_now)
        session.execute(delete(Hold).where(Hold.owner == owner))
        hold = Hold(
            owner=owner,
            starts_at=starts_at.astimezone(UTC),
            ends_at=ends_at(clinic, starts_at),
            expires_at=real_now + timedelta(minutes=clinic.booking.hold_minutes),
        )
        occupy(session, clinic, starts_at, hold)
    return hold


def release_hold(engine: Engine, *, owner: str) -> None:
    """Let go of what is kept for `owner`; nothing, when nothing is."""
    with changing_slots(engine) as session:
        session.execute(delete(Hold).where(Hold.owner == owner))
