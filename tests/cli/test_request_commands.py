"""What staff do with requests, free times and messages, through the commands they type."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
import vobject  # type: ignore[import-untyped]

from booking.details import Contact
from booking.messages import leave_message
from tests.cli.running import Installation

AT_THREE = "2026-11-24 15:00"


def test_requests_are_listed_as_json_in_the_clinics_time(needlepoint: Installation) -> None:
    reference = needlepoint.book(AT_THREE)

    listed = needlepoint.start("requests", "list", "--json").json

    assert listed == [
        {
            "reference": reference,
            "status": "new",
            "name": "Ana Lima",
            "email": "ana@linden-skin.example",
            "phone": "+12025550143",
            "concern": "acne scars",
            "starts_at": "2026-11-24T15:00:00-05:00",
            "created_at": "2026-11-20T10:00:00-05:00",
            "notes": None,
        }
    ]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("", "ana olga rosa"),
        ("--status new", "olga rosa"),
        ("--status cancelled", "ana"),
        ("--from 2026-11-25", "olga rosa"),
        ("--to 2026-11-24", "ana"),
        ("--from 2026-11-25 --to 2026-11-25", "olga"),
        ("--from 2026-11-26", "rosa"),
        ("--search ОЛЬГА", "olga"),
        ("--search ROSA@", "rosa"),
        ("--search scars", "ana"),
        ("--search 0164", "rosa"),
        ("--search (202)555-0164", "rosa"),
        ("--search pores --status new", "olga"),
        ("--search pores --status cancelled", ""),
        ("--search nobody", ""),
    ],
)
def test_requests_are_found_by_status_time_and_words(
    needlepoint: Installation, chosen: str, found: str
) -> None:
    references = {
        "ana": needlepoint.book(AT_THREE, conversation="1"),
        "olga": needlepoint.book(
            "2026-11-25 09:00",
            conversation="2",
            name="Ольга Петрова",
            concern="large pores",
            email="olga@mail.example",
        ),
        "rosa": needlepoint.book(
            "2026-11-27 16:00",
            conversation="3",
            name="Rosa Klein",
            concern="redness",
            email="rosa@mail.example",
            phone="+12025550164",
        ),
    }
    needlepoint.run("requests", "cancel", references["ana"])

    listed = needlepoint.run("requests", "list", "--json", *chosen.split()).json

    names = {reference: name for name, reference in references.items()}
    assert sorted(names[one["reference"]] for one in listed) == found.split()


def test_a_request_is_shown_with_its_history_link_and_hand_offs(needlepoint: Installation) -> None:
    needlepoint.set_up_clinic(hand_off="webhook: {url: 'https://practice.example/hook'}")
    reference = needlepoint.book(AT_THREE)

    shown = needlepoint.run(
        "requests", "show", reference.lower(), "--json", PUBLIC_URL="https://book.example"
    ).json
    told = needlepoint.run("requests", "show", reference).out

    assert (shown["reference"], shown["practitioner"]) == (reference, "Consultation room 1")
    assert shown["ends_at"] == "2026-11-24T15:30:00-05:00"
    assert shown["manage_url"].startswith("https://book.example/manage/")
    assert [(one["actor"], one["what"]) for one in shown["history"]] == [("visitor", "requested")]
    assert [(one["channel"], one["event"], one["state"]) for one in shown["hand_offs"]] == [
        ("webhook", "requested", "pending")
    ]
    assert "Ana Lima" in told
    assert "requested to webhook, pending" in told


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("confirm", "confirmed"),
        ("decline", "declined"),
        ("cancel", "cancelled"),
        ("no-show", "no_show"),
    ],
)
def test_staff_decide_once_and_the_history_tells(
    needlepoint: Installation, command: str, status: str
) -> None:
    reference = needlepoint.book(AT_THREE)

    decided = needlepoint.run("requests", command, reference.lower(), "--json").json
    again = needlepoint.run("requests", command, reference)

    assert decided["status"] == status
    assert [(one["actor"], one["what"]) for one in decided["history"]] == [
        ("visitor", "requested"),
        ("clinic", status),
    ]
    assert (again.code, again.out) == (1, "")
    assert again.err == f"{reference} is {status} and cannot become {status}\n"


@pytest.mark.parametrize(
    "typed",
    [
        ("2026-11-25 10:00",),
        ("2026-11-25", "10:00"),
        ("2026-11-25T10:00",),
        ("2026-11-25T16:00+01:00",),
    ],
)
def test_a_request_is_moved_in_the_clinics_time(
    needlepoint: Installation, typed: tuple[str, ...]
) -> None:
    reference = needlepoint.book(AT_THREE)

    moved = needlepoint.run("requests", "move", reference, *typed, "--json").json

    assert moved["starts_at"] == "2026-11-25T10:00:00-05:00"
    assert moved["status"] == "rescheduled"
    assert moved["history"][-1]["actor"] == "clinic"


def test_moving_to_a_taken_time_names_the_next_free_ones(needlepoint: Installation) -> None:
    reference = needlepoint.book("2026-11-25 10:00")
    for room in ("two", "three"):
        needlepoint.book(AT_THREE, conversation=room)

    refused = needlepoint.start("requests", "move", reference, AT_THREE)
    kept = needlepoint.run("requests", "show", reference, "--json").json

    assert (refused.code, refused.out) == (1, "")
    reason, free = refused.err.strip().split("; free next: ")
    assert reason == "2026-11-24 15:00 is taken"
    offered = free.split(", ")
    assert len(offered) == 3
    for start in offered:
        assert needlepoint.run("requests", "move", reference, start).code == 0, start
    assert kept["starts_at"] == "2026-11-25T10:00:00-05:00"


@pytest.mark.parametrize(
    ("time", "complaint"),
    [
        ("2026-11-22 10:00", "outside the hours"),
        ("2026-11-24 03:00", "outside the hours"),
        ("2026-11-24 10:05", "is no start: one is every 15 minutes"),
        ("2026-11-20 11:00", "sooner than the notice of 2 hours"),
        ("2028-11-21 10:00", "more than 365 days ahead"),
        ("2026-11-19 10:00", "is past"),
        ("2027-03-14 02:30", "there is no 02:30 on 2027-03-14: the clocks change then"),
        ("tomorrow", "'tomorrow' is no time such as 2026-11-25 10:00"),
        ("2026-11-25", "'2026-11-25' is no time such as 2026-11-25 10:00"),
        ("2026-02-30 10:00", "is no time such as"),
        ("10:00", "'10:00' is no time such as 2026-11-25 10:00"),
    ],
)
def test_a_time_that_cannot_be_is_told_in_a_line(
    needlepoint: Installation, time: str, complaint: str
) -> None:
    reference = needlepoint.book(AT_THREE)

    refused = needlepoint.run("requests", "move", reference, time)

    assert (refused.code, refused.out) == (1, "")
    assert complaint in refused.err
    assert refused.err.count("\n") == 1


def test_a_note_is_put_replaced_and_taken_away(needlepoint: Installation) -> None:
    reference = needlepoint.book(AT_THREE)

    noted = needlepoint.run("requests", "note", reference, "calls in the evening", "--json").json
    too_long = needlepoint.run("requests", "note", reference, "x" * 2001)
    gone = needlepoint.run("requests", "note", reference, "", "--json").json

    assert noted["notes"] == "calls in the evening"
    assert (too_long.code, too_long.err) == (
        1,
        "that is too long: a note may have 2,000 characters\n",
    )
    assert gone["notes"] is None


# --- export ---


def test_requests_are_exported_for_spreadsheets(needlepoint: Installation, tmp_path: Path) -> None:
    later = needlepoint.book("2026-11-25 10:00", conversation="2", name="Zoë, “Z” Ng")
    sooner = needlepoint.book(AT_THREE)
    file = tmp_path / "requests.csv"

    ended = needlepoint.start("requests", "export", "--output", str(file))

    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbfreference,status,")
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["reference"] for row in rows] == [sooner, later]
    assert rows[1]["name"] == "Zoë, “Z” Ng"
    assert rows[0]["starts_at"] == "2026-11-24T15:00:00-05:00"
    assert rows[0]["practitioner"] == "room-1"


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1 hour",
        "-2+3",
        "@SUM(A1)",
        "=cmd|' /C calc'!A0",
        "＝1+1",
        '=HYPERLINK("https://evil.example","x")',
    ],
)
def test_no_cell_is_a_formula(needlepoint: Installation, cell: str) -> None:
    needlepoint.book(AT_THREE, concern=cell)

    exported = needlepoint.run("requests", "export", "--format", "csv").out

    (row,) = csv.DictReader(io.StringIO(exported.removeprefix("\ufeff"), newline=""))
    assert row["concern"] == f"'{cell}"
    assert row["phone"] == "'+12025550143"
    assert not any(value.startswith(tuple("=+-@\t\r")) for value in row.values())


def test_requests_are_exported_for_calendars(needlepoint: Installation) -> None:
    first = needlepoint.book(AT_THREE)
    needlepoint.run("requests", "confirm", first)
    second = needlepoint.book("2026-11-25 10:00", conversation="2")
    needlepoint.book("2026-11-27 10:00", conversation="3")

    exported = needlepoint.run("requests", "export", "--format", "ics", "--to", "2026-11-25").out

    entries = vobject.readOne(exported).vevent_list
    assert [(one.uid.value, one.status.value) for one in entries] == [
        (f"{first}@needlepoint", "CONFIRMED"),
        (f"{second}@needlepoint", "TENTATIVE"),
    ]
    assert entries[0].dtstart.value == datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def test_requests_are_exported_as_json_too(needlepoint: Installation) -> None:
    needlepoint.book(AT_THREE)

    exported = needlepoint.run("requests", "export", "--json").json

    assert exported == needlepoint.run("requests", "list", "--json").json


def test_a_file_that_cannot_be_written_is_told(needlepoint: Installation) -> None:
    needlepoint.book(AT_THREE)

    ended = needlepoint.run("requests", "export", "--output", "/nowhere/requests.csv")

    assert (ended.code, ended.err) == (1, "No such file or directory: /nowhere/requests.csv\n")


# --- free times and messages ---


def test_free_times_are_listed_by_day(needlepoint: Installation) -> None:
    for conversation in ("1", "2"):
        needlepoint.book("2026-11-24 09:00", conversation=conversation)

    listed = needlepoint.run(
        "availability", "--from", "2026-11-24", "--to", "2026-11-27", "--json"
    ).json
    told = needlepoint.run("availability", "--from", "2026-11-24", "--to", "2026-11-24").out

    assert [day["day"] for day in listed] == ["2026-11-24", "2026-11-25", "2026-11-27"]
    assert listed[0]["starts"][0] == "2026-11-24T09:45:00-05:00"
    assert listed[1]["starts"][0] == "2026-11-25T09:00:00-05:00"
    assert told.startswith("Tue 2026-11-24  09:45 10:00 10:15")


def test_free_times_of_a_week_are_listed_by_default(needlepoint: Installation) -> None:
    listed = needlepoint.run("availability", "--json").json
    closed = needlepoint.run("availability", "--from", "2026-11-26", "--to", "2026-11-26")

    assert listed[0]["starts"][0] == "2026-11-20T12:00:00-05:00"
    assert listed[-1]["day"] == "2026-11-25"
    assert (closed.code, closed.out) == (0, "Nothing is free from 2026-11-26 to 2026-11-26.\n")


def test_messages_are_listed(needlepoint: Installation) -> None:
    with needlepoint.database() as engine:
        message = leave_message(
            engine,
            needlepoint.clinic,
            text="Please call me back",
            contact=Contact(phone="+12025550143"),
            conversation_id="one",
            idempotency_key="one",
            now=needlepoint.now(),
        )

    listed = needlepoint.run("messages", "list", "--json").json

    assert [(found["reference"], found["text"]) for found in listed] == [
        (message.reference, "Please call me back")
    ]


@pytest.mark.parametrize(
    "command",
    [
        "requests list --status lost",
        "requests list --from yesterday",
        "requests list --from 2026-11-25 --to 2026-11-24",
        "requests export --format pdf",
        "requests move NP-7KQ4MX",
        "availability --to 2026-13-01",
        "outbox list --state lost",
        "outbox retry",
        "outbox retry KEY --all",
        "outbox drop",
        "privacy erase",
    ],
)
def test_wrong_usage_exits_with_2_and_no_traceback(needlepoint: Installation, command: str) -> None:
    ended = needlepoint.run(*command.split())

    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "command", ["show", "confirm", "decline", "cancel", "no-show", "note", "move"]
)
def test_an_unknown_reference_is_told(needlepoint: Installation, command: str) -> None:
    more = {"note": ["x"], "move": ["2026-11-25 10:00"]}.get(command, [])

    ended = needlepoint.run("requests", command, "NP-777777", *more)

    assert (ended.code, ended.err) == (1, "no consultation request NP-777777\n")
