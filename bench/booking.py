"""The booking database under measurement: how fast free times are found, and bookings stored.

`python -m bench.booking` measures only this. It calls the functions of `booking`, without chat and
Rasa around them.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Engine, insert

from bench.processes import ROOT
from bench.report import aligned, percentile
from booking.availability import free_starts, offer_slots
from booking.clinic import Clinic, Practitioner, read_clinic
from booking.database import migrate, open_database, writing
from booking.details import Details, PreferredTime
from booking.holds import hold_slot
from booking.models import ConsultationRequest, OccupiedStep, Status
from booking.requests import request_consultation
from booking.schedule import ends_at, occupied_until, starts_on, steps
from booking.windows import Window
from tests.postgresql import WANTED, running_postgresql

PRACTITIONERS = 5
# How much of the calendar is taken, from some weeks back as far ahead as the requests reach.
TAKEN = 0.85
WEEKS_BACK = 8
# Rows that are stored at a time.
AT_A_TIME = 1000


class Plan(NamedTuple):
    """How much is stored before, how often is looked, and how many book at once."""

    requests: int
    looks: int
    bookings: int
    visitors: int = 8


FULL = Plan(requests=10_000, looks=200, bookings=400)
QUICK = Plan(requests=3000, looks=3, bookings=16)


@dataclass
class Figures:
    """What one database was measured to do; `looks` are milliseconds (median, 95th percentile)."""

    name: str
    requests: int
    looks: dict[str, tuple[float, float]]
    bookings_per_second: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def bench(plan: Plan) -> list[Figures]:
    """On SQLite, and on PostgreSQL where its programs are installed."""
    with tempfile.TemporaryDirectory(prefix="needlepoint-bench-") as folder:
        measured = [measure("SQLite", f"sqlite:///{folder}/booking.db", plan)]
    if _has_postgresql():
        with running_postgresql(fsync=True) as server, server.database() as name:
            url = f"postgresql+psycopg://{server.address}/{name}"
            measured.append(measure("PostgreSQL", url, plan))
    return measured


def _has_postgresql() -> bool:
    return bool(shutil.which("initdb", path=WANTED) or shutil.which("initdb"))


def measure(name: str, url: str, plan: Plan) -> Figures:
    """Fill an empty database, look for free times in it, then book."""
    clinic = clinic_with_many()
    now = datetime.now(UTC)
    with _opened(url) as engine:
        wanted = fill(engine, clinic, plan.requests, now)
        looks = {
            what: _timed(look, plan.looks)
            for what, look in _looks(engine, clinic, wanted, now).items()
        }
        booked = _bookings_per_second(engine, clinic, plan, now)
    return Figures(name, plan.requests, looks, booked)


def clinic_with_many() -> Clinic:
    """The clinic as in clinic.yml, with its opening hours and rules, but more practitioners."""
    people = tuple(
        Practitioner(id=f"room-{number}", name=f"Room {number}")
        for number in range(1, PRACTITIONERS + 1)
    )
    return read_clinic(ROOT / "clinic.yml").model_copy(update={"practitioners": people})


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    migrate(url)
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


# --- what is stored ---


def fill(engine: Engine, clinic: Clinic, count: int, now: datetime) -> datetime:
    """Store so many requests; returns a start next week at which everybody is taken."""
    rows = _made_up(clinic, count, now)
    full_at = _full_start(clinic, rows, now)
    with writing(engine) as session:
        for first in range(0, len(rows), AT_A_TIME):
            session.execute(insert(ConsultationRequest), rows[first : first + AT_A_TIME])
        taken = [
            {"practitioner": row["practitioner"], "step": step, "request_id": row["id"]}
            for row in rows
            for step in steps(row["starts_at"], occupied_until(clinic, row["starts_at"]))
        ]
        for first in range(0, len(taken), AT_A_TIME):
            session.execute(insert(OccupiedStep), taken[first : first + AT_A_TIME])
    return full_at


def _made_up(clinic: Clinic, count: int, now: datetime) -> list[dict[str, Any]]:
    drawn = random.Random(7)
    starts = _one_after_the_other(clinic, now)
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        practitioner, start = next(starts)
        if drawn.random() < TAKEN:
            rows.append(_row(len(rows) + 1, clinic, practitioner, start, now))
    return rows


def _one_after_the_other(clinic: Clinic, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Each practitioner's consultations, as close as the buffers allow, day after day."""
    day = (now - timedelta(weeks=WEEKS_BACK)).date()
    while True:
        for practitioner in clinic.practitioners:
            free_at = datetime.min.replace(tzinfo=UTC)
            for start in starts_on(clinic, clinic.working_hours(practitioner, day), day):
                if start >= free_at:
                    free_at = occupied_until(clinic, start)
                    yield practitioner.id, start
        day += timedelta(days=1)


