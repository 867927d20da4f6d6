"""Tell a time at which somebody would like to come from one that they only speak of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from booking.details import Slot
from booking.reading.corrections import sounds_like_a_correction
from booking.reading.mentions import MONTH, NUMBER
from booking.reading.names import looks_like_a_name
from booking.reading.wishes import WishReading

# Words with which people come, and those with which they tell of something else.
COMING = re.compile(
    r"\b(?:book\w*|come|coming|visit|appointment|appt|consult\w*|slot|see\s+(?:you|someone|me|a"
    r"|the)|seen|free|available|availability|suits?|prefer\w*|pop\s+(?:in|by|over)|fit\s+me\s+in"
    r"|squeeze|get\s+in|schedule|works?(?:\s+(?:best|for\s+me))?|best|sign\s+(?:me\s+)?up"
    r"|i'd\s+like|i\s+want|make\s+it|ring|call\s+(?:me|back)|do)\b",
    re.I,
)
# The same without a call, which is no visit.
COMING_IN = re.compile(
    r"\b(?:book\w*|come|coming|visit|appointment|appt|consult\w*|slot|suits?|prefer\w*|best|free|available)\b",
    re.I,
)
REMARK = re.compile(
    r"\?|\b(?:hurts?|pain\w*|swell\w*|swollen|red(?:ness)?|heal\w*|bleed\w*|peel\w*|worse|better"
    r"|since|started|noticed|happened|had|was|were|got|getting|wedding|married|holiday|vacation"
    r"|trip|flight|fly|flying|party|event|birthday|surgery|due|go\s+away|last|lasts|wash|makeup"
    r"|make-up|shave|exercise|gym|sun|swim|work\s+out|when|how|why|will|does|did|is|are|has|have"
    r"|been|born|open|close|shut)\b",
    re.I,
)
CHANGE = re.compile(
    r"\b(?:change|move|switch|swap|shift|push|bring|reschedule)\b.*\b(?:it|to|that|appointment"
    r"|time|day|for)\b|\b(?:can|could)\s+it\s+be\s+(?:in|on|at|next|this|after|before|moved"
    r"|changed|\d)|\b(?:can|could|would)\s+(?:we|you|i)\s+(?:do|make|have|rather|come"
    r"|get)\b(?!.*\?.*\w)|\b(?:can't|cannot|cant|couldn't|can\s+not)\s+(?:do|make|come|manage)\b"
    r"|\b(?:doesn't|doesnt|don't|dont|won't|wont)\s+(?:work|suit|do)\b|\bany\s+other\s+day\b",
    re.I | re.S,
)
# What may stand around a time that is all a message says: "what about friday?", "thursday is fine".
AROUND = re.compile(
    r"(?:(?:what|how)\s+about|(?:can|could|would|do)\s+(?:you|we|i|it)(?:\s+(?:do|make|be|have"
    r"|come(?:\s+in)?))?|i\s+can\s+do|is|are|would\s+be|was|fine|good|great|better|perfect|ok"
    r"|okay|possible|then|not|any\s?more|after\s+all|maybe|perhaps|if\s+possible"
    r"|any\s+chance\s+(?:of|for)|let's\s+(?:do|say|make\s+it)|say|please|pls|no|yes|yeah|but"
    r"|actually|sorry|rather|instead|it|for\s+me|a|the|or|and|on|at|in|\W)+",
    re.I,
)
_BEFORE_HOUR = (
    r"(?:no|nope|actually|sorry|yes|yeah|ok|okay|but|oh|wait|um|make|it|that|change|to|can|you"
    r"|could|we|i|at|let's|how|what|about|rather|better)"
)
JUST_AN_HOUR = re.compile(
    rf"\W*(?:{_BEFORE_HOUR}\W+)*(?:{NUMBER})(?:\W+(?:please|pls|instead|then|thanks|o'?clock|is"
    r"|would|be|better|fine|good))*\W*",
    re.I,
)


@dataclass(frozen=True)
class Standing:
    """Where the conversation is: the open question, whether a time is known, or even chosen.

    `listed` tells a message that gives several details at once.
    """

    asked: Slot | None
    wished: bool = False
    chosen: bool = False
    listed: bool = False


def just_an_hour(text: str) -> bool:
    """ "No, 3": an hour and nothing else but the words that change something to it."""
    return JUST_AN_HOUR.fullmatch(text) is not None


def is_about_coming(text: str, rest: str, said: WishReading, standing: Standing) -> bool:
    """Whether the time in `text`, for which nobody asked, is a wish: "since last week" is not.

    `rest` are the words of it that say nothing about a time.
    """
    alone = not rest or AROUND.fullmatch(rest) is not None
    if said.refusal is not None:
        return bool(COMING.search(text)) or (said.hours and not REMARK.search(rest))
    if sounds_like_a_correction(text) or CHANGE.search(text):
        return said.days or said.sure or standing.wished or standing.chosen
    if standing.asked in (Slot.NAME, Slot.CONCERN) and not standing.listed:
        # "Noon Ali", "the scar from friday"
        return said.complete or (alone and _is_no_name_or_topic(text))
    if alone:
        preferred = said.hours and COMING_IN.search(text) is not None
        return said.complete or said.days or said.sure or preferred
    if REMARK.search(rest) and not COMING.search(rest):
        return False
    if standing.chosen:
        return said.complete and bool(COMING.search(rest))
    if not said.days and not said.soonest:
        return bool(COMING_IN.search(rest)) or (said.sure and not looks_like_a_name(rest))
    return said.complete or said.days


def _is_no_name_or_topic(text: str) -> bool:
    """Whether words that are all about a time are not "April" or "sun" for all that."""
    words = text.strip(" .,!")
    return not (looks_like_a_name(words) or re.fullmatch(rf"{MONTH}|sun", words, re.I))
