"""The days that the dashboard is about: whole days of the clinic's calendar, in its time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

CHOICES = (7, 30, 90)  # days up to today, one click each
USUAL = 30
LONGEST = 366
EARLIEST = date(2000, 1, 1)
# More bars than this are too narrow to point at: they are weeks then.
MOST_DAILY_BARS = 31
_1970 = date(1970, 1, 1).toordinal()


class BadPeriod(Exception):
    """No such period can be shown; the text says why, in a sentence for people."""


@dataclass(frozen=True)
class Stretch:
    """A part of a period with one offset to UTC: both in seconds, `until` excluded."""

    until: float
    offset: int


@dataclass(frozen=True)
class Period:
    """From the start of one day to the end of another, as clocks in `zone` show them."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(self.length)]

    @property
    def since(self) -> float:
        """Its first moment, in seconds since 1970."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> float:
        """The first moment after it, in seconds since 1970."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def before(self) -> Period:
        """As many days, right before it."""
        return Period(
            self.first - timedelta(days=self.length), self.first - timedelta(days=1), self.zone
        )

    @property
    def with_before(self) -> Period:
        """Both together."""
        return Period(self.before.first, self.last, self.zone)

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """Its parts between changes of the clocks, in order; mostly one."""
        found: list[Stretch] = []
        for number in range(self.length):
            start = _midnight(self.first + timedelta(days=number), self.zone)
            end = _midnight(self.first + timedelta(days=number + 1), self.zone)
            before, after = _offset(start, self.zone), _offset(end, self.zone)
            if before != after:
                found.append(Stretch(_change(start, end, self.zone), before))
        return (*found, Stretch(self.until, _offset(self.until - 1, self.zone)))


def day_of_number(number: float) -> date:
    """The day that is so many days after 1 January 1970."""
    return date.fromordinal(_1970 + int(number))


def read_period(days: str, first: str, last: str, *, now: datetime, zone: ZoneInfo) -> Period:
    """The period that somebody asked for, in words of an address or of a command.

    Without a first and a last day it is the last `days`; with one of the two, up to today or the
    usual number of days up to that one. Days to come are left out. Raises `BadPeriod`.
    """
    today = now.astimezone(zone).date()
    start, end = _day(first), _day(last)
    if start is None and end is None:
        return _up_to(today, _count(days), zone)
    end = today if end is None else end
    if end < EARLIEST:
        raise BadPeriod(f"There is nothing from before {EARLIEST.year}: choose a later last day.")
    start = end - timedelta(days=USUAL - 1) if start is None else start
    if start > today:
        raise BadPeriod(f"{_written(start)} is still to come: choose a first day up to today.")
    if end < start:
        raise BadPeriod(
            f"The last day, {_written(end)}, is before the first, {_written(start)}: "
            "swap them, or choose other days."
        )
    end = min(end, today)
    count = (end - start).days + 1
    if count > LONGEST:
        raise BadPeriod(f"Those are {count:,} days: choose {LONGEST} days at most.")
    if start < EARLIEST:
        raise BadPeriod(f"There is nothing from before {EARLIEST.year}: choose a later first day.")
    return Period(start, end, zone)


def _up_to(today: date, count: int, zone: ZoneInfo) -> Period:
    return Period(today - timedelta(days=count - 1), today, zone)


def _count(days: str) -> int:
    typed = days.strip()
    if not typed:
        return USUAL
    if not (typed.isascii() and typed.isdigit()) or int(typed[:9]) not in CHOICES:
        known = ", ".join(map(str, CHOICES[:-1]))
        raise BadPeriod(f"Choose {known} or {CHOICES[-1]} days, or a first and a last day.")
    return int(typed)


def _day(typed: str) -> date | None:
    if not typed.strip():
        return None
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise BadPeriod(f"“{typed.strip()[:40]}” is no day such as 2026-11-25.") from None


def _written(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def _offset(moment: float, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())


def _change(start: float, end: float, zone: ZoneInfo) -> float:
    """When between the two the clocks change; they do so on full seconds."""
    low, high = round(start), round(end)
    before = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return float(high)


# --- what bars of a plot stand for ---


@dataclass(frozen=True)
class Span:
    """The days that one bar stands for."""

    first: date
    last: date

    @property
    def title(self) -> str:
        """Such as "Mon 2 Nov" or "2 to 8 Nov"."""
        if self.first == self.last:
            return f"{self.first:%a} {short_day(self.first)}"
        same = self.first.month == self.last.month
        return f"{self.first.day if same else short_day(self.first)} to {short_day(self.last)}"


def spans_of(period: Period) -> list[Span]:
    """Its days, or, where those are many, its weeks from Monday on; the first may be shorter."""
    if period.length <= MOST_DAILY_BARS:
        return [Span(day, day) for day in period.days]
    spans, start = [], period.first
    while start <= period.last:
        end = min(period.last, start + timedelta(days=6 - start.weekday()))
        spans.append(Span(start, end))
        start = end + timedelta(days=1)
    return spans


def short_day(day: date) -> str:
    return f"{day.day} {day:%b}"
