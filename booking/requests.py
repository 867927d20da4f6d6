"""Consultation requests: made by visitors, confirmed or cancelled by the clinic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from booking.database import reading, writing
from booking.details import Details, clean_text
from booking.errors import IllegalTransition, IncompleteDetails, UnknownRequest
from booking.models import ConsultationRequest, RequestEvent, Status
from booking.storing import store_once

VISITOR = "visitor"

# What a request may become. A cancelled, declined or missed one is history: a visitor who wants
# to come after all makes a new request.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.NEW: frozenset(
        {Status.CONFIRMED, Status.RESCHEDULED, Status.CANCELLED, Status.DECLINED}
    ),
    Status.CONFIRMED: frozenset({Status.RESCHEDULED, Status.CANCELLED, Status.NO_SHOW}),
    Status.RESCHEDULED: frozenset({Status.CONFIRMED, Status.CANCELLED, Status.DECLINED}),
    Status.CANCELLED: frozenset(),
    Status.DECLINED: frozenset(),
    Status.NO_SHOW: frozenset(),
}


def request_consultation(
    engine: Engine,
    *,
    details: Details,
    consent_version: str,
    conversation_id: str,
    idempotency_key: str,
    now: datetime,
) -> ConsultationRequest:
    """Store the request once; the same key again returns the one stored first.

    Raises `IncompleteDetails`, or `BookingUnavailable` with nothing stored.
    """
    name, concern, preferred = details.name, details.concern, details.time
    if details.missing() or name is None or concern is None or preferred is None:
        raise IncompleteDetails(details.missing())

    def build(reference: str) -> ConsultationRequest:
        return ConsultationRequest(
            reference=reference,
            status=Status.NEW,
            name=name,
            email=details.email,
            phone=details.phone,
            concern=concern,
            starts_at=preferred.starts_at,
            preference_text=clean_text(preferred.text),
            notes=clean_text(details.notes) if details.notes else None,
            consent_version=consent_version,
            consent_at=now,
            conversation_id=conversation_id,
            idempotency_key=idempotency_key,
            created_at=now,
            updated_at=now,
            events=[RequestEvent(at=now, actor=VISITOR, what="requested")],
        )

    return store_once(engine, ConsultationRequest, idempotency_key, build)


def list_requests(engine: Engine, *, status: Status | None = None) -> Sequence[ConsultationRequest]:
    """All requests, or those with one status; the newest first."""
    wanted = select(ConsultationRequest).order_by(
        ConsultationRequest.created_at.desc(), ConsultationRequest.id.desc()
    )
    if status is not None:
        wanted = wanted.where(ConsultationRequest.status == status)
    with reading(engine) as session:
        return session.scalars(wanted).all()


def show_request(engine: Engine, reference: str) -> ConsultationRequest:
    """One request with its `events`, however its reference is typed; raises `UnknownRequest`."""
    with reading(engine) as session:
        return _request(session, reference)


def confirm_request(
    engine: Engine, reference: str, *, actor: str, now: datetime
) -> ConsultationRequest:
    """The clinic agrees; raises `UnknownRequest` or `IllegalTransition`."""
    return _move(engine, reference, Status.CONFIRMED, actor=actor, now=now)


def cancel_request(
    engine: Engine, reference: str, *, actor: str, now: datetime
) -> ConsultationRequest:
    """Visitor or clinic call it off; raises `UnknownRequest` or `IllegalTransition`."""
    return _move(engine, reference, Status.CANCELLED, actor=actor, now=now)


def as_json(request: ConsultationRequest, tz: tzinfo) -> dict[str, str | None]:
    """What `needlepoint requests list --json` prints for one request.

    Phone in E.164, moments in ISO 8601 with the offset of `tz`, absent values None.
    """
    return {
        "reference": request.reference,
        "status": request.status.value,
        "name": request.name,
        "email": request.email,
        "phone": request.phone,
        "concern": request.concern,
        "starts_at": request.starts_at.astimezone(tz).isoformat(),
        "created_at": request.created_at.astimezone(tz).isoformat(timespec="seconds"),
        "notes": request.notes,
    }


def _move(
    engine: Engine, reference: str, wanted: Status, *, actor: str, now: datetime
) -> ConsultationRequest:
    with writing(engine) as session:
        request = _request(session, reference, lock=True)
        if wanted not in TRANSITIONS[request.status]:
            raise IllegalTransition(request.reference, request.status, wanted)
        request.status = wanted
        request.updated_at = now
        request.events.append(RequestEvent(at=now, actor=actor, what=wanted.value))
    return request


def _request(session: Session, reference: str, *, lock: bool = False) -> ConsultationRequest:
    wanted = (
        select(ConsultationRequest)
        .where(ConsultationRequest.reference == reference.strip().upper())
        .options(selectinload(ConsultationRequest.events))
    )
    # On PostgreSQL two people may decide about one request at once; the second one waits.
    request = session.scalar(wanted.with_for_update() if lock else wanted)
    if request is None:
        raise UnknownRequest(reference)
    return request
