"""What a model made of messages, and whether that was right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any, Dict, List, Optional, Sequence, Text, Tuple

from nlu.evaluation.labels import (
    EMERGENCY,
    FALLBACK,
    FAQ,
    ORDINARY,
    best_response,
    comparable,
    full_label,
    is_faq,
    meets,
    own_label,
)
from nlu.evaluation.questions import Alternatives, Dialogue, Question, Set, Several
from nlu.parse_data import QUESTIONS


@dataclass(frozen=True)
class Parsed:
    """What the model made of a message.

    `label` is the message's own, `labels` those of its questions, in order (the own one where it is
    one question); `best` would be its label if the gate were open, by `score` (0 to 1).
    """

    label: Text
    labels: Tuple[Text, ...]
    best: Text
    best_faq: Optional[Text] = None
    score: float = 0.0
    clarified: bool = False
    milliseconds: float = 0.0


def read_parse(parse_data: Dict[Text, Any], milliseconds: float = 0.0) -> Parsed:
    """What a visitor would be answered by; of all retrieval intents, only FAQs in full."""
    intent = parse_data["intent"]
    name = intent["name"] or FALLBACK
    label = comparable(own_label(parse_data))
    parts = parse_data.get(QUESTIONS) or []
    clarify = parse_data.get("gate", {}).get("clarify", 0.0)
    return Parsed(
        label=label,
        labels=tuple(comparable(part_label(part)) for part in parts) or (label,),
        best=comparable(best_label(parse_data)),
        best_faq=best_response(parse_data, FAQ),
        score=intent["confidence"],
        clarified=name == FALLBACK and intent["confidence"] >= clarify > 0,
        milliseconds=milliseconds,
    )


def part_label(part: Dict[Text, Any]) -> Text:
    """The full label of one of several questions."""
    return full_label(part.get("intent"), part.get("intent_response_key"))


def best_label(parse_data: Dict[Text, Any]) -> Text:
    """The full label that scored best, whatever the gate said; `nlu_fallback` if there is none."""
    name = parse_data["intent"]["name"] or FALLBACK
    if name == FALLBACK:
        ranked = [one["name"] for one in parse_data.get("intent_ranking", [])]
        name = next((one for one in ranked if one != FALLBACK), FALLBACK)
    return full_label(name, best_response(parse_data, name))


@dataclass(frozen=True)
class Asked:
    """A question with what became of it."""

    question: Question
    parsed: Parsed

    @property
    def outcome(self) -> Text:
        """For a FAQ's question: right, extra (beside the right one), wrong_faq, other_intent,
        clarified or declined.
        """
        labels = self.parsed.labels
        if self.right:
            return "right"
        if self.question.expected in labels:
            return "extra"
        if any(is_faq(label) for label in labels):
            return "wrong_faq"
        if any(label != FALLBACK for label in labels):
            return "other_intent"
        return "clarified" if self.parsed.clarified else "declined"

    @property
    def right(self) -> bool:
        expected = self.question.expected
        if expected == EMERGENCY:
            return self.parsed.label == EMERGENCY  # the dialogue goes by the message's own
        return all(meets(label, (expected,)) for label in self.parsed.labels)

    @property
    def answered(self) -> bool:
        """Whether any part of the message was taken for a FAQ."""
        return any(is_faq(label) for label in self.parsed.labels)

    @property
    def best_right(self) -> bool:
        """Whether the best label is right, were the gate open."""
        return meets(self.parsed.best, (self.question.expected,))

    @property
    def has_one_label(self) -> bool:
        return self.question.expected != ORDINARY


@dataclass(frozen=True)
class AskedSeveral:
    """A message of several questions with what became of it."""

    message: Several
    parsed: Parsed

    @property
    def right(self) -> bool:
        """Whether the answers are those expected, in order, and no others."""
        labels, answers = self.parsed.labels, self.message.answers
        return len(labels) == len(answers) and all(map(meets, labels, answers))

    @property
    def parts_answered(self) -> int:
        """How many of the questions got an answer of their own, in whatever order."""
        return most_met(self.parsed.labels, self.message.answers)

    @property
    def every_part(self) -> bool:
        return self.parts_answered == len(self.message.answers)

    @property
    def extra(self) -> bool:
        """Whether something was answered that was not asked."""
        answered = [label for label in self.parsed.labels if label != FALLBACK]
        return len(answered) > self.parts_answered

    @property
    def kept_whole(self) -> bool:
        return len(self.parsed.labels) == 1


def most_met(labels: Sequence[Text], answers: Sequence[Alternatives]) -> int:
    """The most answers expected that can be met by a label each."""
    if len(labels) < len(answers):
        pairings = (
            [*zip(labels, chosen, strict=True)] for chosen in permutations(answers, len(labels))
        )
    else:
        pairings = (
            [*zip(chosen, answers, strict=True)] for chosen in permutations(labels, len(answers))
        )
    return max(sum(meets(label, answer) for label, answer in pairing) for pairing in pairings)


@dataclass(frozen=True)
class Replayed:
    """A dialogue with what became of each turn."""

    dialogue: Dialogue
    parsed: Tuple[Parsed, ...]

    @property
    def turns_right(self) -> List[bool]:
        return [
            all(meets(label, turn.expects) for label in parsed.labels)
            for turn, parsed in zip(self.dialogue.turns, self.parsed, strict=True)
        ]

    @property
    def right(self) -> bool:
        return all(self.turns_right)


@dataclass(frozen=True)
class Answers:
    """Everything that a model was asked, with what became of it."""

    questions: Sequence[Asked] = ()
    several: Sequence[AskedSeveral] = ()
    dialogues: Sequence[Replayed] = ()

    def sets(self) -> List[Set]:
        found = {one.question.set for one in self.questions}
        found |= {one.message.set for one in self.several}
        return sorted(found | {one.dialogue.set for one in self.dialogues})

    def of_set(self, name: Text) -> Answers:
        return Answers(
            [one for one in self.questions if one.question.set.name == name],
            [one for one in self.several if one.message.set.name == name],
            [one for one in self.dialogues if one.dialogue.set.name == name],
        )

    def without_held_out(self) -> Answers:
        return Answers(
            [one for one in self.questions if not one.question.set.held_out],
            [one for one in self.several if not one.message.set.held_out],
            [one for one in self.dialogues if not one.dialogue.set.held_out],
        )
