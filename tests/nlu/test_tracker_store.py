"""The tracker store: what is in memory is what the database holds, whatever happens in between."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List, Optional

import pytest
from rasa.core.tracker_store import FailSafeTrackerStore, SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError

from nlu import conversation_database, tracker_store
from nlu.tracker_store import LiveTrackerStore, Position

pytestmark = pytest.mark.anyio

PROJECT = Path(__file__).resolve().parents[2]
VISITOR = "visitor-1"


def domain_with(*slots: str) -> Domain:
    lines = [f"  {name}: {{type: text, mappings: [{{type: custom}}]}}" for name in slots]
    return Domain.from_yaml("\n".join(["version: '3.1'", "intents: [greet]", "slots:", *lines]))


DOMAIN = domain_with("name", "concern")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "conversations.db"


@pytest.fixture
def store(file: Path) -> LiveTrackerStore:
    return open_store(file)


def open_store(file: Path, domain: Domain = DOMAIN, **options: Any) -> LiveTrackerStore:
    return LiveTrackerStore(domain, host=f"sqlite:///{file}", **options)


def start() -> List[Event]:
    return [
        ActionExecuted("action_session_start"),
        SessionStarted(),
        ActionExecuted("action_listen"),
    ]


def turn(text: str) -> List[Event]:
    return [
        UserUttered(text, intent={"name": "greet", "confidence": 0.9}),
        SlotSet("concern", text),
        ActionExecuted("utter_greet"),
        BotUttered(f"You said {text}", data={"custom": {"faq": "downtime"}}),
        ActionExecuted("action_listen"),
    ]


async def say(store: Any, *events: Event, to: str = VISITOR) -> DialogueStateTracker:
    """A turn as Rasa has it: fetch the tracker, add events, save it."""
    tracker = await FailSafeTrackerStore(store).get_or_create_tracker(
        to, append_action_listen=False
    )
    tracker.update_with_events(list(events), store.domain)
    await FailSafeTrackerStore(store).save(tracker)
    return tracker


async def as_rasa_reads_it(file: Path, domain: Domain = DOMAIN) -> Optional[DialogueStateTracker]:
    return await SQLTrackerStore(domain, host=f"sqlite:///{file}").retrieve(VISITOR)


async def said(store: LiveTrackerStore, of: str = VISITOR) -> List[str]:
    """What the visitor said, as the store has it."""
    tracker = await store.retrieve(of)
    if tracker is None:
        return []
    await store.save(tracker)
    return [event.text for event in tracker.events if isinstance(event, UserUttered)]


def rows(file: Path) -> int:
    with sqlite3.connect(file) as connection:
        count: int = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    return count


def forget(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM events WHERE sender_id = ?", [VISITOR])


async def test_a_live_conversation_is_the_one_that_rasas_own_store_reads(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start())
    await say(store, *turn("acne scars"))
    await say(store, *turn("melasma"))

    live, stored = await store.retrieve(VISITOR), await as_rasa_reads_it(file)

    assert live == stored
    assert live.current_slot_values() == stored.current_slot_values()
    assert live.latest_message.as_dict() == stored.latest_message.as_dict()
    assert live.applied_events() == stored.applied_events()


async def test_a_turn_that_was_answered_with_nothing_leaves_no_trace(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("kept"))
    # An action failed: Rasa goes on without its events, and without a word.
    failed = [UserUttered("lost"), ActionExecuted("consultation_form")]

    await say(store, *failed)
    await say(store, *turn("said again"))

    assert await said(store) == ["kept", "said again"]
    assert await said(open_store(file)) == ["kept", "said again"]


async def test_each_event_is_written_once(store: LiveTrackerStore, file: Path) -> None:
    await say(store, *start())
    await say(store, *turn("one"))
    await say(store, *turn("two"))

    assert rows(file) == len(start()) + 2 * len(turn(""))


async def test_a_turn_that_breaks_down_leaves_no_trace(store: LiveTrackerStore) -> None:
    await say(store, *start(), *turn("kept"))
    broken = await store.retrieve(VISITOR)
    broken.update_with_events(turn("lost"), DOMAIN)

    assert await said(store) == ["kept"]


async def test_turns_that_overlap_lose_nothing(store: LiveTrackerStore) -> None:
    await say(store, *start())
    first, second = await store.retrieve(VISITOR), await store.retrieve(VISITOR)
    first.update_with_events(turn("first"), DOMAIN)
    second.update_with_events(turn("second"), DOMAIN)

    await store.save(first)
    await store.save(second)

    assert await said(store) == ["first", "second"]


async def test_what_another_process_added_is_taken_up(store: LiveTrackerStore, file: Path) -> None:
    other = open_store(file)
    await say(store, *start(), *turn("here"))
    await say(other, *turn("there"))

    assert await said(store) == ["here", "there"]


async def test_two_processes_that_take_turns_agree(store: LiveTrackerStore, file: Path) -> None:
    other = open_store(file)
    await say(store, *start())

    for number in range(6):
        await say([store, other][number % 2], *turn(str(number)))

    assert await said(store) == await said(other) == list("012345")
    assert await store.retrieve(VISITOR) == await as_rasa_reads_it(file)


async def test_only_what_is_new_is_read_from_another_process(
    store: LiveTrackerStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(store, *start(), *turn("here"))
    await say(open_store(file), *turn("there"))
    read: List[Event] = []
    monkeypatch.setattr(tracker_store, "_event", _noting(read, tracker_store._event))

    await store.retrieve(VISITOR)

    assert len(read) == len(turn("there"))


def _noting(read: List[Event], make: Any) -> Any:
    def event(stored: Any) -> Event:
        read.append(make(stored))
        return read[-1]

    return event


async def test_an_unchanged_conversation_is_not_read_again(
    store: LiveTrackerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(store, *start(), *turn("hello"))
    read: List[Event] = []
    monkeypatch.setattr(tracker_store, "_event", _noting(read, tracker_store._event))

    await say(store, *turn("and again"))

    assert read == []


async def test_an_erased_conversation_is_forgotten_in_memory_too(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("my name is Ada"))

    forget(file)

    assert await store.retrieve(VISITOR) is None


async def test_erased_and_begun_anew_elsewhere_it_has_the_new_events_only(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("old"))
    forget(file)
    await say(open_store(file), *start(), *turn("new"), *turn("newer"))

    assert await said(store) == ["new", "newer"]


async def test_a_turn_that_an_erasure_overtakes_is_not_written_back(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("I'm Ada"))
    under_way = await store.retrieve(VISITOR)
    under_way.update_with_events(turn("yes, Ada"), DOMAIN)

    forget(file)
    await store.save(under_way)

    assert rows(file) == 0
    assert await store.retrieve(VISITOR) is None
    await say(store, *start(), *turn("hello"))
    assert await said(store) == ["hello"]


async def test_what_waited_for_the_database_is_not_written_to_an_erased_conversation(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("I'm Ada"))
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    await say(store, *turn("Ada Byron"))
    locker.execute("ROLLBACK")

    forget(file)

    assert await store.works()
    assert rows(file) == 0
    assert await said(store) == []


async def test_an_error_of_the_database_names_nobody(store: LiveTrackerStore, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    tracker = DialogueStateTracker(VISITOR, DOMAIN.slots)
    Position(0, 0, 0, None, DOMAIN).note_on(tracker)
    tracker.update_with_events(turn("I'm Ada"), DOMAIN)

    with pytest.raises(SQLAlchemyError) as failure:
        await store._write(tracker)

    assert "full" in str(failure.value)
    assert "Ada" not in str(failure.value)


async def test_a_new_session_drops_what_came_before_it(store: LiveTrackerStore, file: Path) -> None:
    await say(store, *start(), *turn("yesterday"))
    await say(store, *start(), *turn("today"))

    assert await said(store) == ["today"]
    assert await store.retrieve(VISITOR) == await as_rasa_reads_it(file)


async def test_the_full_tracker_has_all_sessions(store: LiveTrackerStore) -> None:
    await say(store, *start(), *turn("yesterday"))
    await say(store, *start(), *turn("today"))

    full = await store.retrieve_full_tracker(VISITOR)

    texts = [event.text for event in full.events if isinstance(event, UserUttered)]
    assert texts == ["yesterday", "today"]


async def test_a_restart_clears_the_slots(store: LiveTrackerStore, file: Path) -> None:
    await say(store, *start(), *turn("acne"))

    await say(store, Restarted(), ActionExecuted("action_listen"))

    live = await store.retrieve(VISITOR)
    assert live.get_slot("concern") is None
    assert live.applied_events() == (await as_rasa_reads_it(file)).applied_events()


async def test_a_new_models_slots_are_there_at_the_next_turn(store: LiveTrackerStore) -> None:
    await say(store, *start(), *turn("acne"))

    store.domain = domain_with("concern", "budget")

    live = await store.retrieve(VISITOR)
    assert set(live.slots) >= {"concern", "budget"}
    assert "name" not in live.slots
    assert live.get_slot("concern") == "acne"


async def test_a_turn_that_a_new_model_overtakes_is_kept(store: LiveTrackerStore) -> None:
    await say(store, *start())
    under_way = await store.retrieve(VISITOR)
    store.domain = domain_with("concern", "budget")
    under_way.update_with_events(turn("acne"), DOMAIN)

    await store.save(under_way)

    live = await store.retrieve(VISITOR)
    assert live.get_slot("concern") == "acne"
    assert "budget" in live.slots


async def test_conversations_beyond_the_bound_leave_memory_and_not_the_database(file: Path) -> None:
    store = open_store(file, live_conversations=3)

    for number in range(8):
        await say(store, *start(), *turn(f"hello {number}"), to=f"visitor-{number}")

    assert len(store._live) == 3
    assert await said(store, of="visitor-0") == ["hello 0"]


async def test_idle_conversations_leave_memory(file: Path) -> None:
    store = open_store(file, idle_minutes=0.001)
    await say(store, *start(), to="quiet")
    await asyncio.sleep(0.1)

    await say(store, *start(), to="busy")

    assert store._live.look_at("quiet") is None


async def test_what_was_answered_outlives_a_killed_process(file: Path) -> None:
    script = (
        "import asyncio, os, signal, sys; from pathlib import Path\n"
        "from tests.nlu.test_tracker_store import *\n"
        "asyncio.run(say(open_store(Path(sys.argv[1])), *start(), *turn('remember me')))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )

    killed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(file)], cwd=PROJECT, timeout=120
    )

    assert killed.returncode == -signal.SIGKILL
    assert await said(open_store(file)) == ["remember me"]


async def test_the_database_is_in_wal_mode_and_its_folder_is_made(tmp_path: Path) -> None:
    file = tmp_path / "not" / "there" / "yet.db"

    await say(open_store(file), *start())

    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_events_set_from_outside_are_saved_as_rasa_does(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start())
    replaced = DialogueStateTracker.from_events(
        VISITOR, [*start()[1:], *turn("by hand")], DOMAIN.slots
    )

    await store.save(replaced)

    assert await said(store) == ["by hand"]


# When the database fails


def take_away(file: Path) -> None:
    os.rename(file, file.with_suffix(".away"))


def bring_back(file: Path) -> None:
    os.rename(file.with_suffix(".away"), file)


@pytest.fixture(autouse=True)
def _try_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_store, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(conversation_database, "BUSY_SECONDS", 0.1)


async def test_a_lost_database_is_told_and_not_made_anew(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start())
    take_away(file)

    assert await store.works() is False
    assert store.failing
    assert not file.exists()


async def test_conversations_go_on_while_the_database_is_away(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("before"))
    take_away(file)

    await say(store, *turn("meanwhile"))
    await say(store, *turn("still"))

    assert await said(store) == ["before", "meanwhile", "still"]
    assert store.failing


async def test_a_conversation_can_begin_while_the_database_is_away(
    store: LiveTrackerStore, file: Path
) -> None:
    take_away(file)

    await say(store, *start(), *turn("hello"))
    await say(store, *turn("anyone?"))

    assert await said(store) == ["hello", "anyone?"]


async def test_what_was_said_meanwhile_is_written_once_the_database_is_back(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("before"))
    take_away(file)
    await say(store, *turn("meanwhile"))
    bring_back(file)

    assert await store.works() is True

    assert await said(open_store(file)) == ["before", "meanwhile"]
    assert rows(file) == len(start()) + 2 * len(turn(""))


async def test_a_turn_alone_brings_the_store_back(store: LiveTrackerStore, file: Path) -> None:
    await say(store, *start(), to="waiting")
    take_away(file)
    await say(store, *turn("meanwhile"), to="waiting")
    bring_back(file)

    await say(store, *start(), to="another")

    assert store.failing is None
    assert await said(open_store(file), of="waiting") == ["meanwhile"]


async def test_a_broken_turn_while_the_database_is_away_leaves_no_trace(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start(), *turn("kept"))
    take_away(file)
    await say(store, *turn("kept too"))
    lost = await store.retrieve(VISITOR)
    lost.update_with_events(turn("lost"), DOMAIN)

    assert await said(store) == ["kept", "kept too"]


async def test_a_locked_database_is_waited_for_briefly_then_told(
    store: LiveTrackerStore, file: Path
) -> None:
    await say(store, *start())
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    began = time.monotonic()

    await say(store, *turn("while locked"))

    assert time.monotonic() - began < 5
    assert store.failing
    locker.execute("ROLLBACK")
    assert await store.works()
    assert await said(open_store(file)) == ["while locked"]


async def test_a_database_that_is_no_database_is_told(store: LiveTrackerStore, file: Path) -> None:
    await say(store, *start())
    for leftover in file.parent.glob(f"{file.name}-*"):
        leftover.unlink()
    file.unlink()
    file.write_bytes(b"not a database at all " * 100)

    assert await store.works() is False


async def test_reading_an_unknown_conversation_fails_aloud(
    store: LiveTrackerStore, file: Path
) -> None:
    take_away(file)

    with pytest.raises(SQLAlchemyError):
        await store.retrieve("never seen")
