"""How the assistant does, from the command line."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from booking.database import open_database, run_migrations
from faq.inbox import Missed, record_question
from faq.models import StaffBase
from tests.cli.running import Installation
from tests.web.talked import Talk, moment_now
from web import chat_store

NOVEMBER = ("--from", "2024-11-01", "--to", "2024-11-10")


@contextmanager
def talk_of(needlepoint: Installation) -> Iterator[Talk]:
    """What was said to an installation's assistant."""
    url = f"sqlite:///{needlepoint.folder}/needlepoint-chat.db"
    run_migrations(url, chain="chat", metadata=chat_store.metadata)
    engine = open_database(url)
    yield Talk(engine)
    engine.dispose()


def test_figures_are_printed_as_json(needlepoint: Installation) -> None:
    with talk_of(needlepoint) as talk:
        talk.ask("2024-11-20 09:00", "answered", faq="downtime", thumb="up")
        talk.ask("2024-11-20 09:01", "declined")
        talk.ask("2024-11-18 09:01", "declined")

    found = needlepoint.start(
        "figures", "--from", "2024-11-20", "--to", "2024-11-20", "--json"
    ).json

    assert (found["from"], found["to"]) == ("2024-11-20", "2024-11-20")
    assert found["time_zone"] == "America/New_York"
    assert [day["day"] for day in found["days"]] == ["2024-11-20"]
    assert (found["total"]["questions"], found["total"]["answered"]) == (2, 1)
    assert found["total_before"]["questions"] == 0
    assert found["faqs"] == [
        {
            "faq": "downtime",
            "title": "How long is the downtime?",
            "uses": 1,
            "uses_before": 0,
            "thumbs_up": 1,
            "thumbs_down": 0,
        }
    ]
    assert (found["bookings"]["conversations"], found["bookings"]["sent_a_request"]) == (1, 0)
    assert found["not_known"] == []


def test_without_days_it_is_the_last_thirty(needlepoint: Installation) -> None:
    with talk_of(needlepoint) as talk:
        talk.ask(moment_now().isoformat(), "answered")

    found = needlepoint.run("figures", "--json").json

    assert len(found["days"]) == 30
    assert found["days"][-1]["messages"] == 1


def test_people_read_sums_beside_those_of_the_days_before(needlepoint: Installation) -> None:
    with talk_of(needlepoint) as talk:
        talk.ask("2024-11-05 10:00", "answered", faq="downtime")
        talk.ask("2024-10-25 10:00", "handed_over")

    told = needlepoint.run("figures", *NOVEMBER).out

    assert told.startswith("2024-11-01 to 2024-11-10 (America/New_York), and as many days before\n")
    lines = [line.split() for line in told.splitlines()]
    assert ["answered", "1", "0"] in lines
    assert ["handed", "over", "0", "1"] in lines
    assert "How long is the downtime?" in told


@pytest.mark.parametrize(
    ("table", "first_column", "count"),
    [(None, "day", 10), ("days", "day", 10), ("faqs", "faq", 1), ("bookings", "step", 11)],
)
def test_each_table_is_a_file_for_spreadsheets(
    needlepoint: Installation, tmp_path: Path, table: str | None, first_column: str, count: int
) -> None:
    with talk_of(needlepoint) as talk:
        talk.ask("2024-11-05 10:00", "answered", faq="downtime")
    file = tmp_path / "figures.csv"

    which = ("--table", table) if table else ()
    ended = needlepoint.run("figures", *NOVEMBER, "--csv", *which, "--output", str(file))

    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf" + first_column.encode())
    assert len(list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))) == count


def test_what_was_not_known_is_listed(needlepoint: Installation) -> None:
    url = f"sqlite:///{needlepoint.folder}/needlepoint-staff.db"
    run_migrations(url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(url)
    with talk_of(needlepoint) as talk:
        at = talk.at("2024-11-05 10:00")
    record_question(engine, Missed("=do you have parking", "declined", "m1", "one", at))
    engine.dispose()

    told = needlepoint.run("figures", *NOVEMBER, "--csv", "--table", "not-known").out
    text = needlepoint.run("figures", *NOVEMBER).out

    (row,) = csv.DictReader(io.StringIO(told.removeprefix("\ufeff")))
    assert (row["question"], row["times"]) == ("'=do you have parking", "1")
    assert "do you have parking" in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--from 2024-11-25 --to 2024-11-24", "is before the first"),
        ("--from 1826-11-25 --to 2024-11-20", "choose 366 days at most"),
        ("--from yesterday", "is no day such as"),
        ("--json --csv", "choose one of --json and --csv"),
        ("--csv --table people", "'people' is not one of"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(
    needlepoint: Installation, typed: str, said: str
) -> None:
    ended = needlepoint.run("figures", *typed.split())

    assert (ended.code, ended.out) == (2, "")
    assert said in " ".join(ended.err.replace("│", " ").split())
    assert "Traceback" not in ended.err
