"""What the actions work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from booking.clinic import Clinic


@dataclass(frozen=True)
class Desk:
    """The booking database, the clinic, the region of phone numbers, the clock (aware times)."""

    engine: Engine
    clinic: Clinic
    region: str
    now: Callable[[], datetime]
