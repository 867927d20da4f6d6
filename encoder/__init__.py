"""Sentence encoder: all-MiniLM-L6-v2 on onnxruntime, built here from the authors' weights.

`python -m encoder` builds it once into models/encoder; `SentenceEncoder` runs it.
Both environments use it (Python 3.10 and 3.12), so it imports nothing but onnxruntime, tokenizers
and numpy to run, and `onnx` to build.
"""

from encoder.sentence_encoder import EncoderNotBuilt, SentenceEncoder

__all__ = ["EncoderNotBuilt", "SentenceEncoder"]
