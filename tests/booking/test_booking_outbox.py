"""What is stored is told: to whom, in which order, again after failures, and to nobody twice."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event as ThreadEvent
from threading import Lock
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, text

from booking import outbox
from booking.clinic import CaldavHandOff, Clinic, EmailHandOff, HandOff, WebhookHandOff
from booking.database import reading, writing
from booking.delivering import LEASE, deliver_due
from booking.details import Contact, Details, PreferredTime
from booking.errors import BookingUnavailable, IllegalTransition, SlotTaken, UnknownEntry
from booking.hand_off.notice import Channel, Event, Notice, Undelivered
from booking.links import ManageLinks
from booking.messages import leave_message
from booking.models import ConsultationRequest, Delivery, OutboxEntry, RequestEvent, Status
from booking.outbox import drop_entry, list_outbox, purge_delivered, retry_all, retry_entry
from booking.requests import (
    confirm_request,
    decline_request,
    list_requests,
    mark_no_show,
    note_request,
    request_consultation,
    show_request,
)
from tests.booking.taking import NOW, REAL_NOW, Book, at_once, check_book, with_rules

CLINIC, VISITOR = Channel.EMAIL_CLINIC, Channel.EMAIL_VISITOR
WEBHOOK, CALENDAR = Channel.WEBHOOK, Channel.CALENDAR
LINKS = ManageLinks("a secret of the tests", "https://clinic.example")
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)

EMAIL = EmailHandOff(sender="hello@clinic.example", notify=("desk@clinic.example",))
EVERYWHERE = HandOff(
    email=EMAIL,
    webhook=WebhookHandOff(url="https://clinic.example/hook"),
    caldav=CaldavHandOff(url="https://clinic.example/calendar/", username="desk"),
)


@dataclass
class Clock:
    """The real time, as the outbox and the worker see it."""

    now: datetime = REAL_NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Receiver:
    """Keeps what it is given; first it does what `trouble` holds, one after the other."""

    trouble: list[Callable[[Notice], None] | BaseException] = field(default_factory=list)
    asked: list[Notice] = field(default_factory=list)
    got: list[Notice] = field(default_factory=list)

    def deliver(self, notice: Notice) -> None:
        self.asked.append(notice)
        trouble = self.trouble.pop(0) if self.trouble else None
        if isinstance(trouble, BaseException):
            raise trouble
        if trouble is not None:
            trouble(notice)
        self.got.append(notice)

    @property
    def events(self) -> list[str]:
        return [notice.event.value for notice in self.got]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(outbox, "_real_now", clock)
    return clock


@pytest.fixture
def sqlite_engine(sqlite_url: str, migrated: Callable[[str], Engine]) -> Engine:
    return migrated(sqlite_url)


@pytest.fixture
def told(clinic: Clinic) -> Clinic:
    """The clinic with all hand-offs on."""
    return with_rules(clinic, practitioners=1).model_copy(update={"hand_off": EVERYWHERE})


@pytest.fixture
def book(sqlite_engine: Engine, told: Clinic) -> Book:
    return Book(sqlite_engine, told)


@pytest.fixture
def three(clinic: Clinic) -> datetime:
    return datetime(2026, 11, 24, 15, 0, tzinfo=clinic.zone)


@pytest.fixture
def deliver(clock: Clock) -> Callable[..., int]:
    """Delivers what is due on a channel, as the worker does."""

    def run(book: Book, receiver: Receiver, channel: Channel = WEBHOOK, **more: Any) -> int:
        return deliver_due(book.engine, LINKS, channel, receiver, clock=clock, **more)

    return run


def entries(book: Book, channel: Channel | None = None) -> list[OutboxEntry]:
    """The oldest first."""
    kept = [one for one in list_outbox(book.engine) if channel in {None, one.channel}]
    return list(reversed(kept))


def said(book: Book) -> set[tuple[str, str]]:
    return {(one.event, one.channel) for one in entries(book)}


def without_email(book: Book, start: datetime) -> ConsultationRequest:
    return request_consultation(
        book.engine,
        book.clinic,
        details=Details(
            name="Bo", phone="+12025550164", concern="scars", time=PreferredTime(start, "three")
        ),
        conversation_id="bo",
        idempotency_key="bo",
        now=book.now,
        real_now=book.real_now,
    )


def by_staff(
    change: Callable[..., ConsultationRequest], book: Book, request: ConsultationRequest
) -> ConsultationRequest:
    return change(book.engine, book.clinic, request.reference, actor="Dana", now=book.now)


# --- who is told what ---

CHANGES: dict[str, Callable[[Book, ConsultationRequest], object]] = {
    "moved by the visitor": lambda book, made: book.move(made.reference, made.starts_at + DAY),
    "moved by staff": lambda book, made: book.move(made.reference, made.starts_at + DAY, "Dana"),
    "cancelled by the visitor": lambda book, made: book.cancel(made.reference),
    "cancelled by staff": lambda book, made: book.cancel(made.reference, "Dana"),
    "confirmed": lambda book, made: by_staff(confirm_request, book, made),
    "declined": lambda book, made: by_staff(decline_request, book, made),
    "missed": lambda book, made: by_staff(mark_no_show, book, made),
    "noted": lambda book, made: note_request(
        book.engine, made.reference, "Call first", actor="Dana", now=book.now
    ),
    "moved nowhere": lambda book, made: book.move(made.reference, made.starts_at),
    "held": lambda book, made: book.hold(made.starts_at + DAY, "somebody"),
}


@pytest.mark.parametrize(
    ("change", "event", "channels"),
    [
        ("moved by the visitor", Event.RESCHEDULED, {CLINIC, VISITOR, WEBHOOK, CALENDAR}),
        ("moved by staff", Event.RESCHEDULED, {VISITOR, WEBHOOK, CALENDAR}),
        ("cancelled by the visitor", Event.CANCELLED, {CLINIC, VISITOR, WEBHOOK, CALENDAR}),
        ("cancelled by staff", Event.CANCELLED, {VISITOR, WEBHOOK, CALENDAR}),
        ("confirmed", Event.CONFIRMED, {VISITOR, WEBHOOK, CALENDAR}),
        ("declined", Event.DECLINED, {VISITOR, WEBHOOK, CALENDAR}),
        ("missed", Event.NO_SHOW, {WEBHOOK, CALENDAR}),
        ("noted", None, set()),
        ("moved nowhere", None, set()),
        ("held", None, set()),
    ],
)
@pytest.mark.parametrize("has_email", [True, False])
def test_each_change_is_told_where_it_belongs(
    book: Book,
    three: datetime,
    change: str,
    event: Event | None,
    channels: set[Channel],
    has_email: bool,
) -> None:
    made = book.request(three) if has_email else without_email(book, three)
    before = said(book)

    CHANGES[change](book, made)

    wanted = {(event, channel) for channel in channels if has_email or channel is not VISITOR}
    reminder = {(Event.REMINDER, VISITOR)} if event is Event.CONFIRMED and has_email else set()
    assert said(book) - before == wanted | reminder


@pytest.mark.parametrize(
    ("has_email", "channels"), [(True, set(Channel)), (False, {*Channel} - {VISITOR})]
)
def test_a_request_is_told_everywhere(
    book: Book, three: datetime, has_email: bool, channels: set[Channel]
) -> None:
    _ = book.request(three) if has_email else without_email(book, three)

    assert said(book) == {(Event.REQUESTED, channel) for channel in channels}


@pytest.mark.parametrize(
    ("on", "channels"),
    [
        (HandOff(), set()),
        (HandOff(email=EMAIL), {CLINIC, VISITOR}),
        (HandOff(webhook=EVERYWHERE.webhook), {WEBHOOK}),
        (HandOff(caldav=EVERYWHERE.caldav), {CALENDAR}),
    ],
)
def test_a_hand_off_that_is_off_is_told_nothing(
    book: Book, three: datetime, on: HandOff, channels: set[Channel]
) -> None:
    some = replace(book, clinic=book.clinic.model_copy(update={"hand_off": on}))

    CHANGES["confirmed"](some, some.request(three))

    assert {one.channel for one in entries(book)} == channels


def leave(book: Book) -> str:
    return leave_message(
        book.engine,
        book.clinic,
        text="Please call me.",
        contact=Contact(phone="+12025550164"),
        name="Bo",
        conversation_id="bo",
        idempotency_key="message",
        now=book.now,
    ).reference


def test_a_message_is_told_to_the_clinic_and_the_webhook_once(
    book: Book, deliver: Callable[..., int]
) -> None:
    reference = leave(book)
    leave(book)
    receiver = Receiver()

    deliver(book, receiver)

    assert said(book) == {(Event.MESSAGE, CLINIC), (Event.MESSAGE, WEBHOOK)}
    (notice,) = receiver.got
    assert (notice.reference, notice.text, notice.name) == (reference, "Please call me.", "Bo")
    assert (notice.email, notice.phone, notice.starts_at) == (None, "+12025550164", None)


def test_a_notice_says_all_there_is_to_say(
    book: Book, three: datetime, deliver: Callable[..., int]
) -> None:
    made = book.request(three)
    book.move(made.reference, three + HOUR)
    receiver = Receiver()

    deliver(book, receiver)

    asked, moved = receiver.got
    assert asked.key != moved.key
    assert (asked.event, asked.by, asked.at) == (Event.REQUESTED, "visitor", NOW)
    assert (asked.name, asked.email, asked.phone) == (made.name, made.email, made.phone)
    assert (asked.text, asked.practitioner) == ("acne scars", "room-1")
    # What was true when it happened, not what is true when it is told.
    assert (asked.status, asked.sequence, asked.starts_at) == ("new", 0, three)
    assert (moved.status, moved.sequence, moved.before) == ("rescheduled", 1, three)
    assert moved.starts_at == three + HOUR
    assert moved.ends_at == three + HOUR * 1.5
    assert moved.manage_url == LINKS.url(made.reference)


def test_what_happens_later_rises_the_sequence_each_time(
    book: Book, three: datetime, deliver: Callable[..., int]
) -> None:
    made = book.request(three)
    CHANGES["confirmed"](book, made)
    book.move(made.reference, three + HOUR)
    book.cancel(made.reference)
    receiver = Receiver()

    deliver(book, receiver, CALENDAR)

    assert receiver.events == ["requested", "confirmed", "rescheduled", "cancelled"]
    assert [notice.sequence for notice in receiver.got] == [0, 1, 2, 3]


# --- stored together, or not at all ---


def without_outbox(engine: Engine) -> Iterator[None]:
    """While this is gone through, the outbox cannot be written to."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox RENAME TO elsewhere"))
    yield
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO outbox"))


