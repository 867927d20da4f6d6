"""Questions that come close to an answer: the assistant asks which one was meant."""

from __future__ import annotations

import pytest

from tests.e2e.replies import Replies
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor

# Which of them are close and not close enough depends on the model: one is sure to be found.
HALF_CLEAR = [
    "does it tire the skin out",
    "do the dots close by themselves",
    "are the holes visible",
    "what keeps it from coming back",
    "does the collagen thing tingle",
    "what about under the arms and so on",
    "can skin do it by itself then",
    "how much of it comes off",
    "do i have to undress",
    "what if i move during it",
    "does it make a mark with the thing",
    "and the layer under it",
    "which one is stronger for this",
    "are gloves involved",
    "is it better in winter",
    "will it be the same on both sides",
    "how far in is far",
    "what does the little pen thing do to it",
    "does the glow stay or what",
    "is the cream cold",
    "would they see it at the office",
    "does it get tougher or looser",
]


@pytest.fixture
def asked_back(stack: Stack) -> Visitor:
    """A visitor who has just been asked "did you mean one of these?"."""
    replies = Replies()
    for question in HALF_CLEAR:
        visitor = Visitor(stack.url)
        if replies.named(visitor.say(question), ["did_you_mean"]) == ["did_you_mean"]:
            return visitor
    raise AssertionError("none of these questions was asked back")


def test_the_question_that_was_meant_is_answered_with_its_source(asked_back: Visitor) -> None:
    titles = [choice["title"] for choice in asked_back.messages[0]["choices"]]

    asked_back.choose(titles[0])

    assert len(titles) >= 2
    assert asked_back.messages[0]["source"]


def test_none_of_these_leads_to_the_clinic(asked_back: Visitor) -> None:
    texts = asked_back.choose("None of these")

    assert Replies().named(texts, []) == ["not_understood_again"]
