"""The pages behind a manage link: what they show, what they change, and what they refuse."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import vobject  # type: ignore[import-untyped]
from sqlalchemy import text
from starlette.requests import Request

from booking.clinic import Clinic
from booking.database import writing
from booking.models import BusyTime, ConsultationRequest, Status
from booking.requests import (
    STAFF,
    VISITOR,
    cancel_request,
    confirm_request,
    decline_request,
    mark_no_show,
    move_request,
    show_request,
)
from web.manage import comes_from_our_page
from web.manage_view import (
    free_days,
    masked_email,
    masked_phone,
    read_day,
    read_moment,
    view_of,
    week_title,
    when_of,
)

from .booked import Book, open_book
from .running import FakeRasa, Server, TestSettings, listening, start_server

OURS = {"Sec-Fetch-Site": "same-origin"}
WEDNESDAY_TEN = "2026-11-25T10:00-05:00"


@pytest.fixture(scope="module")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, to be copied: making them takes longer than most tests."""
    folder = tmp_path_factory.mktemp("empty")
    open_book(folder).engine.dispose()
    return folder / "booking.db"


@pytest.fixture
def book(tmp_path: Path, empty_book: Path) -> Iterator[Book]:
    shutil.copy(empty_book, tmp_path)
    book = open_book(tmp_path, migrated=True)
    yield book
    book.engine.dispose()


@pytest.fixture
def serve_book(tmp_path: Path, book: Book) -> Iterator[Callable[..., Server]]:
    """Starts a web server over the book, with settings of its own."""
    with ExitStack() as stack:
        rasa = stack.enter_context(listening(FakeRasa().app))

        def start(**overrides: Any) -> Server:
            return start_server(stack, TestSettings(tmp_path, rasa, now=book.now, **overrides))

        yield start


@pytest.fixture
def web(serve_book: Callable[..., Server]) -> httpx.Client:
    return serve_book().http


def status_of(book: Book, request: ConsultationRequest) -> Status:
    return show_request(book.engine, request.reference).status


def start_of(book: Book, request: ConsultationRequest) -> datetime:
    return show_request(book.engine, request.reference).starts_at


