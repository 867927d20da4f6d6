"""All that the booking database keeps about one e-mail address: found, shown, erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Engine, delete, or_, select
from sqlalchemy.orm import Session, selectinload

from booking import messages, outbox, requests
from booking.database import changing_slots, reading
from booking.hand_off.notice import Channel, Event
from booking.models import ClinicMessage, ConsultationRequest, Delivery, Hold, OutboxEntry

if TYPE_CHECKING:
    from booking.addresses import Address

# After these a calendar has no entry of the request any more.
TAKEN_OUT = frozenset({Event.CANCELLED, Event.DECLINED})
# Where others may have written the address.
FREE_TEXTS: dict[type[ConsultationRequest | ClinicMessage], tuple[str, ...]] = {
    ConsultationRequest: ("concern", "notes", "preference_text"),
    ClinicMessage: ("text",),
}


@dataclass(frozen=True)
class Kept:
    """Requests with their history, messages and hand-offs of one person, the oldest first."""

    requests: Sequence[ConsultationRequest]
    messages: Sequence[ClinicMessage]
    hand_offs: Sequence[OutboxEntry]

    def __bool__(self) -> bool:
        return bool(self.requests or self.messages)

    @property
    def conversations(self) -> frozenset[str]:
        """In which the requests were made and the messages left."""
        return _conversations(self.requests, self.messages)

    def still_to_come(self, now: datetime) -> list[ConsultationRequest]:
        """The requests whose time is kept free."""
        return [one for one in self.requests if one.status in requests.OPEN and one.starts_at > now]


@dataclass(frozen=True)
class Sent:
    """What another system was told, where staff have to remove it by hand.

    `certain` is False where sending was tried and failed, or is under way: it may have arrived.
    """

    channel: Channel
    event: Event
    reference: str
    at: datetime | None
    certain: bool


@dataclass(frozen=True)
class Erased:
    """How many went, in how many texts of others the address was blanked, and what was sent."""

    requests: int
    messages: int
    blanked: int
    sent: tuple[Sent, ...]

    def __add__(self, later: Erased) -> Erased:
        return Erased(
            self.requests + later.requests,
            self.messages + later.messages,
            self.blanked + later.blanked,
            self.sent + later.sent,
        )


def find_kept(engine: Engine, address: Address) -> Kept:
    """What is kept under the address, and what the same person left without one.

    That is what has no e-mail address, and the phone number or the conversation of something that
    has this one. Raises `BookingUnavailable`.
    """
    with reading(engine) as session:
        return _find(session, address)


def erase_kept(engine: Engine, address: Address) -> Erased:
    """Erase what `find_kept` finds, with its history, times and hand-offs: all of it or nothing.

    Where others' requests and messages name the address, only the address goes. Raises
    `BookingUnavailable`.
    """
    with changing_slots(engine) as session:
        kept = _find(session, address)
        sent = tuple(_sent(kept.hand_offs))
        # History, times and hand-offs go with them: their foreign keys cascade.
        for kind, found in ((ConsultationRequest, kept.requests), (ClinicMessage, kept.messages)):
            session.execute(delete(kind).where(kind.id.in_([one.id for one in found])))
        session.execute(delete(Hold).where(Hold.owner.in_(kept.conversations)))
        blanked = _blank(session, address)
    return Erased(len(kept.requests), len(kept.messages), blanked, sent)


def as_json(kept: Kept, tz: tzinfo) -> dict[str, Any]:
    """For the person who asks what is kept; moments in ISO 8601 with the offset of `tz`."""
    return {
        "requests": [_request_json(one, tz) for one in kept.requests],
        "messages": [
            {**messages.as_json(one, tz), "conversation": one.conversation_id}
            for one in kept.messages
        ],
        "hand_offs": [outbox.as_json(one, tz) for one in kept.hand_offs],
    }


def sent_as_json(sent: Sent, tz: tzinfo) -> dict[str, Any]:
    """channel, event, reference, at (ISO 8601 with the offset of `tz`, or None), certain."""
    at = sent.at.astimezone(tz).isoformat(timespec="seconds") if sent.at else None
    return {
        "channel": sent.channel.value,
        "event": sent.event.value,
        "reference": sent.reference,
        "at": at,
        "certain": sent.certain,
    }


def _request_json(request: ConsultationRequest, tz: tzinfo) -> dict[str, Any]:
    return {
        **requests.as_json(request, tz),
        "ends_at": request.ends_at.astimezone(tz).isoformat(),
        "practitioner": request.practitioner,
        "time_zone": request.visitor_zone,
        "time_asked_for": request.preference_text,
        "consent": {
            "version": request.consent_version,
            "text": request.consent_text,
            "at": request.consent_at.astimezone(tz).isoformat(timespec="seconds"),
        },
        "history": requests.history_as_json(request, tz),
        "conversation": request.conversation_id,
    }


# --- finding ---


def _find(session: Session, address: Address) -> Kept:
    asked, left = ConsultationRequest, ClinicMessage
    theirs = [
        one
        for one in _requests(session, _may_have(address, asked.email))
        if address.is_that_of(one.email)
    ]
    words = [
        one
        for one in _messages(session, _may_have(address, left.contact_email))
        if address.is_that_of(one.contact_email)
    ]
    conversations = _conversations(theirs, words)
    phones = {one.phone for one in theirs} | {one.contact_phone for one in words}
    phones.discard(None)
    same_person = asked.conversation_id.in_(conversations) | asked.phone.in_(phones)
    theirs += _requests(session, asked.email.is_(None) & same_person)
    same_person = left.conversation_id.in_(conversations) | left.contact_phone.in_(phones)
    words += _messages(session, left.contact_email.is_(None) & same_person)
    return Kept(theirs, words, _hand_offs(session, theirs, words))


def _conversations(
    asked: Sequence[ConsultationRequest], left: Sequence[ClinicMessage]
) -> frozenset[str]:
    return frozenset(
        [*(one.conversation_id for one in asked), *(one.conversation_id for one in left)]
    )


def _requests(session: Session, which: ColumnElement[bool]) -> Sequence[ConsultationRequest]:
    wanted = select(ConsultationRequest).where(which).order_by(ConsultationRequest.id)
    return session.scalars(wanted.options(selectinload(ConsultationRequest.events))).all()


def _messages(session: Session, which: ColumnElement[bool]) -> Sequence[ClinicMessage]:
    return session.scalars(select(ClinicMessage).where(which).order_by(ClinicMessage.id)).all()


def _hand_offs(
    session: Session, asked: Sequence[ConsultationRequest], left: Sequence[ClinicMessage]
) -> Sequence[OutboxEntry]:
    of_requests = OutboxEntry.request_id.in_([one.id for one in asked])
    of_messages = OutboxEntry.message_id.in_([one.id for one in left])
    return session.scalars(
        select(OutboxEntry)
        .where(of_requests | of_messages)
        .options(selectinload(OutboxEntry.request), selectinload(OutboxEntry.message))
        .order_by(OutboxEntry.id)
    ).all()


def _may_have(address: Address, *columns: Any) -> ColumnElement[bool]:
    """What to look at more closely, for the database to pick out."""
    return or_(
        *(
            column.icontains(trace, autoescape=True)
            for column in columns
            for trace in address.traces
        )
    )


# --- erasing ---


def _sent(hand_offs: Sequence[OutboxEntry]) -> Iterator[Sent]:
    """What has left the house; of a calendar's entry only how it was left, and none if it's out."""
    in_calendar: dict[str, Sent] = {}
    for entry in hand_offs:
        told = entry.request or entry.message
        tried = entry.attempts or entry.error is not None
        if told is None or not tried:
            continue
        certain = entry.state is Delivery.DELIVERED
        sent = Sent(
            Channel(entry.channel), Event(entry.event), told.reference, entry.delivered_at, certain
        )
        if sent.channel is not Channel.CALENDAR:
            yield sent
        elif sent.event in TAKEN_OUT and certain:
            in_calendar.pop(sent.reference, None)
        else:
            in_calendar[sent.reference] = sent
    yield from in_calendar.values()


def _blank(session: Session, address: Address) -> int:
    """Take the address out of what others wrote; returns from how many requests and messages."""
    blanked = set()
    for kind, names in FREE_TEXTS.items():
        texts = [getattr(kind, name) for name in names]
        for one in session.scalars(select(kind).where(_may_have(address, *texts))):
            for name in names:
                if address.is_in(getattr(one, name)):
                    setattr(one, name, address.blanked(getattr(one, name)))
                    blanked.add(one)
    return len(blanked)
