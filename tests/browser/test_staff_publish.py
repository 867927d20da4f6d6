"""Publishing in a browser: progress, a blocked publish, an admin's reason, a rollback."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from faq.rasa_project import RasaProject
from faq.trying import Answer, Part
from faq.versions import publish
from tests.faq.content import faq_text
from tests.faq.live import make_live
from tests.faq.training import REFUSAL, bad_verdict
from tests.web.publishing import Desk
from tests.web.staffed import JONAS, MARA, PASSWORD, console
from web.staff.accounts import add_account

from .accessibility import shortcomings
from .conftest import PHONE, OpenPage
from .staffed_site import sign_in

TABLET, LAPTOP = (820, 1180), (1280, 800)
SIZES = [PHONE, TABLET, LAPTOP]
# Where somebody who wants to look at the pages has them photographed.
SHOTS = os.environ.get("STAFF_SCREENSHOTS")
PUBLISH = "/staff/publish"

Enter = Callable[..., Page]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    # Models of a few bytes have no note of the code that trained them.
    monkeypatch.setattr(RasaProject, "is_loadable", lambda self, model: True)
    with console(tmp_path) as staffed:
        desk = Desk(staffed, make_live(tmp_path, "live.tar.gz"))
        desk.note("live.tar.gz")
        publish(staffed.engine, desk.live, "live.tar.gz", by=MARA, why="Our first answers")
        add_account(staffed.engine, MARA, PASSWORD, "admin")
        add_account(staffed.engine, JONAS, PASSWORD, "editor")
        yield desk


@pytest.fixture
def enter(desk: Desk, open_page: OpenPage) -> Enter:
    """Opens a page of the console, signed in."""

    def open_signed_in(
        path: str = PUBLISH, size: tuple[int, int] = LAPTOP, name: str = MARA, **more: bool
    ) -> Page:
        page = open_page(desk.staffed.url + path, size, **more)
        sign_in(page, name)
        return page

    return open_signed_in


def look(page: Page, name: str, size: tuple[int, int]) -> None:
    """No rule of accessibility is broken, and nothing is wider than the window."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-{size[0]}.png", full_page=True)
    assert shortcomings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def change_some(desk: Desk) -> None:
    """An edited FAQ, a new one, and an article."""
    desk.edit("Is there any downtime after the treatment?")
    text = faq_text("parking", "Where can I park?")
    phrasings = {
        "how long is the downtime": "where can i park",
        "can i go back to work the next day": "is there a car park",
        "recovery time": "parking",
        "when will i look normal again": "do you have spaces for cars",
        "do i have to take days off": "is parking free at the clinic",
    }
    for phrasing, other in phrasings.items():
        text = text.replace(phrasing, other)
    (desk.content / "faq" / "parking.yml").write_text(text, encoding="utf-8")
    article = desk.content / "articles" / "your-treatment.md"
    article.write_text(article.read_text() + "\n## Parking\n\nBehind the building.\n")


class FakeTrial:
    """Answers each question alike."""

    def ask(self, models: list[Path], text: str) -> list[Answer | None]:
        source = "your-treatment#downtime"
        faq = Part("faq/downtime", "Is there downtime?", "Usually very little.", source)
        declined = Part("nlu_fallback", "not understood", "I don't have an answer to that.", None)
        return [
            Answer("answered", (faq,), (), 0.9, "Numbing cream", 0.2),
            Answer("declined", (declined,), (), 0.2, None, 0.0),
        ]

    def close(self) -> None:
        pass


