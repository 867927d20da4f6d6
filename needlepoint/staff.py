"""What staff's commands share: the clinic's desk, days and times as they type them, and failures
told in their words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Engine

from booking.availability import Why, offer_slots
from booking.clinic import Clinic, read_clinic
from booking.database import migrate, open_database
from booking.errors import DetailRefused, SlotNotOffered, SlotTaken
from booking.links import ManageLinks
from booking.windows import Window
from needlepoint.settings import Settings, read_settings

Reference = Annotated[str, typer.Argument(metavar="REF", help="Such as NP-7KQ4MX.")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", help="Write to this file, for its owner only.")
]
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="Such as 2026-11-25.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day.")]

TYPED = "%Y-%m-%d %H:%M"


class StaffError(Exception):
    """A command cannot do what it was told; the text says why, in a line."""


class Desk:
    """The booking database with its tables, the clinic and its clocks."""

    def __init__(self) -> None:
        self.settings: Settings = read_settings()
        self.clinic: Clinic = read_clinic(self.settings.clinic)
        self.zone: ZoneInfo = self.clinic.zone
        self._clock = self.settings.clock(self.zone)

    @cached_property
    def engine(self) -> Engine:
        self.settings.make_state_dir()
        migrate(self.settings.booking_database_url)
        return open_database(self.settings.booking_database_url)

    @cached_property
    def links(self) -> ManageLinks:
        return ManageLinks(self.settings.signing_secret, self.settings.public_base_url)

    def now(self) -> datetime:
        """The clinic's now, which may be fixed; holds and hand-offs run on `real_now`."""
        return self._clock()

    def real_now(self) -> datetime:
        return datetime.now(UTC)

    # --- days and times ---

    def day(self, typed: str | None) -> date | None:
        if typed is None:
            return None
        try:
            return date.fromisoformat(typed.strip())
        except ValueError:
            raise typer.BadParameter(f"{typed!r} is no day such as 2026-11-25") from None

    def days(self, first: str | None, last: str | None) -> tuple[date | None, date | None]:
        start, end = self.day(first), self.day(last)
        if start and end and end < start:
            raise typer.BadParameter(f"--to {last} is before --from {first}")
        return start, end

    def stretch(
        self, first: str | None, last: str | None
    ) -> tuple[datetime | None, datetime | None]:
        """From the start of a day to the end of another, each None where none was given."""
        start, end = self.days(first, last)
        return self._midnight(start), self._midnight(end + timedelta(days=1) if end else None)

    def _midnight(self, day: date | None) -> datetime | None:
        return datetime.combine(day, time(), self.zone) if day else None

    def moment(self, typed: str) -> datetime:
        """A time in the clinic's zone, such as "2026-11-25 10:00". Raises `StaffError`."""
        try:
            read = datetime.fromisoformat(typed.strip())
        except ValueError:
            read = None
        if read is None or len(typed.strip()) <= len("2026-11-25"):
            raise StaffError(f"{typed!r} is no time such as 2026-11-25 10:00")
        if read.tzinfo is not None:
            return read.astimezone(self.zone)
        there = read.replace(tzinfo=self.zone)
        if there.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != read:
            raise StaffError(f"there is no {read:%H:%M} on {read:%Y-%m-%d}: the clocks change then")
        return there

    # --- failures ---

    @contextmanager
    def in_words(self, wanted: datetime | None = None) -> Iterator[None]:
        """Failures of the booking domain that carry a code only, as `StaffError`.

        `wanted` is the time that was asked for, in place of which the next free ones are named.
        """
        try:
            yield
        except DetailRefused as refused:
            raise StaffError(REFUSED.get(refused.code, refused.code.replace("_", " "))) from None
        except (SlotTaken, SlotNotOffered) as refused:
            if wanted is None:
                raise
            why = Why.TAKEN if isinstance(refused, SlotTaken) else None
            raise StaffError(self._instead(wanted, why)) from None

    def _instead(self, wanted: datetime, why: Why | None) -> str:
        local = wanted.astimezone(self.zone)
        clock = local.time().replace(second=0, microsecond=0)
        window = Window(
            local.date(), local.date(), start=clock, until=clock, around=clock, exact=True
        )
        offer = offer_slots(self.engine, self.clinic, window, self.now(), real_now=self.real_now())
        rules = self.clinic.booking
        reasons = {
            Why.TAKEN: "is taken",
            Why.CLOSED: "is outside the hours in which consultations are given",
            Why.NO_START: f"is no start: one is every {rules.starts_every_minutes} minutes",
            Why.TOO_SOON: f"is sooner than the notice of {rules.minimum_notice_hours} hours",
            Why.TOO_FAR: f"is more than {rules.horizon_days} days ahead",
            Why.PAST: "is past",
        }
        reason = reasons.get(why or offer.why or Why.CLOSED, "cannot be had")
        free = ", ".join(f"{start:{TYPED}}" for start in offer.starts)
        return f"{local:{TYPED}} {reason}; free next: {free or 'nothing'}"


REFUSED = {
    "too_long": "that is too long: a note may have 2,000 characters",
    "invalid_email": "that is no e-mail address",
}
