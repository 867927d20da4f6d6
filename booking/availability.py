"""Free starts for consultations, and which of them to offer for a wish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from booking.database import reading
from booking.occupancy import Taken, taken_between
from booking.schedule import bookable, clocks_change, occupied_until, starts_on, steps
from booking.windows import Window

if TYPE_CHECKING:
    from booking.clinic import Clinic, Opening
    from booking.models import ConsultationRequest

OFFERED = 3
# Days looked through at a time, and how far around a wish that cannot be met: its day first.
CHUNK = timedelta(days=7)
NEAR = timedelta(days=21)
RINGS = (0, 1, 3, 8, NEAR.days + 1)
DAY = 24 * 60
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
    search = _Search(engine, clinic, now, real_now, owner, moving)
    return list(search.local(search.free(first, last)))


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
    shown = frozenset(start.astimezone(UTC) for start in without)
    fitting = search.fitting(window, limit, shown)
    if fitting:
        return Offer(search.local(fitting))
    return Offer(search.local(search.nearest(window, limit, shown)), search.why(window))


class _Search:
    """One look at the clinic's calendar.

    Starts are in UTC here: the local ones of an hour that comes twice are equal to each other, and
    to none in another zone.
    """

    def __init__(
        self,
        engine: Engine,
        clinic: Clinic,
        now: datetime,
        real_now: datetime,
        owner: str | None,
        moving: ConsultationRequest | None,
    ) -> None:
        self._engine, self._clinic, self._zone = engine, clinic, clinic.zone
        self._now, self._real_now, self._owner = now.astimezone(UTC), real_now, owner
        self._moving = moving
        self._earliest, self._last_day = bookable(clinic, now)
        self._today = now.astimezone(self._zone).date()

    def local(self, starts: Iterable[datetime]) -> tuple[datetime, ...]:
        """In order, in the clinic's zone."""
        return tuple(start.astimezone(self._zone) for start in sorted(starts))

    def free(self, first: date, last: date, window: Window | None = None) -> list[datetime]:
        """The free starts from day `first` to day `last`, those that fit a window; in order."""
        ruled = self._ruled(max(first, self._today), min(last, self._last_day), window)
        possible = [(start, who) for start, who in ruled if start >= self._earliest]
        if not possible:
            return []
        taken = self._taken([start for start, _ in possible])
        own = self._moving.starts_at.astimezone(UTC) if self._moving else None
        return sorted(
            {
                start
                for start, who in possible
                if start != own and self._somebody_is_free(who, start, taken)
            }
        )

    def fitting(self, window: Window, limit: int, shown: frozenset[datetime]) -> list[datetime]:
        found: list[datetime] = []
        chosen: list[datetime] = []
        for first, last in _chunks(
            max(window.first, self._today), min(window.last, self._last_day)
        ):
            found += [start for start in self.free(first, last, window) if start not in shown]
            chosen = self._chosen(found, window.around, limit, shown)
            if len(chosen) == limit and _far_apart(chosen, shown):
                break
        return chosen

    def nearest(self, window: Window, limit: int, shown: frozenset[datetime]) -> list[datetime]:
        """The free starts that are nearest to what was wished, within some weeks around it."""
        clock = window.around or max(window.start, MORNING)
        day = min(max(window.first, self._today), self._last_day)
        gaps = NEARBY if window.exact else APART[1:]
        off: dict[datetime, int] = {}
        in_order: list[datetime] = []
        for near, far in pairwise(RINGS):
            for first, last in ((1 - far, -near), (max(near, 1), far - 1)):
                free = self.free(day + timedelta(days=first), day + timedelta(days=last))
                off |= {start: self._off(start, day, clock) for start in free if start not in shown}
            in_order = sorted(off, key=lambda start: (off[start], start))
            # Whatever lies beyond this ring is farther off, and would come after these.
            if len(_spread(in_order, gaps[:1], limit)) == limit:
                break
        return _spread(in_order, gaps, limit)

    def why(self, window: Window) -> Why:
        if window.last < self._today:
            return Why.PAST
        if window.first > self._last_day:
            return Why.TOO_FAR
        first = max(window.first, self._today)
        last = min(window.last, self._last_day, first + NEAR)
        ruled = [start for start, _ in self._ruled(first, last, window)]
        if not ruled:
            return Why.NO_START if self._is_open(window) else Why.CLOSED
        if max(ruled) < self._now:
            return Why.PAST
        return Why.TOO_SOON if max(ruled) < self._earliest else Why.TAKEN

    def _is_open(self, window: Window) -> bool:
        """Whether the clinic is open at the very time that was named."""
        if not window.exact or window.around is None:
            return False
        return self._clinic.is_open(datetime.combine(window.first, window.around, self._zone))

    def _ruled(
        self, first: date, last: date, window: Window | None
    ) -> Iterator[tuple[datetime, list[str]]]:
        """Each start that the clinic's hours have within a window, and who works then."""
        for ahead in range((last - first).days + 1):
            day = first + timedelta(days=ahead)
            if window is not None and not window.has_day(day):
                continue
            for hours, practitioners in self._shifts(day).items():
                if window is not None and not self._may_fit(hours, day, window):
                    continue
                for start in starts_on(self._clinic, hours, day):
                    if window is None or window.contains(start.astimezone(self._zone)):
                        yield start, practitioners

    def _may_fit(self, hours: tuple[Opening, ...], day: date, window: Window) -> bool:
        """Whether it is worth the while to count starts: a year has some ten thousand."""
        return any(
            opening.opens <= window.until and window.start < opening.closes for opening in hours
        ) or clocks_change(self._clinic, day)

    def _shifts(self, day: date) -> dict[tuple[Opening, ...], list[str]]:
        """Who works the same hours that day."""
        shifts: dict[tuple[Opening, ...], list[str]] = {}
        for one in self._clinic.practitioners:
            shifts.setdefault(self._clinic.working_hours(one, day), []).append(one.id)
        return shifts

    def _taken(self, starts: list[datetime]) -> Taken:
        with reading(self._engine) as session:
            return taken_between(
                session,
                self._clinic,
                min(starts),
                occupied_until(self._clinic, max(starts)),
                real_now=self._real_now,
                owner=self._owner,
                moving=self._moving.id if self._moving else None,
            )

    def _somebody_is_free(self, practitioners: list[str], start: datetime, taken: Taken) -> bool:
        wanted = steps(start, occupied_until(self._clinic, start))
        return any(taken.leaves_free(one, wanted) for one in practitioners)

    def _chosen(
        self, free: list[datetime], around: time | None, limit: int, shown: frozenset[datetime]
    ) -> list[datetime]:
        """Those nearest to a clock time, or some of different days and hours."""
        if around is None:
            return _spread(free, APART, limit, shown)
        return sorted(free, key=lambda start: (self._minutes_off(start, around), start))[:limit]

    def _off(self, start: datetime, day: date, clock: time) -> int:
        """How far a start is from a day and a clock time, in minutes; days count most."""
        days = abs((start.astimezone(self._zone).date() - day).days)
        return days * DAY + self._minutes_off(start, clock)

    def _minutes_off(self, start: datetime, clock: time) -> int:
        local = start.astimezone(self._zone)
        return abs(local.hour * 60 + local.minute - clock.hour * 60 - clock.minute)


def _chunks(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        until = min(first + CHUNK - timedelta(days=1), last)
        yield first, until
        first = until + timedelta(days=1)


def _spread(
    free: list[datetime],
    gaps: tuple[timedelta, ...],
    limit: int,
    shown: frozenset[datetime] = frozenset(),
) -> list[datetime]:
    """The first starts that lie as far apart as the first of the gaps that gives `limit`.

    As far from those `shown` before, too: "other times" asks for more than a quarter of an hour.
    """
    chosen: list[datetime] = []
    for gap in gaps:
        for start in free:
            if len(chosen) == limit:
                return chosen
            if start not in chosen and _is_apart(start, gap, [*chosen, *shown]):
                chosen.append(start)
    return chosen


def _is_apart(start: datetime, gap: timedelta, others: Iterable[datetime]) -> bool:
    return all(abs(start - other) >= gap for other in others)


def _far_apart(chosen: list[datetime], shown: frozenset[datetime]) -> bool:
    return all(
        _is_apart(start, APART[0], [*chosen[:number], *shown])
        for number, start in enumerate(chosen)
    )
