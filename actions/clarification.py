"""What to say to a message that the gate did not let through."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import offer_open_request, user_turns

FALLBACK = "nlu_fallback"
EMERGENCY = "emergency"
MOST_CHOICES = 3
# The bar is found on training phrasings, which are harder than questions: half of it will do.
FLOOR_SHARE = 0.5
# What share of the clarifying bar the choices beside the best one must reach.
OTHERS_SHARE = 0.2


class NotUnderstood(Action):
    """Asks "did you mean" when answers are close; twice in a row, names the clinic's contact."""

    def name(self) -> str:
        return "action_not_understood"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        if was_emergency_lately(tracker):
            dispatcher.utter_message(response="utter_emergency_noted")
            offer_open_request(dispatcher, tracker)
            return []
        if was_fallback_before(tracker):
            dispatcher.utter_message(response="utter_not_understood_again")
            return []
        choices = close_answers(tracker.latest_message, domain)
        if choices:
            none = {"title": "None of these", "payload": f"/{FALLBACK}"}
            dispatcher.utter_message(response="utter_did_you_mean", buttons=[*choices, none])
        else:
            dispatcher.utter_message(response="utter_not_understood")
        return []


def was_emergency_lately(tracker: Tracker) -> bool:
    """Whether one of the visitor's two messages before this one was an emergency."""
    return EMERGENCY in _intents_before(tracker)[:2]


def was_fallback_before(tracker: Tracker) -> bool:
    """Whether the visitor's message before this one was not understood either."""
    return _intents_before(tracker)[:1] == [FALLBACK]


def _intents_before(tracker: Tracker) -> list[str | None]:
    """The intents of the visitor's messages before this one, the latest first."""
    parses = [turn.get("parse_data") or {} for turn in user_turns(tracker)[1:]]
    return [(parse.get("intent") or {}).get("name") for parse in parses]


def close_answers(message: dict[str, Any], domain: dict[str, Any]) -> list[dict[str, str]]:
    """Buttons for the FAQs that come close, the closest first; none when another intent leads."""
    floor = (message.get("gate") or {}).get("clarify")
    ranking = ((message.get("response_selector") or {}).get("faq") or {}).get("ranking") or []
    if floor is None or not ranking or _other_intent_leads(message, ranking[0]["confidence"]):
        return []
    if ranking[0]["confidence"] < FLOOR_SHARE * floor:
        return []
    close = [r for r in ranking[:MOST_CHOICES] if r["confidence"] >= OTHERS_SHARE * floor]
    near = [r["intent_response_key"] for r in close]
    titled = [(label, _title(domain, label)) for label in near]
    return [{"title": title, "payload": f"/{label}"} for label, title in titled if title]


def _other_intent_leads(message: dict[str, Any], best: float) -> bool:
    others = [
        r["confidence"]
        for r in message.get("intent_ranking") or []
        if r["name"] not in {FALLBACK, "faq"}
    ]
    return bool(others) and max(others) > best


def _title(domain: dict[str, Any], label: str) -> str | None:
    responses = (domain.get("responses") or {}).get(f"utter_{label}") or [{}]
    return (responses[0].get("custom") or {}).get("title")
