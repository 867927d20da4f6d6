"""What the requests board shows: which requests stand where, and their facts in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from booking.board import TO_ANSWER, Group
from booking.clinic import Clinic
from booking.hand_off.notice import Channel, Event
from booking.hand_off.telling import phone_text
from booking.models import (
    ClinicMessage,
    ConsultationRequest,
    Delivery,
    OutboxEntry,
    RequestEvent,
    Status,
)
from booking.requests import STAFF, TRANSITIONS, VISITOR
from web.manage_view import When, when_of, written

TITLES = {
    Group.NEW: "To answer",
    Group.TODAY: "Today",
    Group.UPCOMING: "Upcoming",
    Group.PAST: "Past",
}
# A status in words, and the tone of its tag.
_TAGS = {
    Status.NEW: ("New", "waiting"),
    Status.CONFIRMED: ("Confirmed", "good"),
    Status.RESCHEDULED: ("Moved", "waiting"),
    Status.CANCELLED: ("Cancelled", "over"),
    Status.DECLINED: ("Declined", "over"),
    Status.NO_SHOW: ("Did not come", "over"),
}
_HAPPENED = {
    "requested": "asked for it",
    "confirmed": "confirmed it",
    "rescheduled": "moved it",
    "cancelled": "cancelled it",
    "declined": "declined it",
    "no_show": "noted that nobody came",
    "noted": "changed the note",
}
_CHANNELS = {
    Channel.EMAIL_CLINIC: "E-mail to the clinic",
    Channel.EMAIL_VISITOR: "E-mail to the visitor",
    Channel.WEBHOOK: "Webhook",
    Channel.CALENDAR: "Calendar",
}
_TOLD = {
    Event.REQUESTED: "new request",
    Event.CONFIRMED: "confirmed",
    Event.RESCHEDULED: "moved",
    Event.CANCELLED: "cancelled",
    Event.DECLINED: "declined",
    Event.NO_SHOW: "nobody came",
    Event.REMINDER: "reminder",
    Event.MESSAGE: "message left",
}
_STATES = {
    Delivery.PENDING: ("Waits", "waiting"),
    Delivery.DELIVERED: ("Handed off", "good"),
    Delivery.DEAD: ("Failed", "bad"),
}


@dataclass(frozen=True)
class Row:
    """A request as the board and its own page show it."""

    reference: str
    tag: str
    tone: str
    name: str
    email: str | None
    phone: str | None
    phone_shown: str | None
    concern: str
    when: When
    starts_at: datetime
    practitioner: str
    asked_at: datetime
    notes: str
    seen: int
    has_begun: bool
    allowed: frozenset[str]

    @property
    def value(self) -> str:
        """Its start, for addresses and forms."""
        return written(self.starts_at)


@dataclass(frozen=True)
class Line:
    """One line of a request's history."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True)
class HandOff:
    """What one receiver was or is to be told."""

    key: str
    reference: str | None
    is_request: bool
    channel: str
    told: str
    state: str
    tone: str
    is_dead: bool
    attempts: int
    at: datetime
    error: str | None


@dataclass(frozen=True)
class Left:
    """A message that a visitor left."""

    reference: str
    at: datetime
    name: str | None
    email: str | None
    phone: str | None
    phone_shown: str | None
    text: str


def row_of(request: ConsultationRequest, clinic: Clinic, now: datetime) -> Row:
    tag, tone = _TAGS[request.status]
    practitioner = clinic.practitioner(request.practitioner)
    has_begun = request.starts_at <= now
    if has_begun and request.status in TO_ANSWER:
        tag, tone = f"{tag}, never answered", "bad"
    return Row(
        reference=request.reference,
        tag=tag,
        tone=tone,
        name=request.name,
        email=request.email,
        phone=request.phone,
        phone_shown=phone_text(request.phone) if request.phone else None,
        concern=request.concern,
        when=when_of(request.starts_at, clinic.zone, request.visitor_zone),
        starts_at=request.starts_at,
        practitioner=practitioner.name if practitioner else request.practitioner,
        asked_at=request.created_at,
        notes=request.notes or "",
        seen=request.sequence,
        has_begun=has_begun,
        allowed=frozenset(_allowed(request, has_begun)),
    )


def _allowed(request: ConsultationRequest, has_begun: bool) -> Iterable[str]:
    """What staff may do with it: before its time decide, after it say that nobody came."""
    possible = TRANSITIONS[request.status]
    if has_begun:
        wanted = {"no-show": Status.NO_SHOW}
    else:
        wanted = {
            "confirm": Status.CONFIRMED,
            "move": Status.RESCHEDULED,
            "decline": Status.DECLINED,
            "cancel": Status.CANCELLED,
        }
    names = [name for name, status in wanted.items() if status in possible]
    # Before it was confirmed it is declined, afterwards cancelled.
    return [name for name in names if name != "cancel" or "decline" not in names]


def history_of(events: Iterable[RequestEvent]) -> list[Line]:
    """The newest first."""
    lines = [
        Line(event.at, _actor(event.actor), _HAPPENED.get(event.what, event.what))
        for event in events
    ]
    return lines[::-1]


def _actor(actor: str) -> str:
    return {VISITOR: "The visitor", STAFF: "The clinic"}.get(actor, actor)


def hand_off_of(entry: OutboxEntry) -> HandOff:
    told = entry.request or entry.message
    state, tone = _STATES[entry.state]
    return HandOff(
        key=entry.key,
        reference=told.reference if told else None,
        is_request=entry.request is not None,
        channel=_CHANNELS.get(Channel(entry.channel), entry.channel),
        told=_TOLD.get(Event(entry.event), entry.event),
        state=state,
        tone=tone,
        is_dead=entry.state is Delivery.DEAD,
        attempts=entry.attempts,
        at=entry.delivered_at or entry.due_at,
        error=entry.error,
    )


def left_of(message: ClinicMessage) -> Left:
    return Left(
        reference=message.reference,
        at=message.created_at,
        name=message.name,
        email=message.contact_email,
        phone=message.contact_phone,
        phone_shown=phone_text(message.contact_phone) if message.contact_phone else None,
        text=message.text,
    )
