"""What a training takes over from the live model: the directions its n-grams are seen in, and how
its scores are blended, calibrated and gated.

Each training would find these anew, a little different each time, and a FAQ more would move the
score of every message: enough for some that stand close to the bar. They are a matter of the whole
training data, so a training that follows another keeps what that one found, unless the data have
changed by more than a few percent since.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, Optional, Text

# From which share of examples more or less everything is found anew.
MUCH_CHANGED = 0.05
FILE = "calibrated.json"


class Calibrated(NamedTuple):
    """From how many examples it was found, under which configuration, and the gate
    (nlu.gate.Gate).
    """

    configuration: Dict[Text, Any]
    examples: int
    gate: Dict[Text, Any]

    def write(self, directory: Path) -> None:
        (directory / FILE).write_text(json.dumps(self._asdict()))


class Earlier(NamedTuple):
    """A model to take over from: the directory its classifier is in, and what that was."""

    directory: Path
    calibrated: Calibrated

    def holds_for(self, configuration: Dict[Text, Any], examples: int) -> bool:
        """Whether a training of so many examples may take it over."""
        before = self.calibrated
        changed = abs(examples - before.examples)
        return configuration == before.configuration and changed <= MUCH_CHANGED * before.examples


_earlier: Optional[Earlier] = None


@contextmanager
def taking_over_from(model: Optional[Path]) -> Iterator[None]:
    """While it lasts, trainings take over from this model, if it can be read."""
    global _earlier
    with tempfile.TemporaryDirectory() as folder:
        _earlier = _unpack(model, Path(folder)) if model is not None else None
        try:
            yield
        finally:
            _earlier = None


def to_take_over(configuration: Dict[Text, Any], examples: int) -> Optional[Earlier]:
    """What a training of so many examples takes over; None when it is to find its own."""
    if _earlier is None or not _earlier.holds_for(configuration, examples):
        return None
    return _earlier


def _unpack(model: Path, folder: Path) -> Optional[Earlier]:
    """The classifier's files, which lie beside what was calibrated."""
    try:
        with tarfile.open(model) as archive:
            members = {member.name: member for member in archive if member.isfile()}
            [place] = [str(Path(name).parent) for name in members if Path(name).name == FILE]
            for name, member in members.items():
                content = archive.extractfile(member) if str(Path(name).parent) == place else None
                if content is not None:
                    with (folder / Path(name).name).open("wb") as file:
                        shutil.copyfileobj(content, file)
        described = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Earlier(folder, Calibrated(**described))
    except (OSError, ValueError, TypeError, tarfile.TarError):
        return None  # then everything is found anew
