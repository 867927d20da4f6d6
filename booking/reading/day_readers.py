"""Read one name of a day or of days each: "tomorrow", "the 3rd", "next week".

The names themselves are listed in `booking.reading.days`, each with the reader that goes with it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from booking.errors import Refusal
from booking.reading.dates import (
    JUST_GONE,
    Day,
    OnDate,
    OnWeekday,
    Period,
    after,
    coming,
    exists,
    monday_of,
    one_day,
)
from booking.reading.mentions import MONTHS, ORDINALS, WEEKDAY, WEEKDAYS, Scan, counted

MONDAY_TO_FRIDAY, WEEKEND = frozenset(range(5)), frozenset({5, 6})
FEASTS = (
    (r"year'?s?\s+eve", (12, 31)),
    (r"eve\b", (12, 24)),
    (r"christmas|xmas", (12, 25)),
    (r"boxing", (12, 26)),
    (r"new\s+year", (1, 1)),
    (r"valentine", (2, 14)),
    (r"hallowe'?en", (10, 31)),
)
# The first and the last day of a part, or month of a year, counted from 1.
WEEK_CUTS = {
    **dict.fromkeys(("early", "beginning", "start"), (1, 2)),
    **dict.fromkeys(("mid", "middle"), (2, 4)),
    **dict.fromkeys(("late", "end"), (4, 5)),
}
MONTH_CUTS = {
    **dict.fromkeys(("early", "beginning", "start"), (1, 10)),
    **dict.fromkeys(("mid", "middle"), (11, 20)),
    "late": (21, 31),
    "end": (24, 31),
}
YEAR_CUTS = {
    "early": (1, 3),
    **dict.fromkeys(("beginning", "start"), (1, 1)),
    **dict.fromkeys(("mid", "middle"), (5, 8)),
    "late": (10, 12),
    "end": (12, 12),
}
NTH = "first second third fourth last 1st 2nd 3rd 4th final".split()


# --- dates ---


def year_first(scan: Scan, match: re.Match[str]) -> Day | None:
    return _date(scan, match, int(match[3]), int(match[2]), int(match[1]))


def numeric(scan: Scan, match: re.Match[str]) -> Day | None:
    first, second = int(match[1]), int(match[2])
    year = int(match[3]) if match[3] else None
    if max(first, second) > 31:
        return None
    if year is not None and year < 100:
        year += 2000
    day_first = first > 12 or (second <= 12 and (not scan.month_first or "." in match[0]))
    day, month = (first, second) if day_first else (second, first)
    if year is None and max(first, second) <= 12 and _just_gone(scan, day, month):
        # Written the other way round it is still ahead.
        day, month = (month, day) if not _just_gone(scan, month, day) else (day, month)
    return _date(scan, match, day, month, year)


def _just_gone(scan: Scan, day: int, month: int) -> bool:
    year = scan.today.year
    if not exists(year, month, day):
        return False
    return scan.today - JUST_GONE <= date(year, month, day) < scan.today


def written(scan: Scan, match: re.Match[str]) -> Day | None:
    """ "3rd of december", "dec 3", "december the third, 2026"."""
    said = match.groupdict()
    day = _day_number(said.get("day") or said["behind"])
    year = said["year"]
    return _date(scan, match, day, _month(said["month"]), int(year) if year else None)


def _date(
    scan: Scan, match: re.Match[str], day: int, month: int, year: int | None
) -> OnDate | None:
    years = [year] if year else range(scan.today.year, scan.today.year + 9)
    if not any(exists(one, month, day) for one in years):
        scan.refuse(Refusal.IMPOSSIBLE_TIME)
        scan.blank(match.span())
        return None
    return OnDate(day, month, year)


def of_the_month(scan: Scan, match: re.Match[str]) -> Day | None:
    """ "the 3rd", "the 1st of next month"."""
    day = _day_number(match[1])
    if not 1 <= day <= 31:
        scan.refuse(Refusal.IMPOSSIBLE_TIME)
        scan.blank(match.span())
        return None
    if not match[2]:
        return OnDate(day)
    gone = "the month" in match[2].lower() and day < scan.today.day
    next_month = after(scan.today.replace(day=1), int(gone or "next" in match[2].lower()), "month")
    return _date(scan, match, day, next_month.month, next_month.year)


# --- days counted from today ---


def gone(scan: Scan, match: re.Match[str]) -> Day:
    yesterday = scan.today - timedelta(days=1)
    return one_day(yesterday)


def on_today(scan: Scan, match: re.Match[str]) -> Day:
    return Period(scan.today, scan.today)


def tomorrow(scan: Scan, match: re.Match[str]) -> Day:
    return _ahead(scan, 1)


def overmorrow(scan: Scan, match: re.Match[str]) -> Day:
    return _ahead(scan, 2)


def _ahead(scan: Scan, days: int) -> Period:
    day = scan.today + timedelta(days=days)
    return one_day(day)


def weeks_from(scan: Scan, match: re.Match[str]) -> Day:
    """ "tuesday week", "two weeks on friday", "a week from tomorrow"."""
    said = match.groupdict()
    named = (said.get("day") or said.get("behind") or "").lower()
    weeks = 2 if said.get("fortnight") else counted(said.get("count") or "a")
    ahead = {"today": 0, "now": 0}.get(named, 1)
    day = scan.today + timedelta(days=ahead)
    if re.fullmatch(WEEKDAY, named):
        day = coming(scan.today, _weekday(named))
    day += timedelta(weeks=weeks)
    return one_day(day)


def weekday_in_weeks(scan: Scan, match: re.Match[str]) -> Day:
    ahead = timedelta(weeks=counted(match["count"]), days=_weekday(match["weekday"]))
    day = monday_of(scan.today) + ahead
    return one_day(day)


def or_two(scan: Scan, match: re.Match[str]) -> Day:
    """ "in a week or two", "in the next month or so"."""
    first = scan.today if match["next"] else after(scan.today, 1, match["unit"].lower())
    return Period(first, after(scan.today, 2, match["unit"].lower()))


def in_a_while(scan: Scan, match: re.Match[str]) -> Day:
    """ "in two weeks", "a month from now"; "a few days" and months are no single day."""
    said = match["count"] or match["behind"]
    unit = (match["unit"] or match["behind_unit"]).lower()
    many = counted(said)
    first = after(scan.today, many, unit)
    if match["most"]:
        return Period(first, max(first, after(scan.today, counted(match["most"]), unit)))
    if "few" in said.lower():
        return Period(after(scan.today, many - 1, unit), after(scan.today, many + 1, unit))
    return Period(first, first + timedelta(days=6 if unit in {"month", "year"} else 0))


def within(scan: Scan, match: re.Match[str]) -> Day:
    """ "within two weeks", "in the next few days"."""
    many = counted(match["count"] or match["behind"] or "few")
    unit = (match["unit"] or match["behind_unit"]).lower()
    return Period(scan.today, after(scan.today, many, unit))


def beside_known(scan: Scan, match: re.Match[str]) -> Day | None:
    """ "The day after", "a week later": than the days that were spoken of."""
    known = scan.known
    if known is None or known.last - known.first > timedelta(weeks=1):
        return None
    ahead = 7 if (match["unit"] or match["unit_on"]).lower() == "week" else 1
    if (match["way"] or match["way_on"]).lower() in {"before", "earlier"}:
        ahead = -ahead
    same = match[0].lower().startswith("same")
    if same or (match["way"] and match["way"].lower() in {"later", "earlier"}):
        return Period(known.first + timedelta(days=ahead), known.last + timedelta(days=ahead))
    if abs(ahead) == 7:
        monday = monday_of(known.first) + timedelta(days=ahead)
        return _cut(scan, Period(monday, monday + timedelta(days=6)))
    beside = (known.last if ahead > 0 else known.first) + timedelta(days=ahead)
    return one_day(beside)


# --- weeks, weekends, months ---


def week(scan: Scan, match: re.Match[str]) -> Day:
    return _cut(scan, _whole_week(scan, match[0]))


def _whole_week(scan: Scan, words: str) -> Period:
    said = words.lower()
    weeks = 2 if "after" in said else int(bool(re.search(r"next|nxt|following|coming", said)))
    monday = monday_of(scan.today) + timedelta(weeks=weeks)
    return Period(monday, monday + timedelta(days=6))


def _cut(scan: Scan, period: Period) -> Period:
    """What of a period is still ahead."""
    return replace(period, first=max(period.first, scan.today))


def weekend(scan: Scan, match: re.Match[str]) -> Day:
    """ "this weekend", "next weekend": like "next saturday", that of next week."""
    said = match[0].lower()
    if re.search(r"\b(?:any|every|each|a|one|some|most)\b", said) or said.endswith("ends"):
        return OnWeekday(WEEKEND, every=True)
    weeks = 2 if "after next" in said else 1 if re.search(r"\b(?:next|following)\b", said) else 0
    saturday = monday_of(scan.today) + timedelta(weeks=weeks, days=5)
    return _cut(scan, Period(saturday, saturday + timedelta(days=1)))


def weekdays(scan: Scan, match: re.Match[str]) -> Day:
    return OnWeekday(MONDAY_TO_FRIDAY, every=True)


def midweek(scan: Scan, match: re.Match[str]) -> Day:
    return OnWeekday(frozenset({1, 2, 3}), every=True)


def month_named(scan: Scan, match: re.Match[str]) -> Day:
    return _cut(scan, _whole_month(scan, match["month"], match["year"]))


def _whole_month(scan: Scan, name: str, year: str | None) -> Period:
    """A month by its name, the next one there is, or "this month" and "next month"."""
    said = name.lower()
    if said.endswith("month"):
        first = after(
            scan.today.replace(day=1), int("next" in said or "following" in said), "month"
        )
    else:
        month = _month(name)
        gone = int(month < scan.today.month)
        first = date(int(year) if year else scan.today.year + gone, month, 1)
    return Period(first, after(first, 1, "month") - timedelta(days=1))


def month_or_year(scan: Scan, match: re.Match[str]) -> Day:
    said = match[0].lower()
    if "month" in said:
        return _cut(scan, _whole_month(scan, said, None))
    year = scan.today.year + int("next" in said or "new" in said)
    last = date(year, 1, 31) if "new" in said else date(year, 12, 31)
    return _cut(scan, Period(date(year, 1, 1), last))


def part_of_period(scan: Scan, match: re.Match[str]) -> Day:
    """ "end of next week", "early december", "later this week"."""
    part, what = match["part"].lower(), match["what"].lower()
    if what.endswith("year"):
        return _part_of_year(scan, part, what)
    week = "week" in what
    whole = _whole_week(scan, what) if week else _whole_month(scan, what, match["year"])
    known = scan.known
    spoken_of = known is not None and known.last - known.first <= timedelta(weeks=1)
    if known and spoken_of and what in {"week", "the week"}:
        monday = monday_of(known.first)
        whole = Period(monday, monday + timedelta(days=6))
    if part in {"later", "earlier"}:
        today = known.first if known and spoken_of and week else scan.today
        return _beside_in(whole, today, later=part == "later")
    first, last = (WEEK_CUTS if week else MONTH_CUTS)[part]
    last = min(last, (whole.last - whole.first).days + 1)
    start = whole.first - timedelta(days=1)
    period = Period(start + timedelta(days=first), start + timedelta(days=last))
    if period.last < scan.today and what in {"week", "the week"}:
        # "Early in the week" that is over is early in the next one.
        period = Period(period.first + timedelta(weeks=1), period.last + timedelta(weeks=1))
    return _cut(scan, replace(period, ends=part == "end"))


def _beside_in(whole: Period, today: date, *, later: bool) -> Period:
    """The days of a week or a month behind `today`, or before it."""
    if later:
        return replace(whole, first=max(min(today + timedelta(days=1), whole.last), whole.first))
    return replace(whole, last=max(min(today - timedelta(days=1), whole.last), whole.first))


def _part_of_year(scan: Scan, part: str, what: str) -> Day:
    year = scan.today.year + int("next" in what)
    first, last = YEAR_CUTS.get(part, (1, 12))
    end = after(date(year, last, 1), 1, "month") - timedelta(days=1)
    return _cut(scan, Period(date(year, first, 1), end, ends=part == "end"))


def last_of_month(scan: Scan, match: re.Match[str]) -> Day:
    return one_day(_whole_month(scan, match["month"], match["year"]).last)


def year(scan: Scan, match: re.Match[str]) -> Day:
    """ "2027", or a month of "next year"."""
    said = match.groupdict()
    named = said.get("month") or said.get("month_behind")
    if named:
        month = _month(named)
        first = date(scan.today.year + 1, month, 1)
        return Period(first, after(first, 1, "month") - timedelta(days=1))
    number = int(match["year"])
    return _cut(scan, Period(date(number, 1, 1), date(number, 12, 31)))


def nth_of_month(scan: Scan, match: re.Match[str]) -> Day:
    """ "the first friday of december", "the last week of november"."""
    month = _whole_month(scan, match["month"], match["year"])
    nth = NTH.index(match["nth"].lower()) % 5
    what = match["what"].lower()
    if what == "week":
        first = month.first + timedelta(weeks=nth) if nth < 4 else month.last - timedelta(days=6)
        return _cut(scan, Period(first, first + timedelta(days=6)))
    weekday = 5 if what == "weekend" else _weekday(what)
    if nth < 4:
        ahead = (weekday - month.first.weekday()) % 7
        day = month.first + timedelta(days=ahead, weeks=nth)
    else:
        day = month.last - timedelta(days=(month.last.weekday() - weekday) % 7)
    return Period(day, day + timedelta(days=int(what == "weekend")))


def feast(scan: Scan, match: re.Match[str]) -> Day | None:
    said = match[0].lower()
    if "thanksgiving" in said:
        return _thanksgiving(scan)
    month, day = next(day for words, day in FEASTS if re.search(words, said))
    return OnDate(day, month)


def _thanksgiving(scan: Scan) -> Day | None:
    """The fourth Thursday of November, where it is that."""
    if not scan.month_first:
        return None
    for year in (scan.today.year, scan.today.year + 1):
        first = date(year, 11, 1)
        day = first + timedelta(days=(3 - first.weekday()) % 7, weeks=3)
        if day >= scan.today:
            return one_day(day)
    return None


# --- weekdays ---


def on_weekday(scan: Scan, match: re.Match[str]) -> Day:
    said = (match["which"] or "").lower()
    plural = match["plural"] is not None or re.search(
        r"\b(?:every(?:\s+other)?|each|any|an?|one|some|most)$", said
    )
    weekday = frozenset({_weekday(match["weekday"])})
    if plural:
        return OnWeekday(weekday, every=True)
    which = "this" if said.startswith("this") else "next" if re.search(r"\bnext|nxt", said) else ""
    return OnWeekday(weekday, which)


# --- words and figures ---


def _weekday(name: str) -> int:
    return next(
        index for index, forms in enumerate(WEEKDAYS.values()) if re.fullmatch(forms, name.lower())
    )


def _month(name: str) -> int:
    return list(MONTHS).index(name[:3].lower()) + 1


def _day_number(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else ORDINALS.index(text.lower()) + 1
