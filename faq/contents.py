"""What a model is trained from: the files of the content folder, and clinic.yml.

`Contents` names each file's SHA-256, so that two states can be compared; `Snapshot` is a copy that
nobody edits while it is trained.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faq.library import FOLDER

# What training reads, and the articles that answers rest on.
SUFFIXES = frozenset({".yml", ".yaml", ".md"})
CLINIC = "clinic.yml"
DATA = "data"

# Each file's SHA-256 by its name: `data/faq/downtime.yml`, or `clinic.yml`.
Contents = Mapping[str, str]


@dataclass(frozen=True)
class Snapshot:
    """A copy of the files: the content folder, clinic.yml and their digests."""

    content: Path
    clinic: Path
    contents: Contents


def contents_of(content: Path, clinic: Path) -> dict[str, str]:
    """The digests of the files as they are. Raises OSError."""
    return {name: digest_of(path) for name, path in _files(content, clinic)}


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def text_of(content: Path, clinic: Path, name: str) -> str:
    """The text of one of the files; what is no UTF-8 in it is shown as such."""
    path = clinic if name == CLINIC else content / name.removeprefix(f"{DATA}/")
    return path.read_text(encoding="utf-8", errors="replace").replace("\x00", "�")


@contextmanager
def snapshot(content: Path, clinic: Path, folder: Path) -> Iterator[Snapshot]:
    """Copies the files into the new folder `folder`, and removes it in the end.

    Whoever saves an FAQ meanwhile waits, so that no copy has half of a change. Raises OSError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, mode=0o700)
        with _nobody_saving(content):
            for name, path in _files(content, clinic):
                copy = folder / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
        copied, facts = folder / DATA, folder / CLINIC
        yield Snapshot(copied, facts, contents_of(copied, facts))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(content: Path, clinic: Path) -> Iterator[tuple[str, Path]]:
    """Each file with its name, in the names' order."""
    if not (content / FOLDER).is_dir():
        raise FileNotFoundError(2, "there is no folder of FAQs at", str(content / FOLDER))
    yield CLINIC, clinic
    for path in sorted(content.rglob("*")):
        inside = path.relative_to(content)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.suffix in SUFFIXES and path.is_file() and not hidden:
            yield f"{DATA}/{inside.as_posix()}", path


@contextmanager
def _nobody_saving(content: Path) -> Iterator[None]:
    """Holds the lock that `faq.writing` saves under."""
    handle = os.open(content / FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
