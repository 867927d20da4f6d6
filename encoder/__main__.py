"""Builds the encoder: `python -m encoder [DIRECTORY]` (models/encoder when none is given).

Does nothing when it is built already from the same weights by the same code.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from encoder import graph
from encoder.sentence_encoder import GRAPH_FILES, TOKENIZER_FILE
from encoder.weights import (
    WEIGHTS_SHA256,
    WeightsDamaged,
    WeightsMissing,
    find_weights,
    read_weights,
)

STAMP = "built-from"


def build(directory: Path) -> bool:
    """Builds into `directory`, whole or not at all; False when nothing had to be done.

    Raises:
        WeightsMissing, WeightsDamaged: see `encoder.weights`.
    """
    stamp = _stamp()
    if _read_stamp(directory) == stamp:
        return False
    weights_file, tokenizer_file = find_weights()
    weights = read_weights(weights_file)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as scratch:
        built = Path(scratch) / "encoder"
        built.mkdir()
        full = built / GRAPH_FILES["float32"]
        onnx.save(graph.build_graph(weights), str(full))
        quantize_dynamic(
            full, built / GRAPH_FILES["int8"], weight_type=QuantType.QInt8, per_channel=True
        )
        onnx.save(graph.build_graph(weights, quantised=True), str(built / GRAPH_FILES["blocks"]))
        shutil.copyfile(tokenizer_file, built / TOKENIZER_FILE)
        (built / STAMP).write_text(stamp)
        shutil.rmtree(directory, ignore_errors=True)
        os.replace(built, directory)
    return True


def _stamp() -> str:
    code = Path(graph.__file__).read_bytes() + Path(__file__).read_bytes()
    return f"{WEIGHTS_SHA256} {hashlib.sha256(code).hexdigest()}"


def _read_stamp(directory: Path) -> str:
    try:
        return (directory / STAMP).read_text()
    except FileNotFoundError:
        return ""


def main() -> int:
    logging.getLogger().setLevel(logging.ERROR)  # the quantiser's advice is not for whoever sets up
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "models/encoder")
    try:
        built = build(directory)
    except (WeightsMissing, WeightsDamaged) as error:
        print(f"The sentence encoder can't be built: {error}", file=sys.stderr)
        return 1
    print(f"Sentence encoder {'built into' if built else 'is up to date in'} {directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
