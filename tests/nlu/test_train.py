"""Trainings: skipped, repeated, refused, killed and two at once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest

from nlu.train import (
    CHECKED_FILE,
    LOCK_FILE,
    PROJECT,
    Project,
    TrainingFailed,
    fingerprint,
    train,
)
from tests.nlu.small_project import make_project

KEPT = (LOCK_FILE, CHECKED_FILE)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def names(models: Path) -> List[str]:
    """What lies in the models folder, without the lock and the memory of checked files."""
    return sorted(path.name for path in models.iterdir() if path.name not in KEPT)


def start(project: Project, models: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "nlu.train", "--out", str(models), "--data", str(project.data)]
    command += ["--config", str(project.config), "--domain", str(project.domain)]
    return subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_until_it_trains(training: "subprocess.Popen[str]", models: Path) -> None:
    while not list(models.glob(".draft-*")):
        assert training.poll() is None
        time.sleep(0.05)


def test_the_same_content_is_trained_once(project: Project, models: Path) -> None:
    first = train(project, models)

    second = train(project, models)

    assert (first.skipped, second.skipped) == (False, True)
    assert second.model == first.model
    assert [name for name in names(models) if name.endswith(".tar.gz")] == [first.model]


def test_a_changed_answer_is_trained(project: Project, models: Path) -> None:
    first = train(project, models)
    nlu = project.data / "nlu.yml"
    nlu.write_text(nlu.read_text().replace("Hardly.", "Hardly at all."))

    second = train(project, models)

    assert not second.skipped
    assert second.model != first.model


def test_content_that_comes_back_finds_its_model_as_the_newest(
    project: Project, models: Path
) -> None:
    nlu = project.data / "nlu.yml"
    original = nlu.read_text()
    first = train(project, models)
    nlu.write_text(original.replace("Hardly.", "Hardly at all."))
    second = train(project, models)
    nlu.write_text(original)

    third = train(project, models)

    assert (third.skipped, third.model) == (True, first.model)
    times = {name: (models / name).stat().st_mtime for name in (first.model, second.model)}
    assert times[first.model] >= times[second.model]


def test_a_model_that_was_deleted_is_trained_again(project: Project, models: Path) -> None:
    first = train(project, models)
    (models / first.model).unlink()

    assert not train(project, models).skipped


@pytest.mark.parametrize("part", ["config", "domain", "clinic", "data"])
def test_every_part_of_the_project_counts(project: Project, tmp_path: Path, part: str) -> None:
    before = fingerprint(project)
    if part == "data":
        (project.data / "more.yml").write_text('version: "3.1"\n')
        changed = project
    else:
        path = tmp_path / "changed.yml"
        path.write_text(getattr(project, part).read_text() + "\n# changed\n")
        changed = project._replace(**{part: path})

    assert fingerprint(changed) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("data/rules.yml", "utter_emergency", "utter_nothing"),
        ("data/nlu.yml", "    examples: |", "    examples: {"),
        ("config.yml", "nlu.joint_classifier.JointClassifier", "nlu.joint_classifier.Gone"),
    ],
)
def test_a_refused_training_leaves_the_models_as_they_were(
    project: Project, models: Path, file: str, old: str, new: str
) -> None:
    train(project, models)
    before = names(models)
    path = project.config.parent / file
    path.write_text(path.read_text().replace(old, new, 1))

    with pytest.raises(TrainingFailed):
        train(project, models)

    assert names(models) == before


def test_a_missing_file_is_named(project: Project, models: Path) -> None:
    project.domain.unlink()

    with pytest.raises(TrainingFailed, match=r"domain\.yml is missing"):
        train(project, models)


def test_a_killed_training_leaves_nothing_for_the_next(project: Project, models: Path) -> None:
    killed = start(project, models)
    wait_until_it_trains(killed, models)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()

    trained = train(project, models)

    assert names(models) == sorted(
        [trained.model, trained.model.replace(".tar.gz", ".fingerprint")]
    )


def test_a_training_that_is_told_to_stop_cleans_up(project: Project, models: Path) -> None:
    stopped = start(project, models)
    wait_until_it_trains(stopped, models)

    stopped.terminate()
    stopped.communicate(timeout=30)

    assert stopped.returncode != 0
    assert names(models) == []


def test_of_two_at_once_the_second_finds_the_firsts_model(project: Project, models: Path) -> None:
    both = [start(project, models), start(project, models)]

    results = [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in both]

    assert sorted(result["skipped"] for result in results) == [False, True]
    assert results[0]["model"] == results[1]["model"]
