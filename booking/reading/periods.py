"""What the days that a text names mean together: "mon or wed", "not before the 10th"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from booking.errors import Refusal
from booking.reading.dates import ONE_DAY, Day, Frame, OnDate, OnWeekday, Period, one_day, period_of
from booking.reading.mentions import CLOCK_TERM, DAY_TERM, PART_TERM, READ, Scan
from booking.reading.relations import read_relations
from booking.windows import ALL_WEEKDAYS, Window

# The longest that a clinic may take bookings ahead; later days are asked for by their date.
AHEAD = timedelta(days=730)
# Days that can be told one by one, and those after which "tuesdays" are many.
MANY_DAYS, TWO_WEEKS = timedelta(days=31), timedelta(days=14)


@dataclass(frozen=True)
class Days:
    """The days that suit, as in `Window`."""

    first: date
    last: date
    weekdays: frozenset[int] = ALL_WEEKDAYS
    without: frozenset[date] = frozenset()

    @classmethod
    def of(cls, window: Window) -> Days:
        return cls(window.first, window.last, window.weekdays, window.without)

    def all(self) -> Iterator[date]:
        day = self.first
        while day <= self.last:
            if day.weekday() in self.weekdays and day not in self.without:
                yield day
            day += ONE_DAY

    def weekly(self) -> bool:
        """Whether some weekdays of many weeks suit: "tuesdays"."""
        return self.weekdays != ALL_WEEKDAYS and self.last - self.first > TWO_WEEKS


def read_days(scan: Scan) -> Days | None:
    """What the marked days of a text mean, on top of the days known before; None without any."""
    return _Reader(scan).read()


# Between days of which each suits; a clock time or a part of the day may stand there too.
LISTED = re.compile(
    r"(?:\b(?:or|and|otherwise|else|failing\s+that|if\s+(?:not|possible)|even|maybe|possibly"
    rf"|perhaps|also|then|at|on|the|either|in|about|around|any)\b|{CLOCK_TERM}|{PART_TERM}"
    rf"|[\s,;/&{READ}-])*",
    re.I,
)
ALSO_KNOWN = re.compile(r"[\s,.]*(?:or|also|and\s+also)\b", re.I)
OR = re.compile(r"\bor\b", re.I)
DIRECTLY = re.compile(r"[\s,]*(?:the\s+)?", re.I)
HOUR_BEFORE = re.compile(rf"(?:{CLOCK_TERM}|{PART_TERM})[\s,]*(?:on\s+)?$", re.I)
HOUR_BEHIND = re.compile(
    rf"{DAY_TERM}[\s,]*(?:(?:at|around|about|after|before|from|in|the)\s+)*(?:{CLOCK_TERM}"
    rf"|{PART_TERM})",
    re.I,
)
# What leads to a wish rather than to a remark about some day.
WISH_LEAD = re.compile(
    r"\b(?:come(?:\s+in)?|book(?:\s+me)?(?:\s+in)?|do|make(?:\s+it)?|see\s+(?:me|you|someone)"
    r"|have|get\s+in|free|available|appointment|consultation|slot|prefer|like|instead|actually"
    r"|rather|sorry|better|want|works?)\W+(?:\w+\W+){0,2}$",
    re.I,
)


class _Reader:
    """The days of one text, being put together."""

    def __init__(self, scan: Scan) -> None:
        self.scan, self.today, self.known = scan, scan.today, scan.known
        self.said = read_relations(scan)
        self.frame = self._frame()

    def read(self) -> Days | None:
        """Those wished, within the limits that were told, without those that were ruled out."""
        days = self._wished()
        if self.said.lower or self.said.upper:
            days = self._limited(days)
        if self.said.excluded:
            days = self._without_excluded(days)
        return self._still_ahead(days) if days is not None else None

    def _period(self, term: Day) -> Period:
        return period_of(term, self.today, self.frame)

    def _frame(self) -> Frame | None:
        """ "Next week" is where "tuesday" lies, said with it or before; None where any will do."""
        wished = self.said.wished
        wide = [place for place, term in wished.items() if _is_wide(term)]
        ends = [term for both in self.said.ranges.values() for term in both]
        looked_for = any(map(_is_open, [*wished.values(), *ends]))
        if len(wide) == 1 and looked_for and not self._has_alternative(wide[0]):
            period = period_of(wished.pop(wide[0]), self.today)
            return period.first, period.last
        if self.known is None or self.known.first == self.known.last:
            return None
        first = max(self.known.first, self.today + ONE_DAY)
        return (first, self.known.last) if first <= self.known.last else None

    def _has_alternative(self, place: int) -> bool:
        """Whether "or" stands directly beside the period at `place`."""
        places = sorted(self.said.wished)
        index = places.index(place)
        beside = places[max(index - 1, 0) : index + 2]
        return any(OR.search(self._gap(one, other)) for one, other in pairwise(beside))

    def _gap(self, one: int, other: int) -> str:
        """What stands between two days, or between a range and a day."""
        return self.scan.left[self.scan.end_of(self.said.ends.get(one, one)) : other]

    # --- what is wished ---

    def _wished(self) -> Days | None:
        self._drop_weekdays_of_dates()
        places = self._chosen()
        plural = any(map(self.said.weekly, places))
        periods: list[Period] = []
        weekly: frozenset[int] = frozenset()
        for place in places:
            if place in self.said.ranges:
                found = self._range(*self.said.ranges[place])
            else:
                found = self._single(self.said.wished[place], plural=plural)
            if isinstance(found, Period):
                periods.append(found)
            else:
                weekly |= found
        if places and ALSO_KNOWN.match(self.scan.left):
            periods += self._known_days()
        return self._weekly(weekly, periods) if weekly else self._together(periods)

    def _single(self, term: Day, *, plural: bool) -> Period | frozenset[int]:
        if isinstance(term, OnWeekday) and (plural or len(term.weekdays) > 1):
            return term.weekdays
        return self._period(term)

    def _range(self, first: Day, last: Day) -> Period | frozenset[int]:
        if isinstance(first, OnWeekday) and isinstance(last, OnWeekday) and last.every:
            start, end = min(first.weekdays), min(last.weekdays)
            return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))
        start_of = self._period(first)
        end_of = period_of(last, self.today, (start_of.first, start_of.first + AHEAD))
        return Period(start_of.first, max(start_of.last, end_of.last))

    def _known_days(self) -> list[Period]:
        """The days known before, for "or wednesday"; not when they are too many to tell."""
        if self.known is None or self.known.last - self.known.first > MANY_DAYS:
            return []
        return [one_day(day) for day in Days.of(self.known).all() if day >= self.today]

    def _weekly(self, weekdays: frozenset[int], periods: Sequence[Period]) -> Days:
        first, last = self.frame or (self.today, self.today + AHEAD)
        if self.frame is None and len(periods) == 1 and _is_wide(periods[0]):
            first, last = periods[0].first, periods[0].last
        return Days(first, last, weekdays)

    def _together(self, periods: Sequence[Period]) -> Days | None:
        if not periods:
            return None
        ahead = [period for period in periods if period.last >= self.today] or periods
        days = united(ahead)
        whole_weeks = len(ahead) == 1 and days.last - days.first >= 6 * ONE_DAY
        if self.known is not None and Days.of(self.known).weekly() and whole_weeks:
            # "Tuesdays", and then "in december".
            return replace(days, weekdays=self.known.weekdays)
        return days

    def _drop_weekdays_of_dates(self) -> None:
        """ "friday the 27th" is one day, and no day at all when the 27th is no Friday."""
        wished = self.said.wished
        for one, other in pairwise(sorted(wished)):
            if one not in wished or not self._beside(one, other):
                continue
            first, second = wished[one], wished[other]
            weekday, dated = (second, first) if isinstance(second, OnWeekday) else (first, second)
            if not isinstance(weekday, OnWeekday) or weekday.every or isinstance(dated, OnWeekday):
                continue
            day = self._period(dated)
            if not _is_wide(day) and day.first.weekday() in weekday.weekdays:
                del wished[one if weekday is first else other]
            elif isinstance(dated, OnDate) and DIRECTLY.fullmatch(self._gap(one, other)):
                self.scan.refuse(Refusal.IMPOSSIBLE_TIME)

    def _beside(self, one: int, other: int) -> bool:
        gap = self._gap(one, other)
        return OR.search(gap) is None and LISTED.fullmatch(gap) is not None

    def _chosen(self) -> list[int]:
        """The places of the days that are wished, where a text speaks of several."""
        groups: list[list[int]] = []
        for place in sorted([*self.said.wished, *self.said.ranges]):
            if groups and self._linked(groups[-1][-1], place):
                groups[-1].append(place)
            else:
                groups.append([place])
        ahead = [group for group in groups if not self._all_gone(group)] or groups
        timed = [group for group in ahead if self._has_hour(group)]
        led = [group for group in ahead if WISH_LEAD.search(self.scan.left[: group[0]])]
        best = timed if len(timed) == 1 else led or ahead
        return best[-1] if best else []

    def _linked(self, one: int, other: int) -> bool:
        plural = self.said.weekly(one) or self.said.weekly(other)
        return plural or LISTED.fullmatch(self._gap(one, other)) is not None

    def _all_gone(self, group: Iterable[int]) -> bool:
        terms = [self.said.wished[place] for place in group if place in self.said.wished]
        return bool(terms) and all(
            isinstance(term, Period) and term.last < self.today for term in terms
        )

    def _has_hour(self, group: Sequence[int]) -> bool:
        before, behind = self.scan.left[: group[0]], self.scan.left[group[-1] :]
        return bool(HOUR_BEFORE.search(before) or HOUR_BEHIND.match(behind))

    # --- limits ---

    def _limited(self, days: Days | None) -> Days:
        first, last = self._limits()
        if days is None:
            days = self._before()
            if max(days.first, first) > min(days.last, last):
                days = Days(first, last, days.weekdays)
        if days.first == days.last < first:
            # "Tuesday, not before the 10th" is the first Tuesday from the 10th on.
            day = first + (days.first.weekday() - first.weekday()) % 7 * ONE_DAY
            days = Days(day, day)
        limited = replace(days, first=max(days.first, first), last=min(days.last, last))
        if limited.first > limited.last:
            self.scan.refuse(Refusal.PAST_TIME if last < self.today else Refusal.IMPOSSIBLE_TIME)
        return limited

    def _limits(self) -> Frame:
        first, last = self.today, self.today + AHEAD
        for term, inclusive in self.said.lower:
            period = self._period(term)
            first = max(first, period.first if inclusive else period.last + ONE_DAY)
        for term, inclusive in self.said.upper:
            period = self._period(term)
            # Before the end of the month, the end is the month's last day.
            last = min(last, period.last if inclusive or period.ends else period.first - ONE_DAY)
        return first, last if self.said.upper else max(first, last)

    def _before(self) -> Days:
        """The days known before, or all that are ahead."""
        if self.known is None:
            return Days(self.today, self.today + AHEAD)
        return replace(Days.of(self.known), first=max(self.known.first, self.today))

    def _without_excluded(self, days: Days | None) -> Days:
        base = days or self._before()
        left = self._less(base)
        if left is None and days is None:
            left = self._less(Days(self.today, self.today + AHEAD))
        return left or base

    def _less(self, days: Days) -> Days | None:
        weekdays, without = days.weekdays, set(days.without)
        for term in self.said.excluded:
            if isinstance(term, OnWeekday):
                weekdays -= term.weekdays
                continue
            period = period_of(term, self.today, (days.first, days.last))
            without |= {
                period.first + ahead * ONE_DAY
                for ahead in range(min((period.last - period.first).days, AHEAD.days) + 1)
            }
        return trimmed(replace(days, weekdays=weekdays, without=frozenset(without)))

    def _still_ahead(self, days: Days) -> Days:
        if days.last < self.today:
            self.scan.refuse(Refusal.PAST_TIME)
            return days
        first = max(days.first, self.today)
        # Where no weekday that was wished lies within the limits, the limits count.
        return trimmed(replace(days, first=first)) or Days(first, max(first, days.last))


def _is_wide(term: Day) -> bool:
    return isinstance(term, Period) and term.first < term.last


def _is_open(term: Day) -> bool:
    """Whether the name of a day needs a week or a month to be looked for in."""
    return isinstance(term, OnWeekday) or (isinstance(term, OnDate) and term.month is None)


def united(periods: Sequence[Period]) -> Days:
    """The days of all periods, and none of those between them; those of years later are left."""
    first = min(period.first for period in periods)
    near = [period for period in periods if period.first - first < AHEAD]
    last = max(period.last for period in near)
    if len(near) == 1:
        return Days(first, last)
    wished = {
        period.first + ahead * ONE_DAY
        for period in near
        for ahead in range((period.last - period.first).days + 1)
    }
    weekdays = frozenset(day.weekday() for day in wished)
    return Days(first, last, weekdays, frozenset(Days(first, last, weekdays).all()) - wished)


def trimmed(days: Days) -> Days | None:
    """The same days with a first and a last one that suit; None when no day does."""
    first = next(days.all(), None)
    if first is None:
        return None
    last = days.last
    while last.weekday() not in days.weekdays or last in days.without:
        last -= ONE_DAY
    if last - first < timedelta(days=7):
        between = Days(first, last).all()
        if all(day.weekday() in days.weekdays for day in between):
            days = replace(days, weekdays=ALL_WEEKDAYS)
    within = {day for day in days.without if first < day < last and day.weekday() in days.weekdays}
    return replace(days, first=first, last=last, without=frozenset(within))
