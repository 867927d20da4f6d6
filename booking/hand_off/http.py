"""HTTP that comes to an end: an exchange has so many seconds in all, however slowly it is answered.

httpx's own limits are for each read, so a receiver that sends a byte now and then could keep a
delivery for ever.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from booking.hand_off.notice import Undelivered

LONGEST_WAIT = 86_400.0
TRY_LATER = frozenset({408, 425, 429})


class Http:
    """The way to one other system. Blocks, so it is for threads that run no event loop.

    Neither proxies nor .netrc of the environment are used; redirects are not followed.
    """

    def __init__(self, timeout: float, *, auth: httpx.BasicAuth | None = None) -> None:
        self._timeout = timeout
        self._auth = auth
        self._tls = ssl.create_default_context()
        # httpx logs each address that it calls, and a webhook's is often all that protects it.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    def run[Result](
        self,
        talk: Callable[[httpx.AsyncClient], Awaitable[Result]],
        *,
        timeout: float | None = None,
    ) -> Result:
        """What `talk` returns, if it does so in time; raises `Undelivered` (temporary)."""
        seconds = self._timeout if timeout is None else timeout
        # Not asyncio.run: it would wait for a name server that doesn't answer.
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(asyncio.wait_for(self._talk(talk), seconds))
        except TimeoutError:
            raise Undelivered(f"no answer within {seconds:g} seconds") from None
        except (httpx.HTTPError, OSError) as failure:
            raise Undelivered(f"cannot be reached ({type(failure).__name__}: {failure})") from None
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _talk[Result](self, talk: Callable[[httpx.AsyncClient], Awaitable[Result]]) -> Result:
        async with httpx.AsyncClient(
            auth=self._auth,
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=None,
            headers={"User-Agent": "Needlepoint"},
        ) as client:
            return await talk(client)


def refused(response: httpx.Response, *, permanent: bool) -> Undelivered:
    """An answer that is none of success, as an error to raise."""
    return Undelivered(
        f"answered {response.status_code}",
        permanent=permanent,
        retry_after=None if permanent else retry_after(response.headers.get("Retry-After")),
    )


def retry_after(written: str | None) -> float | None:
    """Seconds that a Retry-After header (RFC 9110, 10.2.3) asks for, a day at most."""
    if written is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", written.strip()):
        seconds = float(written)
    else:
        try:
            moment = parsedate_to_datetime(written)
        except (ValueError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)
