"""A turn of a conversation: what a visitor sends goes to Rasa, what comes back becomes messages."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from web.chat_store import (
    OUTCOMES,
    AlreadyAnswered,
    ChatMessage,
    ChatStore,
    Offered,
    Outcome,
    ShownSource,
    StoreUnavailable,
    Thumb,
    Turn,
    new_id,
    now,
)
from web.cleaning import clean_text
from web.metrics import Metrics
from web.missed import MissedQuestions, is_to_learn_from
from web.rasa_client import Choice, RasaClient, RasaUnavailable, read_payload
from web.texts import Texts

log = logging.getLogger(__name__)

# What opens a conversation: the greeting is Rasa's, so that it is edited like every other answer.
_OPENING = ("hello", Choice("greet"))


class UnknownChoice(Exception):
    """No such choice was offered in this conversation."""


class Found(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...


class Sources(Protocol):
    """The articles, as far as a reply needs them."""

    def source(self, reference: str, /) -> Found | None: ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a visitor sends: either cleaned `text` or the id of a `choice`.

    `time_zone` is the name of the visitor's own, where it is known.
    """

    text: str | None = None
    choice_id: str | None = None
    client_id: str | None = None
    time_zone: str | None = None


class Conversations:
    """Every conversation of this process; one turn at a time in each."""

    def __init__(
        self,
        rasa: RasaClient,
        store: ChatStore,
        sources: Sources,
        texts: Texts,
        metrics: Metrics,
        missed: MissedQuestions,
    ) -> None:
        self._rasa = rasa
        self._store = store
        self._sources = sources
        self._texts = texts
        self._metrics = metrics
        self._missed = missed
        self._turns: dict[str, _Waiting] = {}

    async def start(
        self, conversation_id: str, time_zone: str | None = None
    ) -> tuple[ChatMessage, ...]:
        """Open a conversation. Returns the greeting. Raises `RasaUnavailable`."""
        text, choice = _OPENING
        reply = await self._ask(conversation_id, text, choice, Incoming(time_zone=time_zone))
        answers = self._read_reply(reply, None)
        await self._store.record(Turn(conversation_id, answers))
        self._metrics.sessions.inc()
        return answers

    async def reply(self, conversation_id: str, incoming: Incoming) -> tuple[ChatMessage, ...]:
        """Answer a visitor; a client id seen before gets the first reply again.

        Raises `UnknownChoice`, `RasaUnavailable`, and `StoreUnavailable` when a choice cannot be
        looked up.
        """
        async with self._one_at_a_time(conversation_id):
            earlier = await self._earlier(conversation_id, incoming.client_id)
            if earlier is not None:
                self._metrics.messages.labels("repeated").inc()
                return earlier
            started = time.perf_counter()
            try:
                answers = await self._turn(conversation_id, incoming)
            except (RasaUnavailable, StoreUnavailable):
                self._metrics.messages.labels("unavailable").inc()
                raise
            self._metrics.turn_seconds.observe(time.perf_counter() - started)
            return answers

    async def so_far(self, conversation_id: str) -> list[ChatMessage]:
        """The conversation, oldest message first. Raises `StoreUnavailable`."""
        return await self._store.messages(conversation_id)

    async def give_feedback(
        self, conversation_id: str, message_id: str, value: Thumb | None
    ) -> bool:
        """Set or take back a thumb. False when it is no answer of this conversation."""
        known = await self._store.give_feedback(conversation_id, message_id, value)
        if known:
            self._metrics.feedback.labels(value or "none").inc()
            self._missed.thumbed(conversation_id, message_id, value)
        return known

    async def _earlier(
        self, conversation_id: str, client_id: str | None
    ) -> tuple[ChatMessage, ...] | None:
        if client_id is None:
            return None
        try:
            return await self._store.answers_to(conversation_id, client_id)
        except StoreUnavailable:
            return None  # Counted by the store; an answer twice is better than none.

    async def _turn(self, conversation_id: str, incoming: Incoming) -> tuple[ChatMessage, ...]:
        chosen = await self._chosen(conversation_id, incoming)
        shown, text, meant = _meaning(incoming, chosen)
        asked = ChatMessage(new_id(), "visitor", shown, now(), client_id=incoming.client_id)
        reply = await self._ask(conversation_id, text, meant, incoming)
        answers = self._read_reply(reply, asked.id)
        try:
            await self._store.record(Turn(conversation_id, (asked, *answers)))
        except AlreadyAnswered:
            # Another process answered the same message meanwhile: its reply is the first one.
            return await self._earlier(conversation_id, incoming.client_id) or answers
        if chosen is None and is_to_learn_from(reply):
            self._missed.asked(conversation_id, asked, answers)
        elif chosen is not None and chosen.settles is not None:
            self._missed.chose(conversation_id, chosen.settles, chosen.payload)
        return answers

    async def _ask(
        self, conversation_id: str, text: str, meant: Choice | None, incoming: Incoming
    ) -> list[dict[str, Any]]:
        try:
            return await self._rasa.send(
                conversation_id, text, meant, incoming.client_id, incoming.time_zone
            )
        except RasaUnavailable as error:
            log.error("Rasa gave no reply: %s", error)
            raise

    async def _chosen(self, conversation_id: str, incoming: Incoming) -> Offered | None:
        if incoming.choice_id is None:
            return None
        offered = await self._store.choice(conversation_id, incoming.choice_id)
        if offered is None:
            raise UnknownChoice
        return offered

    def _read_reply(
        self, items: list[dict[str, Any]], reply_to: str | None
    ) -> tuple[ChatMessage, ...]:
        drafts = read_reply(items)
        if not drafts:
            log.error("Rasa answered with nothing")
            self._metrics.empty_replies.inc()
            self._metrics.messages.labels("empty").inc()
            drafts = [Draft(self._texts.no_answer)]
        elif reply_to:
            self._metrics.messages.labels("answered").inc()
        return tuple(self._message(draft, reply_to) for draft in drafts)

    def _message(self, draft: "Draft", reply_to: str | None) -> ChatMessage:
        return ChatMessage(
            id=new_id(),
            role="assistant",
            text=draft.text,
            created_at=now(),
            choices=draft.choices,
            source=self._source(draft.source),
            faq=draft.faq,
            outcome=draft.outcome,
            form=draft.form,
            reply_to=reply_to,
        )

    def _source(self, reference: str | None) -> ShownSource | None:
        if reference is None:
            return None
        found = self._sources.source(reference)
        if found is None:
            log.warning("an answer rests on %r, which is gone", reference)
            self._metrics.missing_sources.inc()
            return None
        return ShownSource(found.title, found.url)

    @asynccontextmanager
    async def _one_at_a_time(self, conversation_id: str) -> AsyncIterator[None]:
        """Rasa would queue a second message too, but polls its queue only once a second."""
        waiting = self._turns.setdefault(conversation_id, _Waiting())
        waiting.count += 1
        try:
            async with waiting.lock:
                yield
        finally:
            waiting.count -= 1
            if waiting.count == 0:
                del self._turns[conversation_id]


