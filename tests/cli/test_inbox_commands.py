"""The inbox from the command line: the same functions as behind its pages."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select

from booking.database import open_database, run_migrations
from faq.database import reading
from faq.inbox import Missed, record_question
from faq.library import read_faqs
from faq.models import AuditEntry, StaffBase
from faq.out_of_scope import examples
from needlepoint.purging import purge
from needlepoint.settings import Settings, read_settings
from tests.cli.running import Installation


@pytest.fixture
def staff(needlepoint: Installation) -> Iterator[Engine]:
    """The staff database of an installation with a FAQ."""
    settings = settings_of(needlepoint)
    settings.make_state_dir()
    run_migrations(settings.staff_database_url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(settings.staff_database_url)
    yield engine
    engine.dispose()


def settings_of(needlepoint: Installation) -> Settings:
    own = {
        name.removeprefix("NEEDLEPOINT_").lower(): value
        for name, value in needlepoint.environment().items()
        if name.startswith("NEEDLEPOINT_")
    }
    return read_settings(**own)


def ask(staff: Engine, *texts: str) -> None:
    for text in texts:
        missed = Missed(text, "declined", str(uuid4()), uuid4().hex, time.time())
        assert record_question(staff, missed)


def audited(staff: Engine) -> list[tuple[str, str]]:
    with reading(staff) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.who, row.what) for row in rows]


def test_what_was_asked_is_listed_and_shown(needlepoint: Installation, staff: Engine) -> None:
    ask(staff, "do you sell gift cards", "can i buy a gift card", "I'm Ana, is there parking?")

    listed = needlepoint.run("inbox", "list", "--json").json
    shown = needlepoint.run("inbox", "show", "1", "--json").json
    text = needlepoint.run("inbox", "list").out

    assert [(one["entry"], one["asked"], one["question"]) for one in listed] == [
        (2, 1, "is there parking?"),
        (1, 2, "can i buy a gift card"),
    ]
    assert listed[1]["reasons"] == {"declined": 2}
    assert listed[1]["suggested"] == "downtime"
    assert shown["wordings"] == ["can i buy a gift card", "do you sell gift cards"]
    assert "is there parking?" in text
    assert "Ana" not in text


def test_an_empty_inbox_says_so(needlepoint: Installation, staff: Engine) -> None:
    assert needlepoint.run("inbox", "list").out == "Nothing is there.\n"
    assert needlepoint.run("inbox", "list", "--json").json == []


def test_wordings_become_phrasings(needlepoint: Installation, staff: Engine) -> None:
    ask(staff, "how many days of downtime are there")

    added = needlepoint.run("inbox", "add", "1", "--json").json

    assert (added["faq"], added["added"]) == ("downtime", ["how many days of downtime are there"])
    faq = read_faqs(needlepoint.folder / "content").get("downtime")
    assert "how many days of downtime are there" in faq.phrasings
    assert needlepoint.run("inbox", "list", "--json").json == []
    assert audited(staff) == [("command line", "added phrasings from the inbox")]


def test_what_the_check_refuses_exits_with_1(needlepoint: Installation, staff: Engine) -> None:
    ask(staff, "do you sell gift cards")

    ended = needlepoint.run("inbox", "add", "1", "--faq", "downtime", "--phrasing", "long " * 80)

    assert ended.code == 1
    assert "Refused: long" in ended.out
    assert len(needlepoint.run("inbox", "list", "--json").json) == 1


def test_entries_are_closed_and_opened_again(needlepoint: Installation, staff: Engine) -> None:
    ask(staff, "who won the football match", "do you sell gift cards")
    content = needlepoint.folder / "content"

    taught = needlepoint.run("inbox", "out-of-scope", "1", "--json").json
    dismissed = needlepoint.run("inbox", "dismiss", "2", "--json").json
    left = needlepoint.run("inbox", "list", "--json").json
    of_staff = examples(content)
    needlepoint.run("inbox", "reopen", "1")

    assert taught["taught"] == ["who won the football match"]
    assert of_staff == ("who won the football match",)
    assert dismissed == {"entry": 2, "dismissed": 1}
    assert left == []
    assert examples(content) == ()
    assert [one["entry"] for one in needlepoint.run("inbox", "list", "--json").json] == [1]
    assert [what for _, what in audited(staff)] == [
        "taught as out of scope",
        "dismissed",
        "reopened",
    ]


def test_what_is_old_is_purged(needlepoint: Installation, staff: Engine) -> None:
    missed = Missed("do you sell gift cards", "declined", "m", "c", time.time() - 9 * 86_400)
    assert record_question(staff, missed)
    ask(staff, "is there parking")

    purge(settings_of(needlepoint), datetime.now(UTC) - timedelta(days=8))

    left = needlepoint.run("inbox", "list", "--json").json
    assert [one["question"] for one in left] == ["is there parking"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["show", "7"], "there is nothing in the inbox under 7"),
        (["dismiss", "7"], "there is nothing in the inbox under 7"),
        (["reopen", "7"], "there is nothing in the inbox under 7"),
        (["add", "1", "--faq", "nothing-such"], "there is no FAQ 'nothing-such'"),
        (["list", "--state", "lost"], "--state is one of open, added"),
        (["list", "--reason", "lost"], "--reason is one of declined"),
    ],
)
def test_what_can_not_be_done_is_told_in_a_line(
    needlepoint: Installation, staff: Engine, command: list[str], reason: str
) -> None:
    ask(staff, "do you sell gift cards")
    needlepoint.run("inbox", "list")

    ended = needlepoint.run("inbox", *command)

    assert ended.code != 0
    assert reason in " ".join(ended.err.replace("│", " ").split())
    assert "Traceback" not in ended.err
