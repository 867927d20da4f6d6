"""How else a message can be read: by its parts, and after what was said before."""

import pytest
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message

from nlu.context import Mention
from nlu.readings import MOST_READINGS, READINGS, AlternativeReadings, noun_of, readings_of
from nlu.spacy_text import SpacyText

DATA = """
version: "3.1"
nlu:
  - intent: faq/the-phases
    metadata:
      topic: the phases
      why: how-it-works
      lists: [early-phase, late-phase]
      next: [late-phase]
      source: healing#phases
    examples: |
      - which phases are there
  - intent: faq/early-phase
    metadata: {topic: the early phase, source: healing#phases}
    examples: |
      - what happens early
  - intent: faq/late-phase
    metadata: {topic: the late phase, source: healing#late}
    examples: |
      - what happens late
  - intent: faq/how-it-works
    metadata: {source: about#how}
    examples: |
      - how does it work
  - intent: clinic_hours
    examples: |
      - when are you open
  - lookup: concern
    examples: |
      - scars
      - wrinkles
      - pores
  - lookup: condition
    examples: |
      - eczema
"""


@pytest.fixture
def read(pipeline):
    """The readings of a message, after what was said before."""
    data = RasaYAMLReader().reads(DATA)
    pipeline.train(data, SpacyText, AlternativeReadings, also=["clinic_hours"], subject="needling")
    return Reading(pipeline)


class Reading:
    def __init__(self, pipeline):
        self.pipeline = pipeline

    def __call__(self, text, *before):
        return self.message(text, *before).get(READINGS)

    def message(self, text, *before, metadata=None):
        message = Message(data={"text": text, "metadata": metadata})
        (_, _, words), (_, _, readings) = self.pipeline.trained
        words.process([message])
        readings.process([message], DialogueStateTracker.from_events("visitor", list(before)))
        return message


def asked(text, label):
    """A question that the label's answer was given to."""
    intent = label.split("/")[0]
    chosen = {"response": {"intent_response_key": label}}
    parse_data = {
        "text": text,
        "intent": {"name": intent},
        "entities": [],
        "response_selector": {intent: chosen},
    }
    return UserUttered(text, {"name": intent}, parse_data=parse_data)


def mentions(kind, *words):
    return [Mention(kind, word, word) for word in words]


def units(*sentences, **more):
    asked_about, deciding = more.get("asked_about", []), more.get("deciding", [])
    return readings_of(sentences, asked_about, deciding).units


def things(sentence, *concerns):
    """What of a question's things it is read as asking, in all forms."""
    (unit,) = readings_of([sentence], mentions("concern", *concerns), []).variants
    return unit


def test_a_plain_question_has_no_other_reading():
    assert readings_of(["does it hurt?"], [], []) is None


def test_each_question_is_read_by_itself_and_with_its_neighbour():
    texts = readings_of(["does it hurt and is it safe?"], [], []).texts()

    assert {"does it hurt", "is it safe?", "does it hurt is it safe?"} <= set(texts)


def test_what_is_said_first_is_the_context_of_the_question_after_it():
    (unit,) = units("I'm 52.", "Is it safe?")

    assert (unit.text, unit.context) == ("Is it safe?", "I'm 52.")


def test_what_is_said_last_is_the_context_of_the_last_question():
    first, last = units("Does it hurt?", "Is it safe?", "I'm 52.")

    assert (first.context, last.context) == ("", "I'm 52.")


def test_a_condition_beside_a_question_may_decide_it():
    sentences = ["I have eczema.", "Is it safe?"]

    (told,) = units(*sentences, deciding=mentions("condition", "eczema"))
    (other,) = units(*sentences, deciding=[])

    assert told.conditional
    assert not other.conditional


def test_a_part_that_lacks_a_subject_leans_on_the_one_before():
    _, leaning = units("which phases are there and how long do they take?")
    _, standing = units("which phases are there and is it safe?")

    assert leaning.leans
    assert not standing.leans


@pytest.mark.parametrize("pointing", ["both", "either", "these", "all of that"])
def test_a_question_may_point_to_all_that_was_said_first(pointing):
    (unit,) = units("I have scars on my chin.", "My skin is dry.", f"Can it help {pointing}?")

    assert unit.points
    assert [forms[0] for forms in unit.things] == ["I have scars on my chin.", "My skin is dry."]


def test_things_of_one_kind_are_asked_about_one_by_one():
    (scars,), (pores,) = things("does it help with scars or pores?", "scars", "pores")

    assert "scars" in scars
    assert "pores" not in scars
    assert "pores" in pores
    assert "scars" not in pores


def test_what_stands_after_an_and_takes_the_place_of_what_stands_before():
    left, right = things("is it safe and painless?")

    assert left == ["is it safe"]
    assert "is it painless" in right


def test_one_thing_named_twice_is_one_thing():
    scars = [Mention("concern", "acne scars", word) for word in ("scars", "scarring")]

    (variants,) = readings_of(["does it help scars, I mean scarring"], scars, []).variants

    assert variants == []


