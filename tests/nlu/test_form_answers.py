import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from nlu.form_answers import FormAnswers, meaning

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
        # about a request already sent
        ("manage_reference", "faq", "NP-7KQ4MX"),
        ("manage_reference", "ask_more", "it's np 34ATKX I think?"),
        ("manage_reference", "deny", "7kq4mx"),
        ("manage_reference", "nlu_fallback", "NP-000"),
        ("message_text", "ask_price", "how much is it"),
        # a name, whatever the classifier takes it for
        ("name", "greet", "Dawn"),
        ("name", "faq", "Sunny"),
        ("name", "ask_price", "Bill"),
        ("name", "ask_person", "Ima Person"),
        ("name", "deny", "สมชาย ใจดี"),
        ("name", "bot_challenge", "Ai"),
        ("name", "nlu_fallback", "it's for my mother, Rosa Klein"),
        ("name", "faq", "hi im sophie grant and i have acne scars"),
        # a day or a time, whatever is asked
        ("name", "faq", "before Christmas"),
        ("name", "clinic_hours", "saturday?"),
        ("contact", "clinic_hours", "oh and saturdays are best"),
        ("concern", "clinic_hours", "saturday?"),
        ("concern", "nlu_fallback", "next week"),
        ("message_contact", "inform", "tuesday"),
        # times on offer
        ("preferred_time", "inform", "the second one"),
        ("preferred_time", "nlu_fallback", "none of these"),
        ("preferred_time", "nlu_fallback", "anything later?"),
        ("preferred_time", "clinic_hours", "what times do you have"),
        ("preferred_time", "nlu_fallback", "what have you got"),
        ("preferred_time", "goodbye", "later pls"),
        ("preferred_time", "deny", "no thursday"),
        # no contact, and another way to be reached
        ("contact", "clinic_contact", "don't have email"),
        ("contact", "deny", "i don’t do email"),
        ("contact", "ask_person", "call me on my mobile"),
        ("contact", "ask_person", "can you call me instead"),
        # corrections, whatever is asked
        ("contact", "nlu_fallback", "sorry its jon not john"),
        ("contact", "bot_challenge", "my name is actually Jon"),
        ("preferred_time", "faq", "i gave you the wrong topic, its pigmentation"),
        ("preferred_time", "nlu_fallback", "sorry its jon not john"),
        ("consent", "faq", "no, acne scars"),
        ("concern", "background", "idk"),
        ("concern", "faq", "wrinkles?"),
        ("concern", "faq", "maybe wrinkles?"),
        ("name", "thank_you", "Leo thanks"),
        ("name", "out_of_scope", "Leo Park is the name"),
        ("contact", "clinic_contact", "email"),
        ("contact", "clinic_contact", "phone is best"),
        ("concern", "nlu_fallback", "no idea"),
        ("concern", "how_are_you", "everything"),
    ],
)
def test_an_answer_is_told_from_a_question(asked, intent, text):
    assert meaning(text, intent, asked) in {"inform", "change_details"}


@pytest.mark.parametrize(
    ("asked", "intent", "text"),
    [
        ("name", "faq", "does it hurt?"),
        ("name", "faq", "wait, how long is the downtime"),
        ("concern", "faq", "is it safe for eczema"),
        ("preferred_time", "faq", "will the redness be gone by tuesday?"),
        ("contact", "privacy", "why do you need that?"),
        ("concern", "faq", "why do you need needles"),
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
        ("name", "nlu_fallback", "whats the catch"),
        ("name", "medical", "i'm pregnant"),
        ("name", "privacy", "anonymous"),
        ("name", "out_of_scope", "???"),
        ("concern", "medical", "i have a cold sore"),
        ("concern", "privacy", "private"),
        ("concern", "ask_more", "like what"),
        ("concern", "capabilities", "what can you help with"),
        ("preferred_time", "faq", "does it hurt the next day?"),
        ("preferred_time", "clinic_hours", "what times are you open"),
        ("preferred_time", "medical", "how long does it take"),
        ("contact", "faq", "will it be gone by friday?"),
        ("name", "ask_person", "human"),
        ("name", "ask_person", "real person"),
        ("contact", "ask_person", "can someone call me"),
        ("consent", "deny", "no i dont agree"),
        ("confirmed", "deny", "that's not right"),
    ],
)
def test_a_question_or_command_is_no_answer(asked, intent, text):
    assert meaning(text, intent, asked) == intent


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


