"""Rasa's table of conversation events, as far as staff and the worker deal with it.

Rasa makes it at its first start; until then there is nothing to find.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from booking.addresses import Address

# `timestamp` is in seconds since 1970, `data` the event as JSON.
_events = sa.table(
    "events",
    sa.column("id", sa.Integer),
    sa.column("sender_id", sa.String),
    sa.column("timestamp", sa.Double),
    sa.column("data", sa.Text),
)
E = _events.c


def mentioning(engine: sa.Engine, address: Address) -> set[str]:
    """The conversations in which an address occurs."""
    hinted = sa.or_(*(E.data.icontains(trace, autoescape=True) for trace in address.traces))

    def find(connection: sa.Connection) -> set[str]:
        rows = connection.execute(sa.select(E.sender_id, E.data).where(hinted))
        return {sender for sender, data in rows if any(map(address.is_in, _texts(_read(data))))}

    return _in_table(engine, find, set())


def export(engine: sa.Engine, conversations: Collection[str]) -> list[dict[str, Any]]:
    """All events of conversations, in their order: {conversation, at, event}."""
    wanted = (
        sa.select(E.sender_id, E.timestamp, E.data)
        .where(E.sender_id.in_(conversations))
        .order_by(E.id)
    )

    def read(connection: sa.Connection) -> list[dict[str, Any]]:
        return [
            {
                "conversation": sender,
                "at": datetime.fromtimestamp(timestamp or 0, UTC).isoformat(),
                "event": _read(data),
            }
            for sender, timestamp, data in connection.execute(wanted)
        ]

    return _in_table(engine, read, [])


def erase(engine: sa.Engine, conversations: Collection[str]) -> int:
    """Delete conversations; returns how many events went."""
    return _delete(engine, E.sender_id.in_(conversations))


def purge_before(engine: sa.Engine, moment: datetime) -> int:
    """Delete conversations in which nothing happened since `moment` (aware); how many events.

    Those still going on keep their first events, too.
    """
    quiet = (
        sa.select(E.sender_id)
        .group_by(E.sender_id)
        .having(sa.func.max(E.timestamp) < moment.timestamp())
    )
    return _delete(engine, E.sender_id.in_(quiet))


def _delete(engine: sa.Engine, which: sa.ColumnElement[bool]) -> int:
    def delete(connection: sa.Connection) -> int:
        return connection.execute(sa.delete(_events).where(which)).rowcount

    return _in_table(engine.execution_options(immediate=True), delete, 0)


def _in_table[R](engine: sa.Engine, work: Callable[[sa.Connection], R], nothing: R) -> R:
    if not sa.inspect(engine).has_table(_events.name):
        return nothing
    with engine.begin() as connection:
        return work(connection)


def _read(data: str | None) -> Any:
    try:
        return json.loads(data or "null")
    except ValueError:
        return data


def _texts(value: Any) -> Iterator[str]:
    """Every text within an event, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
