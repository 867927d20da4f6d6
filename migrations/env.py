"""Alembic's entry point for every chain of migrations; started by `booking.database`.

The caller passes its open connection, its metadata and its version table through
`Config.attributes`: this file knows no database and no table of its own.
"""

from collections.abc import Mapping
from typing import Any

from alembic import context

attributes = context.config.attributes
connection = attributes["connection"]
metadata = attributes["metadata"]


def ours(name: str | None, kind: str, _parents: Mapping[str, Any]) -> bool:
    """Other chains may keep their tables in the same database; those are none of ours."""
    return kind != "table" or name in metadata.tables


context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=attributes["version_table"],
    include_name=ours,
    # SQLite cannot alter most things in place.
    render_as_batch=connection.dialect.name == "sqlite",
    # Our SQLite connections begin transactions themselves, so its DDL is transactional, too.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
