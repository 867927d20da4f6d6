"""Mark what names a time of day in a text: "3pm", "half past 3", "late afternoon".

What the times mean together ("after 3", "between 2 and 4") is read in `booking.reading.hours`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from booking.errors import Refusal
from booking.reading.mentions import (
    CLOCK_MARK,
    CLOCK_TERM,
    DAY_MARK,
    DAY_TERM,
    FILL,
    MERIDIEM,
    NUMBER,
    PART,
    PART_MARK,
    PART_TERM,
    Scan,
    Span,
    number,
)
from booking.windows import FIRST_MINUTE, LAST_MINUTE


@dataclass(frozen=True)
class Clocks:
    """Start times on the clock, both ends included; `around` is the one asked for."""

    start: time = FIRST_MINUTE
    until: time = LAST_MINUTE
    around: time | None = None

    def within(self, other: Clocks) -> Clocks | None:
        """What of these lies in `other`."""
        start, until = max(self.start, other.start), min(self.until, other.until)
        if start > until:
            return None
        around = self.around if self.around and start <= self.around <= until else None
        return Clocks(start, until, around)


@dataclass(frozen=True)
class Clock:
    """A time on the clock: its readings, the likelier first."""

    choices: tuple[time, ...]
    sure: bool = True


ALL_DAY = Clocks()
AFTERNOON = (time(12), time(17))
# From and until, and the early, middle and late hours of it.
PARTS: dict[str, tuple[time, time, dict[str, tuple[time, time]]]] = {
    "morning": (
        time(5),
        time(11, 59),
        {
            "early": (time(5), time(9, 59)),
            "mid": (time(9), time(10, 59)),
            "late": (time(10), time(11, 59)),
        },
    ),
    "afternoon": (
        *AFTERNOON,
        {
            "early": (time(12), time(14)),
            "mid": (time(14), time(16)),
            "late": (time(15), time(18)),
        },
    ),
    "evening": (
        time(17),
        time(22),
        {"early": (time(17), time(19)), "late": (time(19), time(22))},
    ),
    "night": (time(17), time(23, 59), {}),
    "lunch": (time(12), time(14), {}),
}
MORNING = Clocks(*PARTS["morning"][:2])


def name_hours(scan: Scan, *, bare: bool) -> None:
    """Mark clock times and parts of the day; with `bare`, a lone number is a time too."""
    for pattern, read in CLOCKS:
        for match in re.finditer(pattern, scan.left, re.IGNORECASE):
            clock = read(scan, match)
            if clock is not None:
                scan.mark(match.span(), CLOCK_MARK, clock)
    for pattern, clocks in PHRASES:
        for match in re.finditer(pattern, scan.left, re.IGNORECASE):
            scan.mark(match.span(), PART_MARK, clocks)
    for match in re.finditer(PART_OF_DAY, scan.left, re.IGNORECASE):
        scan.mark(match.span(), PART_MARK, _part(match))
    scan.take(DURATIONS)
    _name_loose_hours(scan, bare=bare)


# --- clock times ---


def _on_the_clock(scan: Scan, match: re.Match[str]) -> Clock | None:
    hour, minute, meridiem = match[1], match[2] or "0", match[3] or ""
    return clock(scan, hour, minute, meridiem, match.span())


def _dotted(scan: Scan, match: re.Match[str]) -> Clock | None:
    """ "2.30" may be a figure of any kind."""
    if int(match[1]) > 23:
        return None
    found = _on_the_clock(scan, match)
    return replace(found, sure=bool(match[3])) if found else None


def _spelt(scan: Scan, match: re.Match[str]) -> Clock | None:
    """ "ten thirty"."""
    minutes = {"fifteen": "15", "thirty": "30"}.get(match[2].lower(), "45")
    return clock(scan, match[1], minutes, match[3] or "", match.span())


def _noon(scan: Scan, match: re.Match[str]) -> Clock:
    return Clock((time(0) if "midnight" in match[0].lower() else time(12),))


def _past(scan: Scan, match: re.Match[str]) -> Clock | None:
    """ "half past 3", "quarter to four", "half 3"."""
    said = match["minutes"].lower()
    words = {"half": 30, "twenty-five": 25, "twenty": 20}
    minutes = 15 if "quarter" in said else words.get(said) or number(said)
    found = clock(scan, match["hour"], "0", match["meridiem"] or "", match.span())
    if found is None:
        return None
    before = (match["way"] or "").lower() in {"to", "till", "before", "of"}
    return Clock(tuple(shifted(one, -minutes if before else minutes) for one in found.choices))


def clock(scan: Scan, hour: str, minute: str, meridiem: str, span: Span) -> Clock | None:
    """The readings of an hour, the likelier first; an impossible one is refused.

    On a bare clock 1 to 7 is in the afternoon for a clinic, 8 to 12 in the morning or at noon.
    """
    hours, minutes = number(hour), int(minute)
    half = meridiem[:1].lower()
    if hours > 23 or minutes > 59 or (half and not 1 <= hours <= 12):
        scan.refuse(Refusal.IMPOSSIBLE_TIME)
        scan.blank(span)
        return None
    if half:
        return Clock((time(hours % 12 + (12 if half == "p" else 0), minutes),))
    if hours == 0 or hours > 12:
        return Clock((time(hours, minutes),))
    morning, later = time(hours % 12, minutes), time(hours % 12 + 12, minutes)
    later_first = hours == 12 or (hours < 8 and not hour.startswith("0"))
    return Clock((later, morning) if later_first else (morning, later))


def _part(match: re.Match[str]) -> Clocks:
    """ "morning", "late afternoon"."""
    said = match["part"].lower()
    # "eve", "nite", "aft"; and "arvo" for an afternoon.
    name = next((part for part in PARTS if said[:2] == part[:2]), "afternoon")
    start, until, cut = PARTS[name]
    third = (match["which"] or "").lower()
    return Clocks(*cut.get(third, (start, until)))


_UNITS = (
    r"%|°|x\b|mm|cm|ml|days?|weeks?|months?|years?|yrs?|sessions?|minutes?|mins?|hours?|hrs?"
    r"|people|persons?|kids?|children|times?|other|of\b|spots?|scars?|treatments?|visits?"
    r"|needles?|dollars?|bucks|weekdays?|more|per\b"
)
_NO_UNIT = rf"(?!\s*(?:(?:-|to|or)\s*\d+\s*)?(?:{_UNITS}))"
_N = rf"(?<![\d:.,/$£€#])\b(?P<hour>{NUMBER})(?:\b|(?=-?ish))(?![\d:/]|[.,]\d|\s*['\"]){_NO_UNIT}"
# "A friday one" is no time.
_FIGURE = rf"(?!one\b){_N}"
_TO = r"(?:-|to|until|till|til)"

CLOCKS = (
    (rf"\b(\d{{1,2}})[:](\d\d)\s*({MERIDIEM})?(?![\d/])", _on_the_clock),
    (
        rf"(?<![$£€\d.])\b(\d{{1,2}})[.]([0-5]\d)\s*({MERIDIEM})?(?![\d/.])(?!\s*(?:mm|cm|ml|%"
        r"|k\b|x\b))",
        _dotted,
    ),
    (rf"\b(\d{{1,2}})([0-5]\d)\s*({MERIDIEM})", _on_the_clock),
    (rf"(?<![$£€.\d])\b({NUMBER})()\s*({MERIDIEM})", _on_the_clock),
    (r"\b(?:at\s+)?hour\s+(\d{1,2})(?:[:.]([0-5]\d))?\b()", _on_the_clock),
    (
        r"(?<!for )(?<!in )(?<!within )(?<!every )\b(0?[6-9]|1\d|2[0-3])\s?(?:h|uhr)([0-5]\d)?\b()",
        _on_the_clock,
    ),
    (r"\b([01]\d|2[0-3])([0-5]\d)\s*()(?:hrs|hours|h)\b", _on_the_clock),
    (
        rf"(?:(?<=[{DAY_MARK}{FILL}])[\s,]*(?:at\s+)?|\bat\s+)(1\d|2[0-3])()()\s*(?:hours|hrs)\b",
        _on_the_clock,
    ),
    (rf"\b({NUMBER})\s+(fifteen|thirty|forty[\s-]?five)\b\s*({MERIDIEM})?", _spelt),
    (r"\b(?:12\s+)?(?:noon|mid-?day)\b|\bmidnight\b", _noon),
    (
        r"\b(?P<minutes>half|(?:a\s+)?quarter|five|ten|twenty-five|twenty|5|10|15|20"
        rf"|25)\s*(?P<way>past)\s*(?P<hour>{NUMBER})\b\s*(?P<meridiem>{MERIDIEM})?",
        _past,
    ),
    (
        r"\b(?P<minutes>(?:a\s+)?quarter|twenty-five|twenty|20|25|five|ten)\s+(?P<way>to|till"
        rf"|before|of|after)\s+(?P<hour>{NUMBER})\b\s*(?P<meridiem>{MERIDIEM})?",
        _past,
    ),
    (
        rf"\b(?P<minutes>half)(?P<way>)[\s-]+(?P<hour>{NUMBER})\b\s*(?P<meridiem>{MERIDIEM})?{_NO_UNIT}",
        _past,
    ),
    (rf"\b({NUMBER})()\s*o'?\s?clock\s*({MERIDIEM})?", _on_the_clock),
)

PART_OF_DAY = (
    r"(?<!good )(?<!lovely )(?:\b(?:in|during|over|at)\s+(?:the\s+|my\s+)?|\bthe\s+)?(?:\b(?:any"
    r"|every|each|an?|one)\s+)?(?:\b(?P<which>early|late|mid)(?:\s+(?:in\s+the\s+)?|-)?)?(?:\b"
    rf"|(?<=[{DAY_MARK}{FILL}]))(?P<part>{PART}|nite|eves?\b)(?!\s*!)\b"
)
PHRASES: tuple[tuple[str, Clocks], ...] = (
    (
        r"\bfirst\s+thing(?:\s+in\s+the\s+mornings?|\s+mornings?)?|\bwhen\s+you\s+open\b"
        r"|\bat\s+opening(?:\s+time)?\b",
        Clocks(FIRST_MINUTE, time(10, 30)),
    ),
    (
        r"\b(?:after|outside(?:\s+of)?)\s+(?:work(?:ing\s+hours)?|office\s+hours"
        r"|business\s+hours|the\s+office)\b",
        Clocks(time(17), LAST_MINUTE),
    ),
    (
        r"\b(?:at\s+)?(?:the\s+)?(?:end|close)\s+of\s+(?:the\s+)?(?:day|business)\b",
        Clocks(time(16), LAST_MINUTE),
    ),
    (r"\bafter\s+(?:school|the\s+school\s+run)\b", Clocks(time(15), LAST_MINUTE)),
    (r"\bafter\s+(?:my\s+)?lunch\b", Clocks(time(13), LAST_MINUTE)),
    (r"\bbefore\s+(?:my\s+)?lunch\b", Clocks(FIRST_MINUTE, time(11, 59))),
    (r"\bbefore\s+(?:work|school)\b", Clocks(FIRST_MINUTE, time(8, 59))),
    (r"\b(?:during\s+the\s+day|in\s+the\s+day\s?time|day\s?times?)\b", Clocks(time(9), time(17))),
    (r"\b(?:in\s+the\s+)?middle\s+of\s+the\s+day\b", Clocks(time(11), time(14))),
    # "early tuesday", "tuesday, late"
    (
        rf"\b(?:early|earlier)(?=\s+(?:on\s+)?{DAY_TERM})"
        rf"|(?<=[{DAY_MARK}{FILL}])[\s,]+early\b(?!\s*{PART})(?!-)",
        Clocks(FIRST_MINUTE, time(10, 59)),
    ),
    (
        rf"\blate(?=\s+(?:on\s+)?{DAY_TERM})|(?<=[{DAY_MARK}{FILL}])[\s,]+late\b(?!\s*{PART})(?!-)",
        Clocks(time(15), LAST_MINUTE),
    ),
    (rf"(?:(?<=[{DAY_MARK}{FILL}]\s)|\b(?:in|the|any)\s+(?:the\s+)?)(?:a\.m\.|ams?\b)", MORNING),
    (
        rf"(?:(?<=[{DAY_MARK}{FILL}]\s)|\b(?:in|the|any)\s+(?:the\s+)?)(?:p\.m\.|pms?\b)",
        Clocks(time(12), LAST_MINUTE),
    ),
)
# "for 2 hours", "24h", "3 sessions": figures that are no time of day.
DURATIONS = (
    rf"\b(?:\d+|{NUMBER})\s*(?:-|to)?\s*(?:\d+\s*)?(?:h|hours?|hrs?|minutes?|mins?|days?|weeks?"
    r"|months?|years?|yrs?)\b"
)


# --- numbers that are a time only because of where they stand ---

ABOUT = (
    r"(?:around|(?<!how )(?<!what )about|approx\.?|approximately|roughly|circa|ca\.?|near|say"
    r"|like|~)"
)
_AFTER = (
    r"(?:not\s+before|no\s+earlier\s+than|any\s?time\s+after|after|from|later\s+than|past"
    r"|starting(?:\s+at)?)"
)
_BEFORE = (
    r"(?:(?:not|no)\s+later\s+than|not\s+after|any\s?time\s+before|before|earlier\s+than|until"
    r"|till|til|by|up\s+to)"
)
_LEADS = (
    r"(?:no|nope|yes|yeah|yep|ok|okay|actually|sorry|oops|oh|wait|hmm|um|maybe|perhaps|say|then"
    r"|at|but|and|make|it|that|what|how|about|can|could|we|i|you|do|is|the|please|pls|let's|lets"
    r"|around|not|change|to|my|time|hi|hello|better|rather|just|move|switch|for|be|prefer|would"
    r"|i'd|like|come|in)"
)
_TAILS = (
    r"(?:please|pls|plz|then|instead|is|are|fine|good|great|ok|okay|best|works?|would|be|better"
    r"|for|me|suits?|thanks|thank|you|maybe|sharp|if|possible|that's|perfect|the|i|guess|think"
    r"|it|will|do|rather|actually|not|than)"
)
_LOOSE = (
    rf"(?:\b(?:at|(?:how|what)\s+about|{ABOUT}|make\s+(?:it|that)|it\s+to|time\s+to|to\s+be"
    rf"|hour)\s+(?:like\s+|about\s+|around\s+)?|[@~]\s?){_N}",
    rf"\b{_AFTER}\s+(?:{ABOUT}\s+)?{_N}",
    rf"\b{_BEFORE}\s+(?:{ABOUT}\s+)?{_N}",
    rf"{_N}\s*-?\s?ish\b",
    rf"{_N}\s+(?:onwards?|or\s+(?:so|later|earlier|after|before)|at\s+the\s+(?:latest|earliest))\b",
    rf"\bat\s+the\s+(?:latest|earliest)(?:\s+at)?\s+{_N}",
    rf"{_N}\s+(?:instead|rather)\b",
    rf"\b(?:instead\s+of|rather\s+than)\s+{_N}",
    rf"\bnot\s+(?:at\s+)?{_N}(?=\s*(?:,|but\b|-|$))",
    rf"{_FIGURE}\s+(?:on|in|o)\s+(?:the\s+)?(?:{DAY_TERM}|{PART_TERM})",
    rf"{_FIGURE}\s*,?\s*(?:{DAY_TERM}|{PART_TERM})",
    rf"(?:{DAY_TERM}|{PART_TERM})[\s,]*(?:(?:at|@|from|between)\s+)?{_FIGURE}",
)
_BESIDE = (
    rf"{_N}\s*(?:{_TO}|or|/|and|&|,\s*or)\s*(?:{ABOUT}\s+)?{CLOCK_TERM}",
    rf"{CLOCK_TERM}\s*(?:{_TO}|or|/|&|,\s*or)\s*(?:{ABOUT}\s+|at\s+)?{_N}",
)
_FOUR_DIGITS = r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)"
_MILITARY = (
    rf"(?:{DAY_TERM}[\s,]*(?:(?:at|@)\s*)?|\bat\s+){_FOUR_DIGITS}\b(?!\s*(?:-|/|\d))",
    rf"\b{_FOUR_DIGITS}\s+(?:on\s+)?{DAY_TERM}",
)
_MILITARY_ALONE = rf"^\W*(?!20[2-4]\d){_FOUR_DIGITS}\W*$"


def _name_loose_hours(scan: Scan, *, bare: bool) -> None:
    for pattern in (*_MILITARY, _MILITARY_ALONE) if bare else _MILITARY:
        for match in re.finditer(pattern, scan.left, re.IGNORECASE):
            found = Clock((time(int(match["hour"]), int(match["minute"])),), sure=False)
            scan.mark((match.start("hour"), match.end("minute")), CLOCK_MARK, found)
    span = rf"\bbetween\s+(?:{ABOUT}\s+)?{_N}\s*(?:and|to|-|&)\s*(?:{NUMBER}\b|{CLOCK_TERM})"
    patterns = [span, *_LOOSE]
    if bare:
        patterns.append(rf"\bnot\s+(?:at\s+)?{CLOCK_TERM}\s*(?:,|but|-)\s*(?:at\s+)?{_N}")
        patterns.append(rf"\b(?:à|um|a\s+las?|alle|às|om|в)\s+{_N}")
        patterns.append(rf"^\W*(?:{_LEADS}\W+)*?{_N}(?=\W*(?:{_TAILS}\W*)*$)")
        patterns.append(
            rf"^\W*(?:{_LEADS}\W+)*?{_N}(?=\s*(?:{_TO}|or|/)\s*{NUMBER}\W*(?:{_TAILS}\W*)*$)"
        )
    for pattern in patterns:
        _mark_numbers(scan, pattern)
    for pattern in (*_BESIDE, rf"\bbetween\s+{CLOCK_TERM}\s*(?:and|&)\s*{_N}", *_BESIDE):
        _mark_numbers(scan, pattern)


def _mark_numbers(scan: Scan, pattern: str) -> None:
    for match in list(re.finditer(pattern, scan.left, re.IGNORECASE)):
        found = clock(scan, match["hour"], "0", "", match.span("hour"))
        if found is not None:
            scan.mark(match.span("hour"), CLOCK_MARK, replace(found, sure=False))


def on_a_day(said: time) -> datetime:
    return datetime.combine(date(2000, 1, 2), said)


def shifted(said: time, minutes: int) -> time:
    """`said` some minutes later, round the clock."""
    return (on_a_day(said) + timedelta(minutes=minutes)).time()
