"""The clinic's own facts, read from clinic.yml."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict


class ClinicMistake(ValueError):
    """clinic.yml cannot be used; the message names each line and what is allowed there."""


class Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Opening(Fact):
    opens: time
    closes: time


class Consent(Fact):
    version: str
    text: str


class Privacy(Fact):
    url: str
    retention_days: int


class Clinic(Fact):
    """What the clinic says about itself; `phone` is E.164, `opening_hours` by weekday name."""

    name: str
    tagline: str
    phone: str
    email: str
    address: tuple[str, ...]
    website: str
    emergency_number: str
    time_zone: str
    opening_hours: dict[str, tuple[Opening, ...]]
    holidays: tuple[date, ...] = ()
    consent: Consent
    privacy: Privacy

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def opening_hours_text(self) -> str:
        """Such as "Monday to Friday 9:00-18:00, Saturday 10:00-15:00"."""
        raise NotImplementedError

    def phone_text(self) -> str:
        """The phone number for reading, such as "+1 202-555-0143"."""
        raise NotImplementedError

    def openings_on(self, day: date) -> tuple[Opening, ...]:
        """The hours on that day, none on a closed day or a holiday."""
        raise NotImplementedError

    def is_open(self, moment: datetime) -> bool:
        """Whether a consultation could start at that (aware) moment."""
        raise NotImplementedError


def read_clinic(path: Path) -> Clinic:
    """Read and check clinic.yml; raises `ClinicMistake`."""
    raise NotImplementedError
