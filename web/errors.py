"""Errors as the API gives them: `{"error": {"code", "message"}}` with a status from one table."""

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.texts import Texts

log = logging.getLogger(__name__)

# The page that tells a person of an error (its status), None where a program asks.
PageFor = Callable[[Request, int], Response | None]

STATUS = {
    "not_json": 400,
    "token_missing": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_message": 404,
    "method_not_allowed": 405,
    "too_large": 413,
    "wrong_shape": 422,
    "empty": 422,
    "too_long": 422,
    "unknown_choice": 422,
    "too_many_requests": 429,
    "internal": 500,
    "unavailable": 503,
}
RETRY_SECONDS = 5  # What a 503 asks for: Rasa restarts in about as long.


class ErrorDetail(BaseModel):
    code: str
    message: str


class ErrorBody(BaseModel):
    """Every error of the API."""

    error: ErrorDetail


class ApiError(Exception):
    """A request that is answered with an error; `code` is one of `STATUS`."""

    def __init__(self, code: str, *, headers: dict[str, str] | None = None, **facts: object):
        super().__init__(code)
        self.code = code
        self.status = STATUS[code]
        self.headers = {**_usual_headers(self.status), **(headers or {})}
        self.facts = facts


def _usual_headers(status: int) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return headers


def error_response(texts: Texts, error: ApiError) -> JSONResponse:
    message = texts.error(error.code, **error.facts)
    body = {"error": {"code": error.code, "message": message}}
    return JSONResponse(body, error.status, headers=error.headers)


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """What to tell OpenAPI about the errors of a route."""
    told: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        entry = told.setdefault(STATUS[code], {"model": ErrorBody, "description": ""})
        entry["description"] = ", ".join(filter(None, [entry["description"], f"`{code}`"]))
        if STATUS[code] in (429, 503):
            entry["headers"] = {
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            }
    return told


def install_error_handlers(app: FastAPI, texts: Texts, page_for: PageFor) -> None:
    """Answer everything that goes wrong inside a route: as a page, or in the API's own shape."""

    async def on_api_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return error_response(texts, error)

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        page = page_for(request, error.status_code)
        if page is not None:
            return page
        code = next((c for c, s in STATUS.items() if s == error.status_code), None)
        if code is None:
            body = {"error": {"code": "http_error", "message": error.detail}}
            return JSONResponse(body, error.status_code, headers=error.headers)
        headers = dict(error.headers or {})
        return error_response(texts, ApiError(code, headers=headers, detail=error.detail))

    async def on_wrong_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        page = page_for(request, STATUS["wrong_shape"])
        if page is not None:
            return page
        return error_response(texts, ApiError("wrong_shape", detail=shape_problem(error.errors())))

    app.add_exception_handler(ApiError, on_api_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_wrong_parameters)


def shape_problem(errors: Any) -> str:
    """The first of pydantic's complaints in a few words, without what the visitor sent."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    what = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{place} {what}".strip().rstrip(".")


class LastResort:
    """Answers what nothing else caught: a logged traceback and a plain 500."""

    def __init__(self, app: ASGIApp, texts: Texts, page_for: PageFor) -> None:
        self._app = app
        self._texts = texts
        self._page_for = page_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting_start)
        except Exception:
            # The route rather than the address: a manage link is as good as a key.
            route = getattr(scope.get("route"), "path", scope["path"])
            log.exception("%s %s failed", scope["method"], route)
            if started:
                raise
            page = self._page_for(Request(scope), STATUS["internal"])
            answer = page or error_response(self._texts, ApiError("internal"))
            await answer(scope, receive, send)
