"""A real web server before a fake Rasa: both listen on ports of this machine, as in production."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from booking.clinic import read_clinic
from booking.database import open_database, run_migrations
from faq.articles import read_articles
from faq.models import StaffBase
from web import chat_store
from web.app import create_app
from web.rasa_client import RasaClient

ROOT = Path(__file__).resolve().parents[2]
RASA_TOKEN = "the-rasa-token"
ANSWER: list[dict[str, Any]] = [{"text": "Usually very little."}]
GREETING: list[dict[str, Any]] = [{"text": "Hello, what would you like to know?"}]


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Serve an app on a free port of this machine. Gives its URL."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, access_log=False, proxy_headers=False)
    )
    sockets = [server.config.bind_socket()]
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the server did not start"
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class FakeRasa:
    """Answers what a test puts into `replies` (by message text) and notes what it was sent."""

    url: str = ""
    replies: dict[str, Any] = field(default_factory=lambda: {"hello": GREETING})
    delay: float = 0.0
    status: int = 200
    model: str | None = "live.tar.gz"
    tracker_store: bool = True
    actions: bool = True
    heard: list[dict[str, Any]] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    overlapped: bool = False

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/webhooks/rest/webhook", self._webhook, methods=["POST"]),
                Route("/status", self._status),
                Route("/webhooks/needlepoint/health", self._tracker_store),
                Route("/health", self._actions),
            ]
        )

    def heard_texts(self) -> list[str]:
        return [message["message"] for message in self.heard]

    async def _webhook(self, request: Request) -> Response:
        message = await request.json()
        self.heard.append(message)
        sender = message["sender"]
        self.overlapped = self.overlapped or sender in self.busy
        self.busy.add(sender)
        await asyncio.sleep(self.delay)
        self.busy.discard(sender)
        if self.status != 200:
            return Response("broken", self.status)
        return JSONResponse(self.replies.get(message["message"], ANSWER))

    async def _status(self, request: Request) -> Response:
        if request.query_params.get("token") != RASA_TOKEN:
            return Response(status_code=401)
        if self.model is None:
            return Response(status_code=409)
        return JSONResponse({"model_file": self.model, "model_id": "1"})

    async def _tracker_store(self, _: Request) -> Response:
        return Response(status_code=200 if self.tracker_store else 503)

    async def _actions(self, _: Request) -> Response:
        return Response(status_code=200 if self.actions else 503)


@dataclass(frozen=True)
class TestSettings:
    """Settings of a web server under test."""

    __test__ = False

    folder: Path
    rasa_url: str
    signing_secret: str = "a secret for tests"
    shared_rasa_token: str = RASA_TOKEN
    rate_limit: str = "off"
    trusted_proxies: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ("*",)
    actions_url: str | None = None
    public_base_url: str = "https://book.clinic.example"
    now: Callable[[], datetime] | None = None

    @property
    def actions_base_url(self) -> str:
        return self.actions_url or self.rasa_url

    @property
    def booking_url(self) -> str:
        return f"sqlite:///{self.folder}/booking.db"

    @property
    def staff_url(self) -> str:
        return f"sqlite:///{self.folder}/staff.db"

    @property
    def content(self) -> Path:
        return self.folder / "content"

    @property
    def clinic(self) -> Path:
        return ROOT / "clinic.yml"

    @property
    def models_dir(self) -> Path:
        return self.folder / "models"

    @property
    def live_model_pointer(self) -> Path:
        return self.folder / "live-model"


@dataclass(frozen=True)
class Server:
    """A running web server with its database."""

    url: str
    engine: Engine
    settings: TestSettings
    http: httpx.Client

    def begin(self) -> "Visitor":
        session = self.http.post("/api/sessions")
        assert session.status_code == 201, session.text
        return Visitor(self, session.json()["token"], session.json()["messages"])


@dataclass(frozen=True)
class Visitor:
    """Somebody in a conversation."""

    server: Server
    token: str
    greeting: list[dict[str, Any]]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, json: Any, **headers: str) -> httpx.Response:
        return self.server.http.post(
            "/api/messages", json=json, headers={**self.headers, **headers}
        )

    def say(self, text: str, **more: Any) -> httpx.Response:
        return self.post({"text": text, **more})

    def history(self) -> list[dict[str, Any]]:
        response = self.server.http.get("/api/messages", headers=self.headers)
        assert response.status_code == 200, response.text
        messages: list[dict[str, Any]] = response.json()["messages"]
        return messages

    def thumb(self, message_id: str, value: str | None) -> httpx.Response:
        return self.server.http.post(
            "/api/feedback", json={"message_id": message_id, "value": value}, headers=self.headers
        )


ARTICLE = """---
title: Your treatment
summary: What happens on the day and after.
---
## Downtime

Redness tends to settle within hours.
"""


def start_server(stack: ExitStack, settings: TestSettings) -> Server:
    """Start a web server with a database of its own folder; `stack` stops it."""
    articles = settings.folder / "articles"
    articles.mkdir(exist_ok=True)
    (articles / "your-treatment.md").write_text(ARTICLE)
    url = f"sqlite:///{settings.folder}/chat.db"
    run_migrations(url, chain="chat", metadata=chat_store.metadata)
    run_migrations(settings.staff_url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(url)
    chat_store.tune_for_chat(engine)
    clinic = read_clinic(ROOT / "clinic.yml")
    app = create_app(
        settings,
        rasa=RasaClient(settings.rasa_url, settings.shared_rasa_token),
        chat_engine=engine,
        booking_engine=open_database(settings.booking_url),
        staff_engine=open_database(settings.staff_url),
        clinic=clinic,
        articles=read_articles(articles),
        now=settings.now or (lambda: datetime.now(clinic.zone)),
    )
    base = stack.enter_context(listening(app))
    http = stack.enter_context(httpx.Client(base_url=base, timeout=30))
    return Server(base, engine, settings, http)
