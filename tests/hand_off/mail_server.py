"""A real mail server (aiosmtpd) that keeps what it gets, or refuses what a test says."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from .receivers import free_port


@dataclass
class Mail:
    """One message as it arrived."""

    sender: str
    to: list[str]
    message: EmailMessage
    raw: bytes


@dataclass
class MailServer:
    """Takes all but what `refused` (by recipient), `refuse_sender` and `refuse_data` name."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    refuse_sender: str | None = None
    refuse_data: str | None = None
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Be as at the start, for the next test."""
        self.refuse_sender = self.refuse_data = None
        for kept in (self.mails, self.refused, self.logins, self.encrypted):
            kept.clear()

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse_data:
            return self.refuse_data
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        mail = Mail(envelope.mail_from, list(envelope.rcpt_tos), message, envelope.content)
        self.mails.append(mail)
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"p@ss/word", handled=False)


@contextmanager
def running_mail_server(port: int | None = None, **options: Any) -> Iterator[MailServer]:
    """Listens on a free port; `options` are those of aiosmtpd's server and controller."""
    server = MailServer(port=port or free_port())
    if options.get("auth_required"):
        options["authenticator"] = server.authenticate
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@dataclass
class Certificate:
    """What a server shows, and what a client needs to trust it."""

    path: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.path))


def new_certificate(home: Path) -> Certificate:
    """Its own issuer, for this machine, made with the openssl program."""
    made = Certificate(home / "certificate.pem", home / "key.pem")
    subprocess.run(
        [
            *"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(),
            *["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            *["-keyout", str(made.key), "-out", str(made.path)],
        ],
        check=True,
        capture_output=True,
    )
    return made
