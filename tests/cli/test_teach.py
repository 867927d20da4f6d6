"""All of teaching in one command, as the console's button does it."""

import json
from collections.abc import Callable
from threading import Event

import pytest
from sqlalchemy import Engine

from faq import jobs
from needlepoint.models import live_of
from needlepoint.settings import Settings
from tests.cli.running import Installation
from tests.faq.training import FakeTrainer, make_workshop, verdict


def break_a_faq(needlepoint: Installation) -> str:
    faq = sorted((needlepoint.folder / "content" / "faq").glob("*.yml"))[0]
    faq.write_text("version: '3.1'\nnlu: [", encoding="utf-8")
    return faq.name


def test_what_the_check_finds_stops_it_and_is_told(needlepoint: Installation) -> None:
    name = break_a_faq(needlepoint)

    ended = needlepoint.run("teach", "--by", "Mara Quinn", "--why", "A new answer")
    job = needlepoint.run("teach", "--json")

    assert ended.code == 1
    assert "Checking the FAQs" in ended.err
    assert f"faq/{name}" in ended.out
    assert "must be mended before training" in ended.out
    assert job.code == 1
    found = json.loads(job.out)
    assert (found["state"], found["by"], found["version"]) == ("failed", "command line", None)
    assert found["findings"][0]["where"].startswith(f"faq/{name}")
    assert not list((needlepoint.folder / "models").glob("*.tar.gz"))


def doing_here(refusals: list[str]) -> Callable[[Settings, Engine, Event], None]:
    """What the worker does, with a trainer that takes no time."""

    def teach_when_asked(settings: Settings, engine: Engine, stop: Event) -> None:
        live = live_of(settings)
        trainer = FakeTrainer(live, verdict(refusals=refusals))
        jobs.run_next(make_workshop(engine, settings.content, live, trainer))

    return teach_when_asked


@pytest.mark.parametrize(
    ("refusals", "publish", "told", "code"),
    [
        ([], True, "It is live, as version 1.", 0),
        ([], False, "0 newly wrong", 0),
        (["‘Downtime’ loses 4 questions."], True, "‘Downtime’ loses 4 questions.", 1),
    ],
)
def test_it_is_published_unless_something_got_worse(
    needlepoint: Installation,
    monkeypatch: pytest.MonkeyPatch,
    refusals: list[str],
    publish: bool,
    told: str,
    code: int,
) -> None:
    monkeypatch.setattr("needlepoint.teaching.teach_when_asked", doing_here(refusals))

    ended = needlepoint.run("teach", *([] if publish else ["--no-publish"]))

    assert ended.code == code, ended.err
    assert told in ended.out
    live = needlepoint.folder / "var" / "live-model"
    assert live.exists() is (publish and not refusals)
    assert "Reading the training data" in ended.err
