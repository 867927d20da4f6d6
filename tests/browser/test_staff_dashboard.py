"""The dashboard in a browser: phone, tablet, desktop, with and without script."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from faq.inbox import Missed, record_question
from tests.web.staffed import JONAS, PASSWORD, Staffed
from tests.web.talked import Talk
from web.staff.accounts import add_account

from .accessibility import shortcomings
from .conftest import PHONE, OpenPage
from .staffed_site import clinic_with_console, sign_in

TABLET, LAPTOP = (820, 1180), (1280, 800)
PAGE = "/staff/dashboard"
DAYS, WEEKS = "?from=2024-11-01&to=2024-11-30", "?from=2024-09-01&to=2024-11-30"
OUTCOMES = ("answered", "clarified", "professional", "declined", "urgent", "handed_over")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staffed]:
    """A console whose assistant talked through November, and somewhat less in October."""
    with clinic_with_console(tmp_path_factory.mktemp("clinic")) as (desk, _):
        add_account(desk.engine, JONAS, PASSWORD, "editor")
        talk = Talk(desk.server.engine)
        for day in range(1, 31):
            for number in range(day % 7 + 1):
                moment, who = f"2024-11-{day:02} 1{number}:00", f"november {day} {number}"
                outcome = OUTCOMES[(day + number) % 6]
                faq = "downtime" if outcome == "answered" else None
                thumb = (None, "up", "down")[number % 3]
                talk.ask(moment, outcome, conversation=who, faq=faq, thumb=thumb)
        for day in range(1, 31, 3):
            talk.ask(f"2024-10-{day:02} 10:00", "answered", conversation=f"october {day}")
        missed = Missed("do you have parking", "declined", "m", "c", talk.at("2024-11-05 10:00"))
        assert record_question(desk.engine, missed)
        yield desk


def enter(
    desk: Staffed, open_page: OpenPage, path: str, size: tuple[int, int], **more: bool
) -> Page:
    page = open_page(desk.url + path, size, **more)
    sign_in(page, JONAS)
    return page


def fits(page: Page) -> bool:
    """Whether nothing makes the page wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("size", [PHONE, TABLET, LAPTOP])
def test_every_state_is_accessible_and_fits(
    desk: Staffed, open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = enter(desk, open_page, PAGE, size)
    found = {}

    for query in (DAYS, WEEKS, "?from=2024-11-05&to=2024-11-05", "?from=2024-01-01&to=2024-01-02"):
        page.goto(f"{desk.url}{PAGE}{query}")
        summary = page.locator(".plot summary")
        if summary.count():
            summary.click()
        found[query] = shortcomings(page) + ([] if fits(page) else ["wider than the window"])
    page.goto(f"{desk.url}{PAGE}?days=nonsense")
    found["bad"] = shortcomings(page) + ([] if fits(page) else ["wider than the window"])

    assert {query: wrong for query, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("size", "shown"), [(PHONE, "narrow"), (TABLET, "middle"), (LAPTOP, "wide")]
)
def test_letters_of_a_plot_can_be_read_at_each_size(
    desk: Staffed, open_page: OpenPage, size: tuple[int, int], shown: str
) -> None:
    page = enter(desk, open_page, PAGE + DAYS, size)

    plots = page.get_by_role("img", name="Questions a day, and what became of them")

    expect(plots).to_have_count(1)
    expect(plots).to_have_class(f"drawn drawn-{shown}")
    assert plots.evaluate("plot => plot.getScreenCTM().a") * 14 >= 12  # pixels


def test_a_period_is_chosen_and_compared_without_script(desk: Staffed, open_page: OpenPage) -> None:
    page = enter(desk, open_page, PAGE, LAPTOP, script=False)

    page.get_by_label("From").fill("2024-11-01")
    page.get_by_label("To").fill("2024-11-30")
    page.get_by_role("button", name="Show").click()

    expect(page.locator(".lasting")).to_contain_text("1 to 30 November 2024")
    expect(page.locator(".lasting")).to_contain_text("compared with 2 to 31 October 2024")
    expect(page.locator(".tile").first).to_contain_text("Conversations")
    expect(page.locator(".tile").first).to_contain_text("9 before")
    expect(page.get_by_role("region", name="Asked and not known")).to_contain_text("parking")


def test_a_table_is_downloaded(desk: Staffed, open_page: OpenPage, tmp_path: Path) -> None:
    page = enter(desk, open_page, PAGE + DAYS, LAPTOP)

    with page.expect_download() as started:
        page.get_by_role("link", name="Days as CSV").click()
    file = tmp_path / "days.csv"
    started.value.save_as(file)

    assert started.value.suggested_filename == "assistant-days-2024-11-01-to-2024-11-30.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        days = list(csv.DictReader(opened))
    assert len(days) == 30
    assert days[4]["day"] == "2024-11-05"
    assert days[4]["messages"] == "6"


def test_a_bad_period_is_told_and_can_be_mended(desk: Staffed, open_page: OpenPage) -> None:
    page = enter(desk, open_page, f"{PAGE}?from=2024-11-30&to=2024-11-01", PHONE)

    expect(page.get_by_role("alert")).to_contain_text("is before the first")
    page.get_by_label("From").fill("2024-11-01")
    page.get_by_role("button", name="Show").click()

    expect(page.locator(".lasting")).to_contain_text("1 November 2024")
