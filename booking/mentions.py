"""What a text says about a time, and the words it is said with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time

from booking.errors import Refusal

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


class Scan:
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


def number(text: str) -> int:
    return NUMBERS.index(text.lower()) + 1 if text.lower() in NUMBERS else int(text)
