"""The benchmark: what it reports, and that it runs from start to end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.candidates import stock_project
from bench.load import questions
from bench.report import Figures, Speed, percentile, table

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


@pytest.mark.soak
def test_it_runs_from_start_to_end() -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--without-stock"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)

    assert done.returncode == 0, done.stderr
    assert "messages/s" in done.stdout
