"""The chat's own database: its tables, what it forgets and what it gives out."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from booking.database import migration_config, open_database, run_migrations
from web import chat_store
from web.chat_store import (
    AlreadyAnswered,
    ChatMessage,
    ChatStore,
    Offered,
    Turn,
    erase_conversations,
    export_conversations,
    new_id,
    now,
    purge_before,
    tune_for_chat,
)

ONE, TWO = "1" * 32, "2" * 32
DAY = 24 * 60 * 60.0


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty chat database, once on each kind that a clinic may use."""
    yield from _opened(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/chat.db"


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    yield from _opened(sqlite_url)


def _opened(url: str) -> Iterator[Engine]:
    run_migrations(url, chain="chat", metadata=chat_store.metadata)
    engine = open_database(url)
    tune_for_chat(engine)
    yield engine
    engine.dispose()


def turn(conversation: str, text: str, *, ago: float = 0, client_id: str | None = None) -> Turn:
    asked = ChatMessage(new_id(), "visitor", text, now() - ago, client_id=client_id)
    choices = (Offered(new_id()[:16], "Downtime", "/faq/downtime"),)
    answer = ChatMessage(
        new_id(), "assistant", f"about {text}", now() - ago, choices, faq="downtime",
        outcome="answered", reply_to=asked.id,
    )  # fmt: skip
    return Turn(conversation, (asked, answer))


def record(engine: Engine, *turns: Turn) -> None:
    async def all_of_them() -> None:
        store = ChatStore(engine)
        for one in turns:
            assert await store.record(one)

    asyncio.run(all_of_them())


def texts(engine: Engine, conversation: str) -> list[str]:
    messages = asyncio.run(ChatStore(engine).messages(conversation))
    return [message.text for message in messages]


def test_the_migrations_make_the_tables_of_the_code(engine: Engine) -> None:
    with engine.begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "alembic_version_chat", "compare_type": True}
        )

        differences = compare_metadata(context, chat_store.metadata)

    assert differences == []


def test_messages_from_before_outcomes_were_noted_are_still_there(sqlite_url: str) -> None:
    engine = open_database(sqlite_url)
    with engine.begin() as connection:
        config = migration_config(connection, "chat", chat_store.metadata)
        command.upgrade(config, "chat_0001")
        connection.exec_driver_sql(
            "INSERT INTO chat_messages (id, conversation_id, role, text, created_at)"
            f" VALUES ('m', '{ONE}', 'assistant', 'Little.', 1.0)"
        )
    run_migrations(sqlite_url, chain="chat", metadata=chat_store.metadata)

    [message] = asyncio.run(ChatStore(engine).messages(ONE))
    engine.dispose()

    assert (message.text, message.outcome) == ("Little.", None)


def test_what_is_stored_comes_back_as_it_was(engine: Engine) -> None:
    told = turn(ONE, "downtime", client_id="a")

    record(engine, told)

    assert asyncio.run(ChatStore(engine).messages(ONE)) == list(told.messages)
    assert asyncio.run(ChatStore(engine).answers_to(ONE, "a")) == told.answers
    assert asyncio.run(ChatStore(engine).answers_to(TWO, "a")) is None


def test_a_second_turn_with_the_same_client_id_leaves_nothing(engine: Engine) -> None:
    record(engine, turn(ONE, "first", client_id="a"))

    with pytest.raises(AlreadyAnswered):
        record(engine, turn(ONE, "second", client_id="a"))

    assert texts(engine, ONE) == ["first", "about first"]


def test_a_choice_is_found_in_its_own_conversation_only(engine: Engine) -> None:
    told = turn(ONE, "downtime")
    [offered] = told.answers[0].choices
    record(engine, told)

    found = [asyncio.run(ChatStore(engine).choice(c, offered.id)) for c in (ONE, TWO)]

    assert found == [offered, None]


def test_a_thumb_is_set_on_an_answer_of_the_conversation_only(engine: Engine) -> None:
    told = turn(ONE, "downtime")
    asked, answer = told.messages
    record(engine, told)

    given = [
        asyncio.run(ChatStore(engine).give_feedback(conversation, message.id, "up"))
        for conversation, message in ((ONE, answer), (ONE, asked), (TWO, answer))
    ]

    assert given == [True, False, False]
    assert [m.feedback for m in asyncio.run(ChatStore(engine).messages(ONE))] == [None, "up"]


def test_conversations_that_went_quiet_are_forgotten_whole(engine: Engine) -> None:
    record(
        engine,
        turn(ONE, "long ago", ago=9 * DAY),
        turn(TWO, "also long ago", ago=9 * DAY),
        turn(TWO, "and still talking", ago=DAY),
    )

    gone = purge_before(engine, datetime.now(UTC) - timedelta(days=7))

    assert gone == 2
    assert texts(engine, ONE) == []
    assert len(texts(engine, TWO)) == 4
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM chat_choices").scalar() == 2


def test_a_visitors_conversations_are_given_out_and_erased(engine: Engine) -> None:
    record(engine, turn(ONE, "mine"), turn(TWO, "theirs"))

    given = export_conversations(engine, [ONE])
    erased = erase_conversations(engine, [ONE])

    assert [(line["role"], line["text"]) for line in given] == [
        ("visitor", "mine"),
        ("assistant", "about mine"),
    ]
    assert erased == 2
    assert texts(engine, ONE) == []
    assert texts(engine, TWO) == ["theirs", "about theirs"]


def test_turns_of_a_locked_time_are_stored_later_and_once(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    failures: list[int] = []

    async def through_a_lock() -> list[bool]:
        store = ChatStore(sqlite_engine, lambda: failures.append(1))
        lock = sqlite3.connect(tmp_path / "chat.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        stored = list(
            await asyncio.gather(*(store.record(turn(ONE, f"locked {n}")) for n in range(10)))
        )
        lock.execute("ROLLBACK")
        lock.close()
        await asyncio.sleep(chat_store.REST_SECONDS)
        stored += await asyncio.gather(*(store.record(turn(TWO, f"free {n}")) for n in range(5)))
        return stored

    stored = asyncio.run(through_a_lock())

    assert stored == [*[False] * 10, *[True] * 5]
    assert len(failures) == 10
    assert texts(sqlite_engine, ONE) == [
        text for n in range(10) for text in (f"locked {n}", f"about locked {n}")
    ]
    assert len(texts(sqlite_engine, TWO)) == 10


def test_visitors_do_not_queue_for_a_locked_database(sqlite_engine: Engine, tmp_path: Path) -> None:
    lock = sqlite3.connect(tmp_path / "chat.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    started = time.monotonic()

    async def ten_at_once() -> None:
        store = ChatStore(sqlite_engine)
        await asyncio.gather(*(store.record(turn(ONE, str(n))) for n in range(10)))

    asyncio.run(ten_at_once())
    lock.close()

    assert time.monotonic() - started < 2 * chat_store.BUSY_MILLISECONDS / 1000


def keep_writing(url: str) -> None:
    writer = open_database(url)
    for n in range(100_000):
        chat_store._transaction(writer, chat_store._insert_turn, turn(ONE, str(n)))


def test_a_killed_process_leaves_whole_turns_only(sqlite_engine: Engine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/chat.db"
    writer = get_context("spawn").Process(target=keep_writing, args=(url,), daemon=True)
    writer.start()
    while len(texts(sqlite_engine, ONE)) < 20:
        time.sleep(0.01)
    writer.kill()
    writer.join()

    told = texts(sqlite_engine, ONE)

    assert told[1::2] == [f"about {text}" for text in told[::2]]