def words(page: httpx.Response) -> str:
    """What the page's main part says, as one line."""
    [main] = re.findall(r"<main.*?</main>", page.text, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def move(web: httpx.Client, path: str, to: str | datetime, **fields: str) -> httpx.Response:
    chosen = to if isinstance(to, str) else to.isoformat()
    return web.post(f"{path}/move", data={"starts_at": chosen, **fields}, headers=OURS)


def cancel(web: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return web.post(f"{path}/cancel", data=fields, headers=OURS)


# --- what is shown ---


def test_a_link_shows_its_request(book: Book, web: httpx.Client) -> None:
    request = book.take(concern="acne scars & <b>pores</b>")

    page = web.get(book.path(request))

    assert page.status_code == 200
    shown = words(page)
    assert request.reference in shown
    assert "Tuesday 24 November 2026 3:00 pm" in shown
    assert "Not confirmed yet" in shown
    assert "acne scars & <b>pores</b>" in shown
    assert "12 Linden Row" in shown
    assert "+1 202-555-0143" in shown
    assert "until Monday 23 November 2026 at 3:00 pm" in shown


def test_contacts_are_shown_in_part_only(book: Book, web: httpx.Client) -> None:
    request = book.take()

    page = web.get(book.path(request))

    assert "a•••@example.com" in words(page)
    assert "+1 •••-•••-••64" in words(page)
    for told in ("ana.lopez", "Lopez", "555-0164", "5550164"):
        assert told not in page.text


@pytest.mark.parametrize("suffix", ["", "/move", "/cancel", "/calendar.ics"])
def test_what_a_link_shows_is_kept_by_nobody(book: Book, web: httpx.Client, suffix: str) -> None:
    answers = [web.get(book.path(book.take()) + suffix), web.get(f"/manage/garbled{suffix}")]

    assert [answer.status_code for answer in answers] == [200, 404]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("suffix", ["", "/move", "/move?to=2026-11-25T15:00Z", "/cancel"])
def test_nothing_is_inline_and_nothing_from_elsewhere(
    book: Book, web: httpx.Client, suffix: str
) -> None:
    page = web.get(book.path(book.take()) + suffix)

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/static/)", page.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text)


Step = Callable[[Book, ConsultationRequest], object]


def confirmed(book: Book, request: ConsultationRequest) -> object:
    return confirm_request(book.engine, book.clinic, request.reference, actor=STAFF, now=book.now())


def moved(book: Book, request: ConsultationRequest) -> object:
    return move_request(
        book.engine,
        book.clinic,
        request.reference,
        book.at(WEDNESDAY_TEN),
        actor=VISITOR,
        now=book.now(),
        real_now=datetime.now(UTC),
    )


def cancelled(book: Book, request: ConsultationRequest) -> object:
    return cancel_request(
        book.engine, book.clinic, request.reference, actor=VISITOR, now=book.now()
    )


def declined(book: Book, request: ConsultationRequest) -> object:
    return decline_request(book.engine, book.clinic, request.reference, actor=STAFF, now=book.now())


def missed(book: Book, request: ConsultationRequest) -> object:
    book.pass_time(days=5)
    return mark_no_show(book.engine, book.clinic, request.reference, actor=STAFF, now=book.now())


def passed(book: Book, _: ConsultationRequest) -> None:
    book.pass_time(days=4, hours=5)


def soon(book: Book, _: ConsultationRequest) -> None:
    book.pass_time(days=3, hours=6)


@pytest.mark.parametrize(
    ("step", "said", "changes"),
    [
        (confirmed, "Confirmed We look forward", True),
        (moved, "Moved, not confirmed yet We keep the new time", True),
        (cancelled, "Cancelled This consultation does not take place", False),
        (declined, "Declined We are sorry", False),
        (missed, "Missed We did not see you", False),
        (passed, "In the past Its time has passed", False),
        (soon, "too soon to be moved or cancelled here. Please call us on +1 202-555-0143", False),
    ],
)
def test_each_state_is_told_and_offers_what_can_be_done(
    book: Book, web: httpx.Client, step: Step, said: str, changes: bool
) -> None:
    request = book.take()
    step(book, request)

    page = web.get(book.path(request))

    assert page.status_code == 200
    assert said in words(page)
    links = {f"{book.path(request)}/{way}" for way in ("move", "cancel")}
    offered = set(re.findall(r'href="([^"]+)"', page.text))
    assert links & offered == (links if changes else set())


@pytest.mark.parametrize("step", [cancelled, declined, missed, passed, soon])
def test_what_cannot_be_changed_is_not_asked_about(
    book: Book, web: httpx.Client, step: Step
) -> None:
    request = book.take()
    step(book, request)

    for way in ("move", "move?to=2026-11-27T15:00Z", "cancel"):
        page = web.get(f"{book.path(request)}/{way}")

        assert page.status_code == 200
        assert "<form" not in page.text


@pytest.mark.parametrize("step", [declined, missed, passed, soon])
def test_what_cannot_be_changed_is_not_changed(book: Book, web: httpx.Client, step: Step) -> None:
    request = book.take()
    step(book, request)
    before = show_request(book.engine, request.reference)

    answers = [
        move(web, book.path(request), "2026-12-02T15:00Z"),
        cancel(web, book.path(request)),
    ]

    after = show_request(book.engine, request.reference)
    assert [answer.status_code for answer in answers] == [409, 409]
    assert (after.status, after.starts_at) == (before.status, before.starts_at)


def test_until_the_cut_off_it_can_be_changed_and_not_after(book: Book, web: httpx.Client) -> None:
    request = book.take()
    book.pass_time(days=3, hours=5)

    just_in_time = words(web.get(book.path(request)))
    book.pass_time(seconds=1)
    just_late = words(web.get(book.path(request)))

    assert "Choose another time" in just_in_time
    assert "too soon" in just_late


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Berlin", "On your clock: 9:00 pm in Berlin."),
        ("Asia/Tokyo", "On your clock: 5:00 am in Tokyo, on Wednesday 25 November."),
        ("America/Detroit", None),
        ("Mars/Olympus", None),
        ("../../etc/passwd", None),
        (None, None),
    ],
)
def test_the_visitors_own_time_is_shown_where_it_differs(
    book: Book, web: httpx.Client, zone: str | None, said: str | None
) -> None:
    request = book.take(visitor_zone=zone)

    shown = words(web.get(book.path(request)))

    assert "Tuesday 24 November 2026 3:00 pm" in shown
    if said:
        assert said in shown
    else:
        assert "On your clock" not in shown


