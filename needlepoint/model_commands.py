"""Commands for the models trained from the clinic's answers: taught, tested, live, rolled back."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import Engine

from booking.errors import BookingUnavailable
from faq.database import StaffDatabaseUnavailable
from faq.rasa_project import Model, RasaProject, TrainedModel
from needlepoint.models import live_of, project_of
from needlepoint.printing import AsJson, show, table
from needlepoint.settings import PROJECT_ROOT, Settings, read_settings
from web.live_model import UnknownModel, live_model_name, set_live_model

if TYPE_CHECKING:
    from faq.jobs import Job
    from faq.versions import Version

models_app = typer.Typer(help="Trained models.", no_args_is_help=True)
versions_app = typer.Typer(help="What went live, and when.", no_args_is_help=True)


class NoModel(LookupError):
    """Nothing was trained yet."""


By = Annotated[str, typer.Option(help="Who does it, for the history.")]
Why = Annotated[str, typer.Option(help="Why, for the history.")]
COMMAND_LINE = "command line"
SECONDS_BETWEEN_LOOKS = 0.3
# What a trial tells of questions whose answers changed.
CHANGES = ("newly_right", "newly_wrong", "moved")


def train_model(
    publish: Annotated[bool, typer.Option(help="Make the model live.")] = False,
    force: Annotated[bool, typer.Option(help="Train even when nothing changed.")] = False,
    by: By = COMMAND_LINE,
    why: Why = "",
    json_: AsJson = False,
) -> None:
    """Train a model from the files as they are; the first one goes live at once."""
    settings = read_settings()
    trained = _train(settings, force=force)
    if publish or live_model_name(settings.live_model_pointer) is None:
        _publish(settings, trained.model, by=by, why=why)
    live = live_model_name(settings.live_model_pointer)

    def told(_: object) -> str:
        how = "is up to date" if trained.skipped else f"trained in {trained.seconds} s"
        return f"{trained.model} {how}{', live' if trained.model == live else f'; live: {live}'}"

    show({**asdict(trained), "live": trained.model == live}, json_, told)


def train_what_changed(settings: Settings) -> None:
    """Train the files as they are; a new model goes live, otherwise what staff made live stays.

    Unless another release trained that: it can't be loaded any more, and the new one replaces it.
    """
    trained = _train(settings)
    live = live_model_name(settings.live_model_pointer)
    there = live is not None and (settings.models_dir / live).is_file()
    outdated = there and live != trained.model and not _project(settings).is_loadable(live or "")
    if outdated:
        _tell(
            f"The live model {live} was trained by another release of Needlepoint or its "
            f"libraries: {trained.model} takes its place."
        )
    if trained.skipped and there and not outdated:
        return
    # Whatever a trial of it said: there is no other to answer with.
    reason = "" if there and not outdated else "There was no other model that can be loaded."
    try:
        _publish(settings, trained.model, by=COMMAND_LINE, why="make run", reason=reason)
    except (StaffDatabaseUnavailable, BookingUnavailable) as error:
        _tell(f"  not in the history of versions yet: {error}")
        set_live_model(settings.live_model_pointer, settings.models_dir, trained.model)


def _train(settings: Settings, *, force: bool = False) -> TrainedModel:
    """Train, and keep what from: with it, the console tells how files differ from the model."""
    from faq.contents import Snapshot, contents_of
    from faq.versions import note_contents

    before = _or_none(lambda: contents_of(settings.content, settings.clinic))
    trained = _project(settings).train(force=force, tell=_tell)
    if before is None or before != contents_of(settings.content, settings.clinic):
        return trained
    try:
        with _staff_database(settings) as engine:
            copied = Snapshot(settings.content, settings.clinic, before)
            note_contents(engine, trained.model, copied)
    except (StaffDatabaseUnavailable, BookingUnavailable) as error:
        _tell(f"  what it was trained from is not noted: {error}")
    return trained


def _or_none[T](read: Callable[[], T]) -> T | None:
    """For what the training itself tells better."""
    try:
        return read()
    except OSError:
        return None


def _publish(settings: Settings, model: str, *, by: str, why: str, reason: str = "") -> Version:
    from faq.versions import publish

    with _staff_database(settings) as engine:
        version = publish(
            *(engine, live_of(settings), model), by=by, why=why, override_reason=reason
        )
        against = " against its trial" if version.override_reason else ""
        _log(engine, by, f"published{against}", f"version {version.number}", reason or why)
    return version


def _log(engine: Engine, by: str, what: str, about: str, detail: str) -> None:
    from web.staff.log import record

    try:
        record(engine, by, what, about, detail)
    except StaffDatabaseUnavailable:
        _tell(f"  not in staff's log: {what} {about}")


@contextmanager
def _staff_database(settings: Settings) -> Iterator[Engine]:
    """The staff database with its tables. Raises as `run_migrations`."""
    from booking.database import open_database, run_migrations
    from faq.models import StaffBase

    settings.make_state_dir()
    run_migrations(settings.staff_database_url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(settings.staff_database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def evaluate_model(
    model: Annotated[str | None, typer.Argument(help="The newest when left out.")] = None,
    questions: Annotated[
        list[Path] | None, typer.Option(help="Folder of question sets.", exists=True)
    ] = None,
    bench: Annotated[
        bool | None,
        typer.Option(
            "--bench/--no-bench",
            help="Run the public benchmarks anew, or not at all. Left out: where their data is, "
            "once for each pipeline.",
        ),
    ] = None,
    show_held_out: Annotated[
        bool, typer.Option("--show-held-out", help="Show the messages of held-out sets, too.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Test how well a model understands questions that it was not trained on."""
    settings = read_settings()
    project = _project(settings)
    folders = [path.resolve() for path in questions or [PROJECT_ROOT / "tests" / "questions"]]
    report, table = project.evaluate(
        model or _newest(project).name,
        folders,
        reports=settings.make_state_dir() / "reports",
        bench=bench,
        show_held_out=show_held_out,
        tell=_tell,
    )
    show(report, json_, lambda _: table)


