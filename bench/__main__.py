"""`python -m bench [--quick]`: stock Rasa, our Rasa, all of Needlepoint; its booking database; how
soon what staff save is live; and how visitors fare while models are swapped.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench import booking, publishing, teaching
from bench.candidates import ours_alone, ours_whole, stock, trained_ours, trained_stock
from bench.processes import ROOT, BenchFailed, Server, load
from bench.report import Figures, Speed, table
from faq.rasa_project import EvaluationFailed, RasaMissing, TrainingFailed

RESULTS = ROOT / "bench" / "results"


class Plan(NamedTuple):
    """How much is asked: messages of each visitor, by how many there are at once."""

    messages: dict[int, int]
    repetitions: int
    warm_up: int


FULL = Plan({1: 100, 10: 40, 50: 12}, repetitions=3, warm_up=10)
QUICK = Plan({1: 3, 3: 2}, repetitions=1, warm_up=1)


def measure(figures: Figures, candidate: AbstractContextManager[Server], plan: Plan) -> Figures:
    """Start the candidate, put it under load and weigh it afterwards."""
    say(f"{figures.name}: starting")
    with candidate as server:
        figures.started = server.started
        load(server, 2, plan.warm_up)
        for visitors, messages in plan.messages.items():
            say(f"{figures.name}: {visitors} at once")
            loads = [load(server, visitors, messages) for _ in range(plan.repetitions)]
            figures.speeds[visitors] = Speed.of(loads)
        figures.memory = server.memory()
    return figures


def bench(plan: Plan, with_stock: bool) -> list[Figures]:
    """Measure one candidate after the other; none runs while another is measured."""
    with tempfile.TemporaryDirectory(prefix="needlepoint-bench-") as temporary:
        folder = Path(temporary)
        measured = []
        if with_stock:
            say("stock Rasa: training (once; kept in .bench-cache)")
            project, seconds = trained_stock()
            measured.append(measure(Figures("stock Rasa", seconds), stock(project, folder), plan))
        say("ours: training")
        seconds = trained_ours(folder)
        measured.append(measure(Figures("our Rasa", seconds), ours_alone(folder), plan))
        measured.append(measure(Figures("Needlepoint", seconds), ours_whole(folder), plan))
    return measured


def keep(
    measured: list[Figures],
    booked: list[booking.Figures],
    taught: list[teaching.Figures],
    published: list[publishing.Figures],
) -> Path:
    """Write the figures as JSON into bench/results."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "candidates": [figures.as_dict() for figures in measured],
        "booking": [figures.as_dict() for figures in booked],
        "teaching": [figures.as_dict() for figures in taught],
        "publishing": [figures.as_dict() for figures in published],
    }
    file = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return file


def bench_teaching(with_stock: bool, quick: bool) -> int:
    """Measure teaching alone; returns the exit code."""
    try:
        taught = teaching.bench(with_stock, quick)
    except (BenchFailed, RasaMissing, TrainingFailed, EvaluationFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    file = keep([], [], taught, [])
    print(f"{teaching.told(taught)}\n\nKept in {file.relative_to(ROOT)}.")
    return 0


def say(text: str) -> None:
    print(f"  {text} ...", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a handful of messages, to try it out")
    parser.add_argument("--without-stock", action="store_true", help="measure Needlepoint only")
    parser.add_argument("--teaching", action="store_true", help="from save to live only")
    given = parser.parse_args()
    if given.teaching:
        return bench_teaching(not given.without_stock, given.quick)
    try:
        measured = bench(QUICK if given.quick else FULL, not given.without_stock)
        say("booking: free times and bookings")
        booked = booking.bench(booking.QUICK if given.quick else booking.FULL)
        taught = teaching.bench(not given.without_stock, given.quick)
        say("publishing while visitors talk")
        published = publishing.bench(publishing.QUICK if given.quick else publishing.FULL)
    except (BenchFailed, RasaMissing, TrainingFailed, EvaluationFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    file = keep(measured, booked, taught, [published])
    print(table(measured))
    print("\n“Needlepoint” is all its processes together, asked over the chat API.")
    print(f"\n{booking.told(booked)}\n")
    print(f"{teaching.told(taught)}\n")
    print(f"{publishing.told(published)}\n")
    print(f"Kept in {file.relative_to(ROOT)}.")
    failed = any(speed.failures for each in measured for speed in each.speeds.values())
    return 1 if failed or published.failures else 0


if __name__ == "__main__":
    sys.exit(main())