# --- links that open nothing ---


@pytest.mark.parametrize(
    "token",
    [
        "garbled",
        "NP-M46Y9W",
        "NP-M46Y9W.",
        "NP-M46Y9W.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "%00",
        "%F0%9F%92%A9",
        "a" * 4000,
        "..%2F..%2Fetc%2Fpasswd",
        "'%20OR%201=1--",
    ],
)
def test_a_wrong_link_opens_nothing(web: httpx.Client, token: str) -> None:
    for suffix in ("", "/move", "/cancel", "/calendar.ics"):
        page = web.get(f"/manage/{token}{suffix}", headers={"Accept": "text/html"})

        assert page.status_code == 404
        assert "NP-" not in page.text


def test_a_wrong_link_says_no_more_of_a_request_there_is_than_of_none(
    book: Book, web: httpx.Client
) -> None:
    request = book.take()
    right = book.path(request)
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    token = book.links.url("NP-AAAAAA").rsplit("/", 1)[-1]

    pages = [web.get(wrong), web.get(f"/manage/{token}"), web.get("/manage/garbled")]

    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "This link opens nothing" in pages[0].text


def test_a_wrong_link_changes_nothing(book: Book, web: httpx.Client) -> None:
    request = book.take()

    answers = [
        move(web, f"/manage/{request.reference}", WEDNESDAY_TEN),
        cancel(web, f"/manage/{request.reference}.x"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert status_of(book, request) is Status.NEW


def test_the_link_of_one_request_changes_no_other(book: Book, web: httpx.Client) -> None:
    mine, other = book.take(), book.take("2026-11-24T16:00-05:00")

    cancel(web, book.path(mine))

    assert status_of(book, mine) is Status.CANCELLED
    assert status_of(book, other) is Status.NEW


# --- forms from elsewhere ---


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "sideways"}, False),
        ({"Sec-Fetch-Site": ""}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://book.clinic.example"}, False),
        ({"Origin": "https://book.clinic.example"}, True),
        ({"Origin": "http://book.clinic.example"}, False),
        ({"Origin": "https://clinic.example"}, False),
        ({"Origin": "https://book.clinic.example.evil.example"}, False),
        ({"Origin": "https://book.clinic.example:8443"}, False),
        ({"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8000"}, True),
        ({"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8001"}, False),
        ({"Origin": "https://front.example", "Host": "front.example"}, True),
        ({"Origin": "ftp://front.example", "Host": "front.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "https://[::1"}, False),
        ({"Referer": "https://book.clinic.example/manage/x"}, False),
        ({}, False),
    ],
)
def test_where_a_form_comes_from_is_told_by_its_headers(
    headers: dict[str, str], ours: bool
) -> None:
    written = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "headers": written})

    assert comes_from_our_page(request, "https://book.clinic.example/desk") is ours


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}]
)
@pytest.mark.parametrize("way", ["move", "cancel"])
def test_a_form_from_elsewhere_changes_nothing(
    book: Book, web: httpx.Client, headers: dict[str, str], way: str
) -> None:
    request = book.take()

    answer = web.post(
        f"{book.path(request)}/{way}", data={"starts_at": "2026-11-25T15:00Z"}, headers=headers
    )

    assert answer.status_code == 403
    assert "Nothing was changed" in words(answer)
    assert status_of(book, request) is Status.NEW


@pytest.mark.parametrize("suffix", ["", "/move?to=2026-11-25T15:00Z", "/cancel"])
def test_looking_changes_nothing(book: Book, web: httpx.Client, suffix: str) -> None:
    request = book.take()
    events = len(show_request(book.engine, request.reference).events)

    web.get(book.path(request) + suffix)

    assert len(show_request(book.engine, request.reference).events) == events


# --- choosing another time ---


def offered_times(page: httpx.Response) -> list[str]:
    return re.findall(r'/move\?to=([^"&]+)"', page.text)


def test_the_week_of_the_request_is_shown_first(book: Book, web: httpx.Client) -> None:
    page = web.get(f"{book.path(book.take('2026-12-09T15:00-05:00'))}/move")

    assert "7 to 13 December" in words(page)
    assert {time[:10] for time in offered_times(page)} == {f"2026-12-{n:02}" for n in range(7, 13)}


