"""The model that visitors talk to: a pointer file that holds its name, and the file it names.

Publishing and rolling back are one atomic change of the pointer; Rasa fetches what it points to.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MODEL_SUFFIX = ".tar.gz"


class UnknownModel(Exception):
    """There is no trained model of this name in the models folder."""


@dataclass(frozen=True)
class LiveModel:
    """A trained model as it is served; `fingerprint` is the SHA-256 of the file, in hexadecimal."""

    path: Path
    fingerprint: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def etag(self) -> str:
        return f'"{self.fingerprint}"'


@dataclass(frozen=True)
class Live:
    """The pointer and the folder of models, as `faq.versions` works with them."""

    pointer: Path
    models_dir: Path

    def name(self) -> str | None:
        return live_model_name(self.pointer)

    def put(self, name: str) -> str | None:
        """As `set_live_model`."""
        return set_live_model(self.pointer, self.models_dir, name)

    def has(self, name: str) -> bool:
        try:
            model_path(self.models_dir, name)
        except UnknownModel:
            return False
        return True

    @contextmanager
    def locked(self, *, wait: bool = True) -> Iterator[bool]:
        """Whether this process alone may move the pointer; the system unlocks it for the dead."""
        self.pointer.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.pointer.with_name(f".{self.pointer.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True


def live_model_name(pointer: Path) -> str | None:
    """The name that the pointer holds; None when nothing was published yet."""
    try:
        return pointer.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def read_live_model(pointer: Path, models_dir: Path) -> LiveModel | None:
    """The live model; None when nothing was published yet.

    Raises `UnknownModel` when the pointer names no file of the models folder. Reads the whole file
    when it has changed since the last call.
    """
    name = live_model_name(pointer)
    if name is None:
        return None
    path = model_path(models_dir, name)
    stat = path.stat()
    return LiveModel(path, _sha256(path, stat.st_mtime_ns, stat.st_size))


def set_live_model(pointer: Path, models_dir: Path, name: str) -> str | None:
    """Make a trained model the live one, at once or not at all. Returns the name of the one before.

    Raises `UnknownModel` when there is no such file in the models folder; then nothing changes.
    """
    model_path(models_dir, name)
    before = live_model_name(pointer)
    pointer.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=pointer.parent, prefix=f".{pointer.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, pointer)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return before


def model_path(models_dir: Path, name: str) -> Path:
    """The file of a trained model, by its plain file name. Raises `UnknownModel`."""
    path = models_dir / name
    if Path(name).name != name or not name.endswith(MODEL_SUFFIX) or not path.is_file():
        raise UnknownModel(name)
    return path


@lru_cache(maxsize=8)
def _sha256(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
