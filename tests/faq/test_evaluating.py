"""The evaluation is started in Rasa's environment, here played by a script."""

import json
from pathlib import Path

import pytest

from faq.rasa_project import EvaluationFailed, RasaProject

WRITES_REPORT = """#!/bin/sh
echo "  asking" >&2
echo "$@"
while [ "$1" != --json ]; do shift; done
echo '{"model": "a.tar.gz"}' > "$2"
"""
CANNOT_KEEP = """#!/bin/sh
echo "the table"
echo "evaluation failed: the report can't be written to /full: No space left on device" >&2
exit 1
"""


@pytest.fixture
def project(tmp_path: Path) -> RasaProject:
    return RasaProject(
        tmp_path, tmp_path / "python", tmp_path / "data", tmp_path / "clinic.yml", tmp_path
    )


def play(project: RasaProject, script: str) -> None:
    project.python.write_text(script)
    project.python.chmod(0o755)


@pytest.mark.parametrize(
    ("bench", "expected", "unexpected"),
    [(None, "", "bench"), (True, " --bench", "--no-bench"), (False, " --no-bench", " --bench")],
)
def test_the_report_and_its_table_are_handed_back(
    project: RasaProject, bench: bool | None, expected: str, unexpected: str
) -> None:
    play(project, WRITES_REPORT)
    told: list[str] = []

    report, table = project.evaluate(
        "a.tar.gz", [Path("one")], reports=Path("/kept"), bench=bench, tell=told.append
    )

    assert report == json.loads('{"model": "a.tar.gz"}')
    assert f"--model {project.models}/a.tar.gz" in table
    assert "--reports /kept" in table
    assert "--show-held-out" not in table
    assert expected in table
    assert unexpected not in table
    assert told == ["  asking"]


def test_held_out_messages_are_shown_on_request(project: RasaProject) -> None:
    play(project, WRITES_REPORT)

    _, table = project.evaluate("a.tar.gz", [Path("one")], reports=Path("/k"), show_held_out=True)

    assert "--show-held-out" in table


def test_what_was_found_is_told_even_when_it_could_not_be_kept(project: RasaProject) -> None:
    play(project, CANNOT_KEEP)
    told: list[str] = []

    with pytest.raises(EvaluationFailed, match=r"^the report can't be written to /full: No space"):
        project.evaluate("a.tar.gz", [Path("one")], reports=Path("/full"), tell=told.append)

    assert told == ["the table"]