def test_only_free_times_are_offered(book: Book, web: httpx.Client) -> None:
    request = book.take("2026-11-25T15:00-05:00")
    for _ in book.clinic.practitioners:
        book.take()  # At three, until a quarter to four with the buffer.

    page = web.get(f"{book.path(request)}/move")

    tuesday = [time for time in offered_times(page) if time.startswith("2026-11-24")]
    assert "2026-11-24T19:15Z" in tuesday
    assert not {"2026-11-24T19:30Z", "2026-11-24T20:00Z", "2026-11-24T20:30Z"} & set(tuesday)
    assert "2026-11-24T20:45Z" in tuesday
    assert not [time for time in offered_times(page) if time.startswith("2026-11-26")]


def test_what_the_request_takes_itself_is_no_obstacle(book: Book, web: httpx.Client) -> None:
    request = book.take()
    book.take()

    page = web.get(f"{book.path(request)}/move")
    answer = move(web, book.path(request), "2026-11-24T20:15Z")

    assert "2026-11-24T20:15Z" in offered_times(page)
    assert answer.status_code == 303


def test_the_time_one_has_is_not_offered_anew(book: Book, web: httpx.Client) -> None:
    page = web.get(f"{book.path(book.take())}/move")

    assert "2026-11-24T20:00Z" not in offered_times(page)
    assert "2026-11-24T20:15Z" in offered_times(page)


@pytest.mark.parametrize(
    ("week", "title", "before", "after"),
    [
        ("2026-11-23", "23 to 29 November", "2026-11-16", "2026-11-30"),
        ("2026-11-26", "23 to 29 November", "2026-11-16", "2026-11-30"),
        ("2026-11-20", "16 to 22 November", None, "2026-11-23"),
        ("2020-01-01", "16 to 22 November", None, "2026-11-23"),
        ("0001-01-01", "16 to 22 November", None, "2026-11-23"),
        ("2026-12-31", "28 December to 3 January", "2026-12-21", "2027-01-04"),
        ("2027-11-20", "15 to 21 November", "2027-11-08", None),
        ("9999-12-31", "15 to 21 November", "2027-11-08", None),
        ("soon", "23 to 29 November", "2026-11-16", "2026-11-30"),
        ("", "23 to 29 November", "2026-11-16", "2026-11-30"),
    ],
)
def test_one_can_go_from_week_to_week(
    book: Book, web: httpx.Client, week: str, title: str, before: str | None, after: str | None
) -> None:
    path = f"{book.path(book.take())}/move"

    page = web.get(path, params={"week": week})

    assert title in words(page)
    turns = dict(re.findall(r'rel="(prev|next)" href="[^"]+week=([^"]+)"', page.text))
    assert (turns.get("prev"), turns.get("next")) == (before, after)


def full(book: Book, first: str, last: str) -> None:
    """The connected calendar has everybody busy from day to day."""
    with writing(book.engine) as session:
        start = book.at(f"{first}T00:00-05:00")
        until = book.at(f"{last}T00:00-05:00") + timedelta(days=1)
        session.add(BusyTime(practitioner=None, starts_at=start, ends_at=until))


def test_a_full_week_leads_to_the_next_free_time(book: Book, web: httpx.Client) -> None:
    request = book.take()
    full(book, "2026-12-07", "2026-12-22")

    page = web.get(f"{book.path(request)}/move?week=2026-12-07")

    assert "There is no free time in this week" in words(page)
    assert f'{book.path(request)}/move?week=2026-12-23"' in page.text


def test_when_nothing_is_free_any_more_the_phone_is_named(book: Book, web: httpx.Client) -> None:
    request = book.take()
    full(book, "2026-11-30", "2027-12-31")

    page = web.get(f"{book.path(request)}/move?week=2026-11-30")

    assert "Nor is there any after it. Please call us on +1 202-555-0143" in words(page)


def test_times_are_shown_on_the_visitors_clock_too(book: Book, web: httpx.Client) -> None:
    request = book.take(visitor_zone="Asia/Tokyo")

    shown = words(web.get(f"{book.path(request)}/move"))

    assert "9:00 am 11:00 pm" in shown
    assert "10:00 am 12:00 am, Wed" in shown


