"""Read the time of day out of a text: "3pm", "half past 3", "after 3", "friday morning"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from booking.errors import Refusal
from booking.mentions import LAST_MINUTE, MERIDIEM, NUMBER, PART, READ, Hour, Scan, number

# From, until, and what is tried first, for the parts of a day.
PARTS = {
    "morning": (time(7), time(12), time(10)),
    "afternoon": (time(12), time(17), time(14)),
    "evening": (time(17), time(22), time(18)),
    "night": (time(17), time(22), time(18)),
    "lunch": (time(12), time(14), time(12)),
}


def read_soonest(scan: Scan) -> None:
    """ "asap" alone is the next opening; beside a day it is that day's first one."""
    words = (
        r"\basap\b|\b(?:as\s+)?soon(?:est)?\s+as\s+(?:possible|you\s+can|i\s+can)\b|\bright\s+away\b"
        r"|\b(?:the\s+)?(?:earliest|soonest|(?:first|next)\s+(?:available|free|opening|slot))\b"
        r"|\bthe\s+sooner\s+the\s+better\b"
    )
    if not scan.take(words):
        return
    if scan.mention.day is None:
        scan.mention.soonest = scan.mention.refusal is None
    else:
        scan.mention.hour = Hour((), time(0), LAST_MINUTE, sure=True)


def read_hour(scan: Scan, *, bare: bool) -> None:
    if scan.mention.hour is not None or scan.mention.soonest:
        return
    bound = _bound(scan)
    hour = _clock_hour(scan) or _spoken_hour(scan) or _loose_hour(scan, bound, bare=bare)
    part = _part_of_day(scan)
    if hour is not None:
        scan.mention.hour = _bounded(_in_part(hour, part), bound)
    elif part is not None:
        scan.mention.hour = part
    elif scan.mention.day and scan.take(r"\b(?:any\s?time|whenever|all\s+day|don't\s+mind)\b"):
        scan.mention.hour = Hour((), time(0), LAST_MINUTE, sure=True)


def _bound(scan: Scan) -> str:
    """Whether the hour is a limit: "after", "before", or "" for the hour itself."""
    what = rf"(?=\s+(?:about\s+|around\s+)?(?:{NUMBER}\b|\d|noon|midday|lunch|half|quarter))"
    if scan.take(rf"\b(?:not\s+before|after|from|later\s+than)\b{what}"):
        return "after"
    if scan.take(rf"\b(?:not\s+(?:after|later\s+than)|before|until|till|by)\b{what}"):
        return "before"
    return ""


def _clock_hour(scan: Scan) -> Hour | None:
    """Times that can be nothing else: "3pm", "10:30", "15h", "2-4pm", "noon"."""
    span = scan.take(
        rf"\b(?:between\s+|from\s+)?({NUMBER})(?:[:.](\d\d))?\s*({MERIDIEM})?\s*(?:-|to|and|until)"
        rf"\s*({NUMBER})(?:[:.]\d\d)?\s*({MERIDIEM})"
    )
    if span:
        return _range_start(scan, span)
    match = (
        scan.take(rf"\b(\d{{1,2}})[:.](\d\d)\s*({MERIDIEM})?(?![\d/])")
        or scan.take(rf"\b(\d{{1,2}})([0-5]\d)\s*({MERIDIEM})")
        or scan.take(rf"\b({NUMBER})()\s*({MERIDIEM})")
        or scan.take(r"\b(\d{1,2})h(\d\d)?\b()")
        or scan.take(r"\b([01]\d|2[0-3])([0-5]\d)\s*()(?:hrs|hours)\b")
    )
    if match:
        return _hour(scan, match[1], match[2] or "0", match[3] or "")
    if scan.take(r"\b(?:12\s+)?(?:noon|mid-?day)\b"):
        return Hour((time(12),), sure=True)
    if scan.take(r"\bmidnight\b"):
        return Hour((time(0),), sure=True)
    return None


def _range_start(scan: Scan, span: re.Match[str]) -> Hour | None:
    """Where a range starts. "2-4pm" starts at 2 p.m., "10-2pm" at 10 a.m."""
    first, last = number(span[1]), number(span[4])
    meridiem = span[3]
    if not meridiem:
        same_half = first % 12 <= last % 12
        meridiem = span[5] if same_half else {"p": "a", "a": "p"}[span[5][0].lower()]
    return _hour(scan, span[1], span[2] or "0", meridiem)


def _spoken_hour(scan: Scan) -> Hour | None:
    """ "half past 3", "quarter to four", "3 o'clock", "5ish", "at 3", "between 2 and 4"."""
    past = scan.take(
        rf"\b(half|(?:a\s+)?quarter|{NUMBER}|twenty)\s*(?:past|after|to)\s+({NUMBER})\s*({MERIDIEM})?"
    )
    if past:
        return _spoken_minutes(scan, past)
    half = scan.take(rf"\bhalf\s+({NUMBER})\b\s*({MERIDIEM})?")
    if half:
        return _hour(scan, half[1], "30", half[2] or "")
    match = (
        scan.take(rf"\b({NUMBER})\s*(?:o'?\s?clock|-?\s?ish)\b")
        or scan.take(rf"\b(?:between|from)\s+({NUMBER})\s+(?:and|to|until)\s+{NUMBER}\b")
        or scan.take(
            rf"(?:\b(?:at|around|about|approx|roughly|circa|make\s+it)\s+|[@~]\s?)({NUMBER})\b"
            r"(?!\s*(?:%|\w*\s*(?:days?|weeks?|months?|years?|sessions?|minutes?|people)\b))"
        )
    )
    return _hour(scan, match[1], "0", "", sure=False) if match else None


