"""What is said to a message that was not understood, without Rasa around it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.clarification import MOST_CHOICES, NotUnderstood, close_answers

BAR = 0.4
TITLES = {
    "faq/pain": "Does it hurt?",
    "faq/safety": "Is it safe?",
    "faq/downtime": "How long is the downtime?",
    "faq/needles": "How long are the needles?",
}
DOMAIN = {
    "responses": {
        **{f"utter_{label}": [{"custom": {"title": title}}] for label, title in TITLES.items()},
        "utter_faq/untitled": [{"text": "Well."}],
    }
}


def scored(*others: tuple[str, float], **faqs: float) -> dict[str, Any]:
    """A message below the gate: the confidences of FAQs, the best first, and of other intents."""
    ranking = [{"intent_response_key": f"faq/{faq}", "confidence": c} for faq, c in faqs.items()]
    best = max(faqs.values(), default=0.0)
    return {
        "intent": {"name": "nlu_fallback", "confidence": best},
        "intent_ranking": [
            {"name": "nlu_fallback", "confidence": best},
            {"name": "faq", "confidence": best},
            *({"name": name, "confidence": confidence} for name, confidence in others),
        ],
        "response_selector": {"faq": {"ranking": ranking}},
        "gate": {"threshold": 0.6, "clarify": BAR},
    }


def offered(message: dict[str, Any]) -> list[str]:
    return [choice["title"] for choice in close_answers(message, DOMAIN)]


def said(message: dict[str, Any], *before: str) -> tuple[str, list[str]]:
    """The response and the titles of its buttons, after messages of these intents."""
    turns = [{"event": "user", "parse_data": {"intent": {"name": name}}} for name in before]
    events = [*turns, {"event": "user", "parse_data": {"intent": message["intent"]}}]
    tracker = Tracker("visitor", {}, message, events, False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    asyncio.run(NotUnderstood().run(dispatcher, tracker, DOMAIN))
    (sent,) = dispatcher.messages
    return str(sent["response"]), [button["title"] for button in sent["buttons"]]


def test_the_closest_answer_is_offered_first() -> None:
    assert offered(scored(pain=0.5, safety=0.45)) == ["Does it hurt?", "Is it safe?"]


def test_a_choice_leads_to_its_answer() -> None:
    (choice,) = close_answers(scored(pain=0.5), DOMAIN)

    assert choice == {"title": "Does it hurt?", "payload": "/faq/pain"}


def test_where_the_best_is_not_close_nothing_is_offered() -> None:
    assert offered(scored(pain=0.1, safety=0.1)) == []


def test_beside_a_close_one_others_may_be_further_off() -> None:
    assert offered(scored(pain=0.5, safety=0.2)) == ["Does it hurt?", "Is it safe?"]
    assert offered(scored(pain=0.5, safety=0.01)) == ["Does it hurt?"]


def test_no_more_are_offered_than_are_read() -> None:
    found = offered(scored(pain=0.5, safety=0.49, downtime=0.48, needles=0.47))

    assert found == ["Does it hurt?", "Is it safe?", "How long is the downtime?"]
    assert len(found) == MOST_CHOICES


def test_an_answer_without_a_title_is_not_offered() -> None:
    assert offered(scored(pain=0.5, untitled=0.45, unheard_of=0.45)) == ["Does it hurt?"]


def test_nothing_is_offered_where_another_intent_leads() -> None:
    assert offered(scored(("greet", 0.55), pain=0.5)) == []
    assert offered(scored(("greet", 0.2), pain=0.5)) == ["Does it hurt?"]


@pytest.mark.parametrize("message", [{}, {"gate": {"clarify": BAR}}, {"gate": None}])
def test_a_message_without_scores_offers_nothing(message: dict[str, Any]) -> None:
    assert offered(message) == []


def test_close_answers_are_asked_about_with_a_way_out() -> None:
    assert said(scored(pain=0.5, safety=0.45)) == (
        "utter_did_you_mean",
        ["Does it hurt?", "Is it safe?", "None of these"],
    )


def test_without_a_close_answer_it_says_so() -> None:
    assert said(scored(pain=0.1)) == ("utter_not_understood", [])


def test_the_second_time_in_a_row_the_clinic_is_named() -> None:
    close = scored(pain=0.5)

    assert said(close, "faq", "nlu_fallback") == ("utter_not_understood_again", [])
    assert said(close, "nlu_fallback", "faq")[0] == "utter_did_you_mean"


@pytest.mark.parametrize("before", [["emergency"], ["emergency", "affirm"]])
def test_after_an_emergency_nothing_else_is_offered(before: list[str]) -> None:
    assert said(scored(pain=0.5), *before) == ("utter_emergency_noted", [])


def test_an_emergency_long_past_is_no_longer_on_its_mind() -> None:
    assert said(scored(pain=0.5), "emergency", "faq", "faq", "faq")[0] == "utter_did_you_mean"
