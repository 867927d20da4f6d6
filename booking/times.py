"""Understand how people say when they would like to come.

`find_time` reads a text and knows no clinic; `settle_time` makes a moment of what was read, within
the clinic's hours. A general date parser was tried first: it knows "next tuesday after 3" as
nothing and "may" as a day, where a front desk needs it the other way round.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from booking.errors import Refusal, TimeRefused

if TYPE_CHECKING:
    from booking.clinic import Clinic

FARTHEST = timedelta(days=365)
# A date without a year that has just gone by was meant as it stands, not for next year.
JUST_GONE = timedelta(days=90)
# How long before "as soon as possible" the clinic wants to know.
SOONEST = timedelta(hours=2)
STEP = timedelta(minutes=15)
LAST_MINUTE = time(23, 59)

# A span that has been read is blanked with this, so that it cannot be read twice.
READ = "\x00"


@dataclass(frozen=True)
class Hour:
    """A time of day as said: the likelier reading first, or anything from `start` to `until`.

    `sure` tells a clock time such as "3pm" from "3" or "morning", which may mean something else.
    """

    choices: tuple[time, ...]
    start: time | None = None
    until: time | None = None
    sure: bool = False


@dataclass
class Mention:
    """What a text says about a time; `spans` are the places in the text that say it."""

    day: date | None = None
    hour: Hour | None = None
    refusal: Refusal | None = None
    soonest: bool = False
    # A word about time that names neither a day nor an hour, such as "next week".
    vague: bool = False
    spans: list[tuple[int, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.day or self.hour or self.refusal or self.soonest or self.vague)

    @property
    def complete(self) -> bool:
        return self.soonest or (self.day is not None and self.hour is not None)


WEEKDAYS = {
    "mon": r"monday|munday|mon",
    "tue": r"tuesday|tueday|tuseday|teusday|tues|tue",
    "wed": r"wednesday|wensday|wednsday|wendesday|weds|wed",
    "thu": r"thursday|thurday|thrusday|thursay|thurs|thur|thu",
    "fri": r"friday|firday|fryday|fri",
    "sat": r"saturday|saterday|satuday|sat",
    "sun": r"sunday|sunay|sun",
}
MONTHS = {
    "jan": r"january|jan",
    "feb": r"february|febuary|feb",
    "mar": r"march|mar",
    "apr": r"april|apr",
    "may": r"may",
    "jun": r"june|jun",
    "jul": r"july|jul",
    "aug": r"august|aug",
    "sep": r"september|sept|sep",
    "oct": r"october|oct",
    "nov": r"november|nov",
    "dec": r"december|dec",
}
NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first "
    "twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh "
    "twenty-eighth twenty-ninth thirtieth thirty-first"
).split()

WEEKDAY = "(?:" + "|".join(WEEKDAYS.values()) + ")"
MONTH = "(?:" + "|".join(MONTHS.values()) + ")"
NUMBER = r"(?:\d{1,2}|" + "|".join(NUMBERS[:12]) + ")"
ORDINAL = "(?:" + "|".join(sorted(ORDINALS, key=len, reverse=True)) + ")"
COUNT = r"(?:\d{1,3}|an?|" + "|".join(NUMBERS) + ")"
MERIDIEM = r"(?:a\.?\s?m\b\.?|p\.?\s?m\b\.?|[ap]\b(?!\.?\w))"
PART = r"(?:morning|afternoon|evening|night|lunch\s?time|lunch)s?"

# From, until, and what is tried first, for the parts of a day.
PARTS = {
    "morning": (time(7), time(12), time(10)),
    "afternoon": (time(12), time(17), time(14)),
    "evening": (time(17), time(22), time(18)),
    "night": (time(17), time(22), time(18)),
    "lunch": (time(12), time(14), time(12)),
}


def find_time(text: str, now: datetime, *, month_first: bool, bare: bool = False) -> Mention:
    """Read a day and a time of day out of `text`; `now` is local.

    `month_first` says what 3/4 means. With `bare`, the text answers "when?", so that a lone
    number is an hour.
    """
    scan = _Scan(text, now, month_first)
    _drop_what_is_ruled_out(scan)
    for read_day in DAY_READERS:
        if read_day(scan):
            break
    _read_soonest(scan)
    _read_hour(scan, bare=bare)
    _read_vague(scan)
    return scan.mention


class _Scan:
    """A text being read: what is left of it, and what has been understood."""

    def __init__(self, text: str, now: datetime, month_first: bool) -> None:
        # Same length as the text, so that spans fit both.
        self.left = text.translate({0x2019: "'", 0x2013: "-", 0x2011: "-"})
        self.today = now.date()
        self.now = now
        self.month_first = month_first
        self.mention = Mention()

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first place that fits `pattern`, marked as read."""
        match = re.search(pattern, self.left, re.IGNORECASE)
        if match is None or not match[0]:
            return None
        start, end = match.span()
        self.left = self.left[:start] + READ * (end - start) + self.left[end:]
        self.mention.spans.append((start, end))
        return match

    def set_day(self, day: date) -> bool:
        self.mention.day = day
        return True

    def refuse(self, code: Refusal) -> bool:
        self.mention.refusal = code
        return True


