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

from nlu.parse_data import QUESTIONS

ANSWER_INTENT = "inform"
STOP_INTENT = "stop"

# What a form's own rules react to, or what the action behind the form reads by its intent.
COMMANDS = {"affirm", "ask_person", "change_details", "deny", "emergency", "restart", "stop"}

_ASKING = r"what|how|why|when|where|who|which|whose|isn't|don't|doesn't|tell me|explain|i wonder"
_VERBS = (
    r"is|are|am|do|does|did|can|could|will|would|should|has|have|may|might|i was wondering|do you"
)
_SUBJECTS = r"i|it|you|we|they|this|that|there|my|the"
_LEAD = (
    r"^\W*(?:(?:wait|but|and|also|oh|ok|okay|so|hmm|um|first|sorry|actually|before that"
    r"|quick question)\W+)*"
)
_QUESTION = re.compile(
    rf"\?|{_LEAD}(?:{_ASKING}|{_VERBS})\b"
    rf"|\b(?:can|could|should|may|will|would|do|does|did|is|are) (?:{_SUBJECTS})\b",
    re.IGNORECASE,
)
# A name may start like a question: "Will Young", "May Lee", "Do Kim".
_QUESTION_IN_NAME = re.compile(
    rf"\?|{_LEAD}(?:{_ASKING})\b|\b(?:{_VERBS}) (?:{_SUBJECTS})\b", re.IGNORECASE
)
_FAREWELL = re.compile(
    r"\W*(?:(?:ok|okay|alright|right|well|thanks)\W+)*"
    r"(?:(?:good\s?)?bye(?:\W+(?:bye|now|for now))*|see (?:you|ya)(?: later)?|cya|ttyl)\W*",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"@|(?:\d[\s().-]*){6,}")
_SPOKEN_EMAIL = re.compile(r"\bat\b.+\bdot\b|\bdot\b.+\bat\b", re.IGNORECASE)
_TIME = re.compile(
    r"\d|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b"
    r"|\b(?:today|tonight|tomorrow|tmrw|tmr|weekend|weekday|week|month|morning|noon|midday"
    r"|afternoon|evening|asap|anytime|any time|soon|next|jan|feb|mar|apr|may|jun|jul|aug|sep|oct"
    r"|nov|dec)\w*",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\d\s*(?:am|pm|o'?clock)\b|\d:\d\d|\bat (?:\d|noon)|\b(?:noon|midday|morning|afternoon)\b",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"\b(?:not (?:really |quite |entirely |totally |so )?(?:sure|certain)|unsure|undecided"
    r"|(?:don't|dont|do not) know|no (?:idea|clue)|haven't decided|idk)\b",
    re.IGNORECASE,
)
_CANCELLING = re.compile(r"\b(?:cancel|call (?:it|this) off|scrap|drop|delete)\b", re.IGNORECASE)
# Slots whose answer may be any words at all.
_FREE_TEXT = {"message_text"}
# Slots that are asked for with a "yes" or "no" in mind.
_AGREEMENTS = {"consent", "confirmed"}
# Intents that say nothing sure about a message: it may well be an answer.
_VAGUE = {ANSWER_INTENT, DEFAULT_NLU_FALLBACK_INTENT_NAME, "out_of_scope", "request_consultation"}
# Intents under which people also say when they would like to come.
_ABOUT_TIMES = _VAGUE | {"manage_request"}
# Words from which on something that reads like a question of its own is no name.
_LONG_NAME = 4


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FormAnswers(GraphComponent, IntentClassifier):
    """While a form waits for an answer, sets the intent `inform` on messages that give one.

    "acne scars" is a topic when the form has asked for one, and a question for the articles
    otherwise; a name may look like anything. Reads the conversation, so it does nothing where
    there is none (`rasa test`).
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
    ) -> FormAnswers:
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
            intent = (message.get(INTENT) or {}).get("name", "")
            meant = meaning(message.get(TEXT), intent, asked)
            if meant != intent:
                self._set_intent(message, meant)
        return messages

    @staticmethod
    def _set_intent(message: Message, name: Text) -> None:
        meant = {"name": name, "confidence": 1.0}
        message.set(INTENT, meant, add_to_output=True)
        message.set(QUESTIONS, [], add_to_output=True)
        others = [r for r in message.get(INTENT_RANKING_KEY, []) if r["name"] != name]
        message.set(INTENT_RANKING_KEY, [meant, *others], add_to_output=True)


def _open_question(tracker: Optional[DialogueStateTracker]) -> Optional[Text]:
    if tracker is None or not tracker.active_loop_name:
        return None
    asked: Optional[Text] = tracker.get_slot("requested_slot")
    return asked


def meaning(text: Text, intent: Text, asked: Text) -> Text:
    """The intent of a message while the question for the slot `asked` is open."""
    if intent == "manage_request" and asked not in _FREE_TEXT and _CANCELLING.search(text):
        # "Cancel my booking", said in the middle of one, is about this one.
        return STOP_INTENT
    return ANSWER_INTENT if is_answer(text, intent, asked) else intent


def is_answer(text: Text, intent: Text, asked: Text) -> bool:
    """Whether a message of this intent answers the open question for the slot `asked`."""
    if asked == "concern" and intent == "deny" and _UNDECIDED.search(text):
        return True
    if intent in COMMANDS:
        return False
    if asked in _FREE_TEXT or _CONTACT.search(text):
        return True
    if asked == "contact" and _SPOKEN_EMAIL.search(text):
        return True
    if asked == "name":
        return _may_be_name(text, intent)
    question = bool(_QUESTION.search(text))
    if asked == "preferred_time" and _TIME.search(text):
        return not question or intent in _ABOUT_TIMES or _asks_for_hour(text, intent)
    if asked in _AGREEMENTS:
        return _may_be_change(text, intent, question)
    if asked == "concern":
        return not question
    if asked == "message_contact" and intent == "request_consultation":
        return False
    return not question and intent in _VAGUE


def _may_be_name(text: Text, intent: Text) -> bool:
    if _FAREWELL.fullmatch(text):
        return False
    if len(text.split()) < _LONG_NAME:
        return not _QUESTION_IN_NAME.search(text)
    return intent in _VAGUE and not _QUESTION.search(text)


def _asks_for_hour(text: Text, intent: Text) -> bool:
    """ "Are you open at 3 on friday?" asks for a time; without an hour it asks for the hours."""
    return intent == "clinic_hours" and bool(_CLOCK.search(text))


def _may_be_change(text: Text, intent: Text, question: bool) -> bool:
    """While a "yes" is awaited, "friday" is a change of mind about the time."""
    if _TIME.search(text) and intent in _ABOUT_TIMES:
        return True
    if question:
        return False
    changes = {DEFAULT_NLU_FALLBACK_INTENT_NAME, "faq"}
    return intent in changes or (intent == "clinic_hours" and bool(_TIME.search(text)))
