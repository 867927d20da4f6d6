"""Training jobs in the worker: each is done by a process of its own.

So the worker stays small, a job can be stopped at any moment, and a worker that is killed takes the
job with it: the process ends when its standard input does.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from threading import Event

from sqlalchemy import Engine

from faq import jobs
from faq.database import StaffDatabaseUnavailable
from needlepoint.models import live_of
from needlepoint.settings import PROJECT_ROOT, Settings

SECONDS_BETWEEN_LOOKS = 0.2
# A job that is to stop cleans up for so long; the worker itself is given three seconds.
SECONDS_TO_STOP = 2.0

log = logging.getLogger("needlepoint.worker")


def teach_when_asked(settings: Settings, engine: Engine, stop: Event) -> None:
    """Do the jobs that wait, and end those whose process is gone. Another worker's are its own.

    Raises `StaffDatabaseUnavailable`.
    """
    if not jobs.under_way(engine):
        return
    with jobs.only_one(settings.make_state_dir()) as alone:
        if not alone:
            return
        _end_orphans(settings, engine)
        if jobs.under_way(engine):
            _do_in_a_process(engine, stop)
            _end_orphans(settings, engine)


def _end_orphans(settings: Settings, engine: Engine) -> None:
    for job in jobs.fail_orphans(engine, live_of(settings)):
        log.warning("job %s was cut off, and is %s", job.id, job.state)


def _do_in_a_process(engine: Engine, stop: Event) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "needlepoint.teaching_process"],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            while process.poll() is None and not stop.is_set() and not _stop_asked(engine):
                stop.wait(SECONDS_BETWEEN_LOOKS)
        finally:
            _stop(process)
        if process.returncode not in (0, -signal.SIGTERM, 128 + signal.SIGTERM):
            log.error("the process of a job ended with code %s", process.returncode)


def _stop_asked(engine: Engine) -> bool:
    try:
        return jobs.stop_asked(engine)
    except StaffDatabaseUnavailable:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
