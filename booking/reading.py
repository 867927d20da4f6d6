"""Read everything a visitor says about their consultation in one message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from booking.contacts import blanked, find_contact
from booking.corrections import find_correction, sounds_like_a_correction
from booking.details import (
    Contact,
    Details,
    PreferredTime,
    Slot,
    clean_text,
    read_concern,
)
from booking.errors import DetailRefused, Refusal
from booking.mentions import MONTH, NUMBER, READ
from booking.names import answered_name, find_name, looks_like_a_name
from booking.windows import Window, Wish
from booking.wishes import WishReading, read_wish

if TYPE_CHECKING:
    from booking.clinic import Clinic

__all__ = ["Contact", "Details", "PreferredTime", "Problem", "Reading", "Slot", "read_answer"]

Value = str | Contact | Wish
Span = tuple[int, int]

# Words that only carry a detail which has been read already.
CARRIERS = re.compile(
    r"(?:\b(?:and|or|but|also|with|my|the|a|an|is|it's|its|it|can|you|me|at|on|by|to|via"
    r"|under|i|i'd"
    r"|i'm|am|would|like|please|just|use|here|hi|hello|hey|sure|yes|yeah|ok|okay|no|thanks|actually"
    r"|sorry|oops|instead|should|be|e-?mail|mail|phone|mobile|cell|telephone|number|address"
    r"|contact|call|ring|text|reach|send|best|work|works|free|available|time|day|book|booking|come"
    r"|in|for|around|suits?|that|this|there)\b[\s.:!]*)+",
    re.I,
)
LINKS = re.compile(r"^(?:and|or|but)\s+|\s+(?:and|or|but|at|on|my)$", re.I)
CONCERN_LEAD = re.compile(
    r"^(?:(?:it's|its|it\s+is|this\s+is|that's|i'm\s+(?:here|coming|looking)|i\s+(?:have|want|need|"
    r"would\s+like)|i've\s+got|i'd\s+like|(?:the\s+)?reason(?:\s+for\s+my\s+visit)?"
    r"|(?:my\s+)?(?:main"
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
    `Wish`, on top of what was known of it.
    """

    found: dict[Slot, Value] = field(default_factory=dict)
    problem: Problem | None = None
    cleared: frozenset[Slot] = frozenset()

    def applied_to(self, known: Details) -> Details:
        """`known` with what was taken back out, and what was found in."""
        details = _without(known, self.cleared)
        for slot, value in self.found.items():
            details = _with(details, slot, value)
        return details


def _without(known: Details, cleared: Iterable[Slot]) -> Details:
    emptied: dict[Slot, tuple[str, ...]] = {
        Slot.NAME: ("name",),
        Slot.CONTACT: ("email", "phone"),
        Slot.CONCERN: ("concern",),
        Slot.TIME: ("time", "wish"),
    }
    return replace(known, **{name: None for slot in cleared for name in emptied[slot]})


