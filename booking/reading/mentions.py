"""The words that times are said with, and a text in which they are marked as they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from booking.errors import Refusal
from booking.windows import Window

Span = tuple[int, int]

# A span that has been read is blanked with READ, so that it cannot be read twice. What names a
# day, a clock time or a part of the day keeps its place: one mark, then filling.
READ = "\x00"
DAY_MARK, CLOCK_MARK, PART_MARK, FILL = "\x01", "\x02", "\x03", "\x05"
DAY_TERM, CLOCK_TERM, PART_TERM = (f"{mark}{FILL}*" for mark in (DAY_MARK, CLOCK_MARK, PART_MARK))

MARKED = READ + DAY_MARK + CLOCK_MARK + PART_MARK + FILL
TYPEWRITTEN = {
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2013\u2014"), "-"),
    **dict.fromkeys(map(ord, DAY_MARK + CLOCK_MARK + PART_MARK + FILL), " "),
}

WEEKDAYS = {
    "mon": r"monday|munday|mon",
    "tue": r"tuesday|tueday|tusday|tuseday|teusday|tues|tue",
    "wed": r"wednesday|wensday|wednsday|wendesday|wedensday|weds|wed",
    "thu": r"thursday|thurday|thrusday|thursay|thursdy|thurs|thur|thu",
    "fri": r"friday|firday|fryday|fridya|fri",
    "sat": r"saturday|saterday|satuday|satruday|sat",
    "sun": r"sunday|sunay|sundy|sun",
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
    "dec": r"december|decemeber|dec",
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
COUNT = r"(?:\d{1,3}|an?|a\s+couple\s+of|couple\s+of|a\s+few|few|" + "|".join(NUMBERS) + ")"
MERIDIEM = r"(?:a\.?\s?m\b\.?|p\.?\s?m\b\.?|(?<=\d)[ap]\b(?!\.?\w))"
PART = (
    r"(?:morning|mornin|morn|arvo|afternoon|aft(?!er)|evening|night|lunch\s?time|lunch\s?break"
    r"|lunch)s?"
)


class Scan:
    """A text being read: what is left of it, and what has been understood.

    `now` is in the clinic's zone, `known` the window that earlier messages gave.
    """

    def __init__(
        self, text: str, now: datetime, *, month_first: bool, known: Window | None = None
    ) -> None:
        # Same length as the text, so that spans fit both.
        self.text = self.left = text.translate(TYPEWRITTEN)
        self.today: date = now.date()
        self.now = now
        self.month_first = month_first
        self.known = known
        self.spans: list[Span] = []
        # What stands behind a mark, by the mark's place in the text.
        self.terms: dict[int, Any] = {}
        self.refusal: Refusal | None = None

    def find(self, pattern: str) -> re.Match[str] | None:
        """The first place that fits `pattern`."""
        return re.search(pattern, self.left, re.IGNORECASE)

    def each(self, pattern: str) -> Iterator[re.Match[str]]:
        """One place after the other that fits `pattern`, in a text that is being marked."""
        compiled, start = re.compile(pattern, re.IGNORECASE), 0
        while match := compiled.search(self.left, start):
            start = max(match.end(), start + 1)
            yield match

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first place that fits `pattern`, marked as read."""
        match = self.find(pattern)
        if match is None or not match[0]:
            return None
        self.blank(match.span())
        return match

    def blank(self, span: Span) -> None:
        """Mark a place as read, but for the marks of terms in it."""
        start, end = span
        kept = re.sub(f"[^{MARKED}]", READ, self.left[start:end])
        self.left = self.left[:start] + kept + self.left[end:]
        self.spans.append(span)

    def mark(self, span: Span, mark: str, term: object) -> None:
        """Note that `term` stands at a place, without what has been read at its edges."""
        start, end = span
        said = self.left[start:end]
        end -= len(said) - len(said.rstrip(MARKED))
        start += len(said) - len(said.lstrip(MARKED))
        if start >= end or any(mark in self.left[start:end] for mark in MARKED):
            return
        self.left = self.left[:start] + mark + FILL * (end - start - 1) + self.left[end:]
        self.spans.append(span)
        self.terms[start] = term

    def drop(self, span: Span) -> None:
        """Leave what stands at a place out of account."""
        start, end = span
        self.left = self.left[:start] + READ * (end - start) + self.left[end:]
        self.spans.append(span)
        self.terms = {place: term for place, term in self.terms.items() if not start <= place < end}

    def end_of(self, place: int) -> int:
        """Where the term that starts at `place` ends."""
        match = re.compile(f".{FILL}*", re.DOTALL).match(self.left, place)
        return match.end() if match else place

    def refuse(self, code: Refusal) -> None:
        self.refusal = self.refusal or code


def number(text: str) -> int:
    return NUMBERS.index(text.lower()) + 1 if text.lower() in NUMBERS else int(text)


def counted(text: str) -> int:
    """How many "a", "a couple of", "few" or "3" are."""
    words = text.lower().split()
    loose: Mapping[str, int] = {"couple": 2, "few": 3, "a": 1, "an": 1}
    said = next((loose[word] for word in ("couple", "few", "a", "an") if word in words), None)
    return said if said is not None else number(words[0])
