"""Days as people name them, and which days of the calendar they are."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

# A date without a year that has just gone by was meant as it stands, not for next year.
JUST_GONE = timedelta(days=90)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Days of the calendar, both included; one day when they are the same.

    `ends` tells the last days of a month from a month: "before" them is not before the first.
    """

    first: date
    last: date
    ends: bool = False


@dataclass(frozen=True)
class OnWeekday:
    """Weekdays (0 is Monday): the coming ones, "next" or "this" week's, or each one there is."""

    weekdays: frozenset[int]
    which: str = ""
    every: bool = False


@dataclass(frozen=True)
class OnDate:
    """A day of the month; the month and the year may be left to what else was said."""

    day: int
    month: int | None = None
    year: int | None = None


@dataclass(frozen=True)
class WeekOf:
    """The week, Monday to Sunday, that a day lies in."""

    day: Period | OnWeekday | OnDate


Day = Period | OnWeekday | OnDate | WeekOf
# Days among which a weekday or a day of the month is looked for, both included.
Frame = tuple[date, date]


def period_of(term: Day, today: date, frame: Frame | None = None) -> Period:
    """The days that `term` stands for, looked for from `today` on, or in `frame`."""
    match term:
        case Period():
            return term
        case WeekOf(day):
            monday = monday_of(period_of(day, today, frame).first)
            return Period(monday, monday + 6 * ONE_DAY)
        case OnDate():
            return one_day(_dated(term, today, frame))
        case OnWeekday(weekdays, which):
            return one_day(_on_weekday(min(weekdays), which, today, frame))


def one_day(day: date) -> Period:
    return Period(day, day)


def _dated(term: OnDate, today: date, frame: Frame | None) -> date:
    if term.month is None:
        start = frame[0] if frame else today
        # Of any three months on end one has a 31st.
        ahead = (start + days * ONE_DAY for days in range(93))
        return next(day for day in ahead if day.day == term.day)
    years = [term.year] if term.year else range(today.year, today.year + 9)
    days = [
        date(year, term.month, term.day) for year in years if exists(year, term.month, term.day)
    ]
    gone = not term.year and days[0] < today - JUST_GONE
    return days[1] if gone and len(days) > 1 else days[0]


def _on_weekday(weekday: int, which: str, today: date, frame: Frame | None) -> date:
    """The weekday's date. Said on that very day, only "this friday" may mean today.

    "next saturday" is the one of next week, however near this week's is.
    """
    if frame is not None and not (which == "next" and frame[0] <= today + ONE_DAY):
        day = frame[0] + (weekday - frame[0].weekday()) % 7 * ONE_DAY
        if day <= frame[1]:
            return day
    if which == "next":
        return monday_of(today) + timedelta(weeks=1, days=weekday)
    if which == "this" and weekday == today.weekday():
        return today
    return coming(today, weekday)


def exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def coming(today: date, weekday: int) -> date:
    """The weekday's next date after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def after(start: date, count: int, unit: str) -> date:
    """`count` days, weeks, fortnights, months or years after `start`."""
    if unit in {"month", "year"}:
        months = start.month - 1 + count * (12 if unit == "year" else 1)
        year, month = start.year + months // 12, months % 12 + 1
        return date(year, month, min(start.day, monthrange(year, month)[1]))
    return start + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[unit])
