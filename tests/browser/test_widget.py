"""The chat widget in a browser, against a chat made to order."""

import re
import time
from collections.abc import Callable

import pytest
from fastapi import FastAPI, Response
from playwright.sync_api import Browser, Locator, Page, expect

from .accessibility import shortcomings
from .conftest import DESKTOP, PHONE, OpenPage
from .fake_chat import ANSWER, GREETING, SOURCE, FakeChat, Refusal, answer, serving

SMALLEST = (320, 568)


def open_chat(page: Page) -> Locator:
    """The open dialog, greeted."""
    page.get_by_role("button", name="Ask us").click()
    dialog = page.get_by_role("dialog", name="Linden Skin Clinic")
    expect(dialog.get_by_text(GREETING)).to_be_visible()
    return dialog


def say(dialog: Locator, text: str) -> None:
    field = dialog.get_by_role("textbox", name="Your message")
    field.fill(text)
    field.press("Enter")


def said(dialog: Locator) -> list[str]:
    """What the conversation shows, in order, without the hidden names of who speaks."""
    texts = dialog.get_by_role("log").locator(".text").all_inner_texts()
    return [re.sub(r"^(You|Clinic):\s*", "", text) for text in texts]


def wait_until(condition: Callable[[], bool], seconds: float = 8) -> None:
    """Wait for the server's side, which the page shows nothing of."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def page(site: str, open_page: OpenPage) -> Page:
    return open_page(f"{site}/articles")


def test_it_greets_with_choices_and_waits_for_a_question(page: Page) -> None:
    dialog = open_chat(page)

    expect(dialog.get_by_role("button", name="Does microneedling hurt?")).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Your message")).to_be_focused()
    expect(page.get_by_role("button", name="Ask us")).to_be_hidden()


def test_it_talks_to_nobody_before_it_is_opened(chat: FakeChat, page: Page) -> None:
    page.get_by_role("button", name="Ask us").wait_for()

    assert chat.tokens == set()


@pytest.mark.parametrize("way", ["Escape", "button"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_closing_gives_the_focus_back(
    site: str, open_page: OpenPage, size: tuple[int, int], way: str
) -> None:
    page = open_page(f"{site}/articles", size)
    dialog = open_chat(page)

    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        dialog.get_by_role("button", name="Close the chat").click()

    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Ask us")).to_be_focused()


def test_an_answer_names_the_article_it_rests_on(page: Page) -> None:
    dialog = open_chat(page)

    say(dialog, "will it hurt")

    source = dialog.get_by_role("link", name=f"From our article: {SOURCE['title']}")
    expect(source).to_be_visible()
    source.click()
    expect(page.locator("#comfort-and-numbing")).to_be_in_viewport()
    assert said(dialog) == [GREETING, "will it hurt", ANSWER]


def test_a_choice_is_sent_by_its_id_and_shown_by_its_title(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)

    dialog.get_by_role("button", name="Does microneedling hurt?").click()

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert said(dialog)[1] == "Does microneedling hurt?"
    assert chat.received[0]["choice"] == "choice Does microneedling hurt?"
    assert "text" not in chat.received[0]


def test_a_question_of_the_page_is_asked_in_the_chat(
    site: str, chat: FakeChat, open_page: OpenPage
) -> None:
    page = open_page(site)
    question = page.get_by_role("link", name="How many sessions do I need?")

    question.click()
    expect(page.get_by_role("dialog").get_by_text(ANSWER)).to_be_visible()
    page.keyboard.press("Escape")

    assert chat.received[0]["text"] == "How many sessions do I need?"
    expect(question).to_be_focused()


def test_words_from_outside_are_never_markup(chat: FakeChat, page: Page) -> None:
    markup = "<img src=x onerror=alert(1)><b>bold</b>"
    chat.says(markup, answer(markup, markup, source={"title": markup, "url": "/articles"}))
    dialog = open_chat(page)

    say(dialog, markup)

    expect(dialog.get_by_role("button", name=markup)).to_be_visible()
    assert said(dialog)[1:] == [markup, markup]
    assert dialog.locator("img, b").count() == 0


def test_a_source_that_is_no_web_address_is_not_linked(chat: FakeChat, page: Page) -> None:
    chat.says("hm", answer("Well.", source={"title": "Odd", "url": "javascript:alert(1)"}))
    dialog = open_chat(page)

    say(dialog, "hm")

    expect(dialog.get_by_text("Well.")).to_be_visible()
    assert dialog.get_by_role("log").get_by_role("link").count() == 0


def test_numbers_and_addresses_in_an_answer_can_be_followed(
    chat: FakeChat, site: str, page: Page
) -> None:
    text = (
        "Call +1 202-555-0143, write to hello@linden-skin.example or change it here: "
        f"{site}/manage/NP-7KQ4MX.a_b-c?d=1."
    )
    chat.says("contact", answer(text))
    dialog = open_chat(page)

    say(dialog, "contact")

    links = dialog.get_by_role("log").get_by_role("link")
    expect(links).to_have_count(3)
    assert [link.get_attribute("href") for link in links.all()] == [
        "tel:+12025550143",
        "mailto:hello@linden-skin.example",
        f"{site}/manage/NP-7KQ4MX.a_b-c?d=1",
    ]
    assert said(dialog)[-1] == text
    assert links.last.get_attribute("target") == "_blank"
    assert links.last.get_attribute("rel") == "noopener"


@pytest.mark.parametrize(
    "address",
    [
        "https://x.example/a?b=1",
        "http://x.example",
        "{site}.x.example/manage/a",
        "{site}@x.example/manage/a",
        "http://x.example/{site}/manage/a",
        "http://x.example#{site}",
        "http://[{site}",
        "https://{host}/manage/a",
        "http://127.0.0.1/manage/a",
        "javascript:alert(1)//{site}",
        "data:text/html,<b>{host}</b>",
    ],
)
def test_an_address_that_is_not_the_chats_own_is_only_read(
    chat: FakeChat, site: str, page: Page, address: str
) -> None:
    text = address.format(site=site, host=site.removeprefix("http://"))
    chat.says("where", answer(f"See {text} there."))
    dialog = open_chat(page)

    say(dialog, "where")

    expect(dialog.get_by_text(text)).to_be_visible()
    links = dialog.get_by_role("log").get_by_role("link")
    assert set(links.evaluate_all("links => links.map(link => link.origin)")) <= {site}


def test_it_tells_the_visitors_time_zone(chat: FakeChat, site: str, browser: Browser) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(f"{site}/articles")

    open_chat(page)
    context.close()

    assert chat.told == {"time_zone": "Asia/Tokyo"}


def test_waiting_for_an_answer_is_shown_and_said(chat: FakeChat, page: Page) -> None:
    chat.seconds_to_think = 1
    dialog = open_chat(page)

    say(dialog, "will it hurt")

    expect(dialog.get_by_text("Looking for the answer")).to_be_attached()
    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    expect(dialog.get_by_text("Looking for the answer")).not_to_be_attached()


def test_shift_and_enter_begins_a_line_and_enter_sends(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    field = dialog.get_by_role("textbox")

    field.press_sequentially("Ana")
    field.press("Shift+Enter")
    field.press_sequentially("ana@linden-skin.example")
    field.press("Enter")

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert chat.received[0]["text"] == "Ana\nana@linden-skin.example"
    expect(field).to_have_value("")


def test_nothing_is_sent_of_blanks(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)

    say(dialog, "   \n ")
    say(dialog, "hello")

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert [message["text"] for message in chat.received] == ["hello"]


def test_a_message_over_the_limit_is_counted_and_kept_back(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)

    say(dialog, "😀" * 1001)
    expect(dialog.get_by_text("1 character too many")).to_be_visible()
    assert chat.received == []

    say(dialog, "😀" * 1000)
    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert len(chat.received[0]["text"]) == 1000


def test_messages_sent_in_a_hurry_are_answered_in_order(chat: FakeChat, page: Page) -> None:
    chat.seconds_to_think = 0.3
    chat.says("one", answer("First."))
    chat.says("two", answer("Second."))
    dialog = open_chat(page)

    say(dialog, "one")
    say(dialog, "two")

    expect(dialog.get_by_text("Second.")).to_be_visible()
    assert said(dialog)[-2:] == ["First.", "Second."]


def test_the_conversation_goes_on_on_the_next_page(site: str, chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    say(dialog, "will it hurt")
    dialog.get_by_role("button", name="Yes, this helped").click()
    wait_until(lambda: len(chat.feedback) == 1)

    page.goto(f"{site}/privacy")

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert said(dialog) == [GREETING, "will it hurt", ANSWER]
    helped = dialog.get_by_role("button", name="Yes, this helped")
    expect(helped).to_have_attribute("aria-pressed", "true")
    assert len(chat.tokens) == 1


def test_a_chat_that_was_closed_stays_closed_on_the_next_page(site: str, page: Page) -> None:
    open_chat(page)
    page.keyboard.press("Escape")

    page.goto(f"{site}/privacy")

    expect(page.get_by_role("button", name="Ask us")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("by", ["text", "choice"])
def test_a_conversation_that_has_ended_starts_anew_with_the_question(
    chat: FakeChat, page: Page, by: str
) -> None:
    dialog = open_chat(page)
    chat.forget_everybody()

    if by == "text":
        say(dialog, "Does microneedling hurt?")
    else:
        dialog.get_by_role("button", name="Does microneedling hurt?").click()

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    expect(dialog.get_by_text("this is a new one")).to_be_visible()
    assert chat.received[-1]["text"] == "Does microneedling hurt?"


def test_a_page_opened_after_the_end_greets_again(site: str, chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    say(dialog, "will it hurt")
    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    chat.forget_everybody()

    page.goto(f"{site}/privacy")

    expect(dialog.get_by_text(GREETING)).to_be_visible()
    assert said(dialog) == [GREETING]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_chat_is_asked_again_by_itself(chat: FakeChat, page: Page, status: int) -> None:
    dialog = open_chat(page)
    chat.refusals.append(Refusal(status, "A moment, please.", retry_after=1))

    say(dialog, "will it hurt")

    expect(dialog.get_by_text("A moment, please.")).to_be_visible()
    expect(dialog.get_by_text("Trying again in 1 s")).to_be_visible()
    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    expect(dialog.get_by_text("A moment, please.")).not_to_be_attached()
    first, second = chat.received
    assert first == second
    assert said(dialog).count("will it hurt") == 1


def test_a_chat_that_stays_busy_leaves_the_next_try_to_the_visitor(
    chat: FakeChat, page: Page
) -> None:
    dialog = open_chat(page)
    chat.refusals.extend([Refusal(503, "Not yet.", retry_after=1)] * 4)

    say(dialog, "will it hurt")
    dialog.get_by_role("button", name="Try again").click()

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert len({message["client_id"] for message in chat.received}) == 1


def test_after_a_failure_the_same_message_can_be_sent_again(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    chat.refusals.append(Refusal(500, "Something broke."))

    say(dialog, "will it hurt")
    expect(dialog.get_by_text("Something broke. Or call +1 202-555-0143.")).to_be_visible()
    dialog.get_by_role("button", name="Try again").click()

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    first, second = chat.received
    assert first == second


def test_the_greeting_too_can_be_tried_again(chat: FakeChat, page: Page) -> None:
    chat.refusals.append(Refusal(500, "Something broke."))

    page.get_by_role("button", name="Ask us").click()
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_text(GREETING)).to_be_visible()


def test_offline_a_message_waits_and_goes_out_by_itself(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    page.context.set_offline(True)

    say(dialog, "will it hurt")
    expect(dialog.get_by_text("You are offline.")).to_be_visible()
    page.context.set_offline(False)

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert len(chat.received) == 1


def test_a_refused_message_says_why_and_comes_back_to_be_mended(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    chat.refusals.append(Refusal(422, "Please say it differently."))

    say(dialog, "odd words")

    expect(dialog.get_by_text("Please say it differently.")).to_be_visible()
    expect(dialog.get_by_text("Not sent")).to_be_visible()
    expect(dialog.get_by_role("textbox")).to_have_value("odd words")


def test_what_a_page_left_unsent_goes_out_on_the_next_once(
    site: str, chat: FakeChat, page: Page
) -> None:
    dialog = open_chat(page)
    chat.refusals.append(Refusal(500))
    say(dialog, "will it hurt")
    dialog.get_by_role("button", name="Try again").wait_for()

    page.goto(f"{site}/privacy")

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    first, second = chat.received
    assert first == second
    assert said(dialog) == [GREETING, "will it hurt", ANSWER]


def test_a_thumb_can_be_given_changed_and_taken_back(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    say(dialog, "will it hurt")
    up = dialog.get_by_role("button", name="Yes, this helped")
    down = dialog.get_by_role("button", name="No, this did not help")

    for thumb in (up, down, down):
        thumb.click()
    wait_until(lambda: len(chat.feedback) == 3)

    assert [thumb["value"] for thumb in chat.feedback] == ["up", "down", None]
    expect(down).to_have_attribute("aria-pressed", "false")


def test_a_thumb_that_does_not_get_through_is_taken_back(page: Page) -> None:
    dialog = open_chat(page)
    say(dialog, "will it hurt")
    up = dialog.get_by_role("button", name="Yes, this helped")
    expect(up).to_be_visible()
    page.context.set_offline(True)

    up.click()

    expect(dialog.get_by_text("did not get through")).to_be_visible()
    expect(up).to_have_attribute("aria-pressed", "false")


def test_starting_over_leaves_the_old_conversation(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    say(dialog, "will it hurt")
    expect(dialog.get_by_text(ANSWER)).to_be_visible()

    dialog.get_by_role("button", name="Start over").click()

    expect(dialog.get_by_role("log").locator(".text")).to_have_count(1)
    assert said(dialog) == [GREETING]
    assert len(chat.tokens) == 2


def test_starting_over_drops_what_was_waiting(chat: FakeChat, page: Page) -> None:
    dialog = open_chat(page)
    chat.refusals.append(Refusal(503, "Not yet.", retry_after=60))
    say(dialog, "will it hurt")
    dialog.get_by_text("Not yet.").wait_for()

    dialog.get_by_role("button", name="Start over").click()
    expect(dialog.get_by_text("Not yet.")).not_to_be_attached()
    say(dialog, "hello")

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
    assert said(dialog) == [GREETING, "hello", ANSWER]


def test_an_answer_to_a_closed_chat_is_announced_on_the_launcher(
    chat: FakeChat, page: Page
) -> None:
    dialog = open_chat(page)
    chat.seconds_to_think = 0.5
    say(dialog, "will it hurt")

    page.keyboard.press("Escape")

    expect(page.get_by_role("img", name="New answer")).to_be_visible()


@pytest.mark.parametrize("size", [SMALLEST, PHONE])
def test_on_a_phone_the_chat_fills_the_screen(
    site: str, chat: FakeChat, open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(f"{site}/articles", size)
    chat.says("long", answer("A" * 300, "Yes, send it " * 6, source=SOURCE))
    dialog = open_chat(page)

    say(dialog, "long")
    dialog.get_by_role("link", name="From our article").wait_for()

    assert dialog.bounding_box() == {"x": 0, "y": 0, "width": size[0], "height": size[1]}
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    log = dialog.get_by_role("log")
    assert log.evaluate("log => log.scrollWidth <= log.clientWidth")
    expect(dialog.get_by_role("textbox")).to_be_in_viewport()


def test_on_a_phone_the_page_behind_is_out_of_reach(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/articles", PHONE)
    open_chat(page)

    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.localName"))

    # The body stands for the browser's own controls, between the last and the first of ours.
    assert reached <= {"needlepoint-chat", "body"}


def test_on_a_phone_the_article_comes_out_from_under_the_chat(
    site: str, open_page: OpenPage
) -> None:
    page = open_page(f"{site}/articles", PHONE)
    dialog = open_chat(page)
    say(dialog, "will it hurt")

    dialog.get_by_role("link", name="From our article").click()

    page.wait_for_url(f"{site}{SOURCE['url']}")
    expect(dialog).to_be_hidden()
    expect(page.locator("#comfort-and-numbing")).to_be_in_viewport()


@pytest.mark.parametrize("size", [SMALLEST, DESKTOP])
def test_the_open_chat_is_accessible(
    site: str, chat: FakeChat, open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(f"{site}/privacy", size)
    dialog = open_chat(page)
    say(dialog, "will it hurt")
    dialog.get_by_role("button", name="Yes, this helped").click()
    chat.refusals.append(Refusal(500, "Something broke."))
    say(dialog, "x" * 950)
    dialog.get_by_role("button", name="Try again").wait_for()
    dialog.get_by_role("textbox").fill("x" * 1010)

    assert shortcomings(page) == []


def test_the_attributes_decide_its_words_and_whether_it_is_open(page: Page) -> None:
    page.evaluate(
        """() => {
            const chat = document.querySelector("needlepoint-chat");
            chat.setAttribute("label", "Any questions?");
            chat.setAttribute("clinic", "Another Clinic");
        }"""
    )

    expect(page.get_by_role("button", name="Any questions?")).to_be_visible()
    page.evaluate("document.querySelector('needlepoint-chat').setAttribute('open', '')")
    expect(page.get_by_role("dialog", name="Another Clinic")).to_be_visible()
    page.evaluate("document.querySelector('needlepoint-chat').removeAttribute('open')")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_another_website_it_keeps_to_a_strict_policy(site: str, open_page: OpenPage) -> None:
    with serving(_other_website(site)) as other:
        page = open_page(other)

        dialog = open_chat(page)
        say(dialog, "will it hurt")
        source = dialog.get_by_role("link", name="From our article")
        expect(source).to_be_visible()

        assert source.get_attribute("href") == site + SOURCE["url"]
        assert source.get_attribute("target") == "_blank"
        assert (
            page.get_by_role("button", name="Send")
            .evaluate("button => getComputedStyle(button).borderRadius")
            .startswith("50%")
        )


def _other_website(site: str) -> FastAPI:
    """A page elsewhere with the widget on it, its policy allowing only what the widget needs."""
    app = FastAPI()

    @app.get("/")
    def page() -> Response:
        html = (
            f'<!doctype html><title>Elsewhere</title><script src="{site}/static/widget.js" defer>'
            '</script><needlepoint-chat clinic="Linden Skin Clinic"></needlepoint-chat>'
        )
        policy = f"default-src 'none'; script-src {site}; connect-src {site}"
        headers = {"Content-Security-Policy": policy}
        return Response(html, media_type="text/html", headers=headers)

    return app


def test_it_works_where_the_browser_keeps_nothing(site: str, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('no') } })"
    )
    page.goto(f"{site}/articles")

    dialog = open_chat(page)
    say(dialog, "will it hurt")

    expect(dialog.get_by_text(ANSWER)).to_be_visible()
