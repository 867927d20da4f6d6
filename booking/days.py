"""Read the day out of a text: "tomorrow", "the 3rd", "next tuesday", "24/12"."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

from booking.errors import Refusal
from booking.mentions import (
    COUNT,
    MERIDIEM,
    MONTH,
    MONTHS,
    NUMBERS,
    ORDINAL,
    ORDINALS,
    PART,
    READ,
    WEEKDAY,
    WEEKDAYS,
    Scan,
)

# A date without a year that has just gone by was meant as it stands, not for next year.
JUST_GONE = timedelta(days=90)


def read_day(scan: Scan) -> None:
    """Note the day that the text names, or why there can be none."""
    for read in DAY_READERS:
        if read(scan):
            return


def _read_past(scan: Scan) -> bool:
    past = (
        rf"\byesterday\b|\b(?:last|past)\s+(?:{WEEKDAY}|week|month|night)\b"
        rf"|\b{COUNT}\s+(?:day|week|month|year)s?\s+ago\b"
    )
    return scan.take(past) is not None and scan.refuse(Refusal.PAST_TIME)


def _read_numeric_date(scan: Scan) -> bool:
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


def _read_written_date(scan: Scan) -> bool:
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


def _read_day_of_month(scan: Scan) -> bool:
    """ "the 3rd": the next 3rd there is."""
    match = scan.take(r"\b(?:on\s+)?(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)\b(\s+of\s+next\s+month)?")
    if match is None:
        return False
    wanted = int(match[1])
    if not 1 <= wanted <= 31:
        return scan.refuse(Refusal.IMPOSSIBLE_TIME)
    start = _next_month(scan.today) if match[2] else scan.today
    days = (start + timedelta(days=ahead) for ahead in count())
    return scan.set_day(next(day for day in days if day.day == wanted))


def _read_relative_day(scan: Scan) -> bool:
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
        many, unit = in_a_while[1] or in_a_while[3], in_a_while[2] or in_a_while[4]
        return scan.set_day(_after(scan.today, _count(many), unit.lower()))
    if scan.take(r"\b(?:the\s+)?day\s+after\s+tom+or+ow\b"):
        return scan.set_day(scan.today + timedelta(days=2))
    if scan.take(r"\b(?:tom+or+ow|tomorow|tommorrow|tmrw|tmrow|tmr|2moro)\b"):
        return scan.set_day(scan.today + timedelta(days=1))
    # "this afternoon" and "tonight" are today; the part of the day is read as an hour.
    if scan.take(rf"\btoday\b|\bthis(?=\s+{PART}\b)|\bto(?=night\b)"):
        return scan.set_day(scan.today)
    return False


def _read_weekday(scan: Scan) -> bool:
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
DAY_READERS: tuple[Callable[[Scan], bool], ...] = (
    _read_past,
    _read_numeric_date,
    _read_written_date,
    _read_day_of_month,
    _read_relative_day,
    _read_weekday,
)


def _set_date(scan: Scan, day: int, month: int, year: int | str | None) -> bool:
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


def _coming(scan: Scan, name: str, which: str = "") -> date:
    """The weekday's next date. Said on that very day, only "this friday" may mean today.

    "next saturday" is the one of next week, however near this week's is.
    """
    if which.endswith("next"):
        return _in_week(scan, name, "next week")
    ahead = (_weekday(name) - scan.today.weekday()) % 7
    if ahead == 0 and not which.startswith("this"):
        ahead = 7
    return scan.today + timedelta(days=ahead)


def _in_week(scan: Scan, name: str, week: str) -> date:
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
