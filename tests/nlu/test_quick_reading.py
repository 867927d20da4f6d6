"""What is read quickly is what Rasa reads, and what it refuses is refused."""

import json
from pathlib import Path

import pytest
from rasa.shared.exceptions import YamlException
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils import validation

from nlu.quick_reading import quick_reading, without_duplicates
from nlu.train import PROJECT, Project
from tests.nlu.small_project import make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    return tmp_path / "checked.json"


def read(project: Project) -> tuple:
    importer = TrainingDataImporter.load_from_config(
        str(project.config), str(project.domain), [str(project.data)]
    )
    return importer.get_domain(), importer.get_stories(), importer.get_nlu_data()


@pytest.mark.parametrize("shipped", [False, True])
def test_the_same_is_read_at_first_and_again(project, checked, shipped):
    if shipped:
        files = (PROJECT / name for name in ("config.yml", "domain.yml", "clinic.yml", "data"))
        project = Project(*files)
    expected = read(project)

    for _ in range(2):
        with quick_reading(checked):
            found = read(project)
        assert [part.fingerprint() for part in found] == [part.fingerprint() for part in expected]
        assert [m.data for m in found[2].training_examples] == [
            m.data for m in expected[2].training_examples
        ]


def test_a_file_that_passed_is_not_checked_again(project, checked, monkeypatch):
    with quick_reading(checked):
        read(project)
    asked = []
    monkeypatch.setattr(validation, "validate_yaml_schema", lambda *args: asked.append(args))

    with quick_reading(checked):
        read(project)
    nlu = project.data / "nlu.yml"
    nlu.write_text(nlu.read_text().replace("hello", "hullo"))
    with quick_reading(checked):
        read(project)

    assert [schema for _, schema in asked] == ["shared/nlu/training_data/schemas/nlu.yml"]


def test_a_file_that_is_refused_is_refused_again(project, checked):
    nlu = project.data / "nlu.yml"
    nlu.write_text(nlu.read_text().replace("intent: greet", "intent: [greet]"))

    for _ in range(2):
        with pytest.raises(YamlException), quick_reading(checked):
            read(project)

    assert not checked.exists()


@pytest.mark.parametrize("content", ["", "{", "5"])
def test_a_damaged_memory_is_made_anew(project, checked, content):
    checked.write_text(content)

    with quick_reading(checked):
        read(project)

    assert json.loads(checked.read_text())


def test_rasa_reads_as_ever_afterwards(checked):
    before = (validation.validate_yaml_schema, TrainingData.sanitize_examples)

    with quick_reading(checked):
        pass

    assert (validation.validate_yaml_schema, TrainingData.sanitize_examples) == before


def test_only_what_is_the_same_in_full_is_a_duplicate():
    first = Message.build("hello", intent=" greet ")
    again = Message.build("hello", intent="greet")
    other = Message.build("hello", intent="farewell")
    noted = Message.build("hello", intent="greet", example_metadata={"note": 1})

    kept = without_duplicates([first, again, other, noted])

    assert [(m.get("intent"), m is first) for m in kept] == [
        ("greet", True),
        ("farewell", False),
        ("greet", False),
    ]
    assert kept == TrainingData.sanitize_examples([first, again, other, noted])
