"""The pages behind a manage link in a browser: on a phone, on a desktop, and without script."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from booking.models import ConsultationRequest, Status
from booking.requests import STAFF, VISITOR, cancel_request, confirm_request, show_request
from tests.web.booked import TUESDAY_THREE, Book, open_book
from web.limits import RateLimits
from web.manage import Desk, manage_router
from web.site import site_templates

from .accessibility import shortcomings
from .conftest import CHROMIUM, CHROMIUM_ARGS, DESKTOP, PHONE, OpenPage, clinic_site
from .fake_chat import FakeChat, serving

SMALLEST = (320, 568)
SHORTEST_TARGET = 44


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    book = open_book(tmp_path_factory.mktemp("book"))
    yield book
    book.engine.dispose()


@pytest.fixture(scope="module")
def origin(book: Book) -> Iterator[str]:
    """The clinic's site with the pages behind the links."""
    app = clinic_site(FakeChat())
    desk = Desk(
        engine=book.engine,
        clinic=book.clinic,
        links=book.links,
        limits=RateLimits("off"),
        public_url="https://book.clinic.example",
        now=book.now,
    )
    app.include_router(manage_router(site_templates(), desk))
    with serving(app) as origin:
        yield origin


@pytest.fixture
def taken(book: Book) -> Iterator[Callable[..., ConsultationRequest]]:
    """Makes requests that are gone, with their times, after the test."""
    requests: list[ConsultationRequest] = []

    def take(moment: str = TUESDAY_THREE, **details: Any) -> ConsultationRequest:
        requests.append(book.take(moment, **details))
        return requests[-1]

    yield take

    for request in requests:
        if status_of(book, request) is not Status.CANCELLED:
            cancel_request(book.engine, book.clinic, request.reference, actor=STAFF, now=book.now())


Take = Callable[..., ConsultationRequest]


def status_of(book: Book, request: ConsultationRequest) -> Status:
    return show_request(book.engine, request.reference).status


PAGES = ("", "/move", "/move?to=2026-11-27T15:00Z", "/move?to=2026-11-26T15:00Z", "/cancel")