def _drop_what_is_ruled_out(scan: _Scan) -> None:
    """ "not tuesday, wednesday": what the visitor cannot do is no offer."""
    ruled_out = r"\b(?:not|can't\s+(?:do|make)|cannot\s+(?:do|make)|instead\s+of|rather\s+than|than)"
    what = (
        rf"(?:{WEEKDAY}\b|tomorrow|today|\d{{1,2}}(?:st|nd|rd|th)|{NUMBER}\s*{MERIDIEM}"
        rf"|{NUMBER}\b|{PART}\b)"
    )
    while scan.take(rf"{ruled_out}\s+(?:on\s+|at\s+|in\s+)?(?:the\s+)?{what}"):
        pass


# --- days: each reader takes one way of saying a day, and tells whether it found it ---


def _read_past(scan: _Scan) -> bool:
    past = (
        rf"\byesterday\b|\b(?:last|past)\s+(?:{WEEKDAY}|week|month|night)\b"
        rf"|\b{COUNT}\s+(?:day|week|month|year)s?\s+ago\b"
    )
    return scan.take(past) is not None and scan.refuse(Refusal.PAST_TIME)


def _read_numeric_date(scan: _Scan) -> bool:
    year_first = scan.take(r"\b(20\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?=\b|T)T?")
    if year_first:
        return _set_date(scan, int(year_first[3]), int(year_first[2]), int(year_first[1]))
    match = (
        scan.take(r"\b(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d\d))?\b")
        or scan.take(r"\b(\d{1,2})[.-](\d{1,2})[.-](\d{4})\b")
        # 24.12 can only be a date; 10.30 is a time.
        or scan.take(r"\b(2[4-9]|3[01])\.(\d{1,2})\b\.?()")
        or scan.take(r"\b(\d{1,2})\.(\d{1,2})\.()(?=\s|$|,)")
    )
    if match is None:
        return False
    first, second = int(match[1]), int(match[2])
    year = int(match[3]) if match[3] else None
    if year is not None and year < 100:
        year += 2000
    day_first = first > 12 or (second <= 12 and not scan.month_first and "/" in match[0])
    day_first = day_first or ("." in match[0] and second <= 12)
    day, month = (first, second) if day_first else (second, first)
    return _set_date(scan, day, month, year)


def _read_written_date(scan: _Scan) -> bool:
    """ "3rd of december", "dec 3", "december the third, 2026"."""
    year = r"(?:,?\s+(20\d\d)\b)?"
    number = rf"(\d{{1,2}}(?:st|nd|rd|th)?|{ORDINAL})"
    day_first = scan.take(rf"\b(?:the\s+)?{number}\s+(?:of\s+)?({MONTH})\b\.?{year}")
    if day_first:
        return _set_date(scan, _day_number(day_first[1]), _month(day_first[2]), day_first[3])
    no_clock = rf"(?!\s*(?:{MERIDIEM}|:\d|o'?clock))\b"
    month_first = scan.take(rf"\b({MONTH})\.?\s+(?:the\s+)?{number}{no_clock}{year}")
    if month_first:
        return _set_date(scan, _day_number(month_first[2]), _month(month_first[1]), month_first[3])
    return False


