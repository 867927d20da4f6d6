"""Jobs that staff ask for: check, train, try, and publish when nothing speaks against it.

They wait in the staff database and are done one after another, by one process at a time. A job
works on a copy of the files, so that whoever edits meanwhile changes nothing of it. Whatever goes
wrong, the model that visitors talk to and the files are as they were.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from faq.articles import BrokenArticle
from faq.contents import Contents, Snapshot, snapshot
from faq.database import StaffDatabaseUnavailable, reading, writing
from faq.models import LARGEST_NUMBER, ModelVersion, TeachingJob
from faq.rasa_project import EvaluationFailed, Progress, RasaMissing, TrainingFailed
from faq.versions import (
    LiveModel,
    Refused,
    note_contents,
    publish,
    refusals_of,
    settle,
    trained_from,
)

if TYPE_CHECKING:
    # With them comes numpy, which whoever only looks at the queue has no use for.
    from faq.check import Finding
    from faq.meaning import Meanings

log = logging.getLogger(__name__)

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
LONGEST_WHY = 300
MOST_LINES = 200
MOST_FINDINGS = 100

# How long a component of the pipeline took, which tells staff nothing.
_OF_A_COMPONENT = re.compile(r"(train|run)_\S+: ")

STOPPED_SHORT = (
    "It was cut off in the middle: the program that trains was stopped or the server was restarted."
    " Nothing was changed. Start it again."
)


class UnknownJob(LookupError):
    """There is no job of this number."""


class Stopped(Exception):
    """Somebody asked the job to stop."""


class Verdict(Protocol):
    def as_json(self) -> Mapping[str, Any]: ...


class Trained(Protocol):
    @property
    def model(self) -> str: ...


class Trial(Protocol):
    """A model that was trained and tried, as `faq.rasa_project.Trial`."""

    @property
    def trained(self) -> Trained: ...
    @property
    def verdict(self) -> Verdict: ...


class Trainer(Protocol):
    """What trains and tries, as `faq.rasa_project.RasaProject` does."""

    def train_and_evaluate(
        self,
        *,
        content: Path,
        live: str | None,
        questions: Sequence[Path],
        settled: Sequence[tuple[str, str]] = (),
        tell: Progress,
    ) -> Trial: ...


@dataclass(frozen=True)
class Job:
    """A job as it stands. `lines` are its progress; `findings` what the check found; `version` the
    number under which its model went live."""

    id: int
    state: str
    by: str
    why: str
    publish: bool
    stop_asked: bool
    asked_at: float
    started_at: float | None
    ended_at: float | None
    lines: tuple[str, ...]
    error: str | None
    findings: tuple[Finding, ...]
    model: str | None
    verdict: Mapping[str, Any] | None = field(repr=False)
    version: int | None

    @property
    def is_over(self) -> bool:
        return self.state in (DONE, FAILED, CANCELLED)

    @property
    def refusals(self) -> Sequence[str]:
        return refusals_of(self.verdict)

    @property
    def seconds(self) -> float | None:
        """How long it took, once it has begun and ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at

    def as_json(self) -> dict[str, Any]:
        shown = asdict(self)
        shown["findings"] = [asdict(finding) for finding in self.findings]
        return shown


# --- asking for them, looking at them ---


def enqueue(engine: Engine, *, by: str, why: str = "", publish: bool = True) -> Job:
    """Ask for a training of the files as they will be when its turn comes.

    Who asks for the same again while it waits, by a second press of the button, gets that one.
    """
    why = " ".join(why.split())[:LONGEST_WHY]
    same = select(TeachingJob).filter_by(state=QUEUED, by=by, why=why, publish=publish)
    row = TeachingJob(
        state=QUEUED,
        by=by,
        why=why,
        publish=publish,
        stop_asked=False,
        asked_at=time.time(),
        lines="[]",
        findings="[]",
    )
    with writing(engine) as session:
        waiting = session.scalars(same).first()
        if waiting is not None:
            return _job(waiting)
        session.add(row)
        session.flush()
        return _job(row)


def job(engine: Engine, number: int) -> Job:
    """Raises `UnknownJob`."""
    with reading(engine) as session:
        return _job(_row(session, number))


def latest_jobs(engine: Engine, limit: int = 10) -> list[Job]:
    """The jobs asked for last, the newest first."""
    newest = select(TeachingJob).order_by(TeachingJob.id.desc()).limit(limit)
    with reading(engine) as session:
        return [_job(row) for row in session.scalars(newest)]


def jobs_before(engine: Engine, one: Job) -> int:
    """How many jobs are done before this one."""
    before = (
        select(func.count())
        .select_from(TeachingJob)
        .where(TeachingJob.state.in_((QUEUED, RUNNING)), TeachingJob.id < one.id)
    )
    with reading(engine) as session:
        return session.scalar(before) or 0


