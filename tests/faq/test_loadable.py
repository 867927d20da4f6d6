"""Whether a model still fits the code, by the notes that trainings leave beside models."""

from pathlib import Path

import pytest

from faq.rasa_project import RasaMissing, RasaProject

PRINTS_CODE = "#!/bin/sh\necho c0de\n"


@pytest.fixture
def project(tmp_path: Path) -> RasaProject:
    python = tmp_path / "python"
    python.write_text(PRINTS_CODE)
    python.chmod(0o755)
    return RasaProject(tmp_path, python, tmp_path / "data", tmp_path / "clinic.yml", tmp_path)


def keep(project: RasaProject, name: str, note: str | None) -> str:
    (project.models / f"{name}.tar.gz").write_bytes(b"a model")
    if note is not None:
        (project.models / f"{name}.fingerprint").write_text(note)
    return f"{name}.tar.gz"


@pytest.mark.parametrize(
    ("note", "loadable"),
    [
        ("content\ncode c0de\nfaq downtime 12ab\n", True),
        ("-\ncode c0de\n", True),
        ("content\ncode another\n", False),
        ("content\n", False),
        ("", False),
        (None, False),
    ],
)
def test_a_model_is_loadable_by_the_code_that_trained_it(
    project: RasaProject, note: str | None, loadable: bool
) -> None:
    model = keep(project, "one", note)

    assert project.is_loadable(model) is loadable


def test_a_model_that_is_gone_is_not_loadable(project: RasaProject) -> None:
    (project.models / "gone.fingerprint").write_text("content\ncode c0de\n")

    assert not project.is_loadable("gone.tar.gz")


def test_many_are_asked_at_once(project: RasaProject) -> None:
    good = [keep(project, name, "content\ncode c0de\n") for name in ("one", "two")]
    bad = keep(project, "three", "content\ncode old\n")

    assert project.loadable([*good, bad, "gone.tar.gz"]) == set(good)


def test_it_takes_rasas_environment_to_tell(project: RasaProject) -> None:
    model = keep(project, "one", "content\ncode c0de\n")
    project.python.unlink()

    with pytest.raises(RasaMissing):
        project.is_loadable(model)


def test_what_lies_beside_a_model_goes_with_it(project: RasaProject) -> None:
    model = keep(project, "one", "content\n")
    (project.models / "one.answers.json").write_text("{}")
    kept = keep(project, "two", None)

    project.remove(model)
    project.remove(model)

    assert [path.name for path in project.models.glob("*.*")] == [kept]
