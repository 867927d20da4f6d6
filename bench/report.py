"""The figures of a run, and how they are shown."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass
class Speed:
    """Medians over the repetitions: messages a second, and milliseconds an answer."""

    per_second: float
    p50: float
    p95: float
    p99: float
    failures: int

    @classmethod
    def of(cls, loads: list[str]) -> Speed:
        """From the JSON that each repetition of a load printed."""
        read = [json.loads(text) for text in loads]
        return cls(
            per_second=median(load["messages"] / load["seconds"] for load in read),
            p50=median(percentile(load["latencies"], 50) for load in read),
            p95=median(percentile(load["latencies"], 95) for load in read),
            p99=median(percentile(load["latencies"], 99) for load in read),
            failures=sum(load["failures"] for load in read),
        )


@dataclass
class Figures:
    """What one candidate was measured to need; `speeds` by the number of visitors."""

    name: str
    training: float
    started: float = 0.0
    memory: float = 0.0
    speeds: dict[int, Speed] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def table(candidates: list[Figures]) -> str:
    """All candidates side by side, and each one's ratios to the first."""
    first, *others = candidates
    rows = [["", *(figures.name for figures in candidates)]]
    rows.append(["training, s", *(f"{figures.training:.0f}" for figures in candidates)])
    rows.append(["start to first answer, s", *(f"{each.started:.1f}" for each in candidates)])
    rows.append(["memory, MB", *(f"{figures.memory:.0f}" for figures in candidates)])
    for visitors in first.speeds:
        speeds = [figures.speeds[visitors] for figures in candidates]
        told = f"{visitors} visitor{'s' if visitors > 1 else ''}"
        rows.append([f"{told}: messages/s", *(f"{speed.per_second:.0f}" for speed in speeds)])
        latencies = (f"{speed.p50:.0f} / {speed.p95:.0f} / {speed.p99:.0f}" for speed in speeds)
        rows.append([f"{told}: p50/p95/p99, ms", *latencies])
        rows.append([f"{told}: failures", *(str(speed.failures) for speed in speeds)])
    lines = aligned(rows)
    return "\n".join([*lines, "", *(_ratios(first, other) for other in others)])


def aligned(rows: list[list[str]]) -> list[str]:
    """The rows as lines: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines


def _ratios(first: Figures, other: Figures) -> str:
    said = [
        f"training {first.training / other.training:.1f}x as fast",
        f"start {first.started / other.started:.1f}x as fast",
        f"memory {other.memory / first.memory:.2f}x",
    ]
    for visitors, speed in other.speeds.items():
        base = first.speeds[visitors]
        said.append(
            f"{visitors} at once: {speed.per_second / base.per_second:.1f}x the messages/s, "
            f"p95 {speed.p95 / base.p95:.2f}x"
        )
    return f"{other.name} against {first.name}: " + "; ".join(said) + "."
