import numpy as np
import pytest

from nlu.rarity import STEP, rarity_weights

# 0 and 1 mark start and end; 2 is in every sentence, 3 in one, 4 in none.
SENTENCES = [[0, 2, 1]] * 19 + [[0, 2, 3, 1]]


def test_a_token_counts_the_more_the_rarer_it_is():
    weights = rarity_weights(SENTENCES, 5, strength=1.0)

    assert weights.dtype == np.float32
    assert weights[:3].tolist() == [1, 1, 1]
    assert 1 < weights[3] < weights[4]


def test_without_strength_all_tokens_count_alike():
    assert rarity_weights(SENTENCES, 5, strength=0).tolist() == [1] * 5


def test_an_example_more_leaves_the_weights_of_other_words_as_they_were():
    random = np.random.default_rng(0)
    sentences = [[0, *random.zipf(1.3, 8).clip(2, 400).tolist(), 1] for _ in range(2000)]

    before = rarity_weights(sentences, 500, strength=1.0)
    after = rarity_weights([*sentences, [0, 450, 451, 1]], 500, strength=1.0)

    assert set(np.flatnonzero(before != after)) <= {450, 451}
    assert np.all(before % STEP == 0)


@pytest.mark.parametrize("sentences", [[], [[0, 2, 1]], [[0, 1]]])
def test_little_data_gives_every_token_the_same_weight(sentences):
    weights = rarity_weights(sentences, 5, strength=1.0)

    assert weights.tolist() == [1] * 5
