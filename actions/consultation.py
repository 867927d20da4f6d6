"""The consultation form: reads each answer, hands the finished request to the clinic's booking."""

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
from booking.reading import Reading, read_answer
from booking.requests import request_consultation

logger = logging.getLogger(__name__)

FORM = "consultation_form"
# The form's slots and the booking domain's, where their names differ.
DOMAIN_SLOT = {"name": Slot.NAME, "contact": Slot.CONTACT, "concern": Slot.CONCERN, "preferred_time": Slot.TIME}


class ValidateConsultationForm(Action):
    """Takes everything a message says about the consultation: answers, corrections, details in advance."""

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
        details = reading.applied_to(before)
        agrees = intent == "affirm" and not reading.found and not reading.cleared
        unclear_change = not (reading.found or reading.cleared or reading.problem)
        return set_slots(
            **shown(details),
            consultation=details.as_json(),
            refused=_refusal(reading, asked, intent),
            consent=True if asked == "consent" and agrees else tracker.get_slot("consent"),
            confirmed=True if asked == "confirmed" and agrees else None,
            changing=asked == "confirmed" and unclear_change and intent in {"deny", "change_details"},
        )

    def _read(
        self, tracker: Tracker, asked: str | None, intent: str, known: Details
    ) -> Reading:
        field = entity(tracker, "field")
        if intent == "change_details" and field:
            return Reading(cleared=frozenset({Slot(field)}))
        if intent in {"affirm", "deny"} or (is_choice(tracker) and intent != "inform"):
            return Reading()
        return read_answer(
            text_of(tracker),
            DOMAIN_SLOT.get(asked or ""),
            known,
            self._desk.now(),
            self._desk.clinic,
            self._desk.region,
            entity(tracker, "concern"),
        )


class SubmitConsultation(Action):
    """Stores the request the visitor has confirmed; the same form can store one only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def name(self) -> str:
        return "action_submit_consultation"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
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


def _refusal(reading: Reading, asked: str | None, intent: str) -> str | None:
    """Why the form asks again: the code its question has a wording for."""
    if reading.problem:
        return reading.problem.code.value
    return "no_consent" if asked == "consent" and intent == "deny" else None


def forget_details() -> list[EventType]:
    return set_slots(
        **shown(Details()), consultation=None, refused=None, consent=None, confirmed=None, changing=None
    )
