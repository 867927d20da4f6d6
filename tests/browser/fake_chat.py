"""A chat server for the widget's tests: the real contract over real HTTP, answers made to order."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware

GREETING = "Hello, welcome to the clinic. Ask me about microneedling, or choose one of these."
GREETING_CHOICES = (
    "Does microneedling hurt?",
    "How much downtime is there?",
    "Book a consultation",
)
ANSWER = (
    "Many people say it hardly hurts. A numbing cream or gel usually goes on before the session, "
    "and the punctures are very small."
)
SOURCE = {
    "title": "Your treatment and aftercare: Comfort and numbing",
    "url": "/articles/your-treatment-and-aftercare#comfort-and-numbing",
}

Message = dict[str, Any]


def answer(text: str, *choices: str, source: dict[str, str] | None = None) -> Message:
    """An assistant's message as the API gives it; a choice's id is made from its title."""
    return {
        "id": str(uuid4()),
        "text": text,
        "choices": [{"id": f"choice {title}", "title": title} for title in choices],
        "source": source,
    }


@dataclass
class Refusal:
    """An answer that is an error; a status of 0 drops the connection's reply on the floor."""

    status: int
    message: str = "Not now."
    retry_after: int | None = None

    def response(self) -> Response:
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        body = {"error": {"code": "refused", "message": self.message}}
        return JSONResponse(body, self.status, headers=headers)


@dataclass
class FakeChat:
    """What the server says, and what it was told."""

    replies: dict[str, list[Message]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    seconds_to_think: float = 0.0
    received: list[Message] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    history: list[Message] = field(default_factory=list)
    feedback: list[Message] = field(default_factory=list)
    told: Message = field(default_factory=dict)  # with which the last session was begun
    _replied: dict[str, list[Message]] = field(default_factory=dict)

    def says(self, said: str, *messages: Message) -> None:
        """From now on, `said` (a text, or the id of a choice) is answered with `messages`."""
        self.replies[said] = list(messages)

    def forget_everybody(self) -> None:
        self.tokens.clear()
        self.history.clear()

    def begin(self) -> Response:
        token = str(uuid4())
        self.tokens.add(token)
        greeting = answer(GREETING, *GREETING_CHOICES)
        self._remember("assistant", greeting)
        return JSONResponse({"token": token, "messages": [greeting]}, 201)

    def reply(self, message: Message) -> Response:
        self.received.append(message)
        client_id = message.get("client_id", "")
        if client_id not in self._replied:
            said = message.get("text") or message["choice"]
            messages = self.replies.get(said, [answer(ANSWER, source=SOURCE)])
            self._remember("visitor", answer(said.removeprefix("choice ")))
            for each in messages:
                self._remember("assistant", each)
            self._replied[client_id] = messages
        return JSONResponse({"messages": self._replied[client_id]})

    def _remember(self, role: str, message: Message) -> None:
        said_at = "2026-11-20T15:00:00+00:00"
        self.history.append({**message, "role": role, "created_at": said_at, "feedback": None})

    def rate(self, thumb: Message) -> Response:
        self.feedback.append(thumb)
        for message in self.history:
            if message["id"] == thumb["message_id"]:
                message["feedback"] = thumb["value"]
        return Response(status_code=204)


def add_fake_chat(app: FastAPI, chat: FakeChat) -> None:
    """The four routes of the chat API over `chat`, open to other websites as the real ones are."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["Retry-After"],
    )

    @app.post("/api/sessions")
    async def sessions(request: Request) -> Response:
        chat.told = await request.json()
        return chat.refusals.pop(0).response() if chat.refusals else chat.begin()

    @app.get("/api/messages")
    async def so_far(request: Request) -> Response:
        if not _known(request):
            return Refusal(401).response()
        return JSONResponse({"messages": chat.history})

    @app.post("/api/messages")
    async def messages(request: Request) -> Response:
        message = await request.json()
        if not _known(request):
            return Refusal(401).response()
        if chat.refusals:
            chat.received.append(message)
            return chat.refusals.pop(0).response()
        await asyncio.sleep(chat.seconds_to_think)
        return chat.reply(message)

    @app.post("/api/feedback")
    async def feedback(request: Request) -> Response:
        return chat.rate(await request.json())

    def _known(request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in chat.tokens


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app on a free port of this machine for as long as the block lasts; gives its origin."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            threading.Event().wait(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