def _with(known: Details, slot: Slot, value: Value) -> Details:
    match value:
        case Contact(email, phone):
            return replace(known, email=email or known.email, phone=phone or known.phone)
        case Wish():
            return replace(known, wish=value, time=None)
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

    def read(self) -> Reading:
        self._read_contact()
        self._read_time()
        self._read_name()
        self._read_pieces()
        self._read_concern()
        return Reading(found=self.found, problem=self._problem())

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
        return not (self.found or self.problems)

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
        asked = self.asked is Slot.TIME
        answers = asked or self._changes_the_hour()
        said = read_wish(self.left, self.now, self.clinic, asked=answers, known=self._wish_before())
        if said.refusal is Refusal.NOT_UNDERSTOOD or not said:
            return
        if not (answers or self._is_about_coming(said)):
            return
        if said.wish is not None:
            self.found[Slot.TIME] = said.wish
        elif said.refusal is not None:
            self.problems[Slot.TIME] = said.refusal
        self._blank(said.spans)

    def _wish_before(self) -> Wish | None:
        """What was said before about a time: the start that was chosen, or else the wish."""
        if self.known.time is None:
            return self.known.wish
        local = self.known.time.starts_at.astimezone(self.clinic.zone)
        day, clock = local.date(), local.time().replace(tzinfo=None, fold=0)
        window = Window(day, day, start=clock, until=clock, around=clock, exact=True)
        return Wish(window, self.known.time.text)

    def _changes_the_hour(self) -> bool:
        """ "No, 3", where a time was chosen and nothing is asked for that has numbers."""
        chosen = self.known.time is not None and self.asked is None
        return chosen and JUST_AN_HOUR.fullmatch(self.left) is not None

    def _is_about_coming(self, said: WishReading) -> bool:
        """Whether a time that nobody asked for is a wish: "since last week" is not."""
        rest = _words_left(blanked(self.left, said.spans, READ))
        if said.refusal is not None:
            return bool(COMING.search(self.text)) or (said.hours and not REMARK.search(rest))
        if sounds_like_a_correction(self.text) or CHANGE.search(self.text):
            return said.days or said.sure or self._wish_before() is not None
        if self.asked in (Slot.NAME, Slot.CONCERN) and not self._has_pieces():
            # "Noon Ali", "the scar from friday"
            return said.complete or (not rest and self._is_no_name_or_topic())
        if not rest:
            return said.days or said.sure
        if REMARK.search(rest) and not COMING.search(rest):
            return False
        if self.known.time is not None:
            return said.complete and bool(COMING.search(rest))
        return said.complete or said.days or said.sure

    def _is_no_name_or_topic(self) -> bool:
        """Whether words that are all about a time are not "April" or "sun" for all that."""
        words = self.left.strip(" .,!")
        return not (looks_like_a_name(words) or re.fullmatch(rf"{MONTH}|sun", words, re.I))

    def _has_pieces(self) -> bool:
        return bool(self.found) or re.search(r"[,;\n]", self.text) is not None

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
        return len(self._pieces()) > 1 and bool(self.found or self.concern)

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


# Words with which people come, and those with which they tell of something else.
COMING = re.compile(
    r"\b(?:book\w*|come|coming|visit|appointment|consult\w*|slot|see\s+(?:you|someone|me|a"
    r"|the)|seen|free|available"
    r"|availability|suits?|prefer|pop\s+(?:in|by|over)|fit\s+me\s+in|squeeze|get\s+in"
    r"|schedule|call\s+(?:me|back)|ring"
    r"|works?(?:\s+(?:best|for\s+me))?|best|do|sign\s+(?:me\s+)?up|i'd\s+like|i\s+want"
    r"|how\s+about|what\s+about|make\s+it)\b",
    re.I,
)
REMARK = re.compile(
    r"\?|\b(?:hurts?|pain\w*|swell\w*|swollen|red(?:ness)?|heal\w*|bleed\w*|peel\w*|worse"
    r"|better|since|started|noticed"
    r"|happened|had|was|were|got|getting|wedding|married|holiday|vacation|trip|flight|fly"
    r"|flying|party|event|birthday"
    r"|surgery|due|go\s+away|last|lasts|wash|makeup|make-up|shave|exercise|gym|sun|swim"
    r"|work\s+out|when|how|why|will"
    r"|does|did|is|are|has|have|been)\b",
    re.I,
)
CHANGE = re.compile(
    r"\b(?:change|move|switch|swap|shift|push|bring|reschedule)\b(?=.*(?:\b(?:it|to|that"
    r"|appointment|time|day|for)\b))",
    re.I | re.S,
)
JUST_AN_HOUR = re.compile(
    r"\W*(?:(?:no|nope|actually|sorry|yes|yeah|ok|okay|but|oh|wait|um|make|it|that|change"
    r"|to|can|you|could|we|i|at|let's|how|what|about"
    rf"|rather|better)\W+)*(?:{NUMBER})(?:\W+(?:please|pls|instead|then|thanks|o'?clock|is"
    r"|would|be|better|fine|good))*\W*",
    re.I,
)
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
