"""Whether the web process tells truly how the whole is doing."""

from collections.abc import Callable

import pytest

from tests.web.conftest import Serve
from tests.web.running import FakeRasa, Server

OK = dict.fromkeys(("rasa", "model", "tracker_store", "actions", "database"), "ok")


def test_all_is_well_when_every_part_answers(server: Server) -> None:
    health = server.http.get("/healthz")

    assert health.status_code == 200
    assert health.json() == {"status": "ok", "model": "live.tar.gz", "parts": OK}


def _without_model(rasa: FakeRasa) -> None:
    rasa.model = None


def _without_tracker_store(rasa: FakeRasa) -> None:
    rasa.tracker_store = False


def _without_actions(rasa: FakeRasa) -> None:
    rasa.actions = False


@pytest.mark.parametrize(
    ("broken", "part"),
    [
        (_without_model, "model"),
        (_without_tracker_store, "tracker_store"),
        (_without_actions, "actions"),
    ],
)
def test_one_failing_part_fails_the_whole(
    server: Server, rasa: FakeRasa, broken: Callable[[FakeRasa], None], part: str
) -> None:
    broken(rasa)

    health = server.http.get("/healthz")

    assert health.status_code == 503
    assert health.json()["status"] == "failing"
    assert health.json()["parts"] == {**OK, part: "failing"}
    assert "retry-after" in health.headers


def test_without_rasa_only_its_own_parts_fail(
    serve: Serve, rasa: FakeRasa, unused_port: int
) -> None:
    server = serve(rasa_url=f"http://127.0.0.1:{unused_port}", actions_url=rasa.url)

    health = server.http.get("/healthz")

    assert health.status_code == 503
    assert health.json()["model"] is None
    assert health.json()["parts"] == {
        **OK,
        "rasa": "failing",
        "model": "failing",
        "tracker_store": "failing",
    }


def test_a_rasa_that_refuses_our_token_is_failing(serve: Serve) -> None:
    server = serve(shared_rasa_token="another")

    assert server.http.get("/healthz").json()["parts"]["rasa"] == "failing"


def test_a_database_that_is_gone_fails_the_whole(server: Server) -> None:
    server.engine.dispose()
    path = server.settings.folder / "chat.db"
    for file in server.settings.folder.glob("chat.db*"):
        file.unlink()
    path.mkdir()

    health = server.http.get("/healthz")

    assert health.status_code == 503
    assert health.json()["parts"] == {**OK, "database": "failing"}


def test_messages_are_counted_by_what_became_of_them(server: Server, rasa: FakeRasa) -> None:
    visitor = server.begin()
    visitor.say("one", client_id="1")
    visitor.say("one", client_id="1")
    rasa.status = 500
    visitor.say("two")

    counted = server.http.get("/metrics")

    assert counted.headers["content-type"].startswith("text/plain")
    for line in (
        'needlepoint_messages_total{outcome="answered"} 1.0',
        'needlepoint_messages_total{outcome="repeated"} 1.0',
        'needlepoint_messages_total{outcome="unavailable"} 1.0',
        "needlepoint_turn_seconds_count 1.0",
        "needlepoint_sessions_total 1.0",
        "needlepoint_empty_replies_total 0.0",
    ):
        assert line in counted.text.splitlines()