@pytest.mark.parametrize("suffix", PAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_page_is_accessible(
    book: Book, origin: str, open_page: OpenPage, taken: Take, suffix: str, size: tuple[int, int]
) -> None:
    request = taken(visitor_zone="Europe/Berlin")

    page = open_page(origin + book.path(request) + suffix, size)

    assert shortcomings(page) == []


@pytest.mark.parametrize("suffix", PAGES)
@pytest.mark.parametrize("size", [SMALLEST, PHONE, (820, 1100), DESKTOP])
def test_a_page_never_scrolls_sideways(
    book: Book, origin: str, open_page: OpenPage, taken: Take, suffix: str, size: tuple[int, int]
) -> None:
    request = taken(visitor_zone="Asia/Tokyo", concern="w" * 300, email=f"{'m' * 60}@example.com")

    page = open_page(origin + book.path(request) + suffix, size)

    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_what_is_over_and_what_is_wrong_is_accessible_too(
    book: Book, origin: str, open_page: OpenPage, taken: Take, size: tuple[int, int]
) -> None:
    over, soon = taken(), taken("2026-11-20T15:00-05:00")
    cancel_request(book.engine, book.clinic, over.reference, actor=VISITOR, now=book.now())
    confirm_request(book.engine, book.clinic, soon.reference, actor=STAFF, now=book.now())

    for path in (book.path(over), book.path(soon), "/manage/garbled"):
        assert shortcomings(open_page(origin + path, size)) == []


@pytest.mark.parametrize("suffix", PAGES)
def test_everything_to_press_is_high_enough_for_a_thumb(
    book: Book, origin: str, open_page: OpenPage, taken: Take, suffix: str
) -> None:
    page = open_page(origin + book.path(taken()) + suffix, PHONE)

    to_press = page.locator("main :is(.button, .text-link, .times a, summary, nav a, input)")
    heights = {
        each.inner_text(): each.bounding_box() for each in to_press.all() if each.is_visible()
    }

    assert heights
    assert {
        name: box["height"]
        for name, box in heights.items()
        if box and box["height"] < SHORTEST_TARGET
    } == {}


def choose(page: Page, day: str, clock: str) -> None:
    page.get_by_role("link", name="Choose another time").click()
    page.locator("summary", has_text=day).click()
    page.get_by_role("link", name=f"{clock}, {day}").click()


@pytest.mark.parametrize(("size", "script"), [(PHONE, False), (PHONE, True), (DESKTOP, True)])
def test_a_visitor_moves_a_consultation(
    book: Book, origin: str, open_page: OpenPage, taken: Take, size: tuple[int, int], script: bool
) -> None:
    request = taken()
    page = open_page(origin + book.path(request), size, script=script)

    choose(page, "Friday 27 November", "10:00 am")
    page.get_by_role("button", name="Move it").click()

    expect(page.get_by_role("status")).to_have_text("Done. Your consultation has been moved.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Friday 27 November 2026 10:00 am")
    stored = show_request(book.engine, request.reference)
    assert stored.starts_at == book.at("2026-11-27T10:00-05:00")
    assert page.url.endswith("?done=moved")


@pytest.mark.parametrize(("size", "script"), [(PHONE, False), (DESKTOP, True)])
def test_a_visitor_cancels_a_consultation(
    book: Book, origin: str, open_page: OpenPage, taken: Take, size: tuple[int, int], script: bool
) -> None:
    request = taken()
    page = open_page(origin + book.path(request), size, script=script)

    page.get_by_role("link", name="Cancel it").click()
    page.get_by_role("button", name="Cancel the consultation").click()

    expect(page.get_by_role("status")).to_have_text("Done. Thank you for letting us know.")
    assert status_of(book, request) is Status.CANCELLED


def test_a_visitor_keeps_a_consultation_after_all(
    book: Book, origin: str, open_page: OpenPage, taken: Take
) -> None:
    request = taken()
    page = open_page(origin + book.path(request), PHONE)

    page.get_by_role("link", name="Cancel it").click()
    page.get_by_role("link", name="Keep it").click()

    expect(page.get_by_text("Not confirmed yet")).to_be_visible()
    assert status_of(book, request) is Status.NEW


def test_going_back_shows_what_has_become_of_it(
    book: Book, origin: str, open_page: OpenPage, taken: Take
) -> None:
    request = taken()
    page = open_page(origin + book.path(request), PHONE)
    choose(page, "Friday 27 November", "10:00 am")
    page.get_by_role("button", name="Move it").click()
    page.get_by_role("status").wait_for()

    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_contain_text("27 November 2026 10:00 am")
    expect(page.get_by_role("button", name="Move it")).to_have_count(0)


def test_two_windows_at_once_both_get_a_word(
    book: Book, origin: str, open_page: OpenPage, taken: Take
) -> None:
    request = taken()
    first, second = (open_page(origin + book.path(request), PHONE) for _ in range(2))
    choose(first, "Friday 27 November", "10:00 am")
    choose(second, "Saturday 28 November", "11:00 am")

    first.get_by_role("button", name="Move it").click()
    first.get_by_role("status").wait_for()
    second.get_by_role("button", name="Move it").click()

    expect(second.get_by_role("alert")).to_contain_text("was moved meanwhile")
    expect(second.get_by_text("you keep Friday 27 November 2026 at 10:00 am")).to_be_visible()


def test_who_loses_a_race_sees_the_next_times_at_once(
    book: Book, origin: str, open_page: OpenPage, taken: Take
) -> None:
    request = taken()
    page = open_page(origin + book.path(request), PHONE)
    choose(page, "Friday 27 November", "10:00 am")
    for _ in book.clinic.practitioners:
        taken("2026-11-27T10:00-05:00")

    page.get_by_role("button", name="Move it").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("10:00 am on Friday 27 November 2026 is no longer free")
    expect(alert.get_by_role("link")).to_have_count(3)
    alert.get_by_role("link").first.click()
    page.get_by_role("button", name="Move it").click()
    expect(page.get_by_role("status")).to_have_text("Done. Your consultation has been moved.")


def test_one_day_is_unfolded_at_a_time(
    book: Book, origin: str, open_page: OpenPage, taken: Take
) -> None:
    page = open_page(origin + book.path(taken()) + "/move", PHONE)
    unfolded = page.locator("details[open] .day-name")

    expect(unfolded).to_have_text(["Tuesday 24 November"])
    page.locator("summary", has_text="Friday 27 November").click()

    expect(unfolded).to_have_text(["Friday 27 November"])


def test_another_date_can_be_looked_at(
    book: Book, origin: str, open_page: OpenPage, taken: Take
) -> None:
    page = open_page(origin + book.path(taken()) + "/move", PHONE, script=False)

    page.get_by_label("Look at another date").fill("2027-01-20")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_role("heading", level=2).first).to_have_text("18 to 24 January")


def test_forms_work_over_plain_http_where_browsers_say_less(
    book: Book, browser: Browser, origin: str, taken: Take
) -> None:
    request = taken()
    elsewhere = origin.replace("127.0.0.1", "clinic.test")
    path = CHROMIUM if Path(CHROMIUM).exists() else None
    resolving = [*CHROMIUM_ARGS, "--host-resolver-rules=MAP clinic.test 127.0.0.1"]
    other = browser.browser_type.launch(executable_path=path, args=resolving)
    try:
        page = other.new_page()
        page.goto(f"{elsewhere}{book.path(request)}/cancel")
        with page.expect_request(lambda sent: sent.method == "POST") as sent:
            page.get_by_role("button", name="Cancel the consultation").click()
        expect(page.get_by_role("status")).to_be_visible()
        headers = sent.value.all_headers()
    finally:
        other.close()

    assert "sec-fetch-site" not in headers
    assert headers["origin"] == elsewhere
    assert status_of(book, request) is Status.CANCELLED
