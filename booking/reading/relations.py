"""Read what the words around a day do to it: "not tuesday", "before the 10th", "mon to wed"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from booking.reading.dates import Day, OnDate, OnWeekday, Period, WeekOf
from booking.reading.mentions import DAY_TERM, PART_TERM, Scan, Span

_LEAD = (
    r"(?:\s+(?:on|the|a|an|any|in|at|for|of|about|around|some\s?time|any\s?time|like|say|maybe"
    r"|this|next|week|weeks))*\s*"
)
_ALSO = r"(?:or|and|nor|/|&)\s*(?:on\s+|the\s+|in\s+|at\s+)*"
_CANNOT = (
    r"(?:can't|cannot|can\s+not|cant|couldn't|couldnt|won't|wont|unable\s+to|not\s+able\s+to)"
    r"(?:\s+(?:do|make|come|manage|attend|get|be|there|it|in|anything|you|work))*"
)
_NOT = (
    r"(?:\bnot(?!\s+(?:before|after|until|till|til|later|earlier|sooner|any|sure|much"
    r"|too)\b)(?:\s+(?:free|available|around|here|good|possible|in))?(?:\s+for\s+me)?"
    rf"|\b{_CANNOT}|\b(?:don't|dont|do\s+not)\s+(?:want|like|do|have|fancy)|\b(?:i'm|i\s+am"
    r"|im)\s+(?:busy|away|unavailable|working|at\s+work|booked)|\b(?:busy|unavailable)"
    r"|\bi\s+work|\binstead\s+of|\brather\s+than|\bthan)"
)
_BUT = (
    r"(?:\bexcept(?:\s+for)?|\bexcluding|\bother\s+than|\bapart\s+from|\bbesides|\bbut\s+not"
    rf"|(?:(?:\b(?:any|every)(?:\s+other)?\s?(?:day|time|thing|one)|\bwhenever|{DAY_TERM}"
    rf"|{PART_TERM})\s+but))"
)
_AWAY = (
    r"\b(?:away|gone|busy|out(?:\s+of\s+(?:town|office|the\s+country))?|abroad|travell?ing"
    r"|unavailable|on\s+(?:holiday|vacation|leave)|not\s+(?:free|available|here|back|around"
    rf"|home)|{_CANNOT})"
)
_MOVE = r"\b(?:change|move|switch|swap|shift|push|bring|reschedule|rebook)"
_DAY = f"({DAY_TERM})"

# The days in the groups are no days to come on.
_THESE = rf"(?P<all>{DAY_TERM}(?:\s*{_ALSO}{DAY_TERM})*)"
EXCLUDING = (
    rf"{_MOVE}\b[^.?!\x01]{{0,40}}?{_DAY}\s+(?:to|for|with|into)\s+(?=(?:the\s+)?{DAY_TERM})",
    rf"{_NOT}{_LEAD}{_THESE}",
    rf"{_BUT}{_LEAD}(?P<all>{DAY_TERM}(?:\s*(?:,\s*)?(?:{_ALSO})?{DAY_TERM})*)",
    rf"{_THESE}(?:'?s)?\s+(?:is\s+|are\s+|was\s+|would\s+be\s+)?(?:not|isn't|isnt|aren't|arent"
    r"|never)\s+(?:really\s+)?(?:good|possible|great|ideal|free|available|ok|okay|convenient"
    r"|work\w*|suitable|an\s+option|for\s+me)\b",
    rf"{_THESE}\s+(?:doesn't|doesnt|don't|dont|won't|wont|wouldn't|does\s+not|do\s+not"
    r"|will\s+not)\s+(?:really\s+)?(?:work|suit|do|fit|be|go)\b",
    rf"{_THESE}(?:'?s)?\s+(?:is|are|'s)?\s*(?:no\s+good|bad\b|impossible|out\b(?!\s+of))",
    rf"{_THESE}\s*,?\s+(?:i|we)(?:'m|\s+am)?\s+(?:can't|cannot|cant|won't|work(?:ing)?|busy"
    r"|away)\b",
)
NO_MORE = rf"\bno\s+(?:more\s+)?{_DAY}"

# A pattern, whether it bounds the days from below, and whether the day in the group still suits.
Bound = tuple[str, bool, bool]
_FROM, _AFTER, _UNTIL, _BEFORE = (True, True), (True, False), (False, True), (False, False)
DENIED_BOUNDS: tuple[Bound, ...] = (
    (
        rf"\bnot\s+(?:any\s+)?(?:before|until|till|til|(?:earlier|sooner)\s+than){_LEAD}{_DAY}",
        *_FROM,
    ),
    (rf"\bno\s+(?:earlier|sooner)\s+than{_LEAD}{_DAY}", *_FROM),
    (rf"{_AWAY}\s+(?:un)?(?:till?|before){_LEAD}{_DAY}", *_FROM),
    (rf"\b(?:not|no)\s+(?:later\s+than|after){_LEAD}{_DAY}", *_UNTIL),
    (rf"{_CANNOT}\s+after{_LEAD}{_DAY}", *_UNTIL),
)
BOUNDS: tuple[Bound, ...] = (
    (
        r"\b(?:on\s+or\s+after|as\s+of|starting(?:\s+from)?|from|back(?:\s+(?:home"
        rf"|in\s+town))?){_LEAD}{_DAY}",
        *_FROM,
    ),
    (
        rf"{_DAY}\s+(?:onwards?|or\s+(?:later|after)|and\s+(?:later|after)|at\s+the\s+earliest)\b",
        *_FROM,
    ),
    (rf"\b(?:after|later\s+than|past){_LEAD}{_DAY}", *_AFTER),
    (rf"\b(?:by|until|till|til|up\s+to|on\s+or\s+before|latest){_LEAD}{_DAY}", *_UNTIL),
    (rf"{_DAY}\s+(?:at\s+the\s+latest|latest|or\s+(?:earlier|sooner|before))\b", *_UNTIL),
    (rf"\b(?:before|earlier\s+than|sooner\s+than){_LEAD}{_DAY}", *_BEFORE),
)
RANGES = (
    rf"\bbetween\s+(?:the\s+)?{_DAY}\s*(?:and|to|-|&)\s*(?:the\s+|on\s+)*{_DAY}",
    rf"(?:\bfrom\s+(?:the\s+)?)?{_DAY}\s*(?:-|\bto\b|\buntil\b|\btill\b|\bthrough\b"
    rf"|\bthru\b)\s*(?:the\s+|on\s+)*{_DAY}",
)
WEEKS_OF = (
    rf"\b(?:(?:the\s+)?(?:week|wk)\s+(?:of|commencing|beginning|starting)|w/c){_LEAD}{_DAY}",
    # "christmas week"
    rf"{_DAY}\s+week\b",
)


@dataclass
class Said:
    """The days of one text: those that are left as wished, and what is said of the others.

    `wished` and `ranges` go by their place in the text, `ends` has the place of a range's end.
    The bounds come with whether the day itself still suits.
    """

    wished: dict[int, Day]
    ranges: dict[int, tuple[Day, Day]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    excluded: list[Day] = field(default_factory=list)
    lower: list[tuple[Day, bool]] = field(default_factory=list)
    upper: list[tuple[Day, bool]] = field(default_factory=list)

    def weekly(self, place: int) -> bool:
        """Whether each such weekday is meant: "tuesdays"."""
        term = self.wished.get(place)
        return isinstance(term, OnWeekday) and term.every

    def take(self, span: Span) -> list[Day]:
        """The days in a place, which are no longer wished as they stand."""
        places = [place for place in self.wished if span[0] <= place < span[1]]
        return [self.wished.pop(place) for place in places]


def read_relations(scan: Scan) -> Said:
    """Sort the marked days of a text by what is said of them."""
    said = Said(
        {
            place: term
            for place, term in sorted(scan.terms.items())
            if isinstance(term, Period | OnWeekday | OnDate)
        }
    )
    _read_excluded(scan, said)
    for match in _each(scan, WEEKS_OF):
        if match.start(1) in said.wished:
            day = said.wished[match.start(1)]
            said.wished[match.start(1)] = day if isinstance(day, WeekOf) else WeekOf(day)
    # A bound that is denied is read before the bound alone, and ranges before "until".
    _read_bounds(scan, said, DENIED_BOUNDS)
    for match in _each(scan, RANGES):
        first, last = match.start(1), match.start(2)
        if first in said.wished and last in said.wished:
            said.ranges[first] = (said.wished.pop(first), said.wished.pop(last))
            said.ends[first] = last
    _read_bounds(scan, said, BOUNDS)
    return said


def _read_excluded(scan: Scan, said: Said) -> None:
    for match in _each(scan, EXCLUDING):
        several = match.groupdict().get("all") is not None
        said.excluded += said.take(match.span("all" if several else 1))
    for match in _each(scan, (NO_MORE,)):
        if said.weekly(match.start(1)):
            said.excluded += said.take(match.span(1))


def _read_bounds(scan: Scan, said: Said, bounds: tuple[Bound, ...]) -> None:
    for pattern, lower, inclusive in bounds:
        for match in _each(scan, (pattern,)):
            (said.lower if lower else said.upper).extend(
                (term, inclusive) for term in said.take(match.span(1))
            )


def _each(scan: Scan, patterns: Iterable[str]) -> Iterator[re.Match[str]]:
    for pattern in patterns:
        for match in list(re.finditer(pattern, scan.left, re.IGNORECASE)):
            scan.blank(match.span())
            yield match
