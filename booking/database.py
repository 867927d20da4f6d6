"""Open the database, keep it in step with the code, and turn its failures into ours."""

from __future__ import annotations

from sqlalchemy import Engine, MetaData

from booking.models import Base


def open_database(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys, waits 5 s for a lock) or PostgreSQL (psycopg)."""
    raise NotImplementedError


def migrate(url: str) -> None:
    """Bring the booking tables to the newest version; safe from several processes at once."""
    run_migrations(url, chain="booking", metadata=Base.metadata)


def run_migrations(url: str, *, chain: str, metadata: MetaData) -> None:
    """Run `migrations/<chain>/` to its head; its version table is `alembic_version_<chain>`."""
    raise NotImplementedError
