"""What is kept about a person is shown whole, and erased so that no file holds it any more."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from booking.database import open_database, run_migrations
from booking.delivering import deliver_due
from booking.details import Contact
from booking.hand_off.notice import Channel, Event, Notice, Undelivered
from booking.holds import hold_slot
from booking.links import ManageLinks
from booking.messages import leave_message
from booking.requests import cancel_request, note_request
from faq.inbox import Missed, record_question
from faq.models import StaffBase
from needlepoint.settings import read_settings
from tests.cli.running import Ended, Installation
from web import chat_store
from web.chat_store import ChatMessage, ChatStore, Offered, Turn

ANA = "ana@linden-skin.example"
# All that could tell of her, in any case and as it may be written.
TRACES = [
    "Ana Lima",
    ANA,
    "+12025550143",
    "2025550143",
    "(202) 555-0143",
    "stretch marks since the twins",
]
# As Rasa makes it.
EVENTS = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("type_name", sa.String(255), nullable=False),
    sa.Column("timestamp", sa.Float),
    sa.Column("intent_name", sa.String(255)),
    sa.Column("action_name", sa.String(255)),
    sa.Column("data", sa.Text),
)


@dataclass
class Clinic:
    """A running Needlepoint: its databases are open, as its processes have them."""

    installation: Installation
    booking: Engine
    chat: Engine
    tracker: Engine

    def run(self, *command: str, **more: Any) -> Ended:
        return self.installation.run(*command, **more)

    def book(self, starts_at: str, conversation: str, **details: Any) -> str:
        return self.installation.book(starts_at, conversation=conversation, **details)

    def leave_message(self, text: str, conversation: str, contact: Contact) -> str:
        return leave_message(
            self.booking,
            self.installation.clinic,
            text=text,
            contact=contact,
            conversation_id=conversation,
            idempotency_key=conversation,
            now=self.installation.now(),
        ).reference

    def say(self, conversation: str, *texts: str) -> None:
        """A visitor's messages and the answers to them, in the chat and on Rasa's side."""

        async def record() -> None:
            store = ChatStore(open_database(str(self.chat.url)))
            for text in texts:
                said = ChatMessage(str(uuid4()), "visitor", text, 1795186800.0)
                choice = Offered(str(uuid4()), f"Is {text} right?", f'/affirm{{"said": "{text}"}}')
                answer = ChatMessage(
                    str(uuid4()), "assistant", f"You said {text}", 1795186801.0, (choice,),
                    reply_to=said.id,
                )  # fmt: skip
                assert await store.record(Turn(conversation, (said, answer)))
            store.close()

        asyncio.run(record())
        events = [
            event
            for text in texts
            for event in (
                {"event": "user", "text": text, "parse_data": {"entities": [{"value": text}]}},
                {"event": "slot", "name": "consultation", "value": {"name": text}},
            )
        ]
        with self.tracker.begin() as connection:
            for event in events:
                connection.execute(
                    sa.insert(EVENTS).values(
                        sender_id=conversation,
                        type_name=event["event"],
                        timestamp=1795186800.0,
                        data=json.dumps(event),
                    )
                )

    def hand_off(self, channel: Channel, *, refuse: bool = False) -> list[Notice]:
        way_out = WayOut(refuse)
        deliver_due(self.booking, LINKS, channel, way_out, clock=lambda: datetime.now(UTC))
        return way_out.got

    def conversations(self) -> set[str]:
        with self.chat.connect() as connection:
            chats = connection.scalars(sa.select(chat_store.messages_table.c.conversation_id)).all()
        with self.tracker.connect() as connection:
            trackers = connection.scalars(sa.select(EVENTS.c.sender_id)).all()
        return {*chats, *trackers}

    def references(self) -> set[str]:
        listed = self.run("requests", "list", "--json").json
        listed += self.run("messages", "list", "--json").json
        return {one["reference"] for one in listed}


LINKS = ManageLinks("secret", "https://book.example")


class WayOut:
    """Takes all it is given, or refuses all."""

    def __init__(self, refuse: bool) -> None:
        self._refuse = refuse
        self.got: list[Notice] = []

    def deliver(self, notice: Notice) -> None:
        if self._refuse:
            raise Undelivered("answers with 503")
        self.got.append(notice)


@pytest.fixture(params=["sqlite", "postgresql"])
def clinic(needlepoint: Installation, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    """A clinic on each kind of database, with a webhook, mail and a calendar."""
    if request.param == "postgresql":
        needlepoint = replace(needlepoint, server=request.getfixturevalue("postgresql_url"))
    yield from open_clinic(needlepoint)


@pytest.fixture
def sqlite_clinic(needlepoint: Installation) -> Iterator[Clinic]:
    yield from open_clinic(needlepoint)


def open_clinic(needlepoint: Installation) -> Iterator[Clinic]:
    needlepoint.set_up_clinic(
        hand_off="""
        webhook: {url: 'https://practice.example/hook'}
        email: {sender: hello@linden-skin.example, notify: [desk@linden-skin.example]}
        caldav: {url: 'https://calendar.example/desk/', username: desk}
        """
    )
    settings = read_settings(database_url=needlepoint.database_url)
    run_migrations(settings.chat_database_url, chain="chat", metadata=chat_store.metadata)
    with ExitStack() as stack:
        booking = stack.enter_context(needlepoint.database())
        chat, tracker = (
            open_database(settings.chat_database_url),
            open_database(settings.tracker_database_url),
        )
        stack.callback(chat.dispose)
        stack.callback(tracker.dispose)
        EVENTS.metadata.create_all(tracker)
        # A process that has the database open keeps its log from being cleared away.
        chat.connect().close()
        yield Clinic(needlepoint, booking, chat, tracker)


def everything_stored(clinic: Clinic) -> str:
    """All rows of all tables, and on SQLite every byte of every file in the clinic's folder."""
    parts = []
    for engine in (clinic.booking, clinic.chat, clinic.tracker):
        metadata = sa.MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                parts += [repr(tuple(row)) for row in connection.execute(sa.select(table))]
    for file in clinic.installation.folder.rglob("*"):
        # The clinic's own address stands in its clinic.yml.
        if file.is_file() and file.suffix != ".yml":
            content = file.read_bytes()
            parts += [content.decode("latin-1")]
            parts += [
                content[i:].decode("utf-16-" + end, "replace")
                for i in (0, 1)
                for end in ("le", "be")
            ]
    return "\n".join(parts).lower()


