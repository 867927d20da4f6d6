"""The inbox in a browser: a question that was missed becomes a phrasing with one click."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from booking.database import migrate, open_database
from faq.inbox import Missed, Reason, record_question
from faq.library import read_faqs
from tests.faq.content import make_content
from tests.web.running import FakeRasa, TestSettings, listening, start_server
from tests.web.staffed import MARA, PASSWORD, Staffed
from web.staff.accounts import add_account

from .accessibility import shortcomings
from .conftest import PHONE, OpenPage

TABLET, LAPTOP = (820, 1180), (1280, 800)
# Where somebody who wants to look at the pages has them photographed.
SHOTS = os.environ.get("STAFF_SCREENSHOTS")
FITS = "() => document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
def desk(tmp_path: Path, rasa: FakeRasa) -> Iterator[Staffed]:
    with ExitStack() as stack:
        own = TestSettings(tmp_path, stack.enter_context(listening(rasa.app)))
        make_content(own.content)
        migrate(own.booking_url)
        server = start_server(stack, own)
        engines = [open_database(url) for url in (own.staff_url, own.booking_url)]
        for engine in engines:
            stack.callback(engine.dispose)
        add_account(engines[0], MARA, PASSWORD, "editor")
        yield Staffed(server, *engines)


def open_inbox(
    desk: Staffed, open_page: OpenPage, size: tuple[int, int] = LAPTOP, *, script: bool = True
) -> Page:
    page = open_page(f"{desk.url}/staff/sign-in?next=/staff/inbox", size, script=script)
    page.get_by_label("Name").fill(MARA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff/inbox")
    return page


def ask(desk: Staffed, *texts: str, reason: Reason = "declined") -> None:
    for text in texts:
        missed = Missed(text, reason, str(uuid4()), uuid4().hex, time.time())
        assert record_question(desk.engine, missed)


def look(page: Page, name: str) -> None:
    """No rule of accessibility is broken, and nothing is wider than the window."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert shortcomings(page) == []
    assert page.evaluate(FITS)


@pytest.mark.parametrize("script", [True, False])
def test_a_question_the_assistant_missed_becomes_a_phrasing_with_one_click(
    desk: Staffed, rasa: FakeRasa, open_page: OpenPage, script: bool
) -> None:
    question = "I'm Zelda, how many days of downtime are there?"
    rasa.replies[question] = [{"text": "I don't know."}, {"custom": {"outcome": "declined"}}]
    assert desk.server.begin().say(question).status_code == 200
    page = open_inbox(desk, open_page, script=script)
    entry = page.get_by_role("listitem").filter(has_text="how many days of downtime are there?")
    for _ in range(20):
        if entry.count():
            break
        time.sleep(0.1)
        page.reload()

    expect(entry).not_to_contain_text("Zelda")
    expect(entry).to_contain_text("How long is the downtime?")
    entry.get_by_role("button", name=re.compile("Add .* to How long is the downtime")).click()

    expect(page.get_by_role("status")).to_contain_text("It is live once you publish")
    phrasings = read_faqs(desk.server.settings.content).get("downtime").phrasings
    assert "how many days of downtime are there?" in phrasings
    expect(page.get_by_text("Nothing is waiting")).to_be_visible()
    page.get_by_role("link", name="Look at the FAQ").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("How long is the downtime?")


def test_it_is_worked_through_by_keyboard(desk: Staffed, open_page: OpenPage) -> None:
    ask(desk, "do you sell gift cards")
    page = open_inbox(desk, open_page)

    page.get_by_role("button", name=re.compile("^Dismiss: ")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Dismissed")
    page.get_by_role("link", name="Dismissed 1").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Reopen: ")).focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("under To do again")


def test_what_the_check_refuses_can_be_mended_on_the_spot(
    desk: Staffed, open_page: OpenPage
) -> None:
    ask(desk, "downtime " * 60)
    page = open_inbox(desk, open_page)

    page.get_by_role("button", name=re.compile("^Add ")).click()
    expect(page.get_by_role("alert")).to_contain_text("characters")
    look(page, "inbox-refused")
    page.get_by_label("Wordings, one a line").fill("downtime, how much?")
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_role("status")).to_contain_text("Added to")
    assert (
        "downtime, how much?" in read_faqs(desk.server.settings.content).get("downtime").phrasings
    )


@pytest.mark.parametrize(
    ("name", "size"), [("phone", PHONE), ("tablet", TABLET), ("laptop", LAPTOP)]
)
def test_every_page_can_be_used_by_everybody(
    desk: Staffed, rasa: FakeRasa, open_page: OpenPage, name: str, size: tuple[int, int]
) -> None:
    page = open_inbox(desk, open_page, size)
    look(page, f"inbox-empty-{name}")
    rasa.replies["do you sell gift cards"] = [
        {"text": "I don't know."},
        {"custom": {"outcome": "declined"}},
    ]
    desk.server.begin().say("do you sell gift cards")
    ask(desk, "how many days of downtime are there", "how many days of downtime will there be")
    ask(desk, "is " + "averyveryverylongword" * 12 + " safe", reason="unhelpful")
    ask(desk, "can i come while taking blood thinners", reason="professional")
    page.goto(f"{desk.url}/staff/inbox")
    look(page, f"inbox-{name}")

    page.get_by_role("link", name="Choose or edit").first.click()
    look(page, f"inbox-group-{name}")
    page.get_by_role("link", name="Inbox").last.click()
    entry = page.get_by_role("listitem").filter(has_text="gift cards")
    entry.get_by_role("link", name="See the conversation").click()
    expect(page.get_by_text("I don't know.")).to_be_visible()
    look(page, f"inbox-conversation-{name}")
