"""What a clinic hands requests to: a mail server, a webhook and a calendar, all of them real.

Each keeps its port, so that it can be gone or misbehave for a while and come back as it was.
"""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import standardwebhooks
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.hand_off.calendar_server import PASSWORD, USER, CalendarServer, running_calendar_server
from tests.hand_off.receivers import free_port, say_nothing, talking

SECRET = "whsec_bmVlZGxlcG9pbnQgdGVzdHMgc2lnbiB3aXRoIHRoaXM="
SENDER, DESK = "hello@linden-skin.example", "desk@linden-skin.example"

Talk = Callable[[socket.socket], None]


class MailServer:
    """`mails` are all that were handed over, repeated ones too; `unknown` addresses are refused."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.unknown: set[str] = set()
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return f"550 <{address}> no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def by_id(self) -> dict[str, EmailMessage]:
        """The mails by their Message-ID."""
        return {str(mail["Message-ID"]): mail for mail in self.mails}

    def about(self, reference: str, address: str) -> list[str]:
        """Subjects of the mails about a request to an address, in the order they first came in."""
        return [
            str(mail["Subject"])
            for mail in self.by_id().values()
            if address in str(mail["To"]) and reference in _text_of(mail)
        ]


def _text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None, "a mail without plain text"
    return str(body.get_content())


class HookServer:
    """Checks signatures, and takes each webhook-id once, as Standard Webhooks has it."""

    def __init__(self) -> None:
        self.port = free_port()
        # What was taken, by webhook-id in order; and how often each id came.
        self.taken: dict[str, dict[str, Any]] = {}
        self.came: Counter[str] = Counter()
        self.refused: list[str] = []
        self._lock = Lock()
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    def start(self) -> None:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(take(dict(self.headers.items()), body))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def told_of(self, reference: str) -> list[str]:
        """What the receiver knows of a request: the types of its events, in order."""
        return [one["type"] for one in self.taken.values() if one["data"]["reference"] == reference]

    def _take(self, headers: dict[str, str], body: bytes) -> int:
        key = headers.get("webhook-id", "")
        try:
            standardwebhooks.Webhook(SECRET).verify(body, {k.lower(): headers[k] for k in headers})
        except standardwebhooks.WebhookVerificationError:
            self.refused.append(key)
            return 400
        with self._lock:
            self.came[key] += 1
            self.taken.setdefault(key, json.loads(body))
        return 204


class Calendar:
    """Radicale with one calendar of the clinic's."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/{USER}/clinic/"
        self._home = home
        self._running = ExitStack()
        self._server: CalendarServer | None = None

    def start(self) -> None:
        first = self._server is None
        self._server = self._running.enter_context(running_calendar_server(self._home, self.port))
        if first:
            self._server.add_calendar("clinic")

    def stop(self) -> None:
        self._running.close()

    def put(self, name: str, event: str) -> None:
        """Add an event, given as the lines between BEGIN and END."""
        assert self._server is not None
        self._server.put(self.url, name, event)

    def entries(self) -> dict[str, Any]:
        """The events by UID."""
        assert self._server is not None
        return self._server.entries(self.url)


Receiving = MailServer | HookServer | Calendar


class Receivers:
    """All three; `clinic_section` and `settings` have Needlepoint hand off to them."""

    def __init__(self, home: Path) -> None:
        self.mail, self.hook, self.calendar = MailServer(), HookServer(), Calendar(home)

    def start(self) -> None:
        for one in (self.mail, self.hook, self.calendar):
            one.start()

    def stop(self) -> None:
        for one in (self.mail, self.hook, self.calendar):
            one.stop()

    @property
    def clinic_section(self) -> dict[str, Any]:
        return {
            "email": {"sender": SENDER, "notify": [DESK]},
            "webhook": {"url": f"http://127.0.0.1:{self.hook.port}/needlepoint"},
            "caldav": {"url": self.calendar.url, "username": USER},
        }

    @property
    def settings(self) -> dict[str, str]:
        return {
            "NEEDLEPOINT_SMTP_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "NEEDLEPOINT_WEBHOOK_SECRET": SECRET,
            "NEEDLEPOINT_CALDAV_PASSWORD": PASSWORD,
        }


# --- how a receiver misbehaves ---


@contextmanager
def refusing(receiver: Receiving) -> Iterator[None]:
    """Nobody listens meanwhile."""
    receiver.stop()
    try:
        yield
    finally:
        receiver.start()


@contextmanager
def hanging(receiver: Receiving) -> Iterator[None]:
    """It takes connections and answers nothing meanwhile."""
    with refusing(receiver), talking(say_nothing, receiver.port):
        yield


@contextmanager
def failing(receiver: Receiving) -> Iterator[None]:
    """It answers everything with an error of its own meanwhile: 451, or 500."""
    talk = _answer_451 if isinstance(receiver, MailServer) else _answer_500
    with refusing(receiver), talking(talk, receiver.port):
        yield


def _answer_451(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    for line in connection.makefile("rb"):
        greets = line.upper().startswith((b"EHLO", b"HELO"))
        connection.sendall(b"250 mail.example\r\n" if greets else b"451 later\r\n")


def _answer_500(connection: socket.socket) -> None:
    for line in connection.makefile("rb"):
        if not line.strip():
            connection.sendall(
                b"HTTP/1.1 500 Internal Server Error\r\n"
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            connection.shutdown(socket.SHUT_WR)
            return