def traces(clinic: Clinic) -> list[str]:
    """What of Ana can still be found, other than as a part of others' addresses."""
    stored = everything_stored(clinic).replace(f"di{ANA}", "").replace(f"{ANA}.au", "")
    return [trace for trace in TRACES if trace.lower() in stored]


def ana_was_here(clinic: Clinic) -> tuple[str, str, str]:
    """Ana has booked twice, left a message by phone and chatted; references of the three."""
    past = clinic.book("2026-11-24 15:00", "ana-1", concern="stretch marks since the twins")
    note_request(
        clinic.booking,
        past,
        "Ana Lima prefers (202) 555-0143",
        actor="clinic",
        now=clinic.installation.now(),
    )
    with clinic.booking.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE consultation_requests SET starts_at = '2026-11-01 15:00:00+00:00'"
            if clinic.installation.server
            else "UPDATE consultation_requests SET starts_at = '2026-11-01 15:00:00.000000'"
        )
    coming = clinic.book("2026-11-25 10:00", "ana-2", email="Ana@Linden-Skin.example")
    message = clinic.leave_message(
        "Ana Lima here, call (202) 555-0143", "ana-3", Contact(phone="+12025550143")
    )
    hold_slot(
        clinic.booking, clinic.installation.clinic, coming_start(clinic), owner="ana-1",
        now=clinic.installation.now(), real_now=datetime.now(UTC),
    )  # fmt: skip
    clinic.say("ana-1", "I'm Ana Lima", "my mail is ANA@Linden-Skin.EXAMPLE.", "+12025550143")
    clinic.say("ana-3", "Ana Lima, (202) 555-0143")
    clinic.say("ana-4", f"does it hurt? write to <{ANA}>")
    return past, coming, message


