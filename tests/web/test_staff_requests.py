"""The requests board: lists, one request, decisions, and two people who decide at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from booking.clinic import EmailHandOff, HandOff
from booking.database import writing
from booking.details import Contact
from booking.errors import ChangedMeanwhile
from booking.messages import leave_message
from booking.models import ConsultationRequest, Delivery, OutboxEntry, Status
from booking.outbox import list_outbox
from booking.requests import (
    STAFF,
    VISITOR,
    cancel_request,
    confirm_request,
    decline_request,
    move_request,
    note_request,
    show_request,
)
from faq.database import reading
from faq.models import AuditEntry
from tests.web.booked import Book, open_book
from tests.web.staffed import JONAS, MARA, Member, Staffed, console, words_of

BOARD = "/staff/requests"
FRIDAY = "2026-11-27T10:00-05:00"
FRIDAY_FORM = "2026-11-27T15:00Z"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = open_book(tmp_path)
    yield book
    book.engine.dispose()


@pytest.fixture
def desk(tmp_path: Path, book: Book) -> Iterator[Staffed]:
    with console(tmp_path, now=book.now) as staffed:
        yield staffed


@pytest.fixture
def mara(desk: Staffed) -> Iterator[Member]:
    with desk.signed_in(MARA, "editor") as member:
        yield member


def known(book: Book, request: ConsultationRequest) -> ConsultationRequest:
    return show_request(book.engine, request.reference)


def shown_on(member: Member, show: str) -> bool:
    return "Ana Lopez" in member.words(f"{BOARD}?show={show}")


# --- lists ---


@pytest.mark.parametrize(
    ("hours_later", "lists"),
    [
        (0, {"new", "upcoming"}),
        (86, {"new", "today"}),  # one in the morning of its day
        (102, {"today"}),  # it is over and was never answered
        (120, {"past"}),
    ],
)
def test_a_new_request_wanders_through_the_lists_as_time_goes_by(
    book: Book, mara: Member, hours_later: int, lists: set[str]
) -> None:
    book.take()

    book.pass_time(hours=hours_later)

    every = ("new", "today", "upcoming", "past")
    assert {show for show in every if shown_on(mara, show)} == lists


def test_what_is_answered_is_no_longer_among_what_waits(book: Book, mara: Member) -> None:
    request = book.take()

    confirm_request(book.engine, book.clinic, request.reference, actor=MARA, now=book.now())

    assert not shown_on(mara, "new")
    assert shown_on(mara, "upcoming")


def test_what_was_called_off_is_only_in_the_past(book: Book, mara: Member) -> None:
    request = book.take()

    cancel_request(book.engine, book.clinic, request.reference, actor=VISITOR, now=book.now())

    assert not shown_on(mara, "new")
    assert not shown_on(mara, "upcoming")
    assert shown_on(mara, "past")


def test_a_request_whose_time_passed_unanswered_says_so(book: Book, mara: Member) -> None:
    request = book.take()

    book.pass_time(days=7)

    assert "New, never answered" in mara.words(f"{BOARD}/{request.reference}")


@pytest.mark.parametrize(
    ("search", "found"),
    [("lopez", 1), ("2025550164", 1), ("acne", 1), ("ANA.LOPEZ@", 1), ("nobody", 0)],
)
def test_a_request_is_found_by_what_somebody_remembers(
    book: Book, mara: Member, search: str, found: int
) -> None:
    book.take()

    page = mara.words(f"{BOARD}?search={search}")

    assert f"{found} request{'' if found == 1 else 's'} with “{search}”" in page


def test_a_long_list_comes_in_pages(book: Book, mara: Member) -> None:
    for day in (23, 24, 25, 30):
        for hour in range(9, 17):
            for minute in ("00", "45"):
                book.take(f"2026-{'11' if day < 31 else '12'}-{day}T{hour:02}:{minute}-05:00")

    first = mara.words(f"{BOARD}?show=upcoming")
    second = mara.words(f"{BOARD}?show=upcoming&page=2")
    beyond = mara.words(f"{BOARD}?show=upcoming&page=99")

    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second
    assert "Page 2 of 2" in beyond


def test_words_of_a_visitor_are_shown_and_never_run(book: Book, mara: Member) -> None:
    request = book.take(concern="<script>alert(1)</script>")

    page = mara.get(f"{BOARD}/{request.reference}").text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_messages_that_visitors_left_are_listed(book: Book, mara: Member) -> None:
    leave_message(
        book.engine,
        book.clinic,
        text="Do you have parking?",
        contact=Contact(email="ana.lopez@example.com"),
        conversation_id="one",
        idempotency_key="one",
        now=book.now(),
    )

    page = mara.words(f"{BOARD}/messages")

    assert "Do you have parking?" in page
    assert "ana.lopez@example.com" in page


# --- decisions ---


@pytest.mark.parametrize(
    ("decision", "status"),
    [("confirm", Status.CONFIRMED), ("decline", Status.DECLINED), ("cancel", Status.CANCELLED)],
)
def test_a_decision_is_stored_under_the_name_of_who_made_it(
    book: Book, desk: Staffed, mara: Member, decision: str, status: Status
) -> None:
    request = book.take()

    answer = mara.post(f"{BOARD}/{request.reference}/{decision}", {"seen": "0"})

    decided = known(book, request)
    assert answer.status_code == 303
    assert decided.status is status
    assert decided.events[-1].actor == MARA
    with reading(desk.engine) as session:
        line = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert line is not None
    assert (line.who, line.about) == (MARA, request.reference)


def test_a_visitor_who_did_not_come_is_noted(book: Book, mara: Member) -> None:
    request = book.take()
    confirm_request(book.engine, book.clinic, request.reference, actor=MARA, now=book.now())
    book.pass_time(days=5)

    mara.post(f"{BOARD}/{request.reference}/no-show", {"seen": "1"})

    assert known(book, request).status is Status.NO_SHOW


@pytest.mark.parametrize(
    ("status", "days_later", "offered"),
    [
        (Status.NEW, 0, {"confirm", "move", "decline"}),
        (Status.CONFIRMED, 0, {"move", "cancel"}),
        (Status.CANCELLED, 0, set()),
        (Status.NEW, 5, {"no-show"}),
        (Status.CONFIRMED, 5, {"no-show"}),
        (Status.DECLINED, 5, set()),
    ],
)
def test_only_what_can_be_done_is_offered(
    book: Book, mara: Member, status: Status, days_later: int, offered: set[str]
) -> None:
    request = book.take()
    decisions = {
        Status.CONFIRMED: confirm_request,
        Status.CANCELLED: cancel_request,
        Status.DECLINED: decline_request,
    }
    if status is not Status.NEW:
        decisions[status](book.engine, book.clinic, request.reference, actor=MARA, now=book.now())
    book.pass_time(days=days_later)

    page = mara.get(f"{BOARD}/{request.reference}").text

    every = ("confirm", "move", "decline", "cancel", "no-show")
    link = f"{BOARD}/{request.reference}"
    shown = {name for name in every if f'="{link}/{name}"' in page}
    assert shown == offered


def test_a_request_is_moved_to_a_time_that_is_free(book: Book, mara: Member) -> None:
    request = book.take()
    link = f"{BOARD}/{request.reference}/move"

    assert "10:00 am" in mara.words(f"{link}?week=2026-11-23")
    assert "Move it to this time?" in mara.words(f"{link}?to={FRIDAY_FORM}")
    mara.post(link, {"starts_at": FRIDAY_FORM, "seen": "0"})

    moved = known(book, request)
    assert moved.starts_at == datetime.fromisoformat(FRIDAY)
    assert moved.events[-1].actor == MARA


def test_a_time_that_was_taken_meanwhile_is_told_with_what_is_free_beside_it(
    book: Book, mara: Member
) -> None:
    request = book.take()
    for _ in book.clinic.practitioners:
        book.take(FRIDAY)

    answer = mara.post(f"{BOARD}/{request.reference}/move", {"starts_at": FRIDAY_FORM, "seen": "0"})

    assert answer.status_code == 409
    assert "is no longer free. Nearest to it:" in words_of(answer)
    assert known(book, request).starts_at == request.starts_at


def test_the_page_says_whether_the_visitor_still_has_to_be_told(book: Book, mara: Member) -> None:
    request = book.take()

    mara.post(f"{BOARD}/{request.reference}/confirm", {"seen": "0"})

    assert "Please tell the visitor yourself." in mara.words(f"{BOARD}/{request.reference}")


@pytest.mark.parametrize("path", ["NP-XXXXXX", "NP-XXXXXX/move", "nothing"])
def test_a_request_that_is_not_there_has_a_page_that_says_so(mara: Member, path: str) -> None:
    assert mara.get(f"{BOARD}/{path}").status_code == 404
    assert mara.post(f"{BOARD}/NP-XXXXXX/confirm", {"seen": "0"}).status_code == 404


# --- two people at once ---


@pytest.mark.parametrize(
    ("first", "second"),
    [("confirm", "decline"), ("decline", "confirm"), ("confirm", "cancel"), ("cancel", "move")],
)
def test_who_decides_second_is_told_what_the_first_decided(
    book: Book, desk: Staffed, mara: Member, first: str, second: str
) -> None:
    request = book.take()
    link = f"{BOARD}/{request.reference}"

    with desk.signed_in(JONAS, "editor") as jonas:
        mara.post(f"{link}/{first}", {"seen": "0"})
        decided = known(book, request)
        answer = jonas.post(f"{link}/{second}", {"seen": "0", "starts_at": FRIDAY_FORM})

    assert answer.status_code == 409
    assert "It was changed meanwhile. Mara Quinn" in words_of(answer)
    assert known(book, request).status is decided.status
    assert len(known(book, request).events) == len(decided.events)


def test_a_second_click_is_no_second_decision(book: Book, mara: Member) -> None:
    request = book.take()
    link = f"{BOARD}/{request.reference}"

    answers = [mara.post(f"{link}/confirm", {"seen": "0"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert [event.what for event in known(book, request).events] == ["requested", "confirmed"]


def test_nobody_confirms_a_time_that_they_have_not_seen(book: Book, mara: Member) -> None:
    request = book.take()
    move_request(
        book.engine,
        book.clinic,
        request.reference,
        book.at(FRIDAY),
        actor=VISITOR,
        now=book.now(),
        real_now=datetime.now(UTC),
    )

    answer = mara.post(f"{BOARD}/{request.reference}/confirm", {"seen": "0"})

    assert answer.status_code == 409
    assert "The visitor moved it" in words_of(answer)
    assert known(book, request).status is Status.RESCHEDULED


def test_of_many_who_decide_at_the_same_moment_one_does(book: Book) -> None:
    request = book.take()

    def decide(number: int) -> bool:
        change = confirm_request if number % 2 else decline_request
        try:
            change(
                *(book.engine, book.clinic, request.reference),
                actor=f"member {number}",
                now=book.now(),
                seen=0,
            )
        except ChangedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(decide, range(8)))

    assert done.count(True) == 1
    assert len(known(book, request).events) == 2


def test_a_note_is_kept_and_never_overwritten_unseen(
    book: Book, desk: Staffed, mara: Member
) -> None:
    request = book.take()
    link = f"{BOARD}/{request.reference}"

    with desk.signed_in(JONAS, "editor") as jonas:
        kept = mara.post(f"{link}/note", {"seen": "", "note": "Prefers Dr. Lee\r\nCall first"})
        refused = jonas.post(f"{link}/note", {"seen": "", "note": "Comes with her mother"})

    assert kept.status_code == 303
    assert refused.status_code == 409
    assert "Somebody else changed the note meanwhile." in words_of(refused)
    assert "Comes with her mother" in refused.text
    assert known(book, request).notes == "Prefers Dr. Lee\nCall first"
    again = mara.post(f"{link}/note", {"seen": "Prefers Dr. Lee\r\nCall first", "note": ""})
    assert again.status_code == 303
    assert known(book, request).notes is None


def test_a_note_that_is_too_long_is_refused_and_not_lost(book: Book, mara: Member) -> None:
    request = book.take()

    answer = mara.post(f"{BOARD}/{request.reference}/note", {"seen": "", "note": "word " * 500})

    assert answer.status_code == 422
    assert "please shorten it" in words_of(answer)
    assert "word word word" in answer.text
    assert known(book, request).notes is None


# --- hand-offs ---


@pytest.fixture
def failed(book: Book) -> ConsultationRequest:
    """A request of which the clinic could not be told by e-mail."""
    email = EmailHandOff(sender="desk@clinic.example", notify=("team@clinic.example",))
    book.clinic = book.clinic.model_copy(update={"hand_off": HandOff(email=email)})
    request = book.take(email=None)
    with writing(book.engine) as session:
        session.execute(
            update(OutboxEntry).values(state=Delivery.DEAD, attempts=9, error="550 no such mailbox")
        )
    return request


def test_a_failed_hand_off_is_told_on_every_list_with_its_reason(
    mara: Member, failed: ConsultationRequest
) -> None:
    board = mara.words(BOARD)
    page = mara.words(f"{BOARD}/hand-offs")

    assert "1 hand-off failed:" in board
    assert "550 no such mailbox" in page
    assert failed.reference in page


def test_a_failed_hand_off_is_tried_again(
    book: Book, mara: Member, failed: ConsultationRequest
) -> None:
    entry = list_outbox(book.engine)[0]

    answer = mara.post(f"{BOARD}/hand-offs/retry", {"key": entry.key, "from": failed.reference})

    assert answer.headers["location"] == f"{BOARD}/{failed.reference}"
    assert [one.state for one in list_outbox(book.engine)] == [Delivery.PENDING]


def test_all_failed_hand_offs_are_tried_again_at_once(
    book: Book, mara: Member, failed: ConsultationRequest
) -> None:
    mara.post(f"{BOARD}/hand-offs/retry")

    assert [one.state for one in list_outbox(book.engine)] == [Delivery.PENDING]


def test_a_failed_hand_off_is_given_up_once(
    book: Book, desk: Staffed, mara: Member, failed: ConsultationRequest
) -> None:
    key = {"key": list_outbox(book.engine)[0].key}

    with desk.signed_in(JONAS, "editor") as jonas:
        first = mara.post(f"{BOARD}/hand-offs/drop", key)
        second = jonas.post(f"{BOARD}/hand-offs/drop", key)

    assert first.headers["location"] == f"{BOARD}/hand-offs"
    assert second.status_code == 409
    assert "Somebody else was quicker" in words_of(second)
    assert list_outbox(book.engine) == []


def test_whoever_is_not_signed_in_sees_nobodys_request(desk: Staffed, book: Book) -> None:
    request = book.take()
    note_request(book.engine, request.reference, "shy", actor=STAFF, now=book.now())

    with desk.browser() as browser:
        pages = [
            browser.get(f"{BOARD}{path}")
            for path in ("", "/messages", "/hand-offs", f"/{request.reference}")
        ]
        sent = browser.post(f"{BOARD}/{request.reference}/confirm", data={"seen": "0"})

    assert [page.status_code for page in pages] == [303] * 4
    assert sent.status_code == 401
    assert known(book, request).status is Status.NEW