def publish_model(
    model: Annotated[str | None, typer.Argument(help="The newest when left out.")] = None,
    by: By = COMMAND_LINE,
    why: Why = "",
    reason: Annotated[
        str, typer.Option(help="Why to publish although its trial says no; it is kept.")
    ] = "",
    json_: AsJson = False,
) -> None:
    """Make a trained model the one that visitors talk to."""
    settings = read_settings()
    name = model or _newest(_project(settings)).name
    before = live_model_name(settings.live_model_pointer)
    if not live_of(settings).has(name):
        raise UnknownModel(name)
    _publish(settings, name, by=by, why=why, reason=reason)
    show({"live": name, "before": before}, json_, lambda _: f"{name} is live (before: {before})")


def teach(
    publish: Annotated[
        bool, typer.Option("--publish/--no-publish", help="Make it live unless it got worse.")
    ] = True,
    by: By = COMMAND_LINE,
    why: Why = "",
    json_: AsJson = False,
) -> None:
    """Check the FAQs, train, try the model beside the live one, and publish it: all in one.

    As the console does it: what is refused is told, and makes the command exit with 1.
    """
    from faq import jobs

    settings = read_settings()
    with _staff_database(settings) as engine:
        asked = jobs.enqueue(engine, by=by, why=why, publish=publish)
        stop = Event()
        doing = Thread(target=_see_to_jobs, args=(settings, engine, stop), daemon=True)
        doing.start()
        try:
            job = _follow(engine, asked.id)
        except BaseException:
            jobs.cancel(engine, asked.id)
            raise
        finally:
            stop.set()
            doing.join()
    show(job.as_json(), json_, lambda _: _report(job))
    if job.error or (publish and job.version is None):
        raise typer.Exit(1)


def _see_to_jobs(settings: Settings, engine: Engine, stop: Event) -> None:
    """Do what the worker does, in case none runs; while one does, it is left to that."""
    from needlepoint.teaching import teach_when_asked

    while not stop.is_set():
        teach_when_asked(settings, engine, stop)
        stop.wait(SECONDS_BETWEEN_LOOKS)


