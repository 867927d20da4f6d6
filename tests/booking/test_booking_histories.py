"""Whatever happens in whatever order, the book stays sound and says itself what it will do.

Hypothesis makes up histories of holds, requests, moves and changed rules. A plain model of them,
intervals in lists, foretells each outcome; the tables are compared with it after each step. The
clinic is open day and night across the hour that comes twice, so that nothing can hide there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, delete

from booking.availability import free_starts
from booking.busy import replace_busy
from booking.clinic import Clinic
from booking.database import writing
from booking.errors import IllegalTransition, SlotNotOffered, SlotTaken
from booking.holds import release_hold
from booking.models import BusyTime, ConsultationRequest, Hold, Status
from booking.requests import (
    OPEN,
    TRANSITIONS,
    confirm_request,
    decline_request,
    mark_no_show,
)
from tests.booking.taking import REAL_NOW, Book, check_book, rooms, with_hours, with_rules

# New York's clocks go back at 06:00 UTC on the first of November: 01:30 comes twice.
FIRST, LAST = datetime(2026, 11, 1, 3, 30, tzinfo=UTC), datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
NOW = datetime(2026, 10, 28, 12, 0, tzinfo=UTC)
DAYS = date(2026, 10, 31), date(2026, 11, 1)

MINUTE = timedelta(minutes=1)
STARTS = st.integers(0, (LAST - FIRST) // (15 * MINUTE)).map(lambda n: FIRST + n * 15 * MINUTE)
OWNERS = st.sampled_from(["ana", "bo", "chi"])
NUMBERS = st.integers(0, 20)
DECISIONS = {
    Status.CONFIRMED: confirm_request,
    Status.DECLINED: decline_request,
    Status.NO_SHOW: mark_no_show,
}


@dataclass(frozen=True)
class Stretch:
    """What somebody has taken of a practitioner's time, the buffer included."""

    practitioner: str
    start: datetime
    until: datetime

    def meets(self, other: Stretch) -> bool:
        return (
            self.practitioner == other.practitioner
            and self.start < other.until
            and other.start < self.until
        )


@dataclass
class Kept:
    """A request or a hold as the model knows it."""

    stretch: Stretch
    buffer: timedelta
    expires_at: datetime | None = None
    status: Status = Status.NEW
    owner: str | None = None


def pick(among: Iterable[str], number: int) -> str:
    # Not sorted: references are drawn anew when a history is played again.
    everyone = list(among)
    return everyone[number % len(everyone)]


