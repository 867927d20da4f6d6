"""The chat channel, asked over HTTP of a server as Rasa registers its channels."""

import asyncio
import logging
from pathlib import Path
from typing import Any, List, Optional

import pytest
import requests
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    SessionStarted,
    UserUttered,
)

from nlu import tracker_store
from nlu.tracker_store import LiveTrackerStore
from tests.nlu.channel_server import ChannelServer

BUTTONS = [{"title": "Yes", "payload": "/affirm"}]


class Counting:
    """Stands for Rasa: its n-th answer is `n`, with a button and a source."""

    def __init__(self) -> None:
        self.store: LiveTrackerStore
        self.heard: List[str] = []
        self.says_nothing = False
        self.form: Optional[str] = None

    async def handle_message(self, message: UserMessage) -> None:
        if message.text == "break":
            raise ValueError("broken")
        self.heard.append(message.text)
        tracker = await self.store.get_or_create_tracker(message.sender_id)
        if not tracker.events:
            tracker.update_with_events([ActionExecuted("action_listen"), SessionStarted()], None)
        tracker.update(UserUttered(message.text, metadata=message.metadata))
        if self.form is not None:
            tracker.update(ActiveLoop(self.form or None))
        if not self.says_nothing:
            await self._answer(message, tracker)
        await self.store.save(tracker)

    async def _answer(self, message: UserMessage, tracker: Any) -> None:
        text = f"{len(self.heard)}"
        await message.output_channel.send_text_with_buttons(message.sender_id, text, BUTTONS)
        tracker.update(BotUttered(text, data={"buttons": BUTTONS, "custom": None}))
        await message.output_channel.send_custom_json(message.sender_id, {"faq": "downtime"})
        tracker.update(BotUttered(None, data={"custom": {"faq": "downtime"}}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "conversations.db"


@pytest.fixture
def rasa(file: Path) -> Counting:
    rasa = Counting()
    restart(rasa, file)
    return rasa


@pytest.fixture
def address(channels: ChannelServer, rasa: Counting) -> str:
    channels.answer_with(rasa)
    return channels.address


def restart(rasa: Counting, file: Path) -> None:
    """As after a kill: what was in memory is gone."""
    tracker_store.open_stores.clear()
    rasa.store = LiveTrackerStore(Domain.empty(), host=f"sqlite:///{file}")


def say(address: str, text: str, sender: str = "visitor-1", **metadata: Any) -> Any:
    body = {"sender": sender, "message": text, "metadata": metadata}
    return requests.post(f"{address}/rest/webhook", json=body, timeout=5).json()


def test_a_message_is_answered_once_however_often_it_comes(address: str, rasa: Counting) -> None:
    first = say(address, "yes", client_id="a")

    again = say(address, "yes", client_id="a")

    assert again == first
    assert first[0] == {"recipient_id": "visitor-1", "text": "1", "buttons": BUTTONS}
    assert first[1] == {"recipient_id": "visitor-1", "custom": {"faq": "downtime"}}
    assert rasa.heard == ["yes"]


def test_so_it_is_after_a_restart_and_after_other_messages(
    address: str, rasa: Counting, file: Path
) -> None:
    first = say(address, "yes", client_id="a")
    other = say(address, "no", client_id="b")
    restart(rasa, file)

    assert say(address, "yes", client_id="a") == first
    assert say(address, "no", client_id="b") == other
    assert rasa.heard == ["yes", "no"]


def test_another_message_or_visitor_gets_an_answer_of_its_own(address: str, rasa: Counting) -> None:
    say(address, "yes", client_id="a")
    say(address, "yes", client_id="b")
    say(address, "yes", sender="visitor-2", client_id="a")
    say(address, "yes")
    say(address, "yes")

    assert rasa.heard == ["yes"] * 5


def test_a_reply_ends_with_the_form_that_is_open(address: str, rasa: Counting) -> None:
    before = say(address, "hello")
    rasa.form = "message_form"
    opened = say(address, "take a message", client_id="a")
    again = say(address, "take a message", client_id="a")
    rasa.form = ""
    closed = say(address, "stop")

    assert opened[-1] == {"recipient_id": "visitor-1", "custom": {"form": "message_form"}}
    assert again == opened
    assert not any("form" in item.get("custom", {}) for item in [*before, *closed])


def test_a_message_that_got_no_answer_is_heard_again(address: str, rasa: Counting) -> None:
    rasa.says_nothing = True
    nothing = say(address, "yes", client_id="a")
    rasa.says_nothing = False

    answer = say(address, "yes", client_id="a")

    assert nothing == []
    assert answer[0]["text"] == "2"


def test_conversations_go_on_from_memory_after_a_look_at_them(
    address: str, rasa: Counting, file: Path
) -> None:
    say(address, "one", client_id="a")
    say(address, "one", client_id="a")
    say(address, "two", client_id="b")
    restart(rasa, file)
    say(address, "three", client_id="c")

    tracker = asyncio.new_event_loop().run_until_complete(rasa.store.look_at("visitor-1"))

    said = [event.text for event in tracker.events if isinstance(event, UserUttered)]
    assert said == ["one", "two", "three"]


def test_what_fails_is_logged_without_the_visitors_words(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = say(address, "break", sender="ana@example.com")

    assert answer == []
    assert "A message could not be answered." in caplog.text
    assert "ana@example.com" not in caplog.text
