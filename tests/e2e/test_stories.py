"""Plays tests/stories against the running processes, as a visitor of the public API."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from booking.clinic import read_clinic
from booking.database import open_database
from booking.requests import as_json, list_requests
from needlepoint.settings import PROJECT_ROOT
from tests.e2e.replies import Replies
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor

STORIES = [
    story
    for file in sorted((PROJECT_ROOT / "tests" / "stories").glob("*.yml"))
    for story in yaml.safe_load(file.read_text(encoding="utf-8"))
]


@pytest.fixture(scope="module")
def replies() -> Replies:
    return Replies()


def stored_requests(stack: Stack) -> list[dict[str, Any]]:
    engine = open_database(stack.settings.booking_database_url)
    zone = read_clinic(stack.settings.clinic).zone
    found = [as_json(request, zone) for request in list_requests(engine)]
    engine.dispose()
    return found


@pytest.mark.parametrize("story", STORIES, ids=[story["story"] for story in STORIES])
def test_story(stack: Stack, replies: Replies, story: dict[str, Any]) -> None:
    before = len(stored_requests(stack))
    visitor = Visitor(stack.url)

    for step in story["steps"]:
        texts = visitor.choose(step["choose"]) if "choose" in step else visitor.say(step["user"])
        assert [replies.name(text) for text in texts] == step["bot"], texts
        for fragment in step.get("reads", []):
            assert fragment in " ".join(texts)

    new = stored_requests(stack)[: len(stored_requests(stack)) - before]
    expected = story.get("stored", [])
    assert [{key: request[key] for key in want} for request, want in zip(new, expected)] == expected
    assert len(new) == len(expected)


def test_there_are_stories_enough() -> None:
    names = [story["story"] for story in STORIES]

    assert len(names) >= 40
    assert len(set(names)) == len(names)
