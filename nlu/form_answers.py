"""Tells an answer to a form's open question from a question of the visitor's own; where a message
holds both, it keeps both.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as FALLBACK
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from nlu import form_talk as talk
from nlu.clauses import asks
from nlu.parse_data import CLAUSES, QUESTIONS

ANSWER_INTENT = "inform"
CHANGE_INTENT = "change_details"
PERSON_INTENT = "ask_person"
PRIVACY_INTENT = "privacy"
REQUEST_INTENT = "manage_request"
STOP_INTENT = "stop"

# What a form's own rules react to, or what the action behind the form reads by its intent.
COMMANDS = {"affirm", "ask_person", "change_details", "deny", "emergency", "restart", "stop"}
# What stands whatever a message says beside it.
DECISIVE = {"emergency", "restart", "stop"}
# Slots whose answer may be any words at all.
FREE_TEXT = {"message_text"}
CONTACTS = {"contact", "message_contact"}
# Questions about a request already sent that are like those of a new one.
ALIKE = {
    "manage_contact": "contact",
    "manage_time": "preferred_time",
    "manage_confirmed": "confirmed",
}
# Slots that are asked for with a "yes" or "no" in mind.
AGREEMENTS = {"consent", "confirmed"}
# Intents that say nothing sure about a message: it may well be an answer.
VAGUE = {ANSWER_INTENT, FALLBACK, "out_of_scope", "request_consultation"}
# Intents under which people also say when they would like to come.
ABOUT_TIMES = VAGUE | {"background", "change_details", "clinic_hours", "deny", "manage_request"}
# What somebody says who wants to hear more.
MORE = {"all_told", "ask_more", "ask_why"}
# Talk that answers no question, where the classifier is sure of it.
SMALL_TALK = set("bot_challenge capabilities compliment goodbye greet how_are_you insult".split())
SMALL_TALK |= {"thank_you"}
SURE = 0.8
# What is asked beside an answer and gets an answer of its own.
ASKED_BESIDE = set("ask_price bot_challenge capabilities clinic_contact clinic_hours faq".split())
ASKED_BESIDE |= {"medical", PRIVACY_INTENT}
MOST_ASKED_BESIDE = 2
# What stands, or is asked, in a message that names a reference as well.
NOT_ABOUT_A_REFERENCE = {"emergency", "restart", PERSON_INTENT} | ASKED_BESIDE
# Words from which on a question that nothing answers is worth a word of regret.
WORTH_REGRET = 4
# Words from which on something that reads like a question of its own is no name.
LONG_NAME = 4
# Words up to which something is "why do you ask" or thanks, and not part of a story.
SHORT = 12
SHORT_TOPIC = 4


class Answer(NamedTuple):
    """What a message means to an open form: its intent, and what it asks beside the answer."""

    intent: Text
    # each as in `questions` of the parse data
    beside: List[Dict[Text, Any]]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FormAnswers(GraphComponent, IntentClassifier):
    """While a form waits for an answer, sets the intent `inform` on messages that give one.

    "acne scars" is a topic when the form has asked for one, and a question for the articles
    otherwise; a name may look like anything. Where a message answers and asks, `questions` is the
    answer and then what is asked. Reads the conversation, so it does nothing to answers where
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
        for message in messages:
            if (message.get("metadata") or {}).get("choice") or not message.get(TEXT):
                continue
            if asked in ALIKE and _books_another(message):
                continue
            knows = tracker is not None and bool(tracker.get_slot("reference"))
            left_open = tracker is not None and bool(tracker.get_slot("consultation"))
            answer = (
                _answer(message, ALIKE.get(asked, asked))
                if asked
                else _outside_forms(message, knows_request=knows, left_open=left_open)
            )
            if answer.beside or answer.intent != _intent(message):
                self._set(message, answer)
        return messages

    @staticmethod
    def _set(message: Message, answer: Answer) -> None:
        meant = {"name": answer.intent, "confidence": 1.0}
        message.set(INTENT, meant, add_to_output=True)
        said = _question(message.get(TEXT), answer.intent)
        several = [said, *answer.beside] if answer.beside else []
        message.set(QUESTIONS, several, add_to_output=True)
        others = [r for r in message.get(INTENT_RANKING_KEY, []) if r["name"] != answer.intent]
        message.set(INTENT_RANKING_KEY, [meant, *others], add_to_output=True)


