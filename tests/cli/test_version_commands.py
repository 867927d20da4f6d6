"""What goes live is kept in a history, and one goes back in it, from the command line."""

import pytest
from sqlalchemy import Engine

from booking.database import open_database
from faq import jobs
from faq.database import writing
from faq.models import TeachingJob
from faq.rasa_project import RasaProject
from tests.cli.running import Installation

ONE, TWO = "one.tar.gz", "two.tar.gz"


@pytest.fixture(autouse=True)
def two_models(needlepoint: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that today's code could load."""
    for name in (ONE, TWO):
        (needlepoint.folder / "models" / name).write_bytes(b"model")
    monkeypatch.setattr(RasaProject, "is_loadable", lambda self, model: True)


def staff_database(needlepoint: Installation) -> Engine:
    return open_database(needlepoint.database_url.replace(".db", "-staff.db"))


def live(needlepoint: Installation) -> str:
    return (needlepoint.folder / "var" / "live-model").read_text().strip()


def test_what_is_published_stands_in_the_history(needlepoint: Installation) -> None:
    needlepoint.run("publish", ONE, "--by", "Mara Quinn", "--why", "Our first answers")
    needlepoint.run("publish", TWO)

    newest, first = needlepoint.run("versions", "list", "--json").json
    models = needlepoint.run("models", "list", "--json").json
    told = needlepoint.run("versions", "list").out

    assert (first["number"], first["model"], first["live"]) == (1, ONE, False)
    assert (first["by"], first["why"]) == ("Mara Quinn", "Our first answers")
    assert (newest["number"], newest["by"], newest["live"]) == (2, "command line", True)
    assert {model["model"]: model["version"] for model in models} == {ONE: 1, TWO: 2}
    assert "Our first answers" in told


def test_one_goes_back_to_the_version_before_or_to_one_by_number(
    needlepoint: Installation,
) -> None:
    needlepoint.run("publish", ONE)
    needlepoint.run("publish", TWO)

    back = needlepoint.run("rollback", "--why", "A wrong answer", "--json").json
    after_back = live(needlepoint)
    forward = needlepoint.run("rollback", "--to", "2")

    assert (back["model"], back["rolled_back_from"], back["rolled_back_to"]) == (ONE, 2, 1)
    assert after_back == ONE
    assert forward.out == "version 2 is live again, as version 4: two.tar.gz\n"
    assert live(needlepoint) == TWO


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("rollback", "no earlier version"),
        ("rollback --to 1", "visitors talk to already"),
        ("rollback --to 9", "there is no version 9"),
    ],
)
def test_what_one_cannot_go_back_to_is_told_in_a_line(
    needlepoint: Installation, command: str, complaint: str
) -> None:
    needlepoint.run("publish", ONE)

    ended = needlepoint.run(*command.split())

    assert ended.code == 1
    assert complaint in ended.err
    assert ended.err.count("\n") == 1
    assert live(needlepoint) == ONE


def test_a_model_that_its_trial_refused_needs_a_reason(needlepoint: Installation) -> None:
    needlepoint.run("publish", ONE)
    engine = staff_database(needlepoint)
    job = jobs.enqueue(engine, by="Mara Quinn")
    with writing(engine) as session:
        row = session.get_one(TeachingJob, job.id)
        row.model, row.verdict = TWO, '{"refusals": ["‘Downtime’ loses 4 questions."]}'
    engine.dispose()

    refused = needlepoint.run("publish", TWO)
    after_refusal = live(needlepoint)
    published = needlepoint.run("publish", TWO, "--reason", "It is no longer asked")

    assert refused.code == 1
    assert "‘Downtime’ loses 4 questions." in refused.err
    assert after_refusal == ONE
    assert published.code == 0
    assert live(needlepoint) == TWO
    newest = needlepoint.run("versions", "list", "--json").json[0]
    assert newest["override_reason"] == "It is no longer asked"
