"""What the times of day that a text names mean together: "after 3", "between 2 and 4"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from itertools import pairwise

from booking.reading.clocks import ABOUT, ALL_DAY, Clock, Clocks, on_a_day, shifted
from booking.reading.mentions import CLOCK_TERM, DAY_TERM, FILL, PART_TERM, Scan
from booking.windows import FIRST_MINUTE, LAST_MINUTE

# How far around "5ish" a time may be, and how far apart "3 or 4" may lie to be one wish.
AROUND, CLOSE = timedelta(hours=1), timedelta(hours=2)


@dataclass(frozen=True)
class Hours:
    """The readings of a time of day, the likelier first: "3" is 15:00 rather than 3:00.

    `sure` tells a clock time such as "3pm" from "3" or "morning", which may mean something else.
    """

    choices: tuple[Clocks, ...]
    sure: bool = False
    # Such as "before 5", which narrows down what was said before.
    limits: bool = False


_C, _P = f"({CLOCK_TERM})", f"({PART_TERM})"
_GAP = rf"\s+(?:{ABOUT}\s+|at\s+|like\s+)*"
_MOVE = r"\b(?:change|move|switch|swap|shift|push|bring|reschedule)"
_THAN = r"(?<!later )(?<!earlier )(?<!sooner )than"
# The times in the groups are not wished.
_EXCLUDING = (
    rf"{_MOVE}\b[^.?!\x02]{{0,40}}?{_C}\s+(?:to|for|with)\s+(?=(?:at\s+)?{CLOCK_TERM})",
    r"\b(?:not(?!\s+(?:before|after|until|till|later|earlier|sooner)\b)|instead\s+of"
    rf"|rather\s+than|{_THAN})(?:\s+at|\s+in)?\s*{_C}",
    r"\b(?:can't|cannot|can\s+not|cant|couldn't|won't)\s+(?:do|make|manage|come)(?:\s+(?:it|at"
    rf"|in|for))*\s*{_C}",
    rf"{_C}\s+(?:doesn't|doesnt|don't|won't|wont|isn't|isnt|is\s+not|does\s+not"
    r"|is\s+no)\s+(?:really\s+)?(?:work|suit|do|good|possible|great|ok|free|available|go)\b",
)
_EXCLUDING_PARTS = (
    rf"\b(?:not|no|except(?:\s+for)?|(?:any\s?time|whenever|{DAY_TERM}|any\s+day)\s+but"
    rf"|instead\s+of|rather\s+than|{_THAN}|(?:can't|cannot|cant|couldn't|won't)(?:\s+(?:do|make"
    rf"|manage|come|it))*|(?:don't|dont)\s+(?:do|like|want))(?:\s+(?:in|the|at|on))*\s*{_P}",
    rf"{_P}\s+(?:doesn't|doesnt|don't|dont|won't|isn't|aren't|are\s+not|is\s+not)\s+(?:really\s+)?"
    r"(?:work|suit|do|good|possible|great|ok|free)\b",
    rf"{_P}\s+(?:is|are)\s+(?:bad|out|no\s+good|impossible|difficult|hard|tricky)\b",
)
_RANGE = (
    rf"\bbetween{_GAP}{_C}\s*(?:and|to|-|&)\s*(?:{ABOUT}\s+)?{_C}",
    rf"(?:\bfrom{_GAP})?{_C}\s*(?:-|\b(?:to|until|till|til|through)\b)\s*(?:{ABOUT}\s+)?{_C}",
)
_CANNOT = (
    r"(?:can't|cannot|can\s+not|cant|couldn't|not\s+(?:able|free|available|there|around|home"
    r"|in))(?:\s+(?:to|do|make|come|be|get|it|in|there|anything|work))*"
)
_LOWER = (
    r"\b(?:not\s+(?:any\s+)?(?:before|until|till|earlier\s+than)|no\s+(?:earlier|sooner)\s+than"
    rf"|(?:any\s?time\s+)?after|from|later\s+than|past|starting(?:\s+at)?|as\s+of){_GAP}{_C}",
    r"\b(?:work(?:ing)?|busy|finish(?:es)?(?:\s+work)?|(?:get\s+)?off(?:\s+work)?|get\s+out"
    rf"|tied\s+up)\s+(?:until|till|til|at|by){_GAP}{_C}",
    rf"\b{_CANNOT}\s+(?:before|until|till|til){_GAP}{_C}",
    rf"\bat\s+the\s+earliest(?:\s+at)?\s+{_C}",
    rf"{_C}\s*(?:\+|onwards?\b|or\s+(?:later|after)\b|and\s+(?:later|after)\b"
    r"|at\s+the\s+earliest\b|plus\b)",
)
_UPPER_IN = (
    rf"\b{_CANNOT}\s+after{_GAP}{_C}",
    rf"\b(?:(?:not|no)\s+later\s+than|not\s+after|by|latest){_GAP}{_C}",
    rf"{_C}\s*(?:at\s+the\s+latest|latest|or\s+(?:earlier|before|sooner))\b",
)
_UPPER = rf"\b(?:(?:any\s?time\s+)?before|earlier\s+than|until|till|til|up\s+to){_GAP}{_C}"
_ABOUT_CLOCK = (
    rf"(?:\b{ABOUT}\s+|~\s?)(?:at\s+)?{_C}",
    rf"{_C}\s*(?:-?\s?ish\b|or\s+so\b|or\s+thereabouts\b|more\s+or\s+less\b|give\s+or\s+take\b"
    r"|approx\w*)",
)


def read_hours(scan: Scan) -> Hours | None:
    """What the marked times of day mean, on top of those known before; None without any."""
    return _Reader(scan).read()


class _Reader:
    """The times of day of one text, being put together."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.clocks = {p: t for p, t in sorted(scan.terms.items()) if isinstance(t, Clock)}
        self.parts = {p: t for p, t in sorted(scan.terms.items()) if isinstance(t, Clocks)}
        self.not_parts: list[Clocks] = []

    def read(self) -> Hours | None:
        for pattern in _EXCLUDING:
            for match in self._matches(pattern):
                self.clocks.pop(match.start(1), None)
        for pattern in _EXCLUDING_PARTS:
            for match in self._matches(pattern):
                part = self.parts.pop(match.start(1), None)
                self.not_parts += [part] if part else []
        if not (self.clocks or self.parts or self.not_parts):
            return None
        part = self._part_of_day()
        sure = any(one.sure for one in self.clocks.values())
        hours = self._range(part) or self._limits(part) or self._times(part)
        if hours is not None:
            return replace(hours, sure=sure)
        return Hours((part,)) if part else None

    def _matches(self, pattern: str) -> Iterator[re.Match[str]]:
        for match in list(re.finditer(pattern, self.scan.left, re.IGNORECASE)):
            self.scan.blank(match.span())
            yield match

    # --- parts of the day ---

    def _part_of_day(self) -> Clocks | None:
        """ "Morning or lunchtime" is either of them, "early on tuesday morning" what is both."""
        if not self.parts:
            return _besides(self.not_parts) if self.not_parts else None
        places = sorted(self.parts)
        whole = self.parts[places[0]]
        for one, other in pairwise(places):
            part = self.parts[other]
            gap = self.scan.left[self.scan.end_of(one) : other]
            if re.search(r"\b(?:or|and)\b|[,/&]", gap, re.IGNORECASE):
                whole = _either(whole, part)
            else:
                whole = whole.within(part) or whole
        return whole

    # --- clock times ---

    def _range(self, part: Clocks | None) -> Hours | None:
        for pattern in _RANGE:
            for match in self._matches(pattern):
                first, last = (self.clocks.get(match.start(group)) for group in (1, 2))
                if first and last:
                    start, until = _in_order(_in_part(first, part), _in_part(last, part))
                    return Hours((Clocks(start, shifted(until, -1)),))
        return None

    def _limits(self, part: Clocks | None) -> Hours | None:
        clocks, found = part or ALL_DAY, False
        for start, until in self._bounds(part):
            limit = Clocks(start or FIRST_MINUTE, until or LAST_MINUTE)
            clocks, found = clocks.within(limit) or limit, True
        return Hours((clocks,), limits=True) if found else None

    def _bounds(self, part: Clocks | None) -> Iterator[tuple[time | None, time | None]]:
        for pattern in _UPPER_IN:
            for match in self._matches(pattern):
                if match.start(1) in self.clocks:
                    yield None, _in_part(self.clocks.pop(match.start(1)), part)[0]
        for pattern in _LOWER:
            for match in self._matches(pattern):
                if match.start(1) in self.clocks:
                    yield _in_part(self.clocks.pop(match.start(1)), part)[0], None
        for match in self._matches(_UPPER):
            if match.start(1) in self.clocks:
                last = _in_part(self.clocks.pop(match.start(1)), part)[0]
                yield None, shifted(last, -1) if last > FIRST_MINUTE else last

    def _times(self, part: Clocks | None) -> Hours | None:
        about = False
        for pattern in _ABOUT_CLOCK:
            for match in self._matches(pattern):
                about = about or match.start(1) in self.clocks
        if not self.clocks:
            return None
        said = self._said_last()
        readings = [_in_part(one, part) for one in said]
        if len(readings) > 1:
            together = _alternatives([reading[0] for reading in readings])
            return Hours((together,))
        return Hours(tuple(_around(one) if about else Clocks(one, one, one) for one in readings[0]))

    def _said_last(self) -> Sequence[Clock]:
        """The clock times that are wished: those of one list, the last one after a correction."""
        places = sorted(self.clocks)
        listed = [places[0]]
        for one, other in pairwise(places):
            gap = re.sub(rf"^{FILL}+", "", self.scan.left[one + 1 : other])
            if re.fullmatch(_OR_CLOCK, gap, re.I):
                listed.append(other)
            elif re.search(r"\b(?:actually|sorry|no|make|instead|rather|better|to)\b", gap, re.I):
                listed = [other]
        return [self.clocks[place] for place in listed]


