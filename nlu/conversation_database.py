"""The database of the conversations: how SQLite files and PostgreSQL servers are opened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Optional, Text, Tuple, Union
from urllib.parse import quote

import sqlalchemy as sa
from rasa.core.tracker_store import create_engine_kwargs
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

BUSY_SECONDS = 2.0  # how long a turn waits for another process's write to end
CONNECT_SECONDS = 3  # to a server


def make_folder(url: Text) -> None:
    """The folder of a SQLite file that a URL names; nothing for other databases."""
    file = database_file(make_url(url))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)


def database_file(url: URL) -> Optional[Path]:
    """The SQLite file of a URL; None for a server and for a database in memory."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(url.database).absolute()


def connect(file: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection to a file that is there: a lost database is an error, not a new, empty one."""
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode=rw", busy_seconds, check_same_thread=False, uri=True
    )
    # WAL: reading never waits for writing. NORMAL: what is written outlives a killed process; only
    # a loss of power can take the last turns.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def open_file(file: Path) -> Engine:
    """Connections to a SQLite file are kept, and left when the file is no longer the same."""
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: connect(file, BUSY_SECONDS),
        poolclass=QueuePool,
        # An error's text ends in the log, where nobody's words belong.
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def remember(connection: sqlite3.Connection, record: Any) -> None:
        record.info["file"] = _identity(file)

    @sa.event.listens_for(engine, "checkout")
    def still_there(connection: sqlite3.Connection, record: Any, proxy: Any) -> None:
        # An open connection goes on writing to a file that was deleted or replaced.
        if record.info["file"] != _identity(file):
            raise DisconnectionError(f"{file.name} was replaced")

    return engine


def _identity(file: Path) -> Optional[Tuple[int, int]]:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def open_server(url: Union[Text, URL]) -> Engine:
    """Connections to a server are kept, as Rasa sets their number, and tried before use."""
    options = create_engine_kwargs(str(url))
    options["connect_args"] = {
        **options.get("connect_args", {}),
        "connect_timeout": CONNECT_SECONDS,
    }
    return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True, **options)
