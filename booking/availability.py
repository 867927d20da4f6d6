"""Free starts for consultations, and which of them to offer for a wish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from booking.database import reading
from booking.occupancy import taken_between, whole_days
from booking.schedule import bookable, occupied_until, starts_on, steps
from booking.windows import Window

if TYPE_CHECKING:
    from booking.clinic import Clinic
    from booking.models import ConsultationRequest

OFFERED = 3
# Days looked through at a time, and how far around a wish that cannot be met.
CHUNK = timedelta(days=7)
NEAR = timedelta(days=21)
# Offers lie as far apart as there is room for: other days and times of day first.
APART = (timedelta(hours=26), timedelta(hours=3), timedelta(hours=1), timedelta(0))
# Beside a time of the clock that cannot be had.
NEARBY = (timedelta(hours=1), timedelta(0))
MORNING = time(9)


class Why(StrEnum):
    """Why nothing fits a wish."""

    TAKEN = "taken"
    CLOSED = "closed"
    NO_START = "no_start"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    PAST = "past"


@dataclass(frozen=True)
class Offer:
    """Starts in the clinic's zone, in order. With a `why`, none fits: these are the nearest."""

    starts: tuple[datetime, ...]
    why: Why | None = None


def free_starts(
    engine: Engine,
    clinic: Clinic,
    first: date,
    last: date,
    now: datetime,
    *,
    real_now: datetime,
    owner: str | None = None,
    moving: ConsultationRequest | None = None,
) -> list[datetime]:
    """All free starts from day `first` to day `last` (both included), in the clinic's zone.

    What is held for `owner` counts as free. So does what `moving` takes, the request that another
    time is looked for, but its own start is not among them. Raises `BookingUnavailable`.
    """
    return _Search(engine, clinic, now, real_now, owner, moving).free(first, last)


def offer_slots(
    engine: Engine,
    clinic: Clinic,
    window: Window,
    now: datetime,
    *,
    real_now: datetime,
    owner: str | None = None,
    moving: ConsultationRequest | None = None,
    limit: int = OFFERED,
    without: frozenset[datetime] = frozenset(),
) -> Offer:
    """Up to `limit` free starts within `window`, or the nearest ones and why none fits.

    `owner` and `moving` as for `free_starts`; `without` are starts offered before. Raises
    `BookingUnavailable`.
    """
    search = _Search(engine, clinic, now, real_now, owner, moving)
    fitting = search.fitting(window, limit, without)
    if fitting:
        return Offer(tuple(sorted(fitting)))
    return Offer(tuple(sorted(search.nearest(window, limit, without))), search.why(window))


