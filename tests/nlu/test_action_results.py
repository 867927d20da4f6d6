"""What the action server answers is checked without telling what it was."""

from typing import Any, Iterator

import pytest
from rasa.core.actions.action import RemoteAction

from nlu.action_results import WrongActionResult, check_results_quickly

EVENTS = [
    {"event": "slot", "name": "name", "value": "Ana Lopez", "timestamp": None},
    {"event": "slot", "name": "consultation", "value": {"email": "ana@example.com"}},
    {"event": "followup", "name": "consultation_form"},
]


@pytest.fixture
def action() -> Iterator[RemoteAction]:
    rasas_own = RemoteAction._validate_action_result
    check_results_quickly()
    yield RemoteAction("action_submit_consultation", None)
    RemoteAction._validate_action_result = rasas_own


@pytest.mark.parametrize(
    "result",
    [{}, {"events": [], "responses": []}, {"events": EVENTS, "responses": [{"text": "x"}]}],
)
def test_a_right_result_is_taken(action: RemoteAction, result: Any) -> None:
    assert action._validate_action_result(result) is True


@pytest.mark.parametrize(
    ("result", "where"),
    [
        (["ana@example.com"], "wrong result"),
        ({"events": "ana@example.com"}, "wrong events"),
        ({"events": [{"value": "ana@example.com"}]}, "wrong events/0"),
        ({"responses": ["ana@example.com"]}, "wrong responses/0"),
    ],
)
def test_a_wrong_one_is_named_without_what_it_says(
    action: RemoteAction, result: Any, where: str
) -> None:
    with pytest.raises(WrongActionResult, match=where) as refused:
        action._validate_action_result(result)

    assert "ana@example.com" not in str(refused.value)
