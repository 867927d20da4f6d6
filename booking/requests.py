"""Consultation requests: made and changed by visitors, answered by the clinic.

Each change, the times it takes or frees, its line in the audit trail and what the hand-offs tell
of it are stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session, selectinload

from booking.database import changing_slots, reading, writing
from booking.details import Contact, Details, clean_text
from booking.errors import (
    ChangedMeanwhile,
    DetailRefused,
    IllegalTransition,
    IncompleteDetails,
    Refusal,
    TooLateToChange,
    UnknownRequest,
)
from booking.hand_off.notice import Event
from booking.models import ConsultationRequest, Hold, RequestEvent, Status
from booking.occupancy import (
    check_offered,
    free_steps_of,
    hand_over,
    let_go_of,
    occupy,
    remove_expired_holds,
)
from booking.outbox import tell_of_request
from booking.schedule import ends_at, occupied_until
from booking.search import has_words
from booking.storing import store_once

if TYPE_CHECKING:
    from booking.clinic import Clinic

VISITOR = "visitor"
STAFF = "clinic"

# What a request may become. A cancelled, declined or missed one is history: a visitor who wants
# to come after all makes a new request.
OPEN = frozenset({Status.NEW, Status.CONFIRMED, Status.RESCHEDULED})
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.NEW: frozenset(Status) - {Status.NEW},
    Status.CONFIRMED: frozenset({Status.RESCHEDULED, Status.CANCELLED, Status.NO_SHOW}),
    Status.RESCHEDULED: frozenset(Status) - {Status.NEW},
    Status.CANCELLED: frozenset(),
    Status.DECLINED: frozenset(),
    Status.NO_SHOW: frozenset(),
}
FREES_THE_TIME = frozenset(Status) - OPEN
LONGEST_NOTE = 2000


def request_consultation(
    engine: Engine,
    clinic: Clinic,
    *,
    details: Details,
    conversation_id: str,
    idempotency_key: str,
    now: datetime,
    real_now: datetime,
    visitor_zone: str | None = None,
) -> ConsultationRequest:
    """Store the request once, take its time, and store what the hand-offs tell of it.

    The same key again returns the request stored first, and so does the same person's wish, in
    the same conversation, for a time that they have already. A time that is held for the
    conversation is the request's even when the notice for it has passed meanwhile. Raises
    `IncompleteDetails`, `SlotTaken`, `SlotNotOffered`, or `BookingUnavailable`, each with nothing
    stored.
    """
    name, concern, preferred = details.name, details.concern, details.time
    if details.missing() or name is None or concern is None or preferred is None:
        raise IncompleteDetails(details.missing())

    def store(session: Session, reference: str) -> ConsultationRequest:
        there = _asked_before(session, conversation_id, details, preferred.starts_at)
        if there is not None:
            session.execute(delete(Hold).where(Hold.owner == conversation_id))
            return there
        request = ConsultationRequest(
            reference=reference,
            status=Status.NEW,
            name=name,
            email=details.email,
            phone=details.phone,
            concern=concern,
            starts_at=preferred.starts_at.astimezone(UTC),
            ends_at=ends_at(clinic, preferred.starts_at),
            visitor_zone=visitor_zone,
            preference_text=clean_text(preferred.text),
            notes=clean_text(details.notes) if details.notes else None,
            consent_version=clinic.consent.version,
            consent_text=clinic.consent.text,
            consent_at=now,
            conversation_id=conversation_id,
            idempotency_key=idempotency_key,
            created_at=now,
            updated_at=now,
            events=[RequestEvent(at=now, actor=VISITOR, what="requested")],
        )
        _take_time(session, clinic, request, now, real_now)
        tell_of_request(session, clinic, request, Event.REQUESTED, by=VISITOR, at=now)
        return request

    return store_once(engine, ConsultationRequest, idempotency_key, store, changing_slots)


def _asked_before(
    session: Session, conversation_id: str, details: Details, starts_at: datetime
) -> ConsultationRequest | None:
    """The open request that the same person made in this conversation for the same time."""
    return session.scalar(
        select(ConsultationRequest).where(
            ConsultationRequest.conversation_id == conversation_id,
            ConsultationRequest.starts_at == starts_at,
            ConsultationRequest.status.in_(OPEN),
            ConsultationRequest.name == details.name,
            ConsultationRequest.email == details.email,
            ConsultationRequest.phone == details.phone,
        )
    )


def _take_time(
    session: Session,
    clinic: Clinic,
    request: ConsultationRequest,
    now: datetime,
    real_now: datetime,
) -> None:
    """Make the conversation's hold the request's, or take the time as it is free."""
    remove_expired_holds(session, real_now)
    hold = session.scalar(select(Hold).where(Hold.owner == request.conversation_id))
    if hold is not None and hold.starts_at == request.starts_at:
        request.practitioner, request.ends_at = hold.practitioner, hold.ends_at
        hand_over(session, hold, request)
        return
    check_offered(clinic, request.starts_at, now)
    if hold is not None:
        session.delete(hold)
        session.flush()
    occupy(session, clinic, request.starts_at, request)


def list_requests(
    engine: Engine,
    *,
    status: Status | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    search: str = "",
) -> Sequence[ConsultationRequest]:
    """All requests, the newest first; or those of one status, of a time, or with some words.

    `since` and `until` (aware) are about when the consultation starts, `until` itself excluded.
    Each word of `search` is in the reference, name, e-mail, phone, concern or notes.
    """
    wanted = select(ConsultationRequest).order_by(
        ConsultationRequest.created_at.desc(), ConsultationRequest.id.desc()
    )
    if status is not None:
        wanted = wanted.where(ConsultationRequest.status == status)
    if since is not None:
        wanted = wanted.where(ConsultationRequest.starts_at >= since)
    if until is not None:
        wanted = wanted.where(ConsultationRequest.starts_at < until)
    with reading(engine) as session:
        found = session.scalars(wanted).all()
    return [one for one in found if has_words(one, search)]


def show_request(engine: Engine, reference: str) -> ConsultationRequest:
    """One request with its `events`, however its reference is typed; raises `UnknownRequest`."""
    with reading(engine) as session:
        return _request(session, reference)


def find_request(engine: Engine, reference: str, contact: Contact) -> ConsultationRequest:
    """The request of that reference, for somebody who also knows its e-mail or phone.

    Raises `UnknownRequest`, whichever of the two is wrong.
    """
    request = show_request(engine, reference)
    by_email = contact.email and (request.email or "").casefold() == contact.email.casefold()
    by_phone = contact.phone and request.phone == contact.phone
    if not (by_email or by_phone):
        raise UnknownRequest(reference)
    return request


def confirm_request(
    engine: Engine,
    clinic: Clinic,
    reference: str,
    *,
    actor: str,
    now: datetime,
    seen: int | None = None,
) -> ConsultationRequest:
    """The clinic agrees; raises `UnknownRequest`, `IllegalTransition` or `ChangedMeanwhile`.

    `seen` is the request's `sequence` as whoever decides saw it; None where nobody looked.
    """
    return _change(engine, clinic, reference, Status.CONFIRMED, actor=actor, now=now, seen=seen)


def cancel_request(
    engine: Engine,
    clinic: Clinic,
    reference: str,
    *,
    actor: str,
    now: datetime,
    seen: int | None = None,
) -> ConsultationRequest:
    """Visitor or clinic call it off, and its time is free again; `seen` as for confirming.

    Raises `UnknownRequest`, `IllegalTransition`, `ChangedMeanwhile`, or `TooLateToChange` for a
    visitor.
    """
    return _change(engine, clinic, reference, Status.CANCELLED, actor=actor, now=now, seen=seen)


def decline_request(
    engine: Engine,
    clinic: Clinic,
    reference: str,
    *,
    actor: str,
    now: datetime,
    seen: int | None = None,
) -> ConsultationRequest:
    """The clinic can't have it; its time is free. Takes and raises what confirming does."""
    return _change(engine, clinic, reference, Status.DECLINED, actor=actor, now=now, seen=seen)


