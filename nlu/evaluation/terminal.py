"""The report in short, for a terminal; the page has the rest."""

from __future__ import annotations

from typing import Any, Dict, List, Text

from nlu.evaluation.report import Report
from nlu.evaluation.rows import LESS, ROWS, Row

WORST_SHOWN = 6
MESSAGES_SHOWN = 2
NAME_WIDTH = 32
CELL_WIDTH = 9


def table(report: Report) -> Text:
    lines = [f"Model {report.model}, gate at {report.gate.get('threshold', 0.0):.3f}", ""]
    lines += _shares(report)
    times = report.milliseconds
    lines.append("")
    lines.append(f"A message takes {times['median']} ms (median), {times['p95']} ms (95 of 100).")
    lines += [_bench(one) for one in report.bench.get("results", [])]
    lines += _confusions(report)
    if report.compared:
        lines += _compared(report.compared)
    lines += [f"\nNote: {note}" for note in report.notes]
    return "\n".join(lines)


def _shares(report: Report) -> List[Text]:
    """A column for each set; `of` is what all of them asked."""
    sets = [*report.sets.items(), ("all", report.total)]
    heads = [*(name for name, _ in sets), "of", "target"]
    lines = [
        " " * NAME_WIDTH + "".join(f"{head[: CELL_WIDTH - 1]:>{CELL_WIDTH}}" for head in heads)
    ]
    for row in ROWS:
        if row.share in report.total.get(row.kind, {}):
            cells = [_cell(row, figures) for _, figures in sets]
            cells += [str(report.total[row.kind]["n"]), _target(row)]
            line = f"{row.title:{NAME_WIDTH}}" + "".join(f"{cell:>{CELL_WIDTH}}" for cell in cells)
            lines.append(line.rstrip())
    return lines


def _cell(row: Row, figures: Dict[Text, Any]) -> Text:
    found = figures.get(row.kind, {})
    return f"{found[row.share]:.1%}" if row.share in found else "-"


def _target(row: Row) -> Text:
    if row.target is None:
        return ""
    return f"{'<' if row.better == LESS else '>'}= {100 * row.target:g}%"


def _bench(one: Dict[Text, Any]) -> Text:
    return (
        f"{one['name']}: accuracy {one['accuracy']:.4f} with the gate, {one['accuracy_open']:.4f} "
        f"without; Matthews {one['matthews']:.4f}; trains in {one['train_seconds']:.1f} s, "
        f"{one['milliseconds']:.1f} ms a message"
    )


def _confusions(report: Report) -> List[Text]:
    lines = ["", "Confused most often:"] if report.confusions else []
    for pair in report.confusions[:WORST_SHOWN]:
        lines.append(f"  {pair['count']} x {pair['expected']} taken for {pair['got']}")
        lines += [f"      {message}" for message in pair["messages"][:MESSAGES_SHOWN]]
    return lines


def _compared(compared: Dict[Text, Any]) -> List[Text]:
    better, worse, newly_right, newly_wrong = (
        len(compared[what]) for what in ("better", "worse", "newly_right", "newly_wrong")
    )
    return [
        "",
        f"Against {compared['model']}: {better} numbers better, {worse} worse; "
        f"{newly_right} messages newly right, {newly_wrong} newly wrong.",
    ]
