"""GET /webhooks/needlepoint/health: whether Rasa's conversations reach their database."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Text

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from nlu.tracker_store import open_stores


class HealthChannel(InputChannel):
    """A channel that takes no messages: Rasa lets channels, and nothing else, add routes.

    Rasa itself answers visitors from memory when its tracker store fails, and says so in
    its log only; `/status` stays 200.
    """

    @classmethod
    def name(cls) -> Text:
        """The part of the address after /webhooks/."""
        return "needlepoint"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The one route: 200 `{"tracker_store": "ok"}`, or 503 `{"tracker_store": "failing"}`."""
        routes = Blueprint("needlepoint_health")

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            works = await tracker_store_works()
            state = "ok" if works else "failing"
            return response.json({"tracker_store": state}, status=200 if works else 503)

        return routes


async def tracker_store_works() -> bool:
    """Whether there is a tracker store with a database, and each there is can read and write."""
    stores = list(open_stores)
    return bool(stores) and all([await store.works() for store in stores])
