"""The public chat API: sessions, messages and thumbs."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from web.chat_store import ChatMessage, StoreUnavailable
from web.cleaning import LONGEST_TEXT, clean_text
from web.conversation import Incoming, UnknownChoice
from web.errors import ApiError, responses, shape_problem
from web.parts import Parts, parts_of
from web.rasa_client import RasaUnavailable
from web.tokens import ExpiredToken, Holder, InvalidToken, known_time_zone

router = APIRouter(prefix="/api", tags=["chat"])
NO_STORE = {"Cache-Control": "no-store"}
EVENT_STREAM = "text/event-stream"

# No control characters: PostgreSQL stores no NUL.
ShortId = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class ChoiceOut(BaseModel):
    """An answer that the visitor can pick instead of typing."""

    id: str
    title: str


class SourceOut(BaseModel):
    """The article that an answer rests on; `url` is a path on this server."""

    title: str
    url: str


class MessageOut(BaseModel):
    """One message of the assistant."""

    id: str
    text: str
    choices: list[ChoiceOut]
    source: SourceOut | None


class Reply(BaseModel):
    """The assistant's messages, in the order in which they are to be shown."""

    messages: list[MessageOut]


class SessionIn(BaseModel):
    """What a client may tell of its visitor; anything that is not understood is passed over."""

    time_zone: str | None = Field(
        None,
        description="The visitor's, by its IANA name: times are then said in it, too.",
        examples=["Europe/Berlin"],
    )


class Session(Reply):
    """A new conversation: its token, valid for 24 hours, and the greeting."""

    token: str


class PastMessage(MessageOut):
    """One message of the conversation so far."""

    role: Literal["visitor", "assistant"]
    created_at: str = Field(description="ISO 8601, UTC.")
    feedback: Literal["up", "down"] | None


class History(BaseModel):
    """The conversation so far, oldest message first."""

    messages: list[PastMessage]


class MessageIn(BaseModel):
    """What a visitor sends: either `text` or `choice`."""

    model_config = ConfigDict(strict=True)

    text: str | None = Field(
        None, description=f"At most {LONGEST_TEXT} characters.", examples=["Does it hurt?"]
    )
    choice: ShortId | None = Field(None, description="The id of a choice that was offered.")
    client_id: ShortId | None = Field(
        None,
        description="Made by the client for each message: sent again, it gets the first reply.",
    )

    @model_validator(mode="after")
    def _either_text_or_choice(self) -> "MessageIn":
        if (self.text is None) == (self.choice is None):
            raise ValueError("it takes either `text` or `choice`")
        return self


class FeedbackIn(BaseModel):
    """A thumb on an answer; null takes it back."""

    model_config = ConfigDict(strict=True)

    message_id: ShortId
    value: Literal["up", "down"] | None


# The routes read these themselves (`read_body`), so the API's description is told of them.
BODIES = (SessionIn, MessageIn, FeedbackIn)

_bearer = HTTPBearer(auto_error=False, description="The token of `POST /api/sessions`.")


