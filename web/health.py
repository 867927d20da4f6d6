"""Whether everything that an answer needs is there."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from web.chat_store import ping
from web.parts import Parts, parts_of
from web.rasa_client import RasaUnavailable

router = APIRouter(tags=["health"])

DATABASE_SECONDS = 2.0

State = Literal["ok", "failing"]


class PartStates(BaseModel):
    rasa: State
    model: State
    tracker_store: State
    actions: State
    database: State


class Health(BaseModel):
    """`status` is ok when every part is; `model` names the one that Rasa has loaded."""

    status: State
    model: str | None
    parts: PartStates


@router.get(
    "/healthz",
    response_model=Health,
    responses={503: {"model": Health, "description": "A part is failing."}},
)
async def healthz(request: Request) -> JSONResponse:
    """200 when Rasa has its model and its tracker store, and actions and databases answer."""
    health = await check(parts_of(request))
    status = 200 if health["status"] == "ok" else 503
    headers = {"Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = "5"
    return JSONResponse(health, status, headers=headers)


async def check(parts: Parts) -> dict[str, Any]:
    """Ask all parts at once."""
    (reached, model), tracker_store, actions, database = await asyncio.gather(
        _rasa(parts),
        parts.rasa.tracker_store_works(),
        parts.rasa.answers(f"{parts.settings.actions_base_url}/health"),
        _databases(parts),
    )
    working = {
        "rasa": reached,
        "model": model is not None,
        "tracker_store": tracker_store,
        "actions": actions,
        "database": database,
    }
    return {
        "status": _state(all(working.values())),
        "model": model,
        "parts": {name: _state(works) for name, works in working.items()},
    }


def _state(works: bool) -> State:
    return "ok" if works else "failing"


async def _rasa(parts: Parts) -> tuple[bool, str | None]:
    try:
        return True, await parts.rasa.model()
    except RasaUnavailable:
        return False, None


async def _databases(parts: Parts) -> bool:
    others = [_in_time(asyncio.to_thread(_answers, engine)) for engine in parts.databases]
    return all(await asyncio.gather(_in_time(parts.store.answers_pings()), *others))


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            ping(connection)
    except SQLAlchemyError:
        return False
    return True


# A thread cannot be stopped, but the answer need not wait for it.
async def _in_time(probe: Awaitable[bool]) -> bool:
    try:
        return await asyncio.wait_for(probe, DATABASE_SECONDS)
    except TimeoutError:
        return False
