"""Find out what a visitor would like to talk about, in their own words."""

from __future__ import annotations

import re

from booking.details import clean_text
from booking.mentions import READ
from booking.remarks import says_nothing, says_only_when

LEAD = re.compile(
    r"^(?:(?:thanks|thank\s+you|thx|yes|yeah|ok|okay|so|um+|uh+|hm+|oh|probably|no(?=\s*,|\s+(?:just|it'?s))|it's|its|it\s+is|this\s+is|that's|i'm\s+(?:here|coming|looking)|i\s+(?:have|want|need"
    r"|would\s+like)|i've\s+got|i'd\s+like|(?:the\s+)?reason(?:\s+for\s+my\s+visit)?"
    r"|(?:my\s+)?(?:main\s+)?concerns?(?:\s+(?:is|are))?|mostly|mainly|actually|sorry|just|say|well"
    r"|to\s+(?:talk\s+about|discuss|treat|improve|get\s+rid\s+of|be\s+seen\s+about"
    r"|see\s+(?:someone|you)\s+about)|(?:someone|somebody|you)\s+to\s+look\s+at|is|are|for|about"
    r"|because\s+of|with|help\s+with|and|but|my|some|the)\b[\s,:]*)+",
    re.I,
)
TAIL = re.compile(
    r"(?:[\s,.]+(?:please|pls|thanks|thank\s+you|thx|instead|actually|then|and|but|or|also|oh|tbh|lol"
    r"|i\s+(?:think|guess|suppose)|mostly|really))+[\s.!?]*$|\?+$",
    re.I,
)
NO_CONCERN = frozenset("what why maybe which nothing none skip n/a na".split())
# "topic: pigmentation", "my concern should be rosacea"
STATED = re.compile(
    r"\b(?:topic|(?:main\s+|skin\s+)?concern|skin\s+problem|reason\s+for\s+my\s+visit)"
    r"(?:\s*[:=]|'s|\s+(?:is|was|should\s+(?:be|say|read)))\s+"
    r"(?P<said>(?:(?!\s[/|]\s)[^,;.\n\x00])+)",
    re.I,
)
# "not acne, rosacea", "rosacea, not acne"
INSTEAD = re.compile(
    r"\bnot\s+(?P<old>[^,;.\n\x00]+?)\s*(?:[,;.]\s*(?:but\s+)?|\s+but\s+)(?P<new>[^,;.\n\x00]+)"
    r"|(?P<after>[^,;.\n\x00]+?),?\s+(?:and\s+)?not\s+(?P<before>[^,;.\n\x00]+)",
    re.I,
)
# Words that ask for a consultation; "i'd like to come in about my jawline" says what for, too.
WISH = re.compile(
    r"\b(?:book(?:ing)?|appointment|appt|consult\w*|schedule|sign\s+(?:me\s+)?up|visit|reserve|slot"
    r"|(?:come|pop|drop|squeeze|fit|put)\s+(?:me\s+)?in|see\s+(?:someone|somebody|you|u))\b",
    re.I,
)
ABOUT = re.compile(
    r"\b(?:about|regarding|re:?|concerning|to\s+(?:discuss|talk\s+about|treat))\s+"
    r"(?!(?:it|this|that|you|an?\s+(?:appointment|consult|booking))\b)(?P<said>[^,;.?\n\x00]+)",
    re.I,
)
# Longer ones that nobody asked for are hardly meant as a topic.
MOST_WORDS = 8


def words_of_concern(text: str) -> str:
    """`text` without what leads to the concern and what stands behind it; "" for mere talk."""
    words = TAIL.sub("", clean_text(text.replace(READ, " ")))
    words = TAIL.sub("", LEAD.sub("", words)).strip(" ,.!")
    nothing = words.casefold() in NO_CONCERN or says_nothing(words) or says_only_when(words)
    if nothing or not WISH.search(words):
        return "" if nothing else words
    # "i just want to book" names no topic, "a consultation about scars" does.
    about = ABOUT.search(words)
    return about["said"].strip() if about else "" if len(words.split()) <= MOST_WORDS else words


def stated_concern(text: str, known: str | None) -> str | None:
    """What `text` calls the topic, or puts in the place of the concern that is `known`."""
    stated = STATED.search(text)
    if stated:
        return _short(stated["said"])
    instead = INSTEAD.search(text) if known else None
    if instead is None or known is None:
        return None
    old, new = instead["old"] or instead["before"], instead["new"] or instead["after"]
    old = words_of_concern(old).casefold()
    return _short(new) if old and old in known.casefold() else None


def concern_of_wish(text: str) -> str | None:
    """What a wish for a consultation says it is about, where it does."""
    about = ABOUT.search(text) if WISH.search(text) else None
    return _short(about["said"]) if about else None


def _short(text: str) -> str | None:
    words = words_of_concern(text)
    return words if words and len(words.split()) <= MOST_WORDS else None
