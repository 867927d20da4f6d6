"""Read everything a visitor says about their consultation in one message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from booking.contacts import blanked, find_contact
from booking.corrections import find_correction, sounds_like_a_correction
from booking.details import (
    LONGEST_PREFERENCE,
    Contact,
    Details,
    PreferredTime,
    Slot,
    clean_text,
    read_concern,
)
from booking.errors import DetailRefused, Refusal, TimeRefused
from booking.mentions import READ, Mention
from booking.names import answered_name, find_name, looks_like_a_name
from booking.times import find_time, settle_time

if TYPE_CHECKING:
    from booking.clinic import Clinic

__all__ = ["Contact", "Details", "PreferredTime", "Problem", "Reading", "Slot", "read_answer"]

Value = str | Contact | PreferredTime
Span = tuple[int, int]

# Words that only carry a detail which has been read already.
CARRIERS = re.compile(
    r"(?:\b(?:and|or|but|also|with|my|the|a|an|is|it's|its|it|can|you|me|at|on|by|to|via|under|i|i'd"
    r"|i'm|am|would|like|please|just|use|here|hi|hello|hey|sure|yes|yeah|ok|okay|no|thanks|actually"
    r"|sorry|oops|instead|should|be|e-?mail|mail|phone|mobile|cell|telephone|number|address"
    r"|contact|call|ring|text|reach|send|best|work|works|free|available|time|day|book|booking|come"
    r"|in|for|around|suits?|that|this|there)\b[\s.:!]*)+",
    re.I,
)
LINKS = re.compile(r"^(?:and|or|but)\s+|\s+(?:and|or|but|at|on|my)$", re.I)
CONCERN_LEAD = re.compile(
    r"^(?:(?:it's|its|it\s+is|this\s+is|that's|i'm\s+(?:here|coming|looking)|i\s+(?:have|want|need|"
    r"would\s+like)|i've\s+got|i'd\s+like|(?:the\s+)?reason(?:\s+for\s+my\s+visit)?|(?:my\s+)?(?:main"
    r"\s+)?concerns?(?:\s+(?:is|are))?|mostly|mainly|actually|just|say|well|to\s+(?:talk\s+about|"
    r"discuss|treat|improve|get\s+rid\s+of|be\s+seen\s+about|see\s+(?:someone|you)\s+about)|"
    r"(?:someone|somebody|you)\s+to\s+look\s+at|is|are|for|about|because\s+of|with|help\s+with|and"
    r"|but|my|some|the)\b[\s,:]*)+",
    re.I,
)
NO_CONCERN = frozenset(
    "yes yeah yep no nope ok okay sure hi hello hey thanks idk what why please maybe".split()
)
MOST_WORDS_OF_A_PIECE = 8


@dataclass(frozen=True)
class Problem:
    """What was said for `slot` cannot be taken, and why."""

    slot: Slot
    code: Refusal


@dataclass(frozen=True)
class Reading:
    """What one message gave: values found, one problem to tell, slots the visitor took back.

    name and concern are strings, contact a `Contact` (only the parts that were said), time a
    `PreferredTime`. The `pending_` fields are a time said by half, to be completed later.
    """

    found: dict[Slot, Value] = field(default_factory=dict)
    problem: Problem | None = None
    cleared: frozenset[Slot] = frozenset()
    pending_day: date | None = None
    pending_hour: time | None = None
    pending_text: str | None = None

    def applied_to(self, known: Details) -> Details:
        """`known` with what was taken back out, and what was found in."""
        details = _without(known, self.cleared)
        if self.pending_day or self.pending_hour:
            details = replace(
                details,
                pending_day=self.pending_day or details.pending_day,
                pending_hour=self.pending_hour,
                pending_text=self.pending_text,
            )
        for slot, value in self.found.items():
            details = _with(details, slot, value)
        return details


def _without(known: Details, cleared: Iterable[Slot]) -> Details:
    emptied: dict[Slot, tuple[str, ...]] = {
        Slot.NAME: ("name",),
        Slot.CONTACT: ("email", "phone"),
        Slot.CONCERN: ("concern",),
        Slot.TIME: ("time", "pending_day", "pending_hour", "pending_text"),
    }
    return replace(known, **{name: None for slot in cleared for name in emptied[slot]})


def _with(known: Details, slot: Slot, value: Value) -> Details:
    match value:
        case Contact(email, phone):
            return replace(known, email=email or known.email, phone=phone or known.phone)
        case PreferredTime():
            return replace(_without(known, [Slot.TIME]), time=value)
        case _ if slot is Slot.NAME:
            return replace(known, name=value)
        case _:
            return replace(known, concern=value)


def read_answer(
    text: str,
    asked: Slot | None,
    known: Details,
    now: datetime,
    clinic: Clinic,
    region: str,
    concern: str | None = None,
) -> Reading:
    """Read all that `text` says about the consultation.

    `asked` is the open question, None when there is none. `known` is what earlier messages gave,
    `now` an aware moment, `region` the country (ISO 3166) of phone numbers without a country
    code, and `concern` what the lexicon found in the text. At most one problem is told: that of
    the open question first.
    """
    message = clean_text(text, lines=True)
    correction = find_correction(_plain(message))
    if correction is None:
        return _Reader(message, asked, known, now, clinic, region, concern).read()
    words, slot = correction.value, correction.slot
    reading = _Reader(words, slot, known, now, clinic, region, concern).read()
    if slot in reading.found:
        return replace(reading, problem=None)
    # Without a new value the old one is gone all the same: the visitor said that it is wrong.
    return replace(
        reading,
        problem=reading.problem if any(map(str.isalnum, words)) else None,
        cleared=frozenset({slot}),
    )


class _Reader:
    """One message on its way to a `Reading`: what is recognised is blanked out of `left`."""

    def __init__(
        self,
        text: str,
        asked: Slot | None,
        known: Details,
        now: datetime,
        clinic: Clinic,
        region: str,
        concern: str | None,
    ) -> None:
        self.written = text
        self.text = self.left = _plain(text)
        self.asked, self.known = asked, known
        self.now, self.clinic, self.region = now, clinic, region
        self.concern = concern
        self.found: dict[Slot, Value] = {}
        self.problems: dict[Slot, Refusal] = {}
        self.pending_day: date | None = None
        self.pending_hour: time | None = None
        self.pending_text: str | None = None

    def read(self) -> Reading:
        self._read_contact()
        self._read_time()
        self._read_name()
        self._read_pieces()
        self._read_concern()
        return Reading(
            found=self.found,
            problem=self._problem(),
            pending_day=self.pending_day,
            pending_hour=self.pending_hour,
            pending_text=self.pending_text,
        )

    def _problem(self) -> Problem | None:
        """The open question's problem, or else the first one; an answered question has none."""
        if self.asked in self.found:
            self.problems.pop(self.asked, None)
        elif self.asked is not None and self._says_nothing():
            self.problems[self.asked] = NOTHING_SAID[self.asked]
        if self.asked in self.problems:
            return Problem(self.asked, self.problems[self.asked])
        return next((Problem(slot, code) for slot, code in self.problems.items()), None)

    def _says_nothing(self) -> bool:
        return not (self.found or self.problems or self.pending_day or self.pending_hour)

    def _blank(self, spans: Iterable[Span]) -> None:
        self.left = blanked(self.left, spans, READ)

    # --- contact ---

    def _read_contact(self) -> None:
        contact = find_contact(self.text, self.region, asked=self.asked is Slot.CONTACT)
        if contact.contact:
            self.found[Slot.CONTACT] = contact.contact
        elif contact.refusal:
            self.problems[Slot.CONTACT] = contact.refusal
        self._blank(contact.spans)

    # --- time ---

    def _read_time(self) -> None:
        zone = self.clinic.zone
        asked = self.asked is Slot.TIME
        mention = find_time(
            self.left,
            self.now.astimezone(zone),
            month_first=self.clinic.writes_month_first,
            bare=asked,
        )
        day, hour = self._given_before(mention)
        if not mention or not (asked or self._is_about_a_time(mention)):
            return
        words = self._time_words(mention, completed=bool(day or hour))
        try:
            starts_at = settle_time(
                mention, self.now, zone, self.clinic, pending_day=day, pending_hour=hour
            )
            self.found[Slot.TIME] = PreferredTime(starts_at, words)
        except TimeRefused as refused:
            self._refuse_time(refused, words)
        self._blank(mention.spans)

    def _given_before(self, mention: Mention) -> tuple[date | None, time | None]:
        """The day or the hour that completes this mention: half a time, or the one to change."""
        day, hour = self.known.pending_day, self.known.pending_hour
        chosen = self.known.time
        if chosen is not None and self.asked in (None, Slot.TIME):
            local = chosen.starts_at.astimezone(self.clinic.zone)
            day, hour = day or local.date(), hour or local.time()
        return (None if mention.day else day), (None if mention.hour else hour)

    def _is_about_a_time(self, mention: Mention) -> bool:
        """Whether words that nobody asked for are about coming: "since last week" is not."""
        if mention.refusal is not None:
            return mention.hour is not None
        if mention.complete:
            return True
        if self.known.time is not None:
            return self._changes_the_time(mention)
        if self.asked is Slot.CONCERN or (self.asked is Slot.NAME and not self._has_pieces()):
            # "the scar from friday", "Noon Ali"
            return False
        return mention.day is not None or (mention.hour is not None and mention.hour.sure)

    def _changes_the_time(self, mention: Mention) -> bool:
        """Whether half a time is a new wish: "actually friday", but not "will it hurt tomorrow"."""
        if self.asked is not None or not (mention.day or mention.hour):
            return False
        rest = blanked(self.left, mention.spans, READ)
        return sounds_like_a_correction(self.text) or not _words_left(rest)

    def _has_pieces(self) -> bool:
        return bool(self.found) or re.search(r"[,;\n]", self.text) is not None

    def _time_words(self, mention: Mention, *, completed: bool) -> str:
        """The visitor's words: all of an answer, the place that says it in a longer message."""
        words = clean_text(self.left.replace(READ, " "))
        if self.asked is not Slot.TIME and mention.spans:
            start = min(start for start, _ in mention.spans)
            words = clean_text(self.left[start : max(end for _, end in mention.spans)])
        if completed and self.known.pending_text:
            words = f"{self.known.pending_text}, {words}"
        return words[:LONGEST_PREFERENCE]

    def _refuse_time(self, refused: TimeRefused, words: str) -> None:
        self.pending_day, self.pending_hour = refused.day, refused.hour
        if refused.day or refused.hour:
            self.pending_text = words
        # Half a time that was not asked for yet is no mistake, only not everything.
        half = refused.code in (Refusal.NO_DAY, Refusal.NO_TIME_OF_DAY)
        if self.asked is Slot.TIME or not half:
            self.problems[Slot.TIME] = refused.code

    # --- name ---

    def _read_name(self) -> None:
        asked = self.asked is Slot.NAME
        introduced = find_name(self.left, asked=asked, known=self.known.name)
        if introduced and not self._is_concern(introduced.name):
            self._take_name(introduced.name)
            self._blank([introduced.span])
        elif asked and not self.found and not self._is_list() and not self._is_concern(self.left):
            self._take_name(self.left)

    def _take_name(self, text: str) -> None:
        try:
            self.found[Slot.NAME] = self._as_written(answered_name(text))
            self.left = ""
        except DetailRefused as refused:
            if self.asked is Slot.NAME and not self.found:
                self.problems[Slot.NAME] = refused.code

    def _as_written(self, value: str) -> str:
        """`value` with the visitor's own apostrophes."""
        start = self.text.find(value)
        return self.written[start : start + len(value)] if start >= 0 else value

    # --- all at once: "Ana Lopez, ana@x.com, acne scars, tuesday 3pm" ---

    def _is_list(self) -> bool:
        return len(self._pieces()) > 1 and bool(self.found or self.concern or self.pending_day)

    def _pieces(self) -> list[str]:
        pieces = (_words_left(piece) for piece in re.split(rf"[,;\n|{READ}]+", self.left))
        return [piece for piece in pieces if piece]

    def _read_pieces(self) -> None:
        """Take what stands between the commas for a name and a concern, where it can be."""
        if not self._is_list() and not (self.found.keys() & {Slot.CONTACT}):
            return
        pieces = [piece for piece in self._pieces() if not self._is_concern(piece)]
        if Slot.NAME not in self.found and self.known.name is None and pieces:
            named_first = self.text.startswith(pieces[0])
            if looks_like_a_name(pieces[0], lower_case=named_first or self.asked is Slot.NAME):
                self.found[Slot.NAME] = self._as_written(pieces.pop(0))
        wanted = self.concern is None and self.known.concern is None
        if wanted and self.asked is not Slot.CONCERN and Slot.NAME in self.found and pieces:
            self._take_concern(pieces[0])

    # --- concern ---

    def _is_concern(self, text: str) -> bool:
        words = CONCERN_LEAD.sub("", clean_text(text)).casefold().strip(" .!")
        return self.concern is not None and words == self.concern.casefold()

    def _read_concern(self) -> None:
        if self.asked is Slot.CONCERN and Slot.CONCERN not in self.found:
            words = " ".join(self._pieces()) if self.found else self.left
            self._take_concern(words, asked=True)
        if self.concern and Slot.CONCERN not in self.found:
            correcting = self.asked is None or sounds_like_a_correction(self.text)
            if self.known.concern is None or correcting or self.asked is Slot.CONCERN:
                self.found[Slot.CONCERN] = self.concern

    def _take_concern(self, text: str, *, asked: bool = False) -> None:
        words = CONCERN_LEAD.sub("", clean_text(text.replace(READ, " "))).strip(" ,.!")
        if not asked and len(words.split()) > MOST_WORDS_OF_A_PIECE:
            return
        try:
            if words.casefold() in NO_CONCERN:
                raise DetailRefused(Refusal.NO_CONCERN)
            self.found[Slot.CONCERN] = read_concern(self._as_written(words))
        except DetailRefused as refused:
            if asked and not self.found:
                self.problems[Slot.CONCERN] = refused.code


NOTHING_SAID = {
    Slot.NAME: Refusal.NO_NAME,
    Slot.CONTACT: Refusal.NO_CONTACT,
    Slot.CONCERN: Refusal.NO_CONCERN,
    Slot.TIME: Refusal.NOT_UNDERSTOOD,
}


def _plain(text: str) -> str:
    """`text` with typewriter apostrophes, which the patterns know; as long as before."""
    return text.replace("\u2019", "'")


def _words_left(text: str) -> str:
    """`text` without what has been read, and without words that only led to it."""
    words = clean_text(text.replace(READ, " ")).strip(" ,.;:-")
    if CARRIERS.fullmatch(words):
        return ""
    return LINKS.sub("", words)
