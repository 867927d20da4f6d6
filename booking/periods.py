"""What the days that a text names mean together: "mon or wed", "not before the 10th"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from booking.dates import JUST_GONE, Day, OnDate, OnWeekday, Period, coming, exists, monday_of
from booking.errors import Refusal
from booking.mentions import CLOCK_TERM, DAY_TERM, PART_TERM, Scan
from booking.windows import ALL_WEEKDAYS, Window

# The longest that a clinic may take bookings ahead; later days are asked for by their date.
AHEAD = timedelta(days=730)
ONE_DAY, MANY_DAYS = timedelta(days=1), timedelta(days=31)


@dataclass(frozen=True)
class Days:
    """The days that suit, as in `Window`."""

    first: date
    last: date
    weekdays: frozenset[int] = ALL_WEEKDAYS
    without: frozenset[date] = frozenset()

    def all(self) -> Iterator[date]:
        day = self.first
        while day <= self.last:
            if day.weekday() in self.weekdays and day not in self.without:
                yield day
            day += ONE_DAY


Frame = tuple[date, date]


def read_days(scan: Scan) -> Days | None:
    """What the marked days of a text mean, on top of the days known before; None without any."""
    return _Reader(scan).read()


# --- what words around a day do to it ---

_LEAD = (
    r"(?:\s+(?:on|the|a|an|any|in|at|for|of|about|around|some\s?time|any\s?time|like|say"
    r"|maybe|this|next"
    r"|week|weeks))*\s*"
)
_ALSO = r"(?:or|and|nor|/|&)\s*(?:on\s+|the\s+|in\s+|at\s+)*"
_CANNOT = (
    r"(?:can't|cannot|can\s+not|cant|couldn't|couldnt|won't|wont|unable\s+to|not\s+able\s+to)"
    r"(?:\s+(?:do|make|come|manage|attend|get|be|there|it|in|anything|you|work))*"
)
_NOT = (
    r"(?:\bnot(?!\s+(?:before|after|until|till|til|later|earlier|sooner|any|sure|much|too)\b)"
    r"(?:\s+(?:free|available|around|here|good|possible|in))?(?:\s+for\s+me)?"
    rf"|\b{_CANNOT}"
    r"|\b(?:don't|dont|do\s+not)\s+(?:want|like|do|have|fancy)"
    r"|\b(?:i'm|i\s+am|im)\s+(?:busy|away|unavailable|working|at\s+work|booked)"
    r"|\b(?:busy|unavailable)|\bi\s+work"
    r"|\binstead\s+of|\brather\s+than|\bthan)"
)
_BUT = (
    r"(?:\bexcept(?:\s+for)?|\bexcluding|\bother\s+than|\bapart\s+from|\bbesides|\bbut\s+not"
    rf"|(?:(?:\b(?:any|every)\s?(?:day|time|thing|one)|\bwhenever|{DAY_TERM}"
    rf"|{PART_TERM})\s+but))"
)
_AWAY = (
    r"\b(?:away|gone|busy|out(?:\s+of\s+(?:town|office|the\s+country))?|abroad|travell?ing"
    r"|unavailable"
    r"|on\s+(?:holiday|vacation|leave)|not\s+(?:free|available|here|back|around|home)"
    rf"|{_CANNOT})"
)
_MOVE = r"\b(?:change|move|switch|swap|shift|push|bring|reschedule|rebook)"
_DAY = f"({DAY_TERM})"

# The days in the groups are no days to come on.
EXCLUDING = (
    rf"{_MOVE}\b[^{'x'}.?!\x01]{{0,40}}?{_DAY}\s+(?:to|for|with|into)\s+(?=(?:the\s+)?{DAY_TERM})",
    rf"{_NOT}{_LEAD}(?P<all>{DAY_TERM}(?:\s*{_ALSO}{DAY_TERM})*)",
    rf"{_BUT}{_LEAD}(?P<all>{DAY_TERM}(?:\s*(?:,\s*)?(?:{_ALSO})?{DAY_TERM})*)",
    rf"{_DAY}(?:'?s)?\s+(?:is\s+|are\s+|was\s+|would\s+be\s+)?(?:not|isn't|isnt|aren't"
    r"|arent|never)\s+(?:really\s+)?"
    r"(?:good|possible|great|ideal|free|available|ok|okay|convenient|work\w*|suitable"
    r"|an\s+option|for\s+me)\b",
    rf"{_DAY}\s+(?:doesn't|doesnt|don't|dont|won't|wont|wouldn't|does\s+not|do\s+not"
    r"|will\s+not)\s+(?:really\s+)?"
    r"(?:work|suit|do|fit|be|go)\b",
    rf"{_DAY}(?:'?s)?\s+(?:is|are|'s)?\s*(?:no\s+good|bad\b|impossible|out\b(?!\s+of))",
    rf"{_DAY}\s*,?\s+(?:i|we)(?:'m|\s+am)?\s+(?:can't|cannot|cant|won't|work(?:ing)?|busy|away)\b",
)
# Which days the day in the group leaves: those from it on, or those up to it.
_INCLUSIVE, _EXCLUSIVE = "inclusive", "exclusive"
LOWER = (
    (
        rf"\bnot\s+(?:any\s+)?(?:before|until|till|til|(?:earlier|sooner)\s+than){_LEAD}{_DAY}",
        _INCLUSIVE,
    ),
    (rf"\bno\s+(?:earlier|sooner)\s+than{_LEAD}{_DAY}", _INCLUSIVE),
    (rf"{_AWAY}\s+(?:un)?(?:till?|before){_LEAD}{_DAY}", _INCLUSIVE),
    (
        r"\b(?:on\s+or\s+after|as\s+of|starting(?:\s+from)?|from|back(?:\s+(?:home"
        rf"|in\s+town))?){_LEAD}{_DAY}"
        rf"(?!\s*(?:-|to|until|till)\s*(?:the\s+)?{DAY_TERM})",
        _INCLUSIVE,
    ),
    (
        rf"{_DAY}\s+(?:onwards?|or\s+(?:later|after)|and\s+(?:later|after)|at\s+the\s+earliest)\b",
        _INCLUSIVE,
    ),
    (rf"\b(?:after|later\s+than|past){_LEAD}{_DAY}", _EXCLUSIVE),
)
UPPER = (
    (rf"\b(?:not|no)\s+(?:later\s+than|after){_LEAD}{_DAY}", _INCLUSIVE),
    (rf"\b(?:by|until|till|til|up\s+to|on\s+or\s+before|latest){_LEAD}{_DAY}", _INCLUSIVE),
    (rf"{_DAY}\s+(?:at\s+the\s+latest|latest|or\s+(?:earlier|sooner|before))\b", _INCLUSIVE),
    (rf"\b(?:before|earlier\s+than|sooner\s+than){_LEAD}{_DAY}", _EXCLUSIVE),
)
RANGES = (
    rf"\bbetween\s+(?:the\s+)?{_DAY}\s*(?:and|to|-|&)\s*(?:the\s+|on\s+)*{_DAY}",
    rf"(?:\bfrom\s+(?:the\s+)?)?{_DAY}\s*(?:-|\bto\b|\buntil\b|\btill\b|\bthrough\b"
    rf"|\bthru\b)\s*(?:the\s+|on\s+)*{_DAY}",
)
WEEK_OF = rf"\b(?:the\s+)?week\s+(?:of|commencing|beginning|starting){_LEAD}{_DAY}"
# Between days of which each suits; a clock time or a part of the day may stand there too.
LISTED = re.compile(
    r"[\s,;/&-]*(?:(?:or|and|otherwise|else|if\s+not|even|maybe|possibly|perhaps|also|then"
    r"|at|on|the|either|in|about"
    rf"|around|any|{CLOCK_TERM}|{PART_TERM})[\s,;/&-]*)*",
    re.I,
)
ALSO_KNOWN = re.compile(r"\W*(?:or|also|and\s+also)\b", re.I)
OR = re.compile(r"\bor\b", re.I)
HOUR_BEFORE = re.compile(rf"(?:{CLOCK_TERM}|{PART_TERM})[\s,]*(?:on\s+)?$", re.I)
HOUR_BEHIND = re.compile(
    rf"{DAY_TERM}[\s,]*(?:(?:at|around|about|after|before|from|in|the)\s+)*(?:{CLOCK_TERM}"
    rf"|{PART_TERM})",
    re.I,
)
# What leads to a wish rather than to a remark about some day.
WISH_LEAD = re.compile(
    r"\b(?:come(?:\s+in)?|book(?:\s+me)?(?:\s+in)?|do|make(?:\s+it)?|see\s+(?:me|you"
    r"|someone)|have|get\s+in|free|"
    r"available|appointment|consultation|slot|prefer|like|instead|actually|rather|sorry"
    r"|better|want|works?)\W+"
    r"(?:\w+\W+){0,2}$",
    re.I,
)


class _Reader:
    """The days of one text, being put together."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.today = scan.today
        self.terms: dict[int, Day] = {
            place: term
            for place, term in sorted(scan.terms.items())
            if isinstance(term, Period | OnWeekday | OnDate)
        }
        self.excluded: list[Day] = []
        self.lower: list[tuple[Day, str]] = []
        self.upper: list[tuple[Day, str]] = []
        self.ranges: dict[int, tuple[Day, Day]] = {}
        self.ends: dict[int, int] = {}

    def read(self) -> Days | None:
        if not self.terms:
            return None
        self._read_relations()
        frame = self._frame()
        days = self._wished(frame)
        days = self._limited(days, frame) if self.lower or self.upper else days
        days = self._without_excluded(days) if self.excluded else days
        if days is None:
            return None
        return self._ahead(days)

    # --- relations ---

    def _read_relations(self) -> None:
        for pattern in EXCLUDING:
            for match in self._matches(pattern):
                places = (match.groupdict().get("all") and match.span("all")) or match.span(1)
                self.excluded += self._pop(places)
        for match in self._matches(r"\bno\s+(?:more\s+)?" + _DAY):
            if self._weekly(match.start(1)):
                self.excluded += self._pop(match.span(1))
        for match in self._matches(WEEK_OF):
            period = self._period(self.terms[match.start(1)], None)
            if period:
                monday = monday_of(period.first)
                self.terms[match.start(1)] = Period(monday, monday + 6 * ONE_DAY)
        for pattern, kind in LOWER[:3]:
            self._bound(pattern, kind, self.lower)
        for pattern, kind in UPPER[:1]:
            self._bound(pattern, kind, self.upper)
        for pattern in RANGES:
            for match in self._matches(pattern):
                if match.start(1) in self.terms and match.start(2) in self.terms:
                    first, last = self._pop(match.span(1))[0], self._pop(match.span(2))[0]
                    self.ranges[match.start(1)] = (first, last)
                    self.ends[match.start(1)] = match.start(2)
        for pattern, kind in LOWER[3:]:
            self._bound(pattern, kind, self.lower)
        for pattern, kind in UPPER[1:]:
            self._bound(pattern, kind, self.upper)

    def _matches(self, pattern: str) -> list[re.Match[str]]:
        found = list(re.finditer(pattern, self.scan.left, re.IGNORECASE))
        for match in found:
            self.scan.blank(match.span())
        return found

    def _bound(self, pattern: str, kind: str, bounds: list[tuple[Day, str]]) -> None:
        for match in self._matches(pattern):
            bounds += [(term, kind) for term in self._pop(match.span(1))]

    def _pop(self, span: tuple[int, int]) -> list[Day]:
        places = [place for place in self.terms if span[0] <= place < span[1]]
        return [self.terms.pop(place) for place in places]

    def _weekly(self, place: int) -> bool:
        term = self.terms.get(place)
        return isinstance(term, OnWeekday) and term.every

    # --- the calendar ---

    def _period(self, term: Day, frame: Frame | None) -> Period | None:
        """The days that one name stands for; None for a day that the frame has not got."""
        match term:
            case Period():
                return term
            case OnDate():
                return self._dated(term, frame)
            case OnWeekday(weekdays, which):
                day = self._on_weekday(min(weekdays), which, frame)
                return Period(day, day)

    def _dated(self, term: OnDate, frame: Frame | None) -> Period | None:
        if term.month is None:
            start = frame[0] if frame else self.today
            ahead = (start + timedelta(days=days) for days in range(92))
            day = next(day for day in ahead if day.day == term.day)
            return Period(day, day)
        years = [term.year] if term.year else range(self.today.year, self.today.year + 9)
        days = [date(y, term.month, term.day) for y in years if exists(y, term.month, term.day)]
        if not days:
            return None
        day = days[0]
        if not term.year and day < self.today - JUST_GONE and len(days) > 1:
            day = days[1]
        return Period(day, day)

    def _on_weekday(self, weekday: int, which: str, frame: Frame | None) -> date:
        """The weekday's date. Said on that very day, only "this friday" may mean today.

        "next saturday" is the one of next week, however near this week's is.
        """
        if frame is not None and not (which == "next" and frame[0] <= self.today):
            day = frame[0] + timedelta(days=(weekday - frame[0].weekday()) % 7)
            if day <= frame[1]:
                return day
        if which == "next":
            return monday_of(self.today) + timedelta(weeks=1, days=weekday)
        if which == "this" and weekday == self.today.weekday():
            return self.today
        return coming(self.today, weekday)

    def _frame(self) -> Frame | None:
        """The days among which a weekday or a day of the month is looked for."""
        places = list(self.terms)
        wide = [place for place in places if _is_wide(self.terms[place])]
        ends = [term for ends in self.ranges.values() for term in ends]
        narrow = [term for term in [*self.terms.values(), *ends] if _is_open(term)]
        if len(wide) == 1 and narrow and not self._alternatives(wide[0]):
            period = self.terms.pop(wide[0])
            assert isinstance(period, Period)
            return period.first, period.last
        known = self.scan.known
        if known is not None and known.first < known.last:
            tomorrow = self.today + ONE_DAY
            first = max(known.first, tomorrow)
            if first <= known.last:
                return first, known.last
        return None

    def _alternatives(self, place: int) -> bool:
        """Whether "or" stands directly beside the period at `place`."""
        places = sorted(self.terms)
        index = places.index(place)
        beside = places[max(index - 1, 0) : index + 2]
        return any(OR.search(self._gap(one, other)) is not None for one, other in pairwise(beside))

    def _gap(self, one: int, other: int) -> str:
        return self.scan.left[self.scan.end_of(one) : other]

    # --- putting together ---

    def _wished(self, frame: Frame | None) -> Days | None:
        self._drop_weekdays_of_dates(frame)
        periods: list[Period] = []
        weekly: set[int] = set()
        listed = self._chosen()
        if ALSO_KNOWN.match(self.scan.left) and self.scan.known and listed:
            periods += self._known_periods(self.scan.known)
        plural = any(self._weekly(place) for place in listed)
        for place in listed:
            if place in self.ranges:
                days = self._range(*self.ranges[place], frame)
                if days is not None and isinstance(days, frozenset):
                    weekly |= days
                elif days is not None:
                    periods.append(days)
                continue
            term = self.terms[place]
            if isinstance(term, OnWeekday) and (plural or len(term.weekdays) > 1):
                weekly |= term.weekdays
            else:
                period = self._period(term, frame)
                if period is not None:
                    periods.append(period)
        return self._together(periods, frozenset(weekly), frame)

    def _known_periods(self, known: Window) -> list[Period]:
        """The days known before, for "or wednesday"; not when they are too many to tell."""
        if known.last - known.first > MANY_DAYS:
            return []
        days = Days(known.first, known.last, known.weekdays, known.without)
        return [Period(day, day) for day in days.all() if day >= self.today]

    def _together(
        self, periods: Sequence[Period], weekly: frozenset[int], frame: Frame | None
    ) -> Days | None:
        if weekly:
            first, last = frame or (self.today, self.today + AHEAD)
            if not frame and len(periods) == 1 and periods[0].first < periods[0].last:
                first, last = periods[0].first, periods[0].last
            return Days(first, last, weekly)
        if not periods:
            return None
        still = [period for period in periods if period.last >= self.today] or periods
        days = _united(still)
        known = self.scan.known
        if known and _weekly(known) and len(still) == 1 and days.last - days.first >= 6 * ONE_DAY:
            # "Tuesdays", and then "in december".
            return replace(days, weekdays=known.weekdays)
        return days

    def _range(self, first: Day, last: Day, frame: Frame | None) -> Period | frozenset[int] | None:
        if isinstance(first, OnWeekday) and isinstance(last, OnWeekday) and last.every:
            start, end = min(first.weekdays), min(last.weekdays)
            return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))
        start_of = self._period(first, frame)
        if start_of is None:
            return None
        end_of = self._period(last, (start_of.first, start_of.first + AHEAD))
        if end_of is None or end_of.last < start_of.first:
            return start_of
        return Period(start_of.first, end_of.last)

    def _drop_weekdays_of_dates(self, frame: Frame | None) -> None:
        """ "friday the 27th" is one day, and no day at all when the 27th is no Friday."""
        places = sorted(self.terms)
        for one, other in pairwise(places):
            if one not in self.terms:
                continue
            pair = sorted((one, other), key=lambda place: isinstance(self.terms[place], OnDate))
            weekday, dated = self.terms[pair[0]], self.terms[pair[1]]
            gap = self._gap(one, other)
            if not isinstance(weekday, OnWeekday) or isinstance(dated, OnWeekday):
                continue
            if weekday.every or OR.search(gap) or not LISTED.fullmatch(gap):
                continue
            period = self._period(dated, frame)
            if period is None or period.first != period.last:
                continue
            if period.first.weekday() in weekday.weekdays:
                del self.terms[pair[0]]
            elif isinstance(dated, OnDate) and re.fullmatch(r"[\s,]*(?:the\s+)?", gap, re.I):
                self.scan.refuse(Refusal.IMPOSSIBLE_TIME)

    def _chosen(self) -> list[int]:
        """The places of the days that are wished, where a text speaks of several."""
        places = sorted([*self.terms, *self.ranges])
        groups: list[list[int]] = []
        for place in places:
            linked = groups and LISTED.fullmatch(self._between(groups[-1][-1], place))
            if linked or (groups and (self._weekly(place) or self._weekly(groups[-1][-1]))):
                groups[-1].append(place)
            else:
                groups.append([place])
        if len(groups) < 2:
            return places
        ahead = [group for group in groups if not self._all_gone(group)] or groups
        timed = [group for group in ahead if self._has_clock(group)]
        led = [group for group in ahead if WISH_LEAD.search(self.scan.left[: group[0]])]
        best = timed if len(timed) == 1 else led or ahead
        return best[-1]

    def _between(self, one: int, other: int) -> str:
        return self._gap(self.ends.get(one, one), other)

    def _all_gone(self, group: Iterable[int]) -> bool:
        terms = [self.terms[place] for place in group if place in self.terms]
        return bool(terms) and all(
            isinstance(term, Period) and term.last < self.today for term in terms
        )

    def _has_clock(self, group: Sequence[int]) -> bool:
        before, behind = self.scan.left[: group[0]], self.scan.left[group[-1] :]
        return bool(HOUR_BEFORE.search(before) or HOUR_BEHIND.match(behind))

    # --- limits ---

    def _limited(self, days: Days | None, frame: Frame | None) -> Days | None:
        first, last = self.today, self.today + AHEAD
        for term, kind in self.lower:
            period = self._period(term, frame)
            if period is not None:
                day = period.first if kind == _INCLUSIVE else period.last + ONE_DAY
                first = max(first, day)
        for term, kind in self.upper:
            period = self._period(term, frame)
            if period is not None:
                # Before the end of the month, the end is the month's last day.
                whole = kind == _INCLUSIVE or (isinstance(term, Period) and term.ends)
                last = min(last, period.last if whole else period.first - ONE_DAY)
        last = max(last, first) if self.lower and not self.upper else last
        if days is None:
            days = self._known_days()
            if max(days.first, first) > min(days.last, last):
                days = Days(first, last, days.weekdays)
        if first > days.first and not self._is_weekly(days):
            days = self._moved_behind(days, first)
        limited = replace(days, first=max(days.first, first), last=min(days.last, last))
        if limited.first > limited.last:
            self.scan.refuse(Refusal.PAST_TIME if last < self.today else Refusal.IMPOSSIBLE_TIME)
        return limited

    def _is_weekly(self, days: Days) -> bool:
        return days.weekdays != ALL_WEEKDAYS or days.last > self.today + timedelta(days=60)

    def _moved_behind(self, days: Days, first: date) -> Days:
        """ "tuesday, not before the 10th" is the first Tuesday from the 10th on."""
        if days.last >= first:
            return days
        if len({*days.all()}) == 1:
            ahead = (days.first.weekday() - first.weekday()) % 7
            day = first + timedelta(days=ahead)
            return Days(day, day)
        return days

    def _known_days(self) -> Days:
        known = self.scan.known
        if known is None:
            return Days(self.today, self.today + AHEAD)
        return Days(max(known.first, self.today), known.last, known.weekdays, known.without)

    def _without_excluded(self, days: Days | None) -> Days | None:
        base = days or self._known_days()
        left = self._less(base)
        if left is None and days is None:
            left = self._less(Days(self.today, self.today + AHEAD))
        return left if left is not None else base

    def _less(self, days: Days) -> Days | None:
        weekdays, without = days.weekdays, set(days.without)
        for term in self.excluded:
            if isinstance(term, OnWeekday):
                weekdays -= term.weekdays
                continue
            period = self._period(term, (days.first, days.last))
            if period is not None:
                without |= {
                    period.first + timedelta(days=ahead)
                    for ahead in range(min((period.last - period.first).days, AHEAD.days) + 1)
                }
        return trimmed(replace(days, weekdays=weekdays, without=frozenset(without)))

    def _ahead(self, days: Days) -> Days:
        """The days that are still to come."""
        if days.last < self.today:
            self.scan.refuse(Refusal.PAST_TIME)
            return days
        first = max(days.first, self.today)
        # Where no weekday that was wished lies within the limits, the limits count.
        return trimmed(replace(days, first=first)) or Days(first, max(first, days.last))


