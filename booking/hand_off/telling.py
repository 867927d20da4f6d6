"""Moments and phone numbers as people read them, for mails and calendar files."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers


def day_text(moment: datetime, zone: tzinfo) -> str:
    """Such as "Tuesday 24 November 2026"."""
    return f"{moment.astimezone(zone):%A %-d %B %Y}"


def clock_text(moment: datetime, zone: tzinfo) -> str:
    """Such as "3:00 pm"."""
    local = moment.astimezone(zone)
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def place_of(zone: tzinfo) -> str:
    """The place that a zone is named after, such as "New York" for America/New_York."""
    return str(zone).rsplit("/", 1)[-1].replace("_", " ")


def other_zone(name: str | None, zone: ZoneInfo, moment: datetime) -> ZoneInfo | None:
    """The visitor's zone when its clocks show another time at that moment than those of `zone`.

    None for a zone that isn't known: the name comes from the visitor's browser.
    """
    if name is None or name not in _zones():
        return None
    visitors = ZoneInfo(name)
    same = moment.astimezone(visitors).utcoffset() == moment.astimezone(zone).utcoffset()
    return None if same else visitors


@cache
def _zones() -> frozenset[str]:
    """The names of all zones; collecting them reads hundreds of files."""
    return frozenset(available_timezones())


def phone_text(phone: str) -> str:
    """An E.164 number for reading, such as "+1 202-555-0164"; as it is when it is no number."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
