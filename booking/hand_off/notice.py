"""What one delivery says, and what every adapter that delivers it keeps to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Event(StrEnum):
    """What happened to a request, or that a message was left."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    NO_SHOW = "no_show"
    REMINDER = "reminder"
    MESSAGE = "message"


class Channel(StrEnum):
    """Where a notice goes."""

    EMAIL_CLINIC = "email_clinic"
    EMAIL_VISITOR = "email_visitor"
    WEBHOOK = "webhook"
    CALENDAR = "calendar"


@dataclass(frozen=True)
class Notice:
    """One thing to hand off; moments are aware, and a message left for the clinic has no times."""

    key: str  # idempotency key, the same at each attempt
    event: Event
    at: datetime
    by: str  # the actor
    reference: str
    name: str | None
    email: str | None
    phone: str | None  # E.164
    text: str  # the concern, or the message
    status: str | None = None
    sequence: int = 0  # SEQUENCE of the calendar entry
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    before: datetime | None = None  # the start it was moved from
    practitioner: str | None = None  # id
    notes: str | None = None
    visitor_zone: str | None = None
    manage_url: str | None = None


class Undelivered(Exception):
    """The other side has not got it; `retry_after` is in seconds, None where it named none."""

    def __init__(
        self, reason: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after = retry_after


class Adapter(Protocol):
    """One way out."""

    def deliver(self, notice: Notice) -> None:
        """Return once the other side has the notice; raises `Undelivered`."""
