"""The gate on the classifier's score: below it, a message counts as not understood.

Calibrated at every training: cross-validation shows how messages of known labels score, right and
wrong; leaving whole labels out shows how messages of unknown labels score. The threshold serves
both best, for
an assumed share of messages that no label fits and an assumed price of a wrong answer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Text

import numpy as np

from nlu.joint_model import Hyperparameters, TrainingSet


@dataclass(frozen=True)
class Assumptions:
    """What the threshold is weighed with."""

    # how many messages of a hundred no label fits
    unknown_share: float = 0.15
    # price of a wrong answer, where a right one earns 1 and none earns 0
    wrong_cost: float = 0.0
    folds: int = 3
    # how far below the threshold clarifying goes, as a share of it
    clarify_share: float = 0.75


@dataclass(frozen=True)
class Gate:
    """A threshold on the combined score, and what is expected of it (shares, 0 to 1)."""

    threshold: float
    # from here up to the threshold, asking "did you mean" is worth it
    clarify: float = 0.0
    known_right: float = 0.0
    known_wrong: float = 0.0
    unknown_rejected: float = 0.0

    def accepts(self, score: float) -> bool:
        return score >= self.threshold

    def as_dict(self) -> Dict[Text, Any]:
        return asdict(self)


class NotCalibrated(ValueError):
    """Too few examples to cross-validate."""


def calibrate(
    training_set: TrainingSet, settings: Hyperparameters, assumptions: Assumptions
) -> Gate:
    """Finds the threshold for a training set.

    Raises:
        NotCalibrated: fewer than two labels with two examples each.
    """
    label_of = training_set.label_of
    if len(training_set.labels) < 2 or np.sort(np.bincount(label_of))[-2] < 2:
        raise NotCalibrated("at least two labels with two examples each are needed")
    folds = max(2, min(assumptions.folds, len(training_set.labels)))
    random = np.random.default_rng(0)
    known, right = np.zeros(len(label_of)), np.zeros(len(label_of), dtype=bool)
    for held_out in _example_folds(label_of, folds, random):
        known[held_out], predicted = training_set.score_held_out(held_out, settings)
        right[held_out] = predicted == label_of[held_out]
    unknown = np.zeros(len(label_of))
    for held_out in _label_folds(label_of, folds, random):
        unknown[held_out], _ = training_set.score_held_out(held_out, settings)
    return _best_gate(known, right, unknown, assumptions)


def _best_gate(
    known: np.ndarray, right: np.ndarray, unknown: np.ndarray, assumptions: Assumptions
) -> Gate:
    share, cost = assumptions.unknown_share, assumptions.wrong_cost
    candidates = np.quantile(np.concatenate([known, unknown]), np.linspace(0.0, 0.99, 400))
    gates = [
        Gate(
            threshold=float(threshold),
            clarify=assumptions.clarify_share * float(threshold),
            known_right=float((right & (known >= threshold)).mean()),
            known_wrong=float((~right & (known >= threshold)).mean()),
            unknown_rejected=float((unknown < threshold).mean()),
        )
        for threshold in candidates
    ]

    def worth(gate: Gate) -> float:
        wrong = (1 - share) * gate.known_wrong + share * (1 - gate.unknown_rejected)
        return (1 - share) * gate.known_right + share * gate.unknown_rejected - cost * wrong

    return max(gates, key=worth)


def _example_folds(
    label_of: np.ndarray, folds: int, random: np.random.Generator
) -> List[np.ndarray]:
    """Boolean masks; each label's examples are spread evenly, and a lone example is never held
    out.
    """
    fold_of = np.full(len(label_of), -1)
    for label in range(int(label_of.max()) + 1):
        rows = np.flatnonzero(label_of == label)
        if len(rows) > 1:
            fold_of[rows] = random.permutation(np.arange(len(rows)) % folds)
    return [fold_of == fold for fold in range(folds) if (fold_of == fold).any()]


def _label_folds(label_of: np.ndarray, folds: int, random: np.random.Generator) -> List[np.ndarray]:
    labels = int(label_of.max()) + 1
    fold_of = random.permutation(np.arange(labels) % folds)[label_of]
    return [fold_of == fold for fold in range(folds) if (fold_of == fold).any()]
