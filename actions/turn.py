"""Reads a visitor's turn out of Rasa's tracker."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

# Intents that say something to a form; `questions` holds them beside what else is asked.
FOR_A_FORM = {"affirm", "change_details", "deny", "inform", "request_consultation"}


def intent_of(tracker: Tracker) -> str:
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def text_of(tracker: Tracker) -> str:
    return str(tracker.latest_message.get("text") or "")


def is_choice(tracker: Tracker) -> bool:
    """Whether the visitor chose a button; its title is then the message's text."""
    return bool((_last_user_event(tracker).get("metadata") or {}).get("choice"))


def entity(tracker: Tracker, name: str) -> str | None:
    """The value of the first entity of this name in the latest message."""
    return next(tracker.get_latest_entity_values(name), None)


def asked_slot(tracker: Tracker) -> str | None:
    """The slot whose question the form has open; None when the form is just being opened."""
    if not tracker.active_loop_name:
        return None
    asked: str | None = tracker.get_slot("requested_slot")
    return asked


def resumes(tracker: Tracker) -> bool:
    """Whether the form comes back to its open question after the message was answered otherwise.

    Rasa then calls the validation as well, though the message was none for the form. One that
    answers and asks is for the form all the same: what it asks has been answered before.
    """
    questions = tracker.latest_message.get("questions") or []
    if any(question.get("intent") in FOR_A_FORM for question in questions):
        return False
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "bot":
            return True
    return False


def opened_at(tracker: Tracker, form: str) -> str:
    """When the form was last opened; with the conversation's name, the key of a hand-over."""
    for event in reversed(tracker.events):
        if event.get("event") == "active_loop" and event.get("name") == form:
            return f"{event.get('timestamp')}"
    return "unopened"


def time_zone_of(tracker: Tracker) -> str | None:
    """The visitor's time zone (IANA), as the widget told it."""
    told = (_last_user_event(tracker).get("metadata") or {}).get("time_zone")
    return told if isinstance(told, str) else None


def user_turns(tracker: Tracker) -> list[dict[str, Any]]:
    """The visitor's messages, the latest first, each Rasa's `user` event."""
    return [event for event in reversed(tracker.events) if event.get("event") == "user"]


def set_slots(**values: Any) -> list[EventType]:
    return [SlotSet(name, value) for name, value in values.items()]


def offer_open_request(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Reminds of a consultation request that the message interrupted."""
    if tracker.get_slot("consultation"):
        dispatcher.utter_message(response="utter_request_open")


def _last_user_event(tracker: Tracker) -> dict[str, Any]:
    return next(iter(user_turns(tracker)), {})