def _weekly(known: Window) -> bool:
    """Whether some weekdays of many weeks suit."""
    return known.weekdays != ALL_WEEKDAYS and known.last - known.first > timedelta(days=14)


def _is_wide(term: Day) -> bool:
    return isinstance(term, Period) and term.first < term.last


def _is_open(term: Day) -> bool:
    """Whether the name of a day needs a week or a month to be looked for in."""
    return isinstance(term, OnWeekday) or (isinstance(term, OnDate) and term.month is None)


def _united(periods: Sequence[Period]) -> Days:
    """The days of all periods, and none of those between them."""
    first = min(period.first for period in periods)
    last = max(period.last for period in periods)
    if len(periods) == 1:
        return Days(first, last)
    wished = {
        period.first + timedelta(days=ahead)
        for period in periods
        for ahead in range((period.last - period.first).days + 1)
    }
    weekdays = frozenset(day.weekday() for day in wished)
    between = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    without = frozenset(day for day in between if day.weekday() in weekdays and day not in wished)
    return Days(first, last, weekdays, without)


def trimmed(days: Days) -> Days | None:
    """The same days with a first and a last one that suit; None when no day does."""
    first = next(days.all(), None)
    if first is None:
        return None
    last = days.last
    while last.weekday() not in days.weekdays or last in days.without:
        last -= ONE_DAY
    length = (last - first).days + 1
    between = [first + timedelta(days=ahead) for ahead in range(min(length, 7))]
    if length <= 7 and all(day.weekday() in days.weekdays for day in between):
        days = replace(days, weekdays=ALL_WEEKDAYS)
    within = {day for day in days.without if first < day < last and day.weekday() in days.weekdays}
    return replace(days, first=first, last=last, without=frozenset(within))