def _open_question(tracker: Optional[DialogueStateTracker]) -> Optional[Text]:
    if tracker is None or not tracker.active_loop_name:
        return None
    asked: Optional[Text] = tracker.get_slot("requested_slot")
    return asked


def _intent(message: Message) -> Text:
    return str((message.get(INTENT) or {}).get("name", ""))


def _question(text: Text, intent: Text) -> Dict[Text, Any]:
    return {"text": text, "intent": intent, INTENT_RESPONSE_KEY: None, "confidence": 1.0}


def _outside_forms(
    message: Message, *, knows_request: bool = False, left_open: bool = False
) -> Answer:
    """ "Can someone call me on 202-555-0164" asks for a person, whatever else it tells.

    Args:
        knows_request: whether the visitor has sent a request here, which "it" then is.
        left_open: whether a request that was begun waits to be gone on with.
    """
    text, intent = _plain(message.get(TEXT)), _intent(message)
    if left_open and intent != "emergency" and talk.GOES_ON.match(text):
        return Answer("request_consultation", [])
    if intent in VAGUE and _asks_to_be_called(text):
        return Answer(PERSON_INTENT, [])
    if intent not in NOT_ABOUT_A_REFERENCE and talk.REFERENCE.search(text):
        return Answer(REQUEST_INTENT, [])
    gives_details = talk.says_contact(text) and talk.says_time(text)
    if _wants_to_book(text, intent) or (intent in VAGUE and gives_details):
        return Answer("request_consultation", [])
    if intent in VAGUE | MORE and talk.WENT_THROUGH.match(text):
        return Answer(REQUEST_INTENT, [])
    vague = intent in VAGUE - {"request_consultation"}
    if vague and talk.CHANGES_A_VISIT.search(text):
        return Answer(REQUEST_INTENT, [])
    may_be_it = knows_request and intent in VAGUE | {"deny"}
    return Answer(REQUEST_INTENT if may_be_it and talk.CHANGES_IT.search(text) else intent, [])


def _books_another(message: Message) -> bool:
    text, intent = _plain(message.get(TEXT)), _intent(message)
    return intent == "request_consultation" and bool(talk.BOOKS_ANOTHER.search(text))


def _wants_to_book(text: Text, intent: Text) -> bool:
    """ "Hey its mike, can u squeeze me in today": a wish that gives details as well."""
    if intent not in {ANSWER_INTENT, FALLBACK, "faq"} or talk.ASKS_WHETHER.search(text):
        return False
    return bool(talk.BOOKS.search(text)) and (intent != "faq" or talk.says_contact(text))


def _answer(message: Message, asked: Text) -> Answer:
    text, intent = _plain(message.get(TEXT)), _intent(message)
    confidence = (message.get(INTENT) or {}).get("confidence", 0.0)
    whole = Answer(meaning(text, intent, asked, confidence), [])
    if whole.intent in DECISIVE or asked in FREE_TEXT:
        return whole
    clauses = message.get(CLAUSES) or []
    beside = [q for clause in clauses if (q := _asked_beside(clause, asked))]
    if not beside:
        # "melasma. also can it be tuesday"
        asks_the_form = clauses and whole.intent in ASKED_BESIDE
        return Answer(ANSWER_INTENT, []) if asks_the_form else whole
    said = _answer_in(_without(text, beside), asked, message)
    return Answer(said, beside[:MOST_ASKED_BESIDE]) if said else whole


def _asked_beside(clause: Dict[Text, Any], asked: Text) -> Optional[Dict[Text, Any]]:
    """The clause as a question of the visitor's own; None where it says something to the form."""
    text = _plain(clause["text"])
    meant = meaning(text, clause["intent"], asked, clause["confidence"])
    if meant != clause["intent"]:
        return _question(text, meant) if meant in ASKED_BESIDE else None
    regretted = meant == FALLBACK and text.endswith("?") and len(text.split()) >= WORTH_REGRET
    return {**clause, "text": text} if meant in ASKED_BESIDE or regretted else None


def _without(text: Text, questions: List[Dict[Text, Any]]) -> Text:
    for question in questions:
        text = text.replace(question["text"], " ", 1)
    return text.strip(" ,;.-?!")


