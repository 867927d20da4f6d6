"""One mail server."""

from __future__ import annotations

import ipaddress
import logging
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from booking.hand_off.notice import Undelivered

logger = logging.getLogger(__name__)

PORTS = {"smtp": 587, "smtps": 465}
# A server that is slow at each step may take this many times as long in all.
STEPS = 3
ACCEPTED = frozenset({250, 251})

type Answer = tuple[int, bytes]


class Smtp:
    """Sends over `url`: smtp://user:password@host:587, with STARTTLS when offered, or smtps://….

    `timeout` is in seconds, for each step; `tls` says whom to trust where not the system does.
    Errors name no address and quote no server: they end up in logs and in lists.
    """

    def __init__(
        self, url: str, sender: str, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("needs a URL such as smtp://user:password@host:587")
        self.sender = sender
        # How we introduce ourselves; smtplib would ask a name server for this machine's name.
        self._name = domain_of(sender)
        self._at_once = parts.scheme == "smtps"
        self._host, self._port = parts.hostname, parts.port or PORTS[parts.scheme]
        self._login = unquote(parts.username or ""), unquote(parts.password or "")
        if not "".join(self._login).isascii():
            raise ValueError("user and password need to be ASCII for smtplib to log in")
        self._timeout = timeout
        self._is_local = _is_local(self._host)
        self._tls = tls or _trust(everybody=self._is_local)

    def send(self, message: EmailMessage, to: Sequence[str]) -> tuple[str, ...]:
        """Hand a message over for all of `to`; returns those for whom to try again later.

        Raises `Undelivered` when it is taken for nobody: permanent when the server refuses each
        recipient, or the message, for good.
        """
        try:
            with self._connected() as server:
                return _hand_over(server, message, self.sender, to)
        except smtplib.SMTPDataError as refused:
            told = _code(_answer(refused))
            permanent = refused.smtp_code >= 500
            raise Undelivered(
                f"the mail server refuses the message: {told}", permanent=permanent
            ) from None
        except smtplib.SMTPResponseException as refused:
            raise Undelivered(f"the mail server refuses: {_code(_answer(refused))}") from None
        except ssl.SSLCertVerificationError:
            raise Undelivered("the mail server's certificate is not to be trusted") from None
        except OSError as failure:
            raise Undelivered(f"the mail server cannot be used: {failure}") from None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        where = (self._host, self._port, self._name)
        server: smtplib.SMTP = (
            _TimedSsl(*where, timeout=self._timeout, context=self._tls)
            if self._at_once
            else _Timed(*where, timeout=self._timeout)
        )
        try:
            self._enter(server)
            yield server
            # All is said: what goes wrong with the goodbye does not change that.
            with suppress(OSError):
                server.quit()
        finally:
            server.close()

    def _enter(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        secure = self._at_once
        if not secure and server.has_extn("starttls"):
            server.starttls(context=self._tls)
            server.ehlo()
            secure = True
        user, password = self._login
        if user:
            if not secure and not self._is_local:
                raise Undelivered("the mail server offers no encryption to log in over")
            server.login(user, password)


class _Timed(smtplib.SMTP):
    """Comes to an end: smtplib's timeout is for each read, and a slow server never meets it."""

    def __init__(self, host: str, port: int, name: str, *, timeout: float, **tls: Any) -> None:
        self._overdue = threading.Timer(STEPS * timeout, self._cut)
        self._overdue.daemon = True
        self._overdue.start()
        try:
            super().__init__(host, port, name, timeout=timeout, **tls)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._overdue.cancel()
        super().close()

    def _cut(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _TimedSsl(_Timed, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


def ascii_address(address: str) -> str | None:
    """An address as any mail server takes it; None when letters before the @ forbid that.

    Raises `Undelivered` for what is no address.
    """
    try:
        read = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Undelivered("an address is not valid", permanent=True) from None
    return read.ascii_email


def domain_of(address: str) -> str:
    """The domain of an address, as name servers know it."""
    return validate_email(address, check_deliverability=False, test_environment=True).ascii_domain


def _hand_over(
    server: smtplib.SMTP, message: EmailMessage, sender: str, to: Sequence[str]
) -> tuple[str, ...]:
    """One mail transaction (RFC 5321, 3.3)."""
    addresses = {one: ascii_address(one) for one in (sender, *to)}
    international = None in addresses.values() and server.has_extn("smtputf8")
    options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
    answer = server.mail(addresses[sender] or sender, options)
    if answer[0] not in ACCEPTED:
        # Most likely a setting, not this message: it goes out once that is put right.
        raise Undelivered(f"the mail server refuses the sender: {_code(answer)}")
    answers = {
        one: server.rcpt(addresses[one] or one)
        if addresses[one] or international
        else (553, b"5.6.7 needs SMTPUTF8")
        for one in to
    }
    _check_recipients(list(answers.values()))
    payload = message.as_bytes(policy=SMTPUTF8 if international else SMTP)
    answer = server.data(payload)
    if answer[0] not in ACCEPTED:
        raise smtplib.SMTPDataError(*answer)
    return tuple(one for one, (code, _) in answers.items() if 400 <= code < 500)


def _check_recipients(answers: Sequence[Answer]) -> None:
    refused = [answer for answer in answers if answer[0] not in ACCEPTED]
    if not refused:
        return
    told = ", ".join(sorted({_code(answer) for answer in refused}))
    if len(refused) == len(answers):
        permanent = all(code >= 500 for code, _ in refused)
        raise Undelivered(f"the mail server refuses the recipient: {told}", permanent=permanent)
    logger.warning("%d of %d recipients refused: %s", len(refused), len(answers), told)


def _code(answer: Answer) -> str:
    """Such as "550 5.1.1"; the words that follow would name the address."""
    code, words = answer
    enhanced = re.match(rb"[245]\.\d{1,3}\.\d{1,3}\b", words)
    return f"{code} {enhanced[0].decode()}" if enhanced else str(code)


def _answer(refused: smtplib.SMTPResponseException) -> Answer:
    words = refused.smtp_error
    return refused.smtp_code, words if isinstance(words, bytes) else words.encode()


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _trust(*, everybody: bool) -> ssl.SSLContext:
    if not everybody:
        return ssl.create_default_context()
    # On this machine nobody is in between, and its mail server's certificate is mostly one of its
    # own making.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
