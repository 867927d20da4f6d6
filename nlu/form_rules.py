"""RulePolicy that lets a visitor interrupt a form without the form having to refuse first."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Tuple

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class FormRules(RulePolicy):
    """Applies rules inside a form at once when the visitor's intent is no answer to it.

    Rasa's own policy runs the form on every message, and its rules only once the form has
    rejected: a call of the action server that an emergency must not wait for. Here the intent
    alone decides.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            **RulePolicy.get_default_config(),
            # intents that a form handles itself; every other one interrupts it
            "answers": ["inform", "affirm", "deny", "change_details"],
            # by form, those that it handles beside these: what opens a form says something to it
            "more_answers": {"consultation_form": ["request_consultation"]},
        }

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
        if tracker.latest_message.intent.get("name") in self._answers(tracker.active_loop_name):
            return False
        for event in reversed(tracker.events):
            if isinstance(event, UserUttered):
                return True
            if isinstance(event, ActionExecuted) and event.action_name == tracker.active_loop_name:
                return False
        return False
