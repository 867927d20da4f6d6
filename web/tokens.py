"""Tokens of conversations: a random id that the server signed, so that no client can name one."""

import secrets
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

LIFETIME_SECONDS = 24 * 60 * 60
LONGEST_TOKEN = 256
# Between a conversation's id and the visitor's time zone; in neither of them.
_AND = "~"


class InvalidToken(Exception):
    """Not a token that this server signed."""


class ExpiredToken(Exception):
    """Signed by this server, more than 24 hours ago."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token was given to: the conversation, and the visitor's time zone where it is known.

    The token itself carries both, so that nothing is looked up for a message.
    """

    conversation_id: str
    time_zone: str | None = None


def known_time_zone(name: object) -> str | None:
    """The name of a time zone as it is, None for anything else."""
    return name if isinstance(name, str) and name in _time_zones() else None


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Tokens:
    """Gives out and reads the tokens of conversations."""

    def __init__(self, secret: str) -> None:
        self._signer = TimestampSigner(secret, salt="needlepoint conversation")

    def issue(self, time_zone: str | None = None) -> tuple[str, str]:
        """A new conversation: its id (32 hexadecimal digits, 128 random bits) and its token."""
        conversation_id = secrets.token_hex(16)
        signed = f"{conversation_id}{_AND}{time_zone}" if time_zone else conversation_id
        return conversation_id, self._signer.sign(signed).decode()

    def read(self, token: str) -> Holder:
        """Whom a token was given to. Raises `InvalidToken` or `ExpiredToken`."""
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken
        try:
            signed = self._signer.unsign(token, max_age=LIFETIME_SECONDS).decode()
        except SignatureExpired:
            raise ExpiredToken from None
        except (BadSignature, UnicodeError):
            raise InvalidToken from None
        conversation_id, _, time_zone = signed.partition(_AND)
        return Holder(conversation_id, time_zone or None)
