"""What is missed in real conversations reaches the inbox, and what is said in a form does not."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from booking.database import open_database
from faq.database import reading
from faq.inbox import settled_questions
from faq.models import InboxQuestion
from tests.e2e.replies import Replies
from tests.e2e.stack import Stack
from tests.e2e.test_clarifying import HALF_CLEAR
from tests.e2e.visitor import Visitor


@pytest.fixture
def inbox(stack: Stack) -> Iterator[Engine]:
    engine = open_database(stack.settings.staff_database_url)
    yield engine
    engine.dispose()


def kept(inbox: Engine) -> dict[str, str]:
    """Why each question is kept."""
    with reading(inbox) as session:
        return {row.text: row.reason for row in session.scalars(select(InboxQuestion))}


def wait_for(inbox: Engine, text: str) -> str:
    until = time.monotonic() + 10
    while text not in kept(inbox):
        assert time.monotonic() < until, f"{text!r} is not in {kept(inbox)}"
        time.sleep(0.1)
    return kept(inbox)[text]


def test_questions_come_in_by_what_became_of_them(stack: Stack, inbox: Engine) -> None:
    visitor = Visitor(stack.url)
    visitor.say("I'm Zelda Quirke, who won the football match on sunday?")
    visitor.say("what does one session cost")
    visitor.say("can I have it while I take antidepressants")
    visitor.say("how much downtime is there")
    visitor.say("thank you")
    visitor.say("my throat is closing up and i can't breathe")

    Visitor(stack.url).say("will it rain in paris tomorrow")
    wait_for(inbox, "will it rain in paris tomorrow")

    found = kept(inbox)
    assert found["I'm […], who won the football match on sunday?"] == "declined"
    assert found["what does one session cost"] == "declined"
    assert found["can I have it while I take antidepressants"] == "professional"
    for text in ("how much downtime is there", "thank you"):
        assert text not in found
    assert not [text for text in found if "throat" in text]


def test_nothing_that_is_said_in_a_form_comes_in(stack: Stack, inbox: Engine) -> None:
    visitor = Visitor(stack.url)
    visitor.say("I'd like to book a consultation")
    visitor.say("the answer is flibbertigibbet of course")
    visitor.say("what is the capital of zubrowka")
    visitor.say("stop")
    visitor.say("what is the capital of ruritania")

    wait_for(inbox, "what is the capital of ruritania")

    assert not [t for t in kept(inbox) if "flibber" in t or "zubrowka" in t or "book" in t]


def test_a_choice_settles_what_was_asked_back(stack: Stack, inbox: Engine) -> None:
    for question in HALF_CLEAR:
        visitor = Visitor(stack.url)
        if Replies().named(visitor.say(question), ["did_you_mean"]) == ["did_you_mean"]:
            break
    wait_for(inbox, question)

    visitor.choose(visitor.messages[0]["choices"][0]["title"])
    until = time.monotonic() + 10
    while question not in dict(settled_questions(inbox)) and time.monotonic() < until:
        time.sleep(0.1)

    meant = dict(settled_questions(inbox))[question]
    assert (stack.settings.content / "faq" / f"{meant}.yml").exists()


def test_a_thumb_down_brings_the_question_in(stack: Stack, inbox: Engine) -> None:
    visitor = Visitor(stack.url)
    visitor.say("does the needling hurt a lot")

    visitor.thumb(visitor.messages[0]["id"], "down")

    assert wait_for(inbox, "does the needling hurt a lot") == "unhelpful"
