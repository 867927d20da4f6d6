"""Tells a message that needs urgent help from one that only sounds like it.

The lexicon of the training data helps the classifier's score: what it lists as certain decides
alone, what it lists as evidence lowers the bar, and what it lists as calm raises it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Text

from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.clauses import asks
from nlu.context import mentions_in
from nlu.ranking import Ranked, Ranking, base_intent

# "I'm not suicidal", "does anyone ever faint": some words may stand between.
_DENIED = re.compile(
    r"\b(?:no|not|never|without|nor|didn'?t|don'?t have|haven'?t|hasn'?t|isn'?t)"
    r"\s+(?:(?!i\b|my\b)\w+\s+){0,2}$"
    r"|\b(?:ever|could i|can i|can it|can you|might i|would i|will i|do people|does anyone|if i)"
    r"\s+(?:(?!i\b|my\b)\w+\s+){0,4}$",
    re.IGNORECASE,
)


class Signs(NamedTuple):
    """What of the lexicon a message says: as it is written there."""

    certain: Sequence[Text] = ()
    evidence: Sequence[Text] = ()
    calm: Sequence[Text] = ()


@dataclass(frozen=True)
class Urgency:
    """Which intents are urgent, which entities are signs, and how sure it must be (0 to 1)."""

    # intents that are never passed over, wherever in a message they are said
    urgent: FrozenSet[Text] = frozenset()
    # entities that decide alone
    certain: FrozenSet[Text] = frozenset()
    # entities without which what is urgent must be all the clearer
    evidence: FrozenSet[Text] = frozenset()
    # entities of what is told as slight or passing
    calm: FrozenSet[Text] = frozenset()
    # with evidence: the confidence from which it is urgent, and its share of the best label's
    from_confidence: float = 0.03
    share: float = 0.1
    # without: it is the best label, with this confidence, or more where the message asks
    statement: float = 0.6
    question: float = 0.9
    # said calmly, it is the best label, with this confidence, and with that without evidence
    calm_with_evidence: float = 0.6
    calm_without: float = 0.95

    @classmethod
    def from_config(cls, config: Dict[Text, Any]) -> Urgency:
        """From the options `urgent`, `urgent_certain`, `urgent_evidence` and `urgent_calm`."""
        return cls(
            frozenset(config["urgent"]),
            frozenset(config["urgent_certain"]),
            frozenset(config["urgent_evidence"]),
            frozenset(config["urgent_calm"]),
        )

    def signs_of(self, message: Message) -> Signs:
        text = message.get(TEXT)
        found = mentions_in(text, message.get(ENTITIES, []))

        def said(kinds: FrozenSet[Text]) -> List[Text]:
            return [mention.text for mention in found if mention.entity in kinds]

        certain = said(self.certain)
        denied = [sign for sign in certain if _DENIED.search(text[: text.index(sign)])]
        sure = [sign for sign in certain if sign not in denied]
        return Signs(sure, [*said(self.evidence), *denied, *sure], said(self.calm))

    def find(self, text: Text, ranking: Ranking, signs: Signs) -> Optional[Ranked]:
        """The urgent label that a text deserves; None where it deserves none."""
        urgent = next((r for r in ranking if base_intent(r.label) in self.urgent), None)
        if urgent is None:
            return None
        here = Signs(*([sign for sign in of_kind if sign in text] for of_kind in signs))
        if here.certain or self._is_clear(text, urgent, ranking[0], here):
            return urgent
        return None

    def _is_clear(self, text: Text, urgent: Ranked, best: Ranked, signs: Signs) -> bool:
        evident = bool(signs.evidence) or not self.evidence
        if evident and not signs.calm:
            return urgent.confidence >= max(self.from_confidence, self.share * best.confidence)
        if signs.calm:
            bar = self.calm_with_evidence if evident else self.calm_without
        else:
            bar = self.question if asks(text) else self.statement
        return urgent == best and urgent.confidence >= bar


NO_SIGNS = Signs()
NOTHING_URGENT = Urgency()
