"""What a message may mean after an answer; whether it does is for the scores to say."""

import pytest
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.context import MEMORY, Answered, Mention, labels_told, last_answered
from nlu.follow_ups import IF_NEEDED, Row, Topic, candidates, is_bare

REDNESS = Answered("faq/redness", "will I be red?")
SCARS = Answered(
    "faq/acne-scars", "does it help with scars?", [Mention("concern", "acne scars", "scars")]
)
STATED = Topic("the redness", stated=True)
GUESSED = Topic("redness")
PHASES = Row(["the early phase", "the middle phase", "the late phase"], place=0)


def meant(text, answered=REDNESS, topic=STATED, mentions=(), row=None):
    """The proposals for a message, beside its own words without what they begin with."""
    found = candidates(text, list(mentions), answered, topic, "the results", row or Row())
    return [candidate for candidate in found if not candidate.own]


def texts(*args, **more):
    return [candidate.text for candidate in meant(*args, **more)]


def concern(text):
    return Mention("concern", text, text)


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("how long does that last?", "how long does the redness last?"),
        ("thanks! how long does that last?", "how long does the redness last?"),
        ("are those normal?", "are the redness normal?"),
        ("and can I cover this up?", "can I cover the redness up?"),
        ("is it normal?", "is the redness normal?"),
    ],
)
def test_a_word_that_points_stands_for_what_was_answered(text, proposed):
    assert proposed in texts(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("is this clinic a clean place?", "is the redness clinic"),
        ("how busy are you this week?", "the redness week"),
        ("I heard that it hurts a lot", "heard the redness it"),
    ],
)
def test_a_word_that_points_to_something_of_its_own_is_left_alone(text, wrong):
    assert not any(wrong in found for found in texts(text))


def test_it_is_the_treatment_where_no_topic_is_stated():
    assert "is redness normal?" not in texts("is it normal?", topic=GUESSED)
    assert "is redness normal?" in texts("is that normal?", topic=GUESSED)


def test_a_topic_that_is_only_guessed_counts_for_less():
    (stated,) = meant("is that normal?", topic=STATED)
    (guessed,) = meant("is that normal?", topic=GUESSED)

    assert stated.bias > guessed.bias


@pytest.mark.parametrize("text", ["what about wrinkles?", "and wrinkles?", "wrinkles?"])
def test_what_about_something_else_asks_the_same_about_it(text):
    found = texts(text, SCARS, mentions=[concern("wrinkles")])

    assert found == ["does it help with wrinkles?"]


def test_something_of_another_kind_is_added_instead():
    eczema = Mention("condition", "eczema", "eczema")

    (found,) = meant("what about eczema?", SCARS, mentions=[eczema])

    assert "does it help with scars" in found.text
    assert "eczema" in found.text
    assert found.bias == IF_NEEDED


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("even in summer?", "will I be red even in summer?"),
        ("and if I'm 60?", "will I be red if I'm 60?"),
    ],
)
def test_a_condition_goes_on_with_the_question(text, proposed):
    assert proposed in texts(text)


def test_a_bare_question_word_asks_about_the_topic():
    assert "for how long the redness" in texts("for how long?")
    assert "for how long the results" in texts("for how long?", topic=GUESSED)


@pytest.mark.parametrize("text", ["for how long?", "when?", "how often then?", "until when"])
def test_a_bare_question_word_is_known(text):
    assert is_bare(text)


@pytest.mark.parametrize("text", ["how long does it last", "when can I work?", "redness"])
def test_what_names_its_subject_is_not_bare(text):
    assert not is_bare(text)


@pytest.mark.parametrize("text", ["why not?", "why so", "Why though?"])
def test_why_not_asks_for_the_reason(text):
    assert texts(text) == ["why is that?"]


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("what is the second one?", "what is the middle phase?"),
        ("and the third", "what is the late phase?"),
        ("what about the last one?", "what is the late phase?"),
        ("the first phase", "what is the early phase?"),
        ("what comes next?", "what is the middle phase?"),
        ("and what happens after that?", "what is the middle phase?"),
    ],
)
def test_what_was_listed_is_found_by_its_place(text, proposed):
    assert texts(text, row=PHASES) == [proposed]


