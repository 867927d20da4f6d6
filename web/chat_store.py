"""The conversations as visitors saw them: messages, the choices under them, and thumbs.

Kept apart from the requests (on SQLite in a file of its own), so that a locked booking database
stops nobody talking. A turn is one transaction, on a thread of a small pool, as the engine blocks.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, get_args
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from booking.addresses import Address

log = logging.getLogger(__name__)

Role = Literal["visitor", "assistant"]
Thumb = Literal["up", "down"]
# What became of a visitor's question, noted on the answer to it:
# answered: by an approved FAQ answer; clarified: asked which question was meant; declined: nothing
# is known of it; professional: medical, for somebody who may advise; urgent: an emergency;
# handed_over: a request or a message reached the clinic. Small talk and forms have none.
Outcome = Literal["answered", "clarified", "declined", "professional", "urgent", "handed_over"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

BUSY_MILLISECONDS = 1000  # A visitor waits no longer than this for a locked chat database.
# After a failed write the next ones are not tried for so long: visitors who queue for a lock would
# wait for it one after the other.
REST_SECONDS = 2.0
KEPT_UNSAVED = 500  # Turns remembered while the database is down; a turn is about 1 kB.
_THREADS = 4

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

_serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

messages_table = sa.Table(
    "chat_messages",
    metadata,
    sa.Column("number", _serial, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("conversation_id", sa.String(32), nullable=False, index=True),
    sa.Column("role", sa.String(9), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    # The visitor's message that an answer belongs to; none for a greeting.
    sa.Column("reply_to", sa.String(36)),
    # Made by the client for its own message, so that a repeated one gets the first reply.
    sa.Column("client_id", sa.String(100)),
    sa.Column("faq", sa.String(100)),
    # One of `OUTCOMES`, on answers; none for small talk, forms, and what is older than this column.
    sa.Column("outcome", sa.String(12)),
    # The form that is open after an answer, by Rasa's name for it; none when none is.
    sa.Column("form", sa.String(100)),
    sa.Column("source_title", sa.Text),
    sa.Column("source_url", sa.Text),
    sa.Column("feedback", sa.String(4)),
    # Seconds since 1970: the same on SQLite and PostgreSQL.
    sa.Column("created_at", sa.Double, nullable=False, index=True),
    sa.UniqueConstraint("conversation_id", "client_id"),
)

choices_table = sa.Table(
    "chat_choices",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column(
        "message_id",
        sa.String(36),
        sa.ForeignKey("chat_messages.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
)


class StoreUnavailable(Exception):
    """The chat database cannot be used right now."""


class AlreadyAnswered(Exception):
    """Another turn with the same client id was stored first."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A choice under a message. `payload` is Rasa's and never leaves the server.

    `settles` is the id of the visitor's message of which this asks back what it meant; it is known
    only of a choice that was looked up.
    """

    id: str
    title: str
    payload: str
    settles: str | None = None


@dataclass(frozen=True, slots=True)
class ShownSource:
    """The article and section that an answer rests on."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a conversation; `created_at` in seconds since 1970."""

    id: str
    role: Role
    text: str
    created_at: float
    choices: tuple[Offered, ...] = ()
    source: ShownSource | None = None
    faq: str | None = None
    outcome: Outcome | None = None
    form: str | None = None
    reply_to: str | None = None
    client_id: str | None = None
    feedback: Thumb | None = None

    @property
    def said_at(self) -> datetime:
        return datetime.fromtimestamp(self.created_at, UTC)


@dataclass(frozen=True, slots=True)
class Turn:
    """What belongs together: a visitor's message, if any, and the answers to it."""

    conversation_id: str
    messages: tuple[ChatMessage, ...]

    @property
    def client_id(self) -> str | None:
        return next((message.client_id for message in self.messages if message.client_id), None)

    @property
    def answers(self) -> tuple[ChatMessage, ...]:
        return tuple(message for message in self.messages if message.role == "assistant")


def new_id() -> str:
    return str(uuid4())


def now() -> float:
    return time.time()


