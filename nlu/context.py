"""What was said before, read from Rasa's tracker."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Text

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.parse_data import QUESTIONS, UNDERSTOOD_AS, best_response
from nlu.ranking import within_intent

# Turns of the visitor after which an answer is no longer what "it" and "that" mean.
MEMORY = 4


class Mention(NamedTuple):
    """A word of the lexicon in a message: its kind, what it stands for, and as it was written."""

    entity: Text
    value: Text
    text: Text


class Answered(NamedTuple):
    """A question that got an approved answer: its label (`faq/downtime`), words and mentions."""

    label: Text
    text: Text
    mentions: Sequence[Mention] = ()


class Offered(NamedTuple):
    """A choice of the assistant's last message: the label it stands for, None for any other."""

    title: Text
    label: Optional[Text]


def last_answered(
    tracker: Optional[DialogueStateTracker], intents: Sequence[Text]
) -> Optional[Answered]:
    """The latest question of the conversation that one of these intents answered."""
    recent = _latest_user_events(tracker)[:MEMORY]
    return next((found[-1] for event in recent if (found := _answers(event, intents))), None)


def labels_told(tracker: Optional[DialogueStateTracker], retrieval_intent: Text) -> List[Text]:
    """The labels answered so far, the latest first."""
    return [
        answered.label
        for event in _latest_user_events(tracker)
        for answered in reversed(_answers(event, [retrieval_intent]))
    ]


def choices_offered(tracker: Optional[DialogueStateTracker], utter_action: Text) -> List[Offered]:
    """The choices of the response `utter_action`, if that is what the assistant said last."""
    for event in reversed(tracker.events if tracker else []):
        if isinstance(event, UserUttered):
            return []
        if isinstance(event, BotUttered) and event.metadata.get("utter_action") == utter_action:
            buttons = (event.data or {}).get("buttons") or []
            return [Offered(button["title"], _label(button["payload"])) for button in buttons]
    return []


def mentions_in(text: Text, entities: Sequence[Dict[Text, Any]]) -> List[Mention]:
    """The entities found in a text; those that came with a choice are not in it."""
    return [
        Mention(entity["entity"], entity["value"], text[entity["start"] : entity["end"]])
        for entity in entities
        if entity.get("end")
    ]


def _label(payload: Text) -> Optional[Text]:
    label = payload.lstrip("/")
    return label if "/" in label and "{" not in label else None


def _latest_user_events(tracker: Optional[DialogueStateTracker]) -> List[UserUttered]:
    events = tracker.events if tracker else []
    return [event for event in reversed(events) if isinstance(event, UserUttered)]


def _answers(event: UserUttered, intents: Sequence[Text]) -> List[Answered]:
    parse_data: Dict[Text, Any] = event.parse_data or {}
    mentions = mentions_in(event.text or "", event.entities or [])
    several = parse_data.get(QUESTIONS) or []
    if several:
        return [
            Answered(
                one["intent_response_key"] or one["intent"],
                one["text"],
                [m for m in mentions if m.text in one["text"]],
            )
            for one in several
            if one["intent"] in intents
        ]
    intent = (parse_data.get("intent") or {}).get("name")
    if intent not in intents:
        return []
    label = best_response(parse_data, intent) or intent
    return [Answered(label, _meant(event.text or "", parse_data), mentions)]


def _meant(text: Text, parse_data: Dict[Text, Any]) -> Text:
    """What a message was understood as; the words of a label that "tell me more" came down to."""
    meant = str(parse_data.get(UNDERSTOOD_AS) or text)
    return within_intent(meant).replace("-", " ") if re.fullmatch(r"\w+/[\w-]+", meant) else meant
