"""Understand how people say when they would like to come.

`find_time` reads a text and knows no clinic; `settle_time` makes a moment of what was read, within
the clinic's hours. The grammar of windows ("next tuesday after 3") is our own; a date in another
language is left to dateparser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count
from typing import TYPE_CHECKING

import dateparser

from booking.days import read_day
from booking.errors import Refusal, TimeRefused
from booking.hours import read_hour, read_soonest
from booking.mentions import (
    LAST_MINUTE,
    MERIDIEM,
    MONTH,
    NUMBER,
    PART,
    WEEKDAY,
    Hour,
    Mention,
    Scan,
)

if TYPE_CHECKING:
    from booking.clinic import Clinic

FARTHEST = timedelta(days=365)
# How long before "as soon as possible" the clinic wants to know.
SOONEST = timedelta(hours=2)
STEP = timedelta(minutes=15)
# Characters; a longer text is no mere date.
LONGEST_FOREIGN_DATE = 40


def find_time(text: str, now: datetime, *, month_first: bool, bare: bool = False) -> Mention:
    """Read a day and a time of day out of `text`; `now` is local.

    `month_first` says what 3/4 means. With `bare`, the text answers "when?", so that a lone
    number is an hour.
    """
    scan = Scan(text, now, month_first)
    _drop_what_is_ruled_out(scan)
    read_day(scan)
    read_soonest(scan)
    read_hour(scan, bare=bare)
    _read_vague(scan)
    if bare and not scan.mention.day and not scan.mention.refusal and not scan.mention.soonest:
        _read_other_languages(scan, text)
    return scan.mention


def _read_other_languages(scan: Scan, text: str) -> None:
    """ "24 décembre à 14h", "3 декабря": a whole answer that is a date and nothing else."""
    if len(text) > LONGEST_FOREIGN_DATE or not _names_more_than_english(text):
        return
    midnight = datetime.combine(scan.today, time())
    found = dateparser.parse(
        text,
        settings={
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": midnight,
            "REQUIRE_PARTS": ["day"],
            "DATE_ORDER": "MDY" if scan.month_first else "DMY",
        },
    )
    if found is None:
        return
    scan.mention.day = found.date()
    scan.mention.vague = False
    scan.mention.spans.append((0, len(text)))
    if found.time() != midnight.time():
        scan.mention.hour = Hour((found.time(),), sure=True)


def _names_more_than_english(text: str) -> bool:
    """Whether there is a word in it: figures alone are no other language."""
    return re.search(r"[^\W\d_]{3}|[^\x00-\x7f]", text) is not None


def _drop_what_is_ruled_out(scan: Scan) -> None:
    """ "not tuesday, wednesday": what the visitor cannot do is no offer."""
    ruled_out = r"\b(?:not|(?:can't|cannot)\s+(?:do|make)|instead\s+of|rather\s+than|than)"
    what = (
        rf"(?:{WEEKDAY}\b|tomorrow|today|\d{{1,2}}(?:st|nd|rd|th)|{NUMBER}\s*{MERIDIEM}"
        rf"|{NUMBER}\b|{PART}\b)"
    )
    while scan.take(rf"{ruled_out}\s+(?:on\s+|at\s+|in\s+)?(?:the\s+)?{what}"):
        pass


def _read_vague(scan: Scan) -> None:
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
    for day in (local.date() + timedelta(days=ahead) for ahead in count()):
        if day > local.date() + FARTHEST:
            raise TimeRefused(Refusal.OUTSIDE_HOURS)
        for moment in _steps(day, all_day, tz):
            if moment >= after and clinic.is_open(moment):
                return moment
    raise AssertionError("days do not end")
