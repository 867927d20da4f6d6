"""Hands the live model to Rasa, which polls for it.

Rasa 3.6 sends its token as a query parameter and the last ETag as If-None-Match, takes 200, 204,
304 and 404, and names the model after the `filename` header (rasa/core/agent.py).
"""

import asyncio
import hmac
import ipaddress
import logging

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from web.errors import ApiError
from web.live_model import LiveModel, UnknownModel, read_live_model
from web.parts import Parts, parts_of

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@router.get("/internal/model")
async def live_model(request: Request) -> Response:
    """The live model's file; 304 when Rasa has it already, 204 when nothing was published yet."""
    parts = parts_of(request)
    if not _from_this_machine(request):
        raise ApiError("not_found")
    if not _knows_token(request, parts.settings.shared_rasa_token):
        raise ApiError("token_invalid")
    model = await _read(parts)
    if model is None:
        return Response(status_code=204)
    headers = {"ETag": model.etag, "filename": model.name, "Cache-Control": "no-cache"}
    if _has_it(request, model):
        return Response(status_code=304, headers=headers)
    return FileResponse(model.path, media_type="application/gzip", headers=headers)


def _from_this_machine(request: Request) -> bool:
    """Whether the peer is on this machine and speaks for itself.

    A reverse proxy on this machine is a local peer as well, but says for whom it asks.
    """
    if request.client is None or "x-forwarded-for" in request.headers:
        return False
    if "forwarded" in request.headers:
        return False
    try:
        peer = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(peer, "ipv4_mapped", None)
    return (mapped or peer).is_loopback


def _knows_token(request: Request, token: str) -> bool:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer if scheme.lower() == "bearer" else request.query_params.get("token", "")
    return hmac.compare_digest(given.strip().encode(), token.encode())


async def _read(parts: Parts) -> LiveModel | None:
    settings = parts.settings
    try:
        # In a thread: the first look at a new model reads it whole for its fingerprint.
        return await asyncio.to_thread(
            read_live_model, settings.live_model_pointer, settings.models_dir
        )
    except (UnknownModel, OSError) as error:
        log.error("the live model cannot be served: %r", error)
        raise ApiError("not_found") from None


def _has_it(request: Request, model: LiveModel) -> bool:
    known = [etag.strip() for etag in request.headers.get("if-none-match", "").split(",")]
    return model.etag in known or f"W/{model.etag}" in known