def tune_for_chat(engine: Engine) -> None:
    """On SQLite, wait less long for a lock than for one on the requests: an answer hangs on it."""
    if engine.dialect.name != "sqlite":
        return

    def on_connect(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.close()

    event.listen(engine, "connect", on_connect)


class ChatStore:
    """The chat database, for the one process that writes it.

    A turn that cannot be stored is kept in memory and stored after the next one that can be, so
    that its choices work and its words are not lost when the database was only locked.
    """

    def __init__(self, engine: Engine, on_failure: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        # `booking.database` takes SQLite's write lock at the start of what is marked so.
        self._writing = engine.execution_options(immediate=True)
        self._on_failure = on_failure
        self._unsaved: deque[Turn] = deque(maxlen=KEPT_UNSAVED)
        self._catching_up = False
        self._resting_until = 0.0
        self._readers = ThreadPoolExecutor(_THREADS, "chat-read")
        # SQLite takes one writer at a time: a queue is quicker than several waiting for its lock.
        writers = 1 if engine.dialect.name == "sqlite" else _THREADS
        self._writers = ThreadPoolExecutor(writers, "chat-write")

    def close(self) -> None:
        self._readers.shutdown()
        self._writers.shutdown()
        self._engine.dispose()

    async def record(self, turn: Turn) -> bool:
        """Store a turn in one transaction. False when the database fails; then it is kept here.

        Raises `AlreadyAnswered` when the turn's client id is stored already.
        """
        try:
            await self._write(_insert_turn, turn)
        except StoreUnavailable:
            self._unsaved.append(turn)
            return False
        if self._unsaved and not self._catching_up:
            await self._catch_up()
        return True

    async def _catch_up(self) -> None:
        self._catching_up = True
        try:
            while self._unsaved:
                turn = self._unsaved[0]
                with suppress(AlreadyAnswered):
                    await self._write(_insert_turn, turn)
                # Others may have been added meanwhile, and a full queue drops its oldest.
                if turn in self._unsaved:
                    self._unsaved.remove(turn)
        except StoreUnavailable:
            pass
        finally:
            self._catching_up = False

    async def answers_to(
        self, conversation_id: str, client_id: str
    ) -> tuple[ChatMessage, ...] | None:
        """The answers that a client's message got, None if it was not seen before."""
        for turn in self._unsaved:
            if (turn.conversation_id, turn.client_id) == (conversation_id, client_id):
                return turn.answers
        return await self._read(_select_answers, conversation_id, client_id)

    async def choice(self, conversation_id: str, choice_id: str) -> Offered | None:
        """A choice that was offered in this conversation."""
        for turn in self._unsaved:
            if turn.conversation_id == conversation_id:
                for message in turn.messages:
                    for offered in message.choices:
                        if offered.id == choice_id:
                            return replace(
                                offered, settles=_settled_by(message.outcome, message.reply_to)
                            )
        return await self._read(_select_choice, conversation_id, choice_id)

    async def messages(self, conversation_id: str) -> list[ChatMessage]:
        """The conversation so far, oldest first."""
        stored = await self._read(_select_messages, conversation_id)
        known = {message.id for message in stored}
        unsaved = [
            message
            for turn in self._unsaved
            if turn.conversation_id == conversation_id
            for message in turn.messages
            if message.id not in known
        ]
        return [*stored, *unsaved]

    async def give_feedback(
        self, conversation_id: str, message_id: str, value: Thumb | None
    ) -> bool:
        """Set or take back a thumb. False when it is no answer of this conversation."""
        return await self._write(_update_feedback, conversation_id, message_id, value)

    async def answers_pings(self) -> bool:
        try:
            await self._read(ping)
        except StoreUnavailable:
            return False
        return True

    async def _read[R](self, work: Callable[..., R], *args: object) -> R:
        return await self._run(self._readers, partial(_transaction, self._engine, work, *args))

    async def _write[R](self, work: Callable[..., R], *args: object) -> R:
        return await self._run(self._writers, partial(self._unless_resting, work, *args))

    def _unless_resting[R](self, work: Callable[..., R], *args: object) -> R:
        # Asked on the writer's thread, so that those who queued before the failure do not wait.
        if time.monotonic() < self._resting_until:
            raise StoreUnavailable("a write failed a moment ago")
        try:
            return _transaction(self._writing, work, *args)
        except SQLAlchemyError:
            self._resting_until = time.monotonic() + REST_SECONDS
            raise

    async def _run[R](self, pool: ThreadPoolExecutor, work: Callable[[], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except (SQLAlchemyError, StoreUnavailable) as error:
            log.error("the chat database failed: %s", error)
            self._on_failure()
            raise StoreUnavailable from error


def _transaction[R](engine: Engine, work: Callable[..., R], *args: object) -> R:
    with engine.begin() as connection:
        return work(connection, *args)


def ping(connection: Connection) -> None:
    connection.execute(sa.text("SELECT 1"))


_INSERT_MESSAGE = sa.insert(messages_table)
_INSERT_CHOICE = sa.insert(choices_table)


def _insert_turn(connection: Connection, turn: Turn) -> None:
    try:
        connection.execute(_INSERT_MESSAGE, [_row(turn, message) for message in turn.messages])
    except IntegrityError as error:
        raise AlreadyAnswered from error
    choices = [
        {
            "id": choice.id,
            "message_id": message.id,
            "position": position,
            "title": choice.title,
            "payload": choice.payload,
        }
        for message in turn.messages
        for position, choice in enumerate(message.choices)
    ]
    if choices:
        connection.execute(_INSERT_CHOICE, choices)


def _row(turn: Turn, message: ChatMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "conversation_id": turn.conversation_id,
        "role": message.role,
        "text": message.text,
        "reply_to": message.reply_to,
        "client_id": message.client_id,
        "faq": message.faq,
        "outcome": message.outcome,
        "form": message.form,
        "source_title": message.source.title if message.source else None,
        "source_url": message.source.url if message.source else None,
        "feedback": message.feedback,
        "created_at": message.created_at,
    }


def _select_answers(
    connection: Connection, conversation_id: str, client_id: str
) -> tuple[ChatMessage, ...] | None:
    m = messages_table.c
    asked = connection.scalar(
        sa.select(m.id).where(m.conversation_id == conversation_id, m.client_id == client_id)
    )
    if asked is None:
        return None
    return tuple(
        _read_messages(connection, m.conversation_id == conversation_id, m.reply_to == asked)
    )


def _select_messages(connection: Connection, conversation_id: str) -> list[ChatMessage]:
    return _read_messages(connection, messages_table.c.conversation_id == conversation_id)


def _read_messages(connection: Connection, *where: sa.ColumnElement[bool]) -> list[ChatMessage]:
    m, c = messages_table.c, choices_table.c
    rows = connection.execute(sa.select(messages_table).where(*where).order_by(m.number)).all()
    offered: dict[str, list[Offered]] = {}
    chosen = (
        sa.select(c.message_id, c.id, c.title, c.payload)
        .join(messages_table, m.id == c.message_id)
        .where(*where)
        .order_by(c.position)
    )
    for message_id, choice_id, title, payload in connection.execute(chosen):
        offered.setdefault(message_id, []).append(Offered(choice_id, title, payload))
    return [_message(row, tuple(offered.get(row.id, ()))) for row in rows]


def _message(row: sa.Row[Any], choices: tuple[Offered, ...]) -> ChatMessage:
    return ChatMessage(
        id=row.id,
        role=row.role,
        text=row.text,
        created_at=row.created_at,
        choices=choices,
        source=ShownSource(row.source_title, row.source_url) if row.source_url else None,
        faq=row.faq,
        outcome=row.outcome,
        form=row.form,
        reply_to=row.reply_to,
        client_id=row.client_id,
        feedback=row.feedback,
    )


def _select_choice(connection: Connection, conversation_id: str, choice_id: str) -> Offered | None:
    m, c = messages_table.c, choices_table.c
    row = connection.execute(
        sa.select(c.id, c.title, c.payload, m.outcome, m.reply_to)
        .join(messages_table, m.id == c.message_id)
        .where(c.id == choice_id, m.conversation_id == conversation_id)
    ).first()
    return (
        Offered(row.id, row.title, row.payload, _settled_by(row.outcome, row.reply_to))
        if row
        else None
    )


def _settled_by(outcome: str | None, reply_to: str | None) -> str | None:
    """The visitor's message that the choices under an answer settle."""
    return reply_to if outcome == "clarified" else None


def _update_feedback(
    connection: Connection, conversation_id: str, message_id: str, value: Thumb | None
) -> bool:
    m = messages_table.c
    changed = connection.execute(
        sa.update(messages_table)
        .where(m.id == message_id, m.conversation_id == conversation_id, m.role == "assistant")
        .values(feedback=value)
    )
    return changed.rowcount > 0


def question_behind(
    engine: Engine, conversation_id: str, answer_id: str
) -> tuple[ChatMessage, list[ChatMessage]] | None:
    """A visitor's message and all its answers, by one of them; None for the greeting."""
    m = messages_table.c
    of_conversation = m.conversation_id == conversation_id
    asked = sa.select(m.reply_to).where(of_conversation, m.id == answer_id).scalar_subquery()
    with engine.begin() as connection:
        found = _read_messages(
            connection, of_conversation, sa.or_(m.id == asked, m.reply_to == asked)
        )
    if not found or found[0].role != "visitor":
        return None
    return found[0], found[1:]


def messages_of(engine: Engine, conversation_id: str) -> list[ChatMessage]:
    """A conversation, oldest message first, for staff to read."""
    with engine.begin() as connection:
        return _select_messages(connection, conversation_id)


def purge_before(engine: Engine, moment: datetime) -> int:
    """Delete conversations with nothing said since `moment` (aware). Returns how many messages."""
    m = messages_table.c
    quiet = (
        sa.select(m.conversation_id)
        .group_by(m.conversation_id)
        .having(sa.func.max(m.created_at) < moment.timestamp())
    )
    with engine.begin() as connection:
        return _delete(connection, m.conversation_id.in_(quiet))


def erase_conversations(engine: Engine, conversation_ids: Iterable[str]) -> int:
    """Delete conversations by their ids. Returns how many messages went."""
    with engine.begin() as connection:
        return _delete(connection, messages_table.c.conversation_id.in_(list(conversation_ids)))


def conversations_mentioning(engine: Engine, address: Address) -> set[str]:
    """The ids of conversations in which an e-mail address occurs."""
    m, c = messages_table.c, choices_table.c
    said = sa.select(m.conversation_id, m.text).where(_may_have(address, m.text))
    offered = (
        sa.select(m.conversation_id, c.title + " " + c.payload)
        .join(choices_table, m.id == c.message_id)
        .where(_may_have(address, c.title, c.payload))
    )
    with engine.begin() as connection:
        rows = [*connection.execute(said), *connection.execute(offered)]
    return {conversation_id for conversation_id, text in rows if address.is_in(text)}


def _may_have(address: Address, *columns: sa.Column[str]) -> sa.ColumnElement[bool]:
    return sa.or_(*(c.icontains(t, autoescape=True) for c in columns for t in address.traces))


def _delete(connection: Connection, which: sa.ColumnElement[bool]) -> int:
    doomed = sa.select(messages_table.c.id).where(which)
    connection.execute(sa.delete(choices_table).where(choices_table.c.message_id.in_(doomed)))
    return connection.execute(sa.delete(messages_table).where(which)).rowcount


def export_conversations(engine: Engine, conversation_ids: Iterable[str]) -> list[dict[str, Any]]:
    """What was said in conversations, for a visitor who asks for their data."""
    m = messages_table.c
    with engine.begin() as connection:
        rows = connection.execute(
            sa.select(messages_table)
            .where(m.conversation_id.in_(list(conversation_ids)))
            .order_by(m.number)
        ).all()
    return [
        {
            "conversation": row.conversation_id,
            "said_at": datetime.fromtimestamp(row.created_at, UTC).isoformat(),
            "role": row.role,
            "text": row.text,
        }
        for row in rows
    ]
