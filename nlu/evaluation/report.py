"""A report: the numbers, and the messages that may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Text

from nlu.evaluation.figures import Figures, confusions, figures, milliseconds
from nlu.evaluation.outcomes import Answers, Asked, AskedSeveral, Parsed, Replayed
from nlu.evaluation.questions import Set


@dataclass
class Report:
    """What is known of a model; everything in it is JSON.

    `messages`, `several` and `dialogues` hold what was asked and may be shown: held-out sets are
    left out of them, and of `confusions`.
    """

    model: Text
    gate: Dict[Text, float]
    sets: Dict[Text, Figures] = field(default_factory=dict)
    total: Figures = field(default_factory=dict)
    held_out: List[Text] = field(default_factory=list)
    milliseconds: Dict[Text, float] = field(default_factory=dict)
    confusions: List[Dict[Text, Any]] = field(default_factory=list)
    messages: List[Dict[Text, Any]] = field(default_factory=list)
    several: List[Dict[Text, Any]] = field(default_factory=list)
    dialogues: List[Dict[Text, Any]] = field(default_factory=list)
    notes: List[Text] = field(default_factory=list)


def report_on(
    model: Text, gate: Dict[Text, float], answers: Answers, show_held_out: bool = False
) -> Report:
    shown = answers if show_held_out else answers.without_held_out()
    sets = _sets(answers)
    return Report(
        model=model,
        gate=gate,
        sets={of_set.name: figures(answers.of_set(of_set.name)) for of_set in sets},
        total=figures(answers),
        held_out=[of_set.name for of_set in sets if of_set.held_out],
        milliseconds=milliseconds(answers),
        confusions=confusions(shown.questions),
        messages=[_message(one) for one in shown.questions],
        several=[_several(one) for one in shown.several],
        dialogues=[_dialogue(one) for one in shown.dialogues],
    )


def _sets(answers: Answers) -> List[Set]:
    found = {one.question.set for one in answers.questions}
    found |= {one.message.set for one in answers.several}
    return sorted(found | {one.dialogue.set for one in answers.dialogues})


def _message(one: Asked) -> Dict[Text, Any]:
    return {
        "set": one.question.set.name,
        "text": one.question.text,
        "expected": one.question.expected,
        "right": one.right,
        **_parsed(one.parsed),
    }


def _several(one: AskedSeveral) -> Dict[Text, Any]:
    return {
        "set": one.message.set.name,
        "text": one.message.text,
        "answers": [list(answer) for answer in one.message.answers],
        "got": list(one.parsed.labels),
        "right": one.right,
        "every_part": one.every_part,
        "extra": one.extra,
    }


def _dialogue(one: Replayed) -> Dict[Text, Any]:
    turns = zip(one.dialogue.turns, one.parsed, one.turns_right, strict=True)
    return {
        "set": one.dialogue.set.name,
        "right": one.right,
        "turns": [
            {
                "user": turn.user,
                "expects": list(turn.expects),
                "got": list(parsed.labels),
                "right": right,
            }
            for turn, parsed, right in turns
        ],
    }


def _parsed(parsed: Parsed) -> Dict[Text, Any]:
    return {
        "got": list(parsed.labels),
        "best": parsed.best,
        "score": round(parsed.score, 4),
        "clarified": parsed.clarified,
    }