def test_what_comes_before_and_after_depends_on_where_one_is():
    at_the_end = PHASES._replace(place=2)

    assert texts("what comes before that?", row=at_the_end) == ["what is the middle phase?"]
    assert "what is the late phase?" not in texts("what comes next?", row=at_the_end)
    assert "what is the late phase?" not in texts("what comes before that?", row=PHASES)


def test_a_place_beyond_the_list_finds_nothing():
    found = texts("the fourth one", row=PHASES)

    assert not any(noun in text for noun in PHASES.nouns for text in found)


def test_without_a_list_a_place_finds_nothing():
    assert not any("phase" in text for text in texts("the second one?"))


@pytest.mark.parametrize(
    "text",
    [
        "how many sessions do most people need in total",
        "where can I leave my car while you treat me",
        "good. how many sessions do most people need in total",
    ],
)
def test_a_question_in_full_is_not_taken_for_another(text):
    assert texts(text) == []


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("good. where are you based?", "where are you based?"),
        ("thanks! is it safe", "is it safe"),
        ("ok and what does it cost", "what does it cost"),
    ],
)
def test_a_question_after_a_courtesy_is_read_without_it(text, own):
    found = candidates(text, [], REDNESS, STATED, "the results")

    assert [candidate.text for candidate in found if candidate.own] == [own]


def conversation(*turns):
    events = []
    for text, intent, *parse_data in turns:
        about = {"intent": {"name": intent}, "text": text, "entities": [], **dict(*parse_data)}
        events += [
            UserUttered(text, {"name": intent}, parse_data=about),
            ActionExecuted("utter_something"),
            ActionExecuted("action_listen"),
        ]
    return DialogueStateTracker.from_events("visitor", events)


def answered_with(label):
    return {"response_selector": {"faq": {"response": {"intent_response_key": label}}}}


PAIN = ("does it hurt", "faq", answered_with("faq/pain"))
SMALL_TALK = ("thanks", "thank_you")


def test_the_latest_answer_is_what_a_message_follows():
    tracker = conversation(PAIN, ("is it safe", "faq", answered_with("faq/safety")), SMALL_TALK)

    assert last_answered(tracker, ["faq"]) == Answered("faq/safety", "is it safe", [])
    assert labels_told(tracker, "faq") == ["faq/safety", "faq/pain"]


def test_an_answer_is_forgotten_after_some_turns():
    recent = conversation(PAIN, *[SMALL_TALK] * (MEMORY - 1))
    old = conversation(PAIN, *[SMALL_TALK] * MEMORY)

    assert last_answered(recent, ["faq"]).label == "faq/pain"
    assert last_answered(old, ["faq"]) is None
    assert labels_told(old, "faq") == ["faq/pain"]


def test_of_several_answers_the_last_one_is_followed():
    questions = [
        {"text": "does it hurt", "intent": "faq", "intent_response_key": "faq/pain"},
        {"text": "is it safe", "intent": "faq", "intent_response_key": "faq/safety"},
        {"text": "and the weather?", "intent": "nlu_fallback", "intent_response_key": None},
    ]
    tracker = conversation(("does it hurt, is it safe ...", "faq", {"questions": questions}))

    assert last_answered(tracker, ["faq"]) == Answered("faq/safety", "is it safe", [])
    assert labels_told(tracker, "faq") == ["faq/safety", "faq/pain"]


def test_other_intents_are_followed_where_they_are_named():
    tracker = conversation(("are you open sunday", "clinic_hours"))

    assert last_answered(tracker, ["faq"]) is None
    assert last_answered(tracker, ["faq", "clinic_hours"]).label == "clinic_hours"


def test_what_was_not_understood_is_not_followed():
    assert last_answered(conversation(("hm", "nlu_fallback")), ["faq"]) is None
    assert last_answered(None, ["faq"]) is None
