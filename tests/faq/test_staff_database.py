"""The staff database: its migrations, what its failures become, and what is purged."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select

from booking.database import migration_config, open_database, run_migrations
from faq.database import StaffDatabaseUnavailable, reading, writing
from faq.models import AuditEntry, StaffAccount, StaffBase, StaffSession
from tests.postgresql import Postgresql, running_postgresql
from web.staff import accounts, log, sessions
from web.staff.accounts import AccountRefused
from web.staff.sessions import Throttle


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/staff.db"


@pytest.fixture
def postgresql_url(server: Postgresql) -> Iterator[str]:
    with server.database() as name:
        yield f"postgresql://{server.address}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    url: str = request.getfixturevalue(f"{request.param}_url")
    run_migrations(url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_the_migrations_give_the_tables_of_the_models(engine: Engine) -> None:
    options = {"version_table": "alembic_version_staff", "compare_type": True}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, StaffBase.metadata)

    assert differences == []


def test_the_migrations_can_be_taken_back(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(migration_config(connection, "staff", StaffBase.metadata), "base")

    assert set(inspect(engine).get_table_names()) == {"alembic_version_staff"}


def test_a_database_that_does_not_answer_is_told_as_such(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/empty.db")

    with pytest.raises(StaffDatabaseUnavailable), reading(engine) as session:
        session.scalars(select(StaffAccount)).all()

    engine.dispose()


def test_what_fails_half_way_leaves_nothing_behind(engine: Engine) -> None:
    def fail_half_way() -> None:
        with writing(engine) as session:
            session.add(AuditEntry(at=0.0, who="Mara Quinn", what="tried", about="", detail=""))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    with reading(engine) as session:
        assert session.scalars(select(AuditEntry)).all() == []


def test_the_log_is_kept_as_long_as_everything_else(engine: Engine) -> None:
    now = time.time()
    with writing(engine) as session:
        for days in (0, 9, 11, 400):
            at = now - days * 86400
            session.add(AuditEntry(at=at, who="Mara Quinn", what="did", about="", detail=""))

    gone = log.purge_before(engine, datetime.now(UTC) - timedelta(days=10))

    assert gone == 2
    assert log.log_size(engine) == 2


def test_sessions_that_are_over_are_purged_and_accounts_stay(engine: Engine) -> None:
    now = time.time()
    with writing(engine) as session:
        account = StaffAccount(
            name="Mara Quinn", name_key="mara quinn", role="admin", created_at=0.0
        )
        session.add(account)
        session.flush()
        for number, expires_at in enumerate((now - 1, now + 60)):
            session.add(
                StaffSession(
                    token_hash=str(number),
                    account_id=account.id,
                    expires_at=expires_at,
                    seen_at=now,
                )
            )

    log.purge_before(engine, datetime.now(UTC))

    with reading(engine) as session:
        assert [one.token_hash for one in session.scalars(select(StaffSession))] == ["1"]
        assert session.scalars(select(StaffAccount.name)).all() == ["Mara Quinn"]


def test_a_very_long_line_of_the_log_is_cut_and_kept(engine: Engine) -> None:
    log.record(engine, "Mara Quinn", "published", "x" * 500, "y" * 5000)

    entry = log.read_log(engine, limit=1)[0]

    assert (len(entry.about), len(entry.detail)) == (200, 2000)


def test_accounts_and_sessions_live_in_either_database(engine: Engine) -> None:
    accounts.add_account(engine, "Mara Quinn", "nine linden leaves", "admin")
    accounts.add_account(engine, "Jonas Field", "ten linden leaves", "editor")

    token = sessions.sign_in(
        engine, Throttle.fresh(), "jonas field", "ten linden leaves", "192.0.2.1"
    )
    signed_in = sessions.account_of(engine, token)
    accounts.deactivate(engine, "Jonas Field")

    assert signed_in is not None
    assert signed_in.name == "Jonas Field"
    assert sessions.account_of(engine, token) is None
    with pytest.raises(AccountRefused, match="only admin"):
        accounts.deactivate(engine, "Mara Quinn")


def test_a_name_is_given_to_one_person_however_many_add_it_at_once(engine: Engine) -> None:
    def add(number: int) -> bool:
        try:
            accounts.add_account(engine, "Mara Quinn", f"linden leaves {number}", "admin")
        except AccountRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(add, range(4)))

    assert done.count(True) == 1
    assert len(accounts.list_accounts(engine)) == 1
