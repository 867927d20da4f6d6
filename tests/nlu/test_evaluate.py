"""The sums of the evaluation, and that it parses as the server does."""

from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from nlu.evaluate import (
    Asked,
    BadQuestions,
    Parsed,
    Question,
    confusions,
    evaluate,
    read_parse,
    read_questions,
    report_on,
    shares,
    table,
)
from nlu.train import Project, train
from tests.nlu.small_project import make_project

QUESTIONS = """version: "3.1"
nlu:
  - intent: faq/downtime
    examples: |
      - how long is the downtime
      - is there any recovery time
  - intent: ordinary_after_effect
    examples: |
      - my face is a bit pink
"""


def asked(expected: str, label: str, clarified: bool = False, set_name: str = "first") -> Asked:
    parsed = Parsed(label, None, 0.5, clarified, milliseconds=2.0)
    return Asked(Question(set_name, f"{expected}?", expected), parsed)


def parse_data(
    name: Optional[str], confidence: float = 0.9, best: str = "faq/pain"
) -> Dict[str, Any]:
    return {
        "intent": {"name": name, "confidence": confidence},
        "response_selector": {"faq": {"response": {"intent_response_key": best}}},
        "gate": {"threshold": 0.5, "clarify": 0.3},
    }


def test_a_retrieval_intent_is_read_in_full() -> None:
    assert read_parse(parse_data("faq")).label == "faq/pain"


def test_another_intent_is_not_the_faq_that_came_next() -> None:
    assert read_parse(parse_data("greet")).label == "greet"


@pytest.mark.parametrize(("confidence", "clarified"), [(0.4, True), (0.3, True), (0.2, False)])
def test_below_the_gate_the_score_decides_whether_to_ask_back(
    confidence: float, clarified: bool
) -> None:
    parsed = read_parse(parse_data("nlu_fallback", confidence))

    assert (parsed.label, parsed.clarified) == ("nlu_fallback", clarified)


def test_a_model_without_intents_understands_nothing() -> None:
    assert read_parse({"intent": {"name": None, "confidence": 0.0}}).label == "nlu_fallback"


def test_faq_questions_fall_into_five_shares() -> None:
    result = shares(
        [
            asked("faq/pain", "faq/pain"),
            asked("faq/pain", "faq/downtime"),
            asked("faq/pain", "medical"),
            asked("faq/pain", "nlu_fallback", clarified=True),
            asked("faq/pain", "nlu_fallback"),
        ]
    )

    assert result == {
        "questions": 5,
        "faq": {
            "n": 5,
            "right": 0.2,
            "wrong_faq": 0.2,
            "other_intent": 0.2,
            "clarified": 0.2,
            "declined": 0.2,
        },
    }


def test_what_no_article_answers_must_not_be_answered() -> None:
    result = shares(
        [
            asked("medical", "medical"),
            asked("medical", "out_of_scope"),
            asked("medical", "nlu_fallback"),
            asked("medical", "faq/pain"),
        ]
    )

    assert result["medical"] == {"n": 4, "not_answered": 0.75, "right_intent": 0.25}


def test_emergencies_are_recalled_and_ordinary_effects_are_no_alarm() -> None:
    result = shares(
        [
            asked("emergency", "emergency"),
            asked("emergency", "faq/pain"),
            asked("ordinary_after_effect", "emergency"),
            asked("ordinary_after_effect", "faq/pain"),
            asked("ordinary_after_effect", "nlu_fallback"),
            asked("ordinary_after_effect", "medical"),
        ]
    )

    assert result["emergency"] == {"n": 2, "recall": 0.5}
    assert result["ordinary_after_effect"] == {"n": 4, "false_alarms": 0.25}


def test_all_other_intents_are_conversation() -> None:
    result = shares([asked("greet", "greet"), asked("affirm", "deny")])

    assert result["conversation"] == {"n": 2, "right": 0.5}


def test_confusions_are_counted_and_an_unanswered_question_is_none() -> None:
    found = confusions(
        [
            asked("affirm", "deny"),
            asked("faq/pain", "medical"),
            asked("faq/pain", "medical"),
            asked("faq/pain", "nlu_fallback"),
            asked("ordinary_after_effect", "faq/pain"),
        ]
    )

    assert [(pair["expected"], pair["got"], pair["count"]) for pair in found] == [
        ("faq/pain", "medical", 2),
        ("affirm", "deny", 1),
    ]


def test_a_report_has_each_set_and_all_of_them() -> None:
    report = report_on(
        "a.tar.gz",
        {"threshold": 0.5},
        [asked("greet", "greet"), asked("greet", "deny", set_name="second")],
    )

    assert report.sets["first"]["conversation"]["right"] == 1.0
    assert report.sets["second"]["conversation"]["right"] == 0.0
    assert report.total["conversation"] == {"n": 2, "right": 0.5}
    assert [mistake["got"] for mistake in report.mistakes] == ["deny"]
    assert report.milliseconds == {"median": 2.0, "p95": 2.0}
    assert "gate at 0.500" in table(report)


def test_each_folder_is_a_set(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "faq.yml").write_text(QUESTIONS)

    questions = read_questions([tmp_path])

    assert [question.set for question in questions] == ["first"] * 3 + ["second"] * 3
    assert questions[1] == Question("first", "is there any recovery time", "faq/downtime")
    assert questions[2].expected == "ordinary_after_effect"


def test_a_folder_without_questions_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions, match="no questions in"):
        read_questions([tmp_path])


def test_a_trained_model_is_asked_every_question(tmp_path: Path) -> None:
    project: Project = make_project(tmp_path / "project")
    trained = train(project, tmp_path / "models")
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "faq.yml").write_text(QUESTIONS)

    report = evaluate(tmp_path / "models" / trained.model, [tmp_path / "first"])

    assert report.model == trained.model
    assert report.gate["threshold"] > 0
    assert report.total["questions"] == 3
    assert report.total["faq"]["right"] > 0
    assert report.total["ordinary_after_effect"]["n"] == 1
    assert report.milliseconds["median"] > 0


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions, match="there is no model"):
        evaluate(tmp_path / "gone.tar.gz", [tmp_path])
