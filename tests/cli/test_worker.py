"""The worker: what is to be handed off arrives, whatever happens meanwhile; old data go."""

import base64
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, func, select, update

from booking import retention
from booking.availability import free_starts
from booking.busy import refresh_busy, replace_busy
from booking.database import open_database, run_migrations
from booking.details import Contact
from booking.errors import BookingUnavailable
from booking.hand_off.caldav import Busy
from booking.hand_off.notice import Channel, Notice, Undelivered
from booking.holds import hold_slot
from booking.links import ManageLinks
from booking.messages import leave_message
from booking.models import (
    BusyTime,
    ClinicMessage,
    ConsultationRequest,
    Delivery,
    Hold,
    OccupiedStep,
    OutboxEntry,
    RequestEvent,
)
from needlepoint.worker import Job, deliveries, work
from tests.cli.running import Installation
from tests.hand_off.calendar_server import PASSWORD, USER, running_calendar_server
from tests.hand_off.receivers import Receiver, free_port, receiving
from web import chat_store

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=400)
RECENTLY = NOW - timedelta(days=20)
LINKS = ManageLinks("secret", "https://book.example")
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
# A worker asks once a second what is due.
SOON = 20.0


def wait_until(condition: Callable[[], Any], seconds: float = SOON) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


def states(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        found = connection.scalars(select(OutboxEntry.state).order_by(OutboxEntry.id))
        return [state.value for state in found]


def stop(process: subprocess.Popen[str]) -> str:
    """Stop a worker as systemd does; what it told since."""
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 0, told
    return told


# --- handing off ---


@pytest.fixture
def receiver(needlepoint: Installation) -> Iterator[Receiver]:
    """A receiver that the clinic's webhook goes to."""
    with receiving() as receiver:
        needlepoint.set_up_clinic(hand_off=f"webhook: {{url: '{receiver.url}/hook'}}")
        yield receiver


def told_of(receiver: Receiver) -> list[tuple[str, str]]:
    """Which request each delivery was about, and what had happened to it, in their order."""
    bodies = [json.loads(one.body) for one in receiver.received]
    return [(body["data"]["reference"], body["type"]) for body in bodies]


def test_what_is_stored_is_handed_off_at_once_and_later_changes_follow(
    needlepoint: Installation, receiver: Receiver
) -> None:
    reference = needlepoint.book()

    with needlepoint.running("worker", WEBHOOK_SECRET=WEBHOOK_SECRET) as process:
        wait_until(lambda: len(receiver.received) == 1)
        needlepoint.run("requests", "confirm", reference)
        changed = time.monotonic()
        wait_until(lambda: len(receiver.received) == 2)
        took = time.monotonic() - changed
        told = stop(process)

    assert told_of(receiver) == [
        (reference, "consultation.requested"),
        (reference, "consultation.confirmed"),
    ]
    assert took < 5
    assert "ana@" not in told
    with needlepoint.database() as engine:
        assert states(engine) == ["delivered", "delivered"]


def test_killed_again_and_again_it_loses_nothing_and_keeps_the_order(
    needlepoint: Installation, receiver: Receiver
) -> None:
    references = [
        needlepoint.book(f"2026-11-{day} {hour}", conversation=f"{day} {hour}")
        for day in (24, 25, 27)
        for hour in ("09:00", "11:00", "13:00")
    ]
    for reference in references:
        needlepoint.run("requests", "confirm", reference)

    with needlepoint.database() as engine:
        for heard in (3, 10):
            with needlepoint.running("worker", WEBHOOK_SECRET=WEBHOOK_SECRET) as process:
                wait_until(lambda: len(receiver.received) >= heard)  # noqa: B023
                process.kill()
            with engine.begin() as connection:
                # The time after which what a killed process held is free again.
                connection.execute(update(OutboxEntry).values(leased_until=None))
        with needlepoint.running("worker", WEBHOOK_SECRET=WEBHOOK_SECRET):
            wait_until(lambda: set(states(engine)) == {"delivered"})

    heard_of = {
        one.headers["webhook-id"]: told_of(receiver)[i] for i, one in enumerate(receiver.received)
    }
    assert sorted(heard_of.values()) == sorted(
        (reference, f"consultation.{what}")
        for reference in references
        for what in ("requested", "confirmed")
    )
    firsts = list(dict.fromkeys(told_of(receiver)))
    for reference in references:
        assert [what for one, what in firsts if one == reference] == [
            "consultation.requested",
            "consultation.confirmed",
        ]


def test_a_receiver_that_hangs_holds_up_neither_the_others_nor_the_end(
    needlepoint: Installation, receiver: Receiver
) -> None:
    from tests.hand_off.receivers import talking

    with talking(lambda connection: time.sleep(30)) as port:
        needlepoint.set_up_clinic(
            hand_off=f"""
            webhook: {{url: '{receiver.url}/hook'}}
            email: {{sender: hello@linden-skin.example, notify: [desk@linden-skin.example]}}
            """
        )
        needlepoint.book()
        settings = {
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SMTP_URL": f"smtp://127.0.0.1:{port}",
        }
        with needlepoint.running("worker", **settings) as process:
            wait_until(lambda: len(receiver.received) == 1)
            told_to_stop = time.monotonic()
            stop(process)
            took = time.monotonic() - told_to_stop

    assert took < 6
    with needlepoint.database() as engine:
        assert sorted(states(engine)) == ["delivered", "pending", "pending"]


def test_a_hand_off_without_its_secret_is_told_at_the_start(needlepoint: Installation) -> None:
    needlepoint.set_up_clinic(hand_off="webhook: {url: 'https://practice.example/hook'}")

    ended = needlepoint.start("worker")

    assert ended.code == 1
    assert "NEEDLEPOINT_WEBHOOK_SECRET is not set" in ended.err
    assert ended.err.count("\n") == 1


# --- going on whatever fails ---


@contextmanager
def working(jobs: list[Job], stopping: Event, **more: Any) -> Iterator[None]:
    thread = Thread(target=work, args=(stopping, jobs), kwargs={"prepare": lambda: None, **more})
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(10)
    assert not thread.is_alive()


class Fails:
    """Does its work after it has failed a few times."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.done = 0

    def __call__(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.done += 1


def test_a_job_that_fails_goes_on_and_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    job = Fails(*[BookingUnavailable("the booking database does not answer")] * 3)
    other = Fails()

    with (
        caplog.at_level("INFO"),
        working([Job("one", 0.01, job), Job("other", 0.01, other)], Event()),
    ):
        wait_until(lambda: job.done > 2 and other.done > 2)

    assert [record.getMessage() for record in caplog.records] == [
        "one: the booking database does not answer",
        "one: works again",
    ]


def test_a_mistake_of_ours_ends_no_job(caplog: pytest.LogCaptureFixture) -> None:
    job = Fails(RuntimeError("a mistake"))

    with working([Job("one", 0.01, job)], Event()):
        wait_until(lambda: job.done > 2)

    assert [record.getMessage() for record in caplog.records] == ["one failed"]


def test_nothing_begins_before_the_databases_are_there() -> None:
    prepare, job = Fails(BookingUnavailable("locked"), BookingUnavailable("locked")), Fails()

    with working([Job("one", 0.01, job)], Event(), prepare=prepare):
        assert job.done == 0
        wait_until(lambda: job.done > 0)

    assert prepare.done == 1


class Ways:
    """A way out that fails as often as it is told to, and keeps what it got."""

    def __init__(self, failures: int = 0) -> None:
        self._failures = failures
        self.got: list[Notice] = []

    def deliver(self, notice: Notice) -> None:
        if self._failures:
            self._failures -= 1
            raise Undelivered("answers with 503")
        self.got.append(notice)


def test_what_fails_is_tried_again_under_the_same_key(needlepoint: Installation) -> None:
    needlepoint.set_up_clinic(hand_off="webhook: {url: 'https://practice.example/hook'}")
    reference = needlepoint.book()
    way_out, stopping = Ways(failures=3), Event()

    with needlepoint.database() as engine:
        ways_out = {Channel.WEBHOOK: way_out}
        jobs = deliveries(engine, LINKS, ways_out, stopping, seconds=0.01, retry_after=[0.01] * 5)
        with working(jobs, stopping):
            wait_until(lambda: way_out.got)
        key = engine.connect().scalar(select(OutboxEntry.key))

    assert [(notice.reference, notice.key) for notice in way_out.got] == [(reference, key)]


def test_a_locked_database_delays_deliveries_and_loses_none(needlepoint: Installation) -> None:
    needlepoint.set_up_clinic(hand_off="webhook: {url: 'https://practice.example/hook'}")
    references = [
        needlepoint.book(f"2026-11-{day} 10:00", conversation=f"{day}") for day in (24, 25, 27)
    ]
    way_out, stopping = Ways(), Event()

    with needlepoint.database() as engine, needlepoint.database() as other:
        jobs = deliveries(engine, LINKS, {Channel.WEBHOOK: way_out}, stopping, seconds=0.01)
        with other.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
            with working(jobs, stopping):
                time.sleep(0.3)
                assert way_out.got == []
                connection.exec_driver_sql("ROLLBACK")
                wait_until(lambda: len(way_out.got) == 3)

    assert sorted(notice.reference for notice in way_out.got) == sorted(references)


# --- busy times ---


def at(needlepoint: Installation, clock: str) -> datetime:
    return datetime.fromisoformat(clock).replace(tzinfo=needlepoint.clinic.zone)


def starts_of(needlepoint: Installation, engine: Engine, day: str) -> list[str]:
    wanted = date.fromisoformat(day)
    found = free_starts(engine, needlepoint.clinic, wanted, wanted, needlepoint.now(), real_now=NOW)
    return [f"{start:%H:%M}" for start in found]


def test_busy_times_are_replaced_and_kept_while_the_calendar_is_down(
    needlepoint: Installation,
) -> None:
    clinic, now = needlepoint.clinic, needlepoint.now()
    morning = Busy(at(needlepoint, "2026-11-24 08:00"), at(needlepoint, "2026-11-24 12:00"), None)
    evening = Busy(at(needlepoint, "2026-11-24 12:00"), at(needlepoint, "2026-11-24 20:00"), None)
    asked = []

    def read(first: date, last: date) -> list[Busy]:
        asked.append((first, last))
        return [morning]

    def fail(first: date, last: date) -> list[Busy]:
        raise Undelivered("does not answer")

    with needlepoint.database() as engine:
        refresh_busy(engine, clinic, read, now)
        at_first = starts_of(needlepoint, engine, "2026-11-24")
        with pytest.raises(Undelivered):
            refresh_busy(engine, clinic, fail, now)
        while_down = starts_of(needlepoint, engine, "2026-11-24")
        refresh_busy(engine, clinic, lambda first, last: [evening], now)
        replaced = starts_of(needlepoint, engine, "2026-11-24")

    assert asked == [(date(2026, 11, 20), date(2027, 11, 20))]
    assert (at_first[0], at_first[-1]) == ("12:00", "17:30")
    assert while_down == at_first
    assert (replaced[0], replaced[-1]) == ("09:00", "11:15")


def test_a_time_that_one_practitioner_is_busy_goes_to_another(needlepoint: Installation) -> None:
    start, end = at(needlepoint, "2026-11-24 09:00"), at(needlepoint, "2026-11-24 18:00")

    with needlepoint.database() as engine:
        replace_busy(engine, start, end, [Busy(start, end, "room-1")])
        reference = needlepoint.book("2026-11-24 15:00")

    shown = needlepoint.run("requests", "show", reference, "--json").json
    assert shown["practitioner"] == "Consultation room 2"


def test_busy_times_come_from_the_connected_calendar_and_go_with_it(
    needlepoint: Installation, tmp_path: Path
) -> None:
    (tmp_path / "radicale").mkdir()
    with running_calendar_server(tmp_path / "radicale", free_port()) as server:
        calendar = server.add_calendar("consultations")
        server.put(
            calendar,
            "closed-morning",
            "DTSTART:20261124T130000Z\nDTEND:20261124T200000Z\nSUMMARY:Away",
        )
        needlepoint.set_up_clinic(hand_off=f"caldav: {{url: '{calendar}', username: {USER}}}")
        reference = needlepoint.book("2026-11-25 10:00")
        with (
            needlepoint.database() as engine,
            needlepoint.running("worker", CALDAV_PASSWORD=PASSWORD) as process,
        ):
            wait_until(lambda: starts_of(needlepoint, engine, "2026-11-24")[0] == "15:00")
            wait_until(lambda: f"{reference}@needlepoint" in server.entries(calendar))
            stop(process)
    (needlepoint.folder / "clinic.yml").unlink()

    with needlepoint.database() as engine, needlepoint.running("worker"):
        wait_until(lambda: starts_of(needlepoint, engine, "2026-11-24")[0] == "09:00")
        with engine.connect() as connection:
            assert connection.scalar(select(func.count(BusyTime.id))) == 0


# --- old data ---


def age(engine: Engine, reference: str, *, starts_at: datetime, updated_at: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(ConsultationRequest)
            .where(ConsultationRequest.reference == reference)
            .values(starts_at=starts_at, updated_at=updated_at)
        )


def leave(needlepoint: Installation, engine: Engine, key: str, created_at: datetime) -> str:
    return leave_message(
        engine,
        needlepoint.clinic,
        text="Please call",
        contact=Contact(phone="+12025550143"),
        conversation_id=key,
        idempotency_key=key,
        now=created_at,
    ).reference


def test_what_is_over_goes_and_what_is_not_stays(needlepoint: Installation) -> None:
    needlepoint.set_up_clinic(hand_off="webhook: {url: 'https://practice.example/hook'}")
    over, to_come, changed = (
        needlepoint.book(f"2026-11-24 {hour}:00", conversation=hour) for hour in ("10", "12", "14")
    )
    with needlepoint.database() as engine:
        age(engine, over, starts_at=LONG_AGO, updated_at=LONG_AGO)
        age(engine, to_come, starts_at=RECENTLY, updated_at=LONG_AGO)
        age(engine, changed, starts_at=LONG_AGO, updated_at=RECENTLY)
        leave(needlepoint, engine, "old", LONG_AGO)
        new = leave(needlepoint, engine, "new", RECENTLY)

        purged = retention.purge_before(engine, NOW - timedelta(days=365))

        assert purged == retention.Purged(requests=1, messages=1)
        with engine.connect() as connection:
            kept = connection.scalars(select(ConsultationRequest.reference))
            assert set(kept) == {to_come, changed}
            assert connection.scalar(select(func.count(RequestEvent.id))) == 2
            assert connection.scalars(select(ClinicMessage.reference)).all() == [new]
            assert connection.scalar(select(func.count(OutboxEntry.id))) == 3
            steps = select(OccupiedStep.request_id).distinct()
            assert len(connection.scalars(steps).all()) == 2


def test_holds_that_ended_and_hand_offs_delivered_long_ago_go(needlepoint: Installation) -> None:
    needlepoint.set_up_clinic(hand_off="webhook: {url: 'https://practice.example/hook'}")
    clinic, now = needlepoint.clinic, needlepoint.now()
    for conversation in ("old", "new", "failed"):
        needlepoint.book(
            conversation=f"{conversation}",
            starts_at={
                "old": "2026-11-24 10:00",
                "new": "2026-11-24 12:00",
                "failed": "2026-11-24 14:00",
            }[conversation],
        )
    with needlepoint.database() as engine:
        for owner, real_now in (("gone", LONG_AGO), ("live", datetime.now(UTC))):
            start = at(needlepoint, f"2026-11-25 {10 if owner == 'gone' else 12}:00")
            hold_slot(engine, clinic, start, owner=owner, now=now, real_now=real_now)
        with engine.begin() as connection:
            for id_, state, delivered_at in (
                (1, Delivery.DELIVERED, LONG_AGO),
                (2, Delivery.DELIVERED, RECENTLY),
                (3, Delivery.DEAD, None),
            ):
                connection.execute(
                    update(OutboxEntry)
                    .where(OutboxEntry.id == id_)
                    .values(state=state, delivered_at=delivered_at)
                )

        with needlepoint.running("worker", WEBHOOK_SECRET=WEBHOOK_SECRET) as process:
            assert process.stderr is not None
            told = process.stderr.readline()

        assert "1 hand-offs" in told
        with engine.connect() as connection:
            assert connection.scalars(select(OutboxEntry.id)).all() == [2, 3]
            assert connection.scalars(select(Hold.owner)).all() == ["live"]
            assert len(connection.scalars(select(OccupiedStep.hold_id).distinct()).all()) == 2


def make_conversations(needlepoint: Installation) -> Engine:
    """Rasa's table of events: one conversation long over, one that began then and goes on."""
    engine = open_database(needlepoint.database_url.replace(".db", "-conversations.db"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE events (sender_id TEXT, timestamp FLOAT)")
        for sender, said_at in [
            ("over", LONG_AGO),
            ("over", LONG_AGO),
            ("going-on", LONG_AGO),
            ("going-on", RECENTLY),
        ]:
            connection.exec_driver_sql(
                "INSERT INTO events VALUES (?, ?)", (sender, said_at.timestamp())
            )
    return engine


def make_chat(needlepoint: Installation) -> Engine:
    url = needlepoint.database_url.replace(".db", "-chat.db")
    engine = open_database(url)
    run_migrations(url, chain="chat", metadata=chat_store.metadata)
    with engine.begin() as connection:
        for key, said_at in [("over", LONG_AGO), ("new", RECENTLY)]:
            connection.execute(
                sa.insert(chat_store.messages_table).values(
                    id=key,
                    conversation_id=key,
                    role="visitor",
                    text="hello",
                    created_at=said_at.timestamp(),
                )
            )
    return engine


def test_the_worker_purges_at_its_start_and_stops_at_once(needlepoint: Installation) -> None:
    conversations, chat = make_conversations(needlepoint), make_chat(needlepoint)

    with needlepoint.running("worker") as process:
        assert process.stderr is not None
        told = [process.stderr.readline(), process.stderr.readline()]
        told_to_stop = time.monotonic()
        stop(process)
        took = time.monotonic() - told_to_stop

    assert took < 3
    assert "1 chat messages" in told[0]
    assert "2 events of conversations" in told[1]
    with conversations.connect() as connection:
        left = connection.exec_driver_sql("SELECT sender_id FROM events").scalars().all()
    assert left == ["going-on", "going-on"]
    with chat.connect() as connection:
        assert connection.scalars(sa.select(chat_store.messages_table.c.id)).all() == ["new"]
    conversations.dispose()
    chat.dispose()
