"""The staff database: what staff's accounts, inbox, trainings and versions are kept in.

The process opens the engine and hands it in; here are only the two ways of using it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session


class StaffDatabaseUnavailable(Exception):
    """The staff database cannot be read or written just now; nothing was stored."""


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for reading; what it loaded stays usable afterwards."""
    with _failures_told(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that takes SQLite's write lock first, and commits or leaves nothing behind."""
    with reading(engine.execution_options(immediate=True)) as session:
        yield session


@contextmanager
def _failures_told() -> Iterator[None]:
    """A broken rule of the data stays an IntegrityError; all else means: not available now."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as failure:
        raise StaffDatabaseUnavailable("the staff database does not answer") from failure
