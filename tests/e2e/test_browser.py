"""A visitor in a real browser, with every process running behind the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from actions.offers import short_time
from needlepoint.settings import PROJECT_ROOT
from tests.browser.conftest import DESKTOP, PHONE, OpenPage, browser, open_page
from tests.e2e.stack import Stack

__all__ = ["browser", "open_page"]  # fixtures

# Ten ways to ask, and the section of an article that each answer rests on.
QUESTIONS = {
    "So what exactly is microneedling?": "/articles/what-is-microneedling",
    "does it hurt a lot": "/articles/your-treatment-and-aftercare",
    "How soon can I be back at work?": "/articles/your-treatment-and-aftercare",
    "will it fade my acne scars": "/articles/what-microneedling-improves",
    "can i do something about big pores on my nose": "/articles/what-microneedling-improves",
    "what is collagen": "/articles/how-microneedling-works",
    "Is it safe for black skin?": "/articles/is-microneedling-right-for-you",
    "i've got eczema, is that a problem": "/articles/is-microneedling-right-for-you",
    "may i sunbathe afterwards": "/articles/your-treatment-and-aftercare",
    "how many sessions would i need": "/articles/your-treatment-and-aftercare",
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go; NEEDLEPOINT_PICTURES names a folder to look at them afterwards."""
    asked = os.environ.get("NEEDLEPOINT_PICTURES")
    folder = Path(asked) if asked else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_chat(page: Page) -> Locator:
    page.get_by_role("button", name="Ask us").click()
    dialog = page.get_by_role("dialog", name="Linden Skin Clinic")
    expect(dialog.get_by_text("a computer program")).to_be_visible()
    return dialog


def say(dialog: Locator, text: str) -> None:
    field = dialog.get_by_role("textbox", name="Your message")
    field.fill(text)
    field.press("Enter")


def asked(dialog: Locator, text: str) -> None:
    """Waits until the assistant's latest message holds `text`."""
    expect(dialog.get_by_role("log").locator(".text").last).to_contain_text(text)


def choose(dialog: Locator, title: str) -> None:
    dialog.get_by_role("button", name=title, exact=True).last.click()


