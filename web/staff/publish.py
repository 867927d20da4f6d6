"""What waits to go live, the trainings, their reports, and the versions one can go back to.

Addresses: `/staff/publish`, `/staff/publish/jobs/<number>`, `/staff/publish/versions`,
`/staff/publish/versions/<number>` (takes `beside`: another number, or `files`), and
`/staff/publish/live`, which says in JSON which model visitors are answered by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anyio.from_thread import run as on_the_loop
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from faq import jobs, versions
from faq.articles import BrokenArticle, read_articles
from faq.changes import Changes, Difference
from faq.gate import KINDS, Verdict
from faq.jobs import Job, UnknownJob
from faq.rasa_project import RasaMissing
from faq.trying import Answer, NotTried
from faq.versions import NoWayBack, Refused, UnknownVersion, Version
from web.live_model import UnknownModel
from web.parts import parts_of
from web.rasa_client import RasaUnavailable
from web.staff.auth import Sent, Signed, SignedIn, audit, go_to, render
from web.staff.console import Console

PUBLISH = "/staff/publish"
VERSIONS_PAGE = 25
SHORTEST_REASON = 10
FILES = "files"
# What became of a question that is tried, as staff call it.
OUTCOMES = {
    "answered": "answered",
    "clarified": "asks back",
    "declined": "not answered",
    "professional": "sent to a professional",
    "urgent": "emergency",
    "handed_over": "handed to the clinic",
    "other": "talk, or a request",
}

router = APIRouter(prefix=PUBLISH, include_in_schema=False)


# --- what waits ---


@router.get("")
def show_what_waits(request: Request, signed: Signed) -> Response:
    console = signed.console
    engine, live = console.staff_engine, console.live
    version = versions.live_version(engine, live)
    latest = jobs.latest_jobs(engine, 6)
    facts: dict[str, Any] = {
        "version": version,
        "live_model": live.name(),
        "loaded": loaded_model(request),
        "waiting": waiting_changes(console, version),
        "jobs": latest,
        "open_jobs": [job for job in reversed(latest) if not job.is_over],
        "can_roll_back": bool(versions.versions(engine, live, limit=1, skip=1)),
    }
    return render(request, "staff/publish.html", signed, **facts)


@router.post("")
def start(request: Request, signed: Signed, form: Sent) -> Response:
    """Queue a training of the files as they are when its turn comes."""
    why, at_once = str(form.get("why", "")), bool(form.get("at_once"))
    job = jobs.enqueue(signed.console.staff_engine, by=signed.name, why=why, publish=at_once)
    audit(signed, "asked to train", f"training {job.id}", job.why)
    return go_to(request, f"{PUBLISH}/jobs/{job.id}")


def waiting_changes(console: Console, version: Version | None) -> Changes | None:
    """How the files differ from the live model; None when nobody knows."""
    if version is None or version.contents is None:
        return None
    try:
        return versions.differing(
            console.staff_engine, console.content, console.settings.clinic, version.contents
        )
    except OSError:
        return None


def loaded_model(request: Request) -> str | None:
    """The model that Rasa has; None while it has none, or does not answer."""
    try:
        return on_the_loop(parts_of(request).rasa.model)
    except RasaUnavailable:
        return None


@router.get("/live")
def show_live(request: Request, signed: Signed) -> JSONResponse:
    """Which model is live, and whether visitors are answered by it already."""
    live, loaded = signed.console.live.name(), loaded_model(request)
    found = {"live": live, "loaded": loaded, "taken_up": live is not None and live == loaded}
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


# --- a training ---


@dataclass(frozen=True)
class Tried:
    """A question that somebody tried, with what the draft and the live model would answer."""

    question: str
    draft: Answer | None = None
    live: Answer | None = None
    problem: str | None = None


@router.get("/jobs/{number}")
def show_job(request: Request, signed: Signed, number: int) -> Response:
    return _job_page(request, signed, _job(signed, number))


@router.get("/jobs/{number}/progress")
def show_progress(request: Request, signed: Signed, number: int) -> Response:
    """How far a training is: a piece of its page."""
    job = _job(signed, number)
    before = jobs.jobs_before(signed.console.staff_engine, job)
    return render(request, "staff/publish_progress.html", signed, job=job, before=before)


@router.post("/jobs/{number}/cancel")
def cancel(request: Request, signed: Signed, number: int) -> Response:
    job = jobs.cancel(signed.console.staff_engine, _job(signed, number).id)
    audit(signed, "stopped", f"training {number}")
    said = "It is taken out of the queue." if job.is_over else "It stops within seconds."
    return go_to(request, f"{PUBLISH}/jobs/{number}", said)


@router.post("/jobs/{number}/publish")
def publish(request: Request, signed: Signed, number: int, form: Sent) -> Response:
    """Make the trained model live; against its trial only for an admin, with a reason."""
    console, job = signed.console, _job(signed, number)
    reason = " ".join(str(form.get("reason", "")).split())
    if job.refusals:
        if not signed.is_admin:
            problem = "Nothing was published: only an admin may publish against the trial."
            return _job_page(request, signed, job, problem=problem, status=403)
        if len(reason) < SHORTEST_REASON:
            problem = "Nothing was published yet: write why it is to go live all the same."
            return _job_page(request, signed, job, problem=problem, reason=reason, status=422)
    try:
        job = jobs.publish_job(
            console.staff_engine, console.live, number, by=signed.name, reason=reason or None
        )
    except Refused as refused:
        return _job_page(request, signed, job, problem=str(refused), status=409)
    except UnknownModel:
        problem = "This model is no longer kept. Start the training again."
        return _job_page(request, signed, job, problem=problem, status=409)
    what = "published against the trial" if job.refusals else "published"
    audit(signed, what, f"version {job.version}", reason or job.why)
    return go_to(request, f"{PUBLISH}/jobs/{number}", f"Version {job.version} is published.")


@router.post("/jobs/{number}/try")
def try_question(request: Request, signed: Signed, number: int, form: Sent) -> Response:
    """What the trained model and the live one would answer; nothing is stored or booked."""
    job, question = _job(signed, number), " ".join(str(form.get("question", "")).split())
    if not question or job.model is None:
        return go_to(request, f"{PUBLISH}/jobs/{number}#try")
    return _job_page(request, signed, job, tried=_tried(signed.console, job.model, question))


def _tried(console: Console, model: str, question: str) -> Tried:
    live = console.live.name()
    names = [model, *([live] if live and live != model and console.live.has(live) else [])]
    if not console.live.has(model):
        return Tried(question, problem="This model is no longer kept. Start the training again.")
    try:
        answers = console.trial.ask(
            [console.settings.models_dir / name for name in names], question
        )
    except (NotTried, RasaMissing) as problem:
        return Tried(question, problem=str(problem))
    return Tried(question, answers[0], answers[1] if len(answers) > 1 else None)


def _job(signed: SignedIn, number: int) -> Job:
    try:
        return jobs.job(signed.console.staff_engine, number)
    except UnknownJob:
        raise HTTPException(404) from None


def _job_page(
    request: Request,
    signed: SignedIn,
    job: Job,
    *,
    problem: str | None = None,
    reason: str = "",
    tried: Tried | None = None,
    status: int = 200,
) -> Response:
    console = signed.console
    live = console.live.name()
    facts: dict[str, Any] = {
        "job": job,
        "before": jobs.jobs_before(console.staff_engine, job),
        "verdict": Verdict.from_json(job.verdict) if job.verdict else None,
        "kinds": KINDS,
        "live_model": live,
        "loaded": loaded_model(request),
        "is_live": job.model is not None and job.model == live,
        "kept": job.model is not None and console.live.has(job.model),
        "newer": _newer(console, job),
        "problem": problem,
        "reason": reason,
        "tried": tried,
        "outcomes": OUTCOMES,
        "sources": _sources(console, tried) if tried else {},
    }
    return render(request, "staff/publish_job.html", signed, status=status, **facts)


def _sources(console: Console, tried: Tried) -> dict[str, str]:
    """What the sources of the answers are called."""
    parts = [part for answer in (tried.draft, tried.live) if answer for part in answer.parts]
    try:
        articles = read_articles(console.content / "articles")
    except (OSError, BrokenArticle):
        return {}
    known = {part.source: articles.source(part.source) for part in parts if part.source}
    return {name: source.title for name, source in known.items() if source is not None}


def _newer(console: Console, job: Job) -> Changes:
    """What was edited after this training had begun."""
    contents = jobs.contents_of_job(console.staff_engine, job)
    if contents is None:
        return Changes()
    try:
        return versions.differing(
            console.staff_engine, console.content, console.settings.clinic, contents
        )
    except OSError:
        return Changes()


# --- versions ---


@router.get("/versions")
def show_versions(request: Request, signed: Signed, page: int = 1) -> Response:
    console = signed.console
    shown = max(1, page)
    found = versions.versions(
        console.staff_engine,
        console.live,
        limit=VERSIONS_PAGE + 1,
        skip=(shown - 1) * VERSIONS_PAGE,
    )
    facts: dict[str, Any] = {
        "versions": found[:VERSIONS_PAGE],
        "live": versions.live_version(console.staff_engine, console.live),
        # Whether it can be loaded is found out on the next page: it takes a second.
        "kept": {one.model for one in found if console.live.has(one.model)},
        "page": shown,
        "more": len(found) > VERSIONS_PAGE,
    }
    return render(request, "staff/publish_versions.html", signed, **facts)


@router.get("/versions/{number}")
def show_version(request: Request, signed: Signed, number: int, beside: str = "") -> Response:
    console, version = signed.console, _version(signed, number)
    every = versions.versions(console.staff_engine, console.live)
    others = [one for one in every if one.number != number and one.contents is not None]
    before = next((one for one in others if one.number < number), None)
    beside = beside or (str(before.number) if before else FILES)
    facts: dict[str, Any] = {
        "version": version,
        "live": versions.live_version(console.staff_engine, console.live),
        "loaded": loaded_model(request),
        "others": others,
        "beside": beside,
        "differences": _differences(console, version, beside),
        "hindrance": _hindrance(console, version),
    }
    return render(request, "staff/publish_version.html", signed, **facts)


def _differences(console: Console, version: Version, beside: str) -> list[Difference] | None:
    """How the version differs from an older one, a newer one or the files from it; None when that
    is not known."""
    engine = console.staff_engine
    if version.contents is None:
        return None
    if beside == FILES:
        try:
            return versions.differences_of_files(
                engine, console.content, console.settings.clinic, version.contents
            )
        except OSError:
            return None
    try:
        other = versions.version(engine, int(beside))
    except (ValueError, UnknownVersion):
        raise HTTPException(404) from None
    if other.contents is None:
        return None
    older, newer = sorted((other, version), key=lambda one: one.number)
    assert older.contents is not None
    assert newer.contents is not None
    return versions.differences_between(engine, older.contents, newer.contents)


@router.get("/versions/{number}/roll-back")
def ask_roll_back(request: Request, signed: Signed, number: int) -> Response:
    return _ask_roll_back(request, signed, _version(signed, number))


@router.post("/versions/{number}/roll-back")
def roll_back(request: Request, signed: Signed, number: int, form: Sent) -> Response:
    console, target = signed.console, _version(signed, number)
    try:
        version = versions.rollback(
            *(console.staff_engine, console.live),
            by=signed.name,
            why=str(form.get("why", ""))[: jobs.LONGEST_WHY],
            to=target.number,
            loadable=console.is_loadable,
        )
    except NoWayBack as hindrance:
        return _ask_roll_back(request, signed, target, problem=str(hindrance), status=409)
    audit(signed, "rolled back", f"to version {target.number}", version.why)
    said = f"Version {target.number} is live again. It stands in the history as version "
    return go_to(request, f"{PUBLISH}/versions/{version.number}", f"{said}{version.number}.")


def _ask_roll_back(
    request: Request,
    signed: SignedIn,
    target: Version,
    *,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    console = signed.console
    live = versions.live_version(console.staff_engine, console.live)
    known = live is not None and live.contents is not None and target.contents is not None
    differences: list[Difference] = []
    if known and live is not None and live.contents is not None and target.contents is not None:
        differences = versions.differences_between(
            console.staff_engine, live.contents, target.contents
        )
    facts: dict[str, Any] = {
        "target": target,
        "live": live,
        "known": known,
        "differences": differences,
        "hindrance": problem or _hindrance(console, target),
    }
    return render(request, "staff/publish_roll_back.html", signed, status=status, **facts)


def _hindrance(console: Console, target: Version) -> str | None:
    return versions.what_hinders(target, console.live, console.is_loadable)


def _version(signed: SignedIn, number: int) -> Version:
    console = signed.console
    versions.settle(console.staff_engine, console.live)
    try:
        return versions.version(console.staff_engine, number)
    except UnknownVersion:
        raise HTTPException(404) from None
