"""Rasa, as seen from the web process: its REST channel and what it says of its health."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

CONNECT_SECONDS = 2.0
REPLY_SECONDS = 10.0
PROBE_SECONDS = 2.0
CONNECTIONS = 100

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
    """One Rasa server. Open for the life of the app; `close` it at the end."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(REPLY_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            trust_env=False,  # Rasa is on this machine: no proxy lies between.
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def send(
        self, conversation_id: str, text: str, choice: Choice | None = None
    ) -> list[dict[str, Any]]:
        """One message of a visitor.

        Returns Rasa's reply as its REST channel has it: items with `text`, `buttons` or `custom`;
        an empty list when Rasa failed inside. A choice goes as metadata, never as slash text, which
        Rasa would not read as a retrieval intent. Raises `RasaUnavailable`.
        """
        meant = {"choice": {"intent": choice.intent, "entities": choice.entities}} if choice else {}
        message = {"sender": conversation_id, "message": text, "metadata": meant}
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                response = await self._http.post(f"{self._url}/webhooks/rest/webhook", json=message)
            response.raise_for_status()
            reply = response.json()
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        if not isinstance(reply, list) or not all(isinstance(item, dict) for item in reply):
            raise RasaUnavailable("the reply is no list of messages")
        return reply

    async def model(self) -> str | None:
        """File name of the model that Rasa has loaded; None while it has none.

        Raises `RasaUnavailable` when Rasa does not answer or refuses the token.
        """
        try:
            response = await self._http.get(
                f"{self._url}/status", params={"token": self._token}, timeout=PROBE_SECONDS
            )
            if response.status_code == 409:  # Rasa's answer while no model is loaded.
                return None
            response.raise_for_status()
            name = response.json().get("model_file")
        except (httpx.HTTPError, ValueError, AttributeError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        return name if isinstance(name, str) and name else None

    async def tracker_store_works(self) -> bool:
        """Whether Rasa's conversations reach their database rather than memory only."""
        url = f"{self._url}/webhooks/needlepoint/health"
        return await answers_ok(self._http, url)

    async def answers(self, url: str) -> bool:
        """Whether another part answers 200 at `url`, asked over the same client."""
        return await answers_ok(self._http, url)


async def answers_ok(http: httpx.AsyncClient, url: str) -> bool:
    try:
        response = await http.get(url, timeout=PROBE_SECONDS)
    except httpx.HTTPError:
        return False
    return response.status_code == 200
