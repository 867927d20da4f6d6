"""How much one conversation, and one address, may send; and how large a body may be."""

import asyncio
import ipaddress
import math
import time
from collections.abc import Iterable
from contextlib import suppress

from limits import RateLimitItem
from limits import parse as parse_rate
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.errors import ApiError, PageFor, error_response
from web.texts import Texts

LARGEST_BODY = 16 * 1024
# A body that is too large is still read for a while: an answer to an unread body can get lost.
DRAINED_BYTES = 2 * 1024 * 1024
DRAINED_SECONDS = 2.0


class Windows(Storage):
    """Counts of hits in this process, each in a window that its first hit opens.

    The library's own memory storage starts a thread every few hits and keeps the key of every
    conversation for ever; this one forgets closed windows as new ones come.
    """

    STORAGE_SCHEME = None
    _SWEEP_EVERY = 1000

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, tuple[int, float]] = {}
        self._opened = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        count = self.get(key)
        if count == 0:
            self._open(key, time.time() + expiry)
        self._windows[key] = (count + amount, self._windows[key][1])
        return count + amount

    def _open(self, key: str, closes: float) -> None:
        self._opened += 1
        if self._opened % self._SWEEP_EVERY == 0:
            now = time.time()
            self._windows = {k: window for k, window in self._windows.items() if window[1] > now}
        self._windows[key] = (0, closes)

    def get(self, key: str) -> int:
        count, closes = self._windows.get(key, (0, 0.0))
        return count if closes > time.time() else 0

    def get_expiry(self, key: str) -> float:
        return self._windows.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        forgotten = len(self._windows)
        self._windows.clear()
        return forgotten

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)


class RateLimits:
    """One rate for each conversation and each address; every kind of request has its own count."""

    def __init__(self, rate: str, trusted_proxies: Iterable[str] = ()) -> None:
        self._rate: RateLimitItem | None = None if rate == "off" else parse_rate(rate)
        self._limiter = FixedWindowRateLimiter(Windows())
        self._proxies = [ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies]

    def spend(self, request: Request, kind: str, conversation_id: str | None = None) -> None:
        """Count one request. Raises a 429 with the seconds to wait when there were too many."""
        if self._rate is None:
            return
        keys = [(kind, "address", self._network(request))]
        if conversation_id is not None:
            keys.append((kind, "conversation", conversation_id))
        # Looked at first, counted after: a refused request takes nothing from either count.
        for key in keys:
            if not self._limiter.test(self._rate, *key):
                raise self._too_many(key)
        for key in keys:
            self._limiter.hit(self._rate, *key)

    def _too_many(self, key: tuple[str, str, str]) -> ApiError:
        assert self._rate is not None
        opens = self._limiter.get_window_stats(self._rate, *key).reset_time
        wait = max(1, math.ceil(opens - time.time()))
        return ApiError("too_many_requests", headers={"Retry-After": str(wait)})

    def _network(self, request: Request) -> str:
        """The address, and for IPv6 the /64 that one household or office gets as a whole."""
        address = self.address(request)
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return address
        if isinstance(parsed, ipaddress.IPv6Address):
            if parsed.ipv4_mapped:
                return str(parsed.ipv4_mapped)
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        return address

    def address(self, request: Request) -> str:
        """The visitor's address: the peer's, or what trusted proxies say of it.

        X-Forwarded-For is read from its right end, where each proxy adds whom it heard from, up to
        the first address that is no proxy of ours; what stands left of it anybody may have made up.
        """
        address = request.client.host if request.client else "unknown"
        hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
            if not self._is_proxy(address):
                break
            address = hop
        return address

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


class BodyLimit:
    """Refuses bodies over `largest` bytes, announced or chunked, before a route reads them."""

    def __init__(
        self,
        app: ASGIApp,
        texts: Texts,
        page_for: PageFor,
        paths: tuple[str, ...],
        largest: int = LARGEST_BODY,
    ) -> None:
        self._app = app
        self._page_for = page_for
        self._texts = texts
        self._paths = paths
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._paths):
            await self._app(scope, receive, send)
            return
        if self._announced(scope) > self._largest:
            await self._refuse(scope, receive, send)
            return
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > self._largest:
                await self._refuse(scope, receive, send)
                return
            if message["type"] != "http.request" or not message.get("more_body", False):
                break

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, replay, send)

    @staticmethod
    def _announced(scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-length":
                return int(value) if value.isdigit() else 0
        return 0

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drain(receive), DRAINED_SECONDS)
        error = ApiError("too_large", headers={"Connection": "close"})
        page = self._page_for(Request(scope), error.status)
        if page is not None:
            page.headers.update(error.headers)
        await (page or error_response(self._texts, error))(scope, receive, send)

    @staticmethod
    async def _drain(receive: Receive) -> None:
        read = 0
        while read < DRAINED_BYTES:
            message = await receive()
            read += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                return
