"""Whatever is sent, the answer is a documented status and a clear word, never a 500."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.conftest import Serve
from tests.web.running import FakeRasa, Server, Visitor

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "not_json"),
        (b"not json", 400, "not_json"),
        (b'{"text": "half', 400, "not_json"),
        (b'{"text": "\xff\xfe"}', 400, "not_json"),
        (b"[" * 8000, 400, "not_json"),
        (b"9" * 8000, 400, "not_json"),
        (b"null", 422, "wrong_shape"),
        (b"[]", 422, "wrong_shape"),
        (b'"text"', 422, "wrong_shape"),
        (b"1", 422, "wrong_shape"),
        (b"{}", 422, "wrong_shape"),
        (b'{"message": "hi"}', 422, "wrong_shape"),
        (b'{"text": null}', 422, "wrong_shape"),
        (b'{"text": 5}', 422, "wrong_shape"),
        (b'{"text": true}', 422, "wrong_shape"),
        (b'{"text": ["hi"]}', 422, "wrong_shape"),
        (b'{"text": {"a": "b"}}', 422, "wrong_shape"),
        (b'{"choice": 7}', 422, "wrong_shape"),
        (b'{"choice": ""}', 422, "wrong_shape"),
        (b'{"choice": "a\\u0000b"}', 422, "wrong_shape"),
        (b'{"text": "hi", "choice": "x"}', 422, "wrong_shape"),
        (b'{"text": "hi", "client_id": 5}', 422, "wrong_shape"),
        (b'{"text": "hi", "client_id": ""}', 422, "wrong_shape"),
        (b'{"text": "hi", "client_id": "' + b"x" * 101 + b'"}', 422, "wrong_shape"),
        (b'{"text": "hi", "client_id": "\\u0000"}', 422, "wrong_shape"),
        (b'{"text": ""}', 422, "empty"),
        (b'{"text": " \\n\\t\\u00a0 "}', 422, "empty"),
        (b'{"text": "\\u0000"}', 422, "empty"),
        (b'{"text": "\\ud800"}', 422, "empty"),
        (b'{"text": "\\u200b\\ufeff"}', 422, "empty"),
        (b'{"text": "/"}', 422, "empty"),
        (b'{"text": " / / // "}', 422, "empty"),
        (json.dumps({"text": "a" * 1001}).encode(), 422, "too_long"),
        (json.dumps({"text": "\u00e9" * 1001}).encode(), 422, "too_long"),
        (b'{"choice": "never-offered"}', 422, "unknown_choice"),
        (b'{"choice": "\' OR 1=1 --"}', 422, "unknown_choice"),
        (json.dumps({"text": "a" * 17_000}).encode(), 413, "too_large"),
        (json.dumps({"text": "a" * 100_000}).encode(), 413, "too_large"),
        (json.dumps({"text": "a" * 3_000_000}).encode(), 413, "too_large"),
    ],
)
def test_a_bad_message_is_refused(
    shared: tuple[Server, FakeRasa], body: bytes, status: int, code: str
) -> None:
    server, rasa = shared
    visitor = server.begin()
    rasa.heard.clear()

    refused = server.http.post("/api/messages", content=body, headers={**visitor.headers, **JSON})

    assert refused.status_code == status
    assert refused.json()["error"]["code"] == code
    assert set(refused.json()) == {"error"}
    assert set(refused.json()["error"]) == {"code", "message"}
    assert refused.json()["error"]["message"].endswith((".", "?"))
    assert rasa.heard == []


@pytest.mark.parametrize(
    ("body", "heard"),
    [
        (b'{"text": "/restart"}', "restart"),
        (b'{"text": "  //restart"}', "restart"),
        (b'{"text": "/ /\\n/restart"}', "restart"),
        (b'{"text": "\\uff0frestart"}', "restart"),
        (b'{"text": "\\u200b/restart"}', "restart"),
        (b'{"text": "\\u0000/restart"}', "restart"),
        (b'{"text": "\\ud800/restart"}', "restart"),
        (b'{"text": "\\u200d/restart"}', "restart"),
        (b'{"text": "/inform{\\"name\\": \\"x\\"}"}', 'inform{"name": "x"}'),
        (b'{"text": "and/or"}', "and/or"),
        (b'{"text": "a\\u0000b\\u0007c"}', "abc"),
        (b'{"text": "cut \\ud83d off"}', "cut  off"),
        (b'{"text": "<script>alert(1)</script>"}', "<script>alert(1)</script>"),
        (b'{"text": "Ana\\r\\nana@x.com"}', "Ana\nana@x.com"),
        (b'{"text": "e\\u0301"}', "\u00e9"),
        ('{"text": "👩‍⚕️ 李小龙 شكراً"}'.encode(), "👩‍⚕️ 李小龙 شكراً"),
        (json.dumps({"text": "a" * 1000}).encode(), "a" * 1000),
        (json.dumps({"text": " " * 900 + "a" * 1000}).encode(), "a" * 1000),
        (b'{"text": "\'; DROP TABLE chat_messages; --"}', "'; DROP TABLE chat_messages; --"),
    ],
)
def test_what_rasa_hears_starts_with_no_slash_and_holds_no_control_characters(
    shared: tuple[Server, FakeRasa], body: bytes, heard: str
) -> None:
    server, rasa = shared
    visitor = server.begin()

    reply = server.http.post("/api/messages", content=body, headers={**visitor.headers, **JSON})

    assert reply.status_code == 200, reply.text
    assert rasa.heard_texts()[-1] == heard
    assert [m["text"] for m in visitor.history() if m["role"] == "visitor"] == [heard]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_json_is_json_whatever_the_client_calls_it(visitor: Visitor, content_type: str) -> None:
    headers = {**visitor.headers, "Content-Type": content_type}

    reply = visitor.server.http.post("/api/messages", content=b'{"text": "hi"}', headers=headers)

    assert reply.status_code == 200


def test_a_chunked_body_over_the_limit_is_refused(visitor: Visitor, rasa: FakeRasa) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(200):
            yield b"a" * 1000
        yield b'"}'

    refused = visitor.server.http.post("/api/messages", content=chunks(), headers=visitor.headers)

    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "too_large"
    assert rasa.heard_texts() == ["hello"]


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("Basic YTpi", "token_missing"),
        ("Bearer", "token_missing"),
        ("Bearer x", "token_invalid"),
        ("Bearer a.b.c", "token_invalid"),
        ("Bearer " + "x" * 5000, "token_invalid"),
        ("Bearer \u00e9\u00e9".encode(), "token_invalid"),
    ],
)
def test_a_missing_or_made_up_token_is_refused(
    server: Server, authorization: Any, code: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answers = [
        server.http.post("/api/messages", json={"text": "hi"}, headers=headers),
        server.http.get("/api/messages", headers=headers),
        server.http.post("/api/feedback", json={"message_id": "x", "value": "up"}, headers=headers),
    ]

    assert [a.status_code for a in answers] == [401] * 3
    assert {a.json()["error"]["code"] for a in answers} == {code}
    assert answers[0].headers["www-authenticate"] == "Bearer"


def test_a_changed_token_is_refused(server: Server, visitor: Visitor) -> None:
    conversation, rest = visitor.token.split(".", 1)
    other = ("0" if conversation[0] != "0" else "1") + conversation[1:]

    refused = server.http.get("/api/messages", headers={"Authorization": f"Bearer {other}.{rest}"})

    assert refused.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message_id": 1, "value": "up"},
        {"message_id": "x"},
        {"message_id": "x", "value": "sideways"},
        {"message_id": "x", "value": True},
        [],
    ],
)
def test_bad_feedback_is_refused(shared_server: Server, body: Any) -> None:
    visitor = shared_server.begin()

    refused = shared_server.http.post("/api/feedback", json=body, headers=visitor.headers)

    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "wrong_shape"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nowhere", 404, "not_found"),
        ("GET", "/api/sessions", 405, "method_not_allowed"),
        ("DELETE", "/api/messages", 405, "method_not_allowed"),
        ("PUT", "/api/feedback", 405, "method_not_allowed"),
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/static/../web/app.py", 404, "not_found"),
        ("GET", "/static/%2e%2e/app.py", 404, "not_found"),
    ],
)
def test_wrong_addresses_and_methods_get_the_same_shape(
    shared_server: Server, method: str, path: str, status: int, code: str
) -> None:
    refused = shared_server.http.request(method, path)

    assert refused.status_code == status
    assert refused.json()["error"]["code"] == code
    assert ("allow" in refused.headers) == (status == 405)


def test_a_person_who_followed_a_link_to_nowhere_gets_a_page(server: Server) -> None:
    page = server.http.get("/nowhere", headers={"Accept": "text/html"})

    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def test_a_fault_of_ours_is_a_plain_500(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_: object) -> None:
        raise RuntimeError("with a secret inside")

    monkeypatch.setattr("web.conversation.read_reply", fault)

    answer = visitor.server.http.post(
        "/api/messages",
        json={"text": "hi"},
        headers={**visitor.headers, "Origin": "https://elsewhere.example"},
    )

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "secret" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_conversation_is_limited(serve: Serve, rasa: FakeRasa) -> None:
    visitor = serve(rate_limit="3/minute").begin()

    statuses = [visitor.say("hi").status_code for _ in range(3)]
    refused = visitor.say("hi")

    assert statuses == [200, 200, 200]
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert rasa.heard_texts().count("hi") == 3


def test_a_limited_visitor_is_heard_again_after_the_wait(serve: Serve) -> None:
    visitor = serve(rate_limit="1/second").begin()
    while visitor.say("hi").status_code == 200:
        pass

    time.sleep(1.05)

    assert visitor.say("hi").status_code == 200


def test_new_sessions_do_not_lift_the_limit_of_an_address(serve: Serve) -> None:
    server = serve(rate_limit="3/minute")
    visitors = [server.begin() for _ in range(3)]

    statuses = [visitor.say("hi").status_code for visitor in visitors for _ in range(2)]
    session = server.http.post("/api/sessions")

    assert statuses == [200, 200, 200, 429, 429, 429]
    assert session.status_code == 429
    assert "retry-after" in session.headers


def test_a_refused_shape_costs_nothing(serve: Serve) -> None:
    visitor = serve(rate_limit="1/minute").begin()

    visitor.post({"text": ""})
    visitor.post({"text": 5})

    assert visitor.say("hi").status_code == 200


def _begin_as(server: Server, forwarded: str) -> int:
    return server.http.post("/api/sessions", headers={"X-Forwarded-For": forwarded}).status_code


def test_forwarded_addresses_of_strangers_do_not_count(serve: Serve) -> None:
    server = serve(rate_limit="1/minute")

    assert [_begin_as(server, f"203.0.113.{n}") for n in (1, 2)] == [201, 429]


def test_forwarded_addresses_of_trusted_proxies_count(serve: Serve) -> None:
    server = serve(rate_limit="1/minute", trusted_proxies=("127.0.0.0/8", "10.0.0.1"))

    assert [_begin_as(server, f"203.0.113.{n}") for n in (1, 2)] == [201, 201]
    # What a visitor puts in front of the list changes nothing.
    assert _begin_as(server, "198.51.100.7, 203.0.113.1") == 429
    assert _begin_as(server, "203.0.113.1, 10.0.0.1") == 429


def test_one_ipv6_network_is_one_visitor(serve: Serve) -> None:
    server = serve(rate_limit="1/minute", trusted_proxies=("127.0.0.1",))

    statuses = [_begin_as(server, a) for a in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")]

    assert statuses == [201, 429, 201]


def test_a_body_that_never_ends_does_not_keep_the_answer(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\nstart"
        )

        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413")
