"""The tables that migrations make are those of the models, on every database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from booking.database import migrate, migration_config, open_database
from booking.models import Base

ROOT = Path(__file__).parents[2]


def test_migrating_an_empty_database_gives_the_tables_of_the_models(database_url: str) -> None:
    migrate(database_url)

    engine = open_database(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "alembic_version_booking", "compare_type": True}
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    assert differences == []


def test_every_constraint_and_index_has_the_name_of_the_convention(database_url: str) -> None:
    migrate(database_url)

    engine = open_database(database_url)
    inspector = inspect(engine)
    for table in Base.metadata.sorted_tables:
        unique = {one["name"] for one in inspector.get_unique_constraints(table.name)}
        indexes = {one["name"] for one in inspector.get_indexes(table.name)}
        checks = {one["name"] for one in inspector.get_check_constraints(table.name)}
        foreign = {one["name"] for one in inspector.get_foreign_keys(table.name)}
        made = (
            unique | indexes | checks | foreign | {inspector.get_pk_constraint(table.name)["name"]}
        )
        modelled = {one.name for one in table.constraints} | {one.name for one in table.indexes}
        assert modelled <= made
    engine.dispose()


def test_a_status_that_nobody_knows_is_refused_by_the_database(database_url: str) -> None:
    migrate(database_url)

    engine = open_database(database_url)
    checks = inspect(engine).get_check_constraints("consultation_requests")
    engine.dispose()

    assert [check["name"] for check in checks] == ["ck_consultation_requests_status"]


def test_migrating_again_changes_nothing(database_url: str) -> None:
    migrate(database_url)

    migrate(database_url)

    engine = open_database(database_url)
    with engine.connect() as connection:
        versions = connection.execute(text("SELECT version_num FROM alembic_version_booking")).all()
    engine.dispose()
    assert [tuple(version) for version in versions] == [("booking_0002",)]


def test_migrations_can_be_taken_back(database_url: str) -> None:
    migrate(database_url)

    engine = open_database(database_url)
    with engine.begin() as connection:
        command.downgrade(migration_config(connection, "booking", Base.metadata), "base")
    tables = inspect(engine).get_table_names()
    engine.dispose()

    assert tables == ["alembic_version_booking"]


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    program = f"from booking.database import migrate; migrate({database_url!r})"

    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outcomes = [process.communicate()[1].decode() for process in started]

    assert outcomes == ["", ""]
    assert [process.returncode for process in started] == [0, 0]


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'var' / 'needlepoint.db'}")

    assert (tmp_path / "var" / "needlepoint.db").exists()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite+aiosqlite:///x.db", "nonsense"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(Exception, match=r"sqlite: or postgresql:|Could not parse"):
        open_database(url)
