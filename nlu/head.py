"""What speaks for each label, and how much each of it counts: the part that cross-validation fits
anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nlu.logistic import fit_choice, fit_softmax, log_softmax

# Cosines below this are as good as none; keeps logarithms finite.
LEAST_NEARNESS = 0.02
# Choices that are enough to find the blend.
ENOUGH = 2000


@dataclass(frozen=True)
class Hyperparameters:
    """What the model is trained with; the values were found on BANKING77 and CLINC150 training
    data.
    """

    # how much the linear head's probability counts beside the nearest example's cosine, where the
    # training data are too few to find out: its exponent
    trust: float = 0.5
    # inverse strength of the linear head's L2 penalty, per example
    c: float = 30.0
    # L-BFGS iterations; past these the score no longer moves
    iterations: int = 20
    # weight of the n-grams beside the embedding, and to how many dimensions they are reduced
    ngram_weight: float = 0.6
    ngram_dimensions: int = 128
    # how much the examples of small labels count against those of large ones: 0 not, 1 in full
    balance: float = 0.5
    # how far the within-label covariance is shrunk towards a sphere, 0 to 1
    shrinkage: float = 0.7
    # parts that cross-validation leaves out in turn, of the examples and of the labels
    folds: int = 3
    # iterations of the heads that cross-validation fits
    fold_iterations: int = 8
    # how many messages of a hundred no label fits
    unknown_share: float = 0.15


class Parts(NamedTuple):
    """What speaks for each of k labels in n messages, each of shape (n, k)."""

    # by the linear head
    log_probability: np.ndarray
    # cosine to the nearest example in the whitened space, 0 to 1
    nearness: np.ndarray
    # cosine to the example whose n-grams are most alike, 0 to 1
    likeness: np.ndarray

    def properties(self) -> np.ndarray:
        """As `fit_choice` takes them, shape (n, k, 3)."""
        nearness = np.log(np.maximum(self.nearness, LEAST_NEARNESS))
        return np.stack([self.log_probability, nearness, self.likeness], axis=2)


class Blend(NamedTuple):
    """A label's product is P ** probability * nearness ** nearness * exp(likeness * likeness)."""

    probability: float
    nearness: float = 1.0
    likeness: float = 0.0

    @classmethod
    def fit(cls, parts: Parts, truth: np.ndarray, prior: Blend, chance: np.ndarray) -> Blend:
        """What makes the right labels, shape (n,), win most surely.

        Of too many, those of the least `chance`, shape (n,), are looked at: a number of each that
        stays as it is, so that a few more or less change little.
        """
        looked_at = np.argsort(chance, kind="stable")[:ENOUGH]
        options = Parts(*(part[looked_at] for part in parts)).properties()
        weights = fit_choice(options, truth[looked_at], np.array(prior))
        return cls(*np.maximum(weights, 0).tolist())

    def log_product(self, parts: Parts) -> np.ndarray:
        product: np.ndarray = parts.properties() @ np.array(self, dtype=np.float32)
        return product


class Head(NamedTuple):
    """Linear weights and the examples, whitened, by ascending label number."""

    weights: np.ndarray  # (features, k)
    bias: np.ndarray  # (k,)
    metric: np.ndarray  # (384, 384)
    examples: np.ndarray  # (n, 384), length 1 after the metric
    spellings: np.ndarray  # (n, n-gram dimensions), length 1
    starts: np.ndarray  # (k,), the row of each label's first example

    @classmethod
    def fit(
        cls,
        features: np.ndarray,
        embeddings: np.ndarray,
        label_of: np.ndarray,
        is_name: np.ndarray,
        settings: Hyperparameters,
    ) -> Head:
        """From features (n, d), the embeddings (n, 384) they begin with, label numbers (n,), and
        which rows are label names: the weights learn from these, but they are no examples.
        """
        weights, bias = fit_softmax(
            features, label_of, settings.c, settings.balance, settings.iterations
        )
        order = np.argsort(label_of, kind="stable")
        order = order[~is_name[order]]
        features, embeddings, label_of = features[order], embeddings[order], label_of[order]
        metric = within_label_metric(embeddings, label_of, settings.shrinkage)
        examples = unit_rows(embeddings @ metric).astype(np.float32)
        spellings = unit_rows(features[:, embeddings.shape[1] :])
        starts = np.searchsorted(label_of, np.arange(weights.shape[1]))
        return cls(weights, bias, metric, examples, spellings, starts)

    def score(self, features: np.ndarray, embeddings: np.ndarray) -> Parts:
        spellings = unit_rows(features[:, embeddings.shape[1] :])
        return Parts(
            log_softmax(features @ self.weights + self.bias),
            self._best_cosines(unit_rows(embeddings @ self.metric), self.examples),
            self._best_cosines(spellings, self.spellings),
        )

    def _best_cosines(self, rows: np.ndarray, examples: np.ndarray) -> np.ndarray:
        best = np.maximum.reduceat(rows @ examples.T, self.starts, axis=1)
        cosines: np.ndarray = np.clip(best, 0, 1)
        return cosines


def within_label_metric(
    embeddings: np.ndarray, label_of: np.ndarray, shrinkage: float
) -> np.ndarray:
    """A root of the shrunk within-label covariance's inverse, shape (384, 384): (x @ it) is
    whitened.
    """
    members = np.equal.outer(np.arange(int(label_of.max()) + 1), label_of).astype(np.float32)
    means = (members @ embeddings) / members.sum(axis=1, keepdims=True)
    residuals = embeddings - means[label_of]
    covariance = (residuals.T @ residuals).astype(np.float64) / len(embeddings)
    spread = np.trace(covariance) / len(covariance)
    identity = np.eye(len(covariance))
    if spread <= 0:  # one example a label: nothing varies within labels
        return identity.astype(np.float32)
    root = np.linalg.cholesky((1 - shrinkage) * covariance + shrinkage * spread * identity)
    metric: np.ndarray = np.linalg.inv(root).T
    return metric.astype(np.float32)


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    rows: np.ndarray = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    return rows