def mark_no_show(
    engine: Engine,
    clinic: Clinic,
    reference: str,
    *,
    actor: str,
    now: datetime,
    seen: int | None = None,
) -> ConsultationRequest:
    """The visitor did not come: what is left of the time is free.

    Takes and raises what confirming does.
    """
    return _change(engine, clinic, reference, Status.NO_SHOW, actor=actor, now=now, seen=seen)


def move_request(
    engine: Engine,
    clinic: Clinic,
    reference: str,
    starts_at: datetime,
    *,
    actor: str,
    now: datetime,
    real_now: datetime,
    seen: int | None = None,
    owner: str | None = None,
) -> ConsultationRequest:
    """Give the request another time; the same time again changes nothing. `seen` as for confirming.

    What is held for `owner`, the conversation that asks for it, is not in its way.

    Raises `SlotTaken` and `SlotNotOffered`, after which it keeps the time it has,
    `TooLateToChange` for a visitor, `UnknownRequest`, `IllegalTransition` or `ChangedMeanwhile`.
    """
    # Local times of an hour that comes twice are equal to none in another zone.
    start = starts_at.astimezone(UTC)
    with changing_slots(engine) as session:
        request = _request(session, reference, lock=True)
        _check_seen(request, seen)
        _check_allowed(clinic, request, Status.RESCHEDULED, actor, now)
        if request.starts_at == start:
            return request
        check_offered(clinic, starts_at, now)
        remove_expired_holds(session, real_now)
        if owner is not None:
            let_go_of(session, owner, start, occupied_until(clinic, start))
        free_steps_of(session, request)
        before, seen_by = request.starts_at, request.practitioner
        request.starts_at, request.ends_at = start, ends_at(clinic, start)
        occupy(session, clinic, start, request, first=seen_by)
        _note_change(request, Status.RESCHEDULED, actor, now)
        tell_of_request(
            session, clinic, request, Event.RESCHEDULED, by=actor, at=now, before=before
        )
    return request


