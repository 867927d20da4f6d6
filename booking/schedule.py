"""Which starts the clinic's rules allow, whoever may have taken them already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from booking.clinic import Clinic, Opening, Practitioner

STEP = timedelta(minutes=5)


def starts_on(clinic: Clinic, hours: Iterable[Opening], day: date) -> Iterator[datetime]:
    """The starts within some hours of a day, in UTC and in order; each consultation ends in time.

    Counted from each opening, so that a day on which the clocks change has neither a start that
    does not exist nor one too few.
    """
    length = timedelta(minutes=clinic.booking.slot_minutes)
    apart = timedelta(minutes=clinic.booking.starts_every_minutes)
    zone = clinic.zone
    for opening in hours:
        start = datetime.combine(day, opening.opens, zone).astimezone(UTC)
        last = datetime.combine(day, opening.closes, zone).astimezone(UTC) - length
        while start <= last:
            yield start
            start += apart


def clocks_change(clinic: Clinic, day: date) -> bool:
    """Whether the clinic's clocks are put forward or back on that day."""
    midnight = datetime.combine(day, time(), clinic.zone)
    next_one = datetime.combine(day + timedelta(days=1), time(), clinic.zone)
    return midnight.utcoffset() != next_one.utcoffset()


def practitioners_at(clinic: Clinic, start: datetime) -> list[Practitioner]:
    """Who could see somebody at that (aware) moment, in the order of clinic.yml."""
    day, moment = start.astimezone(clinic.zone).date(), start.astimezone(UTC)
    return [
        one
        for one in clinic.practitioners
        if moment in starts_on(clinic, clinic.working_hours(one, day), day)
    ]


def bookable(clinic: Clinic, now: datetime) -> tuple[datetime, date]:
    """The earliest start that the notice allows, and the last day of the horizon."""
    earliest = now.astimezone(UTC) + timedelta(hours=clinic.booking.minimum_notice_hours)
    today = now.astimezone(clinic.zone).date()
    return earliest, today + timedelta(days=clinic.booking.horizon_days)


def ends_at(clinic: Clinic, start: datetime) -> datetime:
    """In UTC: across a change of the clocks, local times would add up to another length."""
    return start.astimezone(UTC) + timedelta(minutes=clinic.booking.slot_minutes)


def occupied_until(clinic: Clinic, start: datetime) -> datetime:
    """When the practitioner is free again: the end, and the buffer after it."""
    return ends_at(clinic, start) + timedelta(minutes=clinic.booking.buffer_minutes)


def steps(start: datetime, until: datetime) -> range:
    """The numbers of the five-minute steps of a stretch of time, counted from 1970 in UTC.

    A moment without length, such as a reminder in somebody's calendar, has none.
    """
    if until <= start:
        return range(0)
    seconds = int(STEP.total_seconds())
    return range(int(start.timestamp()) // seconds, -(-int(until.timestamp()) // seconds))
