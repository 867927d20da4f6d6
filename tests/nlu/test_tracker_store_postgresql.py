"""The tracker store on a real PostgreSQL; what is the same for any database is tested on SQLite."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

import pytest
from rasa.core.tracker_store import SQLTrackerStore

from nlu.tracker_store import LiveTrackerStore
from tests.nlu.test_tracker_store import DOMAIN, VISITOR, said, say, start, turn

pytestmark = pytest.mark.anyio


class Server:
    """A PostgreSQL of our own on a free port."""

    def __init__(self, home: Path) -> None:
        self._data, self._home = str(home / "data"), home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"postgresql+psycopg2://needlepoint@127.0.0.1:{self._port}/postgres"
        _run("initdb", "-D", self._data, "-U", "needlepoint", "-A", "trust", "-N", "-E", "UTF8")

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k {self._home} -c fsync=off"
        log = f"{self._home}/log"
        _run("pg_ctl", "-D", self._data, "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        _run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    # Not below pytest's own folder, which the user that PostgreSQL runs as may not enter.
    path = Path(tempfile.mkdtemp(prefix="needlepoint-pg-"))
    if os.getuid() == 0:
        owner = pwd.getpwnam(_unprivileged_user())
        os.chown(path, owner.pw_uid, owner.pw_gid)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    server = Server(home)
    server.start()
    yield server
    server.stop()


async def test_two_processes_that_take_turns_agree_with_rasas_own_store(server: Server) -> None:
    one, other = (
        LiveTrackerStore(DOMAIN, host=server.url),
        LiveTrackerStore(DOMAIN, host=server.url),
    )
    await say(one, *start())

    for number in range(6):
        await say([one, other][number % 2], *turn(str(number)))

    assert await said(one) == await said(other) == list("012345")
    rasas = await SQLTrackerStore(DOMAIN, host=server.url).retrieve(VISITOR)
    assert await one.retrieve(VISITOR) == rasas


async def test_a_server_that_went_away_is_told_and_caught_up_with(server: Server) -> None:
    store = LiveTrackerStore(DOMAIN, host=server.url)
    await say(store, *start(), *turn("before"), to="visitor-2")
    server.stop()

    await say(store, *turn("meanwhile"), to="visitor-2")
    told = await store.works()
    server.start()

    assert told is False
    assert await store.works() is True
    again = LiveTrackerStore(DOMAIN, host=server.url)
    assert await said(again, of="visitor-2") == ["before", "meanwhile"]


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, which refuse to be run by root."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    path = str(beside[-1]) if beside else shutil.which(program)
    assert path, f"these tests need PostgreSQL's {program}"
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
        timeout=60,
    )


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
