"""Answers of a model that never was, for tests of what is counted and shown."""

from typing import List, Sequence, Text, Tuple

from nlu.evaluation.outcomes import Asked, AskedSeveral, Parsed, Replayed
from nlu.evaluation.questions import Dialogue, Question, Set, Several, Turn

FIRST = Set("first")


def parsed(*labels: Text, best: Text = "", score: float = 0.5, clarified: bool = False) -> Parsed:
    return Parsed(
        labels[0], labels, best or labels[0], score=score, clarified=clarified, milliseconds=2.0
    )


def asked(
    expected: Text, *labels: Text, of_set: Set = FIRST, text: Text = "", **more: object
) -> Asked:
    return Asked(Question(of_set, text or f"{expected}?", expected), parsed(*labels, **more))


def asked_several(
    answers: Sequence[Sequence[Text]], *labels: Text, of_set: Set = FIRST, text: Text = "several?"
) -> AskedSeveral:
    expected = tuple(tuple(answer) for answer in answers)
    return AskedSeveral(Several(of_set, text, expected), parsed(*labels))


def replayed(
    turns: Sequence[Tuple[Sequence[Text], Sequence[Text]]], of_set: Set = FIRST
) -> Replayed:
    """A dialogue of turns, each the labels expected and those that it got."""
    said: List[Turn] = [
        Turn(f"turn {number}", tuple(expects)) for number, (expects, _) in enumerate(turns, 1)
    ]
    return Replayed(Dialogue(of_set, tuple(said)), tuple(parsed(*got) for _, got in turns))