def test_keywords_are_questions():
    assert [unit.text for unit in units("downtime, price")] == ["downtime", "price"]


def test_the_subject_of_everything_is_no_keyword():
    found = readings_of(["needling, downtime, price"], [], [], subject="needling")

    assert [unit.text for unit in found.units] == ["downtime", "price"]


def test_a_long_message_is_read_in_so_many_ways_at_most():
    words = "scars pores lines spots veins marks".split()
    sentences = [f"is it safe for {one} and {other}?" for one in words for other in words]

    found = readings_of(sentences, mentions("concern", *words), [])

    assert len(found.texts()) == MOST_READINGS


@pytest.mark.parametrize(
    ("label", "noun"),
    [
        ("faq/redness-and-swelling", "redness and swelling"),
        ("faq/does-it-hurt", "hurt"),
    ],
)
def test_a_label_names_a_topic(label, noun):
    assert noun_of(label) == noun


def test_a_message_follows_what_was_answered(read):
    found = read("how long does that last?", asked("what happens early", "faq/early-phase"))

    texts = [candidate.text for candidate in found.follow_ups]
    assert "how long does the early phase last?" in texts
    assert set(texts) <= set(found.all_texts())


def test_without_an_answer_before_nothing_is_followed(read):
    assert read("how long does that last?") is None
    assert read("how long does that last?", UserUttered("hi", {"name": "greet"})) is None


def test_an_answer_of_another_intent_is_followed_too(read):
    found = read("and sunday?", asked("are you open monday?", "clinic_hours"))

    assert any("are you open monday" in candidate.text for candidate in found.follow_ups)


def test_parts_are_read_after_an_answer_as_well(read):
    found = read("does that hurt and is it safe?", asked("what happens early", "faq/early-phase"))

    assert [unit.text for unit in found.units] == ["does that hurt", "is it safe?"]


def test_the_reason_and_what_comes_next_are_known_for_each_answer(read):
    found = read("tell me more", asked("which phases are there", "faq/the-phases"))

    assert found.continuations == {"ask_more": "faq/late-phase", "ask_why": "faq/how-it-works"}


def test_what_was_told_is_not_told_again(read):
    told = [
        asked("what happens late", "faq/late-phase"),
        asked("which phases are there", "faq/the-phases"),
    ]

    assert read("tell me more", *told).continuations["ask_more"] == "faq/early-phase"


def test_in_the_end_all_is_told(read):
    everything = [
        asked("what happens late", "faq/late-phase"),
        asked("what happens early", "faq/early-phase"),
        asked("which phases are there", "faq/the-phases"),
    ]

    assert read("tell me more", *everything).continuations["ask_more"] is None


def test_an_answer_without_a_reason_has_none_to_give(read):
    found = read("why?", asked("how does it work", "faq/how-it-works"))

    assert found.continuations["ask_why"] is None


def test_what_an_answer_listed_is_found_by_its_place(read):
    phases = asked("which phases are there", "faq/the-phases")
    early = asked("what happens early", "faq/early-phase")

    last = read("and the last one?", phases)
    following = read("what comes next?", phases, early)

    assert [c.text for c in last.follow_ups if not c.own] == ["what is the late phase?"]
    assert [c.text for c in following.follow_ups] == ["what is the late phase?"]


def offered():
    buttons = [
        {"title": "Does it hurt?", "payload": "/faq/pain"},
        {"title": "Is it safe?", "payload": "/faq/safety"},
        {"title": "None of these", "payload": "/nlu_fallback"},
    ]
    said = {"utter_action": "utter_did_you_mean"}
    return [
        UserUttered("hm", {"name": "nlu_fallback"}),
        BotUttered("?", {"buttons": buttons}, said),
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("the first one", "faq/pain"),
        ("is it safe?", "faq/safety"),
        ("none of these", "nlu_fallback"),
    ],
)
def test_a_typed_answer_to_did_you_mean_is_a_choice(read, text, label):
    message = read.message(text, *offered(), metadata={"page": "home"})

    assert message.get("metadata") == {"page": "home", "choice": {"intent": label}}


def test_any_other_answer_to_did_you_mean_is_a_message(read):
    message = read.message("does it itch and is it safe?", *offered())

    assert not message.get("metadata")
    assert message.get(READINGS)


def test_a_choice_is_read_as_nothing_else(read):
    choice = {"choice": {"intent": "faq/pain"}}

    message = read.message("is it safe and does it hurt?", *offered(), metadata=choice)

    assert message.get("metadata") == choice
    assert message.get(READINGS) is None


def test_what_is_known_of_the_answers_is_stored_in_the_model(read):
    before = read("tell me more", asked("which phases are there", "faq/the-phases"))
    again = Reading(read.pipeline.reloaded())

    after = again("tell me more", asked("which phases are there", "faq/the-phases"))

    assert after == before
