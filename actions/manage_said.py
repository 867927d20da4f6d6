"""What is known of a wish for a request that was sent, and what one message adds to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rasa_sdk import Tracker

from actions.offers import Offered
from actions.turn import entity, intent_of, is_choice, text_of
from booking.details import Contact
from booking.reading.changes import (
    OF_DETAILS,
    VISIT,
    Change,
    find_reference,
    read_wish_to_change,
    without_reference,
)

ACTION, REFERENCE, CONTACT = "manage_action", "manage_reference", "manage_contact"
TIME, CONFIRMED = "manage_time", "manage_confirmed"
QUESTIONS = (ACTION, REFERENCE, CONTACT, TIME, CONFIRMED)
TOLD = (Change.STATUS, Change.WHEN)

AGREES = re.compile(
    r"\W*(?:yes|yeah|yep|yup|sure|ok|okay|please|go ahead|do (?:it|that)|correct|right|perfect)\b",
    re.I,
)
SAYS_NO = re.compile(r"\W*(?:no|nope|nah|wait|hang on|hold on)\b", re.I)
KEEPS = re.compile(r"\b(?:keep|leave (?:it|that)|(?:don'?t|do not) (?:cancel|move|change))\b", re.I)
# Said to "shall I cancel it?", these are about the cancelling and not about the appointment.
BACKS_OUT = re.compile(
    r"\W*(?:(?:ok|okay|oh|no|nah|actually|wait|sorry|just|please)\W+)*(?:forget|scrap|drop|leave|stop"
    r"|ignore|skip|undo|bin)\s+(?:about\s+)?(?:it|that|this)(?:\s+(?:all|then|now|please|pls))?\W*$",
    re.I,
)
LOST = re.compile(
    r"\b(?:lost|forgot(?:ten)?|(?:don'?t|do not|can'?t|cannot|haven'?t|didn'?t) (?:\w+ )?"
    r"(?:have|know|remember|find|recall|see|got|get)|no (?:idea|clue|reference|ref)"
    r"|(?:what|which) reference|never got|where (?:is|do|can))\b",
    re.I,
)
STATUS = re.compile(r"\bstatus\b", re.I)
# No other time will do either.
NOT_AT_ALL = re.compile(
    r"\b(?:can'?t|cannot|can not|won'?t|not)\s+(?:\w+\s+)?(?:come|make it|coming)\b"
    r".*\b(?:any\s?more|at all|after all)\b",
    re.I,
)
# What "cancel" is about where it is not what the form is doing.
ITS_OBJECT = re.compile(rf"\b(?:it|{VISIT})\b", re.I)
# Answers to "what shall I do?" in a word.
IN_A_WORD = {
    Change.CANCEL: re.compile(r"\bcancel", re.I),
    Change.MOVE: re.compile(
        r"\b(?:mov(?:e|ing)|chang(?:e|ing)|reschedul\w+|later|earlier)\b", re.I
    ),
    Change.STATUS: re.compile(r"\b(?:stands?|status|tell|see|check|show|look|confirm\w*)\b", re.I),
}


@dataclass(frozen=True)
class Known:
    """What the visitor has said so far.

    `proven` says that the request is theirs to change. `words` are theirs for the new time as long
    as it is open which request they mean; `seen` is the time of it that was read back to them.
    """

    change: Change | None = None
    reference: str | None = None
    contact: Contact = field(default_factory=Contact)
    proven: bool = False
    words: str = ""
    start: datetime | None = None
    seen: datetime | None = None

    @classmethod
    def of(cls, tracker: Tracker) -> Known:
        change, start = tracker.get_slot(ACTION), tracker.get_slot(TIME)
        more = tracker.get_slot("manage_details") or {}
        return cls(
            change=Change(change) if change else None,
            reference=tracker.get_slot(REFERENCE),
            contact=Contact(**(tracker.get_slot(CONTACT) or {})),
            proven=bool(more.get("proven")),
            words=more.get("words") or "",
            start=datetime.fromisoformat(start) if start else None,
            seen=datetime.fromisoformat(more["seen"]) if more.get("seen") else None,
        )

    def as_slots(self) -> dict[str, Any]:
        return {
            ACTION: self.change.value if self.change else None,
            REFERENCE: self.reference,
            CONTACT: {"email": self.contact.email, "phone": self.contact.phone},
            TIME: self.start.isoformat() if self.start else None,
            CONFIRMED: None,
            "manage_details": {
                "proven": self.proven,
                "words": self.words,
                "seen": self.seen.isoformat() if self.seen else None,
            },
        }

    def about(self, reference: str, *, own: str | None) -> Known:
        """The same with another request; what was proven of the one before says nothing of it."""
        if reference == self.reference:
            return self
        return replace(self, reference=reference, proven=reference == own, start=None, seen=None)


class Said:
    """One message, while the question for the slot `asked` is open (None: the form is opened).

    `known` is what was said before.
    """

    def __init__(self, tracker: Tracker, asked: str | None) -> None:
        self.asked = asked
        self.text = text_of(tracker)
        self.intent = intent_of(tracker)
        self.chosen = is_choice(tracker)
        self.own = tracker.get_slot("reference")
        self.known = Known.of(tracker) if asked else Known()
        self.offered = Offered.of(tracker) if asked else Offered()
        self._pressed = entity(tracker, "change")
        self.picks_time = bool(entity(tracker, "slot") or entity(tracker, "others"))
        self.change = self._change()

    @property
    def plain_text(self) -> str:
        """What was typed, without a reference in it; nothing of a button."""
        return "" if self.chosen else without_reference(self.text, asked=self._asks_which)

    @property
    def reference(self) -> str | None:
        return None if self.chosen else find_reference(self.text, asked=self._asks_which)

    @property
    def _asks_which(self) -> bool:
        return self.asked == REFERENCE

    @property
    def asks_only(self) -> bool:
        """Whether it asks how things stand while something else is wanted."""
        return self.change in TOLD and self.known.change not in (None, *TOLD)

    @property
    def is_about_details(self) -> bool:
        return self.asked is None and bool(OF_DETAILS.search(self.plain_text))

    @property
    def lost_reference(self) -> bool:
        return bool(LOST.search(self.text.replace("\u2019", "'")))

    @property
    def agrees(self) -> bool:
        if self.intent == "affirm":
            return True
        return not self.chosen and self.intent != "deny" and bool(AGREES.match(self.text))

    @property
    def keeps(self) -> bool:
        """Whether it says in words that all shall stay as it is."""
        return not self.chosen and (
            self._backs_out or bool(KEEPS.search(self.text.replace("\u2019", "'")))
        )

    @property
    def _backs_out(self) -> bool:
        return self.asked == CONFIRMED and bool(BACKS_OUT.match(self.text))

    @property
    def refuses(self) -> bool:
        return self.intent == "deny" or self.keeps

    @property
    def confirms_cancelling(self) -> bool:
        again = self.change is Change.CANCEL and not (self.chosen or SAYS_NO.match(self.text))
        return self.is_confirming(Change.CANCEL) and (self.agrees or again) and not self.refuses

    @property
    def leaves(self) -> bool:
        """Whether nothing more is wanted. "Cancel" means the form, or what the form is about."""
        if self.intent != "stop":
            return self.asked == ACTION and self.intent == "deny" and self.change is None
        if self.asked is None:
            return False
        if self.chosen or self.change is not Change.CANCEL:
            return True
        # Once it is known which request, cancelling is asked for again before it is done.
        knows_which = self.asked not in (REFERENCE, CONTACT)
        return not (knows_which or ITS_OBJECT.search(self.text))

    def is_confirming(self, change: Change) -> bool:
        return self.asked == CONFIRMED and self.known.change is change

    def _change(self) -> Change | None:
        if self._pressed:
            return Change(self._pressed)
        if self.chosen:
            return Change.MOVE if self.picks_time else None
        if self._backs_out:
            return None
        wished = read_wish_to_change(self.text)
        if self.asked == ACTION and wished is None:
            in_a_word = (c for c, words in IN_A_WORD.items() if words.search(self.text))
            wished = next(in_a_word, None)
        if wished is Change.MOVE and self.asked == TIME and NOT_AT_ALL.search(self.text):
            return Change.CANCEL
        if self.asked in (REFERENCE, CONTACT) and wished in TOLD:
            return None  # "I lost my reference" does not ask how things stand.
        if wished is not None:
            return wished
        asks = self.reference or STATUS.search(self.text)
        return Change.STATUS if asks and self.asked in (None, ACTION) else None