def _spoken_minutes(scan: Scan, match: re.Match[str]) -> Hour | None:
    said = match[1].lower()
    minutes = 30 if said == "half" else 15 if said.endswith("quarter") else number(said)
    hour = _hour(scan, match[2], "0", match[3] or "")
    if hour is None or not re.search(r"\bto\b", match[0], re.I):
        return replace(hour, choices=_shifted(hour.choices, minutes)) if hour else None
    return replace(hour, choices=_shifted(hour.choices, -minutes))


def _loose_hour(scan: Scan, bound: str, *, bare: bool) -> Hour | None:
    """A number that is an hour only because of where it stands."""
    if bound:
        match = scan.take(rf"(?<={READ})\s+(?:about\s+|around\s+)?({NUMBER})\b")
        if match:
            return _hour(scan, match[1], "0", "", sure=False)
    if scan.mention.day is not None:
        military = scan.take(r"\b(?:at\s+)?([01]\d|2[0-3])([0-5]\d)\b")
        if military:
            return _hour(scan, military[1], military[2], "24", sure=False)
        span = scan.take(rf"\b({NUMBER})\s*(?:-|to)\s*{NUMBER}\b")
        if span:
            return _hour(scan, span[1], "0", "", sure=False)
        no_unit = r"(?!\s*(?:%|days?|weeks?|months?|years?|sessions?|people|other|of\b))"
        match = scan.take(rf"(?<={READ})[\s,]*(?:at\s+)?({NUMBER})\b{no_unit}") or scan.take(
            rf"\b({NUMBER})\s+(?:on\s+)?(?={READ})"
        )
        if match:
            return _hour(scan, match[1], "0", "", sure=False)
    lone = bare and scan.take(rf"^\W*(?:maybe\s+|say\s+|at\s+)?({NUMBER})(?:\s+please)?\W*$")
    return _hour(scan, lone[1], "0", "", sure=False) if lone else None


def _part_of_day(scan: Scan) -> Hour | None:
    """ "morning", "late afternoon", "after work"; not the "good morning" of a greeting."""
    if scan.take(r"\bfirst\s+thing\b"):
        scan.take(r"\s*(?:in\s+the\s+)?mornings?\b")
        return Hour((), *PARTS["morning"][:2])
    if scan.take(r"\bafter\s+(?:work|office\s+hours)\b|\bend\s+of\s+(?:the\s+)?day\b"):
        start, until, first = PARTS["evening"]
        return Hour((first,), start, until)
    after_lunch = scan.take(r"\bafter\s+lunch\b|\bafter\s+school\b")
    if after_lunch:
        return Hour((time(14),), time(13), time(17))
    match = scan.take(rf"(?<!good )\b(?:in\s+the\s+)?(?:(early|late|mid)[\s-]*)?({PART})\b")
    # "tonight" is read as a day first, which leaves "night" without a word boundary of its own.
    match = match or scan.take(rf"(?<={READ})()(night)\b")
    if match is None:
        return None
    name = next(part for part in PARTS if match[2].lower().startswith(part))
    start, until, first = PARTS[name]
    if match[1] and name in {"morning", "afternoon"}:
        hours = {"early": 0, "mid": 2, "late": 4}[match[1].lower()]
        first = time(start.hour + hours)
    return Hour((first,), start, until)


def _hour(scan: Scan, hour: str, minute: str, meridiem: str, *, sure: bool = True) -> Hour | None:
    """The readings of an hour, the likelier first; an impossible one is noted as such.

    On a bare clock 1 to 7 is in the afternoon for a clinic, 8 to 12 in the morning or at noon.
    """
    hours, minutes = number(hour), int(minute)
    half = meridiem[:1].lower()
    if hours > 23 or minutes > 59 or (half in {"a", "p"} and not 1 <= hours <= 12):
        scan.mention.refusal = scan.mention.refusal or Refusal.IMPOSSIBLE_TIME
        return None
    if half in {"a", "p"}:
        return Hour((time(hours % 12 + (12 if half == "p" else 0), minutes),), sure=True)
    if hours == 0 or hours > 12 or half == "2":
        return Hour((time(hours, minutes),), sure=sure)
    morning, later = time(hours % 12, minutes), time(hours % 12 + 12, minutes)
    later_first = hours == 12 or (hours < 8 and not hour.startswith("0"))
    return Hour((later, morning) if later_first else (morning, later), sure=sure)


def _in_part(hour: Hour, part: Hour | None) -> Hour:
    """ "8 in the evening", "friday morning at 9": the part of the day settles which 8 it is."""
    if part is None or part.start is None or part.until is None:
        return hour
    fitting = tuple(one for one in hour.choices if part.start <= one <= part.until)
    return replace(hour, choices=fitting) if fitting else hour


def _bounded(hour: Hour, bound: str) -> Hour:
    """ "after 3" is 3 or what is open later; "before 11" an hour earlier, or what is open then."""
    first = hour.choices[0]
    if bound == "after":
        return replace(hour, start=first, until=LAST_MINUTE)
    if bound == "before":
        return replace(hour, choices=_shifted((first,), -60), start=time(0), until=first)
    return hour


def _shifted(clocks: tuple[time, ...], minutes: int) -> tuple[time, ...]:
    noon = date(2000, 1, 1)
    return tuple(
        (datetime.combine(noon, clock) + timedelta(minutes=minutes)).time() for clock in clocks
    )
