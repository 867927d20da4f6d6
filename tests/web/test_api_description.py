"""What other programs and other websites are told about the API."""

from typing import Any

import pytest

from tests.web.conftest import Serve
from tests.web.running import Server


def test_the_description_names_every_public_route_with_its_errors(shared_server: Server) -> None:
    paths: dict[str, Any] = shared_server.http.get("/openapi.json").json()["paths"]

    answers = {
        f"{method.upper()} {path}": sorted(operation["responses"])
        for path, methods in paths.items()
        for method, operation in methods.items()
    }

    assert answers == {
        "POST /api/sessions": ["201", "413", "429", "503"],
        "POST /api/messages": ["200", "400", "401", "413", "422", "429", "503"],
        "GET /api/messages": ["200", "401", "429", "503"],
        "POST /api/feedback": ["204", "400", "401", "404", "413", "422", "429", "503"],
        "GET /healthz": ["200", "503"],
    }


def test_every_schema_that_the_description_mentions_is_in_it(shared_server: Server) -> None:
    text = shared_server.http.get("/openapi.json").text
    schemas = shared_server.http.get("/openapi.json").json()["components"]["schemas"]

    mentioned = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert {"MessageIn", "FeedbackIn", "Session", "Reply", "History", "ErrorBody"} <= mentioned
    assert mentioned <= set(schemas)


def test_the_reference_needs_nothing_from_elsewhere(shared_server: Server) -> None:
    page = shared_server.http.get("/docs")

    assert page.status_code == 200
    assert "POST /api/messages" in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert shared_server.http.get("/static/reference.css").status_code == 200


@pytest.mark.parametrize("path", ["/api/sessions", "/api/messages", "/static/widget.js"])
def test_another_website_may_use_the_chat(shared_server: Server, path: str) -> None:
    asked = shared_server.http.options(
        path,
        headers={
            "Origin": "https://clinic.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in asked.headers


def test_errors_reach_another_website_too(shared_server: Server) -> None:
    origin = {"Origin": "https://clinic.example"}

    refused = [
        shared_server.http.post("/api/messages", json={}, headers=origin),
        shared_server.http.post("/api/messages", content=b"x" * 20_000, headers=origin),
    ]

    assert [r.status_code for r in refused] == [401, 413]
    assert {r.headers["access-control-allow-origin"] for r in refused} == {"*"}
    assert refused[0].headers["access-control-expose-headers"] == "Retry-After"


def test_only_named_websites_may_use_the_chat_when_there_are_any(serve: Serve) -> None:
    server = serve(allowed_origins=("https://clinic.example",))

    allowed = {
        origin: server.http.post("/api/sessions", headers={"Origin": origin}).headers.get(
            "access-control-allow-origin"
        )
        for origin in ("https://clinic.example", "https://elsewhere.example")
    }

    assert allowed == {
        "https://clinic.example": "https://clinic.example",
        "https://elsewhere.example": None,
    }


def test_nothing_but_the_chat_is_shared_with_other_websites(shared_server: Server) -> None:
    answers = [
        shared_server.http.get(path, headers={"Origin": "https://clinic.example"})
        for path in ("/", "/healthz", "/metrics")
    ]

    assert all("access-control-allow-origin" not in a.headers for a in answers)


def test_no_answer_lets_browsers_guess_its_type(shared_server: Server) -> None:
    for path in ("/", "/healthz", "/api/messages", "/static/widget.js", "/nowhere"):
        assert shared_server.http.get(path).headers["x-content-type-options"] == "nosniff"


def test_conversations_are_not_kept_by_caches(shared_server: Server) -> None:
    visitor = shared_server.begin()

    answers = [
        shared_server.http.post("/api/sessions"),
        visitor.say("hi"),
        shared_server.http.get("/api/messages", headers=visitor.headers),
        shared_server.http.get("/api/messages"),
    ]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
