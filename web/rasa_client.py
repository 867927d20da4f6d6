"""Rasa, as seen from the web process: its REST channel and what it says of its health."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

CONNECT_SECONDS = 2.0
# Less than a browser waits (web/static/widget.js), and enough for two hundred who speak at once.
REPLY_SECONDS = 20.0
PROBE_SECONDS = 2.0
CONNECTIONS = 100
# Rasa closes an idle connection after 120 s and the action server after 5 s; one that is reused in
# that very moment would lose its message.
IDLE_SECONDS = 3.0

_PAYLOAD = re.compile(r"/(?P<intent>[^{\s]+)\s*(?P<entities>\{.*\})?\s*", re.DOTALL)


class RasaUnavailable(Exception):
    """Rasa cannot be reached, is too slow, or answers what is no reply."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a button means: an intent (`faq/<slug>` for a retrieval intent) with its entities."""

    intent: str
    entities: dict[str, Any] = field(default_factory=dict)


def read_payload(payload: str) -> Choice | None:
    """A button's payload, such as `/inform{"concern": "acne scars"}`; None if it is plain text."""
    match = _PAYLOAD.fullmatch(payload.strip())
    if match is None:
        return None
    try:
        entities = json.loads(match["entities"] or "{}")
    except ValueError:
        return None
    return Choice(match["intent"], entities)


class RasaClient:
    """One Rasa server. Open while the app runs: `open` it on its loop, `close` it at the end."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self,
        conversation_id: str,
        text: str,
        choice: Choice | None = None,
        client_id: str | None = None,
        time_zone: str | None = None,
    ) -> list[dict[str, Any]]:
        """One message of a visitor; with the same `client_id` again, Rasa repeats its reply.

        Returns Rasa's reply as its REST channel has it: items with `text`, `buttons` or `custom`;
        an empty list when Rasa failed inside. A choice goes as metadata, never as slash text, which
        Rasa would not read as a retrieval intent. Raises `RasaUnavailable`.
        """
        metadata: dict[str, Any] = {}
        if choice:
            metadata["choice"] = {"intent": choice.intent, "entities": choice.entities}
        if client_id:
            metadata["client_id"] = client_id
        if time_zone:
            metadata["time_zone"] = time_zone
        message = {"sender": conversation_id, "message": text, "metadata": metadata}
        url = f"{self._url}/webhooks/rest/webhook"
        with _told_as_unavailable():
            async with self._http.post(url, json=message, timeout=_reply_timeout()) as response:
                response.raise_for_status()
                reply = await response.json()
        if not isinstance(reply, list) or not all(isinstance(item, dict) for item in reply):
            raise RasaUnavailable("the reply is no list of messages")
        return reply

    async def model(self) -> str | None:
        """File name of the model that Rasa has loaded; None while it has none.

        Raises `RasaUnavailable` when Rasa does not answer or refuses the token.
        """
        url, token = f"{self._url}/status", {"token": self._token}
        with _told_as_unavailable():
            async with self._http.get(url, params=token, timeout=_PROBE) as response:
                if response.status == 409:  # Rasa's answer while no model is loaded.
                    return None
                response.raise_for_status()
                status = await response.json()
        name = status.get("model_file") if isinstance(status, dict) else None
        return name if isinstance(name, str) and name else None

    async def tracker_store_works(self) -> bool:
        """Whether Rasa's conversations reach their database rather than memory only."""
        return await self.answers(f"{self._url}/webhooks/needlepoint/health")

    async def answers(self, url: str) -> bool:
        """Whether this or another part answers 200 at `url`."""
        try:
            async with self._http.get(url, timeout=_PROBE) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    @property
    def _http(self) -> aiohttp.ClientSession:
        assert self._session is not None, "the client is not open"
        return self._session


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        # Only the kind: an error's text may hold an address with the token in it.
        raise RasaUnavailable(type(error).__name__) from error


_PROBE = aiohttp.ClientTimeout(total=PROBE_SECONDS)


def _reply_timeout() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=REPLY_SECONDS, sock_connect=CONNECT_SECONDS)
