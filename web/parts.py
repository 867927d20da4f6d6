"""What the routes work with; put together once in `web.app` and kept in `app.state.parts`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fastapi import Request
from sqlalchemy import Engine

from web.chat_store import ChatStore
from web.conversation import Conversations
from web.limits import RateLimits
from web.metrics import Metrics
from web.missed import MissedQuestions
from web.rasa_client import RasaClient
from web.texts import Texts
from web.tokens import Tokens


class WebSettings(Protocol):
    """What the web process needs of the settings."""

    @property
    def signing_secret(self) -> str: ...
    @property
    def public_base_url(self) -> str: ...
    @property
    def shared_rasa_token(self) -> str: ...
    @property
    def rate_limit(self) -> str: ...
    @property
    def trusted_proxies(self) -> tuple[str, ...]: ...
    @property
    def allowed_origins(self) -> tuple[str, ...]: ...
    @property
    def actions_base_url(self) -> str: ...
    @property
    def models_dir(self) -> Path: ...
    @property
    def live_model_pointer(self) -> Path: ...
    @property
    def content(self) -> Path: ...
    @property
    def clinic(self) -> Path: ...


@dataclass(frozen=True)
class Parts:
    """The parts of one running app."""

    settings: WebSettings
    texts: Texts
    tokens: Tokens
    limits: RateLimits
    metrics: Metrics
    rasa: RasaClient
    store: ChatStore
    conversations: Conversations
    missed: MissedQuestions
    databases: Sequence[Engine]


def parts_of(request: Request) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts
