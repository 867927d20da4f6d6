"""The console of a running server, and people who are signed in to it."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from booking.database import migrate, open_database
from tests.faq.content import make_content
from tests.web.running import FakeRasa, Server, TestSettings, listening, start_server
from web.staff.accounts import Role, add_account

PASSWORD = "nine linden leaves"
MARA, JONAS = "Mara Quinn", "Jonas Field"
TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Staffed:
    """A running server with a console; `engine` is that of its staff database."""

    server: Server
    engine: Engine
    booking: Engine

    @property
    def url(self) -> str:
        return self.server.url

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """Somebody's browser, who is not signed in; it says of itself where its forms come from."""
        with httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=30) as client:
            yield client

    @contextmanager
    def signed_in(self, name: str = MARA, role: Role = "admin") -> Iterator["Member"]:
        """Somebody who has just been added and signed in."""
        add_account(self.engine, name, PASSWORD, role)
        with self.browser() as client:
            member = Member(client)
            assert member.sign_in(name).status_code == 303
            yield member


@dataclass(frozen=True)
class Member:
    """Somebody at the console."""

    http: httpx.Client

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        form = {"name": name, "password": password, **more}
        return self.http.post("/staff/sign-in", data=form)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/staff/me").text)
        assert found, "not signed in"
        return found[1]

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Send a form from a page of the console."""
        return self.http.post(path, data={"csrf": self.csrf(), **(form or {})}, headers=headers)

    def words(self, path: str) -> str:
        """The words of a page, without its tags."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return words_of(response)


def words_of(response: httpx.Response) -> str:
    return " ".join(unescape(TAGS.sub(" ", response.text)).split())


@contextmanager
def console(folder: Path, **settings: Any) -> Iterator[Staffed]:
    """A server with a console, whose databases are in `folder`; `settings` as of `TestSettings`."""
    with ExitStack() as stack:
        rasa = stack.enter_context(listening(FakeRasa().app))
        own = TestSettings(folder, rasa, **settings)
        make_content(own.content)
        migrate(own.booking_url)
        server = start_server(stack, own)
        engines = [open_database(url) for url in (own.staff_url, own.booking_url)]
        for engine in engines:
            stack.callback(engine.dispose)
        yield Staffed(server, *engines)
