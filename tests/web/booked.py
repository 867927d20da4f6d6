"""A clinic with requests in its book, for tests of the pages that visitors manage them on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import Engine

from booking.clinic import Clinic, read_clinic
from booking.database import migrate, open_database
from booking.details import Details, PreferredTime
from booking.links import ManageLinks
from booking.models import ConsultationRequest
from booking.requests import request_consultation

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret for tests"
# A Friday morning in New York.
FRIDAY_TEN = "2026-11-20T10:00-05:00"
TUESDAY_THREE = "2026-11-24T15:00-05:00"


@dataclass
class Book:
    """The requests of a clinic whose clock stands still until a test moves it."""

    engine: Engine
    clinic: Clinic
    links: ManageLinks
    time: datetime
    _keys: Callable[[], int]

    def now(self) -> datetime:
        return self.time

    def pass_time(self, **length: float) -> None:
        self.time += timedelta(**length)

    def at(self, moment: str) -> datetime:
        return datetime.fromisoformat(moment).astimezone(self.clinic.zone)

    def take(
        self,
        moment: str = TUESDAY_THREE,
        *,
        email: str | None = "ana.lopez@example.com",
        phone: str | None = "+12025550164",
        concern: str = "acne scars",
        visitor_zone: str | None = None,
    ) -> ConsultationRequest:
        key = f"visitor-{self._keys()}"
        return request_consultation(
            self.engine,
            self.clinic,
            details=Details(
                name="Ana Lopez",
                email=email,
                phone=phone,
                concern=concern,
                time=PreferredTime(self.at(moment), "tuesday at 3"),
            ),
            conversation_id=key,
            idempotency_key=key,
            now=self.time,
            real_now=datetime.now(UTC),
            visitor_zone=visitor_zone,
        )

    def path(self, request: ConsultationRequest) -> str:
        """The path of its manage link."""
        token = self.links.url(request.reference).rsplit("/", 1)[-1]
        return f"/manage/{token}"


def open_book(folder: Path, *, migrated: bool = False) -> Book:
    """The book in the SQLite file booking.db of `folder`, made unless it has its tables."""
    url = f"sqlite:///{folder}/booking.db"
    if not migrated:
        migrate(url)
    return Book(
        engine=open_database(url),
        clinic=read_clinic(ROOT / "clinic.yml"),
        links=ManageLinks(SECRET, "https://book.clinic.example"),
        time=datetime.fromisoformat(FRIDAY_TEN),
        _keys=count().__next__,
    )
