"""The encoder's graph, against a plain numpy account of the same network, and its weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from encoder import EncoderNotBuilt, SentenceEncoder
from encoder.__main__ import build
from encoder.weights import WeightsDamaged, WeightsMissing, find_weights, read_weights

BUILT = Path(__file__).parents[2] / "models" / "encoder"
SENTENCES = [
    "Does microneedling hurt?",
    "How long is the downtime after treatment",
    "ok",
    "皮肤 🙂",
]


def reference(weights: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """BERT with mean pooling for one sentence, step by step as the paper has it."""

    def linear(x: np.ndarray, name: str) -> Any:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x: np.ndarray, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def gelu(x: np.ndarray) -> Any:
        from math import erf

        return x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))

    x = weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        q, k, v = (
            linear(x, f"{at}.attention.self.{n}").reshape(len(ids), 12, 32).transpose(1, 0, 2)
            for n in ("query", "key", "value")
        )
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(32))
        context = (scores / scores.sum(-1, keepdims=True)) @ v
        merged = context.transpose(1, 0, 2).reshape(len(ids), 384)
        attended = linear(merged, f"{at}.attention.output.dense")
        x = norm(x + attended, f"{at}.attention.output.LayerNorm")
        inner = linear(gelu(linear(x, f"{at}.intermediate.dense")), f"{at}.output.dense")
        x = norm(x + inner, f"{at}.output.LayerNorm")
    mean = x.mean(0)
    unit: np.ndarray = mean / np.linalg.norm(mean)
    return unit


def test_the_graph_computes_what_the_paper_says():
    weights = read_weights(find_weights()[0])
    tokenizer = Tokenizer.from_file(str(BUILT / "tokenizer.json"))
    tokenizer.no_padding()

    embeddings = SentenceEncoder(BUILT).encode(SENTENCES)

    for sentence, embedding in zip(SENTENCES, embeddings, strict=True):
        expected = reference(weights, tokenizer.encode(sentence).ids)
        assert float(embedding @ expected) == pytest.approx(1.0, abs=1e-5)


def test_tokens_count_as_much_as_their_weights_say():
    encoder = SentenceEncoder(BUILT)
    weights = np.zeros(encoder.vocabulary_size, np.float32)
    (ids,) = encoder.token_ids(["pain sun"])
    weights[ids[1]] = 2.0

    weighted = encoder.encode(["pain sun", "pain sun " * 3], weights)

    of_pain = encoder.encode(["pain sun"], np.where(np.arange(len(weights)) == ids[1], 1, 0))
    assert len(ids) == 4
    np.testing.assert_allclose(weighted[0], of_pain[0], atol=1e-5)
    assert float(weighted[0] @ encoder.encode(["pain sun"])[0]) < 0.99


def test_a_sentence_has_the_same_vector_alone_and_in_a_batch():
    encoder = SentenceEncoder(BUILT)

    together = encoder.encode([*SENTENCES, "word " * 400])

    np.testing.assert_allclose(together[0], encoder.encode(SENTENCES[:1])[0], atol=1e-5)
    assert together.shape == (5, 384)


@pytest.mark.parametrize(("precision", "least"), [("blocks", 0.995), ("int8", 0.96)])
def test_quantised_vectors_stay_close_to_the_exact_ones(precision, least):
    exact, quick = SentenceEncoder(BUILT), SentenceEncoder(BUILT, precision)

    likeness = (exact.encode(SENTENCES) * quick.encode(SENTENCES)).sum(axis=1)

    assert likeness.min() > least


def test_no_sentences_give_no_vectors():
    assert SentenceEncoder(BUILT).encode([]).shape == (0, 384)


def test_like_questions_lie_closer_than_unlike_ones():
    hurt, pain, weather = SentenceEncoder(BUILT).encode(
        ["does it hurt", "is it painful", "will it rain tomorrow"]
    )

    assert hurt @ pain > 0.5 > hurt @ weather


def test_missing_files_are_named(tmp_path):
    with pytest.raises(EncoderNotBuilt, match=r"model\.onnx.*make setup"):
        SentenceEncoder(tmp_path)


def test_damaged_weights_are_refused(tmp_path):
    damaged = tmp_path / "model.safetensors"
    damaged.write_bytes(find_weights()[0].read_bytes()[:-1] + b"!")

    with pytest.raises(WeightsDamaged, match="sha256"):
        read_weights(damaged)


def test_missing_weights_are_said_with_what_to_do(monkeypatch):
    monkeypatch.setattr("encoder.weights.PACKAGE", "no-such-package-of-weights")

    with pytest.raises(WeightsMissing, match="make setup"):
        find_weights()


def test_an_encoder_that_is_up_to_date_is_not_built_again():
    assert build(BUILT) is False
