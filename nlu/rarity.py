"""How much each token counts in a sentence's embedding: the more, the rarer it is in training."""

from __future__ import annotations

from typing import Sequence

import numpy as np

# Weights are multiples of this: an example more or less leaves nearly all as they were, and with
# them the embeddings that earlier trainings kept.
STEP = 0.5


def rarity_weights(
    sentences: Sequence[Sequence[int]], vocabulary: int, strength: float
) -> np.ndarray:
    """Weights by token, float32 of shape (vocabulary,).

    A weight is 1 and `strength` times the token's inverse document frequency, whose mean over the
    sentences' tokens is taken as 1.

    Args:
        sentences: the training data's tokens, the first and last of each marking start and end.
    """
    weights = np.ones(vocabulary, np.float32)
    tokens = [token for sentence in sentences for token in sentence[1:-1]]
    if not tokens or strength == 0:
        return weights
    found = np.bincount([t for sentence in sentences for t in set(sentence)], minlength=vocabulary)
    frequency = np.log((len(sentences) + 1) / (found + 1))
    mean = frequency[tokens].mean()
    if mean > 0:
        weights += strength * frequency / mean
    weights = np.maximum(np.round(weights / STEP) * STEP, STEP).astype(np.float32)
    marks = [token for sentence in sentences[:1] for token in (sentence[0], sentence[-1])]
    weights[marks] = 1
    return weights
