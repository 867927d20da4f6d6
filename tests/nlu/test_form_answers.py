import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from nlu.form_answers import FormAnswers, is_answer, meaning

DOMAIN = Domain.from_dict(
    {"slots": {"requested_slot": {"type": "any", "mappings": [{"type": "custom"}]}}}
)


@pytest.mark.parametrize(
    ("asked", "intent", "text"),
    [
        ("concern", "faq", "acne scars"),
        ("concern", "faq", "dark spots on my cheeks"),
        ("concern", "nlu_fallback", "just curious"),
        ("name", "faq", "Rosacea Jones"),
        ("name", "nlu_fallback", "李小龙"),
        ("name", "nlu_fallback", "Robert'); DROP TABLE students;--"),
        ("name", "out_of_scope", "Willow Summer"),
        ("contact", "out_of_scope", "ana@example.com"),
        ("contact", "nlu_fallback", "can you use 202 555 0143?"),
        ("preferred_time", "request_consultation", "can we do tuesday 3pm?"),
        ("preferred_time", "clinic_hours", "tomorrow morning"),
        ("preferred_time", "out_of_scope", "asap"),
        ("consent", "nlu_fallback", "my e-mail is b@example.com"),
        ("name", "out_of_scope", "Will Young"),
        ("name", "faq", "May Lee"),
        ("contact", "medical", "wim at example dot com"),
        ("concern", "deny", "i'm not sure to be honest"),
        ("preferred_time", "clinic_hours", "are you open at 3pm on friday?"),
        ("preferred_time", "manage_request", "can we move that to friday?"),
        ("consent", "out_of_scope", "friday"),
        ("consent", "clinic_hours", "monday morning"),
        ("confirmed", "request_consultation", "could we do thursday instead?"),
        ("message_text", "faq", "does it hurt?"),
        ("message_text", "ask_price", "how much is it"),
    ],
)
def test_an_answer_is_told_from_a_question(asked, intent, text):
    assert is_answer(text, intent, asked)


@pytest.mark.parametrize(
    ("asked", "intent", "text"),
    [
        ("name", "faq", "does it hurt?"),
        ("name", "faq", "wait, how long is the downtime"),
        ("concern", "faq", "is it safe for eczema"),
        ("preferred_time", "faq", "will the redness be gone by tuesday?"),
        ("contact", "privacy", "why do you need that?"),
        ("consent", "privacy", "what happens with my data"),
        ("confirmed", "affirm", "yes"),
        ("name", "stop", "forget it"),
        ("concern", "emergency", "my throat is swelling"),
        ("name", "medical", "i'm pregnant can i have it"),
        ("contact", "medical", "i'm pregnant can i have it"),
        ("contact", "thank_you", "thanks a lot"),
        ("message_text", "stop", "never mind"),
        ("message_text", "emergency", "I can't breathe"),
        ("preferred_time", "change_details", "my name is wrong"),
        ("preferred_time", "clinic_hours", "are you open on saturdays?"),
        ("name", "goodbye", "ok bye"),
        ("name", "faq", "is it safe"),
        ("name", "faq", "will it scar"),
        ("concern", "deny", "no"),
        ("consent", "out_of_scope", "who won the match?"),
        ("message_contact", "request_consultation", "book me in instead"),
    ],
)
def test_a_question_or_command_is_no_answer(asked, intent, text):
    assert not is_answer(text, intent, asked)


@pytest.mark.parametrize(
    ("asked", "text", "meant"),
    [
        ("contact", "cancel my booking", "stop"),
        ("confirmed", "please call it off", "stop"),
        ("message_text", "please cancel my appointment on friday", "inform"),
        ("contact", "did you get my booking", "manage_request"),
    ],
)
def test_cancelling_a_booking_in_the_middle_of_it_stops_it(asked, text, meant):
    assert meaning(text, "manage_request", asked) == meant


def conversation(*events: object) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("visitor", list(events), slots=DOMAIN.slots)


def test_an_answer_in_an_open_form_becomes_inform():
    tracker = conversation(ActiveLoop("consultation_form"), SlotSet("requested_slot", "concern"))
    message = Message(data={"text": "acne scars", "intent": {"name": "faq", "confidence": 0.9}})

    FormAnswers().process([message], tracker)

    assert message.get("intent") == {"name": "inform", "confidence": 1.0}


def test_outside_a_form_nothing_changes():
    message = Message(data={"text": "acne scars", "intent": {"name": "faq", "confidence": 0.9}})

    FormAnswers().process([message], conversation())
    FormAnswers().process([message])

    assert message.get("intent")["name"] == "faq"


def test_a_choice_in_a_form_stays_what_it_is():
    tracker = conversation(ActiveLoop("consultation_form"), SlotSet("requested_slot", "concern"))
    data = {
        "text": "Yes",
        "intent": {"name": "affirm"},
        "metadata": {"choice": {"intent": "affirm"}},
    }
    message = Message(data=data)

    FormAnswers().process([message], tracker)

    assert message.get("intent") == {"name": "affirm"}


@pytest.mark.parametrize(
    ("text", "intent", "left"),
    [
        ("acne scars and pores", "faq", False),
        ("does it help acne scars and is it safe?", "faq", True),
    ],
)
def test_an_answer_asks_nothing_beside(text, intent, left):
    tracker = conversation(ActiveLoop("consultation_form"), SlotSet("requested_slot", "concern"))
    questions = [{"text": "acne scars"}, {"text": "pores"}]
    data = {"text": text, "intent": {"name": intent}, "questions": questions}
    message = Message(data=data)

    FormAnswers().process([message], tracker)

    assert message.get("questions") == (questions if left else [])