def test_a_chosen_time_is_asked_about_before_anything_moves(book: Book, web: httpx.Client) -> None:
    request = book.take(visitor_zone="Europe/Berlin")

    page = web.get(f"{book.path(request)}/move?to=2026-11-25T15:00Z")

    shown = words(page)
    assert "New time Wednesday 25 November 2026 10:00 am On your clock: 4:00 pm in Berlin." in shown
    assert "Instead of Tuesday 24 November 2026 3:00 pm" in shown
    assert 'method="post"' in page.text
    assert start_of(book, request) == request.starts_at


def test_a_chosen_time_becomes_the_requests(book: Book, web: httpx.Client) -> None:
    request = book.take()

    answer = move(web, book.path(request), "2026-11-25T15:00Z", seen="2026-11-24T20:00Z")
    page = web.get(answer.headers["location"])

    assert answer.status_code == 303
    assert "Your consultation has been moved" in words(page)
    assert "Wednesday 25 November 2026 10:00 am" in words(page)
    stored = show_request(book.engine, request.reference)
    assert stored.starts_at == book.at(WEDNESDAY_TEN)
    assert stored.status is Status.RESCHEDULED
    assert [(event.actor, event.what) for event in stored.events][1:] == [
        ("visitor", "rescheduled")
    ]


def test_a_form_that_is_sent_twice_moves_once(book: Book, web: httpx.Client) -> None:
    request = book.take()
    sent = {"seen": "2026-11-24T20:00Z"}

    answers = [move(web, book.path(request), "2026-11-25T15:00Z", **sent) for _ in range(3)]

    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {
        (303, f"{book.path(request)}?done=moved")
    }
    assert len(show_request(book.engine, request.reference).events) == 2


def test_the_time_one_has_can_be_chosen_without_harm(book: Book, web: httpx.Client) -> None:
    request = book.take()

    looked = web.get(f"{book.path(request)}/move?to=2026-11-24T20:00Z")
    sent = move(web, book.path(request), "2026-11-24T20:00Z")

    assert (looked.status_code, sent.status_code) == (303, 303)
    assert status_of(book, request) is Status.NEW
    assert "has been moved" not in words(web.get(sent.headers["location"]))


def test_a_time_that_was_just_taken_is_answered_with_the_next_ones(
    book: Book, web: httpx.Client
) -> None:
    request = book.take()
    for _ in book.clinic.practitioners:
        book.take(WEDNESDAY_TEN)

    for answer in (
        web.get(f"{book.path(request)}/move?to=2026-11-25T15:00Z"),
        move(web, book.path(request), "2026-11-25T15:00Z", seen="2026-11-24T20:00Z"),
    ):
        assert answer.status_code == 409
        assert "10:00 am on Wednesday 25 November 2026 is no longer free" in words(answer)
        assert "you keep Tuesday 24 November 2026 at 3:00 pm" in words(answer)
        near = offered_times(answer)[:3]
        assert near == ["2026-11-25T14:00Z", "2026-11-25T14:15Z", "2026-11-25T15:45Z"]
    assert start_of(book, request) == request.starts_at


@pytest.mark.parametrize(
    "to",
    [
        "2026-11-25T10:07:00-05:00",  # off the grid
        "2026-11-22T15:00Z",  # a Sunday
        "2026-11-26T15:00Z",  # a holiday
        "2026-11-20T15:30Z",  # half an hour from now
        "2026-11-19T15:00Z",  # yesterday
        "2028-11-24T15:00Z",  # beyond the horizon
        "8999-12-31T23:59Z",
        "1971-01-01T00:00Z",
    ],
)
def test_a_time_the_clinic_does_not_have_is_not_taken(
    book: Book, web: httpx.Client, to: str
) -> None:
    request = book.take()

    looked = web.get(f"{book.path(request)}/move", params={"to": to})
    sent = move(web, book.path(request), to)

    assert (looked.status_code, sent.status_code) == (409, 409)
    assert "is no longer free" in words(sent)
    assert start_of(book, request) == request.starts_at


