"""Read everything a visitor says about their consultation in one message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from booking.details import (
    Contact,
    Details,
    PreferredTime,
    Slot,
    clean_text,
    read_concern,
)
from booking.errors import DetailRefused, Refusal
from booking.reading.coming import Standing, is_about_coming, just_an_hour
from booking.reading.concerns import (
    MOST_WORDS,
    WISH,
    added_concern,
    concern_of_wish,
    rules_out,
    stated_concern,
    words_of_concern,
)
from booking.reading.contacts import blanked, find_contact
from booking.reading.corrections import find_correction, sounds_like_a_correction
from booking.reading.mentions import READ
from booking.reading.names import answered_name, find_name, looks_like_a_name, respelled
from booking.reading.remarks import is_remark, questions_in, says_nothing, says_only_when
from booking.reading.wishes import WishReading, read_wish
from booking.windows import Window, Wish

if TYPE_CHECKING:
    from booking.clinic import Clinic

__all__ = ["Contact", "Details", "PreferredTime", "Problem", "Reading", "Slot", "read_answer"]

Value = str | Contact | Wish
Span = tuple[int, int]

# Words that only carry a detail which has been read already.
CARRIERS = re.compile(
    r"(?:\b(?:and|or|but|also|oh|with|my|the|a|an|is|are|it's|its|it|can|you|me|at|on|by|to|via"
    r"|under|i|i'd"
    r"|i'm|am|would|like|please|just|use|here|hi|hello|hey|sure|yes|yeah|ok|okay|no|thanks|actually"
    r"|sorry|oops|instead|should|be|e-?mail|mail|phone|mobile|cell|telephone|number|address"
    r"|contact|call|ring|text|reach|send|best|work|works|free|available|time|day|book|booking|come"
    r"|in|for|around|suits?|that|this|there|better|great|perfect|good|fine|ideal|only|do|possible"
    r"|please|then|said|meant|same|(?:how|what)\s+about)\b[\s.:!]*)+",
    re.I,
)
LINKS = re.compile(
    r"^(?:and|or|but|also)\s+"
    r"|[\s.,]+(?:(?:and|or|but|also|oh|plus|btw|at|on|my|the|new|is|now|actually|via|by"
    r"|e-?mail|mail|phone|number|mobile|cell|tel|address|contact)[\s.:,]*)+$",
    re.I,
)


# What tells of another detail: "my number changed to"
DETAIL = re.compile(r"\b(?:number|e-?mail|mail|phone|mobile|address)\b", re.I)


@dataclass(frozen=True)
class Problem:
    """What was said for `slot` cannot be taken, and why."""

    slot: Slot
    code: Refusal


@dataclass(frozen=True)
class Reading:
    """What one message gave: values found, one problem to tell, slots the visitor took back.

    name and concern are strings, contact a `Contact` (only the parts that were said), time a
    `Wish`, on top of what was known of it. `rest` is what the message asks beside all this, in the
    visitor's words; a message that has one is no failed answer.
    """

    found: dict[Slot, Value] = field(default_factory=dict)
    problem: Problem | None = None
    cleared: frozenset[Slot] = frozenset()
    rest: str = ""

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
        self.rest = ""
        self.cleared: frozenset[Slot] = frozenset()
        self.found: dict[Slot, Value] = {}
        self.problems: dict[Slot, Refusal] = {}

    def read(self) -> Reading:
        self._read_contact()
        self._read_time()
        self._read_introduction()
        self._put_questions_aside()
        self._read_name()
        self._read_pieces()
        self._read_concern()
        cleared = frozenset(self.cleared - self.found.keys())
        return Reading(self.found, self._problem(), cleared, self.rest)

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
        return not (self.found or self.problems or self.rest or self.cleared)

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
        return chosen and just_an_hour(self.left)

    def _is_about_coming(self, said: WishReading) -> bool:
        rest = _words_left(blanked(self.left, said.spans, READ))
        standing = Standing(
            self.asked,
            wished=self.known.wish is not None,
            chosen=self.known.time is not None,
            listed=self._has_pieces(),
        )
        return is_about_coming(self.text, rest, said, standing)

    def _has_pieces(self) -> bool:
        return bool(self.found) or re.search(r"[,;\n]|[.?!]\s", self.text) is not None

    # --- what is asked beside ---

    def _put_questions_aside(self) -> None:
        """Blank what the message asks; questions that gave no detail are its rest."""
        asked = questions_in(self.left)
        beside = [span for span in asked if self._asks_something(self.left[slice(*span)])]
        self.rest = " ".join(self.written[slice(*span)].strip() for span in beside)
        self._blank(asked)

    def _asks_something(self, question: str) -> bool:
        return READ not in question and not WISH.search(question) and bool(_words_left(question))

    # --- name ---

    def _read_introduction(self) -> None:
        asked = self.asked is Slot.NAME
        introduced = find_name(self.left, asked=asked, known=self.known.name)
        if introduced is None or self._is_concern(introduced.name):
            return
        with suppress(DetailRefused):
            self._take_name(answered_name(introduced.name))
            self._blank([introduced.span])

    def _read_name(self) -> None:
        if self.asked is not Slot.NAME or self.found or self.problems or self._is_list():
            return
        if self._is_concern(self.left):
            return
        try:
            self._take_name(answered_name(clean_text(self.left.replace(READ, " "))))
            self.left = ""
        except DetailRefused as refused:
            if not self.rest:
                self.problems[Slot.NAME] = refused.code

    def _take_name(self, name: str) -> None:
        self.found[Slot.NAME] = respelled(self._as_written(name), self.known.name)

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
        if not self.found and not self._is_list():
            return
        pieces = [piece for piece in self._pieces() if self._may_be_detail(piece)]
        named = next((piece for piece in pieces if self._is_name(piece)), None)
        if named and Slot.NAME not in self.found and self.known.name is None:
            pieces.remove(named)
            with suppress(DetailRefused):
                self._take_name(answered_name(named))
        all_at_once = Slot.NAME in self.found and self.found.keys() & {Slot.CONTACT, Slot.TIME}
        wanted = self.concern is None and self.known.concern is None and all_at_once
        topic = next((piece for piece in pieces if not is_remark(piece)), None)
        if wanted and self.asked is not Slot.CONCERN and topic:
            self._take_concern(topic)

    def _may_be_detail(self, piece: str) -> bool:
        talk = says_nothing(piece) or says_only_when(piece) or WISH.search(piece)
        return not talk and not self._is_concern(piece)

    def _is_name(self, piece: str) -> bool:
        """Whether a piece is a name, by its capitals, its place or the e-mail address."""
        contact = self.found.get(Slot.CONTACT)
        email = contact.email if isinstance(contact, Contact) else None
        mailbox = (email or "").split("@")[0].casefold()
        in_mailbox = any(word in mailbox for word in piece.casefold().split() if len(word) > 2)
        placed = self.asked is Slot.NAME or self.text.startswith(piece)
        return looks_like_a_name(piece, lower_case=placed or in_mailbox)

    # --- concern ---

    def _is_concern(self, text: str) -> bool:
        words = words_of_concern(text).casefold()
        return self.concern is not None and words == self.concern.casefold()

    def _read_concern(self) -> None:
        asked = self.asked is Slot.CONCERN
        answers = asked and Slot.NAME not in self.found
        said = stated_concern(self.left, self.known.concern, asked=answers)
        if said is None and self.asked is None and not (self.concern or self.known.concern):
            said = concern_of_wish(self.left)
        if said is None and asked:
            said = self._rest_of_answer() if self.found else self.left
        if said is not None:
            self._take_concern(said)
        if self.concern and Slot.CONCERN not in self.found and not self._asks_about_concern():
            correcting = self.asked is None or sounds_like_a_correction(self.text)
            if rules_out(self.text, self.concern):
                self.cleared |= {Slot.CONCERN}
            elif self.known.concern is None or correcting or asked:
                before = self.known.concern or ""
                self.found[Slot.CONCERN] = (
                    added_concern(self.text, self.concern, before) if before else self.concern
                )

    def _rest_of_answer(self) -> str:
        """What an answer to the question for the concern says beside the other details."""
        parts = [
            part for piece in self._pieces() for part in re.split(r"(?<=\w\w)[.!?]+\s+", piece)
        ]
        renamed = Slot.NAME in self.found
        return " ".join(
            part for part in parts if not (DETAIL.search(part) or (renamed and is_remark(part)))
        )

    def _asks_about_concern(self) -> bool:
        """Whether the lexicon's find is in a question: "thursday. does it help wrinkles?"."""
        found = str(self.concern).casefold()
        return found in self.rest.casefold() and found not in self.left.casefold()

    def _take_concern(self, text: str) -> None:
        words = words_of_concern(text)
        if self.asked is not Slot.CONCERN and len(words.split()) > MOST_WORDS:
            return
        try:
            self.found[Slot.CONCERN] = read_concern(self._as_written(words))
        except DetailRefused as refused:
            if self.asked is Slot.CONCERN and not self.found and not self.rest:
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
    words = clean_text(text.replace(READ, " ")).strip(" ,.;:?!-")
    if CARRIERS.fullmatch(words) or says_nothing(words):
        return ""
    return LINKS.sub("", words)
