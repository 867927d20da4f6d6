"""A clinic, a fixed now, and a fresh database each: SQLite files and a real PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text

from booking.clinic import Clinic, read_clinic
from booking.database import migrate, open_database
from booking.details import Details, PreferredTime

ROOT = Path(__file__).parents[2]
POSTGRESQL_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    return read_clinic(ROOT / "clinic.yml")


@pytest.fixture
def now(clinic: Clinic) -> datetime:
    """A Friday, ten in the morning in New York, within opening hours."""
    return datetime(2026, 11, 20, 10, 0, tzinfo=clinic.zone)


@pytest.fixture
def details(clinic: Clinic) -> Details:
    """All that a request needs."""
    return Details(
        name="Ana Lopez",
        email="ana@example.com",
        phone="+12025550164",
        concern="acne scars",
        time=PreferredTime(datetime(2026, 11, 24, 15, 0, tzinfo=clinic.zone), "tuesday after 3"),
    )


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'booking.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once on each kind that a clinic may use."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    migrate(database_url)
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    name = f"booking_{uuid4().hex[:12]}"
    server = create_engine(f"{postgresql_server}/postgres", isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield f"{postgresql_server}/{name}"
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL of our own on a free port, gone after the tests; without it they fail."""
    # Not below pytest's own directory, which other users may not enter.
    with tempfile.TemporaryDirectory(prefix="needlepoint-pg-", ignore_cleanup_errors=True) as home:
        data = Path(home) / "data"
        if os.getuid() == 0:
            owner = pwd.getpwnam(_unprivileged_user())
            os.chown(home, owner.pw_uid, owner.pw_gid)
        _run("initdb", "-D", str(data), "-U", "needlepoint", "-A", "trust", "-N", "-E", "UTF8")
        port = _free_port()
        options = f"-p {port} -h 127.0.0.1 -k {home} -c fsync=off -c max_connections=60"
        _run("pg_ctl", "-D", str(data), "-l", f"{home}/log", "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://needlepoint@127.0.0.1:{port}"
        finally:
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, which refuse to be run by root."""
    found = POSTGRESQL_15 / program
    path = str(found) if found.exists() else shutil.which(program)
    assert path, f"these tests need PostgreSQL's {program}, on PATH or in {POSTGRESQL_15}"
    user = _unprivileged_user() if os.getuid() == 0 else None
    subprocess.run(
        [path, *arguments],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