def note_request(
    engine: Engine,
    reference: str,
    note: str,
    *,
    actor: str,
    now: datetime,
    seen: str | None = None,
) -> ConsultationRequest:
    """Put staff's own note on a request, in place of the one it has; "" takes it away.

    `seen` is the note that whoever writes saw ("" for none); None where nobody looked.

    Raises `UnknownRequest`, `ChangedMeanwhile` when the note is another one by now, or
    `DetailRefused` (too_long) over 2,000 characters.
    """
    words = clean_text(note, lines=True)
    if len(words) > LONGEST_NOTE:
        raise DetailRefused(Refusal.TOO_LONG)
    with writing(engine) as session:
        request = _request(session, reference, lock=True)
        if seen is not None and clean_text(seen, lines=True) != (request.notes or ""):
            raise ChangedMeanwhile(request.reference)
        request.notes, request.updated_at = words or None, now
        request.events.append(RequestEvent(at=now, actor=actor, what="noted"))
    return request


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


def history_as_json(request: ConsultationRequest, tz: tzinfo) -> list[dict[str, str]]:
    """Who (`actor`) did `what` with a request `at` which moment, the oldest first."""
    return [
        {
            "at": event.at.astimezone(tz).isoformat(timespec="seconds"),
            "actor": event.actor,
            "what": event.what,
        }
        for event in request.events
    ]


def _change(
    engine: Engine,
    clinic: Clinic,
    reference: str,
    wanted: Status,
    *,
    actor: str,
    now: datetime,
    seen: int | None,
) -> ConsultationRequest:
    with changing_slots(engine) as session:
        request = _request(session, reference, lock=True)
        _check_seen(request, seen)
        _check_allowed(clinic, request, wanted, actor, now)
        if wanted in FREES_THE_TIME:
            free_steps_of(session, request)
        _note_change(request, wanted, actor, now)
        tell_of_request(session, clinic, request, Event(wanted.value), by=actor, at=now)
    return request


def _check_seen(request: ConsultationRequest, seen: int | None) -> None:
    if seen is not None and seen != request.sequence:
        raise ChangedMeanwhile(request.reference)


def _check_allowed(
    clinic: Clinic, request: ConsultationRequest, wanted: Status, actor: str, now: datetime
) -> None:
    if wanted not in TRANSITIONS[request.status]:
        raise IllegalTransition(request.reference, request.status, wanted)
    cutoff = timedelta(hours=clinic.booking.change_cutoff_hours)
    if actor == VISITOR and now > request.starts_at - cutoff:
        raise TooLateToChange


def _note_change(request: ConsultationRequest, wanted: Status, actor: str, now: datetime) -> None:
    request.status = wanted
    request.sequence += 1
    request.updated_at = now
    request.events.append(RequestEvent(at=now, actor=actor, what=wanted.value))


def _request(session: Session, reference: str, *, lock: bool = False) -> ConsultationRequest:
    # What no reference can hold, databases refuse to look for.
    typed = reference.strip().upper()
    if not (typed.isascii() and typed.isprintable()):
        raise UnknownRequest(reference)
    wanted = (
        select(ConsultationRequest)
        .where(ConsultationRequest.reference == typed)
        .options(selectinload(ConsultationRequest.events))
    )
    # On PostgreSQL two people may decide about one request at once; the second one waits.
    request = session.scalar(wanted.with_for_update() if lock else wanted)
    if request is None:
        raise UnknownRequest(reference)
    return request
