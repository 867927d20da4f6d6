"""A model is trained and tried in one process; what was asked once is not asked again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

import pytest

import nlu.trial
from nlu import calibrated
from nlu.evaluation import trying
from nlu.evaluation.questions import Dialogue, Set, Turn
from nlu.evaluation.trying import asks_back
from nlu.evaluation.understanding import Understanding, parses_of, parses_together
from nlu.train import (
    CHECKED_FILE,
    LOCK_FILE,
    PROJECT,
    Note,
    Project,
    TrainingFailed,
    note_of,
    train,
)
from nlu.trial import EvaluationFailed, Wanted, is_of_this_code, try_out
from tests.nlu.small_project import make_project

FAQ = """version: "3.1"
nlu:
  - intent: faq/downtime
    examples: |
      - how long will I be out of action
      - when do I look normal again
  - intent: faq/pain
    examples: |
      - are the needles nasty
"""
SAFETY = """version: "3.1"
nlu:
  - intent: emergency
    examples: |
      - I can't breathe
  - intent: ordinary_after_effect
    examples: |
      - my cheeks are a bit pink
"""
SEVERAL = """several:
  - {text: "does it hurt? what is the downtime?", answers: [faq/pain, faq/downtime]}
"""
FOLLOW_UPS = """dialogues:
  - - {user: "is it painful", expects: faq/pain}
    - {user: "what is the downtime", expects: [faq/downtime]}
"""
PARKING = """version: "3.1"
nlu:
  - intent: faq/parking
    metadata: {title: "Where can I park?"}
    examples: |
      - is there a car park
      - where can I leave the car
      - parking?
      - do you have parking spaces
      - is there street parking nearby