@pytest.mark.parametrize(
    ("asked", "intent", "text", "meant"),
    [
        *(
            ("name", intent, text, "privacy")
            for intent, text in [
                ("ask_why", "why do you need that?"),
                ("nlu_fallback", "why are u asking"),
                ("ask_why", "what for?"),
                ("ask_why", "why"),
                ("nlu_fallback", "who wants to know"),
                ("nlu_fallback", "whos asking"),
                ("medical", "do i have to?"),
                ("nlu_fallback", "do i really have to give my name"),
                ("nlu_fallback", "is that necessary"),
                ("insult", "not telling you"),
                ("deny", "i'd rather not"),
                ("deny", "rather not say"),
                ("nlu_fallback", "none of your business"),
                ("nlu_fallback", "mind your own business"),
            ]
        ),
        ("contact", "faq", "what will you do with it", "privacy"),
        ("contact", "nlu_fallback", "i don't want to give my number", "privacy"),
        ("concern", "ask_why", "why do you need to know", "privacy"),
        ("preferred_time", "ask_why", "why do you need that?", "privacy"),
        ("message_text", "ask_why", "why do you need that?", "privacy"),
        ("message_contact", "ask_why", "what for", "privacy"),
        ("consent", "ask_why", "why?", "privacy"),
        ("consent", "nlu_fallback", "who sees it", "privacy"),
        ("confirmed", "nlu_fallback", "who will see this", "privacy"),
        ("name", "background", "hmm let me think", "background"),
        ("name", "nlu_fallback", "give me a sec", "background"),
        ("consent", "out_of_scope", "hmm", "background"),
        ("preferred_time", "nlu_fallback", "hang on i need to check", "background"),
        ("concern", "nlu_fallback", "thx ur a lifesaver", "thank_you"),
        ("concern", "inform", "thanks so much for your help", "thank_you"),
        ("message_text", "thank_you", "thanks!", "thank_you"),
        ("name", "nlu_fallback", "are you there", "greet"),
        ("message_text", "nlu_fallback", "anyone there?", "greet"),
        ("message_text", "ask_more", "did that go through?", "manage_request"),
        ("confirmed", "ask_more", "did it get sent", "manage_request"),
        ("concern", "inform", "can someone call me on 202-555-0164", "ask_person"),
        ("preferred_time", "inform", "could somebody ring me on 202-555-0164", "ask_person"),
        ("contact", "inform", "can someone call me on 202-555-0164", "inform"),
        ("consent", "deny", "no thanks", "deny"),
        ("consent", "faq", "how long do you keep it", "privacy"),
        ("consent", "nlu_fallback", "what exactly do you store?", "privacy"),
        *(
            ("confirmed", intent, text, "affirm")
            for intent, text in [
                ("deny", "hell yes"),
                ("thank_you", "yes! thank you so much"),
                ("thank_you", "perfect thanks"),
                ("request_consultation", "yes book it"),
                ("inform", "submit"),
                ("nlu_fallback", "all good, send it please"),
                ("inform", "accept"),
                ("thank_you", "no problem"),
                ("nlu_fallback", "yes that time is good"),
                ("nlu_fallback", "yes, see you then"),
            ]
        ),
        ("confirmed", "deny", "absolutely not", "deny"),
        ("confirmed", "nlu_fallback", "not a perfect time", "inform"),
        ("confirmed", "nlu_fallback", "is it fine?", "nlu_fallback"),
        ("confirmed", "inform", "no, cancel everything", "stop"),
        ("confirmed", "change_details", "yes see you wednesday", "inform"),
        ("confirmed", "goodbye", "great, see you at 3", "inform"),
        ("name", "nlu_fallback", "Ana but i'd rather not give my last name", "inform"),
        ("confirmed", "thank_you", "ok thank you, bye", "thank_you"),
        ("consent", "affirm", "ok thanks", "affirm"),
        ("concern", "nlu_fallback", "thanks, acne scars", "inform"),
        ("name", "nlu_fallback", "thanks, Mia Wong", "inform"),
    ],
)
def test_what_people_say_to_a_form_is_known(asked, intent, text, meant):
    assert meaning(text, intent, asked) == meant


