"""Read everything a visitor says about their consultation in one message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from booking.details import Contact, Details, PreferredTime, Slot
from booking.errors import Refusal

if TYPE_CHECKING:
    from booking.clinic import Clinic

Value = str | Contact | PreferredTime


@dataclass(frozen=True)
class Problem:
    """What was said for `slot` cannot be taken, and why."""

    slot: Slot
    code: Refusal


@dataclass(frozen=True)
class Reading:
    """What one message gave: values found, one problem to tell, slots the visitor took back.

    name and concern are strings, contact a `Contact` (only the parts that were said), time a
    `PreferredTime`. `pending_day` and `pending_hour` are a time said by half.
    """

    found: dict[Slot, Value] = field(default_factory=dict)
    problem: Problem | None = None
    cleared: frozenset[Slot] = frozenset()
    pending_day: date | None = None
    pending_hour: time | None = None

    def applied_to(self, known: Details) -> Details:
        """`known` with this reading's values in, and what it takes back out."""
        raise NotImplementedError


def read_answer(
    text: str,
    asked: Slot | None,
    known: Details,
    now: datetime,
    clinic: Clinic,
    region: str,
    concern: str | None = None,
) -> Reading:
    """Read all that `text` says; `asked` is the open question, `concern` the lexicon's find."""
    raise NotImplementedError
