"""What a label's name says: `bench/card_arrival` -> "card arrival"."""

from __future__ import annotations

import re
from collections import Counter
from typing import Dict, Iterable, Text

from nlu.ranking import within_intent

# "cardArrival" is two words.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]{2,}")


def names_of(labels: Iterable[Text]) -> Dict[Text, Text]:
    """The words of each label that has some of its own, by label.

    Numbers and single letters are no words, and a name that is left the same for several labels
    (`class_1`, `class_2`) tells nothing of any of them.
    """
    names = {label: _words(label) for label in labels}
    shared = Counter(names.values())
    return {label: name for label, name in names.items() if name and shared[name] == 1}


def _words(label: Text) -> Text:
    own = within_intent(label)
    return " ".join(_WORD.findall(_HUMP.sub(" ", own))).lower()