@pytest.mark.parametrize("asked", ["consent", "confirmed"])
@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("deny", "no, 3"),
        ("deny", "no 3pm"),
        ("deny", "no thursday"),
        ("deny", "no, make it 4"),
        ("deny", "not that day"),
        ("deny", "no its jon@example.com"),
        ("bot_challenge", "no wait my name is Jon"),
        ("affirm", "yes but make it 4"),
        ("affirm", "yes but at 4"),
        ("affirm", "yes, but thursday"),
        ("affirm", "all good, thursday please"),
        ("affirm", "yes and change my name to Jon"),
        ("affirm", "yes, 202 555 0199 is better"),
        ("affirm", "perfect except the time"),
        ("nlu_fallback", "everything but the email"),
        ("change_details", "sorry, thursday not wednesday"),
        ("nlu_fallback", "its jon not john"),
        ("nlu_fallback", "almost. name is spelt Jon"),
        ("change_details", "wrong email, it's jon@example.com"),
        ("clinic_contact", "phone not email"),
        ("out_of_scope", "my number is actually 202 555 0164"),
        ("faq", "can i move it to next monday"),
        ("faq", "the topic is wrong, it's pigmentation"),
        ("goodbye", "later pls"),
        ("nlu_fallback", "is there anything earlier?"),
    ],
)
def test_a_change_wins_over_yes_and_no(asked, intent, text):
    assert meaning(text, intent, asked) == "change_details"


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


def test_an_answer_asks_nothing_beside():
    tracker = conversation(ActiveLoop("consultation_form"), SlotSet("requested_slot", "concern"))
    questions = [{"text": "acne scars"}, {"text": "pores"}]
    data = {"text": "acne scars and pores", "intent": {"name": "faq"}, "questions": questions}
    message = Message(data=data)

    FormAnswers().process([message], tracker)

    assert message.get("questions") == []


def clause(text: str, label: str) -> dict:
    key = label if "/" in label else None
    return {
        "text": text,
        "intent": label.split("/")[0],
        "intent_response_key": key,
        "confidence": 0.9,
    }


def read(asked: str, text: str, label: str, *clauses: tuple, concern: str = "") -> Message:
    """A message as the classifier leaves it, read while the question for `asked` is open."""
    start = text.find(concern)
    entities = [{"entity": "concern", "start": start, "end": start + len(concern)}]
    message = Message(
        data={
            "text": text,
            "intent": {"name": label.split("/")[0], "confidence": 0.9},
            "entities": entities if concern else [],
            "clauses": [clause(*one) for one in clauses],
        }
    )
    tracker = conversation(ActiveLoop("consultation_form"), SlotSet("requested_slot", asked))
    FormAnswers().process([message], tracker)
    return message


HURTS = ("does it hurt", "faq/does-it-hurt")
PRICE = ("how much is it?", "ask_price")


