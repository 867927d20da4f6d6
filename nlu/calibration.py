"""Makes products probabilities: cross-validation shows how products, and their distance to the
second best, go with being right, for messages of known labels and of labels left out.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import List, NamedTuple, Optional, Sequence, Text, Tuple
from zlib import crc32

import numpy as np
from threadpoolctl import threadpool_limits

from nlu.head import Blend, Head, Hyperparameters, Parts
from nlu.logistic import fit_yes_no, sigmoid

# labels that clarifying offers
NEAR = 3
# Labels a fold from which on their names spread them evenly enough.
MANY_LABELS = 10
# Probabilities closer to 0 or 1, and a lead larger than this, say no more.
TINY = 1e-5
LARGEST_LEAD = 20.0


class Calibration(NamedTuple):
    """From what speaks for the best label (`signs`) to the probability that it is right."""

    bias: float
    weights: List[float]

    @classmethod
    def fit(cls, signs: np.ndarray, right: np.ndarray, weight: np.ndarray) -> Calibration:
        bias, weights = fit_yes_no(signs, right, weight)
        return cls(bias, weights.tolist())

    def confidence(self, signs: np.ndarray) -> np.ndarray:
        return sigmoid(self.bias + signs @ np.asarray(self.weights))


class Evidence(NamedTuple):
    """What cross-validation saw of n messages, each of shape (n,)."""

    # probability that the best label is right, by the calibration that the evidence led to
    confidence: np.ndarray
    right: np.ndarray
    # the right label is one of the three best
    near: np.ndarray
    # the message's label was left out
    unknown: np.ndarray
    # how much each counts, 1 in all
    weight: np.ndarray


class HeldOut(NamedTuple):
    """Messages scored by a head that was fitted without them.

    Their true labels are numbers of the head's labels, -1 where it has none for them.
    """

    parts: Parts
    truth: np.ndarray


class TrainingSet(NamedTuple):
    """Training examples as the head sees them: features (n, d), embeddings (n, 384), label numbers
    (n,), and which of them are no message but their label's name (n,).
    """

    features: np.ndarray
    embeddings: np.ndarray
    label_of: np.ndarray
    is_name: np.ndarray
    labels: List[Text]
    # None before cross-validation, and where the examples are too few for it
    evidence: Optional[Evidence] = None

    def cross_validate(
        self, settings: Hyperparameters
    ) -> Optional[Tuple[Blend, Calibration, Evidence]]:
        """How to blend what speaks for a label, and how often the best label is then right.

        None when fewer than two labels have two examples each.
        """
        messages = np.bincount(self.label_of[~self.is_name])
        if len(self.labels) < 2 or np.sort(messages)[-2] < 2:
            return None
        folds = max(2, min(settings.folds, len(self.labels)))
        chance = np.array([crc32(row.tobytes()) for row in np.round(self.embeddings, 3)])
        of_examples = _example_folds(self.label_of, self.is_name, folds, chance)
        left_out = [*of_examples, *_label_folds(self.label_of, folds, self.labels)]
        rough = replace(settings, iterations=settings.fold_iterations)
        # A fold a core, rather than the library's threads in each, which wait for one another.
        with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
            scored = list(pool.map(lambda rows: self._score_held_out(rows, rough), left_out))
        known = scored[: len(of_examples)]
        blend = Blend.fit(
            Parts(*(np.concatenate(part) for part in zip(*(h.parts for h in known), strict=True))),
            np.concatenate([h.truth for h in known]),
            prior=Blend(settings.trust),
            chance=np.concatenate([chance[rows & ~self.is_name] for rows in of_examples]),
        )
        return blend, *_judge(scored, blend, settings.unknown_share)

    def _score_held_out(self, held_out: np.ndarray, settings: Hyperparameters) -> HeldOut:
        """Fits without the held-out rows (boolean, shape (n,)) and scores their messages."""
        kept, label_of = np.unique(self.label_of[~held_out], return_inverse=True)
        head = Head.fit(
            self.features[~held_out],
            self.embeddings[~held_out],
            label_of,
            self.is_name[~held_out],
            settings,
        )
        number = np.full(len(self.labels), -1)
        number[kept] = np.arange(len(kept))
        asked = held_out & ~self.is_name
        parts = head.score(self.features[asked], self.embeddings[asked])
        return HeldOut(parts, number[self.label_of[asked]])


def _judge(
    scored: List[HeldOut], blend: Blend, unknown_share: float
) -> Tuple[Calibration, Evidence]:
    products = [blend.log_product(held_out.parts) for held_out in scored]
    hits = [_hits(p, h.truth) for p, h in zip(products, scored, strict=True)]
    right, near = (np.concatenate(column) for column in zip(*hits, strict=True))
    unknown = np.concatenate([held_out.truth for held_out in scored]) < 0
    evidence_signs = np.concatenate(
        [signs(p, h.parts) for p, h in zip(products, scored, strict=True)]
    )
    weight = np.where(
        unknown, unknown_share / unknown.sum(), (1 - unknown_share) / (~unknown).sum()
    )
    calibration = Calibration.fit(evidence_signs, right, weight)
    confidence = calibration.confidence(evidence_signs)
    return calibration, Evidence(confidence, right, near, unknown, weight)


def _hits(log_product: np.ndarray, truth: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Whether the best label is the true one, and whether one of the best is."""
    hits = np.argsort(-log_product, axis=1)[:, :NEAR] == truth[:, None]
    return hits[:, 0], hits.any(axis=1)


def signs(log_product: np.ndarray, parts: Parts) -> np.ndarray:
    """What speaks for the best of k labels, shape (n, 4): its product, how far the second best is
    behind, its probability and its nearness.
    """
    rows = np.arange(len(log_product))
    best = log_product.argmax(axis=1)
    first = log_product[rows, best]
    others = log_product.copy()
    others[rows, best] = -np.inf
    lead = np.minimum(first - others.max(axis=1), LARGEST_LEAD)
    probability = np.clip(np.exp(parts.log_probability[rows, best]), TINY, 1 - TINY)
    odds = np.log(probability / (1 - probability))
    return np.column_stack([first, lead, odds, parts.nearness[rows, best]])


def _example_folds(
    label_of: np.ndarray, is_name: np.ndarray, folds: int, chance: np.ndarray
) -> List[np.ndarray]:
    """Boolean masks; each label's messages are spread evenly, and a lone one is never held out, nor
    is a name.

    `chance` is a number of each message that stays as it is, so that what is added to one label
    leaves the folds of all others as they were.
    """
    fold_of = np.full(len(label_of), -1)
    for label in range(int(label_of.max()) + 1):
        rows = np.flatnonzero((label_of == label) & ~is_name)
        if len(rows) > 1:
            shift = int(chance[rows].min())  # else what is left over would all be in the first
            fold_of[rows[np.argsort(chance[rows], kind="stable")]] = (
                np.arange(len(rows)) + shift
            ) % folds
    return [fold_of == fold for fold in range(folds) if (fold_of == fold).any()]


def _label_folds(label_of: np.ndarray, folds: int, labels: Sequence[Text]) -> List[np.ndarray]:
    """Boolean masks; labels are spread by their names, or evenly where they are few."""
    by_name = np.array([crc32(label.encode()) % folds for label in labels])
    if len(labels) < MANY_LABELS * folds:
        by_name[np.argsort([crc32(label.encode()) for label in labels])] = (
            np.arange(len(labels)) % folds
        )
    fold_of = by_name[label_of]
    return [fold_of == fold for fold in range(folds) if (fold_of == fold).any()]
