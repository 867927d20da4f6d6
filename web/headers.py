"""Headers that every answer carries, and who may call from another website."""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What a widget on another website uses; nothing else is anybody else's business.
_SHARED_PATHS = ("/api/", "/static/")


class SafeHeaders:
    """No guessing of content types, and no addresses of ours with a foreign referrer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
            await send(message)

        await self._app(scope, receive, with_headers)


class CrossOrigin:
    """CORS for the widget: a bearer token in a header and no cookies, so any origin is harmless."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._plain = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Accept"],
            expose_headers=["Retry-After"],
            max_age=3600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = scope["type"] == "http" and scope["path"].startswith(_SHARED_PATHS)
        await (self._shared if shared else self._plain)(scope, receive, send)