@pytest.mark.parametrize(
    ("message", "labels"),
    [
        (
            read("name", "ok. Sophie Grant. Oh and does it hurt", "faq", HURTS),
            ["inform", "faq/does-it-hurt"],
        ),
        (read("name", "Sophie, does it hurt", "faq", HURTS), ["inform", "faq/does-it-hurt"]),
        (
            read("contact", "mia@example.com does it hurt", "inform", HURTS),
            ["inform", "faq/does-it-hurt"],
        ),
        (
            read("contact", "mia@example.com. does it hurt, how much is it?", "faq", HURTS, PRICE),
            ["inform", "faq/does-it-hurt", "ask_price"],
        ),
        (
            read("concern", "acne scars. how much is it?", "faq", PRICE, concern="acne scars"),
            ["inform", "ask_price"],
        ),
        (
            read("preferred_time", "tuesday at 3. does it hurt", "faq", HURTS),
            ["inform", "faq/does-it-hurt"],
        ),
        (
            read("contact", "mia@x.com. why do you need it?", "faq", ("why do you need it?", "x")),
            ["inform", "privacy"],
        ),
        (
            read(
                "contact",
                "mia@x.com. do you have parking there?",
                "inform",
                ("do you have parking there?", "nlu_fallback"),
            ),
            ["inform", "nlu_fallback"],
        ),
        (read("confirmed", "yes. does it hurt", "faq", HURTS), ["affirm", "faq/does-it-hurt"]),
        (
            read("confirmed", "thursday is better. does it hurt", "faq", HURTS),
            ["inform", "faq/does-it-hurt"],
        ),
    ],
    ids=lambda value: value.get("text") if isinstance(value, Message) else None,
)
def test_an_answer_and_a_question_are_both_kept(message, labels):
    several = message.get("questions")

    assert message.get("intent")["name"] == labels[0]
    assert [one["intent_response_key"] or one["intent"] for one in several] == labels


@pytest.mark.parametrize(
    "message",
    [
        read("name", "hi, does it hurt", "faq", HURTS),
        read("name", "ok so does it hurt", "faq", HURTS),
        read("contact", "thanks, does it hurt", "faq", HURTS),
        read("confirmed", "ok but does it hurt", "faq", HURTS),
        read("concern", "my friend had it done, does it hurt", "faq", HURTS),
    ],
    ids=lambda message: message.get("text"),
)
def test_words_around_a_question_are_no_answer(message):
    assert message.get("intent") == {"name": "faq", "confidence": 0.9}


@pytest.mark.parametrize(
    "message",
    [
        read("concern", "melasma. can it be tuesday", "faq", ("can it be tuesday", "inform")),
        read("contact", "can you use 202 555 0143?", "faq", ("can you use 202 555 0143?", "faq")),
        read("name", "Ana, can i come tuesday", "inform", ("can i come tuesday", "inform")),
    ],
    ids=lambda message: message.get("text"),
)
def test_a_detail_put_as_a_question_is_an_answer(message):
    assert message.get("intent")["name"] == "inform"
    assert not message.get("questions")


def test_an_emergency_is_never_an_answer():
    message = read("name", "Ana. i can't breathe, does it hurt", "emergency", HURTS)

    assert message.get("intent")["name"] == "emergency"


