"""Two reports side by side: which numbers got better or worse, and which messages."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Text, Tuple

from nlu.evaluation.rows import BENCH_ROWS, LESS, MORE, ROWS, Row

Reported = Dict[Text, Any]

ALL = "all"
TIME = Row("Milliseconds a message", "milliseconds", "median", LESS)
# Shares closer than this were rounded differently; times vary from run to run.
SAME = 1e-6
SAME_TIME = 0.15


class Number(NamedTuple):
    """A number of a report, and where it stands."""

    where: Text
    row: Row
    value: float

    @property
    def place(self) -> Tuple[Text, Text, Text]:
        return self.where, self.row.kind, self.row.share


def compare(now: Reported, before: Reported) -> Reported:
    """What changed from one report (as JSON) to another of a different model.

    Only what both measured is compared. `changed_sets` asked other questions then, which alone may
    move their numbers; newly right and wrong are messages that both asked, with the same label.
    """
    asked, asked_before = now["asked"], before["asked"]
    same_sets = asked.keys() == asked_before.keys()  # else the sums over all sets are of others
    earlier = {one.place: one for one in _numbers(before)}
    both = [
        (one, earlier[one.place])
        for one in _numbers(now)
        if one.place in earlier and (same_sets or one.where != ALL or one.row is TIME)
    ]
    changes = [_change(*pair) for pair in both]
    right, right_before = _judged(now), _judged(before)
    return {
        "model": before["model"],
        "written": before["written"],
        "better": [change for change in changes if change and change["better"]],
        "worse": [change for change in changes if change and not change["better"]],
        "compared": len(both),
        "changed_sets": sorted(
            name for name in asked if name in asked_before and asked[name] != asked_before[name]
        ),
        "newly_right": _turned(right, right_before, to=True),
        "newly_wrong": _turned(right, right_before, to=False),
    }


def _numbers(report: Reported) -> Iterator[Number]:
    for name, figures in [*report["sets"].items(), (ALL, report["total"])]:
        for row in ROWS:
            found = figures.get(row.kind, {})
            if row.share in found and row.better:
                yield Number(name, row, found[row.share])
    for bench in report["bench"].get("results", []):
        for row in BENCH_ROWS:
            if row.share in bench:
                yield Number(bench["name"], row, bench[row.share])
    times = report["milliseconds"]
    yield Number(ALL, TIME, times["median"])


def _change(now: Number, before: Number) -> Optional[Reported]:
    difference = now.value - before.value
    if abs(difference) <= (SAME_TIME * before.value if now.row is TIME else SAME):
        return None
    return {
        "where": now.where,
        "title": now.row.name,
        "kind": now.row.kind,
        "share": now.row.share,
        "before": before.value,
        "now": now.value,
        "better": (difference > 0) == (now.row.better == MORE),
    }


Judged = Dict[Tuple[Text, ...], Tuple[bool, Reported]]


def _judged(report: Reported) -> Judged:
    """Whether each message was right, by set, words and what it should have got."""
    judged: Judged = {}
    for one in report["messages"]:
        key = ("message", one["set"], one["text"], one["expected"])
        judged[key] = (one["right"], _shown(one, one["text"], one["expected"], one["got"]))
    for one in report["several"]:
        expected = ", ".join(" or ".join(answer) for answer in one["answers"])
        key = ("several", one["set"], one["text"], expected)
        judged[key] = (one["right"], _shown(one, one["text"], expected, one["got"]))
    for one in report["dialogues"]:
        said: List[Text] = []
        for turn in one["turns"]:
            said.append(turn["user"])
            expected = " or ".join(turn["expects"])
            key = ("turn", one["set"], *said, expected)
            judged[key] = (turn["right"], _shown(one, " / ".join(said), expected, turn["got"]))
    return judged


def _shown(one: Reported, text: Text, expected: Text, got: List[Text]) -> Reported:
    return {"set": one["set"], "text": text, "expected": expected, "got": ", ".join(got)}


def _turned(now: Judged, before: Judged, to: bool) -> List[Reported]:
    return [
        {**shown, "before": before[key][1]["got"]}
        for key, (right, shown) in now.items()
        if key in before and right is to and before[key][0] is not to
    ]
