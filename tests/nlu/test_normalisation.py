import numpy as np
import pytest

from nlu.embedding_cache import EmbeddingCache
from nlu.normalisation import Spellings, normalise

SPELLINGS = Spellings(
    {"micro needling": "microneedling", "Micro-Needeling": "microneedling", "CIT": "microneedling"}
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("is Micro Needling safe", "is microneedling safe"),
        ("MICRO-NEEDELING???", "microneedling???"),
        ("cit", "microneedling"),
        ("a citation", "a citation"),
        ("sooooo red", "soo red"),
        ("doesn’t  it\n hurt", "doesn't it hurt"),
        ("ｆｕｌｌ width", "full width"),
        ("  ", ""),
        ("皮肤", "皮肤"),
    ],
)
def test_text_is_brought_to_one_form(typed, read):
    assert normalise(typed, SPELLINGS) == read


def test_no_variants_leave_the_text_as_it_is():
    assert normalise("plain text", Spellings({})) == "plain text"


class CountingEncoder:
    def __init__(self):
        self.seen = []

    def token_ids(self, texts):
        return [[ord(letter) - ord("a") for letter in text] for text in texts]

    def encode(self, texts, token_weights=None):
        self.seen.extend(texts)
        return np.array([[len(t), 1.0] for t in texts], dtype=np.float32).reshape(len(texts), 2)


def test_only_new_sentences_are_encoded_again(tmp_path):
    first, second = CountingEncoder(), CountingEncoder()
    EmbeddingCache(tmp_path / "kept.npz", "key").encode(["a", "bb"], first)

    vectors = EmbeddingCache(tmp_path / "kept.npz", "key").encode(["bb", "ccc", "bb"], second)

    assert second.seen == ["ccc"]
    assert vectors[:, 0].tolist() == [2, 3, 2]


@pytest.mark.parametrize("spoil", ["other key", "damaged"])
def test_vectors_of_another_encoder_or_a_damaged_file_are_not_used(tmp_path, spoil):
    EmbeddingCache(tmp_path / "kept.npz", "key").encode(["a"], CountingEncoder())
    if spoil == "damaged":
        (tmp_path / "kept.npz").write_bytes(b"no archive")
    encoder = CountingEncoder()

    EmbeddingCache(tmp_path / "kept.npz", "key" if spoil == "damaged" else "other").encode(
        ["a"], encoder
    )

    assert encoder.seen == ["a"]


def test_a_sentence_is_encoded_again_when_one_of_its_tokens_has_another_weight(tmp_path):
    first, second = CountingEncoder(), CountingEncoder()
    cache = EmbeddingCache(tmp_path / "kept.npz", "key")
    cache.encode(["a", "bb"], first, np.array([1.0, 1.0]))

    cache.encode(["a", "bb", "ab"], second, np.array([1.0, 1.5]))

    assert second.seen == ["bb", "ab"]