def _read_day_of_month(scan: _Scan) -> bool:
    """ "the 3rd": the next 3rd there is."""
    match = scan.take(r"\b(?:on\s+)?(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)\b(\s+of\s+next\s+month)?")
    if match is None:
        return False
    wanted = int(match[1])
    if not 1 <= wanted <= 31:
        return scan.refuse(Refusal.IMPOSSIBLE_TIME)
    start = _next_month(scan.today) if match[2] else scan.today
    return scan.set_day(next(day for day in _days_from(start) if day.day == wanted))


def _read_relative_day(scan: _Scan) -> bool:
    """ "tomorrow", "in two weeks", "a week from tuesday"."""
    week_on = scan.take(
        rf"\b(?:a\s+)?week\s+(?:on|from)\s+({WEEKDAY}|today|tomorrow)\b"
        rf"|\b({WEEKDAY}|today|tomorrow)\s+week\b"
    )
    if week_on:
        named = (week_on[1] or week_on[2]).lower()
        ahead = {"today": 0, "tomorrow": 1}.get(named)
        near = scan.today + timedelta(days=ahead) if ahead is not None else _coming(scan, named)
        return scan.set_day(near + timedelta(weeks=1))
    in_a_while = scan.take(
        rf"\b(?:in|within)\s+({COUNT})\s+(day|week|month|fortnight)s?(?:'\s+time)?\b"
        rf"|\b({COUNT})\s+(day|week|fortnight)s?\s+from\s+(?:now|today)\b"
    )
    if in_a_while:
        count = _count(in_a_while[1] or in_a_while[3])
        return scan.set_day(_after(scan.today, count, (in_a_while[2] or in_a_while[4]).lower()))
    if scan.take(r"\b(?:the\s+)?day\s+after\s+tom+or+ow\b"):
        return scan.set_day(scan.today + timedelta(days=2))
    if scan.take(r"\b(?:tom+or+ow|tomorow|tommorrow|tmrw|tmrow|tmr|2moro)\b"):
        return scan.set_day(scan.today + timedelta(days=1))
    # "this afternoon" and "tonight" are today; the part of the day is read as an hour.
    if scan.take(rf"\btoday\b|\bthis(?=\s+{PART}\b)|\bto(?=night\b)"):
        return scan.set_day(scan.today)
    return False


def _read_weekday(scan: _Scan) -> bool:
    week = r"(next\s+week|the\s+week\s+after\s+next|this\s+week)"
    which = r"(?:(next|this|coming|the\s+next|this\s+coming)\s+)?"
    said_first = scan.take(rf"\b{week},?\s+(?:on\s+)?{which}({WEEKDAY})s?\b")
    if said_first:
        return scan.set_day(_in_week(scan, said_first[3], said_first[1]))
    said_last = scan.take(rf"\b{which}({WEEKDAY})s?\s+(?:of\s+)?{week}")
    if said_last:
        return scan.set_day(_in_week(scan, said_last[2], said_last[3]))
    # "sat" and "sun" are words of their own: as days they stand alone or before a time.
    followed = rf"(?=\s*(?:$|[,.;!?{READ}@]|at\b|\d|{PART}\b|noon|after|before|around|or\b|please))"
    lead = r"(?:^|(?<=[,;\n])\s*|\b(?:on|this|next|coming|or)\s+)"
    short = rf"(?:mon|tue|wed|thu|fri|sat|sun)\b{followed}"
    match = scan.take(rf"\b(?:on\s+)?{which}((?!(?:mon|wed|sat|sun)\b){WEEKDAY})s?\b") or scan.take(
        rf"{lead}{which}({short})"
    )
    if match is None:
        return False
    return scan.set_day(_coming(scan, match[2], (match[1] or "").lower()))


# The more precise way of saying a day goes first: in "friday the 27th" the date decides.
DAY_READERS: tuple[Callable[[_Scan], bool], ...] = (
    _read_past,
    _read_numeric_date,
    _read_written_date,
    _read_day_of_month,
    _read_relative_day,
    _read_weekday,
)


