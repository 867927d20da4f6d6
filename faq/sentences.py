"""Has spaCy, which lives in Rasa's environment, read texts (see nlu/sentences.py)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faq.rasa_project import RasaMissing

SECONDS = 90


class SentencesUnread(RuntimeError):
    """spaCy could not read the texts; the text says why."""


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text's sentences, whether it looks like a heading, and what it is about (may be empty)."""

    sentences: tuple[str, ...]
    heading: bool
    about: str


@dataclass(frozen=True, slots=True)
class SentenceReader:
    """Starts `python` of Rasa's environment in the project at `root`."""

    root: Path
    python: Path

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """What spaCy finds in each text. Raises `RasaMissing` or `SentencesUnread`."""
        if not self.python.exists():
            raise RasaMissing(f"Rasa's environment is not set up ({self.python}): run 'make setup'")
        try:
            ended = subprocess.run(
                [self.python, "-m", "nlu.sentences"],
                cwd=self.root,
                input=json.dumps(list(texts)),
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise SentencesUnread(f"spaCy took more than {SECONDS} s to read the text") from error
        if ended.returncode != 0:
            last = ended.stderr.strip().splitlines()[-1:] or ["no reason told"]
            raise SentencesUnread(f"spaCy could not read the text: {last[0]}")
        return [
            ReadText(tuple(found["sentences"]), found["heading"], found["about"])
            for found in json.loads(ended.stdout)
        ]