def cancel(engine: Engine, number: int) -> Job:
    """Take a job out of the queue, or have it stop; one that is over stays as it is.

    Raises `UnknownJob`.
    """
    with writing(engine) as session:
        row = _row(session, number)
        if row.state == QUEUED:
            row.state, row.ended_at = CANCELLED, time.time()
        elif row.state == RUNNING:
            row.stop_asked = True
        session.flush()
        return _job(row)


def stop_asked(engine: Engine) -> bool:
    """Whether somebody asked the running job to stop."""
    asked = select(TeachingJob.id).where(TeachingJob.state == RUNNING, TeachingJob.stop_asked)
    with reading(engine) as session:
        return session.scalars(asked.limit(1)).first() is not None


def note_version(engine: Engine, number: int, version: int) -> None:
    """Keep under which number a job's model went live."""
    with writing(engine) as session:
        _row(session, number).version = version


def under_way(engine: Engine) -> bool:
    """Whether a job waits, or is said to run."""
    wanted = TeachingJob.state.in_((QUEUED, RUNNING))
    with reading(engine) as session:
        return session.scalars(select(TeachingJob.id).where(wanted).limit(1)).first() is not None


def fail_orphans(engine: Engine, live: LiveModel) -> list[Job]:
    """End the jobs that nobody works on any more: to be called by the one process that may.

    One that was cut off after its trial is done, and was published when its model went live.
    """
    settle(engine, live)
    with writing(engine) as session:
        rows = session.scalars(select(TeachingJob).where(TeachingJob.state == RUNNING)).all()
        for row in rows:
            row.ended_at = time.time()
            if row.model is not None:
                row.state, row.version = DONE, _went_live_as(session, row)
            elif row.stop_asked:
                row.state = CANCELLED
            else:
                row.state, row.error = FAILED, STOPPED_SHORT
        session.flush()
        return [_job(row) for row in rows]


def _went_live_as(session: Session, row: TeachingJob) -> int | None:
    since = select(ModelVersion.number).where(
        ModelVersion.model == row.model, ModelVersion.published_at >= row.started_at
    )
    return session.scalars(since.where(ModelVersion.confirmed).limit(1)).first()


# --- doing them ---


@dataclass(frozen=True)
class Workshop:
    """What jobs are done with. `trainer` is made for a copy of clinic.yml; `folder` is where copies
    are kept meanwhile; `settled` are questions of which staff or visitors said which FAQ is meant;
    `published` is told of a job whose model went live."""

    engine: Engine
    content: Path
    clinic: Path
    folder: Path
    trainer: Callable[[Path], Trainer]
    live: LiveModel
    meanings: Meanings | None
    questions: Sequence[Path]
    settled: Callable[[], Sequence[tuple[str, str]]] = lambda: ()
    published: Callable[[Job], None] = lambda job: None


def run_next(shop: Workshop) -> Job | None:
    """Do the job that waits longest, to its end; None when none waits.

    What goes wrong is kept with the job. Raises `StaffDatabaseUnavailable`.
    """
    begun = _begin(shop.engine)
    if begun is None:
        return None
    try:
        _do(shop, begun.id)
    except Stopped:
        _end(shop.engine, begun.id, CANCELLED)
    except StaffDatabaseUnavailable:
        raise
    except (TrainingFailed, EvaluationFailed, RasaMissing, BrokenArticle, OSError) as error:
        _end(shop.engine, begun.id, FAILED, error=_in_words(error))
    except Exception:
        log.exception("job %s failed", begun.id)
        sentence = (
            "Something went wrong that should not have. Nothing was changed. Tell whoever looks "
            "after the server: the reason is in its log."
        )
        _end(shop.engine, begun.id, FAILED, error=sentence)
    return job(shop.engine, begun.id)


