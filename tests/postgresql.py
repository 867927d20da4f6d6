"""A real PostgreSQL for the tests of both environments; without its programs they fail."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

# The version that is supported; another one beside it serves where that is all there is.
WANTED = "/usr/lib/postgresql/15/bin"
SECONDS = 60


class Postgresql:
    """A server of our own on a free port of 127.0.0.1, its data in `home`.

    With `fsync` it writes as surely, and so as slowly, as one that is not for tests.
    """

    def __init__(self, home: Path, *, fsync: bool = False) -> None:
        self._fsync = fsync
        self._home, self._data = str(home), str(home / "data")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        # What a URL says after its driver.
        self.address = f"needlepoint@127.0.0.1:{self._port}"
        _run("initdb", "-D", self._data, "-U", "needlepoint", "-A", "trust", "-N", "-E", "UTF8")

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k {self._home} -c max_connections=120"
        options += f" -c fsync={'on' if self._fsync else 'off'}"
        log = f"{self._home}/log"
        _run("pg_ctl", "-D", self._data, "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """At once, as in a power cut."""
        _run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of an empty database, which is gone afterwards."""
        name = f"needlepoint_{uuid4().hex[:12]}"
        connection = ("-h", "127.0.0.1", "-p", str(self._port), "-U", "needlepoint")
        _run("createdb", *connection, name)
        try:
            yield name
        finally:
            _run("dropdb", *connection, "--force", name)


@contextmanager
def running_postgresql(*, fsync: bool = False) -> Iterator[Postgresql]:
    """A running server, which is gone afterwards."""
    # Not below pytest's own folder, which the user that PostgreSQL runs as may not enter.
    with tempfile.TemporaryDirectory(prefix="needlepoint-pg-", ignore_cleanup_errors=True) as home:
        if os.getuid() == 0:
            owner = pwd.getpwnam(_unprivileged_user())
            os.chown(home, owner.pw_uid, owner.pw_gid)
        server = Postgresql(Path(home), fsync=fsync)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, which refuse to be run by root."""
    user = _unprivileged_user() if os.getuid() == 0 else None
    subprocess.run(
        [_found(program), *arguments],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        timeout=SECONDS,
    )


def _found(program: str) -> str:
    others = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    path = shutil.which(program, path=os.pathsep.join([WANTED, *others]))
    path = path or shutil.which(program)
    assert path, f"these tests need PostgreSQL's {program}, on PATH or in {WANTED}"
    return path


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
