import json
import subprocess
import sys
from pathlib import Path

import pytest

from nlu.sentences import read_blocks

ROOT = Path(__file__).resolve().parents[2]


def test_a_paragraph_is_split_into_sentences() -> None:
    (block,) = read_blocks(["Dr. Lee starts at 9 a.m. sharp. It takes 30 min. Does it hurt? No!"])

    assert block["sentences"][-2:] == ["Does it hurt?", "No!"]
    assert block["sentences"][0].startswith("Dr. Lee")


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("Numbing cream", True),
        ("How long does it take?", True),
        ("3 days later", True),
        ("It takes an hour.", False),
        ("and then a mask", False),
        ("Everything you should know before you come to see us for the first time", False),
        ("One. Two", False),
        ("", False),
    ],
)
def test_a_heading_is_told_from_a_sentence(text: str, heading: bool) -> None:
    assert read_blocks([text])[0]["heading"] is heading


def test_what_a_paragraph_speaks_of_is_what_it_repeats() -> None:
    text = "The numbing cream goes on first. Numbing cream needs half an hour. Then we begin."

    assert read_blocks([text])[0]["about"] == "numbing cream"


def test_the_program_reads_and_writes_json() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "nlu.sentences"],
        cwd=ROOT,
        input=json.dumps(["One thing. Another."]),
        capture_output=True,
        text=True,
        check=True,
    )

    assert [block["sentences"] for block in json.loads(ended.stdout)] == [
        ["One thing.", "Another."]
    ]
