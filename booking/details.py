"""The details of a consultation request, and the readers that check each of them.

A reader takes what the visitor typed and returns the cleaned value, or raises `DetailRefused`
(`TimeRefused` for times) with a code from `booking.errors.Refusal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from booking.clinic import Clinic


class Slot(StrEnum):
    """What a consultation request needs from the visitor, in the order it is asked for."""

    NAME = "name"
    CONTACT = "contact"
    CONCERN = "concern"
    TIME = "time"


@dataclass(frozen=True)
class Contact:
    """How to reach the visitor: an e-mail address, a phone number in E.164, or both."""

    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class PreferredTime:
    """When the visitor would like to come: an aware moment, and their own words for it."""

    starts_at: datetime
    text: str


@dataclass(frozen=True)
class Details:
    """Everything known so far. `pending_day` and `pending_hour` are half-given times."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    concern: str | None = None
    time: PreferredTime | None = None
    notes: str | None = None
    pending_day: date | None = None
    pending_hour: time | None = None

    def missing(self) -> tuple[Slot, ...]:
        """The slots still open, in the order they are asked for."""
        raise NotImplementedError

    def as_json(self) -> dict[str, str | None]:
        """Flat strings (ISO 8601 for times), such as a chat engine's slot can keep."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, values: dict[str, str | None]) -> Details:
        """The details that `as_json` wrote; unknown keys are ignored."""
        raise NotImplementedError


def read_name(text: str) -> str:
    """The name as written, any script; refused: no_name, not_a_name, too_long (over 120)."""
    raise NotImplementedError


def read_email(text: str) -> str:
    """The address, its domain normalised; refused: invalid_email. Asks no name server."""
    raise NotImplementedError


def read_phone(text: str, region: str) -> str:
    """The number in E.164; `region` (ISO 3166) is for one without +; refused: invalid_phone."""
    raise NotImplementedError


def read_concern(text: str) -> str:
    """What the visitor would like to talk about; refused: no_concern, too_long (over 300)."""
    raise NotImplementedError


def read_time(
    text: str,
    now: datetime,
    tz: tzinfo,
    clinic: Clinic,
    *,
    pending_day: date | None = None,
    pending_hour: time | None = None,
) -> PreferredTime:
    """When the visitor would like to come, in the zone `tz`, within the clinic's hours.

    A day or an hour given earlier completes what the text leaves open. Raises `TimeRefused`:
    past_time, impossible_time, no_time_of_day, no_day, outside_hours, too_far, not_understood.
    """
    raise NotImplementedError