def coming_start(clinic: Clinic) -> datetime:
    return datetime(2026, 11, 27, 15, 0, tzinfo=clinic.installation.clinic.zone)


def others_were_here(clinic: Clinic) -> set[str]:
    """Others, whose data look alike; their references."""
    diana = clinic.book(
        "2026-11-24 10:00", "diana", name="Diana Klein", email=f"di{ANA}", phone="+12025550164"
    )
    ben = clinic.book(
        "2026-11-24 12:00",
        "ben",
        name="Ben",
        email="ben@mail.example",
        phone=None,
        concern=f"redness, like my friend {ANA} has",
    )
    note = clinic.leave_message("call me", "eve", Contact(phone="+12025550199"))
    clinic.say("diana", f"I'm Diana, di{ANA}", f"or {ANA}.au")
    clinic.say("eve", "how long does it take?")
    return {diana, ben, note}


# --- export ---


def test_all_that_is_kept_about_an_address_is_exported(clinic: Clinic) -> None:
    past, coming, message = ana_was_here(clinic)
    others_were_here(clinic)
    clinic.hand_off(Channel.WEBHOOK)

    exported = clinic.run("privacy", "export", "ANA@linden-skin.example").json

    assert exported["email"] == "ANA@linden-skin.example"
    assert {one["reference"] for one in exported["requests"]} == {past, coming}
    first = exported["requests"][0]
    assert first["consent"]["text"].startswith("I agree that the clinic keeps")
    assert first["consent"]["at"] == "2026-11-20T10:00:00-05:00"
    assert [event["what"] for event in first["history"]] == ["requested", "noted"]
    assert first["notes"] == "Ana Lima prefers (202) 555-0143"
    assert [one["reference"] for one in exported["messages"]] == [message]
    assert {(one["reference"], one["channel"]) for one in exported["hand_offs"]} == {
        *((past, channel) for channel in Channel),
        *((coming, channel) for channel in Channel),
        (message, "webhook"),
        (message, "email_clinic"),
    }
    assert {one["conversation"] for one in exported["chat"]} == {"ana-1", "ana-3", "ana-4"}
    assert "I'm Ana Lima" in [one["text"] for one in exported["chat"]]
    assert {one["conversation"] for one in exported["conversations"]} == {"ana-1", "ana-3", "ana-4"}
    assert "I'm Ana Lima" in [one["event"].get("text") for one in exported["conversations"]]
    assert "diana" not in json.dumps(exported).lower()


def test_the_export_goes_into_a_file_for_its_owner_only(
    sqlite_clinic: Clinic, tmp_path: Path
) -> None:
    ana_was_here(sqlite_clinic)
    file = tmp_path / "ana.json"

    ended = sqlite_clinic.run("privacy", "export", ANA, "--output", str(file))

    assert (ended.code, ended.out) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(json.loads(file.read_text())["requests"]) == 2


def test_of_a_stranger_nothing_is_exported(clinic: Clinic) -> None:
    others_were_here(clinic)

    exported = clinic.run("privacy", "export", "nobody@mail.example").json

    kept = ("requests", "messages", "hand_offs", "chat", "conversations", "inbox")
    assert [exported[name] for name in kept] == [[]] * 6


