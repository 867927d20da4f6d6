"""Splits a message into what may be questions of their own: `does it hurt and how long am i red`.

Splitting is generous, as it only proposes: whether the parts are questions of their own is for
the classifier's scores to say (nlu.questions).
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Sequence, Text, Tuple

# More clauses than anyone asks in a message; what follows stays with the last.
MOST_CLAUSES = 6
# Words up to which a piece between commas counts as a keyword: "downtime, pain, price".
KEYWORD_WORDS = 3

_SUBJECT = (
    r"(?:i|it|you|u|ya|we|they|he|she|there|this|that|these|those|the|my|your|ur|a|an|any|anyone"
    r"|people|someone|everyone|microneedling|results?|treatments?|sessions?|most|all|one|skin)"
)
_AUX = (
    r"(?:is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|might|must|has|have"
    r"|isn'?t|aren'?t|don'?t|doesn'?t|can'?t|won'?t|r)"
)
_WH = (
    r"(?:(?:at|from|to|for|in|by|until|since) )?"
    r"(?:what|wat|wot|wut|how|hw|when|why|where|which|who|whose)"
)
# Inside a clause only an auxiliary before a pronoun makes a question: "i have a rash" is none.
_INVERTED = (
    r"(?:is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|might|isn'?t|aren'?t"
    r"|don'?t|doesn'?t|can'?t|won'?t)\s+(?:it|i|you|u|ya|we|they|he|she|there|this|that)"
)
_ASK = (
    r"(?:tell me|explain|what about|how about|(?:i(?:'?m| am|'?d| would)?|was|also|just) "
    r"(?:want to know|like to know|need to know|wondering|wonder|curious)|wondering|any (?=\w)"
    r"|book me|can i book|whether )"
)
_QUESTION_START = rf"(?:{_WH}(?:'?s|'?re)?\b|{_AUX}\s+(?:not\s+)?{_SUBJECT}\b|{_ASK})"
# After a mark or a conjunction any word may be the subject: "and will needling ...".
_LOOSE_START = r"(?:is|are|do|does|did|can|could|will|would|should)\s+\w+\s+\w+"
_STATEMENT_START = (
    r"(?:(?:i|we|he|she|they|it)(?:'?m|'?ve|'?d|'?s|'?re|'?ll)?"
    r"|(?:my|his|her|our|the|this|that|there|some|lots of|a lot of|a few)(?:'s)?)\s+\w+"
)
_CONJUNCTION = (
    r"(?:and|also|plus|but|then|so|nd|n|as well as|oh|btw|ps|cos|bc|because|first|second"
    r"|secondly|lastly|finally|another thing)"
)
# Where a clause may begin: after a mark or a conjunction, at what looks like its first words.
_JOINT = re.compile(
    rf"(?P<mark>\s*[,;&+/]\s*|\s+-+\s+|\s*\.\.+\s*|\s+)(?P<words>(?:{_CONJUNCTION}\b[\s,]*)*)"
    rf"(?P<start>(?=(?P<question>{_QUESTION_START})|(?P<loose>{_LOOSE_START})"
    rf"|(?P<statement>{_STATEMENT_START})))",
    re.IGNORECASE,
)
_ASKING = re.compile(
    rf"\?|^\W*(?:(?:{_CONJUNCTION}|hi|hello|hey|ok|okay|please|pls|sorry|well"
    rf"|roughly|about|exactly|actually|just)\W+)*{_QUESTION_START}"
    rf"|^\W*{_LOOSE_START}|[:;,]\s*{_QUESTION_START}"
    rf"|\b{_INVERTED}\b|\b(?:{_WH} (?:to|long|much|many|often|soon|old))\b|\b{_ASK}",
    re.IGNORECASE,
)
_VERB_OF_QUESTION = re.compile(
    rf"\b{_AUX}\b|\b(?:what|how|who|where)'?s\b|\b(?:what|how) about\b|\b{_ASK}", re.IGNORECASE
)
# A clause that ends like this goes on: "tell me | what it is", "how long | does it last".
_UNFINISHED = re.compile(
    r"(?:\b(?:tell me|explain|know|wonder(?:ing)?|ask(?:ing)?|say|see|if|whether|about|of|to|for"
    r"|with|than|is|are|the|a|my|long|much|many|often|soon|what|how|when|why|where|which|who|whose|and|or"
    r"|please|pls|curious|understand|sure|idea|question|questions|like|on|in|at|after|before|until"
    r"|can|could|will|would|should|must|may|do|does|did|have|has|had|got|there|be"
    r"|till|while|think|said|says|depending|that|as))\W*$",
    re.IGNORECASE,
)
# Even before a mark or a conjunction this goes on.
_OPEN = re.compile(
    r"\b(?:tell me|explain|know|wonder(?:ing)?|ask(?:ing)?|or|not only|between)\W*$",
    re.IGNORECASE,
)
_EDGES = re.compile(rf"^(?:[\s,;&+/.-]+|{_CONJUNCTION}\b[\s,]+)+|[\s,;&+/-]+$", re.IGNORECASE)
# An address or a number needs no mark behind it: "ana@example.com does it hurt".
_CONTACT_AT_END = re.compile(r"(?:\S@\S+\.\w+|(?:\d[\s().-]*){6,}\d)$")
# ... but "ana@example.com is my address" goes on.
_SAYS_WHOSE = re.compile(
    r"(?:is|are|was|would|will|should) (?!it\b|there\b|you\b|i\b)", re.IGNORECASE
)
_PIECES = re.compile(r"\s*(?:[,;/&+]|\band\b|\bplus\b|\bn\b)\s*", re.IGNORECASE)


# "three things: 1) does it hurt 2) how long am i red"
_NUMBERED = re.compile(r"(?:^|\s+)\(?[1-5][).:]\s+")


class Clause(NamedTuple):
    """A stretch of a message: its words, whether it asks, whether it is but a keyword."""

    text: Text
    asks: bool
    keyword: bool = False


def clauses_of(sentences: Sequence[Text]) -> List[Clause]:
    """The clauses of a message's sentences, in order."""
    points = [point for sentence in sentences for point in _NUMBERED.split(sentence) if point]
    found = [clause for sentence in points for clause in _clauses_of_sentence(sentence)]
    if not any(clause.asks for clause in found):
        # "Downtime. Pain." asks as well as "downtime? pain?" does.
        found = [clause._replace(asks=_is_short(clause.text)) for clause in found]
    if len(found) <= MOST_CLAUSES:
        return found
    rest = found[MOST_CLAUSES - 1 :]
    last = Clause(" ".join(clause.text for clause in rest), any(c.asks for c in rest))
    return [*found[: MOST_CLAUSES - 1], last]


