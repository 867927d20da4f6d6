"""The FAQs in a browser: findings while typing, a conflict, bad input, an article to a FAQ."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from faq.library import read_faq
from faq.writing import Draft, digest_of, save_faq
from tests.faq.content import ANSWER
from tests.web.staffed import MARA, PASSWORD, Staffed, console
from web.staff.accounts import add_account

from .accessibility import shortcomings
from .conftest import PHONE, OpenPage

TABLET, LAPTOP = (820, 1180), (1280, 800)
# Where somebody who wants to look at the pages has them photographed.
SHOTS = os.environ.get("STAFF_SCREENSHOTS")

TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth)
    .map((one) => one.outerHTML.slice(0, 100))"""

ARTICLE = """LED light therapy

LED light bathes the skin in coloured light. You lie on a couch and wear goggles over your eyes.

Recovery time

Most people have very little downtime. Redness and swelling tend to settle within a few hours.

Parking

Our car park is behind the building. You can stay for two hours.
"""

SignIn = Callable[..., Page]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Staffed]:
    with console(tmp_path) as staffed:
        add_account(staffed.engine, MARA, PASSWORD, "editor")
        yield staffed


@pytest.fixture
def sign_in(desk: Staffed, open_page: OpenPage) -> SignIn:
    """Opens a page of the console for somebody who has just signed in."""

    def signed_in(path: str, size: tuple[int, int] = LAPTOP, *, script: bool = True) -> Page:
        page = open_page(f"{desk.url}/staff/sign-in?next={path}", size, script=script)
        page.get_by_label("Name").fill(MARA)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{path}")
        return page

    return signed_in


def content_of(desk: Staffed) -> Path:
    return desk.server.settings.content


def look(page: Page, name: str) -> None:
    """No rule of accessibility is broken, and nothing is wider than the window."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert shortcomings(page) == []
    assert page.evaluate(TOO_WIDE) == []


def fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.locator(f"#{name}").fill(text)


@pytest.mark.parametrize("size", [PHONE, TABLET, LAPTOP], ids=["phone", "tablet", "laptop"])
def test_the_list_and_the_editor_fit_and_read_well(sign_in: SignIn, size: tuple[int, int]) -> None:
    page = sign_in("/staff/faqs", size)
    look(page, f"faqs-{size[0]}")

    page.get_by_role("link", name="How long is the downtime?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How long is the downtime?")
    look(page, f"faq-{size[0]}")

    page.get_by_role("link", name="Delete this FAQ").click()
    look(page, f"faq-delete-{size[0]}")


def test_findings_follow_what_is_typed(sign_in: SignIn) -> None:
    page = sign_in("/staff/faqs/new")
    fill(page, title="Is there downtime?", answer=ANSWER, phrasings="recovery time")

    side = page.locator(".findings-side")
    expect(side).to_contain_text("also belongs to faq/downtime", timeout=20_000)
    expect(side).to_contain_text("there is only 1 phrasing")
    expect(side.locator(".bubble")).to_contain_text("Usually very little.")
    expect(side).to_contain_text("Nearest other FAQs")
    look(page, "faq-new-findings")


def test_a_faq_is_written_with_the_keyboard_alone(desk: Staffed, sign_in: SignIn) -> None:
    page = sign_in("/staff/faqs/new")
    page.locator("#title").focus()
    phrasings = ["is my skin numbed", "cream first?", "anaesthetic", "what stops the pain", "numb"]
    for text in ("Is my skin numbed first?", ANSWER.replace("Redness", "Numbness")):
        page.keyboard.insert_text(text)
        page.keyboard.press("Tab")
    page.keyboard.insert_text("\n".join(phrasings))
    page.keyboard.press("Tab")
    page.keyboard.type("Numbing")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("is saved", timeout=20_000)
    saved = read_faq(content_of(desk) / "faq" / "is-my-skin-numbed-first.yml")
    assert saved.phrasings == tuple(phrasings)
    assert saved.source == "your-treatment#numbing-cream"
    assert saved.reviewer == MARA


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_bad_input_is_not_saved_and_says_what_to_do(
    desk: Staffed, sign_in: SignIn, script: bool
) -> None:
    page = sign_in("/staff/faqs/edit/downtime", script=script)
    before = (content_of(desk) / "faq" / "downtime.yml").read_bytes()
    fill(page, answer="<b>No.</b>", phrasings="one\ntwo", reviewer="")

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_contain_text("to be mended first", timeout=20_000)
    side = page.locator(".findings-side")
    for words in ("holds HTML", "only 2 phrasings", "the reviewer is missing", "Write plain text"):
        expect(side).to_contain_text(words)
    expect(page.locator("#answer")).to_have_value("<b>No.</b>")
    assert (content_of(desk) / "faq" / "downtime.yml").read_bytes() == before
    if script:
        look(page, "faq-bad-input")


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_whoever_saves_second_sees_both_versions(
    desk: Staffed, sign_in: SignIn, size: tuple[int, int]
) -> None:
    page = sign_in("/staff/faqs/edit/downtime", size)
    content = content_of(desk)
    path = content / "faq" / "downtime.yml"
    saved = Draft.of(read_faq(path))
    more = (*saved.phrasings, "how soon can I see people")
    theirs = replace(saved, title="Is there downtime?", phrasings=more)
    save_faq(content, theirs, expected=digest_of(path))

    page.locator("#answer").fill(f"{ANSWER} Mine.")
    page.get_by_role("button", name="Save").click()

    note = page.locator(".conflict")
    expect(note).to_contain_text("Somebody else saved this FAQ while you wrote", timeout=20_000)
    expect(note).to_contain_text("how soon can I see people")
    expect(page.locator("#answer")).to_have_value(f"{ANSWER} Mine.")
    look(page, f"faq-conflict-{size[0]}")
    assert read_faq(path).title == "Is there downtime?"

    page.get_by_role("button", name="Save mine over theirs").click()

    expect(page.get_by_role("status").first).to_contain_text("is saved", timeout=20_000)
    assert read_faq(path).answer.endswith("Mine.")


def test_an_article_becomes_a_faq(desk: Staffed, sign_in: SignIn) -> None:
    page = sign_in("/staff/drafts")
    page.get_by_label("Paste the article").fill(ARTICLE)
    look(page, "drafts")
    # spaCy is started for it.
    page.get_by_role("button", name="Find what is new in it").click(timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("LED light therapy", timeout=60_000)
    look(page, "draft")

    page.get_by_role("link", name="Write this FAQ from Parking").click()
    expect(page.locator(".passage")).to_contain_text("You can stay for two hours.")
    look(page, "draft-editor")
    answer = "You can park behind the building and stay for two hours, at no charge to you at all."
    fill(page, title="Where can I park?", answer=answer)
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status").first).to_contain_text("is saved", timeout=20_000)
    content = content_of(desk)
    assert read_faq(content / "faq" / "parking.yml").source == "led-light-therapy#parking"
    assert (content / "articles" / "led-light-therapy.md").exists()


def test_a_file_that_cannot_be_read_is_told(sign_in: SignIn, tmp_path: Path) -> None:
    file = tmp_path / "light.pdf"
    file.write_bytes(b"%PDF-1.7")
    page = sign_in("/staff/drafts", PHONE)
    page.get_by_label("Or choose a file").set_input_files(file)

    page.get_by_role("button", name="Find what is new in it").click()

    expect(page.get_by_role("alert")).to_contain_text("This is a PDF; save it as .docx")
    look(page, "drafts-problem")
