"""Signing in, accounts and the requests board in a browser: phone, tablet, desktop, no script."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from booking.clinic import EmailHandOff, HandOff
from booking.database import writing
from booking.details import Contact
from booking.messages import leave_message
from booking.models import ConsultationRequest, Delivery, OutboxEntry, Status
from booking.requests import STAFF, cancel_request, confirm_request, show_request
from tests.web.booked import Book
from tests.web.staffed import JONAS, MARA, PASSWORD, Staffed
from web.staff.accounts import add_account

from .accessibility import shortcomings
from .conftest import PHONE, OpenPage
from .staffed_site import clinic_with_console, sign_in

TABLET, LAPTOP = (820, 1180), (1280, 800)
SIZES = [PHONE, TABLET, LAPTOP]
BOARD = "/staff/requests"


@pytest.fixture(scope="module")
def desk_and_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Staffed, Book]]:
    with clinic_with_console(tmp_path_factory.mktemp("clinic")) as (desk, book):
        add_account(desk.engine, MARA, PASSWORD, "admin")
        add_account(desk.engine, JONAS, PASSWORD, "editor")
        yield desk, book


@pytest.fixture
def desk(desk_and_book: tuple[Staffed, Book]) -> Staffed:
    return desk_and_book[0]


@pytest.fixture
def book(desk_and_book: tuple[Staffed, Book]) -> Book:
    return desk_and_book[1]


@pytest.fixture
def taken(book: Book) -> Iterator[Callable[..., ConsultationRequest]]:
    """Makes requests whose times are free again after the test."""
    requests: list[ConsultationRequest] = []

    def take(*args: Any, **details: Any) -> ConsultationRequest:
        requests.append(book.take(*args, **details))
        return requests[-1]

    yield take

    for request in requests:
        if status_of(book, request) in (Status.NEW, Status.CONFIRMED, Status.RESCHEDULED):
            cancel_request(book.engine, book.clinic, request.reference, actor=STAFF, now=book.now())


Take = Callable[..., ConsultationRequest]


@pytest.fixture
def enter(desk: Staffed, open_page: OpenPage) -> Callable[..., Page]:
    """Opens a page of the console, signed in."""

    def open_signed_in(path: str, size: tuple[int, int] = LAPTOP, name: str = MARA, **more: Any):
        page = open_page(desk.url + path, size, **more)
        sign_in(page, name)
        return page

    return open_signed_in


def status_of(book: Book, request: ConsultationRequest) -> Status:
    return show_request(book.engine, request.reference).status


def fits(page: Page) -> bool:
    """Whether nothing makes the page wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible_and_fits(
    desk: Staffed, book: Book, open_page: OpenPage, taken: Take, size: tuple[int, int]
) -> None:
    request = taken(visitor_zone="Europe/Berlin")
    link = f"{BOARD}/{request.reference}"
    pages = [
        *(BOARD, f"{BOARD}?show=upcoming", f"{BOARD}?show=today", f"{BOARD}?search=ana"),
        *(f"{BOARD}/messages", f"{BOARD}/hand-offs", link, f"{link}/move"),
        *(f"{link}/move?to=2026-11-27T15:00Z", "/staff/people", "/staff/log", "/staff/me"),
        *("/staff/nothing", f"{BOARD}/NP-XXXXXX"),
    ]
    page = open_page(f"{desk.url}/staff", size)
    found = {"sign in": shortcomings(page)}
    sign_in(page, MARA)

    for path in pages:
        page.goto(desk.url + path)
        found[path] = shortcomings(page) + ([] if fits(page) else ["wider than the window"])

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_a_wrong_password_is_told_and_the_name_need_not_be_typed_again(
    desk: Staffed, open_page: OpenPage
) -> None:
    page = open_page(f"{desk.url}/staff")

    sign_in(page, JONAS, "not the password")

    expect(page.get_by_role("alert")).to_contain_text("Name and password don’t go together.")
    expect(page.get_by_label("Name")).to_have_value(JONAS)
    expect(page.get_by_label("Password")).to_be_focused()
    assert shortcomings(page) == []


def test_somebody_signs_in_and_out_with_the_keyboard_alone(
    desk: Staffed, open_page: OpenPage
) -> None:
    page = open_page(f"{desk.url}/staff")

    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(JONAS)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name=JONAS)).to_be_visible()
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def test_an_editor_has_no_way_to_the_accounts(enter: Callable[..., Page]) -> None:
    page = enter(BOARD, name=JONAS)

    expect(page.get_by_role("link", name="Requests", exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name="Staff", exact=True)).to_have_count(0)


def test_an_admin_adds_somebody_who_can_sign_in(
    desk: Staffed, enter: Callable[..., Page], open_page: OpenPage
) -> None:
    page = enter("/staff/people")

    page.get_by_label("Name").fill("Priya Shah")
    page.get_by_label("First password").fill("eleven linden leaves")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_have_text("Priya Shah can sign in now.")

    theirs = open_page(f"{desk.url}/staff")
    sign_in(theirs, "Priya Shah", "eleven linden leaves")
    expect(theirs.get_by_role("link", name="Priya Shah")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_request_is_found_on_the_board_and_confirmed(
    book: Book, enter: Callable[..., Page], taken: Take, script: bool
) -> None:
    request = taken()
    page = enter(BOARD, script=script)

    page.get_by_role("row").filter(has_text=request.reference).get_by_role("link").click()
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("status")).to_contain_text("Confirmed.")
    expect(page.get_by_role("region", name="History")).to_contain_text(f"{MARA} confirmed it")
    assert status_of(book, request) is Status.CONFIRMED


