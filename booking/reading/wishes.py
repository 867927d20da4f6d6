"""Make a wish of what a visitor says about when they would like to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from booking.details import LONGEST_PREFERENCE, clean_text
from booking.errors import Refusal
from booking.reading.choices import Others, asks_for_others, read_choice
from booking.reading.clocks import ALL_DAY, Clocks
from booking.reading.mentions import Span
from booking.reading.periods import AHEAD, Days, trimmed
from booking.reading.times import Mention, find_time
from booking.windows import Window, Wish

if TYPE_CHECKING:
    from booking.clinic import Clinic

__all__ = ["Others", "WishReading", "asks_for_others", "read_choice", "read_wish"]

# Days looked at to see whether the clinic is open at one reading of an hour or at the other.
NEXT_DAYS = 14


@dataclass(frozen=True)
class WishReading:
    """What a text says about a time: a wish, or why there can be none.

    `spans` are the places that say it. `days` and `hours` tell what of it was said, and not known
    before; `sure` that the hour can be nothing else.
    """

    wish: Wish | None = None
    refusal: Refusal | None = None
    spans: tuple[Span, ...] = ()
    days: bool = False
    hours: bool = False
    sure: bool = False
    soonest: bool = False

    def __bool__(self) -> bool:
        return self.wish is not None or self.refusal is not None

    @property
    def complete(self) -> bool:
        """Whether it can only be about coming: a day with an hour, or "asap"."""
        return self.soonest or (self.days and self.hours)


def read_wish(
    text: str, now: datetime, clinic: Clinic, *, asked: bool, known: Wish | None = None
) -> WishReading:
    """Read when `text` would like to come; it completes or changes the wish `known`.

    With `asked` the text answers "when?": a lone number is an hour, and text without any time is
    refused as not_understood. Otherwise that gives an empty reading. Refused as well are
    impossible_time and past_time. Whether the clinic is open then is not looked at.
    """
    local = now.astimezone(clinic.zone)
    mention = find_time(
        text,
        local,
        month_first=clinic.writes_month_first,
        known=known.window if known else None,
        bare=asked,
    )
    if not mention:
        return WishReading(refusal=Refusal.NOT_UNDERSTOOD if asked else None)
    said = WishReading(
        refusal=mention.refusal,
        spans=mention.spans,
        days=mention.days is not None or mention.any_day,
        hours=mention.hours is not None or mention.any_time,
        sure=mention.hours is not None and mention.hours.sure,
        soonest=mention.soonest,
    )
    if mention.refusal is not None:
        return said
    window = _window(mention, known.window if known else None, local, clinic)
    refusal = _refused(window, local)
    if refusal is not None:
        return replace(said, refusal=refusal)
    return replace(said, wish=Wish(window, _words(text, said, known, asked=asked)))


def _window(mention: Mention, known: Window | None, local: datetime, clinic: Clinic) -> Window:
    days = mention.days or _days_before(mention, known, local.date())
    clocks = _clocks(mention, known, days, clinic)
    return Window(
        first=days.first,
        last=days.last,
        weekdays=days.weekdays,
        start=clocks.start,
        until=clocks.until,
        around=clocks.around,
        exact=days.first == days.last and clocks.start == clocks.until,
        without=days.without,
    )


def _days_before(mention: Mention, known: Window | None, today: date) -> Days:
    """The days known before that are still to come, or all that are ahead."""
    ahead = Days(today, today + AHEAD)
    if known is None or mention.soonest or mention.any_day:
        return ahead
    still = Days(max(known.first, today), known.last, known.weekdays, known.without)
    return trimmed(still) or ahead


def _clocks(mention: Mention, known: Window | None, days: Days, clinic: Clinic) -> Clocks:
    before = Clocks(known.start, known.until, known.around) if known else ALL_DAY
    if mention.hours is None:
        resets = mention.soonest or mention.any_time
        return ALL_DAY if resets else before
    point = before.start == before.until or before.around is not None
    choices = mention.hours.choices
    if mention.hours.limits and mention.days is None and not point:
        return choices[0].within(before) or choices[0]
    if before != ALL_DAY and not point:
        choices = tuple(sorted(choices, key=lambda one: one.within(before) is None))
    return next((one for one in choices if _may_be_open(one, days, clinic)), choices[0])


def _may_be_open(clocks: Clocks, days: Days, clinic: Clinic) -> bool:
    return any(
        clocks.start < opening.closes and clocks.until >= opening.opens
        for day in _next(days)
        for opening in clinic.openings_on(day)
    )


def _next(days: Days) -> Iterator[date]:
    for _, day in zip(range(NEXT_DAYS), days.all(), strict=False):
        yield day


def _refused(window: Window, local: datetime) -> Refusal | None:
    today = local.date()
    if window.last < today or (window.last == today and window.until < local.time()):
        return Refusal.PAST_TIME
    if window.exact and not _on_the_clock(
        datetime.combine(window.first, window.start, local.tzinfo)
    ):
        return Refusal.IMPOSSIBLE_TIME
    return None


def _on_the_clock(moment: datetime) -> bool:
    """False for the hour that is skipped when summer time begins."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).time() == moment.time()


def _words(text: str, said: WishReading, known: Wish | None, *, asked: bool) -> str:
    """The visitor's words: all of an answer, the place that says it in a longer message."""
    words = clean_text(text.replace("\x00", " "))
    if not asked and said.spans:
        start = min(start for start, _ in said.spans)
        words = clean_text(text[start : max(end for _, end in said.spans)].replace("\x00", " "))
    completes = known is not None and not (said.complete and said.days)
    if completes and known is not None and len(known.text) + len(words) < LONGEST_PREFERENCE - 2:
        words = f"{known.text}, {words}"
    return words[:LONGEST_PREFERENCE]
