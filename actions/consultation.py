"""The consultation form: reads each answer, hands the finished request to the clinic's booking."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.desk import Desk
from actions.offers import (
    UNAVAILABLE,
    Offered,
    Settled,
    Times,
    at,
    buttons,
    chosen_start,
    is_hopeless,
    wanted_others,
)
from actions.turn import (
    asked_slot,
    entity,
    intent_of,
    is_choice,
    opened_at,
    resumes,
    set_slots,
    text_of,
    time_zone_of,
)
from booking.availability import Why
from booking.details import Details, PreferredTime, Slot
from booking.errors import BookingUnavailable, SlotNotOffered, SlotTaken
from booking.models import ConsultationRequest
from booking.reading.contacts import shown_phone
from booking.reading.corrections import named_slot
from booking.reading.message import Reading, Value, read_answer
from booking.reading.names import looks_like_a_name
from booking.requests import request_consultation
from booking.windows import Wish

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
ASKS_TIME = "preferred_time"
# Answers to one question that could not be taken, after which a person is offered.
MOST_FAILURES = 2


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
        details, time = await self._settle_time(tracker, asked, before, reading)
        if details.time != before.time or time.code:
            # A time was chosen, or others are offered: the words for it were no mistake.
            reading = replace(reading, problem=None)
        says_nothing_new = details == before and not (reading.cleared or reading.problem)
        agrees = intent == "affirm" and says_nothing_new
        # "Yes" to "what shall I change?" sends nothing.
        confirms = asked == "confirmed" and agrees and not tracker.get_slot("changing")
        wants_change = intent in {"deny", "change_details"} and says_nothing_new
        failures = _failures(tracker, asked, reading, time)
        self._tell(dispatcher, tracker, asked, before, details, failures)
        return set_slots(
            **shown_details(details, time_zone_of(tracker)),
            **({"requested_slot": ASKS_TIME} if time.code else {}),
            consultation=details.as_json(),
            offered=time.offered.as_json(),
            refused=time.code or _refusal(reading, asked, intent),
            failures={"slot": asked, "count": failures},
            request_key=tracker.get_slot("request_key") or opened_at(tracker, FORM),
            consent=True if asked == "consent" and agrees else tracker.get_slot("consent"),
            confirmed=True if confirms else None,
            changing=asked == "confirmed" and wants_change,
        )

    def _tell(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        asked: str | None,
        before: Details,
        details: Details,
        failures: int,
    ) -> None:
        """What is said before the form's next question."""
        if failures >= MOST_FAILURES:
            dispatcher.utter_message(response="utter_offer_call_back")
        if asked != "confirmed" and (changed := _changed(before, details)):
            dispatcher.utter_message(response="utter_detail_changed", changed=changed)
        if details.time and details.time != before.time and asked != "confirmed":
            shown = shown_time(details.time.starts_at, time_zone_of(tracker))
            dispatcher.utter_message(response="utter_time_held", preferred_time=shown)

    def _read(self, tracker: Tracker, asked: str | None, intent: str, known: Details) -> Reading:
        field = entity(tracker, "field") if intent == "change_details" else None
        if tracker.get_slot("changing"):
            field = field or named_slot(text_of(tracker))
        if field:
            return Reading(cleared=frozenset({Slot(field)}))
        concern = entity(tracker, "concern")
        if is_choice(tracker):
            # Its title is for reading; what it stands for is in its payload.
            return Reading(found={Slot.CONCERN: concern} if concern else {})
        reading = self._read_words(tracker, DOMAIN_SLOT.get(asked or ""), known)
        if asked == ASKS_TIME and known.name is None and self._gives_name(tracker, reading):
            # Times were offered before the name was known, and the visitor goes on with that.
            reading = self._read_words(tracker, Slot.NAME, known)
        if intent in {"affirm", "deny"} and asked != "name":
            return _without_name(reading)
        return reading

    def _read_words(self, tracker: Tracker, asked: Slot | None, known: Details) -> Reading:
        return read_answer(
            text_of(tracker),
            asked,
            known,
            self._desk.now(),
            self._desk.clinic,
            self._desk.region,
            entity(tracker, "concern"),
        )

    def _gives_name(self, tracker: Tracker, reading: Reading) -> bool:
        """Whether an answer to the question for a time is none, but a name."""
        about_offer = chosen_start(tracker, self._desk, Offered.of(tracker)) is not None
        return not (reading.found or about_offer or wanted_others(tracker)) and looks_like_a_name(
            text_of(tracker)
        )

    async def _settle_time(
        self, tracker: Tracker, asked: str | None, before: Details, reading: Reading
    ) -> tuple[Details, Settled]:
        """The details with the time that was taken up, and what is on offer instead."""
        details = reading.applied_to(before)
        offered = Offered.of(tracker)
        times = Times(self._desk, tracker.sender_id)
        found = reading.found.get(Slot.TIME)
        wish = found if isinstance(found, Wish) else None
        on_offer = offered if asked == ASKS_TIME else Offered()
        start = chosen_start(tracker, self._desk, on_offer, wish)
        if start is None and wish is not None:
            settled = await times.settle(wish.window, keep=_start(before))
        elif start is None and asked == ASKS_TIME and (others := wanted_others(tracker)):
            settled = await times.others(offered, others)
        elif start is None and not offered.starts and details.missing()[:1] == (Slot.TIME,):
            settled = await times.soonest()
        else:
            settled = Settled(start=start, offered=offered)
        if settled.start is not None:
            settled = await times.hold(settled.start)
        if settled.start is None and wish is not None:
            hopeless = is_hopeless(wish.window, settled.code, self._desk.clinic)
            return replace(details, wish=None) if hopeless else details, settled
        if settled.start is None:
            return details, settled
        said = wish.text if wish is not None else text_of(tracker)
        chosen = PreferredTime(settled.start, said)
        return replace(details, time=chosen, wish=None), Settled()


