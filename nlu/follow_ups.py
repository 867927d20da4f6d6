"""Reads a message in the light of the last answer: `and how long does that last?`.

Proposes texts that say in full what the message leaves to the conversation; the classifier's
scores decide between them and the message as it stands.
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional, Sequence, Text

from nlu.context import Answered, Mention

# What begins a message without adding to what it asks.
_LEAD = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|oh|ah|hm+|right|great|cool|nice|good|thanks|thank you|thx|ty|yes"
    r"|yeah|no|well|also|then|alright|got it|i see|fine|perfect|lol|wow|sorry|wait)\b\W*)+",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:(?:what|how) about|wh?at abt|what if(?: it'?s| i have| i've got)?|is (?:it|that) the "
    r"same (?:for|with|on)|same (?:for|with|on)|does (?:that|it) (?:go|count|apply) (?:for|to)"
    r"|also|or)\s+(?P<thing>.+)$",
    re.IGNORECASE,
)
_EVEN = re.compile(r"^even\b.", re.IGNORECASE)
_FOR_THING = re.compile(
    r"^(?:(?:for|on|with|in|after|before)\s+)?(?P<thing>[^?]+)\??$", re.IGNORECASE
)
_BARE = re.compile(
    r"^(?:(?:for|from|until|till|since|and|after)\s+)?"
    r"(?:how (?:long|many|often|soon|fast|quick(?:ly)?|far(?: apart)?|much|so)|when|where|who"
    r"|what (?:kind|sort|age)|which(?: ones?)?|at what age|by how much)"
    r"(?:\s+(?:exactly|then|about|roughly|after|afterwards|before|for|of|times|days|weeks|hours|not))*"
    r"\W*$",
    re.IGNORECASE,
)
_IF = re.compile(r"^(?:(?:even|what|but|and|only|also)\s+)*(?:if|though|because)\b.", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:(?:that|this) one|that|this|those|these|they|them|their|its)\b", re.IGNORECASE
)
_IT = re.compile(r"\bit\b", re.IGNORECASE)
# "that" before a noun or a clause points at nothing: "is it true that ...", "this week".
_NOT_POINTING = re.compile(
    r"\b(?:true|said|says|think|heard|know|so|sure|read) that\b"
    r"|\b(?:this|that|these|those) (?:week|month|year|morning|evening|clinic|place|treatment"
    r"|procedure|chat|website|thing)\b",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3}
_ORDINAL = re.compile(
    rf"\bthe (?P<ordinal>{'|'.join(_PLACES)}|last)(?: (?:one|phase|stage|step|part))?\W*$",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?:comes?|happens?|is) before (?:that|it|this)\b", re.IGNORECASE)
_NEXT = re.compile(
    r"\b(?:(?:comes?|happens?|is) (?:next|then)|after (?:that|it|this))\W*$|^(?:then|next)\W*$",
    re.IGNORECASE,
)
# Agrees to an offer, but asks for a reason after an answer.
_WHY_NOT = re.compile(r"^why (?:not|though|tho|so)\W*$", re.IGNORECASE)
WHY = "why is that?"
_VERB = re.compile(
    r"\b(?:is|are|do|does|did|can|could|will|would|should|has|have|i|it)\b", re.IGNORECASE
)
LONGEST_OF_ROW = 6
LONGEST_ELLIPSIS = 6
LONGEST_POINTING = 12


class Candidate(NamedTuple):
    """A text that may say what the message means; its score counts `bias` times.

    A bias of 0 stands in only where the message by itself is not understood. `own`: these are the
    message's own words.
    """

    text: Text
    bias: float
    own: bool = False


SURE, LIKELY, RATHER, EQUAL, LESS_LIKELY, UNLIKELY, IF_NEEDED = 3.0, 1.25, 1.1, 1.0, 0.8, 0.6, 0.0


class Row(NamedTuple):
    """What an answer lists in order, as nouns, and the place of what was spoken of last, if any."""

    nouns: Sequence[Text] = ()
    place: Optional[int] = None


class Topic(NamedTuple):
    """What an answer is about, as a noun: `redness and swelling`.

    `stated`: the FAQ says so, rather than its label; "it" may then well mean that.
    """

    noun: Text
    stated: bool = False


NO_ROW = Row()


def candidates(
    text: Text,
    mentions: List[Mention],
    answered: Answered,
    topic: Topic,
    general: Text,
    row: Row = NO_ROW,
) -> List[Candidate]:
    """What a message may mean after `answered`, the likelier first; none for a question in full.

    Args:
        text: the message.
        mentions: what of the lexicon it mentions.
        answered: the latest question that got an answer.
        topic: what that answer is about.
        general: what a bare "for how long?" asks about where no topic is stated.
        row: what was listed before: `the inflammation phase`, ...
    """
    lead = _LEAD.match(text)
    rest = text[lead.end() :].strip() if lead else text.strip()
    if len(rest.split()) < 2 and not (_BARE.match(rest) or lead is None or rest.endswith("?")):
        lead, rest = None, text.strip()
    listed = _of_row(rest, row)
    if listed:
        return [Candidate(listed, SURE)]
    if _WHY_NOT.match(rest):
        return [Candidate(WHY, SURE)]
    return [*_alone(rest, text), *_in_context(rest, bool(lead), mentions, answered, topic, general)]


def _of_row(rest: Text, row: Row) -> Optional[Text]:
    """`and the second one?` as the noun that it stands for, or `what comes before that?`."""
    if len(rest.split()) > LONGEST_OF_ROW:
        return None
    found = _ORDINAL.search(rest)
    if found:
        word = found.group("ordinal").lower()
        place = len(row.nouns) - 1 if word == "last" else _PLACES.get(word, len(row.nouns))
    elif row.place is not None and (_BEFORE.search(rest) or _NEXT.search(rest)):
        place = row.place - 1 if _BEFORE.search(rest) else row.place + 1
    else:
        return None
    return f"what is {row.nouns[place]}?" if 0 <= place < len(row.nouns) else None


def is_bare(text: Text) -> bool:
    """Whether a text is nothing but a question word: "for how long?", "when?"."""
    return bool(_BARE.match(text.strip()))


def _alone(rest: Text, text: Text) -> List[Candidate]:
    """The message without what it begins with: `good. where are you based?`."""
    return [Candidate(rest, EQUAL, own=True)] if rest != text.strip() else []


def _in_context(
    rest: Text,
    led: bool,
    mentions: List[Mention],
    answered: Answered,
    topic: Topic,
    general: Text,
) -> List[Candidate]:
    if _BARE.match(rest):
        about = topic.noun if topic.stated else general
        return [
            Candidate(f"{_without_mark(rest)} {about}", LIKELY),
            Candidate(_continued(answered, rest), LIKELY if topic.stated else UNLIKELY),
        ]
    if _EVEN.match(rest):
        return [Candidate(_continued(answered, rest), SURE)]
    if _IF.match(rest):
        return [Candidate(_continued(answered, rest), EQUAL)]
    thing = _thing(rest, led, mentions)
    if thing is not None:
        return _about(thing, mentions, answered)
    return _pointing(rest, topic) or ([] if mentions else _short(rest, answered))


def _thing(rest: Text, led: bool, mentions: List[Mention]) -> Optional[Text]:
    """What a message like `what about X?` or `and X?` asks about."""
    about = _ABOUT.match(rest)
    if about:
        return about.group("thing")
    words = rest.split()
    short = len(words) <= LONGEST_ELLIPSIS and not _VERB.search(rest)
    if short and (led or mentions) and not _POINTING.search(rest):
        named = _FOR_THING.match(rest)
        return named.group("thing") if named and (led or rest.endswith("?")) else None
    return None


def _about(thing: Text, mentions: List[Mention], answered: Answered) -> List[Candidate]:
    swapped = _swapped(mentions, answered)
    if swapped:
        return [Candidate(swapped, SURE)]
    return [Candidate(_continued(answered, thing), IF_NEEDED)]


def _swapped(mentions: List[Mention], answered: Answered) -> Optional[Text]:
    """The earlier question about what is mentioned now instead: scars, then wrinkles."""
    for now in mentions:
        before = [m for m in answered.mentions if m.entity == now.entity]
        if before and before[0].text in answered.text:
            return answered.text.replace(before[0].text, now.text, 1)
    return None


def _pointing(rest: Text, topic: Topic) -> List[Candidate]:
    if len(rest.split()) > LONGEST_POINTING or not topic.noun:
        return []
    if _POINTING.search(rest) and not _NOT_POINTING.search(rest):
        spelt_out = _POINTING.sub(topic.noun, rest, count=1)
        return [Candidate(spelt_out, RATHER if topic.stated else UNLIKELY)]
    if topic.stated and _IT.search(rest):
        # Mostly the treatment, which every question is about.
        return [Candidate(_IT.sub(topic.noun, rest, count=1), LESS_LIKELY)]
    return []


def _short(rest: Text, answered: Answered) -> List[Candidate]:
    if len(rest.split()) > LONGEST_ELLIPSIS:
        return []
    return [Candidate(_continued(answered, rest), UNLIKELY)]


def _continued(answered: Answered, text: Text) -> Text:
    return f"{_without_mark(answered.text)} {text}"


def _without_mark(text: Text) -> Text:
    return text.strip().rstrip("?!. ")