@pytest.mark.parametrize(
    "to",
    ["now", "2026-11-25", "2026-11-25T10:00", "9999-12-31T23:59-12:00", "0001-01-01T00:00+12:00",
     "\x00", "2026-11-25T10:00Z" * 300],
)  # fmt: skip
def test_what_is_no_time_is_answered_with_times(book: Book, web: httpx.Client, to: str) -> None:
    request = book.take()

    looked = web.get(f"{book.path(request)}/move", params={"to": to})
    sent = move(web, book.path(request), to)

    assert (looked.status_code, sent.status_code) == (400, 400)
    assert "We could not read that time" in words(sent)
    assert offered_times(sent)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"starts_at", b"starts_at=", b"&" * 50, b'{"starts_at": 1}', b"a=1&" * 40],
)
def test_a_form_of_any_shape_is_answered(book: Book, web: httpx.Client, body: bytes) -> None:
    request = book.take()

    answer = web.post(f"{book.path(request)}/move", content=body, headers=OURS)

    assert answer.status_code == 400
    assert start_of(book, request) == request.starts_at


def test_a_form_that_is_too_large_is_refused(book: Book, web: httpx.Client) -> None:
    request = book.take()

    answer = web.post(f"{book.path(request)}/cancel", content=b"a" * 20_000, headers=OURS)

    assert answer.status_code == 413
    assert status_of(book, request) is Status.NEW


# --- two windows ---


def test_a_window_that_has_not_heard_of_a_move_is_told(book: Book, web: httpx.Client) -> None:
    request = book.take()
    moved(book, request)

    answer = move(web, book.path(request), "2026-11-27T15:00Z", seen="2026-11-24T20:00Z")

    assert answer.status_code == 409
    assert "was moved meanwhile" in words(answer)
    assert "you keep Wednesday 25 November 2026 at 10:00 am" in words(answer)
    assert start_of(book, request) == book.at(WEDNESDAY_TEN)


def test_a_window_that_has_not_heard_of_a_move_asks_again_before_it_cancels(
    book: Book, web: httpx.Client
) -> None:
    request = book.take()
    moved(book, request)

    answer = cancel(web, book.path(request), seen="2026-11-24T20:00Z")
    again = cancel(web, book.path(request), seen="2026-11-25T15:00Z")

    assert answer.status_code == 409
    assert "was moved meanwhile" in words(answer)
    assert "Wednesday 25 November 2026 10:00 am" in words(answer)
    assert again.status_code == 303
    assert status_of(book, request) is Status.CANCELLED


def test_a_window_that_has_not_heard_of_the_cancelling_is_told(
    book: Book, web: httpx.Client
) -> None:
    request = book.take()
    cancelled(book, request)

    answer = move(web, book.path(request), "2026-11-27T15:00Z", seen="2026-11-24T20:00Z")

    assert answer.status_code == 409
    assert "Cancelled This consultation does not take place" in words(answer)


def test_the_clinics_answer_in_between_stops_no_visitor(book: Book, web: httpx.Client) -> None:
    request = book.take()
    confirmed(book, request)

    answer = cancel(web, book.path(request), seen="2026-11-24T20:00Z")

    assert answer.status_code == 303
    assert status_of(book, request) is Status.CANCELLED


def test_windows_that_decide_at_once_all_get_a_word(book: Book, web: httpx.Client) -> None:
    request = book.take()
    path = book.path(request)

    def decide(number: int) -> int:
        if number % 4 == 0:
            return cancel(web, path, seen="2026-11-24T20:00Z").status_code
        hour = 14 + number % 4
        return move(web, path, f"2026-11-25T{hour}:00Z", seen="2026-11-24T20:00Z").status_code

    with ThreadPoolExecutor(16) as windows:
        answers = list(windows.map(decide, range(32)))

    assert set(answers) <= {303, 409}
    assert 303 in answers
    with book.engine.connect() as connection:
        taken = connection.scalar(text("SELECT count(*) FROM occupied_steps"))
    assert taken == (0 if status_of(book, request) is Status.CANCELLED else 9)


def test_visitors_who_want_one_time_get_it_once_for_each_room(
    book: Book, web: httpx.Client
) -> None:
    hours = ("09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00")
    requests = [book.take(f"2026-11-24T{hour}-05:00") for hour in hours]

    with ThreadPoolExecutor(8) as visitors:
        answers = list(
            visitors.map(lambda one: move(web, book.path(one), "2026-11-25T15:00Z"), requests)
        )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [303, 303] + [409] * 6
    for answer in answers:
        if answer.status_code == 409:
            assert "is no longer free" in words(answer)
            assert "2026-11-25T15:00Z" not in offered_times(answer)
            assert len(offered_times(answer)) > 3


