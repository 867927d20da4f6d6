"""How the tests take times, at once or one after the other, and what must be true afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, select

from booking.clinic import WEEKDAYS, BookingRules, Clinic, OpeningHours, Practitioner
from booking.database import reading
from booking.details import Details, PreferredTime
from booking.errors import SlotTaken
from booking.holds import hold_slot
from booking.models import ConsultationRequest, Hold, OccupiedStep
from booking.requests import (
    OPEN,
    VISITOR,
    cancel_request,
    move_request,
    request_consultation,
)
from booking.schedule import STEP

# A Friday, ten in the morning in New York; holds and the outbox run on another clock.
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
REAL_NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

TAKEN = "taken"


def rooms(count: int) -> tuple[Practitioner, ...]:
    return tuple(Practitioner(id=f"room-{n}", name=f"Room {n}") for n in range(1, count + 1))


def with_rules(clinic: Clinic, *, practitioners: int | None = None, **rules: int) -> Clinic:
    """The clinic with other booking rules, and with so many practitioners."""
    changes: dict[str, Any] = {"booking": BookingRules(**{**dict(clinic.booking), **rules})}
    if practitioners is not None:
        changes["practitioners"] = rooms(practitioners)
    return clinic.model_copy(update=changes)


def with_hours(clinic: Clinic, *hours: str, **weekdays: tuple[str, ...]) -> Clinic:
    """The clinic with these hours each day, and others on the weekdays that are named."""
    week = {day: weekdays.get(day, hours) for day in WEEKDAYS}
    return clinic.model_copy(update={"opening_hours": OpeningHours.model_validate(week)})


@dataclass(frozen=True)
class Book:
    """The clinic's book: the functions under test with what they are always given."""

    engine: Engine
    clinic: Clinic
    now: datetime = NOW
    real_now: datetime = REAL_NOW

    def hold(self, start: datetime, owner: str) -> Hold:
        return hold_slot(
            self.engine, self.clinic, start, owner=owner, now=self.now, real_now=self.real_now
        )

    def request(
        self, start: datetime, owner: str | None = None, *, key: str | None = None
    ) -> ConsultationRequest:
        """In the conversation `owner`, or in one of its own."""
        return request_consultation(
            self.engine,
            self.clinic,
            details=Details(
                name="Ana Lopez",
                email="ana@example.com",
                phone="+12025550164",
                concern="acne scars",
                time=PreferredTime(start, "tuesday at three"),
            ),
            conversation_id=owner or uuid4().hex,
            idempotency_key=key or uuid4().hex,
            now=self.now,
            real_now=self.real_now,
        )

    def move(
        self,
        reference: str,
        start: datetime,
        actor: str = VISITOR,
        *,
        owner: str | None = None,
    ) -> ConsultationRequest:
        return move_request(
            self.engine,
            self.clinic,
            reference,
            start,
            actor=actor,
            now=self.now,
            real_now=self.real_now,
            owner=owner,
        )

    def cancel(self, reference: str, actor: str = VISITOR) -> ConsultationRequest:
        return cancel_request(self.engine, self.clinic, reference, actor=actor, now=self.now)


def at_once[Given, Got](attempt: Callable[[Given], Got], given: Iterable[Given]) -> list[Got]:
    """What `attempt` gives for each, all of them started at the same moment in threads."""
    everyone = list(given)
    ready = Barrier(len(everyone))

    def start(one: Given) -> Got:
        ready.wait()
        return attempt(one)

    with ThreadPoolExecutor(len(everyone)) as pool:
        return list(pool.map(start, everyone))


def unless_taken(attempt: Callable[[], ConsultationRequest | Hold]) -> str:
    """Who got the time, a reference or an owner, or `TAKEN`; any other error is raised."""
    try:
        got = attempt()
    except SlotTaken:
        return TAKEN
    return got.reference if isinstance(got, ConsultationRequest) else got.owner


def steps_of(start: datetime, until: datetime) -> list[int]:
    """Numbers of five-minute steps, counted here without the code under test."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first = (start.astimezone(UTC) - epoch) // STEP
    return [first + n for n in range((until.astimezone(UTC) - start.astimezone(UTC)) // STEP)]


def check_book(
    engine: Engine, buffer: timedelta | Callable[[ConsultationRequest | Hold], timedelta]
) -> None:
    """The book is sound: nobody overlaps, and the steps are those of open requests and holds.

    `buffer` is what was kept free after each when its time was taken.
    """
    after = buffer if callable(buffer) else lambda _: buffer
    with reading(engine) as session:
        open_ones = [one for one in session.scalars(select(ConsultationRequest)) if is_open(one)]
        takers = [*open_ones, *session.scalars(select(Hold))]
        stored = {
            (step.practitioner, step.step): (step.request_id, step.hold_id)
            for step in session.scalars(select(OccupiedStep))
        }
    expected: dict[tuple[str, int], tuple[int | None, int | None]] = {}
    stretches = defaultdict(list)
    for one in takers:
        ids = (None, one.id) if isinstance(one, Hold) else (one.id, None)
        until = one.ends_at + after(one)
        stretches[one.practitioner].append((one.starts_at, until))
        expected |= {(one.practitioner, step): ids for step in steps_of(one.starts_at, until)}
    for taken in stretches.values():
        for (_, until), (start, _) in pairwise(sorted(taken)):
            assert until <= start, "two consultations overlap"
    assert stored == expected


def is_open(request: ConsultationRequest) -> bool:
    return request.status in OPEN
