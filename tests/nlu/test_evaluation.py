"""The sums of the evaluation, on answers made by hand."""

from typing import Any, Dict, List, Optional, Text

import pytest

from nlu.evaluation.figures import confusions, figures
from nlu.evaluation.outcomes import Answers, read_parse
from nlu.evaluation.questions import Set
from nlu.evaluation.report import report_on
from nlu.evaluation.terminal import table
from tests.nlu.hand_made import asked, asked_several, replayed


def parse_data(
    name: Optional[str],
    confidence: float = 0.9,
    best: str = "faq/pain",
    questions: Optional[List[Dict[Text, Any]]] = None,
) -> Dict[str, Any]:
    data = {
        "intent": {"name": name, "confidence": confidence},
        "intent_ranking": [{"name": name, "confidence": confidence}, {"name": "faq"}],
        "response_selector": {
            "all_retrieval_intents": ["faq", "medical"],
            "faq": {"response": {"intent_response_key": best}},
            "medical": {"response": {"intent_response_key": "medical/pregnancy"}},
        },
        "gate": {"threshold": 0.5, "clarify": 0.3},
    }
    return {**data, "questions": questions} if questions else data


def test_a_faq_is_read_in_full() -> None:
    assert read_parse(parse_data("faq")).label == "faq/pain"


@pytest.mark.parametrize("intent", ["greet", "medical", "out_of_scope"])
def test_any_other_intent_is_read_without_its_kind(intent: str) -> None:
    assert read_parse(parse_data(intent)).label == intent


@pytest.mark.parametrize(("confidence", "clarified"), [(0.4, True), (0.3, True), (0.2, False)])
def test_below_the_gate_the_score_decides_whether_to_ask_back(
    confidence: float, clarified: bool
) -> None:
    parsed = read_parse(parse_data("nlu_fallback", confidence))

    assert (parsed.label, parsed.clarified) == ("nlu_fallback", clarified)


def test_below_the_gate_the_best_label_is_known_all_the_same() -> None:
    assert read_parse(parse_data("nlu_fallback", 0.2)).best == "faq/pain"
    assert read_parse(parse_data("medical")).best == "medical"


def test_a_model_without_intents_understands_nothing() -> None:
    assert read_parse({"intent": {"name": None, "confidence": 0.0}}).label == "nlu_fallback"


def test_several_questions_are_read_in_order() -> None:
    parsed = read_parse(
        parse_data(
            "faq",
            questions=[
                {"text": "a", "intent": "faq", "intent_response_key": "faq/pain"},
                {"text": "b", "intent": "medical", "intent_response_key": "medical/pregnancy"},
                {"text": "c", "intent": "clinic_hours", "intent_response_key": None},
                {"text": "d", "intent": "nlu_fallback", "intent_response_key": None},
            ],
        )
    )

    assert parsed.label == "faq/pain"
    assert parsed.labels == ("faq/pain", "medical", "clinic_hours", "nlu_fallback")


def test_faq_questions_fall_into_six_shares() -> None:
    result = figures(
        Answers(
            [
                asked("faq/pain", "faq/pain"),
                asked("faq/pain", "faq/pain", "faq/pain"),
                asked("faq/pain", "faq/pain", "faq/downtime"),
                asked("faq/pain", "faq/downtime"),
                asked("faq/pain", "faq/downtime", "medical"),
                asked("faq/pain", "medical"),
                asked("faq/pain", "nlu_fallback", clarified=True),
                asked("faq/pain", "nlu_fallback"),
            ]
        )
    )

    assert result == {
        "messages": 8,
        "faq": {
            "n": 8,
            "right": 0.25,
            "extra": 0.125,
            "wrong_faq": 0.25,
            "other_intent": 0.125,
            "clarified": 0.125,
            "declined": 0.125,
        },
    }


def test_what_no_article_answers_must_not_be_answered() -> None:
    result = figures(
        Answers(
            [
                asked("medical", "medical"),
                asked("medical", "out_of_scope"),
                asked("medical", "nlu_fallback"),
                asked("medical", "medical", "faq/pain"),
            ]
        )
    )

    assert result["medical"] == {"n": 4, "not_answered": 0.75, "right_intent": 0.25}


def test_emergencies_are_recalled_and_ordinary_effects_are_no_alarm() -> None:
    result = figures(
        Answers(
            [
                asked("emergency", "emergency", "faq/pain"),
                asked("emergency", "faq/pain", "emergency"),
                asked("ordinary_after_effect", "emergency"),
                asked("ordinary_after_effect", "faq/pain", "emergency"),
                asked("ordinary_after_effect", "faq/pain", "medical"),
                asked("ordinary_after_effect", "nlu_fallback"),
            ]
        )
    )

    assert result["emergency"] == {"n": 2, "recall": 0.5}
    assert result["ordinary_after_effect"] == {"n": 4, "false_alarms": 0.5}


