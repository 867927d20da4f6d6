"""A visitor in a real browser, with every process running behind the page."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

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
    asked(dialog, "Contact: +12025550126")
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
