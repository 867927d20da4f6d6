"""Tokens of conversations: a random id that the server signed, so that no client can name one."""

import secrets

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

LIFETIME_SECONDS = 24 * 60 * 60
LONGEST_TOKEN = 256


class InvalidToken(Exception):
    """Not a token that this server signed."""


class ExpiredToken(Exception):
    """Signed by this server, more than 24 hours ago."""


class Tokens:
    """Gives out and reads the tokens of conversations."""

    def __init__(self, secret: str) -> None:
        self._signer = TimestampSigner(secret, salt="needlepoint conversation")

    def issue(self) -> tuple[str, str]:
        """A new conversation: its id (32 hexadecimal digits, 128 random bits) and its token."""
        conversation_id = secrets.token_hex(16)
        return conversation_id, self._signer.sign(conversation_id).decode()

    def read(self, token: str) -> str:
        """The conversation that a token stands for. Raises `InvalidToken` or `ExpiredToken`."""
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken
        try:
            return self._signer.unsign(token, max_age=LIFETIME_SECONDS).decode()
        except SignatureExpired:
            raise ExpiredToken from None
        except (BadSignature, UnicodeError):
            raise InvalidToken from None