@pytest.mark.parametrize("change", ["moved by the visitor", "cancelled by staff", "confirmed"])
def test_a_change_that_cannot_be_told_is_not_made(
    engine: Engine, told: Clinic, three: datetime, change: str
) -> None:
    book = Book(engine, told)
    made = book.request(three)

    for _ in without_outbox(engine):
        with pytest.raises(BookingUnavailable):
            CHANGES[change](book, made)

    kept = show_request(engine, made.reference)
    assert (kept.status, kept.starts_at, len(kept.events)) == (Status.NEW, three, 1)
    assert {one.event for one in entries(book)} == {Event.REQUESTED}
    check_book(engine, timedelta(minutes=15))


def test_a_request_or_message_that_cannot_be_told_is_not_stored(
    engine: Engine, told: Clinic, three: datetime
) -> None:
    book = Book(engine, told)

    for _ in without_outbox(engine):
        with pytest.raises(BookingUnavailable):
            book.request(three)
        with pytest.raises(BookingUnavailable):
            leave(book)

    assert list_requests(engine) == []
    check_book(engine, timedelta(0))
    assert book.request(three).status is Status.NEW


def test_what_is_refused_is_told_to_nobody(book: Book, three: datetime) -> None:
    first, second = book.request(three), book.request(three + HOUR)
    before = len(entries(book))

    with pytest.raises(SlotTaken):
        book.request(three, "late")
    with pytest.raises(SlotTaken):
        book.move(second.reference, three)
    book.cancel(first.reference)
    with pytest.raises(IllegalTransition):
        CHANGES["confirmed"](book, first)

    assert len(entries(book)) == before + 4