@pytest.mark.parametrize("size", SIZES)
def test_one_click_leads_to_live_with_progress_as_it_comes(
    desk: Desk, enter: Enter, size: tuple[int, int]
) -> None:
    change_some(desk)
    page = enter(size=size)
    expect(page.get_by_role("heading", name="3 changes wait to go live")).to_be_visible()
    look(page, "publish", size)

    page.get_by_label("Why").fill("People ask where to park")
    page.get_by_role("button", name="Check, train and try it").click()
    expect(page.get_by_text("It begins within seconds")).to_be_visible()
    look(page, "publish-waiting", size)

    def while_it_trains(tell: Callable[[str], None]) -> None:
        expect(page.locator(".job-steps .now")).to_have_text("Reading the training data")
        look(page, "publish-running", size)

    desk.trainer.meanwhile = while_it_trains
    desk.work()

    # The page goes on by itself.
    expect(page.get_by_role("heading", level=1)).to_have_text("Version 2 is live")
    expect(page.get_by_text("On its way")).to_be_visible()
    look(page, "publish-live", size)
    page.goto(desk.staffed.url + PUBLISH)
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_a_blocked_publish_tells_an_editor_what_to_mend(
    desk: Desk, enter: Enter, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.staff.console.Console.trial", FakeTrial())
    desk.trainer.found = bad_verdict()
    page = enter(size=size, name=JONAS)
    page.get_by_role("button", name="Check, train and try it").click()
    page.wait_for_url("**/jobs/*")
    desk.work()

    expect(page.get_by_role("heading", level=1)).to_have_text("Better not publish this")
    expect(page.get_by_text(REFUSAL)).to_be_visible()
    expect(page.get_by_text("Only an admin may publish it all the same")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    assert desk.live.name() == "live.tar.gz"

    page.get_by_label("Ask as a visitor would").fill("is there downtime?")
    page.get_by_role("button", name="Ask", exact=True).click()

    expect(page.get_by_role("status").get_by_text("Usually very little.")).to_be_visible()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    look(page, "publish-refused", size)


def test_an_admin_publishes_it_all_the_same_and_goes_back(desk: Desk, enter: Enter) -> None:
    change_some(desk)
    desk.trainer.found = bad_verdict()
    page = enter()
    page.get_by_role("button", name="Check, train and try it").click()
    page.wait_for_url("**/jobs/*")
    desk.work()

    page.get_by_text("Publish all the same").click()
    look(page, "publish-override", LAPTOP)
    page.get_by_label("Why it is to go live all the same").fill("That question is no longer asked")
    page.get_by_role("button", name="Publish against the trial").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Version 2 is live")
    assert desk.live.name() == "trained-1.tar.gz"

    page.goto(f"{desk.staffed.url}{PUBLISH}/versions")
    expect(page.get_by_text("against the trial")).to_be_visible()
    page.get_by_role("link", name="Roll back to version 1").click()
    expect(page.get_by_text("What visitors will get instead")).to_be_visible()
    page.get_by_label("Why").fill("The answer was wrong")
    page.get_by_role("button", name="Roll back").click()

    expect(page.get_by_role("status").first).to_contain_text("Version 1 is live again")
    assert desk.live.name() == "live.tar.gz"


@pytest.mark.parametrize("size", SIZES)
def test_versions_and_their_differences_fit_and_read_well(
    desk: Desk, enter: Enter, size: tuple[int, int]
) -> None:
    change_some(desk)
    (desk.live.models_dir / "b.tar.gz").write_bytes(b"model")
    desk.note("b.tar.gz")
    publish(desk.staffed.engine, desk.live, "b.tar.gz", by=JONAS, why="Parking, and a new title")

    page = enter(f"{PUBLISH}/versions", size)
    look(page, "versions", size)
    page.get_by_role("link", name="Version 2").click()
    page.get_by_text("Show the lines").click()
    look(page, "version", size)
    page.goto(f"{desk.staffed.url}{PUBLISH}/versions/1/roll-back")
    look(page, "roll-back", size)


def test_what_the_check_finds_leads_to_the_editor(desk: Desk, enter: Enter) -> None:
    path = desk.content / "faq" / "downtime.yml"
    path.write_text(path.read_text().replace("      - recovery time\n", ""))
    page = enter()
    page.get_by_role("button", name="Check, train and try it").click()
    page.wait_for_url("**/jobs/*")
    desk.work()

    expect(page.get_by_role("heading", level=1)).to_have_text("It did not work out")
    look(page, "publish-findings", LAPTOP)
    page.get_by_role("link", name="downtime", exact=True).click()
    page.wait_for_url("**/staff/faqs/edit/downtime")


def test_without_script_the_page_is_loaded_anew(desk: Desk, enter: Enter) -> None:
    desk.edit("Is there downtime?")
    page = enter(script=False)

    page.get_by_role("button", name="Check, train and try it").click()
    expect(page.get_by_text("It begins within seconds")).to_be_visible()
    desk.work()

    expect(page.get_by_role("heading", level=1)).to_have_text("Version 2 is live", timeout=15_000)
    assert desk.live.name() == "trained-1.tar.gz"
