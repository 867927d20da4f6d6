"""Notice when a visitor takes something back: "change my email", "the time is wrong"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from booking.details import Slot

WORDS = {
    Slot.NAME: r"(?:(?:last|first|full)\s+|sur)?name|spelling",
    Slot.CONTACT: r"(?:e-?mail|mail|phone|mobile|cell|telephone)(?:\s+(?:address|number))?|number"
    r"|contact(?:\s+details)?",
    Slot.TIME: r"(?:preferred\s+)?time|day|date|hour|slot",
    Slot.CONCERN: r"(?:skin\s+)?(?:concern|problem)|reason|topic",
}
FIELD = "(?:" + "|".join(f"(?P<{slot}>{words})" for slot, words in WORDS.items()) + r")\b"
# A pattern may name each of its groups only once.
FIELD_BEHIND = FIELD.replace("?P<", "?P<behind_")
MINE = r"(?:(?:my|the|that|your)\s+)?"
CORRECTIONS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\b(?:change|update|correct|fix|edit|amend|replace|swap|alter|modify)\s+"
        rf"(?:the\s+spelling\s+of\s+)?{MINE}{FIELD}",
        rf"\b{MINE}{FIELD}\s+(?:(?:(?:is|was|looks|you\s+have\s+is)\s+)?"
        r"(?:wrong|incorrect|not\s+right|not\s+correct|outdated|mis\w+)|isn't\s+(?:right"
        r"|correct))\b",
        rf"\b(?:typo\s+in|mis-?spel(?:led|t)|mistyped)\s+(?:my|the)\s+{FIELD}",
        r"\b(?:spel(?:led|t)|wrote|entered|gave|got|put\s+in|have)\s+(?:you\s+)?(?:my|the)\s+"
        rf"(?:wrong\s+{FIELD}|{FIELD_BEHIND}\s+(?:wrong(?:ly)?|incorrectly)\b)",
        rf"\b(?:wrong|different|another)\s+{FIELD}",
        # "all good except the time"
        r"\b(?:except|apart\s+from|(?:everything|all)\s+but|only)\s+(?:for\s+)?"
        rf"{MINE}{FIELD}\s*[.!]*$",
        rf"\b(?:that'?s\s+not|isn'?t|that\s+is\s+not)\s+my\s+{FIELD}",
    )
)
# What stands between "change my email" and the new address.
TO = re.compile(
    r"^[\s,.:;-]*(?:from\b.{1,80}?\bto\b\s*)?(?:(?:please|to|for|it's|its|it\s+is"
    r"|it\s+should\s+(?:be|say)|should\s+be|is|be|instead)\b[\s,.:]*)*",
    re.I,
)
MARKER = re.compile(
    r"\b(?:actually|instead|i\s+meant|i\s+mean|oops|should\s+(?:be|say)|make\s+it|rather|better"
    r"|earlier|not)\b",
    re.I,
)


@dataclass(frozen=True)
class Correction:
    """The slot that is taken back, and what the visitor says in its place (maybe nothing)."""

    slot: Slot
    value: str


def find_correction(text: str) -> Correction | None:
    """What `text` asks to change, when it names it."""
    for pattern in CORRECTIONS:
        match = pattern.search(text)
        if match:
            named = {
                name.removeprefix("behind_") for name, said in match.groupdict().items() if said
            }
            slot = next(slot for slot in Slot if slot in named)
            return Correction(slot, TO.sub("", text[match.end() :]))
    return None


def sounds_like_a_correction(text: str) -> bool:
    """Whether `text` puts something new in the place of something said before."""
    return MARKER.search(text) is not None


def named_slot(text: str) -> Slot | None:
    """The slot that the whole of `text` names: "the email", "time please"."""
    match = re.fullmatch(rf"\W*{MINE}{FIELD}(?:\s+(?:please|pls))?\W*", text, re.I)
    return next((slot for slot in Slot if match and match[slot.value]), None)
