"""The benchmark: what it reports, and that it runs from start to end."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench import booking
from bench.candidates import stock_project
from bench.load import questions
from bench.report import Figures, Speed, percentile, table
from booking.availability import offer_slots
from booking.database import migrate, open_database
from booking.requests import list_requests
from booking.windows import Window
from tests.booking.taking import check_book

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5.0], 95, 5.0),
        ([1.0, 2.0, 3.0, 4.0], 50, 2.0),
        ([float(n) for n in range(1, 101)], 95, 95),
    ],
)
def test_a_percentile_is_one_of_the_values(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_repetitions_count_by_their_median_and_failures_by_their_sum() -> None:
    loads = [
        json.dumps({"messages": 10, "failures": 1, "seconds": seconds, "latencies": [seconds] * 10})
        for seconds in (1.0, 2.0, 10.0)
    ]

    speed = Speed.of(loads)

    assert speed == Speed(per_second=5.0, p50=2.0, p95=2.0, p99=2.0, failures=3)


def test_the_table_compares_with_the_first() -> None:
    stock = Figures("stock", 100.0, 20.0, 1000.0, {10: Speed(50.0, 100.0, 400.0, 500.0, 0)})
    ours = Figures("ours", 10.0, 5.0, 500.0, {10: Speed(200.0, 25.0, 100.0, 120.0, 0)})

    told = table([stock, ours])

    assert "10 visitors: messages/s" in told
    assert "training 10.0x as fast; start 4.0x as fast; memory 0.50x" in told
    assert "10 at once: 4.0x the messages/s, p95 0.25x" in told


def test_the_questions_are_the_same_each_time() -> None:
    assert questions(20) == questions(20)


def test_stock_rasa_learns_every_faq() -> None:
    taught = stock_project()["data/nlu.yml"]

    assert all(f"faq/{file.stem}" in taught for file in (ROOT / "data" / "faq").glob("*.yml"))


def test_a_calendar_to_measure_in_is_sound_and_full_where_it_says_so(tmp_path: Path) -> None:
    clinic, now = booking.clinic_with_many(), datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    url = f"sqlite:///{tmp_path / 'booking.db'}"
    migrate(url)
    engine = open_database(url)

    full_at = booking.fill(engine, clinic, 3000, now)

    local = full_at.astimezone(clinic.zone)
    exact = Window(
        local.date(), local.date(), start=local.time(), until=local.time(), around=local.time()
    )
    assert len(list_requests(engine)) == 3000
    check_book(engine, timedelta(minutes=clinic.booking.buffer_minutes))
    assert offer_slots(engine, clinic, exact, now, real_now=now).why == "taken"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_free_times_and_bookings_are_measured(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    url = f"sqlite:///{tmp_path / 'booking.db'}"
    if database == "postgresql":
        url = request.getfixturevalue("postgresql_url")

    figures = booking.measure(database, url, booking.QUICK)

    assert all(0 < half <= most for half, most in figures.looks.values())
    assert figures.bookings_per_second > 0
    engine = open_database(url)
    made = [one for one in list_requests(engine) if one.name == "Visitor"]
    engine.dispose()
    assert len(made) == len({one.starts_at for one in made}) == booking.QUICK.bookings


def test_the_figures_of_the_databases_stand_side_by_side() -> None:
    looks = {"next week": (4.21, 9.0)}

    told = booking.told(
        [
            booking.Figures("SQLite", 10_000, looks, 101.4),
            booking.Figures("PostgreSQL", 10_000, looks, 77.7),
        ]
    )

    assert told.splitlines() == [
        "10,000 requests, 5 practitioners     SQLite  PostgreSQL",
        "next week: median / p95, ms       4.2 / 9.0   4.2 / 9.0",
        "bookings/s (hold and request)           101          78",
    ]


@pytest.mark.soak
def test_it_runs_from_start_to_end() -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--without-stock"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)

    assert done.returncode == 0, done.stderr
    assert "messages/s" in done.stdout
    assert "bookings/s" in done.stdout
