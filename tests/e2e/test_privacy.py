"""Somebody is erased while everything runs: nothing of them is left, or comes back."""

import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor

NAME, EMAIL = "Zephyrine Quillfeather", "zephyrine.quillfeather@example.com"
TRACES = (b"zephyrine", b"quillfeather")
MOST_TURNS = 10


def book(visitor: Visitor) -> None:
    """Say all in one message, take the first time that is offered, and agree to the rest."""
    visitor.say("I'd like to book a consultation")
    said = visitor.say(f"I'm {NAME}, {EMAIL}, acne scars, any weekday morning")
    for _ in range(MOST_TURNS):
        if re.search(r"\bNP-[A-Z0-9]{6}\b", " ".join(said)):
            return
        titles = [choice["title"] for one in visitor.messages for choice in one["choices"]]
        times = [title for title in titles if re.search(r"\d:\d\d [ap]m", title)]
        said = visitor.choose(times[0]) if times else visitor.say("yes")
    raise AssertionError(f"not booked: {said}")


def files_with_traces(stack: Stack) -> list[str]:
    """The databases, their logs and the processes' logs that still tell of the visitor."""
    return [
        file.name
        for file in stack.folder.rglob("*")
        if file.is_file() and any(trace in file.read_bytes().lower() for trace in TRACES)
    ]


def erase(stack: Stack) -> str:
    program = str(Path(sys.executable).with_name("needlepoint"))
    ended = subprocess.run(
        [program, "privacy", "erase", EMAIL, "--yes"],
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_an_erased_visitor_leaves_nothing_even_when_they_go_on_talking(stack: Stack) -> None:
    visitor = Visitor(stack.url)
    book(visitor)
    kept = files_with_traces(stack)

    told = erase(stack)
    left = files_with_traces(stack)
    said = visitor.say("when is my appointment?")

    assert {name.removesuffix("-wal") for name in kept} == {
        "needlepoint.db",
        "needlepoint-chat.db",
        "needlepoint-conversations.db",
    }
    assert "Erased: 1 requests" in told
    assert left == []
    assert "Zephyrine" not in " ".join(said)
    assert files_with_traces(stack) == []
    visitor.close()
