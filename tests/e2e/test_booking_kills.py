"""Bookings that go on while processes are killed at any moment, and what is there afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event, Thread, Timer

import httpx
import pytest

from tests.e2e.booker import Booker, people
from tests.e2e.proofs import (
    assert_all_was_handed_off,
    assert_each_request_is_there_once,
    assert_nothing_overlaps,
    wait_until_delivered,
)
from tests.e2e.receivers import Receivers
from tests.e2e.stack import Stack
from tests.e2e.stored import locked_booking_database, stored_requests
from tests.e2e.visitor import Visitor
from web.tokens import Tokens

PROCESSES = ("web", "actions", "rasa", "worker")
WISHES = (
    "tuesday 3pm",
    "any weekday morning",
    "next week after 2",
    "the 3rd at noon",
    "wednesday at 10",
    "as soon as possible",
    "december 8 at 9:30",
    "thursday or friday afternoon",
)
AT_ONCE = 10
# A booking takes at least so many messages.
MESSAGES = 3
# Failures that a visitor puts up with, up to a second apart.
PATIENCE = 600


class Killer(Thread):
    """Kills one process after the other once so many replies were heard, and starts it again."""

    def __init__(
        self, stack: Stack, visitors: Sequence[Booker], kills: int, random: Random
    ) -> None:
        super().__init__()
        self._stack, self._visitors, self._random = stack, visitors, random
        self._enough = Event()
        moments = sorted(random.sample(range(1, MESSAGES * len(visitors) * 9 // 10), kills))
        names = [PROCESSES[number % len(PROCESSES)] for number in range(kills)]
        random.shuffle(names)
        self._plan = list(zip(names, moments, strict=True))
        self.killed: list[str] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            for name, moment in self._plan:
                self._wait_until_heard(moment)
                self._kill(name)
        except Exception as failure:
            self.failure = failure

    def _wait_until_heard(self, replies: int) -> None:
        while sum(len(one.heard) for one in self._visitors) < replies:
            if self._enough.wait(0.005):
                return
        # Anywhere in the turns that are under way.
        time.sleep(self._random.uniform(0, 0.15))

    def _kill(self, name: str) -> None:
        self._stack.stop(name, hard=True)
        self.killed.append(name)
        # As a service manager does: again after a moment, and only what ended.
        time.sleep(self._random.uniform(0.2, 1.0))
        self._stack.start(name)
        self._stack.wait_until_healthy()

    def stop(self) -> None:
        self._enough.set()
        self.join()
        if self.failure is not None:
            raise self.failure


def book_through_kills(stack: Stack, receivers: Receivers, *, bookings: int, kills: int) -> None:
    random = Random(20261120)
    visitors = [
        Booker(
            stack.url, person, random.choice(WISHES), Random(number), pause=1.0, patience=PATIENCE
        )
        for number, person in enumerate(people(bookings))
    ]
    killer = Killer(stack, visitors, kills, random)

    killer.start()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(Booker.book, visitors))
    killer.stop()
    wait_until_delivered(stack)

    assert len(killer.killed) == kills
    assert {*killer.killed} == {*PROCESSES}
    assert any(visitor.failures for visitor in visitors)
    emails = [visitor.person.email for visitor in visitors]
    assert_each_request_is_there_once(stack, dict(zip(emails, told, strict=True)))
    assert_nothing_overlaps(stack)
    assert_all_was_handed_off(stack, receivers)


@pytest.fixture
def at_the_summary(handing_off: Stack) -> Iterator[Visitor]:
    """A visitor who is asked whether to send it."""
    visitor = Visitor(handing_off.url)
    visitor.say("book me in, Ada Voss, ada@example.com, acne scars, asap")
    visitor.choose(visitor.messages[-1]["choices"][0]["title"])
    assert "Shall I send this" in visitor.say("yes")[-1]
    yield visitor
    visitor.close()


def test_a_reply_that_was_lost_with_the_web_process_is_given_when_the_message_comes_again(
    handing_off: Stack, at_the_summary: Visitor
) -> None:
    before = stored_requests(handing_off)
    holder = Tokens(handing_off.settings.signing_secret).read(at_the_summary.token)
    # What the web process had asked of Rasa, and did not live to pass on.
    lost = httpx.post(
        f"{handing_off.settings.rasa_base_url}/webhooks/rest/webhook",
        json={
            "sender": holder.conversation_id,
            "message": "yes",
            "metadata": {"client_id": "the-same"},
        },
    ).json()

    texts = at_the_summary.say("yes", client_id="the-same")

    assert texts == [item["text"] for item in lost if "text" in item]
    assert "Your reference is NP-" in texts[0]
    assert len(stored_requests(handing_off)) == len(before) + 1


@pytest.mark.parametrize("said", ["yes", "try again", "book a consultation"])
def test_what_a_killed_action_server_left_undone_is_done_when_it_is_said_again(
    handing_off: Stack, at_the_summary: Visitor, said: str
) -> None:
    before = stored_requests(handing_off)
    with locked_booking_database(handing_off):
        killed = Timer(0.5, lambda: handing_off.stop("actions", hard=True))
        killed.start()
        apology = at_the_summary.say("yes")
        killed.join()
    handing_off.start("actions")
    handing_off.wait_until_healthy()

    texts = at_the_summary.say(said)
    if "Shall I send this" in texts[-1]:
        texts = at_the_summary.say("yes")

    assert "something went wrong" in apology[0]
    assert "Your reference is NP-" in texts[0]
    assert len(stored_requests(handing_off)) == len(before) + 1


def test_what_visitors_were_told_survives_kills(handing_off: Stack, receivers: Receivers) -> None:
    book_through_kills(handing_off, receivers, bookings=20, kills=4)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_bookings_survive_kills(handing_off: Stack, receivers: Receivers) -> None:
    book_through_kills(handing_off, receivers, bookings=200, kills=40)
