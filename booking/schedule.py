"""Which starts the clinic's rules allow, whoever may have taken them already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from booking.clinic import Clinic, Practitioner

STEP = timedelta(minutes=5)


def starts_on(clinic: Clinic, practitioner: Practitioner, day: date) -> Iterator[datetime]:
    """The starts of a practitioner's day, in the clinic's zone; each consultation ends in time.

    Counted in UTC from each opening, so that a day on which the clocks change has neither a start
    that does not exist nor the same one twice.
    """
    length = timedelta(minutes=clinic.booking.slot_minutes)
    apart = timedelta(minutes=clinic.booking.starts_every_minutes)
    for hours in clinic.working_hours(practitioner, day):
        start = datetime.combine(day, hours.opens, clinic.zone).astimezone(UTC)
        closes = datetime.combine(day, hours.closes, clinic.zone).astimezone(UTC)
        while start + length <= closes:
            yield start.astimezone(clinic.zone)
            start += apart


def practitioners_at(clinic: Clinic, start: datetime) -> list[Practitioner]:
    """Who could see somebody at that (aware) moment, in the order of clinic.yml."""
    day, moment = start.astimezone(clinic.zone).date(), start.timestamp()
    return [
        one
        for one in clinic.practitioners
        # Moments are compared as numbers: in the hour that comes twice, times of two zones differ.
        if any(each.timestamp() == moment for each in starts_on(clinic, one, day))
    ]


def bookable(clinic: Clinic, now: datetime) -> tuple[datetime, date]:
    """The earliest start that the notice allows, and the last day of the horizon."""
    earliest = now.astimezone(UTC) + timedelta(hours=clinic.booking.minimum_notice_hours)
    today = now.astimezone(clinic.zone).date()
    return earliest, today + timedelta(days=clinic.booking.horizon_days)


def ends_at(clinic: Clinic, start: datetime) -> datetime:
    return start + timedelta(minutes=clinic.booking.slot_minutes)


def occupied_until(clinic: Clinic, start: datetime) -> datetime:
    """When the practitioner is free again: the end, and the buffer after it."""
    return ends_at(clinic, start) + timedelta(minutes=clinic.booking.buffer_minutes)


def steps(start: datetime, until: datetime) -> range:
    """The numbers of the five-minute steps of a stretch of time, counted from 1970 in UTC."""
    seconds = int(STEP.total_seconds())
    return range(int(start.timestamp()) // seconds, -(-int(until.timestamp()) // seconds))
