"""The tables that migrations make are those of the models, on every database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, make_url, text

from booking import database
from booking.clinic import Clinic
from booking.database import migrate, migration_config, open_database
from booking.details import Contact
from booking.messages import leave_message, list_messages
from booking.models import Base, Status
from booking.requests import confirm_request, list_requests
from tests.booking.taking import Book, check_book, with_rules

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


# --- with rows in them ---

WROTE_AT = datetime(2026, 11, 2, 9, 30, 15, 123456, tzinfo=UTC)
OLD_REQUEST: dict[str, Any] = {
    "id": 7,
    "reference": "NP-7KQ4MX",
    "status": "confirmed",
    "name": "Ana 'Añá' Lopez",
    "email": "ana@example.com",
    "phone": None,
    "concern": "acne scars; 50 %",
    "starts_at": datetime(2026, 11, 24, 20, 0, tzinfo=UTC),
    "preference_text": "tuesday after 3",
    "notes": "line\nbreak",
    "consent_version": "2026-10",
    "consent_at": WROTE_AT,
    "conversation_id": "conversation-1",
    "idempotency_key": "key-1",
    "created_at": WROTE_AT,
    "updated_at": WROTE_AT,
}
OLD_ROWS: dict[str, list[dict[str, Any]]] = {
    "consultation_requests": [
        OLD_REQUEST,
        OLD_REQUEST
        | {"id": 9, "reference": "NP-3333AA", "status": "cancelled", "idempotency_key": "key-2"},
    ],
    "request_events": [
        {"id": 1, "request_id": 7, "at": WROTE_AT, "actor": "visitor", "what": "requested"},
        {"id": 2, "request_id": 7, "at": WROTE_AT, "actor": "Dana", "what": "confirmed"},
        {"id": 3, "request_id": 9, "at": WROTE_AT, "actor": "visitor", "what": "requested"},
    ],
    "clinic_messages": [
        {
            "id": 4,
            "reference": "NP-MMMMMM",
            "text": "Please call.",
            "contact_email": None,
            "contact_phone": "+12025550164",
            "name": None,
            "conversation_id": "conversation-2",
            "idempotency_key": "key-3",
            "created_at": WROTE_AT,
        }
    ],
}


def run(url: str, direction: Callable[..., None], revision: str) -> None:
    """Go to a revision as `migrate` does: without SQLite's foreign keys, in one transaction."""
    engine = database._open_for_migration(database._address(url))
    with engine.execution_options(immediate=True).begin() as connection:
        direction(migration_config(connection, "booking", Base.metadata), revision)
    engine.dispose()


def rows_of(url: str, columns: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What those tables hold in the columns named, moments with their zone."""
    engine = open_database(url)
    with engine.connect() as connection:
        found = {
            table: [_read(connection, table, row) for row in wanted]
            for table, wanted in columns.items()
        }
        for table, wanted in columns.items():
            count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
            assert count == len(wanted)
    engine.dispose()
    return found


def _read(connection: Connection, table: str, row: dict[str, Any]) -> dict[str, Any]:
    names = list(row)
    moments = {name for name in names if isinstance(row[name], datetime)}
    statement = text(f"SELECT {', '.join(names)} FROM {table} WHERE id = :id")
    found = connection.execute(statement, {"id": row["id"]}).mappings().one()
    return {name: _moment(found[name]) if name in moments else found[name] for name in names}


def _moment(kept: datetime | str) -> datetime:
    """As both databases give it: SQLite a text without a zone."""
    moment = kept if isinstance(kept, datetime) else datetime.fromisoformat(kept)
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def stored(value: object, url: str) -> object:
    """A moment as SQLAlchemy writes it on SQLite."""
    if isinstance(value, datetime) and make_url(url).get_backend_name() == "sqlite":
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


@pytest.fixture
def old_url(database_url: str) -> str:
    """A database of the first version, with rows in it."""
    run(database_url, command.upgrade, "booking_0001")
    engine = open_database(database_url)
    with engine.begin() as connection:
        for table, rows in OLD_ROWS.items():
            for row in rows:
                into = f"INSERT INTO {table} ({', '.join(row)}) VALUES (:{', :'.join(row)})"
                given = {name: stored(value, database_url) for name, value in row.items()}
                connection.execute(text(into), given)
    engine.dispose()
    return database_url


def test_rows_of_the_first_version_are_kept_on_the_way_up_and_down(old_url: str) -> None:
    migrate(old_url)
    assert rows_of(old_url, OLD_ROWS) == OLD_ROWS

    run(old_url, command.downgrade, "booking_0001")
    assert rows_of(old_url, OLD_ROWS) == OLD_ROWS

    migrate(old_url)
    assert rows_of(old_url, OLD_ROWS) == OLD_ROWS


def test_requests_of_the_first_version_go_on_as_wishes_that_kept_no_time(
    old_url: str, clinic: Clinic, now: datetime, migrated: Callable[[str], Engine]
) -> None:
    engine = migrated(old_url)
    book = Book(engine, with_rules(clinic, practitioners=1), now=now)

    (old,) = list_requests(engine, status=Status.CONFIRMED)
    assert (old.practitioner, old.ends_at, old.sequence) == ("unassigned", old.starts_at, 0)
    assert (old.consent_text, old.visitor_zone) == ("", None)
    assert [message.text for message in list_messages(engine)] == ["Please call."]
    check_book(engine, timedelta(0))

    somebody = book.request(old.starts_at)
    moved = book.move(old.reference, old.starts_at + timedelta(hours=1))

    assert moved.practitioner == somebody.practitioner == "room-1"
    assert [event.what for event in moved.events] == ["requested", "confirmed", "rescheduled"]
    check_book(engine, timedelta(minutes=15))


def test_requests_of_this_version_are_kept_on_the_way_down(
    database_url: str, clinic: Clinic, now: datetime, migrated: Callable[[str], Engine]
) -> None:
    engine = migrated(database_url)
    book = Book(engine, clinic, now=now)
    three = datetime(2026, 11, 24, 15, 0, tzinfo=clinic.zone)
    made = book.request(three)
    confirm_request(engine, clinic, made.reference, actor="Dana", now=now)
    book.hold(three, "somebody")
    leave_message(
        engine,
        clinic,
        text="Please call me.",
        contact=Contact(email="bo@example.com"),
        conversation_id="c",
        idempotency_key="k",
        now=now,
    )
    engine.dispose()

    run(database_url, command.downgrade, "booking_0001")
    run(database_url, command.upgrade, "head")

    (kept,) = list_requests(engine)
    assert (kept.reference, kept.status, kept.starts_at) == (made.reference, "confirmed", three)
    with engine.connect() as connection:
        lines = connection.execute(text("SELECT what FROM request_events ORDER BY id")).scalars()
        assert list(lines) == ["requested", "confirmed"]
    assert len(list_messages(engine)) == 1
    check_book_without_steps(engine)


def check_book_without_steps(engine: Engine) -> None:
    """Times that the first version knows nothing of are gone, none of them halfway."""
    with engine.connect() as connection:
        for table in ("occupied_steps", "holds", "outbox", "busy_times"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
