"""Deletes what the clinic no longer keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select

from booking.database import changing_slots
from booking.models import ClinicMessage, ConsultationRequest, Hold, RequestEvent


@dataclass(frozen=True)
class Purged:
    """How many of each were deleted."""

    requests: int
    messages: int


def purge_before(engine: Engine, moment: datetime) -> Purged:
    """Delete what has been over since before `moment` (aware).

    A request is over when its time has passed and nobody has changed it since; its history and
    what was handed off of it go with it. Raises `BookingUnavailable` with nothing deleted.
    """
    over = (ConsultationRequest.starts_at < moment) & (ConsultationRequest.updated_at < moment)
    doomed = select(ConsultationRequest.id).where(over)
    with changing_slots(engine) as session:
        session.execute(delete(RequestEvent).where(RequestEvent.request_id.in_(doomed)))
        requests = session.scalars(
            delete(ConsultationRequest).where(over).returning(ConsultationRequest.id)
        ).all()
        messages = session.scalars(
            delete(ClinicMessage)
            .where(ClinicMessage.created_at < moment)
            .returning(ClinicMessage.id)
        ).all()
    return Purged(len(requests), len(messages))


def purge_expired_holds(engine: Engine, real_now: datetime) -> int:
    """Delete the holds that ended by `real_now`, which frees their times; how many there were."""
    expired = delete(Hold).where(Hold.expires_at <= real_now).returning(Hold.id)
    with changing_slots(engine) as session:
        return len(session.scalars(expired).all())