@pytest.mark.parametrize(
    ("text", "intent", "meant"),
    [
        ("can someone call me on 202-555-0164", "inform", "ask_person"),
        ("did that go through?", "ask_more", "manage_request"),
        ("was that confirmed?", "nlu_fallback", "manage_request"),
        ("call me Kasia", "inform", "inform"),
        ("hey its mike, can u squeeze me in today", "nlu_fallback", "request_consultation"),
        ("BOOK ME FRIDAY NOON. NAME IS KAREN WHITE.", "inform", "request_consultation"),
        ("could you pencil me in for the 3rd?", "nlu_fallback", "request_consultation"),
        ("book under the name Smith-Jones pls", "nlu_fallback", "request_consultation"),
        ("need appt asap acne scars 2025550164 tyler", "faq", "request_consultation"),
        ("do i need an appointment", "faq", "faq"),
        ("do i need to book an appointment", "nlu_fallback", "nlu_fallback"),
        ("tuesday at 3", "inform", "inform"),
        ("does it hurt", "faq", "faq"),
        ("show me booking NP-7KQ4MX", "request_consultation", "manage_request"),
        ("NP-7KQ4MX", "out_of_scope", "manage_request"),
        ("NP-7KQ4MX to friday at 10, kim@example.com", "nlu_fallback", "manage_request"),
        ("friday at 10, Kim Dale, kim@example.com", "nlu_fallback", "request_consultation"),
        ("cancel np 34atkx", "stop", "manage_request"),
        ("i cannot breathe, NP-7KQ4MX", "emergency", "emergency"),
        ("does it hurt? my reference is NP-7KQ4MX", "faq", "faq"),
        ("np, that's fine", "affirm", "affirm"),
    ],
)
def test_outside_a_form_only_a_call_and_a_request_already_sent_are_looked_for(text, intent, meant):
    message = Message(data={"text": text, "intent": {"name": intent, "confidence": 0.6}})

    FormAnswers().process([message], conversation())

    assert message.get("intent")["name"] == meant


@pytest.mark.parametrize(
    ("asked", "text", "label", "meant"),
    [
        ("manage_contact", "ana at example dot com", "medical", "inform"),
        ("manage_time", "tomorrow morning", "clinic_hours", "inform"),
        ("manage_time", "the second one", "out_of_scope", "inform"),
        ("manage_time", "anything later?", "request_consultation", "inform"),
        ("manage_confirmed", "no, 3", "deny", "change_details"),
        ("manage_confirmed", "yes but make it 4", "affirm", "change_details"),
        ("manage_confirmed", "yes", "affirm", "affirm"),
        ("manage_reference", "does it hurt?", "faq", "faq"),
        ("manage_reference", "why do you need my reference?", "nlu_fallback", "privacy"),
        ("manage_time", "cancel my booking", "manage_request", "stop"),
    ],
)
def test_a_request_already_sent_is_answered_for_like_a_new_one(asked, text, label, meant):
    assert read(asked, text, label).get("intent")["name"] == meant


@pytest.mark.parametrize(
    ("text", "intent", "knows", "meant"),
    [
        ("cancel my appt", "nlu_fallback", False, "manage_request"),
        ("could you move my tuesday slot", "out_of_scope", False, "manage_request"),
        ("move it", "nlu_fallback", True, "manage_request"),
        ("move it to wed 11 then", "nlu_fallback", True, "manage_request"),
        ("i'm not coming", "deny", True, "manage_request"),
        ("can i come an hour earlier", "nlu_fallback", True, "manage_request"),
        ("sorry i cant come anymore", "request_consultation", True, "manage_request"),
        ("move it", "nlu_fallback", False, "nlu_fallback"),
        ("sorry i cant come anymore", "request_consultation", False, "request_consultation"),
        ("does it change my skin", "faq", True, "faq"),
        ("i can't make it stop bleeding", "emergency", True, "emergency"),
    ],
)
def test_it_is_the_request_that_was_sent_where_one_is_known(text, intent, knows, meant):
    message = Message(data={"text": text, "intent": {"name": intent, "confidence": 0.6}})
    slots = {"reference": {"type": "text", "mappings": [{"type": "custom"}]}}
    tracker = DialogueStateTracker.from_events(
        "visitor",
        [SlotSet("reference", "NP-7KQ4MX")] if knows else [],
        slots=Domain.from_dict({"slots": slots}).slots,
    )

    FormAnswers().process([message], tracker)

    assert message.get("intent")["name"] == meant


def test_another_consultation_is_no_answer_about_the_one_that_was_sent():
    text = "actually i want to book a second appointment"

    assert read("manage_time", text, "request_consultation").get("intent")["name"] == (
        "request_consultation"
    )
