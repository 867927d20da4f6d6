"""The message form: a question and a contact for the clinic's team."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.desk import Desk
from actions.turn import (
    asked_slot,
    intent_of,
    is_choice,
    offer_open_request,
    opened_at,
    resumes,
    set_slots,
    text_of,
    user_turns,
)
from booking.details import Contact, Details, Slot
from booking.errors import BookingUnavailable, DetailRefused
from booking.messages import leave_message
from booking.reading.message import Reading, read_answer

logger = logging.getLogger(__name__)

FORM = "message_form"
# A question that got one of these replies is what the visitor most likely wants to have passed on.
UNANSWERED = {"nlu_fallback", "medical", "ask_price", "manage_request"}


class ValidateMessageForm(Action):
    """Takes the message in the visitor's words, then a contact."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def name(self) -> str:
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        if resumes(tracker):
            return []
        asked = asked_slot(tracker)
        if asked is None:
            # What could not be stored before is still there, and tried again.
            kept = tracker.get_slot("message_text")
            return set_slots(
                message_text=kept or unanswered_question(tracker),
                message_contact=self._contact_given(tracker),
                refused=None,
            )
        if is_choice(tracker):
            return set_slots(refused=None)
        if asked == "message_text" and intent_of(tracker) in {"affirm", "deny"}:
            return set_slots(refused=None)
        if asked == "message_text":
            return set_slots(message_text=text_of(tracker), refused=None)
        reading = self._read_contact(text_of(tracker))
        known = reading.applied_to(Details())
        return set_slots(
            message_contact=known.email or known.phone,
            refused=reading.problem.code.value if reading.problem else None,
        )

    def _contact_given(self, tracker: Tracker) -> str | None:
        """What the opening message gives ("can someone call me on ..."), or what was said before.

        That is the contact of a message that could not be stored, or else of a request.
        """
        given = self._read_contact(text_of(tracker)).applied_to(Details())
        kept = tracker.get_slot("message_contact")
        known = Details.from_json(tracker.get_slot("consultation") or {})
        return given.email or given.phone or kept or known.email or known.phone

    def _read_contact(self, text: str) -> Reading:
        desk = self._desk
        return read_answer(text, Slot.CONTACT, Details(), desk.now(), desk.clinic, desk.region)


class LeaveMessage(Action):
    """Stores the message; it is no consultation request."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def name(self) -> str:
        return "action_leave_message"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        contact = str(tracker.get_slot("message_contact"))
        try:
            message = await asyncio.to_thread(
                leave_message,
                self._desk.engine,
                self._desk.clinic,
                text=str(tracker.get_slot("message_text")),
                contact=Contact(email=contact) if "@" in contact else Contact(phone=contact),
                conversation_id=tracker.sender_id,
                idempotency_key=f"{tracker.sender_id}:{opened_at(tracker, FORM)}",
                now=self._desk.now(),
            )
        except (BookingUnavailable, DetailRefused):
            logger.exception("a message could not be stored")
            dispatcher.utter_message(response="utter_message_failed")
            return []
        dispatcher.utter_message(response="utter_message_stored", reference=message.reference)
        offer_open_request(dispatcher, tracker)
        return set_slots(message_text=None, message_contact=None, refused=None)


class CancelMessage(Action):
    """Drops the message; nothing has been stored yet."""

    def name(self) -> str:
        return "action_cancel_message"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_message_cancelled")
        offer_open_request(dispatcher, tracker)
        return set_slots(message_text=None, message_contact=None, refused=None)


def unanswered_question(tracker: Tracker) -> str | None:
    """The visitor's question right before this turn, when it was not answered; None otherwise."""
    turns = user_turns(tracker)
    if len(turns) < 2:
        return None
    before = turns[1]
    intent = ((before.get("parse_data") or {}).get("intent") or {}).get("name")
    chosen = (before.get("metadata") or {}).get("choice")
    return before.get("text") if intent in UNANSWERED and not chosen else None
