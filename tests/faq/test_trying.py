"""Models are tried in a program of Rasa's environment, here played by a script."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faq import trying
from faq.rasa_project import RasaMissing
from faq.trying import ModelTrial, NotTried

# Answers with the question itself and how many it was asked; ends when told so.
ANSWERS = """#!/usr/bin/env python3
import json, sys
models = sys.argv[4::2]
print(json.dumps({"ready": True, "problems": [None for _ in models]}), flush=True)
for number, line in enumerate(sys.stdin, 1):
    text = json.loads(line)["text"]
    if text == "end":
        sys.exit(1)
    if text == "hang":
        import time; time.sleep(60)
    part = {"label": "faq/downtime", "title": text, "text": str(number), "source": None}
    answer = {"outcome": "answered", "parts": [part], "choices": [], "confidence": 0.9,
              "runner_up": {"title": "Numbing", "confidence": 0.1}}
    print(json.dumps({"answers": [answer if "gone" not in model else None for model in models]}),
          flush=True)
"""


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[ModelTrial]:
    python = tmp_path / "python"
    python.write_text(ANSWERS)
    python.chmod(0o755)
    trial = ModelTrial(tmp_path, python)
    yield trial
    trial.close()


DRAFT, LIVE = Path("draft.tar.gz"), Path("live.tar.gz")


def count(trial: ModelTrial, *models: Path) -> str:
    """How many questions the program was asked so far."""
    answer = trial.ask(models or (DRAFT, LIVE), "how long?")[0]
    assert answer is not None
    return answer.parts[0].text


def test_draft_and_live_model_answer_side_by_side(trial: ModelTrial) -> None:
    draft, live = trial.ask((DRAFT, LIVE), "  how\nlong? ")

    assert draft is not None
    assert draft == live
    assert (draft.outcome, draft.parts[0].title) == ("answered", "how long?")
    assert (draft.runner_up, draft.runner_up_confidence) == ("Numbing", 0.1)
    assert draft.parts[0].is_faq


def test_a_model_that_cannot_be_loaded_has_no_answer(trial: ModelTrial) -> None:
    draft, live = trial.ask((DRAFT, Path("gone.tar.gz")), "how long?")

    assert draft is not None
    assert live is None


def test_one_program_answers_as_long_as_the_models_stay(trial: ModelTrial) -> None:
    assert [count(trial), count(trial), count(trial, DRAFT), count(trial)] == ["1", "2", "1", "1"]


def test_a_program_that_ends_is_started_again(trial: ModelTrial) -> None:
    with pytest.raises(NotTried, match="has ended"):
        trial.ask((DRAFT, LIVE), "end")

    assert count(trial) == "1"


def test_a_program_that_hangs_is_ended(trial: ModelTrial, monkeypatch: pytest.MonkeyPatch) -> None:
    count(trial)
    monkeypatch.setattr(trying, "ANSWER_SECONDS", 0.2)

    with pytest.raises(NotTried, match="too long"):
        trial.ask((DRAFT, LIVE), "hang")

    monkeypatch.undo()
    assert count(trial) == "1"


def test_a_program_that_nobody_asks_ends(trial: ModelTrial) -> None:
    trial.idle_seconds = 0.1
    count(trial)
    running = trial._running
    assert running is not None

    until = time.monotonic() + 10
    while running.program.poll() is None and time.monotonic() < until:
        time.sleep(0.05)

    assert running.program.poll() is not None
    assert count(trial) == "1"


def test_whoever_asks_second_waits_for_a_while(
    trial: ModelTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "TURN_SECONDS", 0.1)
    with trial._turn, pytest.raises(NotTried, match="Somebody else"):
        trial.ask((DRAFT,), "how long?")


def test_a_missing_environment_is_told(tmp_path: Path) -> None:
    with pytest.raises(RasaMissing, match="make setup"):
        ModelTrial(tmp_path, tmp_path / "python").ask((DRAFT,), "how long?")
