"""Which turns are for a form, and which ones it only comes back from."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.turn import resumes


def turn(*questions: str, answered: bool) -> Tracker:
    """A turn whose message asks these, with an answer to it where it is `answered` already."""
    message: dict[str, Any] = {
        "intent": {"name": questions[0]},
        "questions": [{"intent": intent} for intent in questions] if len(questions) > 1 else [],
    }
    events = [{"event": "bot"}, {"event": "user"}, *([{"event": "bot"}] if answered else [])]
    return Tracker("visitor", {}, message, events, False, None, {}, "action_listen")


@pytest.mark.parametrize(
    "tracker",
    [
        turn("faq", answered=True),
        turn("faq", "ask_price", answered=True),
        turn("nlu_fallback", answered=True),
    ],
)
def test_a_form_only_comes_back_from_a_question(tracker: Tracker) -> None:
    assert resumes(tracker)


@pytest.mark.parametrize(
    "tracker",
    [
        turn("inform", answered=False),
        turn("inform", "faq", answered=True),
        turn("affirm", "faq", answered=True),
        turn("change_details", "ask_price", "faq", answered=True),
        turn("faq", "request_consultation", answered=True),
    ],
)
def test_a_message_that_also_answers_is_for_the_form(tracker: Tracker) -> None:
    assert not resumes(tracker)
