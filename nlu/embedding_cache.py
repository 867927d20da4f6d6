"""Embeddings of earlier trainings' sentences: the next one encodes only what is new."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Text

import numpy as np

from encoder import SentenceEncoder

logger = logging.getLogger(__name__)

# Sentences kept at most (some 60 MB); past that, only those of the latest training are.
MOST = 40_000


class EmbeddingCache:
    """Keeps vectors by sentence in one file; a file that can't be read or is another encoder's is
    ignored.

    Args:
        path: the file, made when missing.
        key: fingerprint of the encoder that the vectors come from.
        at_once: write what was missing at once; else when told to `keep` it.

    `found_anew` are the vectors that were missing, by what they are kept under.
    """

    def __init__(self, path: Path, key: Text, at_once: bool = True) -> None:
        self._path = path
        self._key = key
        self._at_once = at_once
        self._vectors = self._read()
        self.found_anew: Dict[Text, np.ndarray] = {}

    def encode(
        self,
        texts: List[Text],
        encoder: SentenceEncoder,
        token_weights: Optional[np.ndarray] = None,
    ) -> np.ndarray:
        """Vectors of shape (len(texts), 384); what was missing is encoded and kept."""
        if not texts:
            return encoder.encode([])
        names = texts if token_weights is None else _with_weights(texts, encoder, token_weights)
        both = zip(names, texts, strict=True)
        missing = {name: text for name, text in both if name not in self._vectors}
        if missing:
            vectors = encoder.encode(list(missing.values()), token_weights)
            self.add(dict(zip(missing, vectors, strict=True)))
            if self._at_once:
                full = len(self._vectors) > MOST
                self._write(
                    {name: self._vectors[name] for name in names} if full else self._vectors
                )
        return np.stack([self._vectors[name] for name in names])

    def add(self, vectors: Dict[Text, np.ndarray]) -> None:
        """Takes over what another cache of the same encoder found anew."""
        self._vectors.update(vectors)
        self.found_anew.update(vectors)

    def keep(self) -> None:
        """Writes what was found anew; of too many, the oldest are left out."""
        if self.found_anew:
            self._write(dict([*self._vectors.items()][-MOST:]))
            self.found_anew = {}

    def _read(self) -> Dict[Text, np.ndarray]:
        try:
            with np.load(self._path, allow_pickle=False) as kept:
                if str(kept["key"]) != self._key:
                    return {}
                return dict(zip(kept["texts"].tolist(), kept["vectors"], strict=False))
        except FileNotFoundError:
            return {}
        except Exception as error:  # whatever is wrong with a cache, training goes on without it
            logger.warning("%s can't be read (%s): encoding all sentences anew", self._path, error)
            return {}

    def _write(self, vectors: Dict[Text, np.ndarray]) -> None:
        try:
            handle, draft = tempfile.mkstemp(dir=self._path.parent, suffix=".npz")
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file,
                    key=np.array(self._key),
                    texts=np.array(list(vectors)),
                    vectors=np.stack(list(vectors.values())),
                )
            os.replace(draft, self._path)
        except OSError as error:
            logger.warning("%s can't be written: %s", self._path, error)


def _with_weights(
    texts: List[Text], encoder: SentenceEncoder, token_weights: np.ndarray
) -> List[Text]:
    """Each text with the weights that its tokens have, which its vector depends on."""
    weights = [token_weights[ids] for ids in encoder.token_ids(texts)]
    return [
        f"{hashlib.blake2s(of_text.tobytes(), digest_size=8).hexdigest()} {text}"
        for text, of_text in zip(texts, weights, strict=True)
    ]
