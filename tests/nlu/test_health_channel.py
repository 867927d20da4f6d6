"""The health channel, asked over HTTP of a server as Rasa registers its channels."""

import os
import socket
import threading
import time
from pathlib import Path
from typing import Iterator, Tuple

import pytest
import requests
from rasa.core.channels.channel import register
from rasa.core.run import create_http_input_channels
from rasa.shared.core.domain import Domain
from sanic import Sanic

from nlu import tracker_store
from nlu.tracker_store import LiveTrackerStore

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "conversations.db"


@pytest.fixture
def store(file: Path) -> Iterator[LiveTrackerStore]:
    tracker_store.open_stores.clear()
    store = LiveTrackerStore(Domain.empty(), host=f"sqlite:///{file}")
    yield store
    tracker_store.open_stores.discard(store)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with the channels of credentials.yml, below the path that Rasa gives them."""
    app = Sanic("health_channel_test", configure_logging=False)
    loops: list = []
    app.register_listener(lambda _, loop: loops.append(loop), "after_server_start")
    channels = create_http_input_channels(None, str(PROJECT / "credentials.yml"))
    register(channels, app, route="/webhooks/")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"host": "127.0.0.1", "port": port, "register_sys_signals": False}
    server = threading.Thread(target=app.run, kwargs=options, daemon=True)
    server.start()
    address = f"http://127.0.0.1:{port}/webhooks"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            requests.get(f"{address}/rest/", timeout=1)
            break
        except requests.ConnectionError:
            time.sleep(0.05)
    yield address
    loops[0].call_soon_threadsafe(app.stop)
    server.join(10)


def health(address: str) -> Tuple[int, dict]:
    answer = requests.get(f"{address}/needlepoint/health", timeout=5)
    return answer.status_code, answer.json()


def test_a_working_store_is_ok(address: str, store: LiveTrackerStore) -> None:
    assert health(address) == (200, {"tracker_store": "ok"})


def test_a_lost_database_is_failing_and_ok_again_when_it_is_back(
    address: str, store: LiveTrackerStore, file: Path
) -> None:
    away = file.with_suffix(".away")
    os.rename(file, away)
    assert health(address) == (503, {"tracker_store": "failing"})

    os.rename(away, file)

    assert health(address) == (200, {"tracker_store": "ok"})


def test_conversations_in_memory_only_are_failing(address: str) -> None:
    tracker_store.open_stores.clear()

    assert health(address) == (503, {"tracker_store": "failing"})


def test_the_channel_takes_no_messages(address: str, store: LiveTrackerStore) -> None:
    answer = requests.post(f"{address}/needlepoint/webhook", json={"message": "hi"}, timeout=5)

    assert answer.status_code == 404
