"""What happens when a part stops, locks or breaks, and what public text can never do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import make_url

from tests.e2e.replies import Replies
from tests.e2e.stack import Stack, make_stack
from tests.e2e.stored import locked_booking_database, stored_requests
from tests.e2e.visitor import Visitor

REPLIES = Replies()
ALL_AT_ONCE = "book me in, Ada Voss, ada@example.com, acne scars, tuesday 3pm"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose parts the tests stop; each test finds it whole and leaves it whole."""
    running = make_stack(tmp_path_factory.mktemp("own"))
    running.start()
    try:
        running.wait_until_healthy()
        yield running
    finally:
        running.stop()


@pytest.fixture
def visitor(own_stack: Stack) -> Visitor:
    return Visitor(own_stack.url)


def names(texts: list[str], *expected: str) -> list[str]:
    return REPLIES.named(texts, list(expected))


def at_the_summary(visitor: Visitor) -> None:
    visitor.say(ALL_AT_ONCE)
    assert names(visitor.say("yes"))[0] == "ask_consultation_form_confirmed"


# --- the action server, the booking database ---


@pytest.fixture(scope="class")
def booking(own_stack: Stack) -> Iterator[Visitor]:
    """A visitor in the middle of a booking when the action server stops."""
    visitor = Visitor(own_stack.url)
    visitor.say("book a consultation")
    own_stack.stop("actions")
    yield visitor
    own_stack.start("actions")
    own_stack.wait_until_healthy()


@pytest.mark.usefixtures("booking")
class TestWithoutTheActionServer:
    def test_an_emergency_is_answered_even_with_the_booking_database_locked(
        self, own_stack: Stack, visitor: Visitor
    ) -> None:
        with locked_booking_database(own_stack):
            texts = visitor.say("my throat is swelling and i can't breathe")

        assert names(texts) == ["emergency/medical"]

    def test_so_is_one_in_the_middle_of_a_booking(self, own_stack: Stack, booking: Visitor) -> None:
        with locked_booking_database(own_stack):
            texts = booking.say("help, i can't breathe")

        assert names(texts) == ["emergency/medical", "request_paused"]
        assert names(booking.say("does it hurt?")) == ["faq/does-it-hurt"]

    def test_questions_are_answered_with_their_source(self, visitor: Visitor) -> None:
        texts = visitor.say("how long is the downtime?")

        assert names(texts) == ["faq/downtime"]
        assert visitor.messages[0]["source"]

    def test_a_booking_gets_an_apology(self, visitor: Visitor) -> None:
        texts = visitor.say("book a consultation")

        assert "something went wrong" in texts[0]
        assert "+1 202-555-0143" in texts[0]

    def test_the_health_is_red(self, own_stack: Stack) -> None:
        assert failing_parts(own_stack) == {"actions"}


def test_a_locked_booking_database_is_told_and_the_next_try_stores_one_request(
    own_stack: Stack, visitor: Visitor
) -> None:
    before = stored_requests(own_stack)
    at_the_summary(visitor)

    with locked_booking_database(own_stack):
        failed = names(visitor.say("yes"))

    assert failed == ["request_failed"]
    assert stored_requests(own_stack) == before
    assert names(visitor.choose("Try again")) == ["ask_consultation_form_confirmed"]
    assert names(visitor.say("yes")) == ["request_stored"]
    assert len(stored_requests(own_stack)) == len(before) + 1


def test_a_message_survives_a_locked_database(own_stack: Stack, visitor: Visitor) -> None:
    visitor.say("can i leave a message")
    visitor.say("Please call me about my scars")

    with locked_booking_database(own_stack):
        failed = names(visitor.say("ada@example.com"))

    assert failed == ["message_failed"]
    assert names(visitor.choose("Try again")) == ["message_stored"]


# --- Rasa ---


def test_a_killed_rasa_is_a_503_and_forgets_no_form(own_stack: Stack, visitor: Visitor) -> None:
    visitor.say("book a consultation")
    visitor.say("Ada Voss")

    own_stack.stop("rasa", hard=True)
    answer = visitor.send({"text": "ada@example.com"})
    opened = httpx.post(f"{own_stack.url}/api/sessions")
    own_stack.start("rasa")
    own_stack.wait_until_healthy()

    for refused in (answer, opened):
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
    assert names(visitor.say("ada@example.com")) == ["ask_consultation_form_concern"]


# --- health ---