_OR_CLOCK = (
    r"\s*(?:(?:,|/|-|&|\bor\b|\band\b|\bmaybe\b|\beven\b|\bat\b|\bon\b|\baround\b|\babout\b"
    rf"|\bthe\b|{DAY_TERM})\s*)+"
)


def _in_part(said: Clock, part: Clocks | None) -> tuple[time, ...]:
    """ "8 in the evening", "friday morning at 9": the part of the day settles which 8 it is."""
    if part is None:
        return said.choices
    fitting = tuple(one for one in said.choices if part.start <= one <= part.until)
    return fitting or said.choices


def alike(one: Clock | Clocks, other: Clock | Clocks) -> bool:
    """Whether two times of day can be one wish: "3 or 4", "mornings"."""
    if isinstance(one, Clock) and isinstance(other, Clock):
        apart = on_a_day(one.choices[0]) - on_a_day(other.choices[0])
        return abs(apart) <= CLOSE
    return one == other


def _in_order(first: tuple[time, ...], last: tuple[time, ...]) -> tuple[time, time]:
    """Where a range starts and ends: "2-4pm" at 14, "10-2pm" at 10, "9-5" ends at 17."""
    if len(last) == 1 and len(first) > 1:
        before = [one for one in first if one < last[0]]
        return (max(before) if before else first[0]), last[0]
    for start in first:
        for until in last:
            if start < until:
                return start, until
    return first[0], last[0] if last[0] > first[0] else LAST_MINUTE


