"""Runs the built encoder: sentences in, unit vectors out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TOKENS = 128
BATCH = 32
TOKENIZER_FILE = "tokenizer.json"
GRAPH_FILES = {
    "float32": "model.onnx",
    "blocks": "model.blocks.onnx",
    "int8": "model.int8.onnx",
}


class EncoderNotBuilt(FileNotFoundError):
    """The encoder's files are missing: `make setup` (or `python -m encoder`) builds them."""


class SentenceEncoder:
    """all-MiniLM-L6-v2 with mean pooling, in which tokens may be given weights.

    Args:
        directory: where `python -m encoder` put the graphs and `tokenizer.json`.
        precision: `float32`; `blocks` for weights in 8 bits, each 64 with a scale of their own
        (half the time for a sentence, as much for many, cosine 0.999 to the exact vector); or
        `int8` for dynamically quantised weights (a quarter of the time, cosine 0.99).

    Raises:
        EncoderNotBuilt: a file is missing.
    """

    dimension = 384

    def __init__(self, directory: Path, precision: str = "float32") -> None:
        graph = directory / GRAPH_FILES[precision]
        tokenizer = directory / TOKENIZER_FILE
        for file in (graph, tokenizer):
            if not file.is_file():
                raise EncoderNotBuilt(f"{file} is missing: build the encoder with 'make setup'")
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        # One thread a process: a turn encodes one short sentence, and the cores serve other
        # processes.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        )

    @property
    def vocabulary_size(self) -> int:
        size: int = self._tokenizer.get_vocab_size()
        return size

    def token_ids(self, sentences: Sequence[str]) -> list[list[int]]:
        """Each sentence's word pieces, between the tokens that mark its start and its end."""
        encodings = self._tokenizer.encode_batch(list(sentences))
        return [e.ids[: sum(e.attention_mask)] for e in encodings]

    def encode(
        self, sentences: Sequence[str], token_weights: np.ndarray | None = None
    ) -> np.ndarray:
        """Embeds sentences.

        Args:
            sentences: texts of any length; what goes past 128 word pieces is cut off.
            token_weights: float32 of shape (vocabulary,), how much each token counts in the mean;
            all the same when None.

        Returns:
            float32 array of shape (len(sentences), 384); rows have length 1, in the order given.
        """
        if not sentences:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # Sentences of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
        result = np.empty((len(sentences), self.dimension), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            result[rows] = self._encode_batch([sentences[i] for i in rows], token_weights)
        return result

    def _encode_batch(self, sentences: list[str], token_weights: np.ndarray | None) -> np.ndarray:
        encodings = self._tokenizer.encode_batch(sentences)
        ids = np.array([e.ids for e in encodings], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encodings], dtype=np.int64)
        weights = mask.astype(np.float32)
        if token_weights is not None:
            weights *= token_weights[ids]
        embeddings: np.ndarray = self._session.run(
            None, {"input_ids": ids, "attention_mask": mask, "token_weights": weights}
        )[0]
        return embeddings


def fingerprint(directory: Path, precision: str) -> str:
    """sha256 over the files a `SentenceEncoder` of this precision reads; empty when they are
    missing.
    """
    digest = hashlib.sha256()
    for name in (GRAPH_FILES[precision], TOKENIZER_FILE):
        file = directory / name
        if not file.is_file():
            return ""
        digest.update(file.read_bytes())
    return digest.hexdigest()