# --- order ---


def test_an_entry_waits_for_those_before_it_and_others_go_on(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    first, other = book.request(three), book.request(three + HOUR)
    book.move(first.reference, three + DAY)
    webhook, calendar = Receiver(trouble=[Undelivered("down")]), Receiver()

    assert deliver(book, webhook) == 1
    assert deliver(book, calendar, CALENDAR) == 3

    assert [notice.reference for notice in webhook.got] == [other.reference]
    assert calendar.events == ["requested", "requested", "rescheduled"]
    clock.passes(10 * SECOND)
    assert deliver(book, webhook) == 2
    assert webhook.events == ["requested", "requested", "rescheduled"]


def test_what_waits_for_a_dead_letter_goes_on_once_that_is_dropped(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    made = book.request(three)
    book.cancel(made.reference)
    webhook = Receiver(trouble=[Undelivered("never", permanent=True)])

    assert deliver(book, webhook) == 0
    clock.passes(30 * DAY)
    assert deliver(book, webhook) == 0
    (dead,) = list_outbox(book.engine, state=Delivery.DEAD)
    drop_entry(book.engine, dead.key)
    assert deliver(book, webhook) == 1

    assert webhook.events == ["cancelled"]


def test_messages_do_not_wait_for_each_other(
    book: Book, deliver: Callable[..., int], three: datetime
) -> None:
    leave(book)
    book.request(three)
    webhook = Receiver(trouble=[Undelivered("down")])

    assert deliver(book, webhook) == 1

    assert webhook.events == ["requested"]


# --- again, and under the same key ---


def test_attempts_become_rarer_and_end_as_a_dead_letter(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    book.request(three)
    webhook = Receiver(trouble=[Undelivered("down")] * 99)
    waited = []

    for _ in range(4):
        assert deliver(book, webhook, retry_after=(10, 100, 1000)) == 0
        (entry,) = entries(book, WEBHOOK)
        waited.append((entry.due_at - clock.now).total_seconds())
        clock.now = entry.due_at - SECOND / 1000
        before = len(webhook.asked)
        assert deliver(book, webhook) == 0
        assert len(webhook.asked) == before
        clock.now = entry.due_at

    assert [round(seconds / 10 ** (n + 1)) for n, seconds in enumerate(waited[:3])] == [1, 1, 1]
    assert all(0.8 <= seconds / 10 ** (n + 1) <= 1.2 for n, seconds in enumerate(waited[:3]))
    assert len({notice.key for notice in webhook.asked}) == 1
    assert (entry.state, entry.attempts, entry.error) == (Delivery.DEAD, 4, "down")


def test_the_usual_schedule_gives_some_days_and_then_up(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    book.request(three)
    webhook = Receiver(trouble=[Undelivered("down")] * 99)

    while not list_outbox(book.engine, state=Delivery.DEAD):
        deliver(book, webhook)
        clock.passes(HOUR)

    assert len(webhook.asked) == 12
    assert 2 * DAY < clock.now - REAL_NOW < 5 * DAY


def test_a_receiver_that_names_a_wait_is_given_it(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    book.request(three)
    webhook = Receiver(
        trouble=[Undelivered("busy", retry_after=500), Undelivered("x", retry_after=1)]
    )

    deliver(book, webhook)
    assert entries(book, WEBHOOK)[0].due_at == REAL_NOW + 500 * SECOND
    clock.passes(500 * SECOND)
    deliver(book, webhook)

    # A short wait does not undo ours.
    assert entries(book, WEBHOOK)[0].due_at >= clock.now + 12 * SECOND


def test_a_refusal_for_good_is_a_dead_letter_at_once(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    book.request(three)
    webhook = Receiver(trouble=[Undelivered("410 gone", permanent=True)])

    deliver(book, webhook)
    clock.passes(9 * DAY)
    deliver(book, webhook)

    (dead,) = list_outbox(book.engine, state=Delivery.DEAD)
    assert (dead.attempts, dead.error, len(webhook.asked)) == (1, "410 gone", 1)


def test_a_dead_letter_is_retried_from_the_start(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    book.request(three)
    webhook = Receiver(trouble=[Undelivered("never", permanent=True), Undelivered("down")])
    deliver(book, webhook)
    (dead,) = list_outbox(book.engine, state=Delivery.DEAD)
    clock.passes(DAY)

    retried = retry_entry(book.engine, dead.key)

    assert (retried.state, retried.attempts) == (Delivery.PENDING, 0)
    assert deliver(book, webhook) == 0
    clock.passes(10 * SECOND)
    assert deliver(book, webhook) == 1
    assert len({notice.key for notice in webhook.asked}) == 1


def test_everything_that_failed_is_retried_at_once(
    book: Book, three: datetime, deliver: Callable[..., int]
) -> None:
    for n in range(3):
        book.request(three + n * HOUR)
    trouble = [Undelivered("never", permanent=True), Undelivered("later", retry_after=9999)]
    webhook = Receiver(trouble=[*trouble])
    assert deliver(book, webhook) == 1

    assert len(retry_all(book.engine)) == 2

    assert deliver(book, webhook) == 2
    assert deliver(book, webhook, CALENDAR) == 3


def test_only_what_failed_can_be_retried_and_only_the_dead_dropped(
    book: Book, three: datetime, deliver: Callable[..., int]
) -> None:
    book.request(three)
    (entry,) = entries(book, WEBHOOK)

    for forbidden in (retry_entry, drop_entry):
        with pytest.raises(UnknownEntry):
            forbidden(book.engine, entry.key)
    deliver(book, Receiver())
    for forbidden in (retry_entry, drop_entry):
        with pytest.raises(UnknownEntry):
            forbidden(book.engine, entry.key)
        with pytest.raises(UnknownEntry):
            forbidden(book.engine, "no such key")

    assert entries(book, WEBHOOK)[0].state is Delivery.DELIVERED


def test_an_error_nobody_expected_is_an_attempt_like_any_other_and_names_nobody(
    book: Book,
    three: datetime,
    deliver: Callable[..., int],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = book.request(three), book.request(three + HOUR)
    webhook = Receiver(trouble=[ValueError("ana@example.com, Ana Lopez, +12025550164")])

    with caplog.at_level(logging.DEBUG):
        assert deliver(book, webhook) == 1

    assert [notice.reference for notice in webhook.got] == [second.reference]
    assert "ValueError" in str(entries(book, WEBHOOK)[0].error)
    assert "test_booking_outbox.py" in caplog.text
    for personal in ("ana@", "Ana", "Lopez", "2025550164"):
        assert personal not in caplog.text
        assert personal not in str(entries(book, WEBHOOK)[0].error)
    clock.passes(10 * SECOND)
    assert deliver(book, webhook) == 1
    assert webhook.got[-1].reference == first.reference


def test_what_a_server_says_of_a_visitor_is_not_kept(
    book: Book,
    three: datetime,
    deliver: Callable[..., int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = book.request(three)
    words = (
        "550 <ANA@Example.com> (ana lopez, +12025550164) unknown; ask postmaster@example.com, "
        f"not Anabel; {LINKS.url(made.reference)}"
    )

    deliver(book, Receiver(trouble=[Undelivered(words + " x" * 200)]))

    (entry,) = entries(book, WEBHOOK)
    assert entry.error is not None
    assert entry.error.startswith("550 <…> (…, …) unknown; ask …, not Anabel; …")
    assert len(entry.error) == 300
    for personal in ("ana@", "ana lopez", "2025550164", "/manage/"):
        assert personal not in caplog.text.lower()


# --- one at a time ---


def test_what_one_worker_delivers_another_leaves_alone(
    book: Book, three: datetime, deliver: Callable[..., int]
) -> None:
    made = book.request(three)
    book.move(made.reference, three + HOUR)
    other = Receiver()
    counts: list[int] = []
    receiver = Receiver(trouble=[lambda _: counts.append(deliver(book, other))])

    assert deliver(book, receiver) == 2

    assert (counts, other.got) == ([0], [])
    assert receiver.events == ["requested", "rescheduled"]


def test_what_a_dead_worker_was_delivering_is_delivered_after_its_lease(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    book.request(three)
    killed, next_one = Receiver(trouble=[KeyboardInterrupt()]), Receiver()

    with pytest.raises(KeyboardInterrupt):
        deliver(book, killed)
    clock.passes(LEASE - SECOND)
    assert deliver(book, next_one) == 0
    clock.passes(SECOND)
    assert deliver(book, next_one) == 1

    assert next_one.got[0].key == killed.asked[0].key


@pytest.mark.parametrize(
    "outcome", [None, Undelivered("too late"), Undelivered("x", permanent=True)]
)
def test_a_worker_that_comes_back_after_its_lease_undoes_nothing(
    book: Book,
    three: datetime,
    deliver: Callable[..., int],
    clock: Clock,
    outcome: Undelivered | None,
) -> None:
    made = book.request(three)
    book.cancel(made.reference)
    other = Receiver()

    def take_long(_: Notice) -> None:
        clock.passes(LEASE)
        assert deliver(book, other) == 2
        if outcome is not None:
            raise outcome

    deliver(book, Receiver(trouble=[take_long]))

    assert other.events == ["requested", "cancelled"]
    assert [one.state for one in entries(book, WEBHOOK)] == [Delivery.DELIVERED] * 2
    clock.passes(DAY)
    assert deliver(book, other) == 0


def test_a_late_failure_does_not_hand_the_entry_to_a_third_worker(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    book.request(three)
    begun, may_fail = ThreadEvent(), ThreadEvent()
    third = Receiver()

    def hang(_: Notice) -> None:
        begun.set()
        may_fail.wait(10)
        raise Undelivered("too late")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(deliver, book, Receiver(trouble=[hang]))
        assert begun.wait(10)
        clock.passes(LEASE)

        def meanwhile(_: Notice) -> None:
            may_fail.set()
            assert first.result() == 0
            clock.passes(20 * SECOND)
            assert deliver(book, third) == 0

        assert deliver(book, Receiver(trouble=[meanwhile])) == 1

    assert third.asked == []
    assert entries(book, WEBHOOK)[0].state is Delivery.DELIVERED


def test_an_erased_entry_is_not_taken_for_the_next_one(
    book: Book, three: datetime, deliver: Callable[..., int]
) -> None:
    only_webhook = book.clinic.model_copy(update={"hand_off": HandOff(webhook=EVERYWHERE.webhook)})
    book = replace(book, clinic=only_webhook)
    book.request(three)
    (erased,) = entries(book)

    def erase_meanwhile(_: Notice) -> None:
        with writing(book.engine) as session:
            session.execute(delete(ConsultationRequest))
        book.request(three + HOUR)

    receiver = Receiver(trouble=[erase_meanwhile])

    assert deliver(book, receiver) == 2

    (kept,) = entries(book)
    # SQLite gives the id of the last row again.
    assert kept.id == erased.id
    assert [notice.key for notice in receiver.got] == [erased.key, kept.key]


def test_an_erased_request_takes_its_entries_along(
    engine: Engine, told: Clinic, three: datetime
) -> None:
    book = Book(engine, told)
    gone, kept = book.request(three), book.request(three + HOUR)
    CHANGES["confirmed"](book, gone)

    with writing(engine) as session:
        session.execute(delete(ConsultationRequest).where(ConsultationRequest.id == gone.id))

    with reading(engine) as session:
        owners = set(session.scalars(select(OutboxEntry.request_id)))
        lines = set(session.scalars(select(RequestEvent.request_id)))
    assert owners == lines == {kept.id}


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_side_by_side_deliver_each_entry_once_and_in_order(
    engine: Engine, told: Clinic, three: datetime, workers: int
) -> None:
    book = Book(engine, with_rules(told, practitioners=5, buffer_minutes=0))
    made = [book.request(three + n // 5 * HOUR / 2) for n in range(10)]
    for request in made:
        book.move(request.reference, request.starts_at + DAY)
        book.cancel(request.reference)
    got: list[Notice] = []
    guard = Lock()

    class Shared(Receiver):
        def deliver(self, notice: Notice) -> None:
            with guard:
                got.append(notice)

    def work(_: int) -> int:
        count = 0
        # Each polls again, as a worker does: what it left to another may be due by now.
        while any(one.state is Delivery.PENDING for one in entries(book, WEBHOOK)):
            count += deliver_due(engine, LINKS, WEBHOOK, Shared(), clock=lambda: REAL_NOW)
        return count

    counts = at_once(work, range(workers))

    assert sum(counts) == len(got) == 30
    assert set(Counter(notice.key for notice in got).values()) == {1}
    for request in made:
        events = [one.event for one in got if one.reference == request.reference]
        assert events == ["requested", "rescheduled", "cancelled"]


def test_a_worker_told_to_stop_begins_nothing_more(
    book: Book, three: datetime, deliver: Callable[..., int]
) -> None:
    for n in range(3):
        book.request(three + n * HOUR)
    receiver = Receiver()

    assert deliver(book, receiver, stopping=lambda: len(receiver.got) == 1) == 1

    assert len(list_outbox(book.engine, state=Delivery.PENDING)) == 3 * 4 - 1


def test_a_database_that_goes_away_in_between_means_again_under_the_same_key(
    engine: Engine, told: Clinic, three: datetime, clock: Clock, deliver: Callable[..., int]
) -> None:
    book = Book(engine, told)
    book.request(three)
    away = without_outbox(engine)
    receiver = Receiver(trouble=[lambda _: next(away)])

    with pytest.raises(BookingUnavailable):
        deliver(book, receiver)
    list(away)
    clock.passes(LEASE)

    assert deliver(book, receiver) == 1
    assert len({notice.key for notice in receiver.asked}) == 1


# --- reminders ---


def reminders(book: Book) -> list[OutboxEntry]:
    return [one for one in entries(book) if one.event == Event.REMINDER]


def test_a_confirmed_visitor_is_reminded_the_day_before(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    CHANGES["confirmed"](book, book.request(three))
    visitor = Receiver()

    deliver(book, visitor, VISITOR)
    clock.now = three - DAY - SECOND
    deliver(book, visitor, VISITOR)
    assert visitor.events == ["requested", "confirmed"]
    clock.passes(SECOND)
    deliver(book, visitor, VISITOR)

    assert visitor.events == ["requested", "confirmed", "reminder"]
    assert visitor.got[-1].starts_at == three
    assert visitor.got[-1].status == "confirmed"


@pytest.mark.parametrize(
    ("hours", "starts", "due"),
    [
        (24, "2026-11-24T15:00", "2026-11-23T15:00"),
        (0, "2026-11-24T15:00", None),
        # It is Friday, ten o'clock: too late for a reminder.
        (24, "2026-11-21T10:00", None),
        (23, "2026-11-21T10:00", "2026-11-20T11:00"),
        (168, "2026-12-01T10:00", "2026-11-24T10:00"),
    ],
)
def test_reminders_are_due_so_long_before_and_never_in_the_past(
    book: Book, hours: int, starts: str, due: str | None
) -> None:
    email = EmailHandOff(sender=EMAIL.sender, notify=EMAIL.notify, remind_hours=hours)
    clinic = book.clinic.model_copy(update={"hand_off": HandOff(email=email)})
    some = replace(book, clinic=clinic)
    start = datetime.fromisoformat(starts).replace(tzinfo=clinic.zone)

    CHANGES["confirmed"](some, some.request(start))

    assert [one.due_at for one in reminders(some)] == (
        [datetime.fromisoformat(due).replace(tzinfo=clinic.zone)] if due else []
    )


@pytest.mark.parametrize(
    "change",
    [
        "moved by the visitor",
        "moved by staff",
        "cancelled by the visitor",
        "cancelled by staff",
        "missed",
    ],
)
def test_a_change_takes_the_reminder_back(book: Book, three: datetime, change: str) -> None:
    made = book.request(three)
    CHANGES["confirmed"](book, made)
    assert len(reminders(book)) == 1

    CHANGES[change](book, made)

    assert reminders(book) == []


def test_a_moved_request_is_reminded_of_its_new_time_once_that_is_confirmed(
    book: Book, three: datetime
) -> None:
    made = book.request(three)
    CHANGES["confirmed"](book, made)
    CHANGES["moved by staff"](book, made)
    CHANGES["confirmed"](book, made)

    (reminder,) = reminders(book)

    assert (reminder.due_at, reminder.starts_at) == (three, three + DAY)


def test_a_reminder_that_waits_holds_nothing_back(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    made = book.request(three)
    CHANGES["confirmed"](book, made)
    clock.now = three - DAY
    visitor = Receiver(trouble=[Undelivered("down")])

    # The first entry fails, so that all behind it wait, the reminder that is due as well.
    assert deliver(book, visitor, VISITOR) == 0
    clock.passes(10 * SECOND)
    visitor.trouble = [lambda _: None, lambda _: None, Undelivered("down")]
    assert deliver(book, visitor, VISITOR) == 2
    CHANGES["cancelled by staff"](book, made)
    assert deliver(book, visitor, VISITOR) == 1

    assert visitor.events == ["requested", "confirmed", "cancelled"]


def test_nobody_is_reminded_of_what_is_over(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    CHANGES["confirmed"](book, book.request(three))
    visitor = Receiver()

    # The worker was down for a week.
    clock.now = three
    deliver(book, visitor, VISITOR)

    assert visitor.events == ["requested", "confirmed"]
    assert reminders(book) == []


# --- what staff see, and what is deleted ---


def test_the_list_shows_the_newest_first_and_says_how_it_goes(
    book: Book, three: datetime, deliver: Callable[..., int], clinic: Clinic
) -> None:
    made = book.request(three)
    other = book.request(three + HOUR)
    receiver = Receiver(trouble=[Undelivered("down", permanent=True)])
    deliver(book, receiver)

    everything = list_outbox(book.engine)
    told = outbox.as_json(list_outbox(book.engine, state=Delivery.DEAD)[0], clinic.zone)

    assert [one.id for one in everything] == sorted((one.id for one in everything), reverse=True)
    assert {one.request_id for one in list_outbox(book.engine, reference=other.reference)} == {
        other.id
    }
    assert told == {
        "key": receiver.asked[0].key,
        "reference": made.reference,
        "event": "requested",
        "channel": "webhook",
        "state": "dead",
        "attempts": 1,
        "due_at": REAL_NOW.astimezone(clinic.zone).isoformat(timespec="seconds"),
        "delivered_at": None,
        "error": "down",
    }


def test_only_what_was_delivered_long_ago_is_deleted(
    book: Book, three: datetime, deliver: Callable[..., int], clock: Clock
) -> None:
    for n in range(3):
        book.request(three + n * HOUR)
    deliver(book, Receiver(trouble=[Undelivered("never", permanent=True)]))
    clock.passes(DAY)
    deliver(book, Receiver(), CALENDAR)

    assert purge_delivered(book.engine, clock.now - HOUR) == 2

    states = Counter((one.channel, one.state) for one in entries(book))
    assert states[WEBHOOK, Delivery.DEAD] == 1
    assert states[CALENDAR, Delivery.DELIVERED] == 3
    assert states[CLINIC, Delivery.PENDING] == 3
