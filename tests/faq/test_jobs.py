"""Jobs: checked, trained and tried on a copy, one after another; failures change nothing."""

import errno
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from booking.database import open_database, run_migrations
from faq import jobs, versions
from faq.contents import contents_of
from faq.database import writing
from faq.jobs import CANCELLED, DONE, FAILED, QUEUED, RUNNING, Workshop, enqueue, run_next
from faq.models import ModelVersion, StaffBase, TeachingJob
from faq.rasa_project import EvaluationFailed, Progress, RasaMissing, TrainingFailed
from faq.versions import Refused, publish
from tests.faq.live import make_live
from tests.faq.training import REFUSAL, FakeTrainer, bad_verdict, make_workshop
from web.live_model import Live

A, B = "a.tar.gz", "b.tar.gz"
MARA, JONAS = "Mara Quinn", "Jonas Field"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/staff.db"
    run_migrations(url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def live(tmp_path: Path, engine: Engine) -> Live:
    live = make_live(tmp_path, A, B)
    publish(engine, live, A, by=MARA)
    return live


@pytest.fixture
def trainer(live: Live) -> FakeTrainer:
    return FakeTrainer(live)


@pytest.fixture
def shop(engine: Engine, content: Path, live: Live, trainer: FakeTrainer) -> Workshop:
    return make_workshop(engine, content, live, trainer)


def state_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_job_is_checked_trained_tried_and_published(
    engine: Engine, shop: Workshop, trainer: FakeTrainer
) -> None:
    told: list[jobs.Job] = []
    asked = enqueue(engine, by=MARA, why="New answer  on\nparking")

    done = run_next(replace(shop, published=told.append))

    assert asked.state == QUEUED
    assert done is not None
    assert (done.state, done.model, done.version) == (DONE, "trained-1.tar.gz", 2)
    assert done.lines[0] == "Checking the FAQs"
    assert done.lines[2:] == ("Reading the training data",)
    assert shop.live.name() == "trained-1.tar.gz"
    version = versions.version(engine, 2)
    assert (version.by, version.why) == (MARA, "New answer on parking")
    assert version.contents == contents_of(shop.content, shop.clinic)
    assert trainer.given[0]["live"] == A
    assert trainer.given[0]["settled"] == [("days off?", "downtime")]
    assert told == [done]
    assert run_next(shop) is None


def test_what_is_refused_or_not_to_be_published_waits_for_somebody(
    engine: Engine, shop: Workshop, trainer: FakeTrainer
) -> None:
    enqueue(engine, by=MARA, publish=False)
    kept_back = run_next(shop)
    trainer.found = bad_verdict()
    enqueue(engine, by=MARA)
    refused = run_next(shop)

    assert kept_back is not None
    assert refused is not None
    assert (kept_back.state, kept_back.version) == (DONE, None)
    assert (refused.state, refused.version, refused.refusals) == (DONE, None, (REFUSAL,))
    assert shop.live.name() == A

    published = jobs.publish_job(engine, shop.live, kept_back.id, by=JONAS)
    with pytest.raises(Refused):
        jobs.publish_job(engine, shop.live, refused.id, by=JONAS)
    overridden = jobs.publish_job(engine, shop.live, refused.id, by=JONAS, reason="We want that")

    assert (published.version, overridden.version) == (2, 3)
    assert shop.live.name() == refused.model
    assert versions.version(engine, 3).override_reason == "We want that"


def test_a_job_without_a_model_cannot_be_published(engine: Engine, shop: Workshop) -> None:
    waits = enqueue(engine, by=MARA)

    with pytest.raises(Refused, match="no trained model"):
        jobs.publish_job(engine, shop.live, waits.id, by=MARA)


def test_who_edits_meanwhile_changes_nothing_of_a_job(
    engine: Engine, shop: Workshop, trainer: FakeTrainer
) -> None:
    path = shop.content / "faq" / "downtime.yml"
    before, contents = path.read_text(), contents_of(shop.content, shop.clinic)
    trainer.meanwhile = lambda tell: path.write_text(before.replace("recovery", "recovering"))
    enqueue(engine, by=MARA)

    done = run_next(shop)

    assert done is not None
    assert trainer.texts == [before]
    trained_from = jobs.contents_of_job(engine, done)
    assert trained_from == contents
    changes = versions.differing(engine, shop.content, shop.clinic, contents)
    assert [one.slug for one in changes.edited] == ["downtime"]
    assert not list(shop.folder.glob("*"))


def test_errors_of_the_check_stop_a_job_and_are_told(
    engine: Engine, shop: Workshop, trainer: FakeTrainer
) -> None:
    path = shop.content / "faq" / "downtime.yml"
    path.write_text(path.read_text().replace("      - recovery time\n", ""))
    enqueue(engine, by=MARA)

    failed = run_next(shop)

    assert failed is not None
    assert failed.state == FAILED
    assert failed.error is not None
    assert "1 thing is listed below" in failed.error
    first = failed.findings[0]
    assert (first.severity, first.slug) == ("error", "downtime")
    assert first.where.startswith("faq/downtime.yml:")
    assert trainer.given == []
    assert shop.live.name() == A


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (TrainingFailed("Rasa refuses the rules"), "Rasa refuses the rules"),
        (EvaluationFailed("no questions"), "no questions"),
        (RasaMissing("Rasa's environment is not set up"), "not set up"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (TrainingFailed("OSError: [Errno 28] No space left on device"), "disk is full"),
        (ZeroDivisionError("a mistake"), "should not have"),
    ],
)
def test_what_goes_wrong_is_told_and_changes_nothing(
    engine: Engine,
    shop: Workshop,
    live: Live,
    trainer: FakeTrainer,
    failure: Exception,
    words: str,
) -> None:
    trainer.failure = failure
    before = state_of(shop.content), state_of(live.models_dir)
    enqueue(engine, by=MARA)

    failed = run_next(shop)

    assert failed is not None
    assert failed.state == FAILED
    assert failed.error is not None
    assert words in failed.error
    assert (state_of(shop.content), state_of(live.models_dir)) == before
    assert shop.live.name() == A
    trainer.failure = None
    enqueue(engine, by=MARA)
    again = run_next(shop)
    assert again is not None
    assert again.state == DONE


