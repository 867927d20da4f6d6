"""The process that does training jobs: `python -m needlepoint.teaching_process`.

The worker starts it with a pipe as standard input. When that ends, the worker is gone, and so is
this process with all that it has started.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from threading import Thread

from sqlalchemy import Engine

from booking.database import open_database
from faq import jobs, versions
from faq.database import StaffDatabaseUnavailable
from needlepoint.logs import configure_logging
from needlepoint.models import live_of, project_of
from needlepoint.settings import PROJECT_ROOT, Settings, read_settings
from web.staff import log as staff_log

log = logging.getLogger("needlepoint.worker")


def main() -> None:
    """Do the jobs that wait, one after another."""
    configure_logging()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    Thread(target=_end_with_the_worker, daemon=True).start()
    settings = read_settings()
    engine = open_database(settings.staff_database_url)
    shop = workshop(settings, engine)
    # What killed processes left; only one process does jobs.
    shutil.rmtree(shop.folder, ignore_errors=True)
    while jobs.run_next(shop) is not None:
        clean_models(settings, engine)


def _end_with_the_worker() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.killpg(0, signal.SIGTERM)


def workshop(settings: Settings, engine: Engine) -> jobs.Workshop:
    """What jobs are done with."""
    from faq.inbox import settled_questions
    from faq.meaning import Meanings

    project, state = project_of(settings), settings.make_state_dir()

    def published(job: jobs.Job) -> None:
        try:
            staff_log.record(engine, job.by, "published", f"version {job.version}", job.why)
        except StaffDatabaseUnavailable:
            log.error("not in staff's log: %s published version %s", job.by, job.version)

    return jobs.Workshop(
        engine=engine,
        content=settings.content,
        clinic=settings.clinic,
        folder=state / "snapshots",
        trainer=lambda clinic: replace(project, clinic=clinic),
        live=live_of(settings),
        meanings=Meanings(PROJECT_ROOT / "models" / "encoder", state / "meanings.npz"),
        questions=[PROJECT_ROOT / "tests" / "questions"],
        settled=lambda: settled_questions(engine),
        published=published,
    )


def clean_models(settings: Settings, engine: Engine) -> list[str]:
    """Remove the models that nobody needs any more; returns their names."""
    project = project_of(settings)
    trained_at = {model.name: model.trained_at.timestamp() for model in project.list_models()}
    gone = versions.models_to_remove(engine, live_of(settings), trained_at, time.time())
    for name in gone:
        project.remove(name)
    if gone:
        log.info("removed %s models that nobody needs any more", len(gone))
    return gone


if __name__ == "__main__":
    main()
