"""Accounts of the console's people from the command line."""

import pytest

from booking.database import open_database
from faq.database import reading
from faq.models import AuditEntry
from needlepoint.run import about_staff
from needlepoint.settings import read_settings
from tests.cli.running import Installation

PASSWORD = "nine linden leaves\n"


def add(needlepoint: Installation, name: str, *more: str) -> None:
    ended = needlepoint.run("staff", "add", name, "--password-stdin", *more, typed=PASSWORD)
    assert ended.code == 0, ended.err


def test_somebody_is_added_and_listed(needlepoint: Installation) -> None:
    add(needlepoint, "Mara Quinn", "--role", "admin")
    add(needlepoint, "Jonas Field")

    listed = needlepoint.run("staff", "list", "--json").json

    assert [(one["name"], one["role"], one["active"]) for one in listed] == [
        ("Jonas Field", "editor", True),
        ("Mara Quinn", "admin", True),
    ]


def test_while_there_is_nobody_the_list_says_so(needlepoint: Installation) -> None:
    assert needlepoint.run("staff", "list").out == "Nobody can sign in yet.\n"
    assert needlepoint.run("staff", "list", "--json").json == []


def test_the_password_is_never_shown(needlepoint: Installation) -> None:
    ended = needlepoint.run("staff", "add", "Mara Quinn", "--password-stdin", typed=PASSWORD)
    listed = needlepoint.run("staff", "list", "--json")

    assert "linden leaves" not in ended.out + ended.err + listed.out
    assert "argon2" not in listed.out


@pytest.mark.parametrize(
    ("name", "password", "role", "reason"),
    [
        ("Mara Quinn", "short", "admin", "at least 12 characters"),
        ("visitor", PASSWORD, "admin", "stands for somebody else"),
        ("Mara Quinn", PASSWORD, "owner", "A role is editor or admin"),
        ("JONAS FIELD", PASSWORD, "editor", "There is an account 'Jonas Field' already"),
        ("Mara Quinn", "", "editor", "at least 12 characters"),
    ],
)
def test_an_account_that_will_not_do_is_refused_in_a_line(
    needlepoint: Installation, name: str, password: str, role: str, reason: str
) -> None:
    add(needlepoint, "Jonas Field")

    ended = needlepoint.run(
        "staff", "add", name, "--role", role, "--password-stdin", typed=password
    )

    assert ended.code == 1
    assert reason in ended.err
    assert "Traceback" not in ended.err
    assert len(needlepoint.run("staff", "list", "--json").json) == 1


def test_whoever_leaves_stays_listed_and_can_come_back(needlepoint: Installation) -> None:
    add(needlepoint, "Mara Quinn", "--role", "admin")
    add(needlepoint, "Jonas Field")

    removed = needlepoint.run("staff", "remove", "jonas field", "--json").json
    unknown = needlepoint.run("staff", "remove", "jonas field")
    add(needlepoint, "Jonas Field", "--role", "admin")

    assert removed["active"] is False
    assert unknown.code == 1
    listed = needlepoint.run("staff", "list", "--json").json
    assert [(one["name"], one["role"]) for one in listed] == [
        ("Jonas Field", "admin"),
        ("Mara Quinn", "admin"),
    ]


def test_the_only_admin_is_not_removed(needlepoint: Installation) -> None:
    add(needlepoint, "Mara Quinn", "--role", "admin")

    ended = needlepoint.run("staff", "remove", "Mara Quinn")

    assert ended.code == 1
    assert "only admin" in ended.err


def test_what_was_done_here_is_in_the_log(needlepoint: Installation) -> None:
    add(needlepoint, "Mara Quinn", "--role", "admin")
    new = "ten linden leaves\n"
    changed = needlepoint.run("staff", "password", "Mara Quinn", "--password-stdin", typed=new)

    engine = open_database(f"sqlite:///{needlepoint.folder}/needlepoint-staff.db")
    with reading(engine) as session:
        lines = [(line.who, line.what, line.about) for line in session.query(AuditEntry)]
    engine.dispose()

    assert changed.code == 0
    assert lines == [
        ("command line", "added to staff", "Mara Quinn"),
        ("command line", "gave a new password to", "Mara Quinn"),
    ]


def test_the_start_tells_how_to_add_the_first_account_until_there_is_one(
    needlepoint: Installation,
) -> None:
    needlepoint.run("staff", "list")
    url = f"sqlite:///{needlepoint.folder}/needlepoint.db"
    settings = read_settings(database_url=url, state_dir=needlepoint.folder)

    before = about_staff(settings, "http://localhost:8000")
    add(needlepoint, "Mara Quinn", "--role", "admin")
    after = about_staff(settings, "http://localhost:8000")

    assert before[-1] == '.venv/bin/needlepoint staff add "Your Name" --role admin'
    assert after == ["Staff sign in at http://localhost:8000/staff"]
