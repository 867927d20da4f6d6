"""Decides what a message asks, from the scores of its readings: one question, or several in order.

A split is believed only where each part is understood by itself and the message as a whole is not
understood better: `what do collagen and elastin do` stays one question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, FrozenSet, List, NamedTuple, Optional, Sequence, Text

from nlu.clauses import asks
from nlu.follow_ups import EQUAL, IF_NEEDED, RATHER, Candidate
from nlu.ranking import RETRIEVAL_DELIMITER, Ranking, base_intent, put_first
from nlu.readings import Readings, Unit, both
from nlu.urgency import NO_SIGNS, NOTHING_URGENT, Signs, Urgency

MOST_QUESTIONS = 3
# Words from which on a part that nothing answers is worth a word of regret.
WORTH_REGRET = 4


class Question(NamedTuple):
    """What one question of a message was understood as; `label` None if nothing is good."""

    text: Text
    label: Optional[Text]
    ranking: Ranking


@dataclass(frozen=True)
class Understanding:
    """Which labels play which part; base intents, and confidences of 0 to 1."""

    # what counts as a question beside another; all retrieval intents where none is named
    questions: FrozenSet[Text] = frozenset()
    # what a statement beside a question may turn that question into: "I'm pregnant. Is it safe?"
    careful: FrozenSet[Text] = frozenset()
    # what comes after the answers to all other questions, such as opening a form
    last: FrozenSet[Text] = frozenset()
    # how much better the whole must be understood than its parts to stay one question, where the
    # parts are clauses, and where they are but words
    whole_over_clauses: float = 0.25
    whole_over_words: float = 0.05
    # when the second best label is as good as the best: its share of that one's confidence, and
    # the confidence it has at least
    as_good: float = 0.75
    fair: float = 0.35
    # how much a text that stands in for what is not understood counts
    needed: float = 0.7
    # below this a part may be but its neighbour in other words
    weak: float = 0.4
    weak_referring: float = 0.85
    # how much less well two parts that are one question may be understood together
    dilution: float = 0.1
    # the share of the gate's bar that is enough for one of several parts
    leniency: float = 0.8
    # how much better a part must be understood with the one it points to than alone
    clearer: float = 0.15
    # from here a statement is a wish: "I'd like to book", not "if I come in on Tuesday"
    wished: float = 0.9
    # from here what a message begins with says what it sets out to do
    certain: float = 0.6
    # from here a thing that is asked about among others is an answer of its own
    sure: float = 0.6


class Reader:
    """Reads a message by the scores of its texts.

    Args:
        rank: a text's labels, the best first.
        accepts: whether a confidence is good enough to answer by.
        urgency: what counts as urgent.
        signs: what in the message speaks for or against that.
    """

    def __init__(
        self,
        rank: Callable[[Text], Ranking],
        accepts: Callable[[float], bool],
        understanding: Understanding,
        urgency: Urgency = NOTHING_URGENT,
        signs: Signs = NO_SIGNS,
    ) -> None:
        self._rank = rank
        self._accepts = accepts
        self._is = understanding
        self._urgency = urgency
        self._signs = signs

    def read(self, text: Text, readings: Optional[Readings]) -> List[Question]:
        """The message's questions in order, at least one and at most three."""
        urgent = self._urgent(text) or (readings and self._urgent_part(readings))
        if urgent:
            return [urgent]
        whole = self._question(text)
        if readings is None:
            return [whole]
        meant = self._in_context(whole, readings)
        if meant is not whole:
            return [meant]
        return self._several(whole, readings) or self._undecided(whole, readings) or [whole]

    def asked_in(self, readings: Readings) -> List[Question]:
        """Each clause that asks, with what it is understood as, whatever the message comes to."""
        ones = self._of_units(readings.units)
        return [
            one._replace(text=unit.text)
            for one, unit in zip(ones, readings.units, strict=True)
            if asks(unit.text) and not unit.keyword
        ]

    def _question(self, text: Text, leniently: bool = False) -> Question:
        """A text's question; one of several in a message is let through `leniently`."""
        ranking = self._rank(text)
        bar = self._is.leniency if leniently else 1.0
        accepted = bool(ranking) and self._accepts(ranking[0].confidence / bar)
        # What is urgent has bars of its own.
        if accepted and base_intent(ranking[0].label) not in self._urgency.urgent:
            return Question(text, ranking[0].label, ranking)
        return Question(text, None, ranking)

    def _urgent(self, text: Text) -> Optional[Question]:
        ranking = self._rank(text)
        urgent = self._urgency.find(text, ranking, self._signs)
        return Question(text, urgent.label, put_first(urgent, ranking)) if urgent else None

    def _urgent_part(self, readings: Readings) -> Optional[Question]:
        """A part that is urgent; that needs evidence, as a fragment may sound like anything."""
        telling = (t for t in readings.texts() if any(s in t for s in self._signs.evidence))
        return next((urgent for text in telling if (urgent := self._urgent(text))), None)

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
            if not self._may_replace(whole, candidate, readings):
                continue
            worth = _confidence(meant) * (candidate.bias or self._is.needed)
            if worth > standing and self._accepts(worth):
                best, standing = meant, worth
        return best

    def _may_replace(self, whole: Question, candidate: Candidate, readings: Readings) -> bool:
        """What is understood as thanks or a yes needs no guess at what else it could mean."""
        if whole.label is None:
            return True
        if self._counts(whole.label):
            return candidate.bias > IF_NEEDED
        return candidate.bias > (EQUAL if whole.label in readings.continuations else RATHER)

    def _several(self, whole: Question, readings: Readings) -> List[Question]:
        opened = self._opened(readings)
        if opened is not None:
            return [opened]
        found: List[Question] = []
        by_words = False
        ones = self._of_units(readings.units)
        for one, unit, variants in zip(ones, readings.units, readings.variants, strict=True):
            spoken_of = self._of_variants(one, variants, unit.points)
            if len(spoken_of) == 1 and self._says_nothing(unit):
                spoken_of = self._of_variants(one, unit.things, unit.points)
            by_words = by_words or unit.keyword or (len(spoken_of) > 1 and not unit.points)
            found += spoken_of
        found += [q for q in map(self._question, readings.statements) if self._is_wish(q)]
        known = _distinct([part for part in found if part.label and self._counts(part.label)])
        if not known:
            return []
        if len(known) == 1:
            return [whole] if whole.label else self._with_regret(known, found)
        margin = self._is.whole_over_words if by_words else self._is.whole_over_clauses
        mean = sum(map(_confidence, known)) / len(known)
        if whole.label and _confidence(whole) > mean + margin:
            return [whole]
        return self._with_regret(known, found)

    def _opened(self, readings: Readings) -> Optional[Question]:
        """What a message sets out to do, when it only adds to that: "book me in, Ann, pores"."""
        beginnings = [readings.opening, *(unit.text for unit in readings.units)]
        questions = [self._question(text) for text in beginnings if text]
        set_out = [q for q in questions if q.label and base_intent(q.label) in self._is.last]
        if not set_out or _confidence(set_out[0]) < self._is.certain:
            return None
        others = [unit for unit in readings.units if asks(unit.text) and not unit.keyword]
        also_asked = [unit for unit in others if unit.text not in {q.text for q in set_out}]
        return None if any(set_out[0].text not in u.text for u in also_asked) else set_out[0]

    def _undecided(self, whole: Question, readings: Readings) -> List[Question]:
        """Two answers that fit a message with an "and" or "or" in it as well as each other."""
        several = readings.joined or len(readings.units) > 1
        if not several or len(whole.ranking) < 2:
            return []
        first, second = whole.ranking[:2]
        close = second.confidence >= self._is.as_good * first.confidence
        if not close or second.confidence < self._is.fair:
            return []
        if not (self._counts(first.label) and self._counts(second.label)):
            return []
        return [
            Question(whole.text, ranked.label, put_first(ranked, whole.ranking))
            for ranked in (first, second)
        ]

    def _of_units(self, units: Sequence[Unit]) -> List[Question]:
        """A question for each unit; one that only goes on with its neighbour's is that one."""
        ones = [self._of_unit(unit, leniently=len(units) > 1) for unit in units]
        for i, unit in enumerate(units[1:], start=1):
            together = self._question(both(units[i - 1], unit))
            if together.label is None:
                continue
            if unit.leans and self._is_clearer(together, ones[i]):
                ones[i] = ones[i - 1] if together.label == ones[i - 1].label else together
                continue
            weaker, stronger = sorted((i - 1, i), key=lambda k: _confidence(ones[k]))
            refers = weaker == i and unit.refers
            if self._is_repeated(ones[weaker], ones[stronger], together, refers):
                ones[weaker] = ones[stronger]
        return ones

    def _is_clearer(self, together: Question, alone: Question) -> bool:
        by = _confidence(together) - _confidence(alone)
        return by >= (0.0 if alone.label is None else self._is.clearer)

    def _is_repeated(
        self, weaker: Question, stronger: Question, together: Question, refers: bool
    ) -> bool:
        """Whether two parts are one question: together they are understood as well as one alone.

        The weaker one may be less weak where it `refers` to the stronger one before it.
        """
        weak = self._is.weak_referring if refers else self._is.weak
        if together.label != stronger.label or _confidence(weaker) >= weak:
            return False
        return _confidence(together) >= _confidence(stronger) - self._is.dilution

    def _of_unit(self, unit: Unit, leniently: bool) -> Question:
        """The unit's own question; with what is said around it where that makes a difference."""
        alone = self._question(unit.text, leniently)
        if not unit.context:
            return alone
        in_context = self._question(unit.whole, leniently=unit.conditional)
        if in_context.label is None:
            return alone
        if self._says_nothing(unit) or self._makes_careful(unit, in_context):
            return in_context
        if alone.label == in_context.label:
            return max(alone, in_context, key=_confidence)
        return in_context if self._is_clearer(in_context, alone) else alone

    def _says_nothing(self, unit: Unit) -> bool:
        """Whether a clause lives on what is said around it: "can it help with those?"."""
        label = self._question(unit.text, leniently=True).label
        return unit.points or label is None or not self._counts(label)

    def _makes_careful(self, unit: Unit, in_context: Question) -> bool:
        return unit.conditional or base_intent(str(in_context.label)) in self._is.careful

    def _of_variants(
        self, one: Question, variants: Sequence[Sequence[Text]], all_meant: bool
    ) -> List[Question]:
        """The things that a unit asks about, when each is an answer of its own; the unit else.

        `all_meant`: the unit says that it means all of them ("both").
        """
        each = [max(map(self._question, forms), key=_confidence) for forms in variants]
        labels = {question.label for question in each}
        if len(each) < 2 or None in labels or len(labels) < 2:
            return [one]
        if min(map(_confidence, each)) < self._is.sure:
            return [one]
        if not all(self._counts(str(label)) for label in labels):
            return [one]
        if all_meant:
            return each
        mean = sum(map(_confidence, each)) / len(each)
        return [one] if one.label and _confidence(one) > mean + self._is.whole_over_words else each

    def _with_regret(self, known: List[Question], found: List[Question]) -> List[Question]:
        """Parts that nothing answers are owned up to, once, after those that are answered."""
        missing = [question for question in found if self._is_regretted(question, known)]
        room = MOST_QUESTIONS - 1 if missing else MOST_QUESTIONS
        regret = [question._replace(label=None) for question in missing[:1]]
        return [*sorted(known[:room], key=self._comes_last), *regret]

    def _is_regretted(self, question: Question, known: Sequence[Question]) -> bool:
        """Whether it is a question in full that is about something else than the others."""
        unanswered = question.label is None or RETRIEVAL_DELIMITER in question.label
        if question in known or not unanswered or len(question.text.split()) < WORTH_REGRET:
            return False
        guess = question.ranking[0].label if question.ranking else None
        return question.text.endswith("?") and guess not in {one.label for one in known}

    def _is_wish(self, question: Question) -> bool:
        """Whether a statement asks for something all the same: "I'd like to book"."""
        return self._comes_last(question) and _confidence(question) >= self._is.wished

    def _comes_last(self, question: Question) -> bool:
        return base_intent(str(question.label)) in self._is.last

    def _counts(self, label: Text) -> bool:
        if not self._is.questions:
            return RETRIEVAL_DELIMITER in label
        return base_intent(label) in self._is.questions


def _confidence(question: Question) -> float:
    return question.ranking[0].confidence if question.ranking else 0.0


def _distinct(questions: Sequence[Question]) -> List[Question]:
    first = {question.label: question for question in reversed(questions)}
    return sorted(first.values(), key=questions.index)
