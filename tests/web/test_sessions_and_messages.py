"""What a visitor sends and gets back, over HTTP."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.web.conftest import Serve
from tests.web.running import FakeRasa, Server, Visitor
from web.chat_store import REST_SECONDS
from web.conversation import read_reply
from web.tokens import LIFETIME_SECONDS, Tokens

SCARS = [
    {
        "text": "Which of these is it?",
        "buttons": [
            {"title": "Acne scars", "payload": '/inform{"concern": "acne scars"}'},
            {"title": "Downtime", "payload": "/faq/downtime"},
        ],
    }
]
DOWNTIME: list[dict[str, Any]] = [
    {"text": "Usually very little."},
    {
        "custom": {
            "faq": "downtime",
            "title": "How much downtime is there?",
            "source": "your-treatment#downtime",
        }
    },
]


def test_a_session_begins_with_rasas_greeting(server: Server, rasa: FakeRasa) -> None:
    visitor = server.begin()

    assert [m["text"] for m in visitor.greeting] == ["Hello, what would you like to know?"]
    assert rasa.heard[0]["message"] == "hello"
    assert rasa.heard[0]["metadata"] == {"choice": {"intent": "greet", "entities": {}}}


def test_a_visitors_time_zone_goes_with_each_message(server: Server, rasa: FakeRasa) -> None:
    session = server.http.post("/api/sessions", json={"time_zone": "Europe/Berlin"})
    visitor = Visitor(server, session.json()["token"], session.json()["messages"])
    rasa.replies["my skin"] = SCARS
    offered = visitor.say("my skin").json()["messages"][0]["choices"][0]["id"]
    visitor.post({"choice": offered})

    assert session.status_code == 201
    assert [message["metadata"]["time_zone"] for message in rasa.heard] == ["Europe/Berlin"] * 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b"not json",
        b"\xff\xfe",
        b"[" * 8000,
        b'{"time_zone": null}',
        b'{"time_zone": ""}',
        b'{"time_zone": 5}',
        b'{"time_zone": {"a": 1}}',
        b'{"time_zone": "Mars/Olympus"}',
        b'{"time_zone": "../../etc/passwd"}',
        b'{"time_zone": "\\ud800"}',
        b'{"timezone": "Europe/Berlin", "more": [1, 2]}',
    ],
)
def test_what_is_no_time_zone_is_passed_over(server: Server, rasa: FakeRasa, body: bytes) -> None:
    session = server.http.post("/api/sessions", content=body)
    visitor = Visitor(server, session.json()["token"], [])
    answer = visitor.say("does it hurt?")

    assert (session.status_code, answer.status_code) == (201, 200)
    assert all("time_zone" not in message["metadata"] for message in rasa.heard)


def test_rasa_is_told_a_conversation_that_the_client_never_sees(
    visitor: Visitor, rasa: FakeRasa
) -> None:
    visitor.post({"text": "does it hurt?", "sender": "somebody-else"})

    assert rasa.heard[1]["sender"] == rasa.heard[0]["sender"]
    assert len(rasa.heard[1]["sender"]) == 32
    assert rasa.heard[1] | {"sender": ""} == {
        "sender": "",
        "message": "does it hurt?",
        "metadata": {},
    }


def test_an_answer_shows_the_article_it_rests_on(visitor: Visitor, rasa: FakeRasa) -> None:
    rasa.replies["how long is the downtime"] = DOWNTIME

    reply = visitor.say("how long is the downtime")

    [message] = reply.json()["messages"]
    assert message.pop("id")
    assert message == {
        "text": "Usually very little.",
        "choices": [],
        "source": {
            "title": "Your treatment: Downtime",
            "url": "/articles/your-treatment#downtime",
        },
    }


def test_an_answer_whose_article_is_gone_comes_without_a_source(
    visitor: Visitor, rasa: FakeRasa
) -> None:
    rasa.replies["downtime"] = [{"text": "Little."}, {"custom": {"source": "gone#away"}}]

    [message] = visitor.say("downtime").json()["messages"]

    assert message["text"] == "Little."
    assert message["source"] is None


def test_several_answers_keep_their_own_sources(visitor: Visitor, rasa: FakeRasa) -> None:
    rasa.replies["both"] = [*DOWNTIME, {"text": "And it rarely hurts."}]

    first, second = visitor.say("both").json()["messages"]

    assert first["source"]
    assert second["source"] is None


def test_a_choice_is_shown_without_its_payload_and_sent_as_metadata(
    visitor: Visitor, rasa: FakeRasa
) -> None:
    rasa.replies["my skin"] = SCARS
    [message] = visitor.say("my skin").json()["messages"]
    scars, downtime = message["choices"]

    visitor.post({"choice": scars["id"]})
    visitor.post({"choice": downtime["id"]})

    assert (scars["title"], sorted(scars)) == ("Acne scars", ["id", "title"])
    assert [(h["message"], h["metadata"]["choice"]) for h in rasa.heard[2:]] == [
        ("Acne scars", {"intent": "inform", "entities": {"concern": "acne scars"}}),
        ("Downtime", {"intent": "faq/downtime", "entities": {}}),
    ]
    assert [m["text"] for m in visitor.history() if m["role"] == "visitor"] == [
        "my skin",
        "Acne scars",
        "Downtime",
    ]


def test_a_button_that_says_something_is_said_for_the_visitor(
    visitor: Visitor, rasa: FakeRasa
) -> None:
    button = {"title": "Broken payload", "payload": "/inform{broken"}
    rasa.replies["my skin"] = [{"text": "This?", "buttons": [button]}]
    [offered] = visitor.say("my skin").json()["messages"][0]["choices"]

    visitor.post({"choice": offered["id"]})

    assert rasa.heard[-1]["message"] == "inform{broken"
    assert rasa.heard[-1]["metadata"] == {}


def test_a_choice_of_another_conversation_is_unknown(
    server: Server, visitor: Visitor, rasa: FakeRasa
) -> None:
    rasa.replies["my skin"] = SCARS
    offered = visitor.say("my skin").json()["messages"][0]["choices"][0]

    refused = server.begin().post({"choice": offered["id"]})

    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "unknown_choice"


def test_the_conversation_so_far_is_told_in_order(visitor: Visitor, rasa: FakeRasa) -> None:
    rasa.replies["my skin"] = SCARS

    visitor.say("my skin", client_id="1")
    told = visitor.history()

    assert [(m["role"], m["text"]) for m in told] == [
        ("assistant", "Hello, what would you like to know?"),
        ("visitor", "my skin"),
        ("assistant", "Which of these is it?"),
    ]
    assert [c["title"] for c in told[2]["choices"]] == ["Acne scars", "Downtime"]
    assert set(told[2]) == {
        "id",
        "role",
        "text",
        "choices",
        "source",
        "created_at",
        "feedback",
    }
    assert told[2]["created_at"].endswith("+00:00")


def test_messages_come_one_by_one_as_events(visitor: Visitor, rasa: FakeRasa) -> None:
    rasa.replies["both"] = [*DOWNTIME, {"text": "And it rarely hurts.\nReally."}]

    reply = visitor.post({"text": "both"}, Accept="text/event-stream")

    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [event.split("\n") for event in reply.text.strip().split("\n\n")]
    assert [event[0] for event in events] == ["event: message"] * 2
    shown = [json.loads(event[2].removeprefix("data: ")) for event in events]
    assert [m["text"] for m in shown] == ["Usually very little.", "And it rarely hurts.\nReally."]
    assert shown[0]["source"]["url"] == "/articles/your-treatment#downtime"


def test_the_same_client_id_gets_the_first_reply_again(visitor: Visitor, rasa: FakeRasa) -> None:
    first = visitor.say("downtime", client_id="a1")
    rasa.replies["downtime"] = [{"text": "Something else."}]

    again = visitor.say("downtime", client_id="a1")
    another = visitor.say("downtime", client_id="a2")

    assert again.json() == first.json()
    assert another.json() != first.json()
    assert rasa.heard_texts() == ["hello", "downtime", "downtime"]


def test_rasa_is_told_the_client_id(visitor: Visitor, rasa: FakeRasa) -> None:
    visitor.say("yes", client_id="a1")

    # What a web process that is killed has not passed on, Rasa says again.
    assert rasa.heard[-1]["metadata"] == {"client_id": "a1"}


def test_a_client_id_belongs_to_its_conversation(server: Server, rasa: FakeRasa) -> None:
    one, two = server.begin(), server.begin()

    replies = [one.say("hi", client_id="1").json(), two.say("hi", client_id="1").json()]

    assert replies[0] != replies[1]
    assert rasa.heard_texts().count("hi") == 2


def test_the_same_client_id_ten_times_at_once_asks_rasa_once(
    visitor: Visitor, rasa: FakeRasa
) -> None:
    rasa.delay = 0.05

    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda _: visitor.say("book", client_id="one"), range(10)))

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1
    assert rasa.heard_texts().count("book") == 1


def test_two_messages_at_once_are_answered_one_after_the_other(
    visitor: Visitor, rasa: FakeRasa
) -> None:
    rasa.delay = 0.02

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: visitor.say(f"message {n}"), range(8)))

    assert {reply.status_code for reply in replies} == {200}
    assert not rasa.overlapped
    roles = [m["role"] for m in visitor.history()]
    assert roles == ["assistant", *["visitor", "assistant"] * 8]


def test_twenty_visitors_at_once_each_get_their_own_answers(server: Server, rasa: FakeRasa) -> None:
    rasa.replies |= {f"question {n}": [{"text": f"answer {n}"}] for n in range(20)}

    def talk(n: int) -> list[str]:
        visitor = server.begin()
        for _ in range(3):
            visitor.say(f"question {n}")
        return [m["text"] for m in visitor.history() if m["role"] == "assistant"][1:]

    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(talk, range(20)))

    assert told == [[f"answer {n}"] * 3 for n in range(20)]


def test_a_thumb_can_be_given_changed_and_taken_back(visitor: Visitor) -> None:
    [answer] = visitor.say("downtime").json()["messages"]

    seen = []
    for value in ("up", "down", None):
        assert visitor.thumb(answer["id"], value).status_code == 204
        seen.append(visitor.history()[-1]["feedback"])

    assert seen == ["up", "down", None]


def test_a_thumb_on_what_is_no_answer_of_this_conversation_is_refused(
    server: Server, visitor: Visitor
) -> None:
    foreign = server.begin().greeting[0]["id"]
    visitor.say("my own words")
    own_words = next(m["id"] for m in visitor.history() if m["role"] == "visitor")

    refused = [visitor.thumb(i, "up") for i in (foreign, own_words, "none")]

    assert [r.status_code for r in refused] == [404, 404, 404]
    assert refused[0].json()["error"]["code"] == "unknown_message"


def test_an_empty_reply_is_apologised_for_and_counted(
    server: Server, visitor: Visitor, rasa: FakeRasa
) -> None:
    rasa.replies["broken"] = []

    reply = visitor.say("broken")

    [message] = reply.json()["messages"]
    assert reply.status_code == 200
    assert "+1 202-555-0143" in message["text"]
    metrics = server.http.get("/metrics").text
    assert "needlepoint_empty_replies_total 1.0" in metrics
    assert 'needlepoint_messages_total{outcome="empty"} 1.0' in metrics


def test_a_reply_with_nothing_to_read_is_apologised_for(visitor: Visitor, rasa: FakeRasa) -> None:
    rasa.replies["odd"] = [{"image": "x.png"}, {"text": "  "}, {"custom": {"source": "a#b"}}]

    [message] = visitor.say("odd").json()["messages"]

    assert "sorry" in message["text"]


@pytest.mark.parametrize(
    ("items", "outcomes"),
    [
        (DOWNTIME, ["answered"]),
        ([{"text": "I can't say."}, {"custom": {"outcome": "declined"}}], ["declined"]),
        ([*DOWNTIME, {"custom": {"form": "consultation_form"}}], ["answered"]),
        ([*DOWNTIME, {"text": "Not the rest."}, {"custom": {"outcome": "declined"}}],
         ["answered", "declined"]),
        ([{"text": "Hello."}], [None]),
        ([{"text": "Odd."}, {"custom": {"outcome": "made up"}}], [None]),
        ([{"text": "Odder."}, {"custom": {"outcome": ["declined"]}}], [None]),
    ],
)  # fmt: skip
def test_an_answer_carries_what_became_of_the_question(
    items: list[dict[str, Any]], outcomes: list[str | None]
) -> None:
    drafts = read_reply(items)

    assert [draft.outcome for draft in drafts] == outcomes


def test_the_form_that_is_open_is_kept_with_the_last_answer() -> None:
    form = {"custom": {"form": "consultation_form"}}

    drafts = read_reply([{"text": "One."}, {"text": "Your name?"}, form])

    assert [(draft.text, draft.form) for draft in drafts] == [
        ("One.", None),
        ("Your name?", "consultation_form"),
    ]


def test_what_comes_after_an_answers_source_takes_nothing_from_it() -> None:
    [draft] = read_reply([*DOWNTIME, {"custom": {"outcome": "answered"}}, {"custom": {}}])

    assert (draft.source, draft.faq) == ("your-treatment#downtime", "downtime")


@pytest.mark.parametrize("status", [500, 503])
def test_a_failing_rasa_is_a_503_that_says_when_to_come_back(
    visitor: Visitor, rasa: FakeRasa, status: int
) -> None:
    rasa.status = status

    refused = visitor.say("downtime", client_id="1")
    rasa.status = 200
    answered = visitor.say("downtime", client_id="1")

    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "unavailable"
    assert int(refused.headers["retry-after"]) > 0
    assert answered.status_code == 200


def test_without_rasa_no_session_begins(serve: Serve, unused_port: int) -> None:
    server = serve(rasa_url=f"http://127.0.0.1:{unused_port}")

    refused = server.http.post("/api/sessions")

    assert refused.status_code == 503
    assert "retry-after" in refused.headers


def test_a_slow_rasa_is_given_up(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.rasa_client.REPLY_SECONDS", 0.2)
    rasa.delay = 0.6

    refused = visitor.say("downtime")

    assert refused.status_code == 503


def test_an_answer_is_delivered_although_it_cannot_be_stored(
    server: Server, visitor: Visitor, rasa: FakeRasa
) -> None:
    rasa.replies["my skin"] = SCARS
    lock = sqlite3.connect(server.settings.folder / "chat.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    reply = visitor.say("my skin", client_id="1")
    choice = reply.json()["messages"][0]["choices"][0]["id"]
    again = visitor.say("my skin", client_id="1")
    lock.execute("ROLLBACK")
    lock.close()
    time.sleep(REST_SECONDS)
    chosen = visitor.post({"choice": choice})

    assert reply.status_code == 200
    assert again.json() == reply.json()
    assert chosen.status_code == 200
    assert "needlepoint_store_failures_total 1.0" in server.http.get("/metrics").text
    assert sorted(m["text"] for m in visitor.history() if m["role"] == "visitor") == [
        "Acne scars",
        "my skin",
    ]


def test_a_token_of_another_server_or_of_yesterday_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, forged = Tokens("another secret").issue()
    with monkeypatch.context() as yesterday:
        then = time.time() - LIFETIME_SECONDS - 60
        yesterday.setattr("itsdangerous.timed.time.time", lambda: then)
        _, expired = Tokens(server.settings.signing_secret).issue()

    answers = {
        token: server.http.get("/api/messages", headers={"Authorization": f"Bearer {token}"})
        for token in (forged, expired)
    }

    assert [a.status_code for a in answers.values()] == [401, 401]
    assert answers[forged].json()["error"]["code"] == "token_invalid"
    assert answers[expired].json()["error"]["code"] == "token_expired"
