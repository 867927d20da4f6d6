"""Asks models what they would answer, in a process of Rasa's environment (see nlu/try_model.py)."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread, Timer
from typing import Any

from faq.rasa_project import RasaMissing

log = logging.getLogger(__name__)

START_SECONDS = 90.0
ANSWER_SECONDS = 15.0
IDLE_SECONDS = 300.0
# Before the program is ended for good, an answer may take so long.
CLOSE_SECONDS = 1.0
# Whoever asks meanwhile waits so long for the one before.
TURN_SECONDS = 20.0
LONGEST_QUESTION = 1000


class NotTried(RuntimeError):
    """The models could not be asked; the text says why, in a sentence for staff."""


@dataclass(frozen=True)
class Part:
    """An answer to one question of a message; `text` is empty where an action takes over."""

    label: str
    title: str
    text: str
    source: str | None

    @property
    def is_faq(self) -> bool:
        return self.label.startswith("faq/")


@dataclass(frozen=True)
class Answer:
    """What a model would say. `choices` are the titles that "did you mean" would offer;
    `runner_up` is what came next, with its confidence."""

    outcome: str
    parts: tuple[Part, ...]
    choices: tuple[str, ...]
    confidence: float
    runner_up: str | None
    runner_up_confidence: float


def read_answer(found: Mapping[str, Any] | None) -> Answer | None:
    """An answer as nlu/try_model.py writes it."""
    if found is None:
        return None
    runner_up = found["runner_up"] or {"title": None, "confidence": 0.0}
    return Answer(
        outcome=found["outcome"],
        parts=tuple(Part(**part) for part in found["parts"]),
        choices=tuple(found["choices"]),
        confidence=found["confidence"],
        runner_up=runner_up["title"],
        runner_up_confidence=runner_up["confidence"],
    )


@dataclass
class Running:
    """A program that has loaded models; `said` are the lines it wrote."""

    models: tuple[Path, ...]
    program: subprocess.Popen[str]
    said: queue.Queue[str | None]

    def reply(self, seconds: float) -> Any:
        """The next thing it says. Raises `NotTried`."""
        try:
            line = self.said.get(timeout=seconds)
        except queue.Empty:
            raise NotTried("It took too long to answer. Please try again.") from None
        if line is None:
            raise NotTried("The program that tries models has ended. Please try again.")
        return json.loads(line)

    def end(self) -> None:
        self.program.terminate()
        try:
            self.program.wait(3)
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.wait()
        for pipe in (self.program.stdin, self.program.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


@dataclass
class ModelTrial:
    """One program at a time, started when somebody asks and ended when nobody did for a while."""

    root: Path
    python: Path
    idle_seconds: float = IDLE_SECONDS
    _turn: Lock = field(default_factory=Lock)
    _running: Running | None = None
    _timer: Timer | None = None

    def ask(self, models: Sequence[Path], text: str) -> list[Answer | None]:
        """What each model would answer; None for one that today's code can't load.

        Raises `NotTried`, or `RasaMissing` when Rasa's environment is not set up.
        """
        question = " ".join(text.split())[:LONGEST_QUESTION]
        if not self._turn.acquire(timeout=TURN_SECONDS):
            raise NotTried("Somebody else is trying a question just now. Please try again.")
        try:
            running = self._started(tuple(models))
            return self._asked(running, question)
        except NotTried:
            self._end()
            raise
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the program, if one runs, also in the middle of an answer."""
        waited = self._turn.acquire(timeout=CLOSE_SECONDS)
        self._end()
        if waited:
            self._turn.release()

    def _started(self, models: tuple[Path, ...]) -> Running:
        if self._timer is not None:
            self._timer.cancel()
        running = self._running
        if running and running.models == models and running.program.poll() is None:
            return running
        self._end()
        self._running = running = self._start(models)
        problems = running.reply(START_SECONDS)["problems"]
        for model, problem in zip(models, problems, strict=True):
            if problem:
                log.warning("%s can't be tried: %s", model.name, problem)
        return running

    def _start(self, models: tuple[Path, ...]) -> Running:
        if not self.python.exists():
            raise RasaMissing(f"Rasa's environment is not set up ({self.python}): run 'make setup'")
        first, *others = map(str, models)
        command = ["-m", "nlu.try_model", "--model", first]
        command += [word for other in others for word in ("--beside", other)]
        program = subprocess.Popen(
            [str(self.python), *command],
            cwd=self.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said: queue.Queue[str | None] = queue.Queue()
        Thread(target=_listen, args=(program, said), name="trying models", daemon=True).start()
        return Running(models, program, said)

    def _asked(self, running: Running, question: str) -> list[Answer | None]:
        assert running.program.stdin is not None
        try:
            running.program.stdin.write(json.dumps({"text": question}) + "\n")
            running.program.stdin.flush()
        except OSError as error:
            raise NotTried("The program that tries models has ended. Please try again.") from error
        answers = running.reply(ANSWER_SECONDS)["answers"]
        self._timer = Timer(self.idle_seconds, self._end_when_idle)
        self._timer.daemon = True
        self._timer.start()
        return [read_answer(answer) for answer in answers]

    def _end_when_idle(self) -> None:
        if self._turn.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._turn.release()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._running is not None:
            self._running.end()
            self._running = None


def _listen(program: subprocess.Popen[str], said: queue.Queue[str | None]) -> None:
    assert program.stdout is not None
    with contextlib.suppress(ValueError, OSError):
        for line in program.stdout:
            said.put(line)
    said.put(None)
