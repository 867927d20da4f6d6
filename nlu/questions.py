"""Decides what a message asks, from the scores of its readings: one question, or several in order.

A split is believed only where each part is understood by itself and the message as a whole is not
understood better: `what do collagen and elastin do` stays one question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, FrozenSet, List, NamedTuple, Optional, Sequence, Text

from nlu.clauses import asks
from nlu.follow_ups import EQUAL, IF_NEEDED, Candidate
from nlu.readings import Readings, Unit, both

MOST_QUESTIONS = 3
RETRIEVAL_DELIMITER = "/"
# Words from which on a part that nothing answers is worth a word of regret.
WORTH_REGRET = 4


class Ranked(NamedTuple):
    """A label with its confidence (0 to 1)."""

    label: Text
    confidence: float


Ranking = Sequence[Ranked]


class Question(NamedTuple):
    """What one question of a message was understood as; `label` None if nothing is good."""

    text: Text
    label: Optional[Text]
    ranking: Ranking


@dataclass(frozen=True)
class Understanding:
    """Which labels play which part; base intents, and confidences of 0 to 1."""

    # what is never passed over, wherever in a message it is said
    urgent: FrozenSet[Text] = frozenset()
    # entities without which what is urgent must be all the clearer
    urgent_evidence: FrozenSet[Text] = frozenset()
    # what counts as a question beside another; all retrieval intents where none is named
    questions: FrozenSet[Text] = frozenset()
    # what a statement beside a question may turn that question into: "I'm pregnant. Is it safe?"
    careful: FrozenSet[Text] = frozenset()
    # what comes after the answers to all other questions, such as opening a form
    last: FrozenSet[Text] = frozenset()
    # confidence from which a message with evidence is urgent, and its share of the best label's
    urgent_from: float = 0.15
    urgent_share: float = 0.45
    # without evidence it has to be the best label, with this confidence, or more where it asks
    urgent_statement: float = 0.6
    urgent_question: float = 0.9
    # how much better the whole must be understood than its parts to stay one question, where the
    # parts are clauses, and where they are but words
    whole_over_clauses: float = 0.15
    whole_over_words: float = 0.05
    # when the second best label is as good as the best: its share of that one's confidence, and
    # the confidence it has at least
    as_good: float = 0.75
    fair: float = 0.35
    # below this a part may be but its neighbour in other words
    weak: float = 0.6
    # how much better a part must be understood with the one it points to than alone
    clearer: float = 0.15
    # from here a thing that is asked about among others is an answer of its own
    sure: float = 0.6


def base_intent(label: Text) -> Text:
    """`faq/downtime` -> `faq`."""
    return label.split(RETRIEVAL_DELIMITER, 1)[0]


class Reader:
    """Reads a message by the scores of its texts.

    Args:
        rank: a text's labels, the best first.
        accepts: whether a confidence is good enough to answer by.
        evidence: what in the message speaks for its being urgent, as it is written there.
    """

    def __init__(
        self,
        rank: Callable[[Text], Ranking],
        accepts: Callable[[float], bool],
        understanding: Understanding,
        evidence: Sequence[Text] = (),
    ) -> None:
        self._rank = rank
        self._accepts = accepts
        self._is = understanding
        self._evidence = evidence

    def read(self, text: Text, readings: Optional[Readings]) -> List[Question]:
        """The message's questions in order, at least one and at most three."""
        whole = self._question(text)
        urgent = self._urgent(whole, bool(self._evidence))
        if urgent is not None or readings is None:
            return [urgent or whole]
        urgent = self._urgent_part(readings)
        if urgent is not None:
            return [urgent]
        meant = self._in_context(whole, readings)
        if meant is not whole:
            return [meant]
        return self._several(whole, readings) or self._undecided(whole, readings) or [whole]

    def _question(self, text: Text) -> Question:
        ranking = self._rank(text)
        accepted = bool(ranking) and self._accepts(ranking[0].confidence)
        # What is urgent has bars of its own.
        if accepted and base_intent(ranking[0].label) not in self._is.urgent:
            return Question(text, ranking[0].label, ranking)
        return Question(text, None, ranking)

    def _urgent_part(self, readings: Readings) -> Optional[Question]:
        """A part that is urgent; that needs evidence, as a fragment may sound like anything."""
        for text in readings.texts():
            if any(sign in text for sign in self._evidence):
                urgent = self._urgent(self._question(text), evident=True)
                if urgent is not None:
                    return urgent
        return None

    def _urgent(self, question: Question, evident: bool) -> Optional[Question]:
        """The question as an urgent one, if it is; what is said must be the clearer without
        evidence, where evidence is known of at all.
        """
        found = (r for r in question.ranking if base_intent(r.label) in self._is.urgent)
        urgent = next(found, None)
        if urgent is None:
            return None
        if evident or not self._is.urgent_evidence:
            best = question.ranking[0].confidence
            enough = urgent.confidence >= max(self._is.urgent_from, self._is.urgent_share * best)
        else:
            bar = self._is.urgent_question if asks(question.text) else self._is.urgent_statement
            enough = urgent == question.ranking[0] and urgent.confidence >= bar
        return (
            Question(question.text, urgent.label, _first(urgent, question.ranking))
            if enough
            else None
        )

    def _in_context(self, whole: Question, readings: Readings) -> Question:
        """The message, or what it means in the light of the last answer."""
        best, standing = whole, _confidence(whole) if whole.label else 0.0
        for candidate in readings.follow_ups:
            meant = self._question(candidate.text)
            if meant.label is None:
                continue
            asked = self._counts(meant.label) or meant.label in readings.continuations
            if not (asked or candidate.own):
                continue
            if not self._may_replace(whole, candidate):
                continue
            worth = _confidence(meant) * (candidate.bias or 1.0)
            if worth > standing:
                best, standing = meant, worth
        return best

    def _may_replace(self, whole: Question, candidate: Candidate) -> bool:
        """What is understood as thanks or a yes needs no guess at what else it could mean."""
        if whole.label is None:
            return True
        return candidate.bias > (IF_NEEDED if self._counts(whole.label) else EQUAL)

    def _several(self, whole: Question, readings: Readings) -> List[Question]:
        found: List[Question] = []
        by_words = False
        ones = self._of_units(readings.units)
        for one, unit, variants in zip(ones, readings.units, readings.variants, strict=True):
            spoken_of = self._of_variants(one, variants)
            by_words = by_words or unit.keyword or len(spoken_of) > 1
            found += spoken_of
        known = _distinct([part for part in found if part.label and self._counts(part.label)])
        if not known:
            return []
        if len(known) == 1:
            return self._with_regret(whole, known, found)
        margin = self._is.whole_over_words if by_words else self._is.whole_over_clauses
        mean = sum(map(_confidence, known)) / len(known)
        if whole.label and _confidence(whole) > mean + margin:
            return [whole]
        return self._with_regret(None, known, found)

    def _undecided(self, whole: Question, readings: Readings) -> List[Question]:
        """Two answers that fit a message with an "and" or "or" in it as well as each other."""
        if not readings.joined or len(whole.ranking) < 2:
            return []
        first, second = whole.ranking[:2]
        close = second.confidence >= self._is.as_good * first.confidence
        if not close or second.confidence < self._is.fair:
            return []
        if not (self._counts(first.label) and self._counts(second.label)):
            return []
        return [
            Question(whole.text, ranked.label, _first(ranked, whole.ranking))
            for ranked in (first, second)
        ]

    def _of_units(self, units: Sequence[Unit]) -> List[Question]:
        """A question for each unit; one that only goes on with its neighbour's is that one."""
        ones = [self._of_unit(unit) for unit in units]
        for i, unit in enumerate(units[1:], start=1):
            together = self._question(both(units[i - 1], unit))
            if together.label is None:
                continue
            if unit.leans and self._is_clearer(together, ones[i]):
                ones[i] = ones[i - 1] if together.label == ones[i - 1].label else together
                continue
            weaker, stronger = sorted((i - 1, i), key=lambda k: _confidence(ones[k]))
            if together.label == ones[stronger].label and self._is_weak(ones[weaker], together):
                ones[weaker] = ones[stronger]
        return ones

    def _is_clearer(self, together: Question, alone: Question) -> bool:
        by = _confidence(together) - _confidence(alone)
        return by >= (0.0 if alone.label is None else self._is.clearer)

    def _is_weak(self, one: Question, together: Question) -> bool:
        confidence = _confidence(one)
        return one.label is None or confidence < min(self._is.weak, _confidence(together))

    def _of_unit(self, unit: Unit) -> Question:
        """The unit's own question; with what is said around it where that makes a difference."""
        alone = self._question(unit.text)
        if not unit.context:
            return alone
        in_context = self._question(unit.whole)
        if in_context.label is None:
            return alone
        if alone.label in (None, in_context.label) or self._makes_careful(unit, in_context):
            return max(
                alone, in_context, key=lambda q: (q.label == in_context.label, _confidence(q))
            )
        return alone

    def _makes_careful(self, unit: Unit, in_context: Question) -> bool:
        return unit.conditional or base_intent(str(in_context.label)) in self._is.careful

    def _of_variants(self, one: Question, variants: Sequence[Sequence[Text]]) -> List[Question]:
        """The things that a unit asks about, when each is an answer of its own; the unit else."""
        each = [max(map(self._question, forms), key=_confidence) for forms in variants]
        labels = {question.label for question in each}
        if len(each) < 2 or None in labels or len(labels) < 2:
            return [one]
        if min(map(_confidence, each)) < self._is.sure:
            return [one]
        if not all(self._counts(str(label)) for label in labels):
            return [one]
        mean = sum(map(_confidence, each)) / len(each)
        return [one] if one.label and _confidence(one) > mean + self._is.whole_over_words else each

    def _with_regret(
        self, whole: Optional[Question], known: List[Question], found: List[Question]
    ) -> List[Question]:
        """Parts that nothing answers are owned up to, once, after those that are answered."""
        if whole is not None and whole.label is not None:
            return [whole]
        missing = [q for q in found if q.label is None and len(q.text.split()) >= WORTH_REGRET]
        room = MOST_QUESTIONS - 1 if missing else MOST_QUESTIONS
        return [*sorted(known[:room], key=self._comes_last), *missing[:1]]

    def _comes_last(self, question: Question) -> bool:
        return base_intent(str(question.label)) in self._is.last

    def _counts(self, label: Text) -> bool:
        if not self._is.questions:
            return RETRIEVAL_DELIMITER in label
        return base_intent(label) in self._is.questions


def _confidence(question: Question) -> float:
    return question.ranking[0].confidence if question.ranking else 0.0


def _first(ranked: Ranked, ranking: Ranking) -> Ranking:
    return [ranked, *(other for other in ranking if other != ranked)]


def _distinct(questions: Sequence[Question]) -> List[Question]:
    first = {question.label: question for question in reversed(questions)}
    return sorted(first.values(), key=questions.index)
