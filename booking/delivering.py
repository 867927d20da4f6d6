"""Delivers what the outbox holds.

Each entry is delivered at least once, always under the same key, and in order: an entry waits for
those before it of the same request and channel. What fails is tried again, less and less often,
and ends as a dead letter; what waits behind that goes on once staff retry or drop it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from traceback import format_tb

from sqlalchemy import Engine, Select, delete, or_, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from booking.database import writing
from booking.hand_off.notice import Adapter, Channel, Event, Notice, Undelivered
from booking.links import ManageLinks
from booking.models import Delivery, OutboxEntry

logger = logging.getLogger(__name__)

# Seconds until the next attempt; some three days in all, then the entry is a dead letter.
RETRY_AFTER = (5, 15, 60, 300, 900, 3600, 10800, 21600, 43200, 86400, 86400)
# What a process that died was delivering is free again after this; adapters give up sooner.
LEASE = timedelta(seconds=45)
LONGEST_ERROR = 300
EMAIL = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")


@dataclass(frozen=True)
class Claimed:
    """An entry that this process delivers now, and what it says."""

    leased_until: datetime
    attempts: int
    notice: Notice


def deliver_due(
    engine: Engine,
    links: ManageLinks,
    channel: Channel,
    adapter: Adapter,
    *,
    clock: Callable[[], datetime],
    retry_after: Sequence[float] = RETRY_AFTER,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver all that is due on one channel, one entry after the other; how many were delivered.

    `clock` tells the real time, aware; once `stopping` no further entry is begun. Raises
    `BookingUnavailable`; what was being delivered then is delivered again, under the same key.
    """
    delivered = 0
    while not stopping() and (claimed := _claim(engine, links, channel, clock())):
        try:
            adapter.deliver(claimed.notice)
        except Undelivered as failure:
            _note_failure(engine, claimed, failure, clock(), retry_after)
        except Exception as failure:
            # Where it happened, but not its words, which may well name the visitor.
            where = "".join(format_tb(failure.__traceback__))
            told = Undelivered(f"an error in our own software ({type(failure).__name__})")
            logger.error("%s: %s\n%s", claimed.notice.key, told, where)
            _note_failure(engine, claimed, told, clock(), retry_after)
        else:
            _note_delivery(engine, claimed, clock())
            delivered += 1
    return delivered


def _claim(engine: Engine, links: ManageLinks, channel: Channel, now: datetime) -> Claimed | None:
    """Lease the first entry that is due; nobody else delivers it until the lease ends."""
    leased_until = now + LEASE
    with writing(engine) as session:
        _drop_late_reminders(session, channel, now)
        entry = session.scalar(_due(channel, now).limit(1))
        if entry is None:
            return None
        entry.leased_until = leased_until
        entry.attempts += 1
        return Claimed(leased_until, entry.attempts, _notice(entry, links))


def _drop_late_reminders(session: Session, channel: Channel, now: datetime) -> None:
    """After a long outage nobody is reminded of what was yesterday."""
    session.execute(
        delete(OutboxEntry).where(
            OutboxEntry.state == Delivery.PENDING,
            OutboxEntry.channel == channel,
            OutboxEntry.due_at <= now,
            OutboxEntry.event == Event.REMINDER,
            OutboxEntry.starts_at <= now,
        )
    )


def _due(channel: Channel, now: datetime) -> Select[OutboxEntry]:
    """What is due on a channel, the longest overdue first; a request's entries in their order."""
    earlier = aliased(OutboxEntry)
    waits = (
        select(earlier.id)
        .where(
            earlier.request_id == OutboxEntry.request_id,
            earlier.channel == OutboxEntry.channel,
            earlier.id < OutboxEntry.id,
            earlier.state != Delivery.DELIVERED,
            earlier.event != Event.REMINDER,
        )
        .exists()
    )
    return (
        select(OutboxEntry)
        .where(
            OutboxEntry.state == Delivery.PENDING,
            OutboxEntry.channel == channel,
            OutboxEntry.due_at <= now,
            or_(OutboxEntry.leased_until.is_(None), OutboxEntry.leased_until <= now),
            ~waits,
        )
        .options(selectinload(OutboxEntry.request), selectinload(OutboxEntry.message))
        .order_by(OutboxEntry.due_at, OutboxEntry.id)
        .with_for_update(skip_locked=True, of=OutboxEntry)
    )


def _notice(entry: OutboxEntry, links: ManageLinks) -> Notice:
    if entry.message is not None:
        message = entry.message
        return Notice(
            key=entry.key,
            event=Event(entry.event),
            at=entry.at,
            by=entry.by,
            reference=message.reference,
            name=message.name,
            email=message.contact_email,
            phone=message.contact_phone,
            text=message.text,
        )
    request = entry.request
    assert request is not None
    return Notice(
        key=entry.key,
        event=Event(entry.event),
        at=entry.at,
        by=entry.by,
        reference=request.reference,
        name=request.name,
        email=request.email,
        phone=request.phone,
        text=request.concern,
        status=entry.status,
        sequence=entry.sequence,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        before=entry.before,
        practitioner=entry.practitioner,
        notes=request.notes,
        visitor_zone=request.visitor_zone,
        manage_url=links.url(request.reference),
    )


def _note_delivery(engine: Engine, claimed: Claimed, now: datetime) -> None:
    with writing(engine) as session:
        # By its key: on SQLite the id may be another entry's by now, if this one was erased.
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.key == claimed.notice.key)
            .values(state=Delivery.DELIVERED, delivered_at=now, leased_until=None, error=None)
        )


def _note_failure(
    engine: Engine,
    claimed: Claimed,
    failure: Undelivered,
    now: datetime,
    retry_after: Sequence[float],
) -> None:
    dead = failure.permanent or claimed.attempts > len(retry_after)
    reason = _impersonal(str(failure), claimed.notice)
    logger.warning(
        "%s of %s not delivered (attempt %d%s): %s",
        claimed.notice.event,
        claimed.notice.reference,
        claimed.attempts,
        ", given up" if dead else "",
        reason,
    )
    # Spread a little, so that what failed together does not come back together.
    wait = 0.0 if dead else retry_after[claimed.attempts - 1] * uniform(0.8, 1.2)
    due_at = now + timedelta(seconds=max(wait, failure.retry_after or 0.0))
    with writing(engine) as session:
        session.execute(
            update(OutboxEntry)
            # Not when it took so long that somebody else is at it, or has delivered it since.
            .where(
                OutboxEntry.key == claimed.notice.key,
                OutboxEntry.leased_until == claimed.leased_until,
            )
            .values(
                state=Delivery.DEAD if dead else Delivery.PENDING,
                due_at=due_at,
                leased_until=None,
                error=reason[:LONGEST_ERROR],
            )
        )


def _impersonal(words: str, notice: Notice) -> str:
    """What an adapter says of a failure, without whom it is about should a server have said so."""
    known = (notice.email, notice.phone, notice.name, notice.manage_url)
    for one in filter(None, known):
        words = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", "…", words, flags=re.IGNORECASE)
    return EMAIL.sub("…", words)