class _Search:
    """One look at the clinic's calendar."""

    def __init__(
        self,
        engine: Engine,
        clinic: Clinic,
        now: datetime,
        real_now: datetime,
        owner: str | None,
        moving: ConsultationRequest | None,
    ) -> None:
        self._engine, self._clinic = engine, clinic
        self._now, self._real_now, self._owner = now, real_now, owner
        self._moving = moving
        self._earliest, self._last_day = bookable(clinic, now)
        self._today = now.astimezone(clinic.zone).date()

    def free(self, first: date, last: date) -> list[datetime]:
        return self._free(self._possible(first, last))

    def fitting(self, window: Window, limit: int, without: frozenset[datetime]) -> list[datetime]:
        found: list[datetime] = []
        for first, last in _chunks(
            max(window.first, self._today), min(window.last, self._last_day)
        ):
            possible = self._possible(first, last, window)
            found += [start for start in self._free(possible) if start not in without]
            chosen = _chosen(found, window.around, limit)
            if len(chosen) == limit and _far_apart(chosen):
                return chosen
        return _chosen(found, window.around, limit)

    def nearest(self, window: Window, limit: int, without: frozenset[datetime]) -> list[datetime]:
        """The free starts that are nearest to what was wished, within some weeks around it."""
        clock = window.around or max(window.start, MORNING)
        day = min(max(window.first, self._today), self._last_day)
        free = [
            start
            for start in self.free(max(day - NEAR, self._today), min(day + NEAR, self._last_day))
            if start not in without
        ]
        free.sort(key=lambda start: (_days_off(start, day) + _minutes_off(start, clock), start))
        return _spread(free, NEARBY if window.exact else APART[1:], limit)

    def why(self, window: Window) -> Why:
        if window.last < self._today:
            return Why.PAST
        if window.first > self._last_day:
            return Why.TOO_FAR
        first = max(window.first, self._today)
        last = min(window.last, self._last_day, first + NEAR)
        ruled = [start for _, start in self._ruled(first, last) if window.contains(start)]
        if not ruled:
            return Why.NO_START if self._is_open(window) else Why.CLOSED
        if max(ruled) < self._now:
            return Why.PAST
        return Why.TOO_SOON if max(ruled) < self._earliest else Why.TAKEN

    def _is_open(self, window: Window) -> bool:
        """Whether the clinic is open at the very time that was named."""
        if not window.exact or window.around is None:
            return False
        return self._clinic.is_open(
            datetime.combine(window.first, window.around, self._clinic.zone)
        )

    def _ruled(self, first: date, last: date) -> Iterator[tuple[str, datetime]]:
        """What the clinic's hours have, by practitioner."""
        for ahead in range((last - first).days + 1):
            for practitioner in self._clinic.practitioners:
                for start in starts_on(self._clinic, practitioner, first + timedelta(days=ahead)):
                    yield practitioner.id, start

    def _possible(
        self, first: date, last: date, window: Window | None = None
    ) -> list[tuple[str, datetime]]:
        first, last = max(first, self._today), min(last, self._last_day)
        return [
            (practitioner, start)
            for practitioner, start in self._ruled(first, last)
            if start >= self._earliest and (window is None or window.contains(start))
        ]

    def _free(self, possible: list[tuple[str, datetime]]) -> list[datetime]:
        if not possible:
            return []
        days = [start.date() for _, start in possible]
        first, until = whole_days(self._clinic, min(days), max(days))
        with reading(self._engine) as session:
            taken = taken_between(
                session,
                first,
                until,
                real_now=self._real_now,
                owner=self._owner,
                moving=self._moving.id if self._moving else None,
            )
        own = self._moving.starts_at if self._moving else None
        return sorted(
            {
                start
                for practitioner, start in possible
                if start != own
                and taken.leaves_free(
                    practitioner, steps(start, occupied_until(self._clinic, start))
                )
            }
        )


def _chunks(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        until = min(first + CHUNK - timedelta(days=1), last)
        yield first, until
        first = until + timedelta(days=1)


def _chosen(free: list[datetime], around: time | None, limit: int) -> list[datetime]:
    """The starts to offer: those nearest to a clock time, or some of different days and hours."""
    if around is not None:
        return sorted(free, key=lambda start: (_minutes_off(start, around), start))[:limit]
    return _spread(free, APART, limit)


def _spread(free: list[datetime], gaps: tuple[timedelta, ...], limit: int) -> list[datetime]:
    """The first starts that lie as far apart as the first of the gaps that gives `limit`."""
    chosen: list[datetime] = []
    for gap in gaps:
        for start in free:
            if len(chosen) == limit:
                return chosen
            if start not in chosen and all(abs(start - other) >= gap for other in chosen):
                chosen.append(start)
    return chosen


def _far_apart(chosen: Iterable[datetime]) -> bool:
    ordered = sorted(chosen)
    return all(later - earlier >= APART[0] for earlier, later in pairwise(ordered))


def _days_off(start: datetime, day: date) -> int:
    """In minutes."""
    return abs((start.date() - day).days) * 24 * 60


def _minutes_off(start: datetime, around: time) -> int:
    return abs(start.hour * 60 + start.minute - around.hour * 60 - around.minute)
