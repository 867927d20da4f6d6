"""The form for a request that was sent before: tells how it stands, moves it or cancels it."""

from __future__ import annotations

import logging
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.desk import Desk
from actions.manage_said import QUESTIONS, TIME
from actions.manage_turn import FORM, ManageTurn
from actions.offers import Offered, buttons
from actions.turn import asked_slot, resumes, set_slots, text_of
from booking.errors import BookingUnavailable
from booking.reading.changes import VISIT, Change, read_wish_to_change

logger = logging.getLogger(__name__)


class ValidateManageForm(Action):
    """Takes what a message says about the request, and does what it asks for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def name(self) -> str:
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        slot = asked_slot(tracker)
        # Left over from another form, it is no question of this one.
        asked = slot if slot in QUESTIONS else None
        if asked and resumes(tracker):
            return set_slots(requested_slot=asked)
        turn = ManageTurn(self._desk, dispatcher, tracker, asked)
        try:
            return await turn.take()
        except BookingUnavailable:
            logger.exception("a consultation request could not be seen to")
            return turn.end("utter_manage_unavailable")


class AskManageTime(Action):
    """Asks to when a consultation shall be moved, with the times on offer as choices."""

    def name(self) -> str:
        return f"action_ask_{FORM}_{TIME}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(
            response=f"utter_ask_{FORM}_{TIME}", buttons=buttons(Offered.of(tracker))
        )
        return []


class NothingToStop(Action):
    """ "Cancel it", said when no form is open, is about the request that was sent."""

    def name(self) -> str:
        return "action_nothing_to_stop"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        text = text_of(tracker)
        sent = tracker.get_slot("reference") or re.search(rf"\b{VISIT}\b", text, re.I)
        if sent and read_wish_to_change(text) is Change.CANCEL:
            return [FollowupAction(FORM)]
        dispatcher.utter_message(response="utter_nothing_to_stop")
        return []