def test_a_full_disk_is_told_when_the_files_cannot_be_copied(
    engine: Engine, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    enqueue(engine, by=MARA)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copy2", full)
        failed = run_next(shop)

    assert failed is not None
    assert failed.error == (
        "The server’s disk is full. Nothing was changed. Ask whoever looks after the server to "
        "make room, then start it again."
    )
    assert not list(shop.folder.glob("*"))


# --- queueing and stopping ---


def test_jobs_are_done_in_the_order_they_were_asked_for(engine: Engine, shop: Workshop) -> None:
    first, second = enqueue(engine, by=MARA), enqueue(engine, by=JONAS)

    assert [jobs.jobs_before(engine, one) for one in (first, second)] == [0, 1]
    done = run_next(shop)

    assert done is not None
    assert done.id == first.id
    assert jobs.jobs_before(engine, jobs.job(engine, second.id)) == 0
    assert [one.id for one in jobs.latest_jobs(engine)] == [second.id, first.id]


def test_a_job_that_waits_is_taken_out_of_the_queue(
    engine: Engine, shop: Workshop, trainer: FakeTrainer
) -> None:
    waits = enqueue(engine, by=MARA)

    cancelled = jobs.cancel(engine, waits.id)

    assert cancelled.state == CANCELLED
    assert run_next(shop) is None
    assert trainer.given == []


def test_a_running_job_stops_when_it_is_asked_to(
    engine: Engine, shop: Workshop, trainer: FakeTrainer
) -> None:
    asked = enqueue(engine, by=MARA)

    def stop(tell: Progress) -> None:
        jobs.cancel(engine, asked.id)
        assert jobs.stop_asked(engine)
        tell("  training")
        pytest.fail("it went on")

    trainer.meanwhile = stop

    stopped = run_next(shop)

    assert stopped is not None
    assert stopped.state == CANCELLED
    assert shop.live.name() == A


def test_a_job_asked_to_stop_in_its_last_moment_is_not_published(
    engine: Engine, shop: Workshop, trainer: FakeTrainer
) -> None:
    asked = enqueue(engine, by=MARA)
    trainer.meanwhile = lambda tell: jobs.cancel(engine, asked.id)

    stopped = run_next(shop)

    assert stopped is not None
    assert stopped.state == CANCELLED
    assert shop.live.name() == A


def test_only_one_process_does_jobs(tmp_path: Path) -> None:
    with jobs.only_one(tmp_path) as first, jobs.only_one(tmp_path) as second:
        assert (first, second) == (True, False)
    with jobs.only_one(tmp_path) as again:
        assert again


def cut_off(engine: Engine, **values: Any) -> None:
    """Leave the first job as a process that is killed does."""
    with writing(engine) as session:
        found = update(TeachingJob).where(TeachingJob.id == 1)
        session.execute(found.values(state=RUNNING, started_at=1.0, **values))


def test_a_job_cut_off_is_told_and_the_next_one_goes_on(engine: Engine, shop: Workshop) -> None:
    enqueue(engine, by=MARA)
    cut_off(engine)
    enqueue(engine, by=JONAS)

    [failed] = jobs.fail_orphans(engine, shop.live)
    done = run_next(shop)

    assert failed.state == FAILED
    assert failed.error == jobs.STOPPED_SHORT
    assert done is not None
    assert (done.by, done.state) == (JONAS, DONE)
    assert jobs.fail_orphans(engine, shop.live) == []


def test_a_job_cut_off_after_it_was_asked_to_stop_is_cancelled(
    engine: Engine, shop: Workshop
) -> None:
    enqueue(engine, by=MARA)
    cut_off(engine, stop_asked=True)

    [cancelled] = jobs.fail_orphans(engine, shop.live)

    assert (cancelled.state, cancelled.error) == (CANCELLED, None)


def test_a_job_cut_off_after_its_model_went_live_is_done(engine: Engine, shop: Workshop) -> None:
    enqueue(engine, by=MARA)
    cut_off(engine, model=B, verdict='{"refusals": []}')
    publish(engine, shop.live, B, by=MARA)
    with writing(engine) as session:
        session.execute(update(ModelVersion).values(confirmed=ModelVersion.model == A))

    [done] = jobs.fail_orphans(engine, shop.live)

    assert (done.state, done.version) == (DONE, 2)