# --- cancelling ---


def test_cancelling_is_asked_about_and_then_done(book: Book, web: httpx.Client) -> None:
    request = book.take()

    asked = web.get(f"{book.path(request)}/cancel")
    before = status_of(book, request)
    answer = cancel(web, book.path(request), seen="2026-11-24T20:00Z")
    page = web.get(answer.headers["location"])

    assert "You have Tuesday 24 November 2026 3:00 pm" in words(asked)
    assert before is Status.NEW
    assert answer.status_code == 303
    assert "Thank you for letting us know" in words(page)
    stored = show_request(book.engine, request.reference)
    assert stored.status is Status.CANCELLED
    assert stored.events[-1].actor == "visitor"


def test_a_form_that_is_sent_twice_cancels_once(book: Book, web: httpx.Client) -> None:
    request = book.take()

    answers = [cancel(web, book.path(request)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert len(show_request(book.engine, request.reference).events) == 2


def test_the_time_of_a_cancelled_request_is_free_for_others(book: Book, web: httpx.Client) -> None:
    request, other = book.take(), book.take("2026-11-25T12:00-05:00")
    book.take()
    week = f"{book.path(other)}/move?week=2026-11-24"

    before = offered_times(web.get(week))
    cancel(web, book.path(request))
    after = offered_times(web.get(week))

    assert "2026-11-24T20:00Z" not in before
    assert "2026-11-24T20:00Z" in after


@pytest.mark.parametrize("done", ["moved", "cancelled", "<script>", ""])
def test_an_address_alone_says_nothing_that_was_not_done(
    book: Book, web: httpx.Client, done: str
) -> None:
    page = web.get(book.path(book.take()), params={"done": done})

    assert "Done." not in words(page)


# --- calendar ---


def entry_of(answer: httpx.Response) -> Any:
    return vobject.readOne(answer.text)


def test_the_calendar_file_has_the_time_and_the_way_back(book: Book, web: httpx.Client) -> None:
    request = book.take()

    answer = web.get(f"{book.path(request)}/calendar.ics")

    assert answer.headers["content-type"].startswith("text/calendar; charset=utf-8")
    assert answer.headers["content-disposition"] == 'inline; filename="consultation.ics"'
    calendar = entry_of(answer)
    assert calendar.method.value == "PUBLISH"
    assert calendar.vevent.uid.value == f"{request.reference}@needlepoint"
    assert calendar.vevent.status.value == "TENTATIVE"
    assert calendar.vevent.dtstart.value == book.at("2026-11-24T15:00-05:00")
    assert f"https://book.clinic.example{book.path(request)}" in answer.text.replace("\r\n ", "")


def test_a_later_calendar_file_replaces_the_one_before(book: Book, web: httpx.Client) -> None:
    request = book.take()
    path = f"{book.path(request)}/calendar.ics"

    first = entry_of(web.get(path)).vevent
    moved(book, request)
    second = entry_of(web.get(path)).vevent
    cancelled(book, request)
    third = entry_of(web.get(path))

    assert first.uid.value == second.uid.value == third.vevent.uid.value
    assert [int(each.sequence.value) for each in (first, second, third.vevent)] == [0, 1, 2]
    assert second.dtstart.value == book.at(WEDNESDAY_TEN)
    assert third.method.value == "CANCEL"
    assert third.vevent.status.value == "CANCELLED"


# --- when something is down, or too much ---


def test_a_locked_database_is_told_with_the_phone_number(
    book: Book, serve_book: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve_book()
    request = book.take()

    with sqlite3.connect(tmp_path / "booking.db") as other:
        other.execute("BEGIN IMMEDIATE")
        answer = cancel(server.http, book.path(request))

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "call us on +1 202-555-0143" in words(answer)
    assert status_of(book, request) is Status.NEW


def test_a_database_that_is_gone_is_told_too(book: Book, serve_book: Callable[..., Server]) -> None:
    request = book.take()
    server = serve_book()
    with book.engine.begin() as connection:
        connection.execute(text("ALTER TABLE consultation_requests RENAME TO elsewhere"))

    answers = [server.http.get(f"{book.path(request)}{way}") for way in ("", "/move", "/cancel")]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert "We can’t open our book just now" in words(answers[0])


def test_who_opens_too_many_links_has_to_wait(
    book: Book, serve_book: Callable[..., Server]
) -> None:
    web = serve_book(rate_limit="3/minute").http
    path = book.path(book.take())

    answers = [web.get(path), web.get("/manage/guess"), web.get(path), web.get(path)]

    assert [answer.status_code for answer in answers] == [200, 404, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert "Please wait a minute" in words(answers[-1])
    assert answers[-1].headers["cache-control"] == "no-store"


def test_what_fails_inside_is_logged_without_the_link(
    book: Book,
    serve_book: Callable[..., Server],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken inside")

    request = book.take()
    web = serve_book().http
    monkeypatch.setattr("web.manage.show_request", fail)

    answer = web.get(book.path(request))

    assert answer.status_code == 500
    assert "broken inside" in caplog.text
    assert "GET /manage/{token} failed" in caplog.text
    assert book.path(request) not in caplog.text


# --- words ---


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("ana.lopez@example.com", "a•••@example.com"),
        ("ana@example.com", "a•••@example.com"),
        ("al@example.com", "•••@example.com"),
        ("a@example.com", "•••@example.com"),
        ("øyvind@bücher.example", "ø•••@bücher.example"),
    ],
)
def test_an_email_is_shown_by_its_first_letter(email: str, masked: str) -> None:
    assert masked_email(email) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+12025550164", "+1 •••-•••-••64"),
        ("+447700900456", "+44 •••• ••••56"),
        ("+4930123456", "+49 •• ••••56"),
        ("+6421123456", "+64 •• ••• •56"),
    ],
)
def test_a_phone_is_shown_by_its_last_digits(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T20:00Z", "2026-11-24T20:00+00:00"),
        ("2026-11-24T15:00-05:00", "2026-11-24T20:00+00:00"),
        ("2026-11-24T21:00 01:00", "2026-11-24T20:00+00:00"),
        ("2026-11-24T20:00", None),
        ("", None),
        (None, None),
        ("9999-12-31T23:59-23:59", None),
    ],
)
def test_moments_are_read_from_addresses(text: str | None, moment: str | None) -> None:
    expected = datetime.fromisoformat(moment) if moment else None

    assert read_moment(text) == expected


