"""Plays tests/stories against the running processes, as a visitor of the public API.

A story's `bot` names the responses that each step is answered with; `stored` and `messages` are
what the clinic has received at its end, the newest first. What happens outside the conversation
(`sent`, `clinic`, `taken`) is told by `ClinicSide`.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from needlepoint.settings import PROJECT_ROOT
from tests.e2e.clinic_side import ClinicSide
from tests.e2e.replies import Replies
from tests.e2e.stack import Stack
from tests.e2e.stored import Stored, free_all_times, stored_messages, stored_requests
from tests.e2e.visitor import Visitor

STORIES = [
    story
    for file in sorted((PROJECT_ROOT / "tests" / "stories").glob("*.yml"))
    for story in yaml.safe_load(file.read_text(encoding="utf-8"))
]


@pytest.fixture(scope="module")
def replies() -> Replies:
    return Replies()


@pytest.mark.parametrize("story", STORIES, ids=[story["story"] for story in STORIES])
def test_story(stack: Stack, replies: Replies, story: dict[str, Any]) -> None:
    free_all_times(stack)
    requests, messages = stored_requests(stack), stored_messages(stack)
    visitor, clinic = Visitor(stack.url), ClinicSide(stack, story.get("sent"))

    for step in story["steps"]:
        if clinic.happens(step):
            continue
        said = clinic.filled(step["user"]) if "user" in step else None
        texts = visitor.say(said) if said else visitor.choose(step["choose"])
        assert replies.named(texts, step["bot"]) == step["bot"], texts
        for fragment in step.get("reads", []):
            assert fragment in " ".join(texts)
    clinic.close()

    assert_new(stored_requests(stack), requests, story.get("stored", []))
    assert_new(stored_messages(stack), messages, story.get("messages", []))


def assert_new(now: Stored, before: Stored, expected: Stored) -> None:
    """What is there `now` beside `before` is as expected, of which only the keys given count."""
    new = now[: len(now) - len(before)]
    assert len(new) == len(expected), new
    told = [{key: one[key] for key in want} for one, want in zip(new, expected, strict=True)]
    assert told == expected


def test_there_are_stories_enough() -> None:
    names = [story["story"] for story in STORIES]

    assert len(names) >= 80
    assert len(set(names)) == len(names)
