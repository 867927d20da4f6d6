"""RulePolicy that answers several questions, and lets a visitor interrupt a form at once."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Tuple

import numpy as np
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME, UTTER_PREFIX
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.parse_data import QUESTIONS


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class FormRules(RulePolicy):
    """Applies rules inside a form at once when the visitor's intent is no answer to it.

    Rasa's own policy runs the form on every message, and its rules only once the form has
    rejected: a call of the action server that an emergency must not wait for. Here the intent
    alone decides.

    Of a message with several questions (`questions` of the parse data) the rules answer the first;
    for each other one comes what they would have said to it alone. Where the first says something
    to the open form, the others are answered before the form goes on.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            **RulePolicy.get_default_config(),
            # intents that a form handles itself; every other one interrupts it
            "answers": ["inform", "affirm", "deny", "change_details"],
            # by form, those that it handles beside these: what opens a form says something to it
            "more_answers": {"consultation_form": ["request_consultation"]},
            # the response that owns up to a question among several which nothing answers
            "rest_not_answered": "utter_rest_not_answered",
        }

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[Dict[Text, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        action = self._answer_to_another_question(tracker, domain)
        if action is None:
            return super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
        return self._rule_prediction(self._prediction_result(action, tracker, domain), None)

    def _answer_to_another_question(
        self, tracker: DialogueStateTracker, domain: Domain
    ) -> Optional[Text]:
        """What comes beside the answer to the first of several questions; None where rules go on.

        What is said to the form comes last, whose question then closes the turn.
        """
        others = _other_questions(tracker)
        done = _actions_since_message(tracker)
        to_form = self._is_for_form(tracker) and not _opens_form(tracker)
        if not others or not (done or to_form):
            return None
        before = 0 if to_form else 1
        answers = [self._answer(question, tracker, domain) for question in others]
        wanted = [a for a in dict.fromkeys(answers) if a and a not in done[:before]]
        if len(done) < len(wanted) + before:
            return wanted[len(done) - before]
        if len(done) > len(wanted) + before:
            return None
        if to_form:
            return str(tracker.active_loop_name)
        if wanted and done[-1].startswith(UTTER_PREFIX):
            return tracker.active_loop_name or ACTION_LISTEN_NAME
        return None

    def _is_for_form(self, tracker: DialogueStateTracker) -> bool:
        """Whether the latest message says something to the open form."""
        form, message = tracker.active_loop_name, tracker.latest_message
        if form is None or message is None:
            return False
        return message.intent.get("name") in self._answers(form)

    def _answer(
        self, question: Dict[Text, Any], tracker: DialogueStateTracker, domain: Domain
    ) -> Optional[Text]:
        if question["intent_response_key"]:
            return f"{UTTER_PREFIX}{question['intent_response_key']}"
        if question["intent"] == DEFAULT_NLU_FALLBACK_INTENT_NAME:
            return str(self.config["rest_not_answered"])
        said_alone = DialogueStateTracker.from_events(
            tracker.sender_id,
            [
                ActionExecuted(ACTION_LISTEN_NAME),
                UserUttered(question["text"], {"name": question["intent"], "confidence": 1.0}),
            ],
            domain.slots,
        )
        prediction, _ = self._predict(said_alone, domain)
        action = domain.action_names_or_texts[int(np.argmax(prediction.probabilities))]
        # An open form asks its own question again anyway.
        return None if tracker.active_loop_name and not action.startswith(UTTER_PREFIX) else action

    def _find_action_from_loop_happy_path(
        self, tracker: DialogueStateTracker
    ) -> Tuple[Optional[Text], Optional[Text]]:
        if self._is_interrupting(tracker):
            return None, None
        found: Tuple[Optional[Text], Optional[Text]] = RulePolicy._find_action_from_loop_happy_path(
            tracker
        )
        return found

    def _answers(self, form: Text) -> List[Text]:
        return [*self.config["answers"], *self.config["more_answers"].get(form, [])]

    def _is_interrupting(self, tracker: DialogueStateTracker) -> bool:
        """Whether the latest message interrupts the form, which has not spoken since."""
        if tracker.active_loop_name is None or tracker.latest_message is None:
            return False
        if self._is_for_form(tracker):
            return False
        for event in reversed(tracker.events):
            if isinstance(event, UserUttered):
                return True
            if isinstance(event, ActionExecuted) and event.action_name == tracker.active_loop_name:
                return False
        return False


def _opens_form(tracker: DialogueStateTracker) -> bool:
    """Whether the form that is open was opened by the latest message."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return False
        if isinstance(event, ActiveLoop) and event.name:
            return True
    return False


def _other_questions(tracker: DialogueStateTracker) -> List[Dict[Text, Any]]:
    parse_data: Dict[Text, Any] = (
        tracker.latest_message.parse_data if tracker.latest_message else {}
    )
    return list(parse_data.get(QUESTIONS) or [])[1:]


def _actions_since_message(tracker: DialogueStateTracker) -> List[Text]:
    """The actions that followed the visitor's latest message, in order."""
    names: List[Text] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, ActionExecuted):
            names.insert(0, str(event.action_name))
    return names