class Histories(RuleBasedStateMachine):
    """The machine; `engine` and `base` are set by the test."""

    engine: Engine
    base: Clinic

    def __init__(self) -> None:
        super().__init__()
        with writing(self.engine) as session:
            for table in (ConsultationRequest, Hold, BusyTime):
                session.execute(delete(table))
        self.clinic = with_rules(self.base, practitioners=2)
        self.real_now = REAL_NOW
        self.requests: dict[str, Kept] = {}
        self.holds: dict[str, Kept] = {}
        self.busy: list[Stretch] = []

    # --- what people do ---

    @rule(start=STARTS, owner=OWNERS)
    def hold(self, start: datetime, owner: str) -> None:
        expected = self.outcome(start, owner=owner)
        if expected is not None:
            with pytest.raises(expected):
                self.book.hold(start, owner)
            return
        hold = self.book.hold(start, owner)
        ends = self.real_now + timedelta(minutes=self.clinic.booking.hold_minutes)
        self.holds[owner] = self.kept(hold, start, expires_at=ends, owner=owner)
        self.clear_expired()

    @rule(owner=OWNERS)
    def let_go(self, owner: str) -> None:
        release_hold(self.engine, owner=owner)

        self.holds.pop(owner, None)

    @rule(start=STARTS, owner=OWNERS)
    def request(self, start: datetime, owner: str) -> None:
        held = self.live_holds().get(owner)
        asked_before = [
            reference
            for reference in self.open_ones()
            if self.requests[reference].owner == owner
            and self.requests[reference].stretch.start == start
        ]
        if asked_before:
            assert self.book.request(start, owner).reference in asked_before
            self.holds.pop(owner, None)
            return
        if held is not None and held.stretch.start == start:
            made = self.book.request(start, owner)
            self.requests[made.reference] = held
            held.expires_at = None
        else:
            expected = self.outcome(start, owner=owner)
            if expected is not None:
                with pytest.raises(expected):
                    self.book.request(start, owner)
                return
            made = self.book.request(start, owner)
            self.requests[made.reference] = self.kept(made, start, owner=owner)
        self.requests[made.reference].owner = owner
        self.holds.pop(owner, None)
        self.clear_expired()

    @precondition(lambda self: self.holds)
    @rule(number=NUMBERS)
    def request_what_was_held(self, number: int) -> None:
        owner = pick(self.holds, number)
        self.request(self.holds[owner].stretch.start, owner)

    @precondition(lambda self: self.open_ones())
    @rule(number=NUMBERS, start=STARTS, owner=st.none() | OWNERS)
    def move(self, number: int, start: datetime, owner: str | None) -> None:
        self.try_to_move(pick(self.open_ones(), number), start, owner)

    @precondition(lambda self: self.open_ones() and self.holds)
    @rule(number=NUMBERS, other=NUMBERS)
    def move_to_what_is_held(self, number: int, other: int) -> None:
        owner = pick(self.holds, other)
        reference = pick(self.open_ones(), number)
        self.try_to_move(reference, self.holds[owner].stretch.start, owner)

    @precondition(lambda self: self.open_ones())
    @rule(number=NUMBERS, quarters=st.sampled_from([-2, -1, 1, 2]))
    def move_a_little(self, number: int, quarters: int) -> None:
        reference = pick(self.open_ones(), number)
        start = self.requests[reference].stretch.start + quarters * 15 * MINUTE
        self.try_to_move(reference, start)

    def try_to_move(self, reference: str, start: datetime, owner: str | None = None) -> None:
        request = self.requests[reference]
        same = request.stretch.start == start
        expected = self.outcome(start, reference=reference, owner=owner)
        if same:
            expected = None
        if request.status not in OPEN:
            expected = IllegalTransition
        if expected is not None:
            with pytest.raises(expected):
                self.book.move(reference, start, "clinic", owner=owner)
            return
        moved = self.book.move(reference, start, "clinic", owner=owner)
        if not same:
            request.status = Status.RESCHEDULED
            again = self.kept(moved, start, reference=reference, owner=owner)
            request.stretch, request.buffer = again.stretch, again.buffer
            self.clear_expired()
            held = self.holds.get(owner or "")
            if held and held.stretch.start < again.stretch.until and start < held.stretch.until:
                del self.holds[owner or ""]
        assert moved.status is request.status

    @precondition(lambda self: self.open_ones())
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        reference = pick(self.open_ones(), number)
        assert self.book.cancel(reference, "clinic").status is Status.CANCELLED
        self.requests[reference].status = Status.CANCELLED

    @precondition(lambda self: self.requests)
    @rule(number=NUMBERS, decision=st.sampled_from(sorted(DECISIONS)))
    def decide(self, number: int, decision: Status) -> None:
        """Of any request, one that is closed already among them."""
        reference, decide = pick(self.requests, number), DECISIONS[decision]
        if decision in TRANSITIONS[self.requests[reference].status]:
            decide(self.engine, self.clinic, reference, actor="clinic", now=NOW)
            self.requests[reference].status = decision
        else:
            with pytest.raises(IllegalTransition):
                decide(self.engine, self.clinic, reference, actor="clinic", now=NOW)
        if self.requests[reference].status not in OPEN:
            self.try_to_move(reference, LAST)

    # --- what changes around them ---

    @rule(minutes=st.sampled_from([1, 9, 10, 30]))
    def time_passes(self, minutes: int) -> None:
        self.real_now += minutes * MINUTE

    @rule(
        practitioners=st.integers(1, 3),
        slot=st.sampled_from([5, 30, 60, 95]),
        buffer=st.sampled_from([0, 5, 20, 60]),
        every=st.sampled_from([5, 15, 30]),
    )
    def rules_change(self, practitioners: int, slot: int, buffer: int, every: int) -> None:
        self.clinic = with_rules(
            self.base,
            practitioners=practitioners,
            slot_minutes=slot,
            buffer_minutes=buffer,
            starts_every_minutes=every,
        )

    @rule(
        found=st.lists(
            st.tuples(STARTS, st.integers(1, 59), st.sampled_from([None, "room-1"])), max_size=2
        )
    )
    def the_calendar_is_read(self, found: list[tuple[datetime, int, str | None]]) -> None:
        busy = [
            BusyTime(practitioner=who, starts_at=start + MINUTE, ends_at=start + minutes * MINUTE)
            for start, minutes, who in found
        ]
        self.busy = [
            Stretch(room.id, one.starts_at, one.ends_at)
            for one in busy
            for room in rooms(3)
            if one.practitioner in {None, room.id} and one.starts_at < one.ends_at
        ]

        replace_busy(self.engine, FIRST - timedelta(days=1), LAST + timedelta(days=1), busy)

    # --- what is true at any time ---

    @rule(owner=OWNERS | st.none())
    def what_is_offered_is_what_can_be_had(self, owner: str | None) -> None:
        offered = free_starts(
            self.engine, self.clinic, *DAYS, NOW, real_now=self.real_now, owner=owner
        )

        looked_at = [FIRST + n * 5 * MINUTE for n in range((LAST - FIRST) // (5 * MINUTE))]
        free = [start for start in looked_at if not self.outcome(start, owner=owner)]
        assert [one.astimezone(UTC) for one in offered if FIRST <= one < LAST] == free

    @invariant()
    def the_book_is_sound(self) -> None:
        def buffer(one: ConsultationRequest | Hold) -> timedelta:
            kept = self.requests if isinstance(one, ConsultationRequest) else self.holds
            key = one.reference if isinstance(one, ConsultationRequest) else one.owner
            return kept[key].buffer

        check_book(self.engine, buffer)

    # --- the model ---

    @property
    def book(self) -> Book:
        return Book(self.engine, self.clinic, NOW, self.real_now)

    def open_ones(self) -> list[str]:
        return [key for key, request in self.requests.items() if request.status in OPEN]

    def live_holds(self) -> dict[str, Kept]:
        return {
            owner: hold
            for owner, hold in self.holds.items()
            if hold.expires_at is not None and hold.expires_at > self.real_now
        }

    def clear_expired(self) -> None:
        """What each change that succeeds does first."""
        self.holds = self.live_holds()

    def wanted(self, start: datetime) -> Iterator[Stretch]:
        """What each practitioner would have to have free, by the rules as they are now."""
        rules = self.clinic.booking
        length = rules.slot_minutes * MINUTE
        local = start.astimezone(self.clinic.zone)
        opens = datetime(local.year, local.month, local.day, tzinfo=self.clinic.zone)
        closes = opens.replace(hour=23, minute=55).astimezone(UTC)
        if (start - opens.astimezone(UTC)) % (rules.starts_every_minutes * MINUTE):
            return
        if start + length > closes:
            return
        for one in self.clinic.practitioners:
            yield Stretch(one.id, start, start + length + rules.buffer_minutes * MINUTE)

    def outcome(
        self, start: datetime, *, owner: str | None = None, reference: str | None = None
    ) -> type[Exception] | None:
        """The error that wanting `start` should end with, None where it can be had."""
        wanted = list(self.wanted(start))
        if not wanted:
            return SlotNotOffered
        taken = self.taken(owner, reference)
        free = [one for one in wanted if not any(one.meets(other) for other in taken)]
        return None if free else SlotTaken

    def taken(self, owner: str | None, reference: str | None) -> list[Stretch]:
        holds = [hold.stretch for other, hold in self.live_holds().items() if other != owner]
        requests = [
            request.stretch
            for other, request in self.requests.items()
            if other != reference and request.status in OPEN
        ]
        return holds + requests + self.busy

    def kept(
        self,
        got: ConsultationRequest | Hold,
        start: datetime,
        *,
        expires_at: datetime | None = None,
        owner: str | None = None,
        reference: str | None = None,
    ) -> Kept:
        """What was just given, once it is clear that it was free and has the right length."""
        rules = self.clinic.booking
        (stretch,) = (one for one in self.wanted(start) if one.practitioner == got.practitioner)
        assert not any(stretch.meets(other) for other in self.taken(owner, reference))
        assert (got.starts_at, got.ends_at - got.starts_at) == (start, rules.slot_minutes * MINUTE)
        return Kept(stretch, rules.buffer_minutes * MINUTE, expires_at)


@pytest.mark.parametrize(
    ("database", "histories", "steps"), [("sqlite", 50, 30), ("postgresql", 8, 25)]
)
def test_no_history_leads_to_an_overlap(
    request: pytest.FixtureRequest, clinic: Clinic, database: str, histories: int, steps: int
) -> None:
    class Here(Histories):
        engine = request.getfixturevalue("migrated")(request.getfixturevalue(f"{database}_url"))
        base = with_hours(clinic, "00:00-23:55")

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