def _set_date(scan: _Scan, day: int, month: int, year: int | str | None) -> bool:
    """A date of the calendar; without a year the next one, unless it has only just gone by."""
    years = [int(year)] if year else [scan.today.year + ahead for ahead in range(9)]
    dates = [date(one, month, day) for one in years if _exists(one, month, day)]
    if not dates:
        return scan.refuse(Refusal.IMPOSSIBLE_TIME)
    chosen = dates[0]
    if not year and chosen < scan.today - JUST_GONE and len(dates) > 1:
        chosen = dates[1]
    weekday = scan.take(rf"\b(?:on\s+)?((?!(?:mon|wed|sat|sun)\b){WEEKDAY})s?\b")
    if weekday and _weekday(weekday[1]) != chosen.weekday():
        return scan.refuse(Refusal.IMPOSSIBLE_TIME)
    return scan.set_day(chosen)


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _coming(scan: _Scan, name: str, which: str = "") -> date:
    """The weekday's next date. Said on that very day, only "this friday" may mean today.

    "next saturday" is the one of next week, however near this week's is.
    """
    if which.endswith("next"):
        return _in_week(scan, name, "next week")
    ahead = (_weekday(name) - scan.today.weekday()) % 7
    if ahead == 0 and not which.startswith("this"):
        ahead = 7
    return scan.today + timedelta(days=ahead)


def _in_week(scan: _Scan, name: str, week: str) -> date:
    monday = scan.today - timedelta(days=scan.today.weekday())
    weeks = {"next": 1, "this": 0}.get(week.split()[0].lower(), 2)
    return monday + timedelta(weeks=weeks, days=_weekday(name))


def _after(start: date, count: int, unit: str) -> date:
    if unit == "month":
        months = start.month - 1 + count
        year, month = start.year + months // 12, months % 12 + 1
        return date(year, month, min(start.day, monthrange(year, month)[1]))
    return start + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[unit])


def _next_month(day: date) -> date:
    return _after(day.replace(day=1), 1, "month")


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += timedelta(days=1)


def _weekday(name: str) -> int:
    return next(
        index
        for index, forms in enumerate(WEEKDAYS.values())
        if re.fullmatch(forms, name.lower().removesuffix("'s"))
    )


def _month(name: str) -> int:
    return list(MONTHS).index(name[:3].lower()) + 1


