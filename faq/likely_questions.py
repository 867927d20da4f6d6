"""Questions that visitors may ask about a passage, by patterns; staff rewrite them.

They start from what is said ("You can wear make-up after a day") and ask for it ("can I wear
make-up after a day"). Nothing is made up: every content word is the passage's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from re import Match

MOST = 8
MOST_WORDS = 14
LONGEST_NAME = 5  # words of a heading that other questions are built around

_ASKS = re.compile(
    r"^(what|how|why|when|where|who|which|can|could|do|does|did|is|are|am|will|would|should|may|"
    r"has|have)\b",
    re.I,
)
_SWAPPED = {
    "you": "I",
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
    "we": "you",
    "our": "your",
    "ours": "yours",
    "us": "you",
    "you're": "I'm",
    "you've": "I've",
    "you'll": "I'll",
}
_PRONOUN = re.compile(r"\b(" + "|".join(sorted(_SWAPPED, key=len, reverse=True)) + r")\b", re.I)
# Where "you" is spoken of, not to: "it makes you sleepy" is "does it make me sleepy".
_OBJECT = re.compile(
    r"\b(makes?|gives?|helps?|lets?|for|to|with|of|from|tells?|shows?|suits?|leaves?|keeps?|on|around)"
    r" you\b",
    re.I,
)
_WHEN = re.compile(r"^(before|after|during)\s", re.I)
_CLAUSE_ENDS = re.compile(
    r"\s*(?:[,;:(–—]|\bbecause\b|\bso that\b|\balthough\b|\bwhich\b|\bbut\b).*$"
)

_DURATION = re.compile(r"\b(minutes?|hours?|days?|weeks?|months?|years?)\b", re.I)
_LASTS = re.compile(r"\b(lasts?|last for|settles?|fades?|goes? away|heals?|recover\w*)\b", re.I)
_TAKES = re.compile(r"\b(takes?|needs?|spends?|sessions? of|an appointment)\b", re.I)
_PRICE = re.compile(r"[£$€]\s?\d|\b\d+\s?(?:dollars|pounds|euros|per cent|percent|%)", re.I)
_HURTS = re.compile(r"\b(pain\w*|hurts?|sting\w*|uncomfortable|discomfort|sore|tender)\b", re.I)

_YOU = re.compile(
    r"^(?:.*?,\s*)?you (can|may|should|must|need to|have to|will|could)\s+(not\s+)?(.+)$", re.I
)
_AVOID = re.compile(r"^(?:please\s+)?(?:avoid|do not|don't|never)\s+(.+)$", re.I)
_IF_YOU = re.compile(r"^if you (are|have|had|take|use|get|feel|want|were|'re)\s+([^,]+),", re.I)
_SUBJECT = re.compile(
    r"^((?:the|a|an|this|these|most|some|your|our)?\s?(?:[\w'-]+\s){1,4}?)"
    r"(is|are|can|may|will|should|does|do)\s+(.+)$",
    re.I,
)


def likely_questions(heading: str, sentences: Sequence[str]) -> tuple[str, ...]:
    """Ways to ask about a passage under this heading, those after its sentences last."""
    found: dict[str, str] = {}
    for question in [*_of_heading(heading), *_of_all(heading, sentences)]:
        words = " ".join(question.split()).rstrip(" .,;:!?")
        key = re.sub(r"[^\w]", "", words.casefold())
        if key and 1 <= len(words.split()) <= MOST_WORDS:
            found.setdefault(key, words)
    return tuple(found.values())[:MOST]


def likely_title(heading: str) -> str:
    """A question for a button."""
    if is_question(heading):
        return heading.rstrip("?. ") + "?"
    about = "" if _WHEN.match(heading) else "about "
    return f"What should I know {about}{_swapped(_inside(heading))}?"


def is_question(text: str) -> bool:
    return text.rstrip().endswith("?") or (bool(_ASKS.match(text)) and len(text.split()) > 2)


def _of_heading(heading: str) -> Iterator[str]:
    if is_question(heading):
        yield heading
        return
    name = _swapped(_inside(heading))
    if _WHEN.match(heading):
        yield f"what should I know {name}"
        yield f"what happens {name}"
        return
    yield f"what should I know about {name}"
    yield f"tell me about {name}"
    yield name


def _of_all(heading: str, sentences: Sequence[str]) -> Iterator[str]:
    name = "it" if is_question(heading) else _inside(heading)
    if not _WHEN.match(heading) and len(name.split()) <= LONGEST_NAME:
        yield from _of_facts(_swapped(name), " ".join(sentences))
    for sentence in sentences:
        yield from _of_sentence(sentence.strip())


def _of_facts(name: str, text: str) -> Iterator[str]:
    if _PRICE.search(text) and re.search(r"\b(prices?|costs?|fees?)\b", name):
        yield "how much does it cost"
    elif _PRICE.search(text):
        yield f"how much is {name}"
    if _DURATION.search(text) and _TAKES.search(text):
        yield f"how long does {name} take"
    if _DURATION.search(text) and _LASTS.search(text):
        yield f"how long does {name} last"
    if _HURTS.search(text):
        yield f"does {name} hurt"


def _of_sentence(sentence: str) -> Iterator[str]:
    if sentence.endswith("?"):
        yield sentence
        return
    condition = _IF_YOU.match(sentence)
    if condition:
        yield _swapped(f"what if you {condition[1]} {condition[2]}")
    told = _YOU.match(sentence)
    if told:
        yield _asked_of_you(told)
        return
    avoid = _AVOID.match(sentence)
    if avoid:
        doing = _plain_form(avoid[1])
        avoided = avoid[0].lower().startswith(("avoid", "please avoid")) and doing == avoid[1]
        yield _swapped(_clause(f"should you avoid {doing}" if avoided else f"can you {doing}"))
        return
    said = _SUBJECT.match(sentence)
    # A number in what is said of something is the answer itself.
    if said and not re.search(r"\d", said[3]) and not _PRONOUN_SUBJECT.match(said[1].strip()):
        yield _swapped(f"{said[2].lower()} {_inside(said[1].strip())} {_clause(said[3])}")


_PRONOUN_SUBJECT = re.compile(
    r"^(it|this|that|they|these|those|he|she|there|if|when|as|for)\b", re.I
)


def _asked_of_you(told: Match[str]) -> str:
    verb, rest = told[1].lower(), _clause(told[3])
    if verb in ("need to", "have to"):
        return _swapped(f"do you {verb} {rest}")
    return _swapped(f"{verb} you {rest}")


def _plain_form(words: str) -> str:
    """ "wearing make-up" is "wear make-up"; other words stay as they are."""
    first, _, rest = words.partition(" ")
    if first.endswith("ing") and len(first) > 5:
        stem = first[:-3]
        stem = (
            stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "ls" else stem
        )
        stem += "e" if stem[-1] in "vsc" or stem.endswith(("tak", "mak", "us", "smok")) else ""
        return f"{stem} {rest}"
    return words


def _clause(words: str) -> str:
    """Up to where the next thought begins."""
    return _CLAUSE_ENDS.sub("", words.rstrip(" ."))


def _swapped(words: str) -> str:
    """As the visitor would say it: "your skin" is "my skin"."""
    words = _OBJECT.sub(r"\1 me", words)
    swapped = _PRONOUN.sub(lambda match: _SWAPPED[match[1].lower()], words)
    return re.sub(r"\bI are\b", "I am", swapped)


def _inside(heading: str) -> str:
    """As it stands inside a sentence: "Numbing cream" is "numbing cream", "LED light" stays."""
    words = heading.strip(" .:!").split()
    if not words:
        return ""
    first = words[0]
    if first == "A" or (first[0].isupper() and first[1:].islower()):
        words[0] = first.lower()
    return " ".join(words)
