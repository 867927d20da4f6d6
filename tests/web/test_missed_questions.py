"""What visitors ask and are not answered well reaches the inbox, whatever state it is in."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select

from booking.database import open_database
from faq.database import StaffDatabaseUnavailable, reading
from faq.inbox import settled_questions
from faq.models import InboxQuestion
from tests.web.running import FakeRasa, Server, Visitor
from web import missed
from web.chat_store import ChatMessage, new_id, now
from web.missed import MissedQuestions


def answer(text: str, outcome: str, **more: Any) -> list[dict[str, Any]]:
    return [{"text": text}, {"custom": {"outcome": outcome, **more}}]


DECLINED = answer("I don't know that.", "declined")
PROFESSIONAL = answer("Ask your doctor.", "professional")
URGENT = answer("Call 911.", "urgent")
ANSWERED = [
    {"text": "Little."},
    {"custom": {"faq": "downtime", "source": "your-treatment#downtime"}},
]
CLARIFIED: list[dict[str, Any]] = [
    {
        "text": "Did you mean one of these?",
        "buttons": [
            {"title": "How long is the downtime?", "payload": "/faq/downtime"},
            {"title": "Is there a cream?", "payload": "/faq/numbing"},
            {"title": "None of these", "payload": "/nlu_fallback"},
        ],
    },
    {"custom": {"outcome": "clarified"}},
]
IN_FORM = [{"text": "What name shall I put it under?"}, {"custom": {"form": "consultation_form"}}]


@pytest.fixture
def inbox(server: Server) -> Iterator[Engine]:
    engine = open_database(server.settings.staff_url)
    yield engine
    engine.dispose()


def kept(inbox: Engine) -> list[InboxQuestion]:
    with reading(inbox) as session:
        return list(session.scalars(select(InboxQuestion).order_by(InboxQuestion.id)))


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def nothing_but(
    inbox: Engine, visitor: Visitor, rasa: FakeRasa, *texts: str
) -> list[InboxQuestion]:
    """What is kept once everything so far is: a last question is asked to know when."""
    rasa.replies["is that all"] = DECLINED
    assert visitor.say("is that all").status_code == 200
    wait_for(lambda: "is that all" in [row.text for row in kept(inbox)])
    rows = [row for row in kept(inbox) if row.text != "is that all"]
    assert [row.text for row in rows] == list(texts)
    return rows


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(DECLINED, "declined"), (CLARIFIED, "clarified"), (PROFESSIONAL, "professional"),
     ([*ANSWERED, *DECLINED], "declined")],
)  # fmt: skip
def test_a_question_that_is_not_answered_is_kept_without_personal_data(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine, reply: Any, reason: str
) -> None:
    rasa.replies["I'm Ana. Do you sell cards? ana@mail.example"] = reply

    visitor.say("I'm Ana. Do you sell cards? ana@mail.example")

    [row] = nothing_but(inbox, visitor, rasa, "I'm […]. Do you sell cards? […]")
    assert (row.reason, row.state) == (reason, "open")
    assert row.message_id == visitor.history()[1]["id"]


@pytest.mark.parametrize(
    "reply",
    [
        ANSWERED,
        [{"text": "Hello."}],
        URGENT,
        [*URGENT, *DECLINED],
        [*ANSWERED, *PROFESSIONAL],
        [*DECLINED, *IN_FORM],
        [*PROFESSIONAL, *IN_FORM],
        IN_FORM,
        answer("I see no question in that.", "declined", question=False),
    ],
)
def test_what_is_answered_urgent_or_part_of_a_form_is_not_kept(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine, reply: Any
) -> None:
    rasa.replies["my mother's maiden name is Lima"] = reply

    visitor.say("my mother's maiden name is Lima")

    assert nothing_but(inbox, visitor, rasa) == []


def test_a_repeated_message_is_kept_once(visitor: Visitor, rasa: FakeRasa, inbox: Engine) -> None:
    rasa.replies["do you sell cards"] = DECLINED

    visitor.say("do you sell cards", client_id="a")
    visitor.say("do you sell cards", client_id="a")

    nothing_but(inbox, visitor, rasa, "do you sell cards")


def test_a_choice_settles_what_was_asked_back(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine
) -> None:
    rasa.replies["how about it then"] = CLARIFIED
    rasa.replies["How long is the downtime?"] = ANSWERED
    [message] = visitor.say("how about it then").json()["messages"]

    visitor.post({"choice": message["choices"][0]["id"]})

    [row] = nothing_but(inbox, visitor, rasa, "how about it then")
    assert row.meant == "downtime"
    assert settled_questions(inbox) == [("how about it then", "downtime")]


def test_none_of_these_settles_nothing(visitor: Visitor, rasa: FakeRasa, inbox: Engine) -> None:
    rasa.replies["how about it then"] = CLARIFIED
    rasa.replies["None of these"] = DECLINED
    [message] = visitor.say("how about it then").json()["messages"]

    visitor.post({"choice": message["choices"][2]["id"]})

    [row] = nothing_but(inbox, visitor, rasa, "how about it then")
    assert row.meant is None


@pytest.mark.parametrize(("faq", "meant"), [("downtime", "downtime"), ("other", None)])
def test_a_typed_answer_to_did_you_mean_settles_it_when_it_was_offered(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine, faq: str, meant: str | None
) -> None:
    rasa.replies["how about it then"] = CLARIFIED
    rasa.replies["the first one"] = [{"text": "Little."}, {"custom": {"faq": faq}}]

    visitor.say("how about it then")
    visitor.say("the first one")

    [row] = nothing_but(inbox, visitor, rasa, "how about it then")
    assert row.meant == meant


def test_a_thumb_down_keeps_the_question_until_it_is_taken_back(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine
) -> None:
    rasa.replies["will i be red"] = ANSWERED
    [message] = visitor.say("will i be red").json()["messages"]

    visitor.thumb(message["id"], "down")
    [row] = nothing_but(inbox, visitor, rasa, "will i be red")
    visitor.thumb(message["id"], None)
    wait_for(lambda: len(kept(inbox)) == 1)

    assert (row.reason, row.answered_by) == ("unhelpful", "downtime")
    assert [one.text for one in kept(inbox)] == ["is that all"]


def test_a_thumb_up_after_a_thumb_down_takes_it_back(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine
) -> None:
    rasa.replies["will i be red"] = ANSWERED
    [message] = visitor.say("will i be red").json()["messages"]

    visitor.thumb(message["id"], "down")
    visitor.thumb(message["id"], "up")

    assert nothing_but(inbox, visitor, rasa) == []


def test_a_thumb_on_a_greeting_or_within_a_form_keeps_nothing(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine
) -> None:
    rasa.replies["i am ana, will i be red"] = [*ANSWERED, *IN_FORM]
    first, second = visitor.say("i am ana, will i be red").json()["messages"]

    for message in (visitor.greeting[0], first, second):
        assert visitor.thumb(message["id"], "down").status_code == 204

    assert nothing_but(inbox, visitor, rasa) == []


def test_a_locked_inbox_holds_nobody_up_and_gets_the_question_later(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine, server: Server
) -> None:
    rasa.replies["do you sell cards"] = DECLINED
    path = str(inbox.url.database)
    with sqlite3.connect(path, isolation_level=None, check_same_thread=False) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.perf_counter()
        replies = [visitor.say("do you sell cards").status_code for _ in range(5)]
        took = time.perf_counter() - began
        other.execute("ROLLBACK")

    assert replies == [200] * 5
    assert took < 2
    wait_for(lambda: len(kept(inbox)) == 5, seconds=15)
    assert "needlepoint_inbox_lost_total 0.0" in server.http.get("/metrics").text


def test_a_broken_inbox_is_counted_and_nothing_else(
    visitor: Visitor, rasa: FakeRasa, inbox: Engine, server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(missed, "PAUSE_SECONDS", 0.01)
    with inbox.begin() as connection:
        connection.exec_driver_sql("DROP TABLE inbox_questions")
    rasa.replies["do you sell cards"] = DECLINED

    reply = visitor.say("do you sell cards")

    assert reply.json()["messages"][0]["text"] == "I don't know that."
    wait_for(lambda: "needlepoint_inbox_lost_total 1.0" in server.http.get("/metrics").text)


def test_what_does_not_fit_into_the_queue_is_counted_and_let_go(
    monkeypatch: pytest.MonkeyPatch, inbox: Engine
) -> None:
    holding, lost, kept_texts = threading.Event(), [], []

    def slow(_: Engine, question: Any) -> None:
        holding.wait(5)
        kept_texts.append(question.text)

    monkeypatch.setattr(missed, "WAITING", 3)
    monkeypatch.setattr("faq.inbox.record_question", slow)
    questions = MissedQuestions(inbox, inbox, lambda: lost.append(1))
    said = ChatMessage(new_id(), "assistant", "No.", now(), outcome="declined")

    for number in range(10):
        questions.asked("c", ChatMessage(new_id(), "visitor", str(number), now()), (said,))
    kept_meanwhile = list(kept_texts)
    holding.set()
    questions.close()

    assert kept_meanwhile == [], "who asks did not wait for any of them"
    assert len(lost) + len(kept_texts) == 10
    assert len(lost) >= 6
    assert kept_texts[0] == "0"


def test_one_that_can_not_be_stored_does_not_stop_the_next(
    monkeypatch: pytest.MonkeyPatch, inbox: Engine
) -> None:
    lost: list[int] = []
    stored: list[str] = []

    def fails_at_first(_: Engine, question: Any) -> None:
        if question.text == "odd":
            raise ValueError("odd")
        if question.text == "locked" and not stored:
            stored.append("tried")
            raise StaffDatabaseUnavailable
        stored.append(question.text)

    monkeypatch.setattr(missed, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("faq.inbox.record_question", fails_at_first)
    questions = MissedQuestions(inbox, inbox, lambda: lost.append(1))
    said = ChatMessage(new_id(), "assistant", "No.", now(), outcome="declined")

    for text in ("odd", "locked", "fine"):
        questions.asked("c", ChatMessage(new_id(), "visitor", text, now()), (said,))
    wait_for(lambda: "fine" in stored)
    questions.close()

    assert (len(lost), stored) == (1, ["tried", "locked", "fine"])