def _answer_in(said: Text, asked: Text, message: Message) -> Optional[Text]:
    """The intent of what a message says beside its questions; None where it answers nothing."""
    if asked in AGREEMENTS and talk.agrees(said):
        return "affirm"
    if talk.ONLY_FILLERS.fullmatch(said):
        return None
    meant = meaning(said, FALLBACK, asked)
    if asked == "concern" and meant == ANSWER_INTENT and not _names_topic(said, message):
        return None
    return meant if meant in {ANSWER_INTENT, CHANGE_INTENT} else None


def _names_topic(said: Text, message: Message) -> bool:
    if talk.says_contact(said) or talk.says_time(said) or talk.takes_back(said):
        return True
    concerns = [e for e in message.get(ENTITIES) or [] if e["entity"] == "concern"]
    if any(message.get(TEXT)[e["start"] : e["end"]] in said for e in concerns):
        return True
    return len(said.split()) <= SHORT_TOPIC and not talk.PERSONAL.search(said)


def meaning(text: Text, intent: Text, asked: Text, confidence: float = 0.0) -> Text:
    """The intent of a message while the question for the slot `asked` is open.

    Args:
        intent: what the classifier takes it for, with its confidence of 0 to 1.
    """
    text = _plain(text)
    if intent == "manage_request" and asked not in FREE_TEXT and talk.CANCELLING.search(text):
        # "Cancel my booking", said in the middle of one, is about this one.
        return STOP_INTENT
    if asked in AGREEMENTS and intent in VAGUE | {"deny"} and talk.CANCELLING.search(text):
        return STOP_INTENT
    if intent in DECISIVE:
        return intent
    if asked == "manage_reference" and talk.says_reference(text):
        return ANSWER_INTENT
    if asked in AGREEMENTS and talk.agrees(text):
        return "affirm"
    if asked in AGREEMENTS and talk.SEE_YOU.search(text) and talk.YES_OR_NO_AT_FIRST.match(text):
        return ANSWER_INTENT
    said = _said_to_the_form(text, intent, asked)
    if said:
        return said
    if asked in AGREEMENTS and _changes_something(text, intent):
        if intent == ANSWER_INTENT or (talk.is_time_alone(text) and intent not in COMMANDS):
            return ANSWER_INTENT
        return CHANGE_INTENT
    return ANSWER_INTENT if is_answer(text, intent, asked, confidence) else intent


def _said_to_the_form(text: Text, intent: Text, asked: Text) -> Optional[Text]:
    """The intent of what people say to a form instead of an answer."""
    if len(text.split()) > SHORT:
        return None
    bare_why = asked != "preferred_time" and intent not in {"faq", "medical"}
    keeps_a_part = asked == "name" and talk.SURNAME.search(text)
    if (talk.WHY_NEEDED.search(text) and not keeps_a_part) or (bare_why and talk.WHY.match(text)):
        return PRIVACY_INTENT
    if asked == "name" and talk.RATHER_NOT.fullmatch(text):
        return PRIVACY_INTENT
    if talk.HESITATES.fullmatch(text):
        return "background"
    if intent not in COMMANDS and talk.THANKS.search(text) and talk.ONLY_THANKS.fullmatch(text):
        return "thank_you"
    if talk.IS_THERE.match(text):
        return "greet"
    if asked not in CONTACTS and intent in VAGUE and _asks_to_be_called(text):
        return PERSON_INTENT
    return REQUEST_INTENT if talk.WENT_THROUGH.match(text) else None


def _changes_something(text: Text, intent: Text) -> bool:
    """Whether a message that is to agree wants something else: "no, 3", "yes but make it 4"."""
    if _asks_something(text, intent) or _asks_to_be_called(text) or talk.SEE_YOU.search(text):
        return False
    first = talk.YES_OR_NO_AT_FIRST.match(text)
    rest = text[first.end() :] if first else text
    new = talk.says_time(rest) or talk.says_contact(text) or talk.OTHER_TIME.search(rest)
    return bool(new or talk.takes_back(text))


def _asks_something(text: Text, intent: Text) -> bool:
    if talk.is_time_alone(text) or talk.takes_back(text):
        return False
    return asks(text) and intent in ASKED_BESIDE


