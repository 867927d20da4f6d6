"""What the policy decides in a form and on several questions, in made-up conversations."""

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    LoopInterrupted,
    UserUttered,
)
from rasa.shared.core.generator import TrainingDataGenerator
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph

from nlu.form_rules import FormRules


class Rules(FormRules):
    """The policy's own decision, without a trained lookup behind it."""

    def __init__(self):
        self.config = FormRules.get_default_config()


def said(intent, *after, form="consultation_form"):
    events = [
        UserUttered("book", {"name": "request_consultation"}),
        ActionExecuted(form),
        ActiveLoop(form),
        ActionExecuted("action_listen"),
        UserUttered("...", {"name": intent}),
        *after,
    ]
    return DialogueStateTracker.from_events("visitor", events)


@pytest.mark.parametrize("intent", ["inform", "affirm", "deny", "change_details"])
@pytest.mark.parametrize("form", ["consultation_form", "message_form"])
def test_an_answer_runs_the_form(intent, form):
    action, _ = Rules()._find_action_from_loop_happy_path(said(intent, form=form))

    assert action == form


@pytest.mark.parametrize("intent", ["faq", "emergency", "stop", "ask_person", "nlu_fallback"])
def test_anything_else_interrupts_it(intent):
    action, _ = Rules()._find_action_from_loop_happy_path(said(intent))

    assert action is None


def test_wanting_a_consultation_is_an_answer_to_its_own_form_only():
    own, _ = Rules()._find_action_from_loop_happy_path(said("request_consultation"))
    other, _ = Rules()._find_action_from_loop_happy_path(
        said("request_consultation", form="message_form")
    )

    assert (own, other) == ("consultation_form", None)


def test_once_the_form_has_asked_again_it_waits_for_the_answer():
    resumed = said(
        "faq",
        ActionExecuted("utter_faq"),
        LoopInterrupted(True),
        ActionExecuted("consultation_form"),
    )

    action, _ = Rules()._find_action_from_loop_happy_path(resumed)

    assert action == "action_listen"


def test_without_a_form_there_is_nothing_to_interrupt():
    tracker = DialogueStateTracker.from_events("visitor", [UserUttered("hi", {"name": "faq"})])

    assert Rules()._find_action_from_loop_happy_path(tracker) == (None, None)


DOMAIN = """
version: "3.1"
actions: [utter_faq]
intents: [faq, price, hours, inform, affirm, request_consultation, emergency, nlu_fallback]
responses:
  utter_faq/pain: [{text: Hardly.}]
  utter_faq/safety: [{text: It is.}]
  utter_faq/downtime: [{text: A day.}]
  utter_price: [{text: It depends.}]
  utter_hours: [{text: From nine.}]
  utter_emergency: [{text: Call for help.}]
  utter_rest_not_answered: [{text: I cannot say more.}]
slots:
  name: {type: text, influence_conversation: false, mappings: [{type: custom}]}
forms:
  consultation_form: {required_slots: [name]}
"""

RULES = """
version: "3.1"
rules:
  - {rule: faq, steps: [{intent: faq}, {action: utter_faq}]}
  - {rule: price, steps: [{intent: price}, {action: utter_price}]}
  - {rule: hours, steps: [{intent: hours}, {action: utter_hours}]}
  - {rule: emergency, steps: [{intent: emergency}, {action: utter_emergency}]}
  - rule: book
    steps:
      - intent: request_consultation
      - action: consultation_form
      - active_loop: consultation_form
  - rule: faq in between
    condition: [{active_loop: consultation_form}]
    steps:
      - intent: faq
      - action: utter_faq
      - action: consultation_form
      - active_loop: consultation_form
  - rule: price in between
    condition: [{active_loop: consultation_form}]
    steps:
      - intent: price
      - action: utter_price
      - action: consultation_form
      - active_loop: consultation_form
"""


@pytest.fixture
def replies(storage, context):
    """What a trained policy has done by the time it listens again."""
    domain = Domain.from_yaml(DOMAIN)
    graph = StoryGraph(YAMLStoryReader(domain).read_from_string(RULES))
    policy = FormRules(FormRules.get_default_config(), storage, Resource("rules"), context)
    policy.train(TrainingDataGenerator(graph, domain).generate(), domain)
    return Replies(policy, domain)


