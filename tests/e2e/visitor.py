"""A visitor at the public chat API."""

from __future__ import annotations

from typing import Any

import httpx

SECONDS = 30


class Visitor:
    """Opens a conversation and speaks in it; `messages` are the assistant's last ones.

    `token` stands for the conversation.
    """

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=SECONDS)
        opened = self._client.post("/api/sessions")
        assert opened.status_code == 201, opened.text
        self.token: str = opened.json()["token"]
        self._client.headers["Authorization"] = f"Bearer {self.token}"
        self.messages: list[dict[str, Any]] = opened.json()["messages"]

    def say(self, text: str, **more: str) -> list[str]:
        return self._send({"text": text, **more})

    def choose(self, title: str) -> list[str]:
        """Takes the choice whose title starts so."""
        offered = [choice for message in self.messages for choice in message["choices"]]
        fitting = [choice for choice in offered if choice["title"].startswith(title)]
        assert fitting, f"no choice '{title}' among {[c['title'] for c in offered]}"
        return self._send({"choice": fitting[0]["id"]})

    def history(self) -> list[dict[str, Any]]:
        return list(self._client.get("/api/messages").json()["messages"])

    def thumb(self, message_id: str, value: str | None) -> None:
        """Gives one of the assistant's messages a thumb, "up" or "down", or takes it back."""
        body = {"message_id": message_id, "value": value}
        answer = self._client.post("/api/feedback", json=body)
        assert answer.status_code == 204, answer.text

    def close(self) -> None:
        self._client.close()

    def send(self, body: dict[str, str]) -> httpx.Response:
        """The bare answer to a message, whatever its status."""
        return self._client.post("/api/messages", json=body)

    def _send(self, body: dict[str, str]) -> list[str]:
        answer = self.send(body)
        assert answer.status_code == 200, answer.text
        self.messages = answer.json()["messages"]
        return [message["text"] for message in self.messages]