def test_what_somebody_asked_is_exported_and_erased_from_the_inbox(sqlite_clinic: Clinic) -> None:
    ana_was_here(sqlite_clinic)
    url = f"sqlite:///{sqlite_clinic.installation.folder}/needlepoint-staff.db"
    run_migrations(url, chain="staff", metadata=StaffBase.metadata)
    staff = open_database(url)
    # The second was asked in another conversation, and masking missed the address.
    for text, conversation in (("is stretching sore", "ana-4"), (f"a{ANA[1:]} asks", "other")):
        missed = Missed(text, "declined", text, conversation, 1795186800.0)
        assert record_question(staff, missed)
    with staff.begin() as connection:
        update = sa.text("UPDATE inbox_questions SET text = :text WHERE conversation_id = 'other'")
        connection.execute(update, {"text": f"{ANA} asks"})
    assert record_question(staff, Missed("is it safe", "declined", "m", "eve", 1795186800.0))

    exported = sqlite_clinic.run("privacy", "export", ANA).json
    erased = sqlite_clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0", "--json").json
    with staff.connect() as connection:
        left = connection.execute(sa.text("SELECT text FROM inbox_questions")).scalars().all()
    staff.dispose()

    assert [one["text"] for one in exported["inbox"]] == ["is stretching sore", f"{ANA} asks"]
    assert erased["inbox_questions"] == 2
    assert left == ["is it safe"]
    assert traces(sqlite_clinic) == []


# --- erase ---


def test_no_row_and_no_byte_in_any_file_is_left_of_an_erased_person(clinic: Clinic) -> None:
    _, coming, _ = ana_was_here(clinic)
    others = others_were_here(clinic)
    found_before = traces(clinic)

    erased = clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0", "--json").json

    assert set(found_before) == set(TRACES)
    assert traces(clinic) == []
    assert clinic.references() == others
    assert clinic.conversations() == {"diana", "eve"}
    assert (erased["requests"], erased["messages"], erased["blanked_in_others"]) == (2, 1, 1)
    assert erased["cancelled"] == [coming]
    assert erased["chat_messages"] == 10
    assert erased["events"] == 10


def test_logs_and_files_left_by_earlier_writes_hold_nothing(sqlite_clinic: Clinic) -> None:
    ana_was_here(sqlite_clinic)
    logs = [
        file for file in sqlite_clinic.installation.folder.iterdir() if file.name.endswith("-wal")
    ]
    assert len(logs) == 3
    assert all(file.stat().st_size > 0 for file in logs)

    sqlite_clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0")

    assert traces(sqlite_clinic) == []


def test_the_program_itself_erases_while_the_databases_are_in_use(sqlite_clinic: Clinic) -> None:
    ana_was_here(sqlite_clinic)
    with sqlite_clinic.chat.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM chat_messages").scalar()
        reader.rollback()

        ended = sqlite_clinic.installation.start("privacy", "erase", ANA, "--yes", "--wait", "0")

    assert ended.code == 0, ended.err
    assert "Erased: 2 requests, 1 messages" in ended.out
    assert traces(sqlite_clinic) == []


def test_what_was_handed_off_is_listed_to_be_removed_by_hand(clinic: Clinic) -> None:
    past, coming, message = ana_was_here(clinic)
    for channel in (Channel.CALENDAR, Channel.EMAIL_VISITOR):
        clinic.hand_off(channel)
    clinic.hand_off(Channel.WEBHOOK, refuse=True)

    erased = clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0", "--json").json

    listed = {
        (one["channel"], one["event"], one["reference"], one["certain"])
        for one in erased["remove_by_hand"]
    }
    assert listed == {
        ("email_visitor", "requested", past, True),
        ("email_visitor", "requested", coming, True),
        ("calendar", "requested", past, True),
        ("calendar", "requested", coming, True),
        ("webhook", "requested", past, False),
        ("webhook", "requested", coming, False),
        ("webhook", "message", message, False),
    }
    assert all(one["at"] for one in erased["remove_by_hand"] if one["certain"])


def test_a_calendar_that_heard_of_the_cancellation_need_not_be_cleared(clinic: Clinic) -> None:
    coming = clinic.book("2026-11-25 10:00", "ana-2")
    cancel_request(
        clinic.booking, clinic.installation.clinic, coming, actor="clinic",
        now=clinic.installation.now(),
    )  # fmt: skip
    told = clinic.hand_off(Channel.CALENDAR)

    erased = clinic.run("privacy", "erase", ANA, "--yes", "--json").json

    assert [notice.event for notice in told] == [Event.REQUESTED, Event.CANCELLED]
    assert erased["remove_by_hand"] == []


