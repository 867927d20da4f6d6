"""Asks the running assistant, as staff do to try an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

SECONDS = 15.0


class AssistantUnreachable(RuntimeError):
    """Rasa does not answer; the text says what to look at."""


@dataclass(frozen=True)
class Reply:
    """One message of the assistant; `source` is `article#section`, `choices` are titles."""

    text: str
    source: str | None = None
    choices: tuple[str, ...] = ()


def ask(rasa_url: str, question: str) -> list[Reply]:
    """What a visitor would be told who asks this first, in a conversation of its own.

    Raises `AssistantUnreachable`.
    """
    # Rasa reads text after a slash as an intent; the chat's edge strips it just so.
    message = {"sender": f"ask-{uuid4().hex}", "message": question.lstrip("/／ \t\r\n")}
    try:
        response = httpx.post(
            f"{rasa_url}/webhooks/rest/webhook", json=message, timeout=SECONDS, trust_env=False
        )
        response.raise_for_status()
        items = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise AssistantUnreachable(
            f"Rasa does not answer at {rasa_url} ({type(error).__name__}): is Needlepoint running?"
        ) from error
    replies = _replies(items)
    if not replies:
        raise AssistantUnreachable("Rasa gave no reply: its log tells what failed")
    return replies


def _replies(items: list[dict[str, Any]]) -> list[Reply]:
    """Rasa sends what comes with an answer (`custom`) as an item of its own after the text."""
    replies: list[Reply] = []
    for item in items:
        if item.get("text"):
            titles = tuple(button["title"] for button in item.get("buttons") or ())
            replies.append(Reply(item["text"], choices=titles))
        custom = item.get("custom")
        if isinstance(custom, dict) and replies:
            last = replies[-1]
            replies[-1] = Reply(last.text, custom.get("source") or last.source, last.choices)
    return replies
