"""The report in short, for a terminal."""

from __future__ import annotations

from typing import Any, Dict, List, Text, Tuple

from nlu.evaluation.labels import EMERGENCY, FAQ, ORDINARY, UNANSWERED
from nlu.evaluation.report import Report

WORST_SHOWN = 8
MESSAGES_SHOWN = 2
NAME_WIDTH = 32
CELL_WIDTH = 15

# Title, kind of question and share of each row.
ROWS: List[Tuple[Text, Text, Text]] = [
    ("FAQ answered rightly", FAQ, "right"),
    ("  with something beside it", FAQ, "extra"),
    ("  with the wrong answer", FAQ, "wrong_faq"),
    ("  taken for something else", FAQ, "other_intent"),
    ("  asked back", FAQ, "clarified"),
    ("  declined", FAQ, "declined"),
    *[(f"{label}: not answered", label, "not_answered") for label in UNANSWERED],
    *[(f"{label}: recognised", label, "right_intent") for label in UNANSWERED],
    ("Conversation recognised", "conversation", "right"),
    ("Emergencies recognised", EMERGENCY, "recall"),
    ("False alarms", ORDINARY, "false_alarms"),
    ("Several questions: all right", "several", "right"),
    ("  every part answered", "several", "every_part"),
    ("  something extra answered", "several", "extra"),
    ("  parts answered", "parts", "answered"),
    ("One question: kept whole", "single", "kept_whole"),
    ("  answered rightly", "single", "right"),
    ("Dialogues right", "dialogues", "right"),
    ("  turns right", "turns", "right"),
    ("  turns after the first right", "later_turns", "right"),
]


def table(report: Report) -> Text:
    sets = [*report.sets.items(), ("all", report.total)]
    lines = [f"Model {report.model}, gate at {report.gate.get('threshold', 0.0):.3f}", ""]
    lines.append(" " * NAME_WIDTH + "".join(f"{name:>{CELL_WIDTH}}" for name, _ in sets))
    for title, kind, share in ROWS:
        if any(share in figures.get(kind, {}) for _, figures in sets):
            cells = "".join(_cell(figures.get(kind, {}), share) for _, figures in sets)
            lines.append(f"{title:{NAME_WIDTH}}{cells}")
    times = report.milliseconds
    lines.append("")
    lines.append(f"A message takes {times['median']} ms (median), {times['p95']} ms (95 of 100).")
    if report.confusions:
        lines += ["", "Confused most often:"]
    for pair in report.confusions[:WORST_SHOWN]:
        lines.append(f"  {pair['count']} x {pair['expected']} taken for {pair['got']}")
        lines += [f"      {message}" for message in pair["messages"][:MESSAGES_SHOWN]]
    lines += [f"\nNote: {note}" for note in report.notes]
    return "\n".join(lines)


def _cell(figures: Dict[Text, Any], share: Text) -> Text:
    if share not in figures:
        return f"{'-':>{CELL_WIDTH}}"
    return f"{figures[share]:.1%} of {figures['n']:>4}".rjust(CELL_WIDTH)