@pytest.mark.parametrize("script", [True, False])
def test_a_request_is_moved_to_a_free_time(
    book: Book, enter: Callable[..., Page], taken: Take, script: bool
) -> None:
    request = taken()
    page = enter(f"{BOARD}/{request.reference}", script=script)

    page.get_by_role("link", name="Move").click()
    page.get_by_text("Friday 27 November", exact=True).click()
    page.get_by_role("link", name="10:00 am, Friday 27 November").click()
    page.get_by_role("button", name="Move it").click()

    expect(page.get_by_role("status")).to_contain_text("Moved.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Friday 27 November 2026")


def test_declining_asks_first(book: Book, enter: Callable[..., Page], taken: Take) -> None:
    request = taken()
    page = enter(f"{BOARD}/{request.reference}")

    page.get_by_text("Decline", exact=True).first.click()
    expect(page.get_by_text("Its time becomes free for others")).to_be_visible()
    assert status_of(book, request) is Status.NEW
    assert shortcomings(page) == []
    page.get_by_role("button", name=f"Decline {request.reference} for good").click()

    expect(page.get_by_role("status")).to_contain_text("Declined.")
    assert status_of(book, request) is Status.DECLINED


def test_of_two_people_the_second_sees_what_the_first_decided(
    book: Book, enter: Callable[..., Page], taken: Take
) -> None:
    request = taken()
    maras = enter(f"{BOARD}/{request.reference}")
    jonas = enter(f"{BOARD}/{request.reference}", name=JONAS)

    maras.get_by_role("button", name="Confirm").click()
    expect(maras.get_by_role("status")).to_contain_text("Confirmed.")
    jonas.get_by_text("Decline", exact=True).first.click()
    jonas.get_by_role("button", name="for good").click()

    expect(jonas.get_by_role("alert")).to_contain_text("Mara Quinn confirmed it")
    assert shortcomings(jonas) == []
    assert status_of(book, request) is Status.CONFIRMED


def test_a_note_is_kept_for_the_others(book: Book, enter: Callable[..., Page], taken: Take) -> None:
    request = taken()
    page = enter(f"{BOARD}/{request.reference}", PHONE)

    page.get_by_label("Note for staff only").fill("Prefers the afternoon.\nCall first.")
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_role("status")).to_have_text("The note is saved.")

    theirs = enter(f"{BOARD}/{request.reference}", name=JONAS)
    expect(theirs.get_by_label("Note for staff only")).to_have_value(
        "Prefers the afternoon.\nCall first."
    )


def test_a_failed_hand_off_is_mended_from_the_board(
    book: Book, enter: Callable[..., Page], taken: Take
) -> None:
    plain = book.clinic
    email = EmailHandOff(sender="desk@clinic.example", notify=("team@clinic.example",))
    book.clinic = plain.model_copy(update={"hand_off": HandOff(email=email)})
    request = taken(email=None)
    book.clinic = plain
    with writing(book.engine) as session:
        for entry in session.query(OutboxEntry):
            entry.state, entry.attempts, entry.error = Delivery.DEAD, 9, "550 no such mailbox"
    page = enter(BOARD)

    page.get_by_role("link", name="See what to do").click()
    expect(page.get_by_role("cell", name="550 no such mailbox")).to_be_visible()
    assert shortcomings(page) == []
    page.get_by_role("row").filter(has_text=request.reference).get_by_role(
        "button", name="Try again"
    ).click()

    expect(page.get_by_role("status")).to_have_text("It is tried again now.")
    expect(page.get_by_text("Nothing has failed.")).to_be_visible()


def test_a_message_that_was_left_can_be_answered(book: Book, enter: Callable[..., Page]) -> None:
    leave_message(
        book.engine,
        book.clinic,
        text="Do you have parking?",
        contact=Contact(email="ana.lopez@example.com", phone="+12025550164"),
        conversation_id="left",
        idempotency_key="left",
        now=book.now(),
    )
    page = enter(f"{BOARD}/messages", PHONE)

    expect(page.get_by_text("Do you have parking?")).to_be_visible()
    expect(page.get_by_role("link", name="ana.lopez@example.com")).to_have_attribute(
        "href", "mailto:ana.lopez@example.com"
    )
    assert shortcomings(page) == []
    assert fits(page)


def test_confirmed_requests_of_today_stand_in_todays_list(
    book: Book, enter: Callable[..., Page], taken: Take
) -> None:
    request = taken("2026-11-20T15:00-05:00")
    confirm_request(book.engine, book.clinic, request.reference, actor=MARA, now=book.now())

    page = enter(f"{BOARD}?show=today", TABLET)

    expect(page.get_by_role("row").filter(has_text=request.reference)).to_contain_text("3:00 pm")