def _alternatives(clocks: Sequence[time]) -> Clocks:
    """ "3 or 4" is from 3 to 4; of times far apart the first one counts."""
    first, last = min(clocks), max(clocks)
    if on_a_day(last) - on_a_day(first) > CLOSE:
        return Clocks(clocks[0], clocks[0], clocks[0])
    return Clocks(first, last, clocks[0])


def _either(one: Clocks, other: Clocks) -> Clocks:
    """Both of two parts of the day that touch, or else the first one."""
    touch = shifted(one.until, 1) >= other.start and shifted(other.until, 1) >= one.start
    return Clocks(min(one.start, other.start), max(one.until, other.until)) if touch else one


def _around(said: time) -> Clocks:
    start = max(on_a_day(said) - AROUND, on_a_day(FIRST_MINUTE)).time()
    until = min(on_a_day(said) + AROUND, on_a_day(LAST_MINUTE)).time()
    return Clocks(start, until, said)


def _besides(parts: Sequence[Clocks]) -> Clocks:
    """What is left of the day without some parts of it."""
    left = ALL_DAY
    for part in parts:
        if part.start <= left.start or part.start < time(12):
            left = replace(left, start=max(left.start, shifted(part.until, 1)))
        else:
            left = replace(left, until=min(left.until, shifted(part.start, -1)))
    return left if left.start <= left.until else ALL_DAY
