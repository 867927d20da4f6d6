"""The gate on the classifier's confidence: below it, a message counts as not understood.

Set at every training from what cross-validation saw (`nlu.joint_model.Evidence`): the confidence
from which answering is worth more than asking back, and the one from which asking back is worth
more than declining.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Text, Tuple

import numpy as np

from nlu.joint_model import Evidence, Hyperparameters, TrainingSet

# thresholds that are weighed against each other
CANDIDATES = 400


@dataclass(frozen=True)
class Assumptions:
    """What the thresholds are weighed with: a right answer is worth 1, a reply of no use 0.

    Cross-validation is harder than use (fewer examples, and phrasings picked to differ), so severe
    costs turn away much that would be answered rightly: docs/understanding.md has what each gave.
    """

    # what a wrong answer costs
    wrong_cost: float = 0.5
    # what "did you mean" is worth when the right answer is one of the three offered
    clarify_worth: float = 0.2
    # what declining is worth when no label fits
    decline_worth: float = 0.5


@dataclass(frozen=True)
class Gate:
    """Thresholds on the confidence, and what is expected of them (shares, 0 to 1)."""

    threshold: float
    # from here up to the threshold, asking "did you mean" is worth it
    clarify: float = 0.0
    known_right: float = 0.0
    known_wrong: float = 0.0
    unknown_rejected: float = 0.0

    def accepts(self, confidence: float) -> bool:
        return confidence >= self.threshold

    def clarifies(self, confidence: float) -> bool:
        return self.clarify <= confidence < self.threshold

    def as_dict(self) -> Dict[Text, Any]:
        return asdict(self)


class NotCalibrated(ValueError):
    """Too few examples to cross-validate."""


def calibrate(
    training_set: TrainingSet, settings: Hyperparameters, assumptions: Assumptions
) -> Gate:
    """Finds the thresholds for a training set that `JointModel.fit` has cross-validated.

    Raises:
        NotCalibrated: fewer than two labels with two examples each.
    """
    evidence = training_set.evidence
    if evidence is None:
        raise NotCalibrated("at least two labels with two examples each are needed")
    threshold, clarify = _thresholds(evidence, assumptions)
    known, answered = ~evidence.unknown, evidence.confidence >= threshold
    return Gate(
        threshold=threshold,
        clarify=clarify,
        known_right=float((evidence.right & answered)[known].mean()),
        known_wrong=float((~evidence.right & answered)[known].mean()),
        unknown_rejected=float((~answered)[evidence.unknown].mean()),
    )


def _thresholds(evidence: Evidence, assumptions: Assumptions) -> Tuple[float, float]:
    """The pair worth most over the evidence: answer from the first on, clarify from the second."""
    order = np.argsort(-evidence.confidence)
    confidence, right, near, unknown, weight = (column[order] for column in evidence)

    def worth(each: np.ndarray) -> np.ndarray:
        """What the most confident 0, 1, 2, ... n messages are worth together."""
        return np.concatenate([[0.0], np.cumsum(weight * each)])

    answer = worth(np.where(right, 1.0, -assumptions.wrong_cost))
    clarify = worth(near * assumptions.clarify_worth)
    decline = worth(unknown * assumptions.decline_worth)
    # Answering the first i, clarifying up to the j-th and declining the rest.
    counts = np.unique(np.linspace(1, len(confidence), CANDIDATES).astype(int))
    ahead, behind = (answer - clarify)[counts], (clarify - decline)[counts]
    total = np.where(counts[:, None] <= counts, ahead[:, None] + behind, -np.inf)
    answered, kept = np.unravel_index(np.argmax(total), total.shape)
    return float(confidence[counts[answered] - 1]), float(confidence[counts[kept] - 1])
