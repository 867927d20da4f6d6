"""Who is taken when: the one place that writes and reads `occupied_steps`.

Every function works inside a caller's transaction, so that steps appear and go together with the
request or the hold that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking.errors import SlotNotOffered, SlotTaken
from booking.models import BusyTime, ConsultationRequest, Hold, OccupiedStep
from booking.schedule import bookable, occupied_until, practitioners_at, steps

if TYPE_CHECKING:
    from booking.clinic import Clinic


@dataclass
class Taken:
    """Steps that are taken, by practitioner; under None those that are taken for everybody."""

    by_practitioner: dict[str | None, set[int]] = field(default_factory=dict)

    def add(self, practitioner: str | None, taken: Iterable[int]) -> None:
        self.by_practitioner.setdefault(practitioner, set()).update(taken)

    def leaves_free(self, practitioner: str, wanted: range) -> bool:
        return all(
            self.by_practitioner.get(one, set()).isdisjoint(wanted) for one in (practitioner, None)
        )


def taken_between(
    session: Session,
    clinic: Clinic,
    start: datetime,
    until: datetime,
    *,
    real_now: datetime,
    owner: str | None,
    moving: int | None = None,
) -> Taken:
    """What requests, holds of others that have not expired, and busy times take of a stretch.

    Of those who are practitioners today. The request with the id `moving` takes nothing: its time
    is free for itself.
    """
    over = select(Hold.id).where(or_(Hold.expires_at <= real_now, Hold.owner == (owner or "")))
    counts = [or_(OccupiedStep.hold_id.is_(None), OccupiedStep.hold_id.not_in(over))]
    if moving is not None:
        counts.append(or_(OccupiedStep.request_id.is_(None), OccupiedStep.request_id != moving))
    return _taken(session, clinic, start, until, *counts)


def _taken(
    session: Session,
    clinic: Clinic,
    start: datetime,
    until: datetime,
    *counts: ColumnElement[bool],
) -> Taken:
    """What the steps that count and busy times take of a stretch."""
    wanted = steps(start, until)
    table = OccupiedStep.__table__.c
    # Named practitioners let the primary key find them; each taker's steps follow one another, and
    # a tenth of the rows tells as much. Columns are read four times as fast as objects.
    stored = (
        select(table.practitioner, func.min(table.step), func.max(table.step))
        .where(table.practitioner.in_([one.id for one in clinic.practitioners]))
        .where(table.step >= wanted.start, table.step < wanted.stop, *counts)
        .group_by(table.practitioner, table.request_id, table.hold_id)
    )
    taken = Taken()
    for practitioner, first, last in session.execute(stored):
        taken.add(practitioner, range(first, last + 1))
    for busy in session.scalars(
        select(BusyTime).where(BusyTime.ends_at > start, BusyTime.starts_at < until)
    ):
        taken.add(busy.practitioner, steps(busy.starts_at, busy.ends_at))
    return taken


def check_offered(clinic: Clinic, start: datetime, now: datetime) -> None:
    """Raises `SlotNotOffered` for a start that the clinic's rules do not have."""
    earliest, last_day = bookable(clinic, now)
    too_far = start.astimezone(clinic.zone).date() > last_day
    if start < earliest or too_far or not practitioners_at(clinic, start):
        raise SlotNotOffered


def remove_expired_holds(session: Session, real_now: datetime) -> None:
    session.execute(delete(Hold).where(Hold.expires_at <= real_now))


def let_go_of(session: Session, owner: str, start: datetime, until: datetime) -> None:
    """Give up what is held for `owner`, should it lie in that stretch."""
    wanted = steps(start, until)
    held = select(OccupiedStep.hold_id).where(
        OccupiedStep.hold_id == Hold.id,
        OccupiedStep.step >= wanted.start,
        OccupiedStep.step < wanted.stop,
    )
    session.execute(delete(Hold).where(Hold.owner == owner, held.exists()))


def occupy(
    session: Session,
    clinic: Clinic,
    start: datetime,
    taker: ConsultationRequest | Hold,
    *,
    first: str | None = None,
) -> None:
    """Take the steps of `start` for `taker`, and note in it who is taken.

    Of those who work then and look free, `first` comes first; the primary key of the table has the
    last word. Raises `SlotTaken` when nobody is left.
    """
    until = occupied_until(clinic, start)
    wanted = steps(start, until)
    taken = _taken(session, clinic, start, until)
    for practitioner in sorted(practitioners_at(clinic, start), key=lambda one: one.id != first):
        if taken.leaves_free(practitioner.id, wanted):
            taker.practitioner = practitioner.id
            session.add(taker)
            session.flush()
            if _insert(session, taker, wanted):
                return
    raise SlotTaken


def _insert(session: Session, taker: ConsultationRequest | Hold, wanted: range) -> bool:
    column = "hold_id" if isinstance(taker, Hold) else "request_id"
    rows = [{"practitioner": taker.practitioner, "step": step, column: taker.id} for step in wanted]
    try:
        with session.begin_nested():
            # One statement: of several sent together psycopg warns in the log when one fails.
            session.execute(insert(OccupiedStep).values(rows))
    except IntegrityError:
        return False
    return True


def hand_over(session: Session, hold: Hold, request: ConsultationRequest) -> None:
    """Make the steps of a hold those of the request; the hold is gone."""
    session.add(request)
    session.flush()
    session.execute(
        update(OccupiedStep)
        .where(OccupiedStep.hold_id == hold.id)
        .values(hold_id=None, request_id=request.id)
    )
    session.execute(delete(Hold).where(Hold.id == hold.id))


def free_steps_of(session: Session, request: ConsultationRequest) -> None:
    session.execute(delete(OccupiedStep).where(OccupiedStep.request_id == request.id))
