"""The clinic's own facts, read from clinic.yml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import Field, model_validator

from booking.clinic_file import ClinicMistake, misplaced, read_facts
from booking.clinic_values import (
    Collection,
    DayOpenings,
    Days,
    Email,
    EmergencyNumber,
    Endpoint,
    Fact,
    Line,
    MayBeBlank,
    Opening,
    Page,
    Phone,
    PractitionerId,
    TimeZoneName,
    Website,
    Written,
    whole,
)

__all__ = [
    "WEEKDAYS",
    "BookingRules",
    "CaldavHandOff",
    "Clinic",
    "ClinicMistake",
    "EmailHandOff",
    "HandOff",
    "Opening",
    "OpeningHours",
    "Practitioner",
    "PractitionerHours",
    "WebhookHandOff",
    "read_clinic",
]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OpeningHours(Fact):
    """The hours of each weekday; every day is named, a closed one has an empty list."""

    monday: DayOpenings
    tuesday: DayOpenings
    wednesday: DayOpenings
    thursday: DayOpenings
    friday: DayOpenings
    saturday: DayOpenings
    sunday: DayOpenings

    def by_weekday(self) -> tuple[tuple[Opening, ...], ...]:
        """Monday's openings first."""
        return tuple(getattr(self, weekday) for weekday in WEEKDAYS)


class Consent(Fact):
    """What a visitor agrees to; `version` is kept with each request."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    text: Line


class Privacy(Fact):
    """Where the privacy notice is, and after how many days old data is deleted."""

    url: Page
    retention_days: Annotated[int, whole(1, 3650)]


class PractitionerHours(Fact):
    """Hours of one practitioner; a weekday of None follows the clinic's opening hours."""

    monday: Annotated[DayOpenings | None, Written] = None
    tuesday: Annotated[DayOpenings | None, Written] = None
    wednesday: Annotated[DayOpenings | None, Written] = None
    thursday: Annotated[DayOpenings | None, Written] = None
    friday: Annotated[DayOpenings | None, Written] = None
    saturday: Annotated[DayOpenings | None, Written] = None
    sunday: Annotated[DayOpenings | None, Written] = None

    def by_weekday(self) -> tuple[tuple[Opening, ...] | None, ...]:
        """Monday's hours first."""
        return tuple(getattr(self, weekday) for weekday in WEEKDAYS)


class Practitioner(Fact):
    """Who or what takes one consultation at a time: a person or a room.

    `id` is kept with each request; `calendar` is a CalDAV collection of their own.
    """

    id: PractitionerId
    name: Line
    hours: Annotated[PractitionerHours, MayBeBlank] = PractitionerHours()
    away: Days = ()
    calendar: Annotated[Collection | None, Written] = None


class BookingRules(Fact):
    """Lengths and limits of bookings; slots, buffers and starts are multiples of five minutes."""

    slot_minutes: Annotated[int, whole(5, 480, step=5)] = 30
    buffer_minutes: Annotated[int, whole(0, 240, step=5)] = 15
    starts_every_minutes: Annotated[int, whole(5, 240, step=5)] = 15
    minimum_notice_hours: Annotated[int, whole(0, 720)] = 2
    horizon_days: Annotated[int, whole(1, 730)] = 365
    hold_minutes: Annotated[int, whole(1, 120)] = 10
    change_cutoff_hours: Annotated[int, whole(0, 720)] = 24


class EmailHandOff(Fact):
    """E-mails to the clinic's own addresses and to visitors; `remind_hours` 0 sends no reminder."""

    sender: Email
    notify: Annotated[tuple[Email, ...], Field(strict=False, min_length=1)]
    remind_hours: Annotated[int, whole(0, 168)] = 24


class WebhookHandOff(Fact):
    """A receiver of signed notices."""

    url: Endpoint


class CaldavHandOff(Fact):
    """The clinic's calendar, which requests are written to and busy times are read from."""

    url: Collection
    username: Line
    busy_every_minutes: Annotated[int, whole(1, 1440)] = 5


class HandOff(Fact):
    """Where requests go besides the clinic's own list; None is off."""

    email: Annotated[EmailHandOff | None, Written] = None
    webhook: Annotated[WebhookHandOff | None, Written] = None
    caldav: Annotated[CaldavHandOff | None, Written] = None


