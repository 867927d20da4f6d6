"""Tells an answer to a form's open question from a question of the visitor's own."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

ANSWER_INTENT = "inform"

# What a form's own rules react to, or what the action behind the form reads by its intent.
COMMANDS = {"affirm", "ask_person", "change_details", "deny", "emergency", "restart", "stop"}

_QUESTION = re.compile(
    r"\?|^\W*(?:(?:wait|but|and|also|oh|ok|okay|so|hmm|um|first|sorry|actually|before that|quick question)\W+)*"
    r"(?:what|how|why|when|where|who|which|whose|is|are|am|do|does|did|can|could|will|would|should|has|have"
    r"|may|might|isn't|don't|doesn't|tell me|explain|i wonder|i was wondering|do you)\b"
    r"|\b(?:can|could|should|may|will|would|do|does|did|is|are) (?:i|it|you|we|they|this|that|there|my)\b",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"@|(?:\d[\s().-]*){6,}")
_TIME = re.compile(
    r"\d|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b"
    r"|\b(?:today|tonight|tomorrow|tmrw|tmr|weekend|weekday|week|month|morning|noon|midday|afternoon|evening"
    r"|asap|anytime|any time|soon|next|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*",
    re.IGNORECASE,
)
# Slots whose answer may be any words at all.
_FREE_TEXT = {"message_text"}
# Intents that say nothing sure about a message: it may well be an answer.
_VAGUE = {ANSWER_INTENT, DEFAULT_NLU_FALLBACK_INTENT_NAME, "out_of_scope", "request_consultation"}
# Words from which on something that reads like a question of its own is no name.
_LONG_NAME = 4


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FormAnswers(GraphComponent, IntentClassifier):
    """While a form waits for an answer, sets the intent `inform` on messages that give one.

    "acne scars" is a topic when the form has asked for one, and a question for the articles otherwise; a
    name may look like anything. Reads the conversation, so it does nothing where there is none (`rasa test`).
    """

    @classmethod
    def required_components(cls) -> List[type]:
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {}

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "FormAnswers":
        return cls()

    def process(
        self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None
    ) -> List[Message]:
        asked = _open_question(tracker)
        if asked is None:
            return messages
        for message in messages:
            if (message.get("metadata") or {}).get("choice") or not message.get(TEXT):
                continue
            intent = message.get(INTENT) or {}
            if is_answer(message.get(TEXT), intent.get("name", ""), asked):
                self._set_answer(message)
        return messages

    @staticmethod
    def _set_answer(message: Message) -> None:
        answer = {"name": ANSWER_INTENT, "confidence": 1.0}
        message.set(INTENT, answer, add_to_output=True)
        others = [r for r in message.get(INTENT_RANKING_KEY, []) if r["name"] != ANSWER_INTENT]
        message.set(INTENT_RANKING_KEY, [answer, *others], add_to_output=True)


def _open_question(tracker: Optional[DialogueStateTracker]) -> Optional[Text]:
    if tracker is None or not tracker.active_loop_name:
        return None
    asked: Optional[Text] = tracker.get_slot("requested_slot")
    return asked


def is_answer(text: Text, intent: Text, asked: Text) -> bool:
    """Whether a message of this intent answers the open question for the slot `asked`."""
    if intent in COMMANDS:
        return False
    if asked in _FREE_TEXT:
        return True
    if _CONTACT.search(text):
        return True
    question = bool(_QUESTION.search(text))
    if asked == "preferred_time" and _TIME.search(text):
        return not (question and intent == "faq")
    if asked in {"consent", "confirmed"}:
        return not question and intent in {DEFAULT_NLU_FALLBACK_INTENT_NAME, "faq"}
    if asked == "concern":
        return not question
    if asked == "name":
        return not question and (intent in _VAGUE or len(text.split()) < _LONG_NAME)
    return not question and intent in _VAGUE
