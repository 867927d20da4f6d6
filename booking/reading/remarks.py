"""Tell what a message asks from what it says, and words that say nothing by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from booking.reading.mentions import MONTH, READ, WEEKDAY

Span = tuple[int, int]

QUESTION_WORD = r"(?:what|wat|how|why|when|where|who|which|whose)(?:'?s|'?re)?"
AUXILIARY = (
    r"(?:is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|might|has|have|had"
    r"|isn't|aren't|don't|doesn't|can't|won't)"
)
SUBJECT = (
    r"(?:i|it|you|u|we|they|he|she|there|this|that|these|those|the|my|your|a|an|any|anyone|people"
    r"|microneedling|one)"
)
OPENING = r"(?:and|but|also|oh|ok|okay|so|plus|or|btw|by\s+the\s+way|hi|hello|hey|wait|well|um)"
ASKED = re.compile(
    rf"(?:^|(?<=[.?!,;:\n{READ}])|(?<=\s-)|(?=\b{OPENING}\b))\s*(?:{OPENING}\b[\s,]*)*"
    rf"(?P<question>(?:{QUESTION_WORD}\b|{AUXILIARY}\s+(?:not\s+)?{SUBJECT}\b"
    r"|tell\s+me\b|i\s+wonder\b|i'm\s+wondering\b|any\s+idea\b)[^.?!\n]*[?!]*)"
    # "sophie grant does it hurt", but not "i want to do it"
    r"|(?<=\s)(?P<inverted>(?:(?:is|does|can|could|will|would|should|may)\s+it"
    r"|(?:is|are|do|does|did|can|could|will|would|should|may)\s+(?:i|you|u|we|they|there))\b"
    r"[^.?!\n]*[?!]*)",
    re.I,
)
NEXT_QUESTION = re.compile(
    rf"\s+(?:and|but|or|also|plus)\s+(?={QUESTION_WORD}\b|{AUXILIARY}\s+{SUBJECT}\b)", re.I
)
# Words that people put before and behind what they say.
TALK = (
    r"(?:and|or|but|also|so|oh|ah|um+|uh+|hm+|well|ok|okay|k|yes|yeah|yep|no|nope|sure|hi|hiya|hello"
    r"|hey|thanks?|thank\s+you|thx+|ty|cheers|please|pls|sorry|oops|wait|actually|just|cool|great|nice"
    r"|perfect|right|alright|lol|haha+|you|your|ur|u|a|are|is|it|that|this|the|very|much|lifesaver"
    r"|best|star|not|instead|then|now|all|good|looks|fine|correct|that's|i|i'm|im|do|don'?t|agree"
    r"|send|submit|confirm|make|change|move|resume|continue|booking|request|contact|better|rather)"
)
# ... but "not sure" is an answer.
ONLY_TALK = re.compile(rf"(?!.*\bnot\s+(?:\w+\s+)?sure)\W*(?:{TALK}\b\W*)+", re.I)
ONLY_WHEN = re.compile(
    rf"\W*(?:(?:{TALK}|{WEEKDAY}s?|{MONTH}|next|this|coming|last|on|at|in|of|for|from|to|till|until"
    r"|after|before|by|around|about|between|early|late|any|every|all|some|week(?:end|day)?s?|days?"
    r"|months?|today|tonight|tom+or+ow|tmrw|mornings?|afternoons?|evenings?|lunch\s?time|noon|midday"
    r"|anytime|any\s+time|whenever|asap|soon|christmas|easter|best|better|works?|fine|good|ish|am|pm"
    r"|o'clock|(?:\d+[.:/]?)+(?:st|nd|rd|th|am|pm|h|ish)?|(?:first|second|third)|me|would|be|maybe)"
    r"\b\W*)+",
    re.I,
)
NAMES_TIME = re.compile(
    rf"\d|\b(?:{WEEKDAY}s?|week(?:end|day)?s?|days?|months?|today|tonight|tom+or+ow|tmrw|mornings?"
    r"|afternoons?|evenings?|noon|midday|asap|anytime|any\s+time|whenever|christmas|easter)\b",
    re.I,
)


REMARK = re.compile(
    r"\b(?:i|i'm|you|he|hes|he's|she|shes|she's|they|we|told|is|was|name)\b|^(?:with|who|like|not|by\s+the\s+way)\b",
    re.I,
)


def questions_in(text: str) -> list[Span]:
    """The places in `text` that ask something, each question for itself."""
    return [span for match in ASKED.finditer(text) for span in _each(text, *_ended(match))]


def _ended(match: re.Match[str]) -> Span:
    """A list goes on behind the comma of what only begins like a question: "can i come, Ana"."""
    start, end = match.span("question" if match["question"] else "inverted")
    words = match.string[start:end]
    comma = re.search(r"[,;]", words)
    if comma and (READ in words or not words.endswith("?")):
        end = start + comma.start()
    return start, end


def _each(text: str, start: int, end: int) -> Iterator[Span]:
    """ "does it hurt and can i book" asks twice."""
    for joint in NEXT_QUESTION.finditer(text, start, end):
        yield start, joint.start()
        start = joint.end()
    yield start, end


def says_only_when(text: str) -> bool:
    """Whether `text` names a day or a time and nothing else: "before christmas", "saturday?"."""
    return bool(NAMES_TIME.search(text) and ONLY_WHEN.fullmatch(text))


def is_remark(text: str) -> bool:
    """Whether `text` speaks of somebody rather than naming a thing: "she's 17", "with one n"."""
    return REMARK.search(text) is not None


def says_nothing(text: str) -> bool:
    """Whether `text` is but talk: "ok thanks", "thx ur a lifesaver"."""
    return not any(map(str.isalnum, text)) or ONLY_TALK.fullmatch(text) is not None
