"""Times that the clinic's connected calendar has taken, as it was last read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine, delete

from booking.database import writing
from booking.models import BusyTime


class Busy(Protocol):
    """A stretch of time (aware) that a practitioner is busy; everybody, without one."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def practitioner(self) -> str | None: ...


def replace_busy(engine: Engine, first: datetime, last: datetime, busy: Iterable[Busy]) -> None:
    """Keep `busy` in place of what was known from `first` to `last` (aware), and before.

    All in one transaction: whoever looks for free times sees the calendar as it was read before or
    as it is read now. Raises `BookingUnavailable` with nothing changed.
    """
    with writing(engine) as session:
        session.execute(delete(BusyTime).where(BusyTime.starts_at < last))
        session.add_all(
            BusyTime(practitioner=one.practitioner, starts_at=one.starts_at, ends_at=one.ends_at)
            for one in busy
            if first < one.ends_at and one.starts_at < last
        )


def forget_busy(engine: Engine) -> None:
    """Keep no busy times: no calendar is connected any more. Raises `BookingUnavailable`."""
    with writing(engine) as session:
        session.execute(delete(BusyTime))
