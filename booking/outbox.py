"""The transactional outbox: what is to be told is stored with the change that it tells of.

`booking.delivering` delivers it. What never succeeds, or never can, is kept here as a dead letter
for staff to retry or drop.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import Engine, Select, delete, select
from sqlalchemy.orm import Session, selectinload

from booking.database import reading, writing
from booking.errors import UnknownEntry
from booking.hand_off.notice import Channel, Event
from booking.models import ClinicMessage, ConsultationRequest, Delivery, OutboxEntry

if TYPE_CHECKING:
    from booking.clinic import Clinic

BY_VISITOR = "visitor"
TELLS_CLINIC = {Event.RESCHEDULED, Event.CANCELLED}
TELLS_VISITOR = {
    Event.REQUESTED,
    Event.CONFIRMED,
    Event.RESCHEDULED,
    Event.CANCELLED,
    Event.DECLINED,
}


# --- storing ---


def tell_of_request(
    session: Session,
    clinic: Clinic,
    request: ConsultationRequest,
    event: Event,
    *,
    by: str,
    at: datetime,
    before: datetime | None = None,
) -> None:
    """Store what the receivers are to be told; a reminder of an earlier state is dropped."""
    session.flush()
    _drop_reminder(session, request)
    for channel in _channels(clinic, request, event, by):
        session.add(_entry(request, channel, event, by=by, at=at, before=before))
    if event is Event.CONFIRMED:
        _remind(session, clinic, request, at)


def tell_of_message(session: Session, clinic: Clinic, message: ClinicMessage) -> None:
    """Store that the clinic is to be told of a message that a visitor left."""
    session.flush()
    email, webhook = clinic.hand_off.email, clinic.hand_off.webhook
    for channel, is_on in ((Channel.EMAIL_CLINIC, email), (Channel.WEBHOOK, webhook)):
        if is_on is not None:
            session.add(
                OutboxEntry(
                    key=str(uuid4()),
                    channel=channel,
                    event=Event.MESSAGE,
                    at=message.created_at,
                    by=BY_VISITOR,
                    message_id=message.id,
                    due_at=_real_now(),
                )
            )


def _channels(clinic: Clinic, request: ConsultationRequest, event: Event, by: str) -> list[Channel]:
    on, told = clinic.hand_off, []
    news = event is Event.REQUESTED or (event in TELLS_CLINIC and by == BY_VISITOR)
    if on.email and news:
        told.append(Channel.EMAIL_CLINIC)
    if on.email and request.email and event in TELLS_VISITOR:
        told.append(Channel.EMAIL_VISITOR)
    if on.webhook:
        told.append(Channel.WEBHOOK)
    if on.caldav:
        told.append(Channel.CALENDAR)
    return told


def _entry(
    request: ConsultationRequest,
    channel: Channel,
    event: Event,
    *,
    by: str,
    at: datetime,
    before: datetime | None = None,
    due_at: datetime | None = None,
) -> OutboxEntry:
    return OutboxEntry(
        key=str(uuid4()),
        channel=channel,
        event=event,
        at=at,
        by=by,
        request_id=request.id,
        status=request.status,
        sequence=request.sequence,
        practitioner=request.practitioner,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        before=before,
        due_at=due_at or _real_now(),
    )


def _remind(session: Session, clinic: Clinic, request: ConsultationRequest, at: datetime) -> None:
    email = clinic.hand_off.email
    if email is None or not email.remind_hours or not request.email:
        return
    due_at = request.starts_at - timedelta(hours=email.remind_hours)
    if due_at > at:
        session.add(
            _entry(
                request, Channel.EMAIL_VISITOR, Event.REMINDER, by="clinic", at=at, due_at=due_at
            )
        )


def _drop_reminder(session: Session, request: ConsultationRequest) -> None:
    session.execute(
        delete(OutboxEntry).where(
            OutboxEntry.request_id == request.id,
            OutboxEntry.event == Event.REMINDER,
            OutboxEntry.state == Delivery.PENDING,
        )
    )


def _real_now() -> datetime:
    # Deliveries run on real time, whatever day it is for the clinic's calendar in a test.
    return datetime.now(UTC)


# --- what staff see ---


def list_outbox(
    engine: Engine, *, state: Delivery | None = None, reference: str | None = None
) -> Sequence[OutboxEntry]:
    """Entries with what they tell of, the newest first: all, of one state, or of one request."""
    wanted = (
        select(OutboxEntry)
        .options(selectinload(OutboxEntry.request), selectinload(OutboxEntry.message))
        .order_by(OutboxEntry.id.desc())
    )
    if state is not None:
        wanted = wanted.where(OutboxEntry.state == state)
    if reference is not None:
        wanted = wanted.where(OutboxEntry.request.has(reference=reference))
    with reading(engine) as session:
        return session.scalars(wanted).all()


def retry_entry(engine: Engine, key: str) -> OutboxEntry:
    """Try what failed again at once, from the start; raises `UnknownEntry` for any other."""
    with writing(engine) as session:
        entry = session.scalar(_failed().where(OutboxEntry.key == key))
        if entry is None:
            raise UnknownEntry(key)
        _retry(entry)
        return entry


def retry_all(engine: Engine) -> Sequence[OutboxEntry]:
    """Try all that failed again at once, from the start; the oldest first."""
    with writing(engine) as session:
        entries = session.scalars(_failed().order_by(OutboxEntry.id)).all()
        for entry in entries:
            _retry(entry)
        return entries


def drop_entry(engine: Engine, key: str) -> None:
    """Give up a dead letter, so that what waits behind it goes on; raises `UnknownEntry`."""
    with writing(engine) as session:
        session.delete(_dead_letter(session, key))


def _retry(entry: OutboxEntry) -> None:
    entry.state, entry.attempts, entry.due_at = Delivery.PENDING, 0, _real_now()


def _failed() -> Select[OutboxEntry]:
    """Dead letters, and what waits for its next attempt."""
    waits = (OutboxEntry.state == Delivery.PENDING) & (OutboxEntry.attempts > 0)
    return _told_of(select(OutboxEntry).where(waits | (OutboxEntry.state == Delivery.DEAD)))


def _dead_letter(session: Session, key: str) -> OutboxEntry:
    dead = select(OutboxEntry).where(OutboxEntry.state == Delivery.DEAD, OutboxEntry.key == key)
    entry = session.scalar(_told_of(dead))
    if entry is None:
        raise UnknownEntry(key)
    return entry


def _told_of(entries: Select[OutboxEntry]) -> Select[OutboxEntry]:
    """With what they tell of; the worker changes none of them meanwhile."""
    both = selectinload(OutboxEntry.request), selectinload(OutboxEntry.message)
    return entries.options(*both).with_for_update(of=OutboxEntry)


def purge_delivered(engine: Engine, before: datetime) -> int:
    """Delete entries delivered before a moment; how many."""
    gone = delete(OutboxEntry).where(
        OutboxEntry.state == Delivery.DELIVERED, OutboxEntry.delivered_at < before
    )
    with writing(engine) as session:
        return len(session.scalars(gone.returning(OutboxEntry.id)).all())


def as_json(entry: OutboxEntry, tz: tzinfo) -> dict[str, str | int | None]:
    """key, what is told (`event`) of which `reference` on which `channel`, and how that goes.

    Moments in ISO 8601 with the offset of `tz`; `error` says why the last attempt failed.
    """
    told = entry.request or entry.message
    delivered_at = entry.delivered_at.astimezone(tz) if entry.delivered_at else None
    return {
        "key": entry.key,
        "reference": told.reference if told else None,
        "event": entry.event,
        "channel": entry.channel,
        "state": entry.state.value,
        "attempts": entry.attempts,
        "due_at": entry.due_at.astimezone(tz).isoformat(timespec="seconds"),
        "delivered_at": delivered_at.isoformat(timespec="seconds") if delivered_at else None,
        "error": entry.error,
    }
