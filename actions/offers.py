"""Free times: offered as choices, taken up by a button or in words, and held for the visitor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from rasa_sdk import Tracker

from actions.desk import Desk
from actions.turn import entity, text_of
from booking.availability import Offer, Why, offer_slots
from booking.clinic import Clinic
from booking.errors import BookingUnavailable, SlotNotOffered, SlotTaken
from booking.holds import hold_slot, release_hold
from booking.models import ConsultationRequest
from booking.reading.choices import Others, asks_for_others, read_choice
from booking.windows import Window, Wish

# Codes of the question for a time beside `Why` and the refusals of a reading.
FREE, OTHERS, NO_OTHERS, UNAVAILABLE = "free", "others", "no_others", "unavailable"


@dataclass(frozen=True)
class Offered:
    """The starts on offer, all that were offered for this wish, and the wish itself."""

    starts: tuple[datetime, ...] = ()
    shown: frozenset[datetime] = frozenset()
    window: Window | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "starts": [start.isoformat() for start in self.starts],
            "shown": sorted(start.isoformat() for start in self.shown),
            "window": self.window.as_json() if self.window else None,
        }

    @classmethod
    def of(cls, tracker: Tracker) -> Offered:
        kept = tracker.get_slot("offered") or {}
        return cls(
            tuple(map(datetime.fromisoformat, kept.get("starts", ()))),
            frozenset(map(datetime.fromisoformat, kept.get("shown", ()))),
            Window.from_json(kept["window"]) if kept.get("window") else None,
        )


@dataclass(frozen=True)
class Settled:
    """What came of a wish: a start that can be had, or what to offer and the code that says why."""

    start: datetime | None = None
    offered: Offered = Offered()
    code: str | None = None


class Times:
    """The clinic's calendar as one conversation sees it.

    `moving` is the request that another time is looked for: what it takes is free for it.
    """

    def __init__(self, desk: Desk, owner: str, moving: ConsultationRequest | None = None) -> None:
        self._desk, self._owner, self._moving = desk, owner, moving

    async def settle(self, window: Window, *, keep: datetime | None = None) -> Settled:
        """An exact time that is free, or an offer; `keep` stays on offer beside what is new."""
        try:
            offer = await self._offer(window)
        except BookingUnavailable:
            return Settled(code=UNAVAILABLE)
        if window.exact and offer.why is None:
            return Settled(start=offer.starts[0])
        starts = _with(offer.starts, keep) if keep else offer.starts
        return _settled(starts, Offered(window=window), offer.why or FREE)

    async def soonest(self) -> Settled:
        """What to offer before anything was wished."""
        today = self._desk.now().astimezone(self._desk.clinic.zone).date()
        settled = await self.settle(Window(today, date.max))
        return Settled(offered=replace(settled.offered, window=None), code=None)

    async def others(self, offered: Offered, wanted: Others) -> Settled:
        """Times beside those on offer."""
        window = offered.window or Window(self._desk.now().date(), date.max)
        try:
            offer = await self._offer(_beside(window, offered.starts, wanted), offered.shown)
            if offer.why is not None:
                offer = await self._offer(_without_hours(window), offered.shown)
        except BookingUnavailable:
            return Settled(offered=offered, code=UNAVAILABLE)
        if not offer.starts:
            return Settled(offered=offered, code=NO_OTHERS)
        return _settled(offer.starts, offered, OTHERS)

    async def hold(self, start: datetime) -> Settled:
        """Keep a start for this conversation; when it is gone, what to offer in its place."""
        desk = self._desk
        try:
            await asyncio.to_thread(
                hold_slot,
                desk.engine,
                desk.clinic,
                start,
                owner=self._owner,
                now=desk.now(),
                real_now=datetime.now(UTC),
            )
        except (SlotTaken, SlotNotOffered):
            return await self.settle(at(start.astimezone(desk.clinic.zone)))
        except BookingUnavailable:
            return Settled(code=UNAVAILABLE)
        return Settled(start=start)

    async def release(self) -> None:
        """Let go of what is held; a hold that cannot be released ends by itself."""
        try:
            await asyncio.to_thread(release_hold, self._desk.engine, owner=self._owner)
        except BookingUnavailable:
            return

    async def _offer(self, window: Window, without: frozenset[datetime] = frozenset()) -> Offer:
        desk = self._desk
        return await asyncio.to_thread(
            offer_slots,
            desk.engine,
            desk.clinic,
            window,
            desk.now(),
            real_now=datetime.now(UTC),
            owner=self._owner,
            moving=self._moving,
            without=without,
        )


def chosen_start(
    tracker: Tracker, desk: Desk, offered: Offered, wish: Wish | None = None
) -> datetime | None:
    """The start that the visitor takes up, by its button or in words such as "the second".

    "Saturday" alone takes up no time that was offered before anything was wished.
    """
    picked = entity(tracker, "slot")
    if picked:
        return datetime.fromisoformat(picked)
    names_a_day = wish is not None and wish.window.around is None
    if not offered.starts or (offered.window is None and names_a_day):
        return None
    return read_choice(text_of(tracker), offered.starts, desk.now(), desk.clinic)


def wanted_others(tracker: Tracker) -> Others | None:
    """Whether the visitor asks for other times than those on offer."""
    if entity(tracker, "others"):
        return Others.OTHER
    return asks_for_others(text_of(tracker))


def buttons(offered: Offered) -> list[dict[str, str]]:
    """A choice for each start on offer, and one for other times."""
    choices = [
        {"title": short_time(start), "payload": f'/inform{{"slot": "{start.isoformat()}"}}'}
        for start in offered.starts
    ]
    others = {"title": "Other times", "payload": '/inform{"others": "other"}'}
    return [*choices, others] if choices else []


def short_time(start: datetime) -> str:
    """Such as `Tue 24 Nov, 3:00 pm`."""
    return f"{start:%a %-d %b, %-I:%M} {start:%p}".replace("AM", "am").replace("PM", "pm")


def is_hopeless(window: Window, code: str | None, clinic: Clinic) -> bool:
    """Whether the days of a wish can't be had at any hour, so that a later hour starts afresh."""
    closed = code == Why.CLOSED and window.first == window.last
    return code in (Why.TOO_FAR, Why.PAST) or (closed and not clinic.openings_on(window.first))