def _day_number(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else ORDINALS.index(text.lower()) + 1


def _count(text: str) -> int:
    lowered = text.lower()
    if lowered in {"a", "an"}:
        return 1
    return NUMBERS.index(lowered) + 1 if lowered in NUMBERS else int(lowered)


# --- times of day ---


def _read_soonest(scan: _Scan) -> None:
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


def _read_hour(scan: _Scan, *, bare: bool) -> None:
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


def _bound(scan: _Scan) -> str:
    """Whether the hour is a limit: "after", "before", or "" for the hour itself."""
    what = rf"(?=\s+(?:about\s+|around\s+)?(?:{NUMBER}\b|\d|noon|midday|lunch|half|quarter))"
    if scan.take(rf"\b(?:not\s+before|after|from|later\s+than)\b{what}"):
        return "after"
    if scan.take(rf"\b(?:not\s+(?:after|later\s+than)|before|until|till|by)\b{what}"):
        return "before"
    return ""


def _clock_hour(scan: _Scan) -> Hour | None:
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


def _range_start(scan: _Scan, span: re.Match[str]) -> Hour | None:
    """Where a range starts. "2-4pm" starts at 2 p.m., "10-2pm" at 10 a.m."""
    first, last = _number(span[1]), _number(span[4])
    meridiem = span[3]
    if not meridiem:
        same_half = first % 12 <= last % 12
        meridiem = span[5] if same_half else {"p": "a", "a": "p"}[span[5][0].lower()]
    return _hour(scan, span[1], span[2] or "0", meridiem)


def _spoken_hour(scan: _Scan) -> Hour | None:
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


def _spoken_minutes(scan: _Scan, match: re.Match[str]) -> Hour | None:
    said = match[1].lower()
    minutes = 30 if said == "half" else 15 if said.endswith("quarter") else _number(said)
    hour = _hour(scan, match[2], "0", match[3] or "")
    if hour is None or not re.search(r"\bto\b", match[0], re.I):
        return replace(hour, choices=_shifted(hour.choices, minutes)) if hour else None
    return replace(hour, choices=_shifted(hour.choices, -minutes))


def _loose_hour(scan: _Scan, bound: str, *, bare: bool) -> Hour | None:
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


def _part_of_day(scan: _Scan) -> Hour | None:
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
    match = scan.take(rf"(?<!good )(?<!good)\b(?:in\s+the\s+)?(?:(early|late|mid)[\s-]*)?({PART})\b")
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


def _hour(
    scan: _Scan, hour: str, minute: str, meridiem: str, *, sure: bool = True
) -> Hour | None:
    """The readings of an hour, the likelier first; an impossible one is noted as such.

    On a bare clock 1 to 7 is in the afternoon for a clinic, 8 to 12 in the morning or at noon.
    """
    hours, minutes = _number(hour), int(minute)
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


def _number(text: str) -> int:
    return NUMBERS.index(text.lower()) + 1 if text.lower() in NUMBERS else int(text)


def _read_vague(scan: _Scan) -> None:
    mention = scan.mention
    if mention.day is None and not mention.soonest and mention.refusal is None:
        words = (
            rf"\b(?:any\s?time|any\s+day|whenever|some\s?time|(?:next|this|in\s+a)\s+(?:week|month)"
            rf"|the\s+week\s+after(?:\s+next)?|week-?(?:day|end)s?|{MONTH}(?!\w)|later|soon"
            rf"|end\s+of\s+(?:the|this|next)\s+(?:week|month))\b"
        )
        mention.vague = scan.take(words) is not None


# --- settling: what was said, on the clinic's clock ---


def settle_time(
    mention: Mention,
    now: datetime,
    tz: tzinfo,
    clinic: Clinic,
    *,
    pending_day: date | None = None,
    pending_hour: time | None = None,
) -> datetime:
    """The moment that was meant, aware and in `tz`; raises `TimeRefused`."""
    if mention.refusal is not None:
        raise TimeRefused(mention.refusal)
    if mention.soonest:
        return _first_opening(now + SOONEST, tz, clinic)
    day = mention.day or pending_day
    hour = mention.hour or (Hour((pending_hour,)) if pending_hour else None)
    if not mention:
        raise TimeRefused(Refusal.NOT_UNDERSTOOD)
    if day is None:
        raise TimeRefused(Refusal.NO_DAY, hour=hour.choices[0] if hour and hour.choices else None)
    _check_day(day, now.astimezone(tz).date(), clinic)
    if hour is None:
        raise TimeRefused(Refusal.NO_TIME_OF_DAY, day)
    return _settle_hour(day, hour, now, tz, clinic)


def _check_day(day: date, today: date, clinic: Clinic) -> None:
    if day < today:
        raise TimeRefused(Refusal.PAST_TIME)
    if day > today + FARTHEST:
        raise TimeRefused(Refusal.TOO_FAR)
    if not clinic.openings_on(day):
        raise TimeRefused(Refusal.OUTSIDE_HOURS)


def _settle_hour(day: date, hour: Hour, now: datetime, tz: tzinfo, clinic: Clinic) -> datetime:
    said = [datetime.combine(day, clock, tz) for clock in hour.choices]
    if said and not any(map(_on_the_clock, said)):
        raise TimeRefused(Refusal.IMPOSSIBLE_TIME, day)
    for moment in [*said, *_steps(day, hour, tz)]:
        if moment > now and clinic.is_open(moment):
            return moment
    ahead = [moment for moment in said if moment > now]
    open_before = any(clinic.is_open(moment) for moment in said if moment <= now)
    if open_before or (said and not ahead):
        raise TimeRefused(Refusal.PAST_TIME, day)
    raise TimeRefused(Refusal.OUTSIDE_HOURS, day)


def _steps(day: date, hour: Hour, tz: tzinfo) -> Iterator[datetime]:
    """The quarter hours of "morning" or "after 3"; none for a time on the clock."""
    if hour.start is None or hour.until is None:
        return
    moment = datetime.combine(day, hour.start, tz)
    until = datetime.combine(day, hour.until, tz)
    while moment < until:
        yield moment
        moment += STEP


def _on_the_clock(moment: datetime) -> bool:
    """False for the hour that is skipped when summer time begins."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).time() == moment.time()


def _first_opening(after: datetime, tz: tzinfo, clinic: Clinic) -> datetime:
    local = after.astimezone(tz)
    all_day = Hour((), time(0), LAST_MINUTE)
    for day in _days_from(local.date()):
        if day > local.date() + FARTHEST:
            raise TimeRefused(Refusal.OUTSIDE_HOURS)
        for moment in _steps(day, all_day, tz):
            if moment >= after and clinic.is_open(moment):
                return moment
    raise AssertionError("days do not end")
