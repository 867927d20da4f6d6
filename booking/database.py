"""Open the database, keep it in step with the code, and turn its failures into ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary
from zlib import crc32

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, func, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from booking.errors import BookingUnavailable
from booking.models import Base

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

LOCK_WAIT_SECONDS = 5
# In a crowd, a visitor rather waits for a moment than hears that nothing goes.
TURN_WAIT_SECONDS = 15
# Whoever starts second waits for the first one's migrations, which may copy whole tables.
MIGRATION_WAIT_SECONDS = 120

_TURNS: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()


def open_database(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys, waits 5 s for a lock) or PostgreSQL (psycopg)."""
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, wait=LOCK_WAIT_SECONDS, foreign_keys=True)
    return _open_postgresql(address, wait=LOCK_WAIT_SECONDS)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for reading; what it loaded stays usable afterwards."""
    with _failures_told(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that takes SQLite's write lock first, and commits or leaves nothing behind."""
    is_sqlite = engine.dialect.name == "sqlite"
    with _turn(engine) if is_sqlite else nullcontext(), _transaction(engine) as session:
        yield session


@contextmanager
def changing_slots(engine: Engine) -> Iterator[Session]:
    """`writing`, one at a time: whoever takes, moves or frees times waits for the one before.

    On SQLite there is only ever one writer. On PostgreSQL two that clear away each other's expired
    holds could wait for one another. The constraint of `occupied_steps` holds without this, too.
    """
    with _turn(engine), _transaction(engine) as session:
        _take_lock(session.connection(), "slots")
        yield session


@contextmanager
def _transaction(engine: Engine) -> Iterator[Session]:
    writer = engine.execution_options(immediate=True)
    with _failures_told(), Session(writer, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Lets one thread of this process at a time near a lock that only one can have.

    Whoever waits for SQLite's write lock asks for it again and again, in no order, until luck or
    the timeout comes, and on PostgreSQL occupies a connection. So only processes compete for the
    lock, and a crowd of threads queues here.
    """
    turn = _TURNS.setdefault(engine, Lock())
    if not turn.acquire(timeout=TURN_WAIT_SECONDS):
        raise BookingUnavailable("too many others are writing to the booking database")
    try:
        yield
    finally:
        turn.release()


@contextmanager
def _failures_told() -> Iterator[None]:
    """A broken rule of the data stays an IntegrityError; all else means: not available now."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as failure:
        raise BookingUnavailable("the booking database does not answer") from failure


def scrub(engine: Engine) -> None:
    """Leave no byte of a deleted row in SQLite's files; on PostgreSQL that is autovacuum's work.

    The file is written anew, a second or so for 100 MB, while others can read. Raises
    `BookingUnavailable` when somebody keeps the database locked.
    """
    if engine.dialect.name != "sqlite":
        return
    kept = engine.raw_connection()
    cursor = kept.cursor()
    try:
        cursor.execute("VACUUM")
        # What the log still holds of before goes into the file, and the log is emptied.
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchall()[0][0]
    except sqlite3.OperationalError as failure:
        raise BookingUnavailable("the database could not be cleaned") from failure
    finally:
        cursor.close()
        kept.close()
    if busy:
        raise BookingUnavailable("the database could not be cleaned: it is being read")


def migrate(url: str) -> None:
    """Bring the booking tables to the newest version; safe from several processes at once."""
    run_migrations(url, chain="booking", metadata=Base.metadata)


def run_migrations(url: str, *, chain: str, metadata: MetaData) -> None:
    """Run `migrations/<chain>/versions` to its head, in one transaction under a lock.

    The version table is `alembic_version_<chain>`, so several chains can share one database.
    Raises `BookingUnavailable` when the database cannot be reached or stays locked.
    """
    # Imported here: it takes a second, which processes that only read and write are spared.
    from alembic import command

    engine = _open_for_migration(_address(url))
    try:
        with _failures_told(), engine.execution_options(immediate=True).begin() as connection:
            _take_lock(connection, f"migrations {chain}")
            command.upgrade(migration_config(connection, chain, metadata), "head")
    finally:
        engine.dispose()


def migration_config(connection: Connection, chain: str, metadata: MetaData) -> Config:
    """Alembic's settings for one chain, for `alembic.command` functions such as `revision`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", _literal(MIGRATIONS))
    config.set_main_option("version_locations", _literal(MIGRATIONS / chain / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    config.attributes["version_table"] = f"alembic_version_{chain}"
    return config


def _literal(path: Path) -> str:
    """A path as Alembic's ini values want it, where % would start an interpolation."""
    return str(path).replace("%", "%%")


def _take_lock(connection: Connection, what: str) -> None:
    """Lets one transaction at a time do `what`, until it ends."""
    # On SQLite the transaction itself began with the write lock.
    if connection.dialect.name == "postgresql":
        key = crc32(f"needlepoint {what}".encode())
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def _address(url: str) -> URL:
    """The URL with the driver we use; `postgres://` and `postgresql://` both mean psycopg."""
    address = make_url(url)
    if address.drivername in {"postgres", "postgresql"}:
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise ValueError(f"a database URL starts with sqlite: or postgresql:, not {address}")
    return address


def _open_for_migration(address: URL) -> Engine:
    if address.get_backend_name() == "sqlite":
        # Altering a table on SQLite copies and drops it, which foreign keys would object to.
        return _open_sqlite(address, wait=MIGRATION_WAIT_SECONDS, foreign_keys=False)
    return _open_postgresql(address, wait=MIGRATION_WAIT_SECONDS)


def _open_postgresql(address: URL, *, wait: int) -> Engine:
    limits = f"-c lock_timeout={wait * 1000} -c statement_timeout={wait * 2000}"
    return create_engine(
        address,
        pool_pre_ping=True,
        pool_timeout=wait,
        hide_parameters=True,
        connect_args={"connect_timeout": LOCK_WAIT_SECONDS, "options": limits},
    )


def _open_sqlite(address: URL, *, wait: int, foreign_keys: bool) -> Engine:
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    # An error's text ends in the log, where nobody's name belongs.
    engine = create_engine(address, connect_args={"timeout": wait}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # sqlite3 would otherwise begin transactions on its own, and never with the write lock.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        # A visitor who was given a reference must find it again, even after a power cut.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        # What is deleted is overwritten, not only forgotten.
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns into a writer half-way fails at once, however long it may wait;
        # so whoever means to write says so at the start.
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
