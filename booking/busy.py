"""Times that the clinic's connected calendar has taken, as it was last read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Engine, delete

from booking.database import writing
from booking.models import BusyTime
from booking.schedule import bookable

if TYPE_CHECKING:
    from booking.clinic import Clinic


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


def refresh_busy(
    engine: Engine,
    clinic: Clinic,
    read: Callable[[date, date], Iterable[Busy]],
    now: datetime,
) -> None:
    """Read the connected calendar from today to the last day that can be booked, and keep it.

    `read` takes both days. What it raises leaves all that is known as it is.
    """
    first, (_, last) = now.astimezone(clinic.zone).date(), bookable(clinic, now)
    busy = list(read(first, last))
    start, until = (
        datetime.combine(day, time(), clinic.zone) for day in (first, last + timedelta(days=1))
    )
    replace_busy(engine, start, until, busy)


def forget_busy(engine: Engine) -> None:
    """Keep no busy times: no calendar is connected any more. Raises `BookingUnavailable`."""
    with writing(engine) as session:
        session.execute(delete(BusyTime))