responses:
  utter_faq/parking: [{text: Behind the house., custom: {faq: parking, title: "Where can I park?"}}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    folder = tmp_path / "questions" / "first"
    folder.mkdir(parents=True)
    files = {"faq": FAQ, "safety": SAFETY, "several": SEVERAL, "follow_ups": FOLLOW_UPS}
    for name, content in files.items():
        (folder / f"{name}.yml").write_text(content, encoding="utf-8")
    return folder.parent


def names(models: Path) -> List[str]:
    """What lies in the models folder, without the lock and the memory of checked files."""
    return sorted(
        path.name for path in models.iterdir() if path.name not in (LOCK_FILE, CHECKED_FILE)
    )


def asked_in(rows: List[trying.Row]) -> List[Tuple[str, str]]:
    return sorted({(row.kind, row.text) for row in rows if row.kind != "phrasing"})


def test_a_first_model_is_asked_everything(project: Project, models: Path, questions: Path) -> None:
    found = try_out(Wanted(project, models, [questions], [("sore?", "pain")]))

    assert asked_in(found["now"]) == [
        ("emergency", "I can't breathe"),
        ("faq", "are the needles nasty"),
        ("faq", "how long will I be out of action"),
        ("faq", "when do I look normal again"),
        ("follow_up", "is it painful"),
        ("follow_up", "is it painful / what is the downtime"),
        ("ordinary", "my cheeks are a bit pink"),
        ("settled", "sore?"),
        ("several", "does it hurt? what is the downtime?"),
    ]
    phrasings = [row for row in found["now"] if row.kind == "phrasing"]
    assert len(phrasings) == 10
    assert all(row.right for row in phrasings)
    assert found["changed"]["added"] == ["downtime", "pain"]
    assert (found["before"], found["compared_with"]) == ([], None)
    model = found["trained"]["model"]
    stem = model[: -len(".tar.gz")]
    assert names(models) == [f"{stem}.answers.json", f"{stem}.fingerprint", model]


def test_what_is_packed_answers_as_what_was_tried(
    project: Project, models: Path, questions: Path
) -> None:
    found = try_out(Wanted(project, models, [questions], []))
    model = models / found["trained"]["model"]
    nlu.trial._record_file(model).unlink()

    again = try_out(Wanted(project, models, [questions], []))

    assert again["trained"]["skipped"]
    assert again["trained"]["model"] == model.name
    assert sorted(again["now"]) == sorted(found["now"])


def test_a_live_model_that_was_tried_is_asked_only_what_is_new(
    project: Project, models: Path, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = try_out(Wanted(project, models, [questions], []))["trained"]["model"]
    (project.data / "parking.yml").write_text(PARKING, encoding="utf-8")
    asked: List[str] = []
    ask = nlu.trial._Trial._ask_of_live

    def watched(trial: nlu.trial._Trial, queries, dialogues, scratch):
        asked.extend(query.text for query in queries)
        return ask(trial, queries, dialogues, scratch)

    monkeypatch.setattr(nlu.trial._Trial, "_ask_of_live", watched)

    settled = [("any parking lot near you", "parking")]
    found = try_out(Wanted(project, models, [questions], settled, live))

    assert asked == ["any parking lot near you"]
    assert found["changed"] == {"added": ["parking"], "edited": [], "removed": []}
    assert found["compared_with"] == live
    was = {row.key: row for row in found["before"]}
    [now] = [row for row in found["now"] if row.kind == "settled"]
    assert now.right
    assert not was[now.key].right
    assert ("title", "Where can I park?") in asked_in(found["now"])
    assert found["titles"]["faq/parking"] == "Where can I park?"

    asked.clear()
    try_out(Wanted(project, models, [questions], settled, live))
    assert asked == []


def test_what_both_models_understand_as_the_same_is_not_asked_in_full(
    project: Project, models: Path, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrated, "MUCH_CHANGED", 1.0)
    live = try_out(Wanted(project, models, [questions], []))["trained"]["model"]
    (project.data / "parking.yml").write_text(PARKING, encoding="utf-8")
    asked: List[trying.Query] = []
    ask = trying.Trier.ask

    def watched(trier: trying.Trier, queries, dialogues):
        asked.extend(queries)
        return ask(trier, queries, dialogues)

    monkeypatch.setattr(trying.Trier, "ask", watched)

    found = try_out(Wanted(project, models, [questions], [], live))

    in_full = {query.kind for query in asked}
    assert {"emergency", "ordinary", "several"} <= in_full
    taken_over = [row for row in found["now"] if row.kind == "faq"]
    assert len(taken_over) == 3
    not_asked = {row.text for row in taken_over} - {query.text for query in asked}
    assert not_asked
    assert all(row.right for row in taken_over if row.text in not_asked)


def test_dialogues_side_by_side_are_understood_as_one_after_the_other(
    project: Project, models: Path, tmp_path: Path
) -> None:
    model = models / train(project, models).model
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    understanding = Understanding.load(model, unpacked)
    turns = [
        ("hello", "is it painful", "and the downtime?"),
        ("how long is recovery",),
        ("what is the downtime", "tell me more"),
    ]
    dialogues = [Dialogue(Set("first"), tuple(Turn(text, ()) for text in texts)) for texts in turns]

    together = parses_together(dialogues, understanding.parse_each, understanding.domain)

    for dialogue, parses in zip(dialogues, together, strict=True):
        alone = parses_of(dialogue, understanding.parse, understanding.domain)
        assert list(map(shown, parses)) == list(map(shown, alone))


def shown(parse_data: dict) -> dict:
    """What dialogue goes by; confidences to what float32 leaves of them."""
    intent, selector = parse_data["intent"], parse_data["response_selector"]["faq"]["response"]
    return {
        "intent": intent["name"],
        "confidence": pytest.approx(intent["confidence"], abs=1e-5),
        "response": selector["intent_response_key"],
        "continued": parse_data.get("understood_as"),
    }


def test_what_was_edited_and_removed_is_told(project: Project, models: Path) -> None:
    live = train(project, models).model
    file = project.data / "nlu.yml"
    text = file.read_text().replace("is it sore", "is it a sore thing")
    start, end = text.index("  - intent: faq/downtime"), text.index("  - intent: faq/pain")
    text = (text[:start] + text[end:]).replace(
        "  utter_faq/downtime: [{text: Usually very little.}]\n", ""
    )
    file.write_text(text)

    found = try_out(Wanted(project, models, [], [], live))

    assert found["changed"] == {"added": [], "edited": ["pain"], "removed": ["downtime"]}


def test_a_live_model_of_another_release_is_compared_as_far_as_it_was_asked(
    project: Project, models: Path, questions: Path
) -> None:
    live = try_out(Wanted(project, models, [questions], []))["trained"]["model"]
    note = note_of(models / live)
    Note.read(note)._replace(code="another").write(note)
    (project.data / "parking.yml").write_text(PARKING, encoding="utf-8")

    found = try_out(Wanted(project, models, [questions], [("sore?", "pain")], live))

    assert not is_of_this_code(models / live)
    assert found["compared_with"] == live
    assert ("settled", "sore?") not in asked_in(found["before"])
    assert ("emergency", "I can't breathe") in asked_in(found["before"])
    assert any("another release" in note for note in found["notes"])


def test_questions_that_are_held_out_stay_unseen(
    project: Project, models: Path, questions: Path
) -> None:
    (questions / "held_out.txt").write_text("first\n")

    found = try_out(Wanted(project, models, [questions], []))

    assert {row.kind for row in found["now"]} == {"phrasing"}


def test_a_file_of_questions_that_is_broken_leaves_the_models_as_they_were(
    project: Project, models: Path, questions: Path
) -> None:
    train(project, models)
    before = names(models)
    (project.data / "parking.yml").write_text(PARKING, encoding="utf-8")
    (questions / "first" / "faq.yml").write_text("nlu: []")

    with pytest.raises(EvaluationFailed, match="must be a list"):
        try_out(Wanted(project, models, [questions], []))

    assert names(models) == before


def test_a_trial_that_fails_leaves_the_models_as_they_were(
    project: Project, models: Path, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("no memory")

    monkeypatch.setattr(trying, "judge", broken)

    with pytest.raises(EvaluationFailed, match="no memory"):
        try_out(Wanted(project, models, [questions], []))

    assert names(models) == []


def test_training_data_that_rasa_refuses_are_a_failed_training(
    project: Project, models: Path, questions: Path
) -> None:
    rules = project.data / "rules.yml"
    rules.write_text(rules.read_text().replace("utter_emergency", "utter_nothing"))

    with pytest.raises(TrainingFailed):
        try_out(Wanted(project, models, [questions], []))

    assert names(models) == []


def start(project: Project, models: Path, questions: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "nlu.trial", "--out", str(models), "--data", str(project.data)]
    command += ["--config", str(project.config), "--domain", str(project.domain)]
    command += ["--questions", str(questions)]
    return subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(trial: "subprocess.Popen[str]", words: str) -> None:
    assert trial.stderr is not None
    assert any(words in line for line in trial.stderr), f"it never said {words!r}"


@pytest.mark.parametrize("words", ["reading the training data", "asking"])
def test_a_killed_trial_leaves_nothing_for_the_next(
    project: Project, models: Path, questions: Path, words: str
) -> None:
    live = train(project, models).model
    before = {name: (models / name).read_bytes() for name in names(models)}
    (project.data / "parking.yml").write_text(PARKING, encoding="utf-8")
    killed = start(project, models, questions)
    wait_for(killed, words)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()

    left = [name for name in names(models) if not name.startswith(".draft-")]
    assert {name: (models / name).read_bytes() for name in left} == before
    found = try_out(Wanted(project, models, [questions], [], live))
    assert found["trained"]["model"] in names(models)
    assert not [name for name in names(models) if name.startswith(".")]


def test_a_trial_that_is_told_to_stop_cleans_up(
    project: Project, models: Path, questions: Path
) -> None:
    stopped = start(project, models, questions)
    wait_for(stopped, "asking")

    stopped.terminate()
    stopped.communicate(timeout=30)

    assert stopped.returncode != 0
    assert names(models) == []


def test_the_last_line_printed_is_json(project: Project, models: Path, questions: Path) -> None:
    trial = start(project, models, questions)
    output, _ = trial.communicate(timeout=120)

    found = json.loads(output.splitlines()[-1])

    assert trial.returncode == 0
    assert found["trained"]["model"] in names(models)
    assert found["seconds"] > 0


def parse(best: float, other: float = 0.0) -> dict:
    ranking = [{"intent_response_key": "faq/pain", "confidence": best}]
    return {
        "gate": {"clarify": 0.4},
        "response_selector": {"faq": {"ranking": ranking}},
        "intent_ranking": [
            {"name": "nlu_fallback", "confidence": best},
            {"name": "faq", "confidence": best},
            {"name": "greet", "confidence": other},
        ],
    }


@pytest.mark.parametrize(
    ("parsed", "asked_back"),
    [
        (parse(0.3), True),
        (parse(0.2), True),
        (parse(0.19), False),
        (parse(0.3, other=0.31), False),
        (parse(0.3, other=0.3), True),
        ({}, False),
    ],
)
def test_did_you_mean_is_foreseen_as_dialogue_decides_it(parsed: dict, asked_back: bool) -> None:
    assert asks_back(parsed, {"faq/pain": "Does it hurt?"}) is asked_back


def test_nothing_without_a_title_is_offered() -> None:
    assert not asks_back(parse(0.3), {})


def test_dialogue_and_trial_share_a_floor() -> None:
    source = (PROJECT / "actions" / "clarification.py").read_text()

    assert f"\nFLOOR_SHARE = {trying.FLOOR_SHARE}\n" in source


def test_a_clinic_may_have_no_questions_of_its_own(
    project: Project, models: Path, tmp_path: Path
) -> None:
    found = try_out(Wanted(project, models, [tmp_path / "none"], []))

    assert {row.kind for row in found["now"]} == {"phrasing"}
