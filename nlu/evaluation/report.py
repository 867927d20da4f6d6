"""A report: the numbers, and the messages that may be shown. Everything in it is JSON."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Text

from nlu.evaluation.certainty import calibration, coverage_and_risk
from nlu.evaluation.figures import Figures, by_faq, confusions, figures, milliseconds
from nlu.evaluation.labels import EMERGENCY, ORDINARY, UNANSWERED
from nlu.evaluation.outcomes import Answers, Asked, AskedSeveral, Replayed

# Raised when an older report can no longer be compared with.
FORMAT = 1


@dataclass
class Report:
    """What is known of a model. Shares are of 1.

    `messages`, `several` and `dialogues` hold what was asked and may be shown. Held-out sets are
    left out of them, and of what tells of single messages or labels: `faqs`, `confusions`, `safety`
    and `answered_wrongly`.
    """

    model: Text
    gate: Dict[Text, Any]
    written: Text = ""
    sets: Dict[Text, Figures] = field(default_factory=dict)
    total: Figures = field(default_factory=dict)
    # What each set asked, as a checksum: numbers of other questions are no better and no worse.
    asked: Dict[Text, Text] = field(default_factory=dict)
    held_out: List[Text] = field(default_factory=list)
    held_out_shown: bool = False
    milliseconds: Dict[Text, float] = field(default_factory=dict)
    curve: Dict[Text, Any] = field(default_factory=dict)
    calibration: Dict[Text, Any] = field(default_factory=dict)
    faqs: List[Dict[Text, Any]] = field(default_factory=list)
    confusions: List[Dict[Text, Any]] = field(default_factory=list)
    safety: Dict[Text, List[Dict[Text, Any]]] = field(default_factory=dict)
    answered_wrongly: List[Dict[Text, Any]] = field(default_factory=list)
    bench: Dict[Text, Any] = field(default_factory=dict)
    compared: Optional[Dict[Text, Any]] = None
    notes: List[Text] = field(default_factory=list)
    messages: List[Dict[Text, Any]] = field(default_factory=list)
    several: List[Dict[Text, Any]] = field(default_factory=list)
    dialogues: List[Dict[Text, Any]] = field(default_factory=list)
    format: int = FORMAT


def report_on(
    model: Text,
    gate: Dict[Text, Any],
    answers: Answers,
    titles: Optional[Dict[Text, Text]] = None,
    show_held_out: bool = False,
) -> Report:
    """The report on what a model answered; `titles` are those of the FAQs that it knows."""
    shown = answers if show_held_out else answers.without_held_out()
    messages = [_message(one) for one in shown.questions]
    sets = answers.sets()
    return Report(
        model=model,
        gate=gate,
        sets={of_set.name: figures(answers.of_set(of_set.name)) for of_set in sets},
        total=figures(answers),
        asked={of_set.name: _checksum(answers.of_set(of_set.name)) for of_set in sets},
        held_out=[of_set.name for of_set in sets if of_set.held_out],
        held_out_shown=show_held_out,
        milliseconds=milliseconds(answers),
        curve=coverage_and_risk(answers.questions),
        calibration=calibration(answers.questions),
        faqs=by_faq(shown.questions, titles or {}),
        confusions=confusions(shown.questions),
        safety=_safety(messages),
        answered_wrongly=[
            message
            for message, one in zip(messages, shown.questions, strict=True)
            if message["expected"] in UNANSWERED and one.answered
        ],
        messages=messages,
        several=[_several(one) for one in shown.several],
        dialogues=[_dialogue(one) for one in shown.dialogues],
    )


def _checksum(answers: Answers) -> Text:
    lines = [f"{one.question.text}\t{one.question.expected}" for one in answers.questions]
    lines += [f"{one.message.text}\t{one.message.answers}" for one in answers.several]
    lines += [str([tuple(turn) for turn in one.dialogue.turns]) for one in answers.dialogues]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _safety(messages: Sequence[Dict[Text, Any]]) -> Dict[Text, List[Dict[Text, Any]]]:
    """Emergencies that were missed, and ordinary after-effects or other messages taken for one."""
    alarms = [one for one in messages if EMERGENCY in one["got"] and one["expected"] != EMERGENCY]
    return {
        "missed": [one for one in messages if one["expected"] == EMERGENCY and not one["right"]],
        "false_alarms": [one for one in alarms if one["expected"] == ORDINARY],
        "other_alarms": [one for one in alarms if one["expected"] != ORDINARY],
    }


def _message(one: Asked) -> Dict[Text, Any]:
    return {
        "set": one.question.set.name,
        "text": one.question.text,
        "expected": one.question.expected,
        "got": list(one.parsed.labels),
        "best": one.parsed.best,
        "score": round(one.parsed.score, 4),
        "clarified": one.parsed.clarified,
        "right": one.right,
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
