"""Whether the scores can be trusted: what another gate would do, and how often a score is right."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Text

import numpy as np

from nlu.evaluation.labels import FALLBACK
from nlu.evaluation.outcomes import Asked

BINS = 10
# Points that a curve needs at most to look smooth.
POINTS = 200


def coverage_and_risk(asked: Sequence[Asked]) -> Dict[Text, Any]:
    """Coverage (share answered) and risk (share of the answered that is wrong), gate by gate.

    A point for each score that the gate could be set to, from the strictest gate on; `live` is
    what the model's own gate does. Empty without a question of one right label.
    """
    asked = [one for one in asked if one.has_one_label]
    if not asked:
        return {}
    asked.sort(key=lambda one: -one.parsed.score)
    wrong = np.cumsum([not one.best_right for one in asked])
    last_of_score = [
        number
        for number, one in enumerate(asked, start=1)
        if number == len(asked) or asked[number].parsed.score != one.parsed.score
    ]
    points = [
        {
            "threshold": round(asked[number - 1].parsed.score, 4),
            "coverage": round(number / len(asked), 4),
            "risk": round(int(wrong[number - 1]) / number, 4),
        }
        for number in last_of_score
    ]
    return {"n": len(asked), "points": _thinned(points), "live": _live(asked)}


def _live(asked: Sequence[Asked]) -> Dict[Text, float]:
    answered = [one for one in asked if one.parsed.label != FALLBACK]
    wrong = sum(not one.best_right for one in answered)
    return {
        "coverage": round(len(answered) / len(asked), 4),
        "risk": round(wrong / len(answered), 4) if answered else 0.0,
    }


def _thinned(points: List[Dict[Text, float]]) -> List[Dict[Text, float]]:
    if len(points) <= POINTS:
        return points
    kept = np.unique(np.linspace(0, len(points) - 1, POINTS).astype(int))
    return [points[number] for number in kept]


def calibration(asked: Sequence[Asked]) -> Dict[Text, Any]:
    """How often the best label is right, by how high it scores.

    `error` is the mean distance of a bin's share right from its mean score, weighed by its number
    of messages (expected calibration error). Empty without a question of one right label.
    """
    asked = [one for one in asked if one.has_one_label]
    if not asked:
        return {}
    scores = np.array([one.parsed.score for one in asked])
    right = np.array([one.best_right for one in asked])
    bin_of = np.clip((scores * BINS).astype(int), 0, BINS - 1)
    bins = []
    error = 0.0
    for number in range(BINS):
        inside = bin_of == number
        n = int(inside.sum())
        found: Dict[Text, Any] = {"from": number / BINS, "to": (number + 1) / BINS, "n": n}
        if n:
            found["score"] = round(float(scores[inside].mean()), 4)
            found["right"] = round(float(right[inside].mean()), 4)
            error += n * abs(found["score"] - found["right"])
        bins.append(found)
    return {"n": len(asked), "bins": bins, "error": round(error / len(asked), 4)}
