"""A training that follows another one keeps its calibration, as long as little has changed."""

import json
import tarfile
from pathlib import Path
from typing import Any, Dict

import pytest

from nlu import calibrated
from nlu.calibrated import Calibrated, Earlier, taking_over_from, to_take_over
from nlu.train import Note, Project, note_of, train
from tests.nlu.small_project import make_project
from tests.nlu.test_trial import PARKING

CONFIGURATION = {"folds": 3, "wrong_cost": 0.5}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def described(model: Path, name: str) -> Dict[str, Any]:
    """A JSON file of the classifier's in a packed model."""
    with tarfile.open(model) as archive:
        [found] = [member for member in archive.getmembers() if member.name.endswith(f"/{name}")]
        return json.load(archive.extractfile(found))


def trained_after(project: Project, models: Path, live: Path) -> Path:
    (project.data / "parking.yml").write_text(PARKING, encoding="utf-8")
    return models / train(project, models, live=live).model


@pytest.mark.parametrize(
    ("configuration", "examples", "holds"),
    [
        (CONFIGURATION, 1000, True),
        (CONFIGURATION, 1050, True),
        (CONFIGURATION, 1051, False),
        (CONFIGURATION, 949, False),
        ({**CONFIGURATION, "folds": 4}, 1000, False),
    ],
)
def test_it_holds_until_much_has_changed(
    configuration: Dict[str, Any], examples: int, holds: bool
) -> None:
    earlier = Earlier(Path("anywhere"), Calibrated(CONFIGURATION, 1000, {}))

    assert earlier.holds_for(configuration, examples) is holds


def test_a_faq_more_changes_neither_the_gate_nor_how_scores_are_made(
    project: Project, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrated, "MUCH_CHANGED", 1.0)
    live = models / train(project, models).model

    after = trained_after(project, models, live)

    before, now = described(live, "joint_model.json"), described(after, "joint_model.json")
    assert "faq/parking" in now["labels"]
    assert "faq/parking" not in before["labels"]
    for part in ("blend", "calibration", "vocabulary"):
        assert now[part] == before[part]
    assert described(after, "gate.json") == described(live, "gate.json")
    # Counted from when it was found, so that many small changes come to a large one.
    assert described(after, "calibrated.json") == described(live, "calibrated.json")


def test_what_has_changed_much_is_calibrated_anew(project: Project, models: Path) -> None:
    live = models / train(project, models).model

    after = trained_after(project, models, live)

    before, now = described(live, "calibrated.json"), described(after, "calibrated.json")
    assert now["examples"] == before["examples"] + 5


def test_nothing_is_taken_over_from_another_release(
    project: Project, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrated, "MUCH_CHANGED", 1.0)
    live = models / train(project, models).model
    Note.read(note_of(live))._replace(code="another").write(note_of(live))

    after = trained_after(project, models, live)

    before, now = described(live, "calibrated.json"), described(after, "calibrated.json")
    assert now["examples"] == before["examples"] + 5


@pytest.mark.parametrize("content", [None, b"", b"this was never packed"])
def test_a_model_that_cannot_be_read_is_no_hindrance(tmp_path: Path, content: Any) -> None:
    model = tmp_path / "model.tar.gz"
    if content is not None:
        model.write_bytes(content)

    with taking_over_from(model):
        assert to_take_over(CONFIGURATION, 1000) is None