def failing_parts(stack: Stack) -> set[str]:
    answer = httpx.get(f"{stack.url}/healthz", timeout=10)
    parts = answer.json()["parts"]
    failing = {name for name, state in parts.items() if state != "ok"}
    assert (answer.status_code == 503) == bool(failing)
    return failing


def test_a_lost_tracker_store_turns_the_health_red_and_stops_no_conversation(
    own_stack: Stack, visitor: Visitor
) -> None:
    file = own_stack.folder / str(make_url(own_stack.settings.tracker_database_url).database)
    aside = file.with_suffix(".aside")

    file.rename(aside)
    try:
        own_stack.wait_for(lambda: failing_parts(own_stack) == {"tracker_store"}, seconds=15)
        texts = visitor.say("does it hurt?")
    finally:
        aside.rename(file)

    assert names(texts) == ["faq/does-it-hurt"]
    own_stack.wait_for(lambda: not failing_parts(own_stack), seconds=15)


# --- what the public may send ---


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "/request_consultation",
        "/ request_consultation",
        " \t/request_consultation",
        "//request_consultation",
        "\uff0frequest_consultation",
        "\u2215request_consultation",
        "\u200b/request_consultation",
        "\u200d\u200c/request_consultation",
        "\u202e/request_consultation",
        "\x00/request_consultation",
        "\x1b\n/request_consultation",
        '/inform{"concern": "x"}',
        "/faq/downtime",
        '/affirm{"confirmed": true}',
        "/session_start",
        "/action_listen",
    ],
)
def test_public_text_never_becomes_an_intent(stack: Stack, text: str) -> None:
    visitor = Visitor(stack.url)
    visitor.say("book a consultation")
    visitor.say("Ada Voss")

    texts = visitor.say(text)

    # As a slash command each would be obeyed; as text it is at most an odd answer to a question.
    assert texts
    assert all(text.strip() for text in texts)
    parsed = last_parse(stack)
    assert not parsed["text"].startswith("/")
    assert parsed["intent"]["name"] not in {"session_start", "action_listen"}
    assert "choice" not in (parsed.get("metadata") or {})


def last_parse(stack: Stack) -> dict[str, Any]:
    """How Rasa read the last message of all conversations, out of its tracker store."""
    file = str(make_url(stack.settings.tracker_database_url).database)
    with sqlite3.connect(file) as connection:
        (data,) = connection.execute(
            "SELECT data FROM events WHERE type_name = 'user' ORDER BY id DESC LIMIT 1"
        ).fetchone()
    connection.close()
    event = json.loads(data)
    return {**event["parse_data"], "metadata": event.get("metadata"), "text": event["text"]}


@pytest.mark.parametrize(
    "text",
    [
        "?",
        "...",
        "🙂",
        "{",
        "{clinic_name}",
        "%s %(x)s",
        "ａ" * 999,
        "\U0001f468\u200d\u2695\ufe0f",
        "١٢٣",
    ],
)
@pytest.mark.parametrize("opening", [[], ["book"], ["leave a message"]])
def test_no_reply_is_ever_empty(stack: Stack, opening: list[str], text: str) -> None:
    visitor = Visitor(stack.url)
    for said in opening:
        visitor.say(said)

    texts = visitor.say(text)

    assert texts
    assert not any("something went wrong" in reply for reply in texts)


def test_two_messages_at_once_are_both_answered_in_their_order(stack: Stack) -> None:
    visitor = Visitor(stack.url)

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(visitor.send, [{"text": "does it hurt?"}, {"text": "hello"}]))

    assert [answer.status_code for answer in answers] == [200, 200]
    told = [REPLIES.named([one.json()["messages"][0]["text"]], [])[0] for one in answers]
    assert told == ["faq/does-it-hurt", "hello"]
    # The greeting, and two questions each followed by its own answer.
    assert [one["role"] for one in visitor.history()] == [
        "assistant", *["visitor", "assistant"] * 2,
    ]  # fmt: skip


def test_a_confirmation_sent_twice_at_once_stores_one_request(stack: Stack) -> None:
    visitor = Visitor(stack.url)
    before = len(stored_requests(stack))
    at_the_summary(visitor)
    body = {"text": "yes", "client_id": "the-same"}

    with ThreadPoolExecutor() as pool:
        answers = [one.json() for one in pool.map(visitor.send, [body] * 3)]

    assert answers[0] == answers[1] == answers[2]
    assert visitor.send(body).json() == answers[0]
    assert len(stored_requests(stack)) == before + 1