class Clinic(Fact):
    """What the clinic says about itself; `phone` is E.164, times are in its own zone."""

    name: Line
    tagline: Line
    phone: Phone
    email: Email
    address: Annotated[tuple[Line, ...], Field(strict=False, min_length=1)]
    website: Website
    emergency_number: EmergencyNumber
    time_zone: TimeZoneName
    opening_hours: OpeningHours
    holidays: Days = ()
    consent: Consent
    privacy: Privacy
    # One consultation at a time whenever the clinic is open: right for a clinic that names nobody.
    practitioners: Annotated[tuple[Practitioner, ...], Field(strict=False, min_length=1)] = (
        Practitioner(id="clinic", name="Consultation room"),
    )
    booking: Annotated[BookingRules, MayBeBlank] = BookingRules()
    hand_off: Annotated[HandOff, MayBeBlank] = HandOff()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [practitioner.id for practitioner in self.practitioners]
        for number, one in enumerate(ids):
            if one in ids[:number]:
                raise misplaced(f"{one} is taken by another one", "practitioners", number, "id")
        return self

    @model_validator(mode="after")
    def _something_fits(self) -> Self:
        """Refuse rules under which nothing could ever be booked, which nobody means."""
        rules = self.booking
        if rules.minimum_notice_hours >= rules.horizon_days * 24:
            raise misplaced(
                "needs to be shorter than horizon_days", "booking", "minimum_notice_hours"
            )
        longest = _longest(self.opening_hours.by_weekday())
        if 0 < longest < rules.slot_minutes:
            raise misplaced(
                f"needs to fit into the opening hours, of which the longest are {longest} minutes",
                *("booking", "slot_minutes"),
            )
        for number, practitioner in enumerate(self.practitioners):
            if longest and self._never_has_time(practitioner):
                raise misplaced(
                    f"leaves nowhere {rules.slot_minutes} minutes within the opening hours",
                    *("practitioners", number, "hours"),
                )
        return self

    @model_validator(mode="after")
    def _calendars_are_on_one_server(self) -> Self:
        """One name and password opens them all, and must not be shown to another server."""
        caldav = self.hand_off.caldav
        for number, practitioner in enumerate(self.practitioners):
            place = ("practitioners", number, "calendar")
            if practitioner.calendar is None:
                continue
            if caldav is None:
                raise misplaced("needs hand_off.caldav, which says how to reach it", *place)
            if _server(practitioner.calendar) != _server(caldav.url):
                raise misplaced("needs to be on the same server as hand_off.caldav.url", *place)
        return self

    def _never_has_time(self, practitioner: Practitioner) -> bool:
        """Whether hours are written for them, yet no slot fits in; all days off is no mistake."""
        week = [self._weekly_hours(practitioner, weekday) for weekday in range(len(WEEKDAYS))]
        works = any(hours is None or hours for hours in practitioner.hours.by_weekday())
        return works and _longest(week) < self.booking.slot_minutes

    def _weekly_hours(self, practitioner: Practitioner, weekday: int) -> tuple[Opening, ...]:
        """The practitioner's hours within the clinic's, on an ordinary day."""
        openings = self.opening_hours.by_weekday()[weekday]
        own = practitioner.hours.by_weekday()[weekday]
        if own is None:
            return openings
        shared = (opening.within(hours) for opening in openings for hours in own)
        return tuple(stretch for stretch in shared if stretch is not None)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def writes_month_first(self) -> bool:
        """Whether 3/4 is the fourth of March: so in North America, which shares the code +1."""
        return self.phone.startswith("+1")

    def opening_hours_text(self) -> str:
        """Such as "Monday to Friday 9:00-18:00, Saturday 10:00-15:00"; closed days left out."""
        return ", ".join(
            f"{_days_text(first, last)} {_openings_text(openings)}"
            for first, last, openings in _runs(self.opening_hours.by_weekday())
            if openings
        )

    def phone_text(self) -> str:
        """The phone number for reading, such as "+1 202-555-0143"."""
        return phonenumbers.format_number(
            phonenumbers.parse(self.phone), phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )

    def openings_on(self, day: date) -> tuple[Opening, ...]:
        """The hours on that day, none on a closed day or a holiday."""
        if day in self.holidays:
            return ()
        return self.opening_hours.by_weekday()[day.weekday()]

    def practitioner(self, practitioner_id: str) -> Practitioner | None:
        """The one with that id; None once they are no longer in the file."""
        return next((one for one in self.practitioners if one.id == practitioner_id), None)

    def working_hours(self, practitioner: Practitioner, day: date) -> tuple[Opening, ...]:
        """When they take consultations on that day: none on holidays and days away."""
        if day in self.holidays or day in practitioner.away:
            return ()
        return self._weekly_hours(practitioner, day.weekday())

    def is_open(self, moment: datetime) -> bool:
        """Whether a consultation could start at that (aware) moment."""
        local = moment.astimezone(self.zone)
        clock = local.time()
        return any(hours.opens <= clock < hours.closes for hours in self.openings_on(local.date()))


def read_clinic(path: Path) -> Clinic:
    """Read and check clinic.yml; raises `ClinicMistake` with a line for each mistake."""
    return read_facts(path, Clinic)


def _longest(week: Iterable[tuple[Opening, ...]]) -> int:
    """Minutes of the week's longest stretch, 0 when there is none."""
    return max((opening.minutes for openings in week for opening in openings), default=0)


def _server(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _runs(
    week: tuple[tuple[Opening, ...], ...],
) -> Iterator[tuple[int, int, tuple[Opening, ...]]]:
    """Neighbouring weekdays with the same hours: first day, last day, hours."""
    first = 0
    for day in range(1, len(week) + 1):
        if day == len(week) or week[day] != week[first]:
            yield first, day - 1, week[first]
            first = day


def _days_text(first: int, last: int) -> str:
    names = [WEEKDAYS[day].capitalize() for day in (first, last)]
    if first == last:
        return names[0]
    return f" {'and' if last == first + 1 else 'to'} ".join(names)


def _openings_text(openings: tuple[Opening, ...]) -> str:
    return " and ".join(f"{_clock(one.opens)}-{_clock(one.closes)}" for one in openings)


def _clock(moment: time) -> str:
    return f"{moment.hour}:{moment.minute:02}"
