"""A turn of the form for a request that was sent: finds it, tells of it, moves it, cancels it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.consultation import MOST_FAILURES, shown_time
from actions.desk import Desk
from actions.manage_said import (
    ACTION,
    CONFIRMED,
    CONTACT,
    REFERENCE,
    TIME,
    TOLD,
    Known,
    Said,
)
from actions.manage_times import NewTime
from actions.offers import Offered, Times, at
from actions.turn import set_slots, time_zone_of
from booking.errors import (
    IllegalTransition,
    Refusal,
    SlotNotOffered,
    SlotTaken,
    TooLateToChange,
    UnknownRequest,
)
from booking.models import ConsultationRequest, Status
from booking.reading.changes import Change
from booking.reading.contacts import blanked, find_contact
from booking.reading.moving import words_for_new_time
from booking.requests import (
    OPEN,
    VISITOR,
    cancel_request,
    find_request,
    move_request,
    show_request,
)

FORM = "manage_form"
# Look-ups that found nothing, after which a conversation gets no more of them.
MOST_LOOK_UPS = 5
# Why a question is asked again, beside the codes of `offers` and of `booking.errors.Refusal`.
UNKNOWN, NO_REFERENCE, LOST_REFERENCE = "unknown", "no_reference", "lost"
STANDS = {
    Status.NEW: "utter_manage_status_new",
    Status.CONFIRMED: "utter_manage_status_confirmed",
    Status.RESCHEDULED: "utter_manage_status_rescheduled",
    Status.CANCELLED: "utter_manage_status_cancelled",
    Status.DECLINED: "utter_manage_status_declined",
    Status.NO_SHOW: "utter_manage_status_no_show",
}
GONE = (IllegalTransition, TooLateToChange, UnknownRequest)

Events = list[EventType]


class ManageTurn:
    """What one message leads to. Every method that returns events ends the turn."""

    def __init__(
        self, desk: Desk, dispatcher: CollectingDispatcher, tracker: Tracker, asked: str | None
    ) -> None:
        self._desk, self._dispatcher, self._tracker = desk, dispatcher, tracker
        self._said = Said(tracker, asked)
        self._known = self._said.known

    async def take(self) -> Events:
        """Raises `BookingUnavailable`."""
        said = self._said
        if said.leaves:
            return self.end("utter_manage_left")
        if said.change and not said.asks_only:
            self._known = replace(self._known, change=said.change)
        wrong, rest = self._note_which()
        if self._known.change is None:
            if said.is_about_details:
                return self.end("utter_manage_details")
            return self._ask(ACTION, failed=True)
        if self._known.change is Change.MOVE and said.asked not in (TIME, CONFIRMED):
            self._known = replace(self._known, words=words_for_new_time(rest) or self._known.words)
        found = await (self._show() if self._known.proven else self._find(wrong))
        return await self._see_to(found) if isinstance(found, ConsultationRequest) else found

    # --- which request ---

    def _note_which(self) -> tuple[Refusal | None, str]:
        """Note the reference and the contact that were said.

        With no reference said, it is the request of this conversation. Returns what is wrong with
        the contact, and what else was said.
        """
        said = self._said
        reference = said.reference or (said.own if self._known.reference is None else None)
        if reference:
            self._known = self._known.about(reference, own=said.own)
        if self._known.proven:
            return None, said.plain_text
        asked = said.asked == CONTACT
        found = find_contact(said.plain_text, self._desk.region, asked=asked)
        if found.contact:
            self._known = replace(self._known, contact=found.contact)
        rest = blanked(said.plain_text, found.spans, " ")
        return found.refusal or Refusal.NO_CONTACT, rest

    async def _find(self, wrong: Refusal | None) -> ConsultationRequest | Events:
        """The request that reference and contact are for, or the question for what is missing."""
        known, before = self._known, self._said.known
        if self._look_ups() >= MOST_LOOK_UPS:
            return self.end("utter_manage_locked")
        new = known.reference != before.reference or known.contact != before.contact
        failed = not new and known.change is before.change
        if known.reference is None or (self._said.asked == REFERENCE and not new):
            lost = LOST_REFERENCE if self._said.lost_reference else NO_REFERENCE
            return self._ask(REFERENCE, lost if failed else None, failed=failed)
        if not known.contact:
            return self._ask(CONTACT, wrong if failed else None, failed=failed)
        try:
            request = await asyncio.to_thread(
                find_request, self._desk.engine, known.reference, known.contact
            )
        except UnknownRequest:
            return self._not_found()
        self._known = replace(known, proven=True)
        return request

    def _not_found(self) -> Events:
        """Says so in the same words, whichever of the two is wrong."""
        count = self._look_ups() + 1
        tried = set_slots(manage_look_ups=count)
        if count >= MOST_LOOK_UPS:
            return [*tried, *self.end("utter_manage_locked")]
        if count >= MOST_FAILURES:
            self._dispatcher.utter_message(response="utter_offer_call_back")
        return [*tried, *self._ask(REFERENCE, UNKNOWN)]

    def _look_ups(self) -> int:
        return int(self._tracker.get_slot("manage_look_ups") or 0)

    async def _show(self) -> ConsultationRequest | Events:
        reference = str(self._known.reference)
        try:
            return await asyncio.to_thread(show_request, self._desk.engine, reference)
        except UnknownRequest:
            return self.end("utter_manage_gone")

    # --- what is done with it ---

    async def _see_to(self, request: ConsultationRequest) -> Events:
        asked = self._said.asked
        if not self._is_open(request) or self._known.change in TOLD:
            return self._tell(request)
        if self._is_too_late(request):
            return self.end("utter_manage_too_late", **self._told(request))
        if self._said.asks_only and asked in (TIME, CONFIRMED):
            self._say_status(request)
            return self._ask(asked, request=request)
        if self._known.change is Change.CANCEL:
            return await self._cancel(request)
        return await self._move(request)

    def _tell(self, request: ConsultationRequest) -> Events:
        """How it stands, and what can still be done with it."""
        if request.status not in OPEN:
            return self.end(STANDS[request.status], **self._told(request))
        if not self._is_open(request):
            return self.end("utter_manage_status_past", **self._told(request))
        self._say_status(request)
        if self._is_too_late(request):
            return self.end("utter_manage_too_late", **self._told(request))
        return self.end("utter_manage_can_change", **self._told(request))

    def _say_status(self, request: ConsultationRequest) -> None:
        self._dispatcher.utter_message(response=STANDS[request.status], **self._told(request))

    async def _tell_anew(self) -> Events:
        """Somebody was faster: what became of the request meanwhile."""
        found = await self._show()
        return self._tell(found) if isinstance(found, ConsultationRequest) else found

    async def _cancel(self, request: ConsultationRequest) -> Events:
        confirming = self._said.is_confirming(Change.CANCEL)
        if confirming and self._said.refuses:
            return self.end("utter_manage_kept", **self._told(request))
        if not self._said.confirms_cancelling:
            return self._ask(CONFIRMED, request=request, failed=confirming)
        if self._known.seen != request.starts_at:
            return self._ask_anew(request)
        desk = self._desk
        try:
            await asyncio.to_thread(
                cancel_request,
                desk.engine,
                desk.clinic,
                request.reference,
                actor=VISITOR,
                now=desk.now(),
            )
        except GONE:
            return await self._tell_anew()
        return self.end("utter_manage_cancelled", **self._told(request))

    async def _move(self, request: ConsultationRequest) -> Events:
        said = self._said
        settled = await NewTime(self._desk, self._tracker, said, self._known, request).settle()
        self._known = replace(self._known, start=settled.start, words="")
        if settled.start is None:
            if said.asked in (TIME, CONFIRMED) and said.keeps:
                return self.end("utter_manage_kept", **self._told(request))
            failed = settled.code in set(Refusal)
            return self._ask(
                TIME, settled.code, request=request, offered=settled.offered, failed=failed
            )
        again = said.is_confirming(Change.MOVE) and settled.start == said.known.start
        if not (again and said.agrees):
            return self._ask(CONFIRMED, request=request, failed=again)
        if self._known.seen != request.starts_at:
            return self._ask_anew(request)
        return await self._carry_out(request, settled.start)

    async def _carry_out(self, request: ConsultationRequest, start: datetime) -> Events:
        desk = self._desk
        try:
            moved = await asyncio.to_thread(
                move_request,
                desk.engine,
                desk.clinic,
                request.reference,
                start,
                actor=VISITOR,
                now=desk.now(),
                real_now=datetime.now(UTC),
            )
        except (SlotTaken, SlotNotOffered):
            times = Times(desk, self._tracker.sender_id, moving=request)
            settled = await times.settle(at(self._local(start)))
            self._known = replace(self._known, start=None)
            return self._ask(TIME, settled.code, request=request, offered=settled.offered)
        except GONE:
            return await self._tell_anew()
        return self.end("utter_manage_moved", **self._told(moved))

    def _ask_anew(self, request: ConsultationRequest) -> Events:
        """The clinic moved it after it was read back: the visitor agreed to something else."""
        self._dispatcher.utter_message(response="utter_manage_changed", **self._told(request))
        return self._ask(CONFIRMED, request=request)

    def _is_open(self, request: ConsultationRequest) -> bool:
        return request.status in OPEN and self._desk.now() < request.starts_at

    def _is_too_late(self, request: ConsultationRequest) -> bool:
        cutoff = timedelta(hours=self._desk.clinic.booking.change_cutoff_hours)
        return self._desk.now() > request.starts_at - cutoff

    # --- what is said ---

    def _local(self, start: datetime) -> datetime:
        return start.astimezone(self._desk.clinic.zone)

    def _shown(self, start: datetime, request: ConsultationRequest) -> str:
        zone = time_zone_of(self._tracker) or request.visitor_zone
        return shown_time(self._local(start), zone)

    def _told(self, request: ConsultationRequest) -> dict[str, str]:
        return {
            "reference": request.reference,
            "time": self._shown(request.starts_at, request),
            "url": self._desk.links.url(request.reference),
            "hours": str(self._desk.clinic.booking.change_cutoff_hours),
        }

    def _ask(
        self,
        slot: str,
        problem: str | None = None,
        *,
        failed: bool = False,
        request: ConsultationRequest | None = None,
        offered: Offered | None = None,
    ) -> Events:
        """Open a question; `failed` when the answer to the same one could not be taken."""
        failures = self._failures(slot) if failed else 0
        if failures >= MOST_FAILURES:
            self._dispatcher.utter_message(response="utter_offer_call_back")
        shown: dict[str, str | None] = {"manage_before": None, "manage_after": None}
        if request is not None:
            self._known = replace(self._known, seen=request.starts_at)
            shown["manage_before"] = self._shown(request.starts_at, request)
            if self._known.start:
                shown["manage_after"] = self._shown(self._known.start, request)
        return set_slots(
            requested_slot=slot,
            **self._known.as_slots(),
            **shown,
            manage_problem=problem,
            manage_hours=str(self._desk.clinic.booking.change_cutoff_hours),
            offered=(offered or self._said.offered).as_json(),
            failures={"slot": slot, "count": failures},
            reference=self._own(),
        )

    def _own(self) -> str | None:
        """The request that this conversation is known to be about from now on."""
        return self._known.reference if self._known.proven else self._said.own

    def _failures(self, slot: str) -> int:
        """Answers in a row to this question that could not be taken, with this one."""
        if self._said.asked != slot:
            return 0
        before = self._tracker.get_slot("failures") or {}
        return 1 + (int(before.get("count", 0)) if before.get("slot") == slot else 0)

    def end(self, response: str, **values: Any) -> Events:
        """Say a last word and close the form; whose request it was stays known."""
        self._dispatcher.utter_message(response=response, **values)
        return set_slots(
            requested_slot=None,
            **dict.fromkeys(Known().as_slots()),
            manage_problem=None,
            manage_before=None,
            manage_after=None,
            offered=None,
            failures=None,
            reference=self._own(),
        )