def test_days_are_read_from_addresses() -> None:
    assert str(read_day("2026-11-24")) == "2026-11-24"
    assert read_day("24.11.2026") is None
    assert read_day(None) is None


def test_the_hour_that_comes_twice_is_listed_in_its_order(book: Book) -> None:
    zone = book.clinic.zone
    starts = [
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC) + timedelta(hours=n)).astimezone(zone)
        for n in range(3)
    ]

    [day] = free_days(starts, zone, None, starts[0].date())

    [(name, times)] = day.parts
    assert name == "Morning"
    assert [(time.value, time.clock) for time in times] == [
        ("2026-11-01T05:30Z", "1:30 am"),
        ("2026-11-01T06:30Z", "1:30 am"),
        ("2026-11-01T07:30Z", "2:30 am"),
    ]


def test_a_visitors_clock_is_left_out_while_it_shows_the_same(book: Book) -> None:
    zone = book.clinic.zone
    # London changes its clocks a week before New York does, Phoenix never.
    between = datetime(2026, 10, 28, 15, 0, tzinfo=UTC)
    winter = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)

    assert when_of(between, zone, "Europe/London").visitors == "3:00 pm in London"
    assert when_of(winter, zone, "America/Bogota").visitors is None
    assert when_of(between, zone, "America/Bogota").visitors == "10:00 am in Bogota"


def test_weeks_are_told_by_their_days() -> None:
    assert week_title(date(2026, 11, 23)) == "23 to 29 November"
    assert week_title(date(2026, 12, 28)) == "28 December to 3 January"


def test_a_clinic_without_a_cut_off_lets_visitors_change_until_the_start(
    book: Book, web: httpx.Client
) -> None:
    rules = book.clinic.booking.model_copy(update={"change_cutoff_hours": 0})
    free_to_change: Clinic = book.clinic.model_copy(update={"booking": rules})
    request = book.take()
    start = request.starts_at

    assert view_of(request, free_to_change, start - timedelta(minutes=1)).can_change
    assert not view_of(request, free_to_change, start).can_change