def at(local: datetime) -> Window:
    """The window that only this start is in."""
    day, clock = local.date(), local.time()
    return Window(day, day, start=clock, until=clock, around=clock, exact=True)


def _settled(starts: Iterable[datetime], offered: Offered, code: str | Why) -> Settled:
    shown = tuple(starts)
    new = Offered(shown, offered.shown | frozenset(shown), offered.window)
    return Settled(offered=new, code=str(code))


def _with(starts: tuple[datetime, ...], keep: datetime) -> tuple[datetime, ...]:
    return starts if keep in starts else tuple(sorted([*starts[:2], keep]))


def _beside(window: Window, starts: tuple[datetime, ...], wanted: Others) -> Window:
    """The part of a window that is earlier or later than what is on offer."""
    if not starts or wanted is Others.OTHER:
        return window
    one_day = starts[0].date() == starts[-1].date()
    changes: dict[str, Any] = {"exact": False, "around": None}
    if wanted is Others.LATER:
        changes |= {"start": _after(starts[-1])} if one_day else {"first": starts[-1].date()}
        changes |= {"until": time(23, 59)} if one_day else {}
    else:
        changes |= {"until": _before(starts[0])} if one_day else {"last": starts[0].date()}
        changes |= {"start": time(0)} if one_day else {}
    return Window(**{**vars(window), **changes})


def _after(start: datetime) -> time:
    return (start + timedelta(minutes=1)).time()


def _before(start: datetime) -> time:
    return (start - timedelta(minutes=1)).time()


def _without_hours(window: Window) -> Window:
    """The days of a window at any hour."""
    return Window(window.first, window.last, window.weekdays)
