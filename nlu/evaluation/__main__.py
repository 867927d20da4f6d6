"""Asks a model every question of some folders and tells how it did."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Sequence, Text

from nlu.evaluation.labels import ORDINARY
from nlu.evaluation.questions import BadQuestions, Sets, read_sets
from nlu.evaluation.report import Report, report_on
from nlu.evaluation.terminal import table
from nlu.evaluation.understanding import Told, Understanding, ask
from nlu.train import PROJECT, prepare_rasa


def evaluate(
    model: Path,
    folders: Sequence[Path],
    show_held_out: bool = False,
    tell: Told = lambda line: None,
) -> Report:
    """Asks the model every question of the folders.

    Raises:
        BadQuestions: the model or the questions are missing, or not as they should be.
    """
    sets = read_sets(folders)
    with tempfile.TemporaryDirectory() as scratch:
        tell("loading the model")
        understanding = Understanding.load(model, Path(scratch))
        gate = understanding.parse("hello").get("gate", {})  # also warms the graph up
        answers = ask(sets, understanding, tell)
        report = report_on(model.name, gate, answers, show_held_out)
        report.notes += _unknown_labels(sets, understanding)
    return report


def _unknown_labels(sets: Sets, understanding: Understanding) -> Sequence[Text]:
    unknown = sorted({*sets.labels()} - {*understanding.labels(), ORDINARY})
    if not unknown:
        return []
    return [f"the model knows no {', '.join(unknown)}: misspelt, or not trained yet?"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m nlu.evaluation", description="Tests a model.")
    parser.add_argument("--model", type=Path, required=True, help="a trained model's file")
    parser.add_argument("--questions", type=Path, nargs="+", default=[PROJECT / "tests/questions"])
    parser.add_argument("--json", type=Path, help="file that the whole report is written to")
    parser.add_argument(
        "--show-held-out", action="store_true", help="show the messages of held-out sets, too"
    )
    asked = parser.parse_args()
    prepare_rasa()
    try:
        report = evaluate(asked.model, asked.questions, asked.show_held_out, _tell)
    except BadQuestions as error:
        print(f"evaluation failed: {error}", file=sys.stderr)
        return 1
    print(table(report))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")
    return 0


def _tell(line: Text) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