def _meaning(incoming: Incoming, chosen: Offered | None) -> tuple[str, str, Choice | None]:
    """What the visitor is shown to have said, the text for Rasa, and the choice meant."""
    if chosen is None:
        assert incoming.text is not None
        return incoming.text, incoming.text, None
    meant = read_payload(chosen.payload)
    if meant is None:  # A button may also just say something for the visitor.
        return chosen.title, clean_text(chosen.payload) or chosen.title, None
    return chosen.title, chosen.title, meant


class _Waiting:
    __slots__ = ("count", "lock")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.count = 0


@dataclass(slots=True)
class Draft:
    """One message of Rasa's reply before it has an id."""

    text: str
    choices: tuple[Offered, ...] = ()
    source: str | None = None
    faq: str | None = None
    outcome: Outcome | None = None
    form: str | None = None


def read_reply(items: list[dict[str, Any]]) -> list[Draft]:
    """Rasa's reply as messages.

    Rasa sends an answer's `custom` part as an item of its own right after its text; it may come in
    several pieces. What has no text is nothing that a visitor could read, and is left out.
    """
    drafts: list[Draft] = []
    for item in items:
        text = item.get("text")
        if isinstance(text, str) and text.strip():
            drafts.append(Draft(text.strip(), _choices(item.get("buttons"))))
        custom = item.get("custom")
        if isinstance(custom, dict) and drafts:
            _add(custom, drafts[-1])
    return drafts


def _add(custom: dict[str, Any], draft: Draft) -> None:
    draft.source = _word(custom.get("source")) or draft.source
    draft.faq = _word(custom.get("faq")) or draft.faq
    draft.form = _word(custom.get("form")) or draft.form
    told = custom.get("outcome")
    if told in OUTCOMES:
        draft.outcome = cast(Outcome, told)
    elif draft.faq:
        draft.outcome = draft.outcome or "answered"


def _choices(buttons: object) -> tuple[Offered, ...]:
    if not isinstance(buttons, list):
        return ()
    return tuple(
        Offered(secrets.token_urlsafe(12), str(button["title"]), str(button["payload"]))
        for button in buttons
        if isinstance(button, dict) and button.get("title") and button.get("payload")
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