def test_all_other_intents_are_conversation() -> None:
    result = figures(Answers([asked("greet", "greet"), asked("affirm", "deny")]))

    assert result["conversation"] == {"n": 2, "right": 0.5}


def test_several_questions_are_right_when_all_are_answered_in_order_and_nothing_else() -> None:
    pain_and_time = [["faq/pain"], ["faq/downtime", "faq/healing"]]

    result = figures(
        Answers(
            several=[
                asked_several(pain_and_time, "faq/pain", "faq/healing"),
                asked_several(pain_and_time, "faq/downtime", "faq/pain"),
                asked_several(pain_and_time, "faq/pain", "faq/downtime", "faq/scars"),
                asked_several(pain_and_time, "faq/pain", "nlu_fallback"),
                asked_several(pain_and_time, "faq/pain"),
            ]
        )
    )

    assert result["several"] == {"n": 5, "right": 0.2, "every_part": 0.6, "extra": 0.2}
    assert result["parts"] == {"n": 10, "answered": 0.8}
    assert "single" not in result


def test_an_answer_meets_one_question_only() -> None:
    both = [["faq/pain", "faq/downtime"], ["faq/pain"]]

    right = asked_several(both, "faq/downtime", "faq/pain")
    half = asked_several(both, "faq/pain", "faq/scars")

    assert right.right
    assert (half.parts_answered, half.every_part, half.extra) == (1, False, True)


def test_a_single_question_is_to_be_kept_whole() -> None:
    result = figures(
        Answers(
            several=[
                asked_several([["faq/pain"]], "faq/pain"),
                asked_several([["faq/pain"]], "faq/scars"),
                asked_several([["faq/pain"]], "faq/pain", "faq/scars"),
                asked_several([["faq/pain"]], "faq/pain", "nlu_fallback"),
            ]
        )
    )

    assert result["single"] == {"n": 4, "kept_whole": 0.5, "right": 0.25}
    assert "several" not in result


def test_a_dialogue_is_right_when_every_turn_is() -> None:
    result = figures(
        Answers(
            dialogues=[
                replayed([(["faq/pain"], ["faq/pain"]), (["faq/a", "faq/b"], ["faq/b"])]),
                replayed(
                    [
                        (["faq/pain"], ["faq/pain"]),
                        (["faq/pain"], ["faq/pain", "faq/scars"]),
                        (["thank_you"], ["thank_you"]),
                    ]
                ),
            ]
        )
    )

    assert result["dialogues"] == {"n": 2, "right": 0.5}
    assert result["turns"] == {"n": 5, "right": 0.8}
    assert result["later_turns"] == {"n": 3, "right": pytest.approx(2 / 3)}
    assert result["messages"] == 5


def test_confusions_are_counted_and_an_unanswered_question_is_none() -> None:
    found = confusions(
        [
            asked("affirm", "deny"),
            asked("faq/pain", "medical"),
            asked("faq/pain", "faq/pain", "medical"),
            asked("faq/pain", "nlu_fallback"),
            asked("ordinary_after_effect", "faq/pain"),
        ]
    )

    assert [(pair["expected"], pair["got"], pair["count"]) for pair in found] == [
        ("faq/pain", "medical", 2),
        ("affirm", "deny", 1),
    ]


def test_a_report_has_each_set_and_all_of_them() -> None:
    second = Set("second")

    report = report_on(
        "a.tar.gz",
        {"threshold": 0.5},
        Answers([asked("greet", "greet"), asked("greet", "deny", of_set=second)]),
    )

    assert report.sets["first"]["conversation"]["right"] == 1.0
    assert report.sets["second"]["conversation"]["right"] == 0.0
    assert report.total["conversation"] == {"n": 2, "right": 0.5}
    assert [message["got"] for message in report.messages] == [["greet"], ["deny"]]
    assert report.milliseconds == {"n": 2, "median": 2.0, "p95": 2.0}
    assert "gate at 0.500" in table(report)


def test_a_held_out_set_is_counted_but_its_messages_are_not_shown() -> None:
    secret = Set("fifth", held_out=True)
    answers = Answers(
        [asked("greet", "deny", of_set=secret, text="words kept apart")],
        [asked_several([["faq/pain"]], "greet", of_set=secret, text="words kept apart")],
        [replayed([(["faq/pain"], ["faq/scars"])], of_set=secret)],
    )

    report, shown = (
        report_on("a.tar.gz", {}, answers, show_held_out=show) for show in (False, True)
    )

    assert report.sets["fifth"]["conversation"] == {"n": 1, "right": 0.0}
    assert report.held_out == ["fifth"]
    assert "words kept apart" not in f"{report}{table(report)}"
    assert "turn 1" not in str(report)
    assert "words kept apart" in table(shown)
