"""The consultation form: reads each answer, hands the finished request to the clinic's booking."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.desk import Desk
from actions.turn import (
    asked_slot,
    entity,
    intent_of,
    is_choice,
    opened_at,
    resumes,
    set_slots,
    text_of,
)
from booking.details import Details, PreferredTime, Slot
from booking.errors import BookingUnavailable
from booking.reading import Reading, Value, read_answer
from booking.requests import request_consultation

logger = logging.getLogger(__name__)

FORM = "consultation_form"
# The one refusal that is no problem with a detail.
NO_CONSENT = "no_consent"
# The form's slots and the booking domain's, where their names differ.
DOMAIN_SLOT = {
    "name": Slot.NAME,
    "contact": Slot.CONTACT,
    "concern": Slot.CONCERN,
    "preferred_time": Slot.TIME,
}


class ValidateConsultationForm(Action):
    """Takes all that a message says: answers, corrections, details nobody asked for yet."""

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
        intent = intent_of(tracker)
        before = Details.from_json(tracker.get_slot("consultation") or {})
        reading = self._read(tracker, asked, intent, before)
        if _refuses_consent_again(tracker, reading, asked, intent):
            # No question left to ask: the form ends, and with no consent nothing is stored.
            return set_slots(requested_slot=None, refused=None)
        details = reading.applied_to(before)
        says_nothing_new = not (reading.found or reading.cleared or reading.problem)
        agrees = intent == "affirm" and says_nothing_new
        # "Yes" to "what shall I change?" sends nothing.
        confirms = asked == "confirmed" and agrees and not tracker.get_slot("changing")
        wants_change = intent in {"deny", "change_details"} and says_nothing_new
        return set_slots(
            **shown(details),
            consultation=details.as_json(),
            refused=_refusal(reading, asked, intent),
            consent=True if asked == "consent" and agrees else tracker.get_slot("consent"),
            confirmed=True if confirms else None,
            changing=asked == "confirmed" and wants_change,
        )

    def _read(self, tracker: Tracker, asked: str | None, intent: str, known: Details) -> Reading:
        field = entity(tracker, "field")
        if intent == "change_details" and field:
            return Reading(cleared=frozenset({Slot(field)}))
        concern = entity(tracker, "concern")
        if is_choice(tracker):
            # Its title is for reading; what it stands for is in its payload.
            return Reading(found={Slot.CONCERN: concern} if concern else {})
        reading = read_answer(
            text_of(tracker),
            DOMAIN_SLOT.get(asked or ""),
            known,
            self._desk.now(),
            self._desk.clinic,
            self._desk.region,
            concern,
        )
        if intent in {"affirm", "deny"} and asked != "name":
            return _without_name(reading)
        return reading


class SubmitConsultation(Action):
    """Stores the request the visitor has confirmed; the same form can store one only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def name(self) -> str:
        return "action_submit_consultation"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        if not (tracker.get_slot("consent") and tracker.get_slot("confirmed")):
            dispatcher.utter_message(response="utter_request_cancelled")
            return forget_details()
        details = Details.from_json(tracker.get_slot("consultation") or {})
        try:
            request = await asyncio.to_thread(
                request_consultation,
                self._desk.engine,
                details=details,
                consent_version=self._desk.clinic.consent.version,
                conversation_id=tracker.sender_id,
                idempotency_key=f"{tracker.sender_id}:{opened_at(tracker, FORM)}",
                now=self._desk.now(),
            )
        except BookingUnavailable:
            logger.exception("a consultation request could not be stored")
            dispatcher.utter_message(response="utter_request_failed")
            return set_slots(confirmed=None)
        dispatcher.utter_message(
            response="utter_request_stored",
            reference=request.reference,
            preferred_time=tracker.get_slot("preferred_time"),
        )
        return [*forget_details(), *set_slots(reference=request.reference)]


class CancelConsultation(Action):
    """Drops what was gathered; nothing has been stored yet."""

    def name(self) -> str:
        return "action_cancel_consultation"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_request_cancelled")
        return forget_details()


def shown(details: Details) -> dict[str, str | None]:
    """The details as the summary reads them back, by the form's slots."""
    contact = " / ".join(part for part in (details.email, details.phone) if part)
    return {
        "name": details.name,
        "contact": contact or None,
        "concern": details.concern,
        "preferred_time": shown_time(details.time) if details.time else None,
    }


def shown_time(time: PreferredTime) -> str:
    """Such as `Tuesday 24 November 2026 at 3:00 pm`, in the time's own zone."""
    return f"{time.starts_at:%A %-d %B %Y} at {time.starts_at:%-I:%M} {time.starts_at:%p}".replace(
        "AM", "am"
    ).replace("PM", "pm")


def _without_name(reading: Reading) -> Reading:
    """ "Yes, this is right" introduces nobody."""
    others: dict[Slot, Value] = {
        slot: value for slot, value in reading.found.items() if slot is not Slot.NAME
    }
    return replace(reading, found=others)


def _refuses_consent_again(
    tracker: Tracker, reading: Reading, asked: str | None, intent: str
) -> bool:
    refused_before = tracker.get_slot("refused") == NO_CONSENT
    return asked == "consent" and intent == "deny" and refused_before and not reading.found


def _refusal(reading: Reading, asked: str | None, intent: str) -> str | None:
    """Why the form asks again: the code its question has a wording for."""
    if reading.problem:
        return reading.problem.code.value
    return NO_CONSENT if asked == "consent" and intent == "deny" else None


def forget_details() -> list[EventType]:
    return set_slots(
        **shown(Details()),
        consultation=None,
        refused=None,
        consent=None,
        confirmed=None,
        changing=None,
    )