def _clauses_of_sentence(sentence: Text) -> List[Clause]:
    texts = _split(sentence)
    if len(texts) > 1:
        return [Clause(text, asks(text)) for text in texts]
    pieces = keywords_of(sentence)
    if pieces:
        return [Clause(piece, True, keyword=True) for piece in pieces]
    words = _trimmed(sentence)
    asking = asks(sentence)
    return [Clause(words, asking, _is_short(words) and not asking)] if words else []


def _is_short(text: Text) -> bool:
    return len(text.split()) <= KEYWORD_WORDS


def _split(sentence: Text) -> List[Text]:
    bounds: List[Tuple[int, int]] = []
    begin = 0
    for match in _JOINT.finditer(sentence):
        left = sentence[begin : match.start()]
        if _begins_clause(left, match, sentence[match.start("start") :]):
            bounds.append((begin, match.start()))
            begin = match.start("start")
    bounds.append((begin, len(sentence)))
    texts = [_trimmed(sentence[first:last]) for first, last in bounds]
    return [text for text in texts if text]


def _begins_clause(left: Text, match: re.Match[Text], right: Text) -> bool:
    words = left.split()
    if not words or len(right.split()) < 2 or _OPEN.search(left):
        return False
    after_contact = bool(_CONTACT_AT_END.search(left)) and not _SAYS_WHOSE.match(right)
    joined = bool(match.group("words") or match.group("mark").strip() or after_contact)
    if not joined and _UNFINISHED.search(left):
        return False
    if match.group("question"):
        # Without any mark, only a question that is whole already can be followed by another.
        return joined or (len(words) >= 3 and asks(left) and _is_whole_question(left, right))
    return joined and (bool(match.group("loose")) or len(words) >= 2)


def _is_whole_question(left: Text, right: Text) -> bool:
    if not re.match(rf"(?:{_WH}(?:'?s|'?re)?\b|{_INVERTED}\b)", right, re.IGNORECASE):
        return False  # "can people with eczema do microneedling": one question
    if re.match(
        r"(?:when|where|which|who|what|why|how) (?!is|are|do|does|can|long|much|many|often"
        r"|soon|will|should|about|old)\w",
        right,
        re.IGNORECASE,
    ):
        return False  # "does it hurt when you do it": one question
    return bool(_VERB_OF_QUESTION.search(left))


def asks(text: Text) -> bool:
    """Whether a clause has the form of a question."""
    return bool(_ASKING.search(text))


def keywords_of(sentence: Text) -> List[Text]:
    """The pieces of a list of keywords (`downtime, pain and price`); none when it is no list."""
    if asks(sentence.rstrip("?! .")):
        return []
    pieces = [piece for piece in _PIECES.split(_trimmed(sentence).strip("?!. ")) if piece]
    short = all(len(piece.split()) <= KEYWORD_WORDS for piece in pieces)
    return pieces if len(pieces) > 1 and short else []


def _trimmed(text: Text) -> Text:
    return _EDGES.sub("", text.strip()).strip()
