"""Trains and evaluates models by starting the programs of Rasa's environment (see nlu/)."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faq import gate

MODEL_SUFFIX = ".tar.gz"
# Beside a model: what it was trained from, and what it answered (nlu/train.py, nlu/trial.py).
NOTE_SUFFIX = ".fingerprint"
ANSWERS_SUFFIX = ".answers.json"
# How the programs mark a line of progress; what else they say is why they failed.
PROGRESS_INDENT = "  "
# How they begin to say that.
TRAINING_FAILED = "training failed: "
TRIAL_FAILED = "evaluation failed: "

Progress = Callable[[str], None]


class RasaMissing(RuntimeError):
    """Rasa's environment is not set up."""


class TrainingFailed(RuntimeError):
    """No model was made; the text says why."""


class EvaluationFailed(RuntimeError):
    """The model could not be tested; the text says why."""


@dataclass(frozen=True)
class TrainedModel:
    """A model's file name, and how it came about: `skipped` when it was trained before."""

    model: str
    seconds: float
    skipped: bool


@dataclass(frozen=True)
class Trial:
    """A model that was trained and tried; `seconds` are of both together."""

    trained: TrainedModel
    verdict: gate.Verdict
    seconds: float


@dataclass(frozen=True)
class Model:
    """A model in the models folder."""

    name: str
    trained_at: datetime
    size: int


