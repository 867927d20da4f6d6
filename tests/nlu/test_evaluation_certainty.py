"""The two curves, on scores chosen by hand."""

import pytest

from nlu.evaluation.certainty import POINTS, calibration, coverage_and_risk
from nlu.evaluation.charts import calibration_chart, coverage_chart
from tests.nlu.hand_made import asked

# In the order of their scores: right, right, wrong, then below the gate: right, wrong.
FIVE = [
    asked("faq/a", "faq/a", score=0.95),
    asked("faq/a", "faq/a", score=0.85),
    asked("faq/a", "faq/b", score=0.75),
    asked("faq/a", "nlu_fallback", best="faq/a", score=0.45),
    asked("faq/a", "nlu_fallback", best="faq/b", score=0.15),
]


def test_every_gate_answers_some_and_gets_some_of_these_wrong() -> None:
    curve = coverage_and_risk(FIVE[::-1])

    assert [(point["coverage"], point["risk"]) for point in curve["points"]] == [
        (0.2, 0.0),
        (0.4, 0.0),
        (0.6, 0.3333),
        (0.8, 0.25),
        (1.0, 0.4),
    ]
    assert [point["threshold"] for point in curve["points"]] == [0.95, 0.85, 0.75, 0.45, 0.15]
    assert curve["live"] == {"coverage": 0.6, "risk": 0.3333}


def test_messages_of_one_score_pass_the_gate_together() -> None:
    curve = coverage_and_risk(
        [asked("faq/a", "faq/a", score=0.5), asked("faq/a", "faq/b", score=0.5)]
    )

    assert [(point["coverage"], point["risk"]) for point in curve["points"]] == [(1.0, 0.5)]


def test_ordinary_after_effects_have_no_one_label_to_be_right_about() -> None:
    ordinary = [asked("ordinary_after_effect", "faq/a")]

    assert coverage_and_risk(ordinary) == {}
    assert calibration(ordinary) == {}
    assert coverage_and_risk([*FIVE, *ordinary])["n"] == 5


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    many = [asked("faq/a", "faq/a", score=number / 1000) for number in range(1000)]

    points = coverage_and_risk(many)["points"]

    assert len(points) == POINTS
    assert (points[0]["threshold"], points[-1]["coverage"]) == (0.999, 1.0)


def test_scores_are_calibrated_when_they_say_how_often_they_are_right() -> None:
    found = calibration(
        [
            asked("faq/a", "faq/a", score=0.72),
            asked("faq/a", "faq/a", score=0.78),
            asked("faq/a", "faq/b", score=0.75),
            asked("faq/a", "faq/a", score=1.0),
        ]
    )

    bins = {one["from"]: one for one in found["bins"] if one["n"]}
    assert len(found["bins"]) == 10
    assert bins[0.7] == {"from": 0.7, "to": 0.8, "n": 3, "score": 0.75, "right": 0.6667}
    assert bins[0.9] == {"from": 0.9, "to": 1.0, "n": 1, "score": 1.0, "right": 1.0}
    assert found["error"] == pytest.approx(3 * (0.75 - 0.6667) / 4, abs=1e-4)


def test_the_charts_show_the_live_gate_and_every_bin() -> None:
    curve, bars = coverage_chart(coverage_and_risk(FIVE)), calibration_chart(calibration(FIVE))

    assert "live gate: 60.0% answered, 33.3% of them wrong" in curve
    assert curve.count('class="live"') == 1
    assert bars.count('class="count"') == 10
    assert bars.count('class="bar"') == 5
