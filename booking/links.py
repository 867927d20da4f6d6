"""Links by which visitors see, move and cancel their own request; nobody can guess one."""

from __future__ import annotations

from hashlib import sha256

from itsdangerous import BadSignature, Signer

LONGEST_TOKEN = 128


class InvalidLink(Exception):
    """Not a token that this clinic signed."""


class ManageLinks:
    """Makes and reads the links; whoever has one can change that request, and no other."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._signer = Signer(secret, salt="needlepoint manage link", digest_method=sha256)
        self._address = public_url.rstrip("/")

    def url(self, reference: str) -> str:
        """`<public address>/manage/<token>`."""
        return f"{self._address}/manage/{self._token(reference)}"

    def reference(self, token: str) -> str:
        """The request that a token is for; raises `InvalidLink`."""
        if len(token) > LONGEST_TOKEN:
            raise InvalidLink
        try:
            reference = self._signer.unsign(token).decode()
        except (BadSignature, UnicodeError):
            raise InvalidLink from None
        # A signature can be spelt in several ways that decode to the same bytes; one is ours.
        if self._token(reference) != token:
            raise InvalidLink
        return reference

    def _token(self, reference: str) -> str:
        return self._signer.sign(reference).decode()