@dataclass(frozen=True)
class RasaProject:
    """The Rasa project at `root`, with `python` of Rasa's environment.

    `content` are the training data, `clinic` the clinic's facts and `models` where models are kept.
    """

    root: Path
    python: Path
    content: Path
    clinic: Path
    models: Path

    def train(self, *, force: bool = False, tell: Progress = lambda line: None) -> TrainedModel:
        """Train a model, or find the one of the same content. `tell` is given lines of progress.

        Raises `TrainingFailed` or `RasaMissing`; the models folder is then as it was.
        """
        command = ["-m", "nlu.train", "--data", str(self.content), "--out", str(self.models)]
        command += ["--clinic", str(self.clinic), *(["--force"] if force else [])]
        output, told, code = self._run(command, tell)
        if code != 0:
            raise TrainingFailed(_reason(told, TRAINING_FAILED, code))
        return TrainedModel(**json.loads(output.splitlines()[-1]))

    def evaluate(
        self,
        model: str,
        questions: Sequence[Path],
        *,
        reports: Path,
        bench: bool | None = None,
        show_held_out: bool = False,
        tell: Progress = lambda line: None,
    ) -> tuple[dict[str, Any], str]:
        """Ask a model the questions of some folders. Returns the report, and a table for people.

        The report is kept in the folder `reports`, as a page, too (its path is the report's
        `page`). `bench` has the public benchmarks run anew (True) or not at all (False); None runs
        them where their data is, unless an earlier report has the same pipeline's numbers.

        Raises `EvaluationFailed` or `RasaMissing`.
        """
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "report.json"
            command = ["-m", "nlu.evaluation", "--model", str(self.models / model)]
            command += ["--config", str(self.root / "config.yml"), "--reports", str(reports)]
            command += ["--json", str(report), "--questions", *map(str, questions)]
            if bench is not None:
                command.append("--bench" if bench else "--no-bench")
            if show_held_out:
                command.append("--show-held-out")
            output, told, code = self._run(command, tell)
            if code != 0:
                if output:  # what was found is worth seeing even when it could not be kept
                    tell(output.rstrip())
                raise EvaluationFailed(_reason(told, TRIAL_FAILED, code))
            return json.loads(report.read_text(encoding="utf-8")), output.rstrip()

    def train_and_evaluate(
        self,
        *,
        content: Path,
        live: str | None,
        questions: Sequence[Path],
        settled: Sequence[tuple[str, str]] = (),
        tell: Progress = lambda line: None,
    ) -> Trial:
        """Train a model of the content, ask it the questions and compare it with the live one.

        `content` is a folder as the project's `data`, `settled` are messages with the slug of the
        FAQ that answers each. The model is in the models folder then, whatever the verdict. What
        the live model answered is kept beside it and asked once.

        Raises `TrainingFailed`, `EvaluationFailed` or `RasaMissing`: the models are as they were.
        """
        with tempfile.TemporaryDirectory() as scratch:
            asked = Path(scratch) / "settled.json"
            asked.write_text(json.dumps([list(one) for one in settled]), encoding="utf-8")
            command = ["-m", "nlu.trial", "--data", str(content), "--out", str(self.models)]
            command += ["--clinic", str(self.clinic), "--settled", str(asked)]
            command += ["--live", live] if live else []
            command += ["--questions", *map(str, questions)] if questions else []
            output, told, code = self._run(command, tell)
        if code != 0:
            if any(line.startswith(TRIAL_FAILED) for line in told):
                raise EvaluationFailed(_reason(told, TRIAL_FAILED, code))
            raise TrainingFailed(_reason(told, TRAINING_FAILED, code))
        return _trial(json.loads(output.splitlines()[-1]))

    def is_loadable(self, model: str) -> bool:
        """Whether the model is there, and was trained by the code that would load it now.

        A model that another release trained may not load, or answer differently. Raises
        `RasaMissing`.
        """
        return self.loadable([model]) == {model}

    def loadable(self, models: Iterable[str]) -> set[str]:
        """Those of the models that `is_loadable` holds for, asked at once."""
        present = {model for model in models if (self.models / model).is_file()}
        trained_by = {model: self._code_of(model) for model in present}
        if not any(trained_by.values()):
            return set()
        output, told, code = self._run(["-m", "nlu.train", "--code"], lambda line: None)
        if code != 0:
            raise TrainingFailed(_reason(told, TRAINING_FAILED, code))
        return {model for model, by in trained_by.items() if by == output.strip()}

    def _code_of(self, model: str) -> str:
        """The code's fingerprint in a model's note (see nlu/train.py); empty when it has none."""
        note = self.models / model.replace(MODEL_SUFFIX, NOTE_SUFFIX)
        try:
            lines = note.read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        found = [line.removeprefix("code ") for line in lines[1:] if line.startswith("code ")]
        return found[0] if found else ""

    def remove(self, model: str) -> None:
        """Delete a model with what is kept beside it; nothing happens when it is gone."""
        # The model goes first: what is beside it means nothing without it.
        for suffix in (MODEL_SUFFIX, NOTE_SUFFIX, ANSWERS_SUFFIX):
            (self.models / model.replace(MODEL_SUFFIX, suffix)).unlink(missing_ok=True)

    def list_models(self) -> list[Model]:
        """The trained models, the one trained (or found up to date) last first."""
        models = []
        for path in self.models.glob(f"*{MODEL_SUFFIX}"):
            stat = path.stat()
            models.append(
                Model(path.name, datetime.fromtimestamp(stat.st_mtime, UTC), stat.st_size)
            )
        return sorted(models, key=lambda model: (model.trained_at, model.name), reverse=True)

    def _run(self, command: Sequence[str], tell: Progress) -> tuple[str, list[str], int]:
        """Run a program to its end. Returns its output, its lines of progress and its exit code."""
        if not self.python.exists():
            raise RasaMissing(f"Rasa's environment is not set up ({self.python}): run 'make setup'")
        told: list[str] = []
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as output,
            subprocess.Popen(
                [self.python, *command],
                cwd=self.root,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            ) as program,
        ):
            assert program.stderr is not None
            try:
                for line in program.stderr:
                    told.append(line.rstrip())
                    if line.startswith(PROGRESS_INDENT):
                        tell(line.rstrip())
                code = program.wait()
            except BaseException:
                program.terminate()
                raise
            output.seek(0)
            return output.read(), told, code


def _trial(found: dict[str, Any]) -> Trial:
    """What `python -m nlu.trial` prints (see there), weighed."""
    verdict = gate.weigh(
        [gate.Judged(*row) for row in found["now"]],
        [gate.Judged(*row) for row in found["before"]],
        gate.Changed(**{name: tuple(slugs) for name, slugs in found["changed"].items()}),
        found["titles"],
        found["compared_with"],
        found["notes"],
    )
    return Trial(TrainedModel(**found["trained"]), verdict, found["seconds"])


def _reason(told: Sequence[str], marker: str, code: int) -> str:
    """What the program said last: all from the line with its marker on, else its last line."""
    for number, line in enumerate(told):
        if line.startswith(marker):
            return "\n".join([line.removeprefix(marker), *told[number + 1 :]])
    return told[-1] if told else f"the program ended with code {code}"