class AskPreferredTime(Action):
    """Asks when the visitor would like to come, with the times on offer as choices."""

    def name(self) -> str:
        return f"action_ask_{FORM}_preferred_time"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(
            response=f"utter_ask_{FORM}_preferred_time", buttons=buttons(Offered.of(tracker))
        )
        return []


class SubmitConsultation(Action):
    """Stores the request the visitor has confirmed; the same form can store one only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def name(self) -> str:
        return "action_submit_consultation"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        times = Times(self._desk, tracker.sender_id)
        if not (tracker.get_slot("consent") and tracker.get_slot("confirmed")):
            dispatcher.utter_message(response="utter_request_cancelled")
            await times.release()
            return forget_details()
        details = Details.from_json(tracker.get_slot("consultation") or {})
        try:
            request = await asyncio.to_thread(self._store, tracker, details)
        except (SlotTaken, SlotNotOffered):
            return await self._offer_others(times, details)
        except BookingUnavailable:
            logger.exception("a consultation request could not be stored")
            dispatcher.utter_message(response="utter_request_failed")
            return set_slots(confirmed=None)
        dispatcher.utter_message(
            response="utter_request_stored",
            reference=request.reference,
            preferred_time=tracker.get_slot("preferred_time"),
            manage_url=self._desk.links.url(request.reference),
        )
        return [*forget_details(), *set_slots(reference=request.reference)]

    def _store(self, tracker: Tracker, details: Details) -> ConsultationRequest:
        return request_consultation(
            self._desk.engine,
            self._desk.clinic,
            details=details,
            conversation_id=tracker.sender_id,
            idempotency_key=f"{tracker.sender_id}:{tracker.get_slot('request_key')}",
            now=self._desk.now(),
            real_now=datetime.now(UTC),
            visitor_zone=time_zone_of(tracker),
        )

    async def _offer_others(self, times: Times, details: Details) -> list[EventType]:
        """The hold had ended and somebody was faster: the form goes on with what is free."""
        assert details.time is not None
        local = details.time.starts_at.astimezone(self._desk.clinic.zone)
        settled = await times.settle(at(local))
        again = replace(details, time=None, wish=Wish(at(local), details.time.text))
        return [
            *set_slots(
                consultation=again.as_json(),
                preferred_time=None,
                confirmed=None,
                offered=settled.offered.as_json(),
                refused=settled.code or Why.TAKEN.value,
            ),
            FollowupAction(FORM),
        ]


class CancelConsultation(Action):
    """Drops what was gathered; nothing has been stored yet."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def name(self) -> str:
        return "action_cancel_consultation"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_request_cancelled")
        await Times(self._desk, tracker.sender_id).release()
        return forget_details()


def shown_details(details: Details, zone: str | None) -> dict[str, str | None]:
    """The details as the summary reads them back, by the form's slots."""
    phone = shown_phone(details.phone) if details.phone else None
    contact = " / ".join(part for part in (details.email, phone) if part)
    return {
        "name": details.name,
        "contact": contact or None,
        "concern": details.concern,
        "preferred_time": shown_time(details.time.starts_at, zone) if details.time else None,
    }


def shown_time(start: datetime, zone: str | None = None) -> str:
    """Such as `Tuesday 24 November 2026 at 3:00 pm`, in the time's own zone.

    Where the clock in the visitor's `zone` shows something else then, that stands behind it.
    """
    shown = f"{start:%A %-d %B %Y} at {_clock(start)}"
    there = start.astimezone(ZoneInfo(zone)) if zone else start
    if there.utcoffset() == start.utcoffset():
        return shown
    day = "" if there.date() == start.date() else f"{there:%A} "
    return f"{shown} (your time: {day}{_clock(there)})"


def _clock(moment: datetime) -> str:
    return f"{moment:%-I:%M} {moment:%p}".replace("AM", "am").replace("PM", "pm")


def _changed(before: Details, details: Details) -> str:
    """What took the place of something said before, for reading; "" for nothing."""
    was, now = shown_details(before, None), shown_details(details, None)
    others = ("name", "contact", "concern")
    return ", ".join(
        now[slot] or "" for slot in others if was[slot] and now[slot] not in (None, was[slot])
    )


def _start(details: Details) -> datetime | None:
    return details.time.starts_at if details.time else None


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


def _failures(tracker: Tracker, asked: str | None, reading: Reading, time: Settled) -> int:
    """How many answers in a row to the open question could not be taken, this one included."""
    before = tracker.get_slot("failures") or {}
    earlier = int(before.get("count", 0)) if before.get("slot") == asked else 0
    problem = reading.problem
    refused = problem is not None and problem.slot == DOMAIN_SLOT.get(asked or "")
    return earlier + 1 if refused or time.code == UNAVAILABLE else 0


def forget_details() -> list[EventType]:
    return set_slots(
        **shown_details(Details(), None),
        consultation=None,
        offered=None,
        refused=None,
        failures=None,
        request_key=None,
        consent=None,
        confirmed=None,
        changing=None,
    )