def _follow(engine: Engine, number: int) -> Job:
    """Tell a job's progress until it is over."""
    from faq import jobs

    told = 0
    while True:
        job = jobs.job(engine, number)
        for line in job.lines[told:]:
            _tell(f"  {line}")
        told = len(job.lines)
        if job.is_over:
            return job
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _report(job: Job) -> str:
    """What became of it, in a few lines."""
    if job.error or job.verdict is None:
        findings = [str(finding) for finding in job.findings]
        return "\n".join([*findings, job.error or f"The training was {job.state}."])
    counts = [f"{len(job.verdict[kind])} {kind.replace('_', ' ')}" for kind in CHANGES]
    lines = [f"{job.model}: {', '.join(counts)}", *job.verdict["warnings"], *job.refusals]
    if job.version is not None:
        lines.append(f"It is live, as version {job.version}.")
    elif job.refusals:
        lines.append(
            f"It is not live. Mend the above; or 'needlepoint publish {job.model} --reason ...'."
        )
    return "\n".join(lines)


def roll_back(
    to: Annotated[
        int | None, typer.Option(help="Number of the version; the one before when left out.")
    ] = None,
    by: By = COMMAND_LINE,
    why: Why = "",
    json_: AsJson = False,
) -> None:
    """Go back to an earlier version of the assistant; the FAQs' files stay as they are."""
    from faq.versions import rollback

    settings = read_settings()
    project = _project(settings)
    with _staff_database(settings) as engine:
        version = rollback(
            *(engine, live_of(settings)), by=by, why=why, to=to, loadable=project.is_loadable
        )
        _log(engine, by, "rolled back", f"to version {version.rolled_back_to}", why)

    def told(_: object) -> str:
        back = f"version {version.rolled_back_to} is live again, as version {version.number}"
        return f"{back}: {version.model}"

    show(version.as_json(), json_, told)


@versions_app.command("list")
def list_versions(
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50, json_: AsJson = False
) -> None:
    """List what went live, the newest first."""
    from faq.versions import versions

    settings = read_settings()
    live = live_of(settings)
    with _staff_database(settings) as engine:
        found = versions(engine, live, limit=limit)
    newest = found[0].number if found and found[0].model == live.name() else None
    rows = [
        {
            **version.as_json(),
            "live": version.number == newest,
            "published_at": _moment(version.published_at),
            "summary": _summary(version),
        }
        for version in found
    ]
    columns = ["number", "live", "published_at", "by", "why", "summary", "model"]
    show(rows, json_, lambda rows: table(rows, columns))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _summary(version: Version) -> str:
    if version.rolled_back_to is not None:
        return f"back to {version.rolled_back_to}"
    return version.changes.in_words()


@models_app.command("list")
def list_models(json_: AsJson = False) -> None:
    """List the trained models, the newest first."""
    settings = read_settings()
    live = live_model_name(settings.live_model_pointer)
    numbers = _version_numbers(settings)
    rows = [
        {
            "model": model.name,
            "live": model.name == live,
            "version": numbers.get(model.name),
            "trained_at": model.trained_at.isoformat(timespec="seconds"),
            "megabytes": round(model.size / 1e6, 1),
        }
        for model in _project(settings).list_models()
    ]
    columns = ["model", "live", "version", "trained_at", "megabytes"]
    show(rows, json_, lambda rows: table(rows, columns))


def _version_numbers(settings: Settings) -> Mapping[str, int]:
    """The newest version of each model; none when the staff database does not answer."""
    from faq.versions import versions

    try:
        with _staff_database(settings) as engine:
            return {one.model: one.number for one in reversed(versions(engine, live_of(settings)))}
    except (StaffDatabaseUnavailable, BookingUnavailable):
        return {}


def _project(settings: Settings) -> RasaProject:
    return project_of(settings)


def _newest(project: RasaProject) -> Model:
    found = project.list_models()
    if not found:
        raise NoModel(f"there is no model in {project.models} yet: run 'needlepoint train'")
    return found[0]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