class Replies:
    MOST = 8

    def __init__(self, policy, domain):
        self.policy, self.domain = policy, domain

    def __call__(self, *labels, in_form=False, questions=None):
        form = "consultation_form"
        before = [
            UserUttered("book", {"name": "request_consultation"}),
            ActionExecuted(form),
            ActiveLoop(form),
        ]
        opened = [*(before if in_form else []), ActionExecuted("action_listen")]
        tracker = DialogueStateTracker.from_events("visitor", opened, slots=self.domain.slots)
        tracker.update(asking(*labels) if questions is None else questions, self.domain)
        done = []
        while len(done) < self.MOST and (action := self.next(tracker)) != "action_listen":
            done.append(action)
            tracker.update(ActionExecuted(action), self.domain)
            if action == form:
                tracker.update(ActiveLoop(form), self.domain)
        return done

    def next(self, tracker):
        probabilities = self.policy.predict_action_probabilities(tracker, self.domain).probabilities
        return self.domain.action_names_or_texts[probabilities.index(max(probabilities))]


def asking(*labels):
    """A message whose questions have these labels."""
    questions = [
        {
            "text": label,
            "intent": label.split("/")[0],
            "intent_response_key": label if "/" in label else None,
        }
        for label in labels
    ]
    intent = {"name": questions[0]["intent"], "confidence": 0.9}
    parse_data = {"text": "...", "intent": intent, "entities": []}
    several = {"questions": questions} if len(labels) > 1 else {}
    return UserUttered("...", intent, parse_data={**parse_data, **several})


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        (["faq/pain"], ["utter_faq"]),
        (["faq/pain", "faq/safety"], ["utter_faq", "utter_faq/safety"]),
        (
            ["faq/pain", "faq/safety", "faq/downtime"],
            ["utter_faq", "utter_faq/safety", "utter_faq/downtime"],
        ),
        (["faq/pain", "price"], ["utter_faq", "utter_price"]),
        (["price", "faq/pain"], ["utter_price", "utter_faq/pain"]),
        (["hours", "price", "faq/pain"], ["utter_hours", "utter_price", "utter_faq/pain"]),
    ],
)
def test_questions_are_answered_in_order(replies, labels, answers):
    assert replies(*labels) == answers


def test_the_same_is_said_once(replies):
    assert replies("price", "price") == ["utter_price"]
    assert replies("faq/pain", "price", "price") == ["utter_faq", "utter_price"]


def test_a_form_that_the_message_opens_asks_again_after_the_other_answers(replies):
    assert replies("request_consultation", "faq/pain") == [
        "consultation_form",
        "utter_faq/pain",
        "consultation_form",
    ]


def test_a_question_that_nothing_answers_is_owned_up_to(replies):
    assert replies("faq/pain", "nlu_fallback") == ["utter_faq", "utter_rest_not_answered"]


def test_a_wish_to_book_opens_the_form_after_the_answers(replies):
    assert replies("faq/pain", "request_consultation") == ["utter_faq", "consultation_form"]
    assert replies("price", "faq/pain", "request_consultation") == [
        "utter_price",
        "utter_faq/pain",
        "consultation_form",
    ]


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        (["faq/pain"], ["utter_faq"]),
        (["faq/pain", "faq/safety"], ["utter_faq", "utter_faq/safety"]),
        (["faq/pain", "price"], ["utter_faq", "utter_price"]),
        (
            ["price", "faq/pain", "nlu_fallback"],
            ["utter_price", "utter_faq/pain", "utter_rest_not_answered"],
        ),
    ],
)
def test_an_open_form_asks_again_once_all_is_answered(replies, labels, answers):
    assert replies(*labels, in_form=True) == [*answers, "consultation_form"]


def test_a_wish_to_book_in_an_open_form_opens_no_other(replies):
    labels = ["faq/pain", "faq/safety", "request_consultation"]

    assert replies(*labels, in_form=True) == ["utter_faq", "utter_faq/safety", "consultation_form"]


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        (["inform", "faq/pain"], ["utter_faq/pain"]),
        (["inform", "price"], ["utter_price"]),
        (["inform", "faq/pain", "hours"], ["utter_faq/pain", "utter_hours"]),
        (["inform", "price", "price"], ["utter_price"]),
        (["inform", "nlu_fallback"], ["utter_rest_not_answered"]),
        (["affirm", "faq/pain"], ["utter_faq/pain"]),
        (["request_consultation", "faq/pain"], ["utter_faq/pain"]),
        (["inform", "request_consultation"], []),
    ],
)
def test_what_is_asked_beside_an_answer_is_answered_before_the_form_takes_it(
    replies, labels, answers
):
    assert replies(*labels, in_form=True) == [*answers, "consultation_form"]


def test_a_message_that_answers_the_form_has_no_questions_left(replies):
    intent = {"name": "inform", "confidence": 1.0}
    parse_data = {"text": "Ann", "intent": intent, "entities": [], "questions": []}

    done = replies(in_form=True, questions=UserUttered("Ann", intent, parse_data=parse_data))

    assert done == ["consultation_form"]
