"""What is typed instead of pressing a button of "did you mean"."""

import pytest
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.context import Offered, choices_offered
from nlu.offers import chosen

PAIN = Offered("Does it hurt?", "faq/pain")
DOWNTIME = Offered("How long is the downtime?", "faq/downtime")
SAFETY = Offered("Is it safe?", "faq/safety")
NONE = Offered("None of these", None)
CHOICES = [PAIN, DOWNTIME, SAFETY, NONE]


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("the first one", PAIN),
        ("first", PAIN),
        ("1", PAIN),
        ("the second one please", DOWNTIME),
        ("I meant the second", DOWNTIME),
        ("no, the second one", DOWNTIME),
        ("option 2", DOWNTIME),
        ("third", SAFETY),
        ("the last one", SAFETY),
    ],
)
def test_a_choice_is_named_by_its_place(text, choice):
    assert chosen(text, CHOICES) == choice


@pytest.mark.parametrize("text", ["Is it safe?", "is it safe", "IS IT SAFE", " is  it safe ?? "])
def test_a_choice_is_named_by_its_title(text):
    assert chosen(text, CHOICES) == SAFETY


@pytest.mark.parametrize("text", ["yes", "yes please", "yep", "that one", "exactly"])
def test_yes_takes_the_closest(text):
    assert chosen(text, CHOICES) == PAIN


@pytest.mark.parametrize("text", ["none of these", "None", "no", "nope", "neither, sorry"])
def test_none_of_these_is_a_choice_too(text):
    assert chosen(text, CHOICES) == NONE


@pytest.mark.parametrize(
    "text",
    [
        "what is collagen",
        "is it safe and does it hurt",
        "first of all, how many sessions do I need",
        "does it hurt the second time",
        "no needles please",
        "yes but how long does it take",
    ],
)
def test_another_question_chooses_nothing(text):
    assert chosen(text, CHOICES) is None


def test_a_place_that_is_not_there_chooses_nothing():
    assert chosen("the third one", [PAIN, DOWNTIME, NONE]) is None
    assert chosen("the last one", [PAIN, DOWNTIME, NONE]) == DOWNTIME


@pytest.mark.parametrize("text", ["yes", "the first one", "none of these"])
def test_without_an_offer_nothing_is_chosen(text):
    assert chosen(text, []) is None
    assert chosen(text, [NONE]) is None


def said_last(*events):
    return choices_offered(
        DialogueStateTracker.from_events("visitor", list(events)), "utter_did_you_mean"
    )


def offer(response="utter_did_you_mean"):
    buttons = [
        {"title": "Does it hurt?", "payload": "/faq/pain"},
        {"title": "None of these", "payload": "/nlu_fallback"},
    ]
    return BotUttered("Did you mean?", {"buttons": buttons}, {"utter_action": response})


def test_the_choices_are_those_of_the_last_message():
    assert said_last(UserUttered("hm"), offer()) == [PAIN, NONE]


def test_an_offer_ends_with_the_next_message():
    assert said_last(UserUttered("hm"), offer(), UserUttered("is it safe")) == []


def test_the_buttons_of_other_messages_are_no_offer():
    assert said_last(UserUttered("hi"), offer("utter_greet")) == []


def test_a_conversation_that_is_not_known_offers_nothing():
    assert choices_offered(None, "utter_did_you_mean") == []