def test_a_consultation_to_come_is_cancelled_and_told_of_before_it_is_erased(
    sqlite_clinic: Clinic,
) -> None:
    coming = sqlite_clinic.book("2026-11-25 10:00", "ana-2")
    for channel in Channel:
        sqlite_clinic.hand_off(channel)
    told: list[Event] = []
    stop = Signal()

    def work() -> None:
        while not stop.wait(0.05):
            for channel in Channel:
                told.extend(notice.event for notice in sqlite_clinic.hand_off(channel))

    worker = Thread(target=work)
    worker.start()
    try:
        erased = sqlite_clinic.run("privacy", "erase", ANA, "--yes", "--json").json
    finally:
        stop.set()
        worker.join()

    assert erased["cancelled"] == [coming]
    assert told == [Event.CANCELLED] * 3
    assert {(one["channel"], one["event"]) for one in erased["remove_by_hand"]} == {
        ("email_clinic", "requested"),
        ("email_visitor", "requested"),
        ("email_visitor", "cancelled"),
        ("webhook", "requested"),
        ("webhook", "cancelled"),
    }
    assert traces(sqlite_clinic) == []


def test_nothing_is_erased_or_cancelled_before_staff_agree(sqlite_clinic: Clinic) -> None:
    past, coming, message = ana_was_here(sqlite_clinic)

    refused = sqlite_clinic.run("privacy", "erase", ANA, typed="n\n")
    silent = sqlite_clinic.run("privacy", "erase", ANA)
    status = sqlite_clinic.run("requests", "show", coming, "--json").json["status"]
    kept = sqlite_clinic.references()
    agreed = sqlite_clinic.run("privacy", "erase", ANA, "--wait", "0", typed="y\n")

    assert (refused.code, silent.code, agreed.code) == (1, 1, 0)
    assert f"{coming} on 2026-11-25 10:00 is cancelled first." in refused.err
    assert "2 requests, 1 message, 4 conversations" in refused.err
    assert "Traceback" not in silent.err
    assert (kept, status) == ({past, coming, message}, "new")
    assert sqlite_clinic.references() == set()


def test_a_time_that_an_erased_person_had_is_free_again(clinic: Clinic) -> None:
    clinic.book("2026-11-25 10:00", "ana-2")
    clinic.book("2026-11-25 10:00", "ben", name="Ben", email="ben@mail.example", phone=None)

    clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0")

    taken_again = clinic.book("2026-11-25 10:00", "eve", email="eve@mail.example", phone=None)
    assert taken_again in clinic.references()


def test_erasing_again_finds_nothing(clinic: Clinic) -> None:
    ana_was_here(clinic)
    clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0")

    again = clinic.run("privacy", "erase", ANA)

    assert (again.code, again.out) == (0, f"Nothing is kept about {ANA}.\n")


def test_a_locked_database_is_told_and_erasing_again_finishes(sqlite_clinic: Clinic) -> None:
    ana_was_here(sqlite_clinic)
    with sqlite_clinic.tracker.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        locked = sqlite_clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0")
        connection.exec_driver_sql("ROLLBACK")

    again = sqlite_clinic.run("privacy", "erase", ANA, "--yes", "--wait", "0")

    assert (locked.code, locked.out) == (1, "")
    assert "a database does not answer (database is locked): run this once more" in locked.err
    assert again.code == 0, again.err
    assert traces(sqlite_clinic) == []


def test_before_rasa_was_ever_started_there_is_nothing_of_it_to_erase(
    needlepoint: Installation,
) -> None:
    needlepoint.book()

    erased = needlepoint.run("privacy", "erase", ANA, "--yes", "--json").json

    assert (erased["requests"], erased["events"]) == (1, 0)


@pytest.mark.parametrize("command", ["export", "erase"])
def test_what_is_no_address_is_told(needlepoint: Installation, command: str) -> None:
    ended = needlepoint.run("privacy", command, "ana lima")

    assert (ended.code, ended.out, ended.err) == (1, "", "that is no e-mail address\n")
