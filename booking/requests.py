"""Consultation requests: made by visitors, confirmed or cancelled by the clinic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from sqlalchemy import Engine

from booking.details import Details
from booking.models import ConsultationRequest, Status


def request_consultation(
    engine: Engine,
    *,
    details: Details,
    consent_version: str,
    conversation_id: str,
    idempotency_key: str,
    now: datetime,
) -> ConsultationRequest:
    """Store the request once; the same key again returns the one stored first."""
    raise NotImplementedError


def list_requests(engine: Engine, *, status: Status | None = None) -> Sequence[ConsultationRequest]:
    """All requests, the newest first."""
    raise NotImplementedError


def show_request(engine: Engine, reference: str) -> ConsultationRequest:
    """One request with its `events`; raises `UnknownRequest`."""
    raise NotImplementedError


def confirm_request(
    engine: Engine, reference: str, *, actor: str, now: datetime
) -> ConsultationRequest:
    """The clinic agrees; raises `UnknownRequest` or `IllegalTransition`."""
    raise NotImplementedError


def cancel_request(
    engine: Engine, reference: str, *, actor: str, now: datetime
) -> ConsultationRequest:
    """Visitor or clinic call it off; raises `UnknownRequest` or `IllegalTransition`."""
    raise NotImplementedError


def as_json(request: ConsultationRequest, tz: tzinfo) -> dict[str, str | None]:
    """reference, status, name, email, phone, concern, starts_at, created_at, notes."""
    raise NotImplementedError
