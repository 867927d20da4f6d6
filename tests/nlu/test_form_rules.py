"""What the policy decides while a form is open, in made-up conversations."""

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    LoopInterrupted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

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
