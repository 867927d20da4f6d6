"""The time that a request shall be moved to, in the visitor's words or from what is on offer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

from rasa_sdk import Tracker

from actions.desk import Desk
from actions.manage_said import CONFIRMED, TIME, Known, Said
from actions.offers import Offered, Settled, Times, at, chosen_start, wanted_others
from booking.errors import Refusal
from booking.models import ConsultationRequest
from booking.reading.moving import seen_from, words_for_new_time
from booking.reading.wishes import Others, WishReading, asks_for_others, read_wish
from booking.windows import Window, Wish

SAME_TIME = "same_time"
SAME_TIME_OF_DAY = re.compile(r"\b(?:at\s+)?(?:the\s+)?same\s+(?:time|hour)\b", re.I)
BESIDE = (Others.EARLIER, Others.LATER)


class NewTime:
    """Where one message leads: to a start that can be had, or to an offer and why it is made."""

    def __init__(
        self,
        desk: Desk,
        tracker: Tracker,
        said: Said,
        known: Known,
        request: ConsultationRequest,
    ) -> None:
        self._desk, self._tracker, self._said = desk, tracker, said
        self._words = known.words
        if said.asked in (TIME, CONFIRMED):
            self._words = words_for_new_time(said.plain_text) or said.plain_text
        self._start = known.start
        self._has = request.starts_at.astimezone(desk.clinic.zone)
        self._times = Times(desk, tracker.sender_id, moving=request)

    async def settle(self) -> Settled:
        said = self._said
        window, refusal = self._window()
        if window is not None:
            return await self._settle(window)
        if refusal is Refusal.NOT_UNDERSTOOD and said.asked != TIME:
            refusal = None  # No time was asked for.
        others = self._others()
        base = self._start or self._has
        if others in BESIDE and seen_from(self._words, self._local(base)):
            return await self._beside(base, others)
        if self._start and said.asked == CONFIRMED and refusal is None:
            if others or said.refuses:
                return await self._beside(self._start, others or Others.OTHER)
            return Settled(start=self._start, offered=said.offered)
        if others:
            return await self._times.others(said.offered, others)
        if said.asked == TIME and said.offered.starts:
            return Settled(offered=said.offered, code=refusal or Refusal.NOT_UNDERSTOOD)
        settled = await self._times.soonest()
        return replace(settled, code=settled.code or refusal)

    def _others(self) -> Others | None:
        said = self._said
        if said.chosen:
            return Others.OTHER if said.picks_time else None
        if said.asked not in (TIME, CONFIRMED):
            return asks_for_others(self._words) if self._words else None
        none_suits = said.asked == TIME and said.intent == "deny"
        return wanted_others(self._tracker) or (Others.OTHER if none_suits else None)

    async def _beside(self, start: datetime, others: Others) -> Settled:
        """Other times on the day of one that will not do."""
        local = self._local(start)
        offered = Offered((local,), frozenset({local}), Window(local.date(), local.date()))
        return await self._times.others(offered, others)

    async def _settle(self, window: Window) -> Settled:
        if self._start and self._said.agrees and window.contains(self._local(self._start)):
            # "Yes, on friday" only says again what was read back.
            return Settled(start=self._start, offered=self._said.offered)
        if window.exact and window.contains(self._has):
            day = Window(window.first, window.last, around=window.around)
            return replace(await self._times.settle(day), start=None, code=SAME_TIME)
        return await self._times.settle(window)

    def _window(self) -> tuple[Window | None, Refusal | None]:
        """What was picked or said, completed by what was said before; or what is wrong with it."""
        said = self._said
        open_offer = said.offered if said.asked == TIME else Offered()
        start = chosen_start(self._tracker, self._desk, open_offer)
        if start:
            return at(self._local(start)), None
        return self._read(self._words) if self._words else (None, None)

    def _read(self, words: str) -> tuple[Window | None, Refusal | None]:
        before = self._said_before(words)
        reading = self._read_wish(words, before)
        if before and reading.refusal is Refusal.NOT_UNDERSTOOD:
            # The hour is kept anyway.
            reading = self._read_wish(SAME_TIME_OF_DAY.sub(" ", words), before)
        if reading.wish and before is None and reading.hours and not reading.days:
            # "Make it 4" means the day that it is on.
            reading = self._read_wish(words, at(self._has))
        return (reading.wish.window if reading.wish else None), reading.refusal

    def _read_wish(self, words: str, known: Window | None) -> WishReading:
        wish = Wish(known, "") if known else None
        return read_wish(words, self._desk.now(), self._desk.clinic, asked=True, known=wish)

    def _said_before(self, words: str) -> Window | None:
        """What completes the words: what was read back, wished for, or is the time it has."""
        window = self._said.offered.window
        if self._start:
            return at(self._local(self._start))
        if window and window.last < date.max:
            return window
        return seen_from(words, self._has)

    def _local(self, start: datetime) -> datetime:
        return start.astimezone(self._desk.clinic.zone)
