"""Brings a message to the form that the encoder and the n-grams see, in training and use."""

from __future__ import annotations

import re
import unicodedata
from typing import Dict, Pattern, Text

# "sooooo" -> "soo": three or more of one letter carry no more than two.
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SPACES = re.compile(r"\s+")


def normalise(text: Text, spellings: Spellings) -> Text:
    """NFKC, typographic quotes made plain, stretched letters shortened, spellings unified, spaces
    folded.
    """
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2018", "'")
    text = _STRETCHED.sub(r"\1\1", text)
    return _SPACES.sub(" ", spellings.unify(text)).strip()


class Spellings:
    """Spelling variants of a term, each replaced by the term: `micro needeling` -> `microneedling`.

    Args:
        variants: canonical term by variant; matched as whole words, whatever the case, longest
        first.
    """

    def __init__(self, variants: Dict[Text, Text]) -> None:
        self.variants = {variant.lower(): term for variant, term in variants.items()}
        self._pattern = self._compile()

    def unify(self, text: Text) -> Text:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self.variants[match.group(0).lower()], text)

    def _compile(self) -> Pattern[Text] | None:
        if not self.variants:
            return None
        longest_first = sorted(self.variants, key=len, reverse=True)
        return re.compile(
            r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.IGNORECASE
        )
