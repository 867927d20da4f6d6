"""A real CalDAV server (Radicale) with calendars of its own, and another way to look into them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import vobject  # type: ignore[import-untyped]

from .receivers import free_port

USER, PASSWORD = "desk", "not: a\xa0simple one"

CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {home}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {home}/calendars
[logging]
level = warning
"""


class CalendarServer:
    """Looks at the server's calendars as a calendar program would."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/{USER}/"
        self._http = httpx.Client(auth=(USER, PASSWORD), trust_env=False, base_url=self.url)

    def answers(self) -> bool:
        try:
            return self._http.get("/").status_code < 500
        except httpx.TransportError:
            return False

    def add_calendar(self, name: str) -> str:
        self._http.request("MKCALENDAR", f"{name}/").raise_for_status()
        return f"{self.url}{name}/"

    def put(self, calendar: str, name: str, event: str) -> None:
        """Add an event, given as the lines between BEGIN and END."""
        lines = ["BEGIN:VEVENT", *event.strip().splitlines(), "END:VEVENT"]
        if "DTSTAMP" not in event:
            lines.insert(1, "DTSTAMP:20261101T000000Z")
        if "UID:" not in event:
            lines.insert(1, f"UID:{name}")
        self.put_file(calendar, name, "\r\n".join(line.strip() for line in lines))

    def put_file(self, calendar: str, name: str, components: str) -> None:
        body = (
            f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n{components}\r\nEND:VCALENDAR\r\n"
        )
        self._http.put(f"{calendar}{name}.ics", content=body.encode()).raise_for_status()

    def entries(self, calendar: str) -> dict[str, Any]:
        """What a calendar holds, by UID, read with another parser than the project's."""
        response = self._http.get(calendar).raise_for_status()
        found = vobject.readOne(response.text).contents.get("vevent", [])
        return {entry.uid.value: entry for entry in found}

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_calendar_server(home: Path, port: int | None = None) -> Iterator[CalendarServer]:
    """The server, its calendars below `home`: started again there, it has what it had."""
    port = port or free_port()
    (home / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    config = home / "config"
    config.write_text(CONFIG.format(port=port, home=home), encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-m", "radicale", "--config", str(config)])
    server = CalendarServer(port)
    try:
        deadline = time.monotonic() + 20
        while not server.answers():
            assert process.poll() is None, "Radicale did not start"
            assert time.monotonic() < deadline, "Radicale does not answer"
            time.sleep(0.05)
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(10)
