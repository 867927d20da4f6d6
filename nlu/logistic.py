"""Logistic regressions in numpy: over labels, over what speaks for a label, and for yes or no."""

from __future__ import annotations

from typing import Callable, List, Tuple

import numpy as np

NEWTON_STEPS = 12
# L-BFGS: steps remembered, the share of the expected descent that is enough, and where halving ends
MEMORY = 10
SUFFICIENT = 1e-4
SMALLEST_STEP = 1e-3


def fit_softmax(
    features: np.ndarray, label_of: np.ndarray, c: float, balance: float, iterations: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Multinomial logistic regression by L-BFGS: weights of shape (d, k) and bias (k,).

    `c` is the inverse strength of the L2 penalty per example, `balance` how much the examples of
    small labels count against those of large ones (0 not, 1 in full).

    In float32 with a dense design, and in coordinates in which the loss is about as curved in every
    direction where the search starts (all labels equally probable): a quarter of the steps do.
    """
    n, d = features.shape
    k = int(label_of.max()) + 1
    design = np.hstack([features, np.ones((n, 1), np.float32)])
    truth = np.arange(n), label_of
    counts = np.bincount(label_of)[label_of]
    weight = (c * (counts.mean() / counts) ** balance).astype(np.float32)
    curvature = design.T @ (weight[:, None] * design) / k + np.eye(d + 1, dtype=np.float32)
    # weights = back @ coordinates; `penalty` is what |weights|^2 is in the coordinates.
    back = np.linalg.inv(np.linalg.cholesky(curvature)).T.astype(np.float32)
    design = design @ back
    penalty = back.T @ back

    def loss(coordinates: np.ndarray) -> Tuple[float, np.ndarray]:
        logits = design @ coordinates
        logits -= logits.max(axis=1, keepdims=True)
        likelihood = logits[truth]
        shares = np.exp(logits, out=logits)
        totals = shares.sum(axis=1, keepdims=True)
        value = float(weight @ (np.log(totals[:, 0]) - likelihood))
        shares *= weight[:, None] / totals
        shares[truth] -= weight
        pull = penalty @ coordinates
        return value + 0.5 * float((coordinates * pull).sum()), design.T @ shares + pull

    solution = back @ minimise(loss, np.zeros((d + 1, k), np.float32), iterations)
    return solution[:-1], solution[-1]


def fit_choice(options: np.ndarray, chosen: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Conditional logistic regression (McFadden 1974): what each property of an option counts.

    Args:
        options: shape (n, k, p), the p properties of the k options in n choices.
        chosen: the option taken in each, shape (n,).
        prior: weights (p,) that hold where the choices say little.

    Returns:
        Weights of shape (p,).
    """
    spread = options.std(axis=(0, 1)) + 1e-6
    options = options / spread
    taken = options[np.arange(len(options)), chosen].sum(axis=0)
    start = prior * spread

    def loss(weights: np.ndarray) -> Tuple[float, np.ndarray]:
        worth = options @ weights
        worth -= worth.max(axis=1, keepdims=True)
        shares = np.exp(worth)
        totals = shares.sum(axis=1, keepdims=True)
        shares /= totals
        likelihood = (worth[np.arange(len(worth)), chosen] - np.log(totals[:, 0])).sum()
        expected = np.tensordot(shares, options, axes=([0, 1], [0, 1]))
        away = weights - start
        n = len(options)
        return (0.5 * away @ away - likelihood) / n, (expected - taken + away) / n

    weights: np.ndarray = minimise(loss, start, NEWTON_STEPS) / spread
    return weights


def fit_yes_no(signs: np.ndarray, yes: np.ndarray, weight: np.ndarray) -> Tuple[float, np.ndarray]:
    """Logistic regression by Newton's method: bias, and weights of shape (p,).

    From signs of shape (n, p), yes or no (n,) and how much each counts (n,), 1 in all.
    """
    middle, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-6
    design = np.column_stack([np.ones(len(signs)), (signs - middle) / spread])
    weight = weight * len(signs)
    solution = np.zeros(design.shape[1])
    # A small penalty keeps it finite where yes and no can be parted without a mistake.
    penalty = np.diag([1e-3] + [1.0] * (design.shape[1] - 1))
    for _ in range(NEWTON_STEPS):
        share = sigmoid(design @ solution)
        gradient = design.T @ (weight * (share - yes)) + penalty @ solution
        curvature = (design.T * (weight * share * (1 - share))) @ design + penalty
        solution -= np.linalg.solve(curvature, gradient)
    weights = solution[1:] / spread
    return float(solution[0] - weights @ middle), weights


def sigmoid(logits: np.ndarray) -> np.ndarray:
    shares: np.ndarray = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return shares


def log_softmax(logits: np.ndarray) -> np.ndarray:
    logits = logits - logits.max(axis=1, keepdims=True)
    logs: np.ndarray = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logs


def minimise(
    loss: Callable[[np.ndarray], Tuple[float, np.ndarray]], start: np.ndarray, iterations: int
) -> np.ndarray:
    """L-BFGS (Nocedal and Wright 2006, algorithm 7.4) on a convex loss of unit curvature.

    The steps are those that SciPy's takes, in the loss's own float32 and shape: a third less time.
    """
    here, (value, slope) = start, loss(start)
    past: List[Tuple[np.ndarray, np.ndarray]] = []
    for _ in range(iterations):
        direction = -_times_inverse_curvature(slope, past)
        descent = float(np.vdot(slope, direction))
        step = 1.0
        there, (lower, new_slope) = here + direction, loss(here + direction)
        while lower > value + SUFFICIENT * step * descent and step > SMALLEST_STEP:
            step /= 2
            there, (lower, new_slope) = here + step * direction, loss(here + step * direction)
        if lower >= value:
            break
        past = [*past[1 - MEMORY :], (there - here, new_slope - slope)]
        here, value, slope = there, lower, new_slope
    return here


def _times_inverse_curvature(
    slope: np.ndarray, past: List[Tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """The slope times the inverse curvature that past steps and their changes of slope suggest."""
    result = slope.copy()
    shares = []
    for moved, changed in reversed(past):
        shares.append(float(np.vdot(moved, result)) / float(np.vdot(moved, changed)))
        result -= shares[-1] * changed
    if past:
        moved, changed = past[-1]
        result *= float(np.vdot(moved, changed)) / float(np.vdot(changed, changed))
    for (moved, changed), share in zip(past, reversed(shares), strict=True):
        back = float(np.vdot(changed, result)) / float(np.vdot(moved, changed))
        result += (share - back) * moved
    return result
