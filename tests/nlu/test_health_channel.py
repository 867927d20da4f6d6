"""The health channel, asked over HTTP of a server as Rasa registers its channels."""

import os
from pathlib import Path
from typing import Iterator, Tuple

import pytest
import requests
from rasa.shared.core.domain import Domain

from nlu import tracker_store
from nlu.tracker_store import LiveTrackerStore
from tests.nlu.channel_server import ChannelServer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "conversations.db"


@pytest.fixture
def store(file: Path) -> Iterator[LiveTrackerStore]:
    tracker_store.open_stores.clear()
    store = LiveTrackerStore(Domain.empty(), host=f"sqlite:///{file}")
    yield store
    tracker_store.open_stores.discard(store)


@pytest.fixture
def address(channels: ChannelServer) -> str:
    return channels.address


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
