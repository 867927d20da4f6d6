"""Find out what a visitor would like to talk about, in their own words."""

from __future__ import annotations

import re

from booking.details import clean_text
from booking.reading.mentions import READ
from booking.reading.remarks import says_nothing, says_only_when

LEAD = re.compile(
    r"^(?:(?:i\s+(?:already\s+)?(?:told\s+you|said)|thanks|thank\s+you|thx|yes|yeah|ok|okay|so|um+"
    r"|uh+|hm+|oh|probably|maybe|perhaps|no(?=\s*,|\s+(?:just|it'?s))|it's|its|it\s+is|this\s+is|that's"
    r"|i'm\s+(?:here|coming|looking)|i\s+(?:have|want|need|would\s+like)|i've\s+got|i'd\s+like"
    r"|(?:the\s+)?reason(?:\s+for\s+my\s+visit)?|(?:my\s+)?(?:main\s+)?concerns?(?:\s+(?:is|are))?"
    r"|mostly|mainly|actually|sorry|just|say|well|to\s+(?:talk\s+about|discuss|treat|improve"
    r"|get\s+rid\s+of|be\s+seen\s+about|see\s+(?:someone|you)\s+about)|(?:someone|somebody"
    r"|you)\s+to\s+look\s+at|is|are|for|about|because\s+of|with|help\s+with|and|but|my|some"
    r"|the)\b[\s,:]*)+",
    re.I,
)
TAIL = re.compile(
    r"(?:[\s,.]+(?:please|pls|thanks|thank\s+you|thx|instead|actually|then|and|but|or|also|oh|tbh"
    r"|lol|i\s+(?:think|guess|suppose)|mostly|really))+[\s.!?]*$|\?+$",
    re.I,
)
# "you asked me that already" is no topic either.
NO_CONCERN = re.compile(r"what|why|maybe|which|nothing|none|skip|n/?a|(?:you|u)\b.*", re.I)
# "topic: pigmentation", "my concern should be rosacea"
STATED = re.compile(
    r"\b(?:topic|(?:main\s+|skin\s+)?concern|skin\s+problem|reason\s+for\s+my\s+visit)(?:\s*[:=]"
    r"|'s|\s+(?:is|was|should\s+(?:be|say|read)))\s+(?P<said>(?:(?!\s[/|]\s)[^,;.\n\x00])+)",
    re.I,
)
# "not acne, rosacea", "rosacea, not acne"
INSTEAD = re.compile(
    r"\bnot\s+(?P<old>(?!sure\b|only\b|really\b)[^,;.\n\x00]+?)\s*(?:[,;.]\s*(?:but\s+)?|\s+but\s+"
    r"|\s+it'?s\s+)(?P<new>[^,;.\n\x00]+)|(?P<after>[^,;.\n\x00]+?),?\s+(?:and\s+)?not\s+(?!sure\b"
    r"|only\b|really\b|in\b)(?P<before>[^,;.\n\x00]+)",
    re.I,
)
ADDS = re.compile(r"^\W*(?:and|also|plus|add)\b|\b(?:as\s+well|too)\W*$", re.I)
# Words that ask for a consultation; "i'd like to come in about my jawline" says what for, too.
WISH = re.compile(
    r"\b(?:book(?:ing)?|appointment|appt|consult\w*|schedule|sign\s+(?:me\s+)?up|visit|reserve"
    r"|slot|(?:come|pop|drop|squeeze|fit|put)\s+(?:me\s+)?in|see\s+(?:someone|somebody|you|u))\b",
    re.I,
)
ABOUT = re.compile(
    r"\b(?:about|regarding|re:?|concerning|to\s+(?:discuss|talk\s+about|treat))\s+(?!(?:it|this"
    r"|that|you|an?\s+(?:appointment|consult|booking))\b)(?P<said>[^,;.?\n\x00]+)",
    re.I,
)
# Longer ones that nobody asked for are hardly meant as a topic.
MOST_WORDS = 8


def words_of_concern(text: str) -> str:
    """`text` without what leads to the concern and what stands behind it; "" for mere talk."""
    words = TAIL.sub("", clean_text(text.replace(READ, " ")))
    words = TAIL.sub("", LEAD.sub("", words)).strip(' ,.!"“”')
    nothing = NO_CONCERN.fullmatch(words) or says_nothing(words) or says_only_when(words)
    if nothing or not WISH.search(words):
        return "" if nothing else words
    # "i just want to book" names no topic, "a consultation about scars" does.
    about = ABOUT.search(words)
    return about["said"].strip() if about else "" if len(words.split()) <= MOST_WORDS else words


def stated_concern(text: str, known: str | None, *, asked: bool) -> str | None:
    """What `text` calls the topic, or puts in the place of the concern that is `known`.

    `asked`: an answer to the question for it may put one thing in another's place, too.
    """
    stated = STATED.search(text)
    if stated:
        return _short(stated["said"])
    instead = INSTEAD.search(text) if known or asked else None
    if instead is None:
        return None
    old, new = instead["old"] or instead["before"], instead["new"] or instead["after"]
    same = words_of_concern(old).casefold() in (known or "").casefold()
    return _short(new) if asked or (same and words_of_concern(old)) else None


def added_concern(text: str, found: str, known: str) -> str:
    """The concern that is `known` with the one `found` in `text`, where `text` adds it: "also"."""
    adds = ADDS.search(text) and found.casefold() not in known.casefold()
    return f"{known}, {found}" if adds else found


def rules_out(text: str, concern: str) -> bool:
    """Whether `text` says what it is not: "not acne scars"."""
    return re.search(rf"\bnot\s+(?:my\s+|the\s+)?{re.escape(concern)}\b", text, re.I) is not None


def concern_of_wish(text: str) -> str | None:
    """What a wish for a consultation says it is about, where it does."""
    about = ABOUT.search(text) if WISH.search(text) else None
    return _short(about["said"]) if about else None


def _short(text: str) -> str | None:
    words = words_of_concern(text)
    return words if words and len(words.split()) <= MOST_WORDS else None