async def holder_of(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Holder:
    """Whom the request's token was given to."""
    # A coroutine although it awaits nothing: FastAPI would run a plain function in a thread.
    if credentials is None:
        raise ApiError("token_missing")
    try:
        return parts_of(request).tokens.read(credentials.credentials)
    except ExpiredToken:
        raise ApiError("token_expired") from None
    except InvalidToken:
        raise ApiError("token_invalid") from None


async def conversation_of(holder: Annotated[Holder, Depends(holder_of)]) -> str:
    """The conversation that the request's token stands for."""
    return holder.conversation_id


Conversation = Annotated[str, Depends(conversation_of)]


def _takes(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """The body as OpenAPI has it: read by `read_body`, for which FastAPI is not asked."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": required, "content": content}}


async def read_body[M: BaseModel](request: Request, model: type[M]) -> M:
    """The body as `model`. Raises a 400 for what is no JSON and a 422 for a wrong shape.

    Lone surrogates, which a cut emoji leaves and which no encoding takes, are dropped.
    """
    try:
        data = json.loads((await request.body()).decode("utf-8"))
    except (ValueError, RecursionError):
        raise ApiError("not_json") from None
    if not isinstance(data, dict):
        raise ApiError("wrong_shape", detail="it has to be an object")
    whole = {key: _without_surrogates(value) for key, value in data.items()}
    try:
        return model.model_validate(whole)
    except ValidationError as error:
        raise ApiError("wrong_shape", detail=shape_problem(error.errors())) from None


def _without_surrogates(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "ignore").decode("utf-8")


@router.post(
    "/sessions",
    status_code=201,
    response_model=Session,
    responses=responses("too_large", "too_many_requests", "unavailable"),
    openapi_extra=_takes(SessionIn, required=False),
)
async def start_session(request: Request) -> Response:
    """Begin a conversation."""
    parts = parts_of(request)
    parts.limits.spend(request, "sessions")
    time_zone = await _time_zone_told(request)
    conversation_id, token = parts.tokens.issue(time_zone)
    try:
        greeting = await parts.conversations.start(conversation_id, time_zone)
    except RasaUnavailable:
        raise ApiError("unavailable") from None
    body = {"token": token, "messages": [_shown(message) for message in greeting]}
    return JSONResponse(body, 201, headers=NO_STORE)


async def _time_zone_told(request: Request) -> str | None:
    """The time zone in the body; a body that is anything else stops no conversation."""
    try:
        data = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    return known_time_zone(data.get("time_zone")) if isinstance(data, dict) else None


@router.post(
    "/messages",
    response_model=Reply,
    responses={
        **responses(
            "not_json",
            "token_missing",
            "token_invalid",
            "token_expired",
            "too_large",
            "wrong_shape",
            "empty",
            "too_long",
            "unknown_choice",
            "too_many_requests",
            "unavailable",
        ),
        200: {
            "description": "The answer; with `Accept: text/event-stream` each message as an event.",
            "content": {EVENT_STREAM: {"example": "event: message\ndata: {...}\n\n"}},
        },
    },
    openapi_extra=_takes(MessageIn),
)
async def send_message(request: Request, holder: Annotated[Holder, Depends(holder_of)]) -> Response:
    """Say something, or pick a choice that was offered."""
    parts, conversation_id = parts_of(request), holder.conversation_id
    incoming = _read_incoming(await read_body(request, MessageIn), holder.time_zone)
    _spend(parts, request, "messages", conversation_id)
    try:
        answers = await parts.conversations.reply(conversation_id, incoming)
    except UnknownChoice:
        raise ApiError("unknown_choice") from None
    except (RasaUnavailable, StoreUnavailable):
        raise ApiError("unavailable") from None
    if EVENT_STREAM in request.headers.get("accept", ""):
        return StreamingResponse(_events(answers), media_type=EVENT_STREAM, headers=NO_STORE)
    return JSONResponse({"messages": [_shown(message) for message in answers]}, headers=NO_STORE)


def _spend(parts: Parts, request: Request, kind: str, conversation_id: str) -> None:
    try:
        parts.limits.spend(request, kind, conversation_id)
    except ApiError:
        parts.metrics.messages.labels("limited").inc()
        raise


def _read_incoming(message: MessageIn, time_zone: str | None) -> Incoming:
    client_id = message.client_id
    if message.choice is not None:
        return Incoming(choice_id=message.choice, client_id=client_id, time_zone=time_zone)
    text = clean_text(message.text or "")
    if not text:
        raise ApiError("empty")
    if len(text) > LONGEST_TEXT:
        raise ApiError("too_long", limit=f"{LONGEST_TEXT:,}")
    return Incoming(text=text, client_id=client_id, time_zone=time_zone)


@router.get(
    "/messages",
    response_model=History,
    responses=responses(
        "token_missing", "token_invalid", "token_expired", "too_many_requests", "unavailable"
    ),
)
async def conversation_so_far(request: Request, conversation_id: Conversation) -> Response:
    """The conversation so far, to show it again on another page."""
    parts = parts_of(request)
    parts.limits.spend(request, "history", conversation_id)
    try:
        messages = await parts.conversations.so_far(conversation_id)
    except StoreUnavailable:
        raise ApiError("unavailable") from None
    return JSONResponse({"messages": [_past(message) for message in messages]}, headers=NO_STORE)


@router.post(
    "/feedback",
    status_code=204,
    response_class=Response,
    responses=responses(
        "not_json",
        "token_missing",
        "token_invalid",
        "token_expired",
        "unknown_message",
        "too_large",
        "wrong_shape",
        "too_many_requests",
        "unavailable",
    ),
    openapi_extra=_takes(FeedbackIn),
)
async def give_feedback(request: Request, conversation_id: Conversation) -> Response:
    """Thumbs up or down on an answer."""
    parts = parts_of(request)
    feedback = await read_body(request, FeedbackIn)
    parts.limits.spend(request, "feedback", conversation_id)
    try:
        known = await parts.conversations.give_feedback(
            conversation_id, feedback.message_id, feedback.value
        )
    except StoreUnavailable:
        raise ApiError("unavailable") from None
    if not known:
        raise ApiError("unknown_message")
    return Response(status_code=204, headers=NO_STORE)


async def _events(answers: Sequence[ChatMessage]) -> AsyncIterator[str]:
    for message in answers:
        data = json.dumps(_shown(message), ensure_ascii=False)
        yield f"event: message\nid: {message.id}\ndata: {data}\n\n"


def _shown(message: ChatMessage) -> dict[str, Any]:
    source = message.source
    return {
        "id": message.id,
        "text": message.text,
        "choices": [{"id": choice.id, "title": choice.title} for choice in message.choices],
        "source": {"title": source.title, "url": source.url} if source else None,
    }


def _past(message: ChatMessage) -> dict[str, Any]:
    return {
        **_shown(message),
        "role": message.role,
        "created_at": message.said_at.isoformat(),
        "feedback": message.feedback,
    }
