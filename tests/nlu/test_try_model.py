"""What a model would answer, told without running an action or keeping a conversation."""

import io
import json
from typing import Any, Dict

import pytest
from rasa.shared.core.domain import Domain

from nlu.try_model import answer_to, serve

DOMAIN = Domain.from_dict(
    {
        "intents": ["greet", "medical", "request_consultation", "nlu_fallback"],
        "slots": {
            "clinic_phone": {
                "type": "text",
                "initial_value": "+1 202-555-0143",
                "mappings": [{"type": "custom"}],
            }
        },
        "responses": {
            "utter_faq/downtime": [
                {"text": "Very little.", "custom": {"title": "How long?", "source": "a#b"}}
            ],
            "utter_faq/pain": [
                {"text": "Hardly.", "custom": {"title": "Does it hurt?", "source": "a#c"}}
            ],
            "utter_medical": [
                {
                    "text": "Please ask a doctor, or call {clinic_phone}.",
                    "custom": {"outcome": "professional"},
                }
            ],
            "utter_greet": [{"text": "Hello."}],
            "utter_did_you_mean": [{"text": "Did you mean one of these?"}],
            "utter_not_understood": [{"text": "I don't know."}],
        },
    }
)


def parsed(intent: str, confidence: float, *faqs: Any, **more: Any) -> Dict[str, Any]:
    ranking = [{"intent_response_key": label, "confidence": score} for label, score in faqs]
    best = {"response": {"intent_response_key": faqs[0][0]}} if faqs else {}
    return {
        "intent": {"name": intent, "confidence": confidence},
        "intent_ranking": [{"name": intent, "confidence": confidence}],
        "response_selector": {"faq": {**best, "ranking": ranking}},
        **more,
    }


def test_an_faq_is_told_with_its_source_and_what_came_next() -> None:
    answer = answer_to(parsed("faq", 0.9, ("faq/downtime", 0.9), ("faq/pain", 0.1)), DOMAIN)

    assert answer["outcome"] == "answered"
    assert answer["parts"] == [
        {"label": "faq/downtime", "title": "How long?", "text": "Very little.", "source": "a#b"}
    ]
    assert answer["runner_up"] == {"title": "Does it hurt?", "confidence": 0.1}


def test_each_of_several_questions_is_answered() -> None:
    parts = [
        {"intent": "faq", "intent_response_key": "faq/downtime"},
        {"intent": "faq", "intent_response_key": "faq/pain"},
    ]
    answer = answer_to(parsed("faq", 0.9, ("faq/downtime", 0.9), questions=parts), DOMAIN)

    assert [part["text"] for part in answer["parts"]] == ["Very little.", "Hardly."]


def test_what_is_close_is_asked_back_and_what_is_not_is_declined() -> None:
    near = ("faq/downtime", 0.5), ("faq/pain", 0.4)
    asked_back = answer_to(parsed("nlu_fallback", 0.5, *near, gate={"clarify": 0.4}), DOMAIN)
    far = ("faq/downtime", 0.1), ("faq/pain", 0.05)
    declined = answer_to(parsed("nlu_fallback", 0.1, *far, gate={"clarify": 0.4}), DOMAIN)

    assert (asked_back["outcome"], asked_back["choices"]) == (
        "clarified",
        ["How long?", "Does it hurt?"],
    )
    assert asked_back["parts"][0]["text"] == "Did you mean one of these?"
    assert (declined["outcome"], declined["choices"]) == ("declined", [])
    assert declined["parts"][0]["text"] == "I don't know."


@pytest.mark.parametrize(
    ("intent", "outcome", "text"),
    [
        ("medical", "professional", "Please ask a doctor, or call +1 202-555-0143."),
        ("greet", "other", "Hello."),
        ("request_consultation", "other", ""),
    ],
)
def test_other_replies_are_told_and_start_nothing(intent: str, outcome: str, text: str) -> None:
    answer = answer_to(parsed(intent, 0.9), DOMAIN)

    assert (answer["outcome"], answer["parts"][0]["text"]) == (outcome, text)
    assert answer["runner_up"] is None


class Model:
    def __init__(self, problem: str = "") -> None:
        self.problem = problem or None

    def answer(self, text: str) -> Any:
        return None if self.problem else {"said": text}


def test_each_line_is_answered_by_each_model() -> None:
    out = io.StringIO()
    lines = [json.dumps({"text": text}) for text in ("one", "two")]

    serve([Model(), Model("too old")], lines, out)

    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"ready": True, "problems": [None, "too old"]},
        {"answers": [{"said": "one"}, None]},
        {"answers": [{"said": "two"}, None]},
    ]
