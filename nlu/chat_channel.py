"""Rasa's REST channel as the web process needs it: a repeated message is answered once."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Awaitable, Callable, Dict, List, Optional, Text

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from nlu.tracker_store import open_stores

logger = logging.getLogger(__name__)

CLIENT_ID = "client_id"
FORM = "form"
# Said of a conversation that can't be read: better to learn too little than from a form.
UNKNOWN_FORM = "unknown"


class ChatChannel(RestInput):
    """The REST channel; a `client_id` in a message's metadata names the message.

    The same one again gets what was answered to it: the web process may have ended, or lost
    patience, before it passed the reply on. Read a second time, a "yes" might agree to a question
    that the visitor has never seen. A reply ends with the form that is open then, if one is: what
    is said in a form is for nobody to learn from. Unlike Rasa's own, it logs none of a visitor's
    words.
    """

    @classmethod
    def name(cls) -> Text:
        """The part of the address after /webhooks/."""
        return "rest"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes of the REST channel."""

        async def once(message: UserMessage) -> None:
            try:
                answers = await answers_so_far(message)
                for answer in answers:
                    await message.output_channel.send_response(message.sender_id, answer)
                if not answers:
                    await on_new_message(message)
                form = await open_form(message.sender_id)
                if form:
                    await message.output_channel.send_custom_json(message.sender_id, {FORM: form})
            except asyncio.CancelledError:
                logger.error("The web process did not wait for a reply.")
            except Exception:
                logger.exception("A message could not be answered.")

        blueprint: Blueprint = super().blueprint(once)
        return blueprint


async def open_form(sender_id: Text) -> Optional[Text]:
    """The form that is open in a conversation."""
    for store in list(open_stores):
        try:
            tracker = await store.look_at(sender_id)
        except SQLAlchemyError:
            return UNKNOWN_FORM  # Noted by the store.
        if tracker is not None:
            return tracker.active_loop_name
    return None


async def answers_so_far(message: UserMessage) -> List[Dict[Text, Any]]:
    """What a message with the same id was answered; nothing when there is none, or no answer."""
    client_id = (message.metadata or {}).get(CLIENT_ID)
    if not client_id:
        return []
    for store in list(open_stores):
        try:
            tracker = await store.look_at(message.sender_id)
        except SQLAlchemyError:
            continue  # Noted by the store; an answer twice is better than none.
        if tracker is not None:
            return _answers(tracker, client_id)
    return []


def _answers(tracker: DialogueStateTracker, client_id: Text) -> List[Dict[Text, Any]]:
    answers: List[Dict[Text, Any]] = []
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            answers.insert(0, _as_sent(event))
        elif isinstance(event, UserUttered):
            if (event.metadata or {}).get(CLIENT_ID) == client_id:
                return answers
            answers = []
    return []


def _as_sent(event: BotUttered) -> Dict[Text, Any]:
    parts: Dict[Text, Optional[Any]] = {"text": event.text, **(event.data or {})}
    return {name: part for name, part in parts.items() if part}