def _begin(engine: Engine) -> Job | None:
    with writing(engine) as session:
        oldest = select(TeachingJob).where(TeachingJob.state == QUEUED).order_by(TeachingJob.id)
        row = session.scalars(oldest.limit(1).with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        row.state, row.started_at = RUNNING, time.time()
        session.flush()
        return _job(row)


def _do(shop: Workshop, number: int) -> None:
    def tell(line: str) -> None:
        _add_line(shop.engine, number, line)

    from faq.check import has_errors

    with snapshot(shop.content, shop.clinic, shop.folder / f"job-{number}") as copied:
        tell("Checking the FAQs")
        findings = _check(shop, copied)
        _change(shop.engine, number, findings=_findings_json(findings[:MOST_FINDINGS]))
        if has_errors(findings):
            errors = sum(finding.severity == "error" for finding in findings)
            things = "1 thing is" if errors == 1 else f"{errors} things are"
            error = f"The check found what must be mended before training: {things} listed below."
            _end(shop.engine, number, FAILED, error=error)
            return
        tell("Training, then asking what was asked before")
        trial = shop.trainer(copied.clinic).train_and_evaluate(
            content=copied.content,
            live=_live_to_compare(shop.live),
            questions=shop.questions,
            settled=shop.settled(),
            tell=tell,
        )
        note_contents(shop.engine, trial.trained.model, copied)
    verdict = dict(trial.verdict.as_json())
    _change(shop.engine, number, model=trial.trained.model, verdict=json.dumps(verdict))
    _finish(shop, number)


def _finish(shop: Workshop, number: int) -> None:
    """Make the model live where that was wished and nothing speaks against it."""
    one = job(shop.engine, number)
    assert one.model is not None
    if one.stop_asked:
        raise Stopped
    if one.publish and not one.refusals:
        version = publish(
            *(shop.engine, shop.live, one.model), by=one.by, why=one.why, verdict=one.verdict
        )
        _end(shop.engine, number, DONE, version=version.number)
        shop.published(job(shop.engine, number))
    else:
        _end(shop.engine, number, DONE)


def _live_to_compare(live: LiveModel) -> str | None:
    name = live.name()
    return name if name is not None and live.has(name) else None


def _check(shop: Workshop, copied: Snapshot) -> list[Finding]:
    """What the check finds, with places as staff know them: no folder of a copy."""
    from faq.check import check_library

    where = f"{copied.content}/"
    findings = check_library(copied.content, shop.meanings)
    return [
        replace(
            finding,
            where=finding.where.replace(where, ""),
            what=finding.what.replace(where, ""),
            how=finding.how.replace(where, ""),
        )
        for finding in sorted(findings, key=lambda finding: finding.severity)
    ]


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            "The server’s disk is full. Nothing was changed. Ask whoever looks after the server to "
            "make room, then start it again."
        )
    if isinstance(error, OSError):
        told = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        return f"The files could not be read or written ({told}). Nothing was changed."
    if isinstance(error, TrainingFailed) and "No space left on device" in str(error):
        return _in_words(OSError(errno.ENOSPC, "No space left on device"))
    return f"{error}"


# --- rows ---


def _row(session: Session, number: int) -> TeachingJob:
    row = session.get(TeachingJob, number) if number <= LARGEST_NUMBER else None
    if row is None:
        raise UnknownJob(f"there is no job {number}")
    return row


def _job(row: TeachingJob) -> Job:
    return Job(
        id=row.id,
        state=row.state,
        by=row.by,
        why=row.why,
        publish=row.publish,
        stop_asked=row.stop_asked,
        asked_at=row.asked_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        lines=tuple(json.loads(row.lines)),
        error=row.error,
        findings=_findings(row.findings),
        model=row.model,
        verdict=json.loads(row.verdict) if row.verdict else None,
        version=row.version,
    )


def _change(engine: Engine, number: int, **values: Any) -> None:
    with writing(engine) as session:
        session.execute(update(TeachingJob).where(TeachingJob.id == number).values(**values))


def _end(engine: Engine, number: int, state: str, **values: Any) -> None:
    _change(engine, number, state=state, ended_at=time.time(), **values)


def _add_line(engine: Engine, number: int, line: str) -> None:
    """Raises `Stopped` when somebody asked for that."""
    with writing(engine) as session:
        row = _row(session, number)
        told = line.strip()
        if not _OF_A_COMPONENT.match(told):
            lines = [*json.loads(row.lines), told[:1].upper() + told[1:]]
            row.lines = json.dumps(lines[-MOST_LINES:])
        asked = row.stop_asked
    if asked:
        raise Stopped


def _findings(kept: str) -> tuple[Finding, ...]:
    if kept == "[]":
        return ()
    from faq.check import Finding

    return tuple(Finding(**one) for one in json.loads(kept))


def _findings_json(findings: Sequence[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in findings])


def contents_of_job(engine: Engine, one: Job) -> Contents | None:
    """What the job's model was trained from; None without a model."""
    return trained_from(engine, one.model) if one.model else None


def publish_job(
    engine: Engine, live: LiveModel, number: int, *, by: str, reason: str | None = None
) -> Job:
    """Make a finished job's model live. Raises `UnknownJob`, and as `faq.versions.publish`."""
    one = job(engine, number)
    if one.model is None or one.state != DONE:
        raise Refused(("There is no trained model to publish: start the training again.",))
    version = publish(
        *(engine, live, one.model),
        by=by,
        why=one.why,
        verdict=one.verdict,
        override_reason=reason,
    )
    note_version(engine, number, version.number)
    return job(engine, number)


@contextmanager
def only_one(folder: Path) -> Iterator[bool]:
    """Whether this process is the one that does jobs; the system tells when it has died."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".jobs.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
