"""E-mails: the clinic's notices, and what visitors are told of their request."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from functools import cache
from hashlib import sha256

from booking.clinic import Clinic
from booking.details import clean_text
from booking.hand_off.calendar_file import Method, calendar_entry, desk_entry, is_called_off
from booking.hand_off.notice import Event, Notice, Undelivered
from booking.hand_off.smtp import Smtp, ascii_address, domain_of
from booking.hand_off.wording import Reader, Wording, Words

logger = logging.getLogger(__name__)

# How often to try those of the clinic's addresses that didn't get what others have; what comes
# next about the same request waits meanwhile.
LATER_TRIES = 4
NOTICES_KEPT = 1000


class VisitorMail:
    """Tells visitors what becomes of their request; `clock` gives the real time, aware."""

    def __init__(
        self,
        smtp: Smtp,
        clinic: Clinic,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._smtp = smtp
        self._clinic = clinic
        self._clock = clock
        self._wording = Wording(clinic)

    def deliver(self, notice: Notice) -> None:
        """Return once the mail server has it; raises `Undelivered`."""
        if notice.email is None or self._comes_too_late(notice):
            return
        self._smtp.send(self.message(notice), [notice.email])

    def message(self, notice: Notice) -> EmailMessage:
        """The mail, to the visitor's address."""
        message = _envelope("visitor", notice, self._wording, self._clinic, self._smtp.sender)
        message["To"] = _address(notice.email or "")
        message["Reply-To"] = _address(self._clinic.email, self._clinic.name)
        if notice.event != Event.REMINDER:
            method: Method = "CANCEL" if is_called_off(notice) else "PUBLISH"
            _attach(message, calendar_entry(notice, self._clinic, method=method), method)
        return message

    def _comes_too_late(self, notice: Notice) -> bool:
        """Whether it reminds of what is over, after a mail server was down for long."""
        starts_at = notice.starts_at
        return (
            notice.event == Event.REMINDER and starts_at is not None and starts_at <= self._clock()
        )


class ClinicMail:
    """Tells the clinic's own addresses what visitors did."""

    def __init__(self, smtp: Smtp, clinic: Clinic) -> None:
        if clinic.hand_off.email is None:
            raise ValueError("clinic.yml names no addresses for hand_off.email")
        self._smtp = smtp
        self._clinic = clinic
        self._notify = clinic.hand_off.email.notify
        self._wording = Wording(clinic)
        self._partial: OrderedDict[str, _Partial] = OrderedDict()

    def deliver(self, notice: Notice) -> None:
        """Return once the mail server has it for all who can be reached; raises `Undelivered`.

        Whom it was taken for gets it once, though others need another try.
        """
        before = self._partial.pop(notice.key, _Partial())
        left = [one for one in self._notify if one not in before.reached]
        try:
            later = self._smtp.send(self.message(notice), left)
        except Undelivered:
            if not before.reached:
                raise
            later = tuple(left)
        if not later:
            return
        if before.tries == LATER_TRIES:
            logger.warning("%d addresses of the clinic take no mail", len(later))
            return
        reached = before.reached | (frozenset(left) - frozenset(later))
        self._partial[notice.key] = _Partial(reached, before.tries + 1)
        if len(self._partial) > NOTICES_KEPT:
            self._partial.popitem(last=False)
        raise Undelivered(f"refused for {len(later)} of {len(self._notify)} addresses for now")

    def message(self, notice: Notice) -> EmailMessage:
        """The mail, to all of the clinic's addresses, answered to the visitor."""
        message = _envelope("clinic", notice, self._wording, self._clinic, self._smtp.sender)
        message["To"] = [_address(one) for one in self._notify]
        visitor = _plain_address(notice.email)
        if visitor:
            message["Reply-To"] = _address(visitor)
        # A clinic whose calendar we write to would have the entry twice.
        if notice.starts_at is not None and self._clinic.hand_off.caldav is None:
            method: Method = "CANCEL" if is_called_off(notice) else "PUBLISH"
            _attach(message, desk_entry(notice, self._clinic, method=method), method)
        return message


@dataclass(frozen=True)
class _Partial:
    """Whom a notice has reached so far; forgotten when the process ends."""

    reached: frozenset[str] = frozenset()
    tries: int = 0


def _envelope(
    reader: Reader, notice: Notice, wording: Wording, clinic: Clinic, sender: str
) -> EmailMessage:
    """A mail with all but its recipient: what it says, and what it is known by."""
    try:
        words = wording.words(reader, notice)
    except ValueError as unwritten:
        raise Undelivered(str(unwritten), permanent=True) from None
    message = EmailMessage(policy=_policy())
    message["Subject"] = words.subject
    message["From"] = _address(sender, clinic.name)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = _message_id(reader, notice.key, sender)
    # Nobody has the message that all of a request's mails answer, yet programs show them as one.
    thread = _message_id(reader, notice.reference, sender)
    message["In-Reply-To"] = thread
    message["References"] = thread
    message["X-Needlepoint-Key"] = clean_text(notice.key)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    _say(message, words)
    return message


@cache
def _policy() -> EmailPolicy[EmailMessage]:
    """How headers are written: Python garbles long ids unless told that they are some."""
    headers = HeaderRegistry()
    for name in ("references", "in-reply-to"):
        headers.map_to_type(name, MessageIDHeader)  # type: ignore[arg-type]  # a mixin, says its stub
    return SMTP.clone(header_factory=headers)


def _say(message: EmailMessage, words: Words) -> None:
    message.set_content(words.text, cte="quoted-printable")
    message.add_alternative(words.html, subtype="html", cte="quoted-printable")


def _attach(message: EmailMessage, entry: bytes, method: Method) -> None:
    message.add_attachment(
        entry,
        maintype="text",
        subtype="calendar",
        filename="consultation.ics",
        params={"method": method, "charset": "utf-8"},
    )


def _message_id(reader: Reader, of: str, sender: str) -> str:
    """The same for the same reader and key (or reference), wherever and whenever it is made."""
    return f"<{sha256(f'{reader}:{of}'.encode()).hexdigest()[:24]}@{domain_of(sender)}>"


def _plain_address(written: str | None) -> str | None:
    """An address that fits any header; None for others, whose mail goes out all the same."""
    try:
        return ascii_address(written) if written else None
    except Undelivered:
        return None


def _address(written: str, name: str = "") -> Address:
    username, _, domain = (ascii_address(written) or written).rpartition("@")
    return Address(clean_text(name), username, domain)
