"""A signed webhook, as Standard Webhooks (standardwebhooks.com) has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from typing import Any

import httpx
import standardwebhooks

from booking.hand_off.http import TRY_LATER, Http, refused
from booking.hand_off.notice import Event, Notice


class Webhook:
    """One receiver; moments in the body carry the offset of `zone`.

    A notice has the same id and body at each attempt, so that a receiver can tell a repeated one.
    """

    def __init__(self, url: str, secret: str, *, timeout: float = 10.0, zone: tzinfo = UTC) -> None:
        self._url = url
        self._signer = standardwebhooks.Webhook(secret)
        self._zone = zone
        self._http = Http(timeout)

    def deliver(self, notice: Notice) -> None:
        """Return once the receiver answered 2xx; raises `Undelivered`."""
        body = json.dumps(self._payload(notice))
        headers = self._headers(notice.key, body)

        async def post(client: httpx.AsyncClient) -> httpx.Response:
            # The status says all; what follows it may be long, or never come.
            async with client.stream("POST", self._url, content=body, headers=headers) as response:
                return response

        response = self._http.run(post)
        if not response.is_success:
            status = response.status_code
            raise refused(response, permanent=400 <= status < 500 and status not in TRY_LATER)

    def _headers(self, key: str, body: str) -> dict[str, str]:
        sent_at = datetime.now(UTC)
        return {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": self._signer.sign(key, sent_at, body),
        }

    def _payload(self, notice: Notice) -> dict[str, Any]:
        if notice.event == Event.MESSAGE:
            kind, data = "message.left", _message(notice)
        else:
            kind, data = f"consultation.{notice.event}", self._consultation(notice)
        return {"type": kind, "timestamp": self._told(notice.at), "data": data}

    def _consultation(self, notice: Notice) -> dict[str, Any]:
        return {
            "reference": notice.reference,
            "status": notice.status,
            "sequence": notice.sequence,
            "by": notice.by,
            "name": notice.name,
            "email": notice.email,
            "phone": notice.phone,
            "concern": notice.text,
            "notes": notice.notes,
            "starts_at": self._told(notice.starts_at),
            "ends_at": self._told(notice.ends_at),
            "moved_from": self._told(notice.before),
            "practitioner": notice.practitioner,
            "visitor_time_zone": notice.visitor_zone,
            "manage_url": notice.manage_url,
        }

    def _told(self, moment: datetime | None) -> str | None:
        return moment.astimezone(self._zone).isoformat() if moment else None


def _message(notice: Notice) -> dict[str, Any]:
    return {
        "reference": notice.reference,
        "name": notice.name,
        "email": notice.email,
        "phone": notice.phone,
        "text": notice.text,
    }
