"""Asks a model every question of some folders, tells how it did and keeps a report of it."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Text

from nlu.evaluation.benchmark import bench_fingerprint, read_benches, run_benches
from nlu.evaluation.comparison import compare
from nlu.evaluation.labels import ORDINARY
from nlu.evaluation.page import page
from nlu.evaluation.questions import BadQuestions, Sets, read_sets
from nlu.evaluation.report import Report, report_on
from nlu.evaluation.reports import (
    PAGE_FILE,
    NotWritten,
    earlier_reports,
    keep,
    latest_of_another_model,
    make_folder,
    timestamp,
)
from nlu.evaluation.terminal import table
from nlu.evaluation.understanding import Told, Understanding, ask
from nlu.train import PROJECT, prepare_rasa

QUESTIONS = PROJECT / "tests" / "questions"
REPORTS = PROJECT / "var" / "reports"
# Lies beside the project where it is developed; not part of it.
BENCH = PROJECT.parent / "shared" / "nlu-bench"


class Wanted(NamedTuple):
    """What is to be evaluated, on what.

    Benchmarks of which an earlier report has the same pipeline's numbers are run only if
    `bench_anew`.
    """

    model: Path
    questions: List[Path]
    reports: Path
    bench: Optional[Path] = None
    config: Path = PROJECT / "config.yml"
    show_held_out: bool = False
    bench_anew: bool = False


def evaluate(wanted: Wanted, tell: Told = lambda line: None) -> Report:
    """Asks the model every question of the folders, and the benchmarks of its pipeline.

    Raises:
        BadQuestions: the model or the questions are missing, or not as they should be.
    """
    sets = read_sets(wanted.questions)
    benches = read_benches(wanted.bench) if wanted.bench else []
    with tempfile.TemporaryDirectory() as scratch:
        tell("loading the model")
        understanding = Understanding.load(wanted.model, Path(scratch))
        gate = understanding.gate()  # also warms the graph up
        answers = ask(sets, understanding, tell)
    titles = understanding.titles()
    report = report_on(wanted.model.name, gate, answers, titles, wanted.show_held_out)
    report.written = timestamp()
    report.notes += _unknown_labels(sets, understanding)
    if wanted.bench:
        key = bench_fingerprint(wanted.bench, wanted.config)
        known = {} if wanted.bench_anew else measured_before(wanted.reports, key)
        measured = {"results": run_benches(benches, wanted.config, tell)} if not known else {}
        report.bench = known or {"fingerprint": key, "measured": timestamp(), **measured}
    before = latest_of_another_model(wanted.reports, report.model)
    report.compared = compare(asdict(report), before) if before else None
    return report


def _unknown_labels(sets: Sets, understanding: Understanding) -> List[Text]:
    unknown = sorted({*sets.labels()} - {*understanding.labels(), ORDINARY})
    if not unknown:
        return []
    return [f"the model knows no {', '.join(unknown)}: misspelt, or not trained yet?"]


def measured_before(reports: Path, fingerprint: Text) -> Dict[Text, Any]:
    """The benchmarks of a report that the same pipeline was measured for on the same data."""
    benches = (one["bench"] for one in earlier_reports(reports))
    return next((one for one in benches if one.get("fingerprint") == fingerprint), {})


def main() -> int:
    asked = _parser().parse_args()
    if asked.bench and not asked.bench.is_dir():
        return _failed(f"there is no folder {asked.bench}")
    bench = asked.bench or (BENCH if BENCH.is_dir() and not asked.no_bench else None)
    wanted = Wanted(
        asked.model,
        asked.questions,
        asked.reports,
        bench,
        asked.config,
        asked.show_held_out,
        bench_anew=asked.bench is not None,
    )
    prepare_rasa()
    try:
        make_folder(wanted.reports)
        report = evaluate(wanted, _tell)
    except (BadQuestions, NotWritten) as error:
        return _failed(str(error))
    print(table(report))
    try:
        kept = keep(report, wanted.reports, page)
        print(f"\nReport: {kept / PAGE_FILE}")
        if asked.json:
            found = {**asdict(report), "page": str(kept / PAGE_FILE)}
            asked.json.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    except NotWritten as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{asked.json} can't be written: {error.strerror}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nlu.evaluation", description="Tests a model.")
    parser.add_argument("--model", type=Path, required=True, help="a trained model's file")
    parser.add_argument("--questions", type=Path, nargs="+", default=[QUESTIONS])
    parser.add_argument("--reports", type=Path, default=REPORTS, help="where reports are kept")
    parser.add_argument("--json", type=Path, help="another file for the report as JSON")
    parser.add_argument("--config", type=Path, default=PROJECT / "config.yml")
    bench = parser.add_mutually_exclusive_group()
    bench.add_argument(
        "--bench",
        type=Path,
        nargs="?",
        const=BENCH,
        help=f"folder of the benchmarks; {BENCH}, which is used unasked if it is there",
    )
    bench.add_argument("--no-bench", action="store_true", help="leave the benchmarks out")
    parser.add_argument(
        "--show-held-out", action="store_true", help="show the messages of held-out sets, too"
    )
    return parser


def _failed(reason: Text) -> int:
    print(f"evaluation failed: {reason}", file=sys.stderr)
    return 1


def _tell(line: Text) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
