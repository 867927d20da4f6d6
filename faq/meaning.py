"""What texts mean, as vectors: encoded once, remembered, and kept in a file between runs."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from encoder import SentenceEncoder
from encoder.sentence_encoder import fingerprint

log = logging.getLogger(__name__)

# Quantised: a quarter of the time of the exact vectors, which matters for a library of thousands.
QUICK = "int8"
EXACT = "blocks"
# Texts remembered at most (some 60 MB); past that, only those asked for last are.
MOST = 40_000


class Meanings:
    """Vectors of texts from the encoder in `directory`; safe to share between threads.

    `kept` is a file to remember them in; a file that can't be read or is another encoder's is
    ignored. The encoder is loaded when the first text comes that is not remembered; until then a
    missing one is not noticed.
    """

    def __init__(self, directory: Path, kept: Path | None = None) -> None:
        self._directory = directory
        self._kept = kept
        self._lock = Lock()
        self._vectors: dict[str, np.ndarray] = {}
        self._read_file = kept is not None

    @cached_property
    def _quick(self) -> SentenceEncoder:
        return SentenceEncoder(self._directory, QUICK)

    @cached_property
    def _exact(self) -> SentenceEncoder:
        return SentenceEncoder(self._directory, EXACT)

    @cached_property
    def _key(self) -> str:
        return fingerprint(self._directory, QUICK)

    def of(self, texts: Sequence[str], *, remember: bool = True) -> np.ndarray:
        """Unit vectors, float32 of shape (len(texts), 384); cosines are good to about 0.01.

        What is only being typed need not be remembered. Raises `encoder.EncoderNotBuilt`.
        """
        if not texts:
            return np.zeros((0, SentenceEncoder.dimension), dtype=np.float32)
        with self._lock:
            if self._read_file:
                self._vectors, self._read_file = self._read(), False
            found = dict(self._vectors)
            missing = [text for text in dict.fromkeys(texts) if text not in found]
            if missing:
                new = dict(zip(missing, self._quick.encode(missing), strict=True))
                found.update(new)
                if remember:
                    self._remember(texts, new)
        return np.stack([found[text] for text in texts])

    def exactly(self, texts: Sequence[str]) -> np.ndarray:
        """As `of`, good to 0.001 and slower; nothing is remembered."""
        with self._lock:
            return self._exact.encode(texts)

    def _remember(self, texts: Sequence[str], new: dict[str, np.ndarray]) -> None:
        known = {**self._vectors, **new}
        if len(known) > MOST:
            known = {text: known[text] for text in texts if text in known}
        self._vectors = known
        if self._kept is not None:
            self._write(self._kept)

    def _read(self) -> dict[str, np.ndarray]:
        assert self._kept is not None
        try:
            with np.load(self._kept, allow_pickle=False) as file:
                if str(file["key"]) != self._key:
                    return {}
                vectors = file["vectors"].astype(np.float32)
                return dict(zip(file["texts"].tolist(), vectors, strict=True))
        except FileNotFoundError:
            return {}
        except Exception as error:  # whatever is wrong with it, it is only a memory
            log.warning("%s can't be read (%s): encoding anew", self._kept, error)
            return {}

    def _write(self, kept: Path) -> None:
        try:
            handle, draft = tempfile.mkstemp(dir=kept.parent, suffix=".npz")
            with os.fdopen(handle, "wb") as file:
                vectors = np.stack(list(self._vectors.values())).astype(np.float16)
                texts = np.array(list(self._vectors))
                np.savez(file, key=np.array(self._key), texts=texts, vectors=vectors)
            os.replace(draft, kept)
        except OSError as error:
            log.warning("%s can't be written: %s", kept, error)
