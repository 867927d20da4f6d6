"""Conversations: the live ones in memory, every event of every one in the database."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Text, Tuple, Type, TypeVar

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from nlu.conversation_database import connect, database_file, make_folder, open_file, open_server

logger = logging.getLogger(__name__)

Found = TypeVar("Found")

PROBE_SECONDS = 1.0
RETRY_SECONDS = 2.0  # while the database fails, how often a turn tries it again

EVENTS = SQLTrackerStore.SQLEvent.__table__
SENDER = sa.bindparam("sender")

EXTENT = sa.select(sa.func.count(), sa.func.max(EVENTS.c.id)).where(EVENTS.c.sender_id == SENDER)
# SQLite gives the ids of deleted rows again: the time tells whether the last row is still the same.
EXTENT_AND_LAST = EXTENT.add_columns(
    sa.select(EVENTS.c.timestamp)
    .where(EVENTS.c.id == sa.bindparam("last"), EVENTS.c.sender_id == SENDER)
    .scalar_subquery()
)
SESSION_START = sa.select(sa.func.max(EVENTS.c.id)).where(
    EVENTS.c.sender_id == SENDER, EVENTS.c.type_name == SessionStarted.type_name
)
EVENTS_FROM = (
    sa.select(EVENTS.c.data)
    .where(EVENTS.c.sender_id == SENDER)
    .where(EVENTS.c.id >= sa.bindparam("first"), EVENTS.c.id <= sa.bindparam("last"))
    .order_by(EVENTS.c.id)
)

# The stores of this process, for the health channel to ask: Rasa hands it none.
open_stores: weakref.WeakSet[LiveTrackerStore] = weakref.WeakSet()


class ErasedMeanwhile(Exception):
    """The conversation was erased while a turn went on: what the turn added goes, too."""


@dataclass
class Position:
    """What of a tracker is stored, noted on the tracker itself.

    Its first `events` events are in the database, where the conversation, earlier sessions too, has
    `rows` rows, the last with the id `last_id` and the time `last_time` (seconds since 1970).
    `domain` is what gave the tracker its slots.
    """

    events: int
    rows: int
    last_id: int
    last_time: Optional[float]
    domain: Domain

    @staticmethod
    def of(tracker: DialogueStateTracker) -> Optional[Position]:
        """None for a tracker that did not come from this store, nor passed it when empty."""
        return getattr(tracker, "_position", None)

    def note_on(self, tracker: DialogueStateTracker) -> DialogueStateTracker:
        """The tracker, with this position as its own."""
        tracker._position = self
        return tracker


class LiveTrackerStore(SQLTrackerStore):
    """A tracker store that reads a conversation once and writes only what is new.

    Rasa's own reads a session back and replays it at each turn, and counts its rows to know what to
    write. This one keeps the trackers of live conversations. A turn asks the database how many
    rows the conversation has and which is the last; while they are as this process left them, its
    tracker is handed out as it is. Where another process added some, only those are read. Where any
    are gone (erased, say), all is read again.

    A turn whose conversation is erased meanwhile is not written, as it may repeat what was erased.

    A tracker is handed out for good: `save` takes it back. A turn that breaks down half-way
    leaves no trace, and two that overlap never share a tracker. Neither does one in which an action
    failed and nothing was said: the question before it is still open, and the same answer again is
    taken as if it were the first.

    While the database fails, conversations go on in memory, `failing` is set, and what is unsaved
    is written as soon as the database answers again: at a turn, or when health is asked for.

    Endpoints:
        type: nlu.tracker_store.LiveTrackerStore
        url: of SQLite or PostgreSQL, as SQLAlchemy has it (or `SQLTrackerStore`'s dialect, db ...)
        live_conversations: how many trackers are kept, those longest unused going first
        idle_minutes: after which a tracker is dropped from memory
    """

    def __init__(
        self,
        domain: Optional[Domain] = None,
        host: Optional[Text] = None,
        event_broker: Optional[EventBroker] = None,
        live_conversations: int = 500,
        idle_minutes: float = 30,
        **kwargs: Any,
    ) -> None:
        """`host` is the endpoints file's `url`, as Rasa passes it on."""
        if host and host.startswith("sqlite"):
            make_folder(host)
        super().__init__(domain, host=host, event_broker=event_broker, **kwargs)
        url = host if host and "://" in host else self.engine.url
        self._file = database_file(self.engine.url)
        if self._file is not None or self.engine.dialect.name != "sqlite":
            self.engine.dispose()
            self.engine = open_file(self._file) if self._file else open_server(url)
            self.sessionmaker = sa.orm.sessionmaker(bind=self.engine)
        self._live = LiveConversations(live_conversations, idle_minutes * 60)
        self._unsaved: Set[Text] = set()
        self._retry_at = 0.0
        self.failing: Optional[Text] = None
        open_stores.add(self)

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The conversation since its latest session start; None if there is none.

        Raises SQLAlchemyError when the database fails and the conversation isn't in memory.
        """
        live = self._live.take(sender_id)
        if live is None:
            return await self._read(sender_id)
        if sender_id not in self._unsaved:
            try:
                live = await self._brought_up_to_date(live)
            except SQLAlchemyError:
                logger.debug("The database fails; '%s' goes on from memory.", sender_id)
            if live is None or not self.failing:
                return live
        # There may be no second copy of it: what is handed out now is not the one that is kept.
        self._live.keep(live)
        return self._replayed(live)

    async def look_at(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """As `retrieve`, for reading only: what is in memory stays there for the next turn."""
        tracker = await self.retrieve(sender_id)
        if tracker is not None and self._live.look_at(sender_id) is None:
            self._keep(tracker)
        return tracker

    async def retrieve_full_tracker(self, conversation_id: Text) -> Optional[DialogueStateTracker]:
        """The conversation with all its sessions, from the database; None if there is none."""
        return await self._read(conversation_id, all_sessions=True)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the tracker's new events in one transaction, and keep it for the next turn."""
        position = Position.of(tracker)
        if position is None and tracker.events:
            await self._save_stranger(tracker)
            return
        if position is None:
            # Rasa saves a new conversation before anything happened in it: all to come will be new.
            Position(0, 0, 0, None, self.domain).note_on(tracker)
            return
        if _is_unanswered(list(tracker.events)[position.events :]):
            logger.error("A turn that was answered with nothing is dropped, to be said again.")
            return
        try:
            written = await self._written(tracker)
        except ErasedMeanwhile:
            self._unsaved.discard(tracker.sender_id)
            return
        if written:
            self._unsaved.discard(tracker.sender_id)
        else:
            self._unsaved.add(tracker.sender_id)
        self._keep(tracker)
        if self.failing and not self._too_early():
            await self._write_what_waits()

    async def works(self) -> bool:
        """Whether conversations reach their database; asks it, and writes what waited for it."""
        probe = asyncio.get_running_loop().run_in_executor(None, self._probe)
        try:
            await asyncio.wait_for(probe, PROBE_SECONDS * 2)
        except (SQLAlchemyError, sqlite3.Error, asyncio.TimeoutError) as error:
            self._note_failure(error)
            return False
        if self.failing:
            await self._write_what_waits()
        return self.failing is None

    # Reading

    async def _read(
        self, sender_id: Text, all_sessions: bool = False
    ) -> Optional[DialogueStateTracker]:
        domain = self.domain

        def read(connection: Connection) -> Tuple[int, int, List[Event]]:
            rows, last_id = connection.execute(EXTENT, {"sender": sender_id}).one()
            if not rows:
                return 0, 0, []
            first = 0
            if not all_sessions:
                first = connection.execute(SESSION_START, {"sender": sender_id}).scalar() or 0
            return rows, last_id, list(_stored_events(connection, sender_id, first, last_id))

        rows, last_id, events = await self._in_database(read)
        if not events:
            return None
        tracker = DialogueStateTracker.from_events(sender_id, events, domain.slots)
        return Position(len(events), rows, last_id, events[-1].timestamp, domain).note_on(tracker)

    async def _brought_up_to_date(
        self, tracker: DialogueStateTracker
    ) -> Optional[DialogueStateTracker]:
        """The tracker with what other processes added, or read anew when rows are gone."""
        position = Position.of(tracker)
        sender = tracker.sender_id

        def news(connection: Connection) -> Optional[Tuple[int, int, List[Event]]]:
            known = {"sender": sender, "last": position.last_id}
            rows, last_id, last_time = connection.execute(EXTENT_AND_LAST, known).one()
            if last_time != position.last_time or rows < position.rows:
                return None
            if rows == position.rows:
                return rows, position.last_id, []
            first = position.last_id + 1
            return rows, last_id, list(_stored_events(connection, sender, first, last_id))

        found = await self._in_database(news)
        if found is None or found[0] != position.rows + len(found[2]):
            return await self._read(sender)
        rows, last_id, added = found
        for event in added:
            tracker.update(event)
        if added:
            last_time = added[-1].timestamp
            position = Position(len(tracker.events), rows, last_id, last_time, position.domain)
            position.note_on(tracker)
        return tracker if position.domain is self.domain else self._replayed(tracker)

    def _replayed(self, tracker: DialogueStateTracker, first: int = 0) -> DialogueStateTracker:
        """Another tracker of the same events from `first` on, with the live model's slots."""
        position = Position.of(tracker)
        events = list(tracker.events)[first:]
        fresh = DialogueStateTracker.from_events(tracker.sender_id, events, self.domain.slots)
        stored = position.events - first
        return replace(position, events=stored, domain=self.domain).note_on(fresh)

    # Writing

    async def _written(self, tracker: DialogueStateTracker) -> bool:
        if self.failing and self._too_early():
            return False
        try:
            await self._write(tracker)
        except SQLAlchemyError:
            return False
        return True

    async def _write(self, tracker: DialogueStateTracker) -> None:
        position = Position.of(tracker)
        new = list(tracker.events)[position.events :]
        if not new:
            return
        rows = [_row(tracker.sender_id, event) for event in new]

        def insert(connection: Connection) -> int:
            connection.execute(EVENTS.insert(), rows)
            there, last_id = connection.execute(EXTENT, {"sender": tracker.sender_id}).one()
            if there < position.rows + len(rows):
                raise ErasedMeanwhile
            return last_id

        last_id = await self._in_database(insert)
        # Rows that others wrote meanwhile make the count differ at the next turn, which rereads.
        position.events, position.last_id = len(tracker.events), last_id
        position.last_time = new[-1].timestamp
        position.rows += len(new)
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    async def _save_stranger(self, tracker: DialogueStateTracker) -> None:
        """Save what another than this store made (Rasa's HTTP API does), as Rasa's store would."""
        self._live.take(tracker.sender_id)
        try:
            await super().save(tracker)
        except SQLAlchemyError as error:
            self._note_failure(error)
            raise

    def _keep(self, tracker: DialogueStateTracker) -> None:
        start = _latest_session_start(tracker)
        if start and Position.of(tracker).events == len(tracker.events):
            tracker = self._replayed(tracker, start)
        for dropped in self._live.keep(tracker):
            if dropped in self._unsaved:
                self._unsaved.discard(dropped)
                logger.error("Unsaved events of '%s' are lost: too many conversations.", dropped)

    async def _write_what_waits(self) -> None:
        for sender_id in list(self._unsaved):
            tracker = self._live.look_at(sender_id)
            if tracker is not None and not await self._write_again(tracker):
                return
            self._unsaved.discard(sender_id)
        if self.failing:
            logger.warning("The tracker store's database is back; nothing is left unsaved.")
        self.failing = None

    async def _write_again(self, tracker: DialogueStateTracker) -> bool:
        try:
            await self._write(tracker)
        except ErasedMeanwhile:
            self._live.take(tracker.sender_id)
        except SQLAlchemyError:
            return False
        return True

    # The database

    async def _in_database(self, work: Callable[[Connection], Found]) -> Found:
        """`work` in one transaction; a failure is noted and raised as SQLAlchemyError."""

        def transaction() -> Found:
            with self.engine.begin() as connection:
                return work(connection)

        try:
            if self.engine.dialect.name == "sqlite":
                return transaction()  # Takes less time than handing it to a thread.
            return await asyncio.get_running_loop().run_in_executor(None, transaction)
        except SQLAlchemyError as error:
            self._note_failure(error)
            raise

    def _probe(self) -> None:
        """Read from the database over a connection of its own; creates the tables when failing."""
        if self.failing:
            self.Base.metadata.create_all(self.engine)
        if self._file is None:
            with self.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1 FROM events LIMIT 1"))
            return
        connection = connect(self._file, PROBE_SECONDS)
        try:
            connection.execute("SELECT 1 FROM events LIMIT 1")
        finally:
            connection.close()

    def _note_failure(self, error: BaseException) -> None:
        if not self.failing:
            logger.error("The tracker store's database fails, all is in memory: %r", error)
        self.failing = type(error).__name__
        self._retry_at = time.monotonic() + RETRY_SECONDS

    def _too_early(self) -> bool:
        return time.monotonic() < self._retry_at


class LiveConversations:
    """Trackers by conversation, bounded in number and idle time, the longest unused first to go."""

    def __init__(self, most: int, idle_seconds: float) -> None:
        self._most = most
        self._idle_seconds = idle_seconds
        self._kept: OrderedDict[Text, Tuple[DialogueStateTracker, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The tracker, which is kept no longer."""
        tracker, _ = self._kept.pop(sender_id, (None, 0.0))
        return tracker

    def look_at(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The tracker, which stays."""
        return self._kept.get(sender_id, (None, 0.0))[0]

    def keep(self, tracker: DialogueStateTracker) -> List[Text]:
        """Keep the tracker; returns the conversations that had to go for it."""
        now = time.monotonic()
        self._kept[tracker.sender_id] = (tracker, now)
        self._kept.move_to_end(tracker.sender_id)
        dropped = []
        while self._kept:
            sender_id, (_, used) = next(iter(self._kept.items()))
            if len(self._kept) <= self._most and now - used <= self._idle_seconds:
                break
            del self._kept[sender_id]
            dropped.append(sender_id)
        return dropped


def _row(sender_id: Text, event: Event) -> Dict[Text, Any]:
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _stored_events(
    connection: Connection, sender_id: Text, first: int, last: int
) -> Iterator[Event]:
    found = connection.execute(EVENTS_FROM, {"sender": sender_id, "first": first, "last": last})
    for (data,) in found:
        event = _event(json.loads(data))
        if event is not None:
            yield event


_event_classes: Dict[Text, Type[Event]] = {}


def _event(stored: Dict[Text, Any]) -> Optional[Event]:
    """As `Event.from_parameters`, which walks all event classes for each event it reads."""
    if not _event_classes:
        for known in all_subclasses(Event):
            _event_classes.setdefault(known.type_name, known)
    event_class = _event_classes.get(stored["event"])
    if event_class is None:
        return Event.from_parameters(stored)
    return event_class._from_parameters(stored)


def _is_unanswered(new: List[Event]) -> bool:
    """Whether the visitor said something that nothing was said to."""
    for event in reversed(new):
        if isinstance(event, BotUttered):
            return False
        if isinstance(event, UserUttered):
            return True
    return False


def _latest_session_start(tracker: DialogueStateTracker) -> int:
    """Index of the latest session start; 0 if there is none."""
    for back, event in enumerate(reversed(tracker.events), start=1):
        if isinstance(event, SessionStarted):
            return len(tracker.events) - back
    return 0
