"""Understands what is typed instead of pressing one of the buttons of `did you mean`."""

from __future__ import annotations

import re
from typing import Dict, Optional, Sequence, Text

from nlu.context import Offered

_FILLER = (
    r"(?:(?:yes|yeah|yep|ok|okay|please|pls|i mean|i meant|the|that|this|number|option|no\.?)\W+)*"
)
_TAIL = (
    r"(?:\W+(?:one|question|option|please|pls|choice|thanks|thank you|of (?:these|those|them)))*\W*"
)
_ORDINALS = {
    0: r"(?:1|1st|first|one|a|top)",
    1: r"(?:2|2nd|second|two|b|middle)",
    2: r"(?:3|3rd|third|three|c)",
    -1: r"(?:last|bottom)",
}
_ORDINAL = {
    position: re.compile(rf"\W*{_FILLER}{words}{_TAIL}", re.IGNORECASE)
    for position, words in _ORDINALS.items()
}
_YES = re.compile(
    r"\W*(?:y|ye|yes|yeah|yep|yup|ya|yea|sure|correct|exactly|right|that'?s (?:it|right|the one)"
    r"|that(?: one)?|this one|ok|okay|👍)"
    r"(?:\W+(?:please|pls|thanks|thank you|exactly|that one|that|it is))*\W*",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\W*(?:(?:no|nope|nah|not really|n)\W*)?(?:none|neither|nothing|not (?:one|any)|no|nope|nah|n"
    r"|something else|not (?:that|those|these|really|what i (?:mean|meant|asked)))"
    r"(?:\W+(?:of|these|those|them|that|really|sorry|thanks|thank you))*\W*",
    re.IGNORECASE,
)


def chosen(text: Text, offered: Sequence[Offered]) -> Optional[Offered]:
    """The choice that a typed text names, by its place, its title or a yes or no; None otherwise.

    "Yes" to several choices takes the first, which is the closest.
    """
    labelled = [choice for choice in offered if choice.label]
    if not labelled:
        return None
    named = _by_title(offered).get(_plain(text))
    if named:
        return named
    if _NONE.fullmatch(text):
        return next((choice for choice in offered if choice.label is None), None)
    if _YES.fullmatch(text):
        return labelled[0]
    for position, pattern in _ORDINAL.items():
        if pattern.fullmatch(text) and -len(labelled) <= position < len(labelled):
            return labelled[position]
    return None


def _by_title(offered: Sequence[Offered]) -> Dict[Text, Offered]:
    return {_plain(choice.title): choice for choice in offered}


def _plain(text: Text) -> Text:
    return re.sub(r"[\W_]+", " ", text).strip().lower()
