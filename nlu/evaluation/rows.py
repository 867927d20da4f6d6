"""The rows of the tables of numbers: what each says, which way is better, and what is aimed at."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Text

from nlu.evaluation.labels import EMERGENCY, FAQ, ORDINARY, UNANSWERED

MORE = "more"
LESS = "less"


class Row(NamedTuple):
    """A share, found in a set's figures under `kind`; `better` is None where neither way is."""

    title: Text
    kind: Text
    share: Text
    better: Optional[Text] = MORE
    target: Optional[float] = None
    # What it is called away from the row that it is a part of.
    alone: Text = ""

    @property
    def name(self) -> Text:
        return self.alone or self.title

    def is_met(self, value: float) -> Optional[bool]:
        """Whether a value reaches the target; None without one."""
        if self.target is None:
            return None
        return value >= self.target if self.better == MORE else value <= self.target


_SUBJECTS = dict(zip(UNANSWERED, ("Off-topic", "Medical", "Prices"), strict=True))

ROWS: List[Row] = [
    Row("FAQ answered rightly", FAQ, "right", MORE, 0.96),
    Row("  and something beside it", FAQ, "extra", LESS, None, "FAQ answered, and something else"),
    Row("  with the wrong answer", FAQ, "wrong_faq", LESS, 0.015, "FAQ answered wrongly"),
    Row(
        "  taken for something else", FAQ, "other_intent", LESS, None, "FAQ taken for another kind"
    ),
    Row("  asked back", FAQ, "clarified", None),
    Row("  declined", FAQ, "declined", None),
    *[
        Row(f"{name}: not answered", kind, "not_answered", MORE, 0.95)
        for kind, name in _SUBJECTS.items()
    ],
    *[Row(f"{name}: recognised", kind, "right_intent") for kind, name in _SUBJECTS.items()],
    Row("Conversation recognised", "conversation", "right", MORE, 0.95),
    Row("Emergencies recognised", EMERGENCY, "recall", MORE, 0.98),
    Row("False alarms", ORDINARY, "false_alarms", LESS, 0.05),
    Row("Several questions: all right", "several", "right", MORE, 0.80),
    Row(
        "  every part answered", "several", "every_part", MORE, None, "Several: every part answered"
    ),
    Row("  something extra answered", "several", "extra", LESS, None, "Several: something extra"),
    Row("  parts answered", "parts", "answered", MORE, None, "Several: parts answered"),
    Row("One question: kept whole", "single", "kept_whole", MORE, 0.95),
    Row("  answered rightly", "single", "right", MORE, None, "One question: answered rightly"),
    Row("Dialogues right", "dialogues", "right", MORE, 0.80),
    Row("  turns right", "turns", "right", MORE, 0.90, "Turns of dialogues right"),
    Row("  turns after the first right", "later_turns", "right", MORE, None, "Later turns right"),
]

# What is measured on the public benchmarks; shares are of 1, Matthews correlation is at most 1.
BENCH_ROWS: List[Row] = [
    Row("Accuracy with the gate", "bench", "accuracy"),
    Row("Accuracy without the gate", "bench", "accuracy_open"),
    Row("Matthews correlation", "bench", "matthews"),
    Row("Taken for several questions", "bench", "split", LESS),
]
