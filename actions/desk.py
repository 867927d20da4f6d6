"""What the actions work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from booking.clinic import Clinic
from booking.links import ManageLinks


@dataclass(frozen=True)
class Desk:
    """The booking database, the clinic, the region of phone numbers, the clock (aware times).

    `links` makes the address at which a visitor sees, moves and cancels a request.
    """

    engine: Engine
    clinic: Clinic
    region: str
    now: Callable[[], datetime]
    links: ManageLinks