def requests_as_staff_see_them(stack: Stack) -> list[dict[str, Any]]:
    listed = subprocess.run(
        [PROJECT_ROOT / ".venv/bin/needlepoint", "requests", "list", "--json"],
        env=stack.environment,
        capture_output=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(listed.stdout)
    return found


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ten_questions_are_answered_with_their_sources(
    stack: Stack, open_page: OpenPage, pictures: Path, size: tuple[int, int]
) -> None:
    page = open_page(stack.url, size)
    page.screenshot(path=pictures / f"home-{size[0]}.png")
    dialog = open_chat(page)
    page.screenshot(path=pictures / f"greeting-{size[0]}.png")
    sources = dialog.get_by_role("link", name="From our article")

    for count, (question, article) in enumerate(QUESTIONS.items(), start=1):
        say(dialog, question)
        expect(sources).to_have_count(count)
        address = sources.last.get_attribute("href") or ""
        assert article in address, (question, address)

    page.screenshot(path=pictures / f"answers-{size[0]}.png")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_consultation_booked_with_an_interruption_and_corrections_arrives_once(
    stack: Stack, open_page: OpenPage, pictures: Path, size: tuple[int, int]
) -> None:
    before = requests_as_staff_see_them(stack)
    page = open_page(stack.url, size)
    dialog = open_chat(page)

    choose(dialog, "Book a free consultation")
    asked(dialog, "What name")
    say(dialog, "Zoë Marlow")
    asked(dialog, "How can our team reach you?")
    say(dialog, "how long will my face be red?")
    asked(dialog, "How can our team reach you?")
    say(dialog, "zoe@example.com")
    asked(dialog, "What would you like to talk about?")
    page.screenshot(path=pictures / f"form-{size[0]}.png")
    choose(dialog, "Acne scars")
    asked(dialog, "When would suit you?")
    say(dialog, "tuesday at 3pm")
    asked(dialog, "I need your agreement")
    choose(dialog, "Yes, I agree")
    asked(dialog, "Tuesday 24 November 2026 at 3:00 pm")
    say(dialog, "actually, make it 4pm")
    asked(dialog, "Tuesday 24 November 2026 at 4:00 pm")
    choose(dialog, "Change something")
    asked(dialog, "What shall I change?")
    choose(dialog, "Contact")
    asked(dialog, "How can our team reach you?")
    say(dialog, "202-555-0126")
    asked(dialog, "Contact: +1 202-555-0126")
    page.screenshot(path=pictures / f"summary-{size[0]}.png")
    choose(dialog, "Yes, send it")
    asked(dialog, "Your reference is NP-")
    page.screenshot(path=pictures / f"stored-{size[0]}.png")

    new = [one for one in requests_as_staff_see_them(stack) if one not in before]
    assert len(new) == 1
    wanted = {
        "status": "new",
        "name": "Zoë Marlow",
        "email": None,
        "phone": "+12025550126",
        "concern": "acne scars",
        "starts_at": "2026-11-24T16:00:00-05:00",
    }
    assert {key: new[0][key] for key in wanted} == wanted


# A time among the choices, such as "Tue 24 Nov, 3:00 pm".
A_TIME = re.compile(r"^\w{3} \d+ \w{3}, \d+:\d\d [ap]m$")


def test_a_consultation_booked_by_taps_is_moved_and_cancelled_by_its_link(
    stack: Stack, open_page: OpenPage, pictures: Path
) -> None:
    page = open_page(stack.url, PHONE)
    dialog = open_chat(page)

    choose(dialog, "Book a free consultation")
    asked(dialog, "What name")
    say(dialog, "Mirela Okonjo")
    asked(dialog, "How can our team reach you?")
    say(dialog, "mirela@example.com")
    asked(dialog, "What would you like to talk about?")
    choose(dialog, "Pigmentation")
    asked(dialog, "When would suit you?")
    page.screenshot(path=pictures / "times-390.png")
    first_offer = dialog.get_by_role("button", name=A_TIME).all_inner_texts()[-3:]
    choose(dialog, "Other times")
    asked(dialog, "Here are other free times.")
    page.screenshot(path=pictures / "other-times-390.png")
    other_offer = dialog.get_by_role("button", name=A_TIME).all_inner_texts()[-3:]
    choose(dialog, other_offer[0])
    asked(dialog, "I need your agreement")
    page.screenshot(path=pictures / "held-390.png")
    choose(dialog, "Yes, I agree")
    asked(dialog, "Let me read that back.")
    page.screenshot(path=pictures / "read-back-390.png")
    choose(dialog, "Yes, send it")
    asked(dialog, "Your reference is NP-")
    page.screenshot(path=pictures / "sent-390.png")

    # Other days, too: "Fri 20 Nov" is not offered again.
    assert len({choice.split(",")[0] for choice in [*first_offer, *other_offer]}) == 6
    [booked] = requests_of(stack, "mirela@example.com")
    assert short_time(datetime.fromisoformat(booked["starts_at"])) == other_offer[0]

    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="/manage/").click()
    manage = opened.value
    expect(manage.get_by_role("heading", level=1)).to_contain_text(other_offer[0][:3])
    manage.screenshot(path=pictures / "manage-390.png", full_page=True)
    manage.get_by_role("link", name="Choose another time").click()
    manage.screenshot(path=pictures / "manage-times-390.png", full_page=True)
    manage.get_by_label("Look at another date").fill("2026-12-15")
    manage.get_by_role("button", name="Show").click()
    manage.locator("summary", has_text="Tuesday 15 December").click()
    manage.screenshot(path=pictures / "manage-day-390.png", full_page=True)
    manage.get_by_role("link", name=re.compile("^10:00 am .*, Tuesday 15 December")).click()
    manage.screenshot(path=pictures / "manage-move-390.png", full_page=True)
    manage.get_by_role("button", name="Move it").click()
    expect(manage.get_by_role("status")).to_have_text("Done. Your consultation has been moved.")
    manage.screenshot(path=pictures / "manage-moved-390.png", full_page=True)
    [moved] = requests_of(stack, "mirela@example.com")
    assert (moved["status"], moved["starts_at"]) == ("rescheduled", "2026-12-15T10:00:00-05:00")

    say(dialog, "when is my appointment?")
    asked(dialog, "You can move or cancel it here")
    expect(dialog.get_by_text("was moved to Tuesday 15 December 2026 at 10:00 am")).to_be_visible()
    page.screenshot(path=pictures / "status-390.png")

    manage.get_by_role("link", name="Cancel it").click()
    manage.screenshot(path=pictures / "manage-cancel-390.png", full_page=True)
    manage.get_by_role("button", name="Cancel the consultation").click()
    expect(manage.get_by_role("status")).to_have_text("Done. Thank you for letting us know.")
    manage.screenshot(path=pictures / "manage-cancelled-390.png", full_page=True)
    [cancelled] = requests_of(stack, "mirela@example.com")
    assert cancelled["status"] == "cancelled"


def requests_of(stack: Stack, email: str) -> list[dict[str, Any]]:
    return [one for one in requests_as_staff_see_them(stack) if one["email"] == email]