def _row(
    number: int, clinic: Clinic, practitioner: str, start: datetime, now: datetime
) -> dict[str, Any]:
    return {
        # Out of the way of those that the database gives.
        "id": -number,
        "reference": f"B-{number}",
        "status": Status.CONFIRMED,
        "name": f"Visitor {number}",
        "email": f"visitor-{number}@clinic.example",
        "phone": None,
        "concern": "acne scars",
        "practitioner": practitioner,
        "starts_at": start,
        "ends_at": ends_at(clinic, start),
        "sequence": 1,
        "visitor_zone": None,
        "preference_text": "a morning",
        "notes": None,
        "consent_version": clinic.consent.version,
        "consent_text": clinic.consent.text,
        "consent_at": now,
        "conversation_id": uuid4().hex,
        "idempotency_key": uuid4().hex,
        "created_at": now,
        "updated_at": now,
    }


def _full_start(clinic: Clinic, rows: list[dict[str, Any]], now: datetime) -> datetime:
    """The first one from next week on that everybody has a request at."""
    monday, _ = next_week(now.astimezone(clinic.zone).date())
    everybody: Counter[datetime] = Counter()
    for row in rows:
        start: datetime = row["starts_at"]
        everybody[start] += start.astimezone(clinic.zone).date() >= monday
        if everybody[start] == PRACTITIONERS:
            return start
    raise ValueError("too few requests: nobody is booked up next week")


def next_week(today: date) -> tuple[date, date]:
    """Its Monday and its Sunday."""
    monday = today + timedelta(days=7 - today.weekday())
    return monday, monday + timedelta(days=6)


# --- what is measured ---


def _looks(
    engine: Engine, clinic: Clinic, full_at: datetime, now: datetime
) -> dict[str, Callable[[], object]]:
    """The questions that visitors ask most, and the one that reads most."""
    local = full_at.astimezone(clinic.zone)
    day, clock = local.date(), local.time()
    week = Window(*next_week(now.astimezone(clinic.zone).date()))
    exact = Window(day, day, start=clock, until=clock, around=clock, exact=True)
    never = Window(now.date(), date.max, start=clock.replace(hour=3), until=clock.replace(hour=3))
    offer = partial(offer_slots, engine, clinic, now=now, real_now=now)
    return {
        "next week": partial(offer, week),
        "a time that is taken": partial(offer, exact),
        "a time the clinic is closed, any day": partial(offer, never),
        "all free times of a month": partial(
            free_starts, engine, clinic, day, day + timedelta(days=30), now, real_now=now
        ),
    }


def _timed(look: Callable[[], object], times: int) -> tuple[float, float]:
    """Median and 95th percentile of its milliseconds, once it has run for the first time."""
    look()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        look()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken), percentile(taken, 95)


def _bookings_per_second(engine: Engine, clinic: Clinic, plan: Plan, now: datetime) -> float:
    """Each visitor holds a free time, then requests it; several at once, none in another's way."""
    starts = _apart(clinic, _free_late(engine, clinic, now))[: plan.bookings]
    began = time.perf_counter()
    with ThreadPoolExecutor(plan.visitors) as pool:
        list(pool.map(partial(_book, engine, clinic, now), starts))
    return len(starts) / (time.perf_counter() - began)


def _free_late(engine: Engine, clinic: Clinic, now: datetime) -> list[datetime]:
    """Where the horizon ends nothing was filled in."""
    last = now.astimezone(clinic.zone).date() + timedelta(days=clinic.booking.horizon_days)
    return free_starts(engine, clinic, last - timedelta(days=60), last, now, real_now=now)


def _apart(clinic: Clinic, starts: list[datetime]) -> list[datetime]:
    chosen: list[datetime] = []
    for start in starts:
        if not chosen or start.astimezone(UTC) >= occupied_until(clinic, chosen[-1]):
            chosen.append(start)
    return chosen


def _book(engine: Engine, clinic: Clinic, now: datetime, start: datetime) -> None:
    visitor = uuid4().hex
    hold_slot(engine, clinic, start, owner=visitor, now=now, real_now=now)
    request_consultation(
        engine,
        clinic,
        details=Details(
            name="Visitor",
            email="visitor@clinic.example",
            concern="acne scars",
            time=PreferredTime(start, "whenever"),
        ),
        conversation_id=visitor,
        idempotency_key=visitor,
        now=now,
        real_now=now,
    )


# --- how it is shown ---


def told(measured: list[Figures]) -> str:
    """A line for each figure, the databases side by side."""
    stored = f"{measured[0].requests:,} requests, {PRACTITIONERS} practitioners"
    rows = [[stored, *(figures.name for figures in measured)]]
    for what in measured[0].looks:
        pairs = (figures.looks[what] for figures in measured)
        rows.append(
            [f"{what}: median / p95, ms", *(f"{half:.1f} / {most:.1f}" for half, most in pairs)]
        )
    per_second = (f"{figures.bookings_per_second:.0f}" for figures in measured)
    rows.append(["bookings/s (hold and request)", *per_second])
    return "\n".join(aligned(rows))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.booking", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything, to try it out")
    measured = bench(QUICK if parser.parse_args().quick else FULL)
    print(told(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