def is_answer(text: Text, intent: Text, asked: Text, confidence: float = 0.0) -> bool:
    """Whether a message of this intent answers the open question for the slot `asked`."""
    if intent in COMMANDS:
        return _is_answer_after_all(text, intent, asked, confidence)
    small_talk = intent in SMALL_TALK and confidence >= SURE
    if asked in FREE_TEXT:
        return not (small_talk and len(text.split()) < LONG_NAME)
    if talk.says_contact(text):
        return asked in CONTACTS or not _asks_to_be_called(text)
    if asked == "message_contact" and intent == "request_consultation":
        return False
    if talk.is_time_alone(text):
        return True
    if asked == "name":
        return _may_be_name(text, intent, small_talk)
    if talk.says_time(text) and intent in ABOUT_TIMES:
        return intent != "clinic_hours" or not asks(text) or _asks_for_hour(text, asked)
    if talk.takes_back(text):
        return not asks(text) or intent in VAGUE
    if asked == "preferred_time" and _is_about_offers(text, intent, small_talk):
        return True
    if asked in CONTACTS and (talk.NO_CONTACT.search(text) or talk.CHANNEL.fullmatch(text)):
        return True
    if asked == "confirmed" and talk.NAMES_FIELD.match(text):
        return True
    if asked in AGREEMENTS:
        return not asks(text) and intent in {FALLBACK, "faq"}
    if asked == "concern":
        return not small_talk and _may_be_topic(text, intent)
    return not asks(text) and intent in VAGUE


def _is_answer_after_all(text: Text, intent: Text, asked: Text, confidence: float) -> bool:
    """Whether what looks like a command is an answer."""
    if asked == "name" and intent not in DECISIVE:
        # "Ima Person", "สมชาย"
        titled = talk.is_title(text) and confidence < SURE
        return titled or not re.search("[a-z]", text, re.IGNORECASE)
    if intent == PERSON_INTENT and talk.CALL_ME.search(text) and not talk.SOMEONE.search(text):
        return asked == "contact"
    if intent == "deny" and asked == "concern" and talk.UNDECIDED.search(text):
        return True
    if intent != "deny" or asked in FREE_TEXT | AGREEMENTS:
        return False
    return talk.says_time(text) or (asked == "contact" and bool(talk.NO_CONTACT.search(text)))


def _may_be_name(text: Text, intent: Text, small_talk: bool) -> bool:
    if talk.FAREWELL.fullmatch(text) or talk.ASKS_BY_NAME.search(text):
        return False
    if talk.is_title(text):
        return True
    if intent == "thank_you" and not talk.ONLY_THANKS.fullmatch(text):
        return True
    # "Ai" is a name, too.
    if intent == "bot_challenge" and len(text.split()) == 1:
        return True
    if (
        small_talk
        or intent == PRIVACY_INTENT
        or (intent == "medical" and talk.OF_ONESELF.match(text))
    ):
        return False
    if len(text.split()) < LONG_NAME:
        return True
    return not asks(text) and (intent in VAGUE or bool(talk.INTRODUCES.search(text)))


def _asks_for_hour(text: Text, asked: Text) -> bool:
    """ "Are you open at 3 on friday?" asks for a time; without an hour it asks for the hours."""
    return asked == "preferred_time" and bool(talk.CLOCK.search(text))


def _is_about_offers(text: Text, intent: Text, small_talk: bool) -> bool:
    """ "The second one", "anything later?", "what times do you have" speak of times on offer."""
    if small_talk or not talk.CHOICE.search(text) or talk.OPENING_HOURS.search(text):
        return False
    return intent in ABOUT_TIMES | MORE if asks(text) else intent not in {"medical", "faq"}


def _may_be_topic(text: Text, intent: Text) -> bool:
    bare = text.rstrip(" ?")
    tentative = bare != text and not asks(bare) and len(bare.split()) <= SHORT_TOPIC
    if talk.CURIOUS.fullmatch(text) or tentative:
        # "just curious", "wrinkles?"
        return True
    if asks(text) or intent in {"clinic_contact", "clinic_hours", PRIVACY_INTENT} | MORE:
        return False
    # What somebody has or takes is a question of what is safe, and no topic.
    return not (intent == "medical" and talk.OF_ONESELF.match(text))


def _asks_to_be_called(text: Text) -> bool:
    return bool(talk.CALL_ME.search(text) and talk.SOMEONE.search(text))


def _plain(text: Text) -> Text:
    """`text` with typewriter apostrophes, which the patterns know; as long as before."""
    return text.replace("\u2019", "'")
