"""The `worker` process: hands off what the outbox holds, reads the connected calendar's busy times,
has models trained that staff ask for, and deletes what is older than the clinic keeps it.

Each way out has a thread of its own, so that a mail server that hangs holds up no calendar. What
was under way when the process was killed is done again by the next one: whatever is to be handed
off stays in the database until the other side has it.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Thread

from pydantic import SecretStr
from sqlalchemy import Engine

from booking.busy import forget_busy, refresh_busy
from booking.clinic import Clinic, read_clinic
from booking.database import open_database
from booking.delivering import RETRY_AFTER, deliver_due
from booking.errors import BookingUnavailable
from booking.hand_off.caldav import CalDav
from booking.hand_off.notice import Adapter, Channel, Undelivered
from booking.hand_off.wiring import adapters
from booking.links import ManageLinks
from faq.database import StaffDatabaseUnavailable
from needlepoint.databases import migrate
from needlepoint.logs import configure_logging
from needlepoint.purging import purge
from needlepoint.settings import Settings
from needlepoint.teaching import teach_when_asked

SECONDS_BETWEEN_POLLS = 1.0
SECONDS_BETWEEN_PURGES = 3600.0
# After a failure, where that is less than a job otherwise waits.
SECONDS_BETWEEN_TRIES = 30.0
# What is under way is given so long to end, once the worker was told to stop.
STOP_SECONDS = 3.0

log = logging.getLogger("needlepoint.worker")


@dataclass(frozen=True)
class Job:
    """What is done again and again, with `seconds` between; `name` is for the log."""

    name: str
    seconds: float
    work: Callable[[], object]


def run_worker(settings: Settings) -> None:
    """Work until told to stop. Raises what a wrong clinic.yml or a missing setting raises."""
    configure_logging()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clinic = read_clinic(settings.clinic)
    ways_out = adapters(
        clinic,
        smtp_url=_revealed(settings.smtp_url),
        webhook_secret=_revealed(settings.webhook_secret),
        caldav_password=_revealed(settings.caldav_password),
    )
    engine = open_database(settings.booking_database_url)
    links = ManageLinks(settings.signing_secret, settings.public_base_url)
    staff = open_database(settings.staff_database_url)
    kept = timedelta(days=clinic.privacy.retention_days)
    jobs = [
        *deliveries(engine, links, ways_out, stop),
        *_busy_times(engine, clinic, ways_out, settings.clock(clinic.zone)),
        Job("teaching", SECONDS_BETWEEN_POLLS, lambda: teach_when_asked(settings, staff, stop)),
        Job("old data", SECONDS_BETWEEN_PURGES, lambda: purge(settings, _real_now() - kept)),
    ]
    if not work(stop, jobs, prepare=lambda: migrate(settings)):
        # Its lease ends soon, and it is then delivered under the same key.
        log.info("stopped in the middle of something, which is done again after the next start")
        logging.shutdown()
        os._exit(0)


def deliveries(
    engine: Engine,
    links: ManageLinks,
    ways_out: Mapping[Channel, Adapter],
    stop: Event,
    *,
    seconds: float = SECONDS_BETWEEN_POLLS,
    retry_after: Sequence[float] = RETRY_AFTER,
) -> list[Job]:
    """A job for each channel; each time it delivers all that is due there."""
    deliver = partial(
        deliver_due,
        engine,
        links,
        clock=_real_now,
        retry_after=retry_after,
        stopping=stop.is_set,
    )
    return [
        Job(f"hand-off to {channel}", seconds, partial(deliver, channel, adapter))
        for channel, adapter in ways_out.items()
    ]


def _busy_times(
    engine: Engine,
    clinic: Clinic,
    ways_out: Mapping[Channel, Adapter],
    now: Callable[[], datetime],
) -> list[Job]:
    calendar = ways_out.get(Channel.CALENDAR)
    if clinic.hand_off.caldav is None or not isinstance(calendar, CalDav):
        # Nothing keeps a time busy that no calendar can free again.
        return [Job("busy times", SECONDS_BETWEEN_PURGES, lambda: forget_busy(engine))]
    return [
        Job(
            "busy times",
            clinic.hand_off.caldav.busy_every_minutes * 60.0,
            lambda: refresh_busy(engine, clinic, calendar.busy, now()),
        )
    ]


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _real_now() -> datetime:
    return datetime.now(UTC)


# --- running ---


def work(stop: Event, jobs: Sequence[Job], *, prepare: Callable[[], object]) -> bool:
    """Prepare, however often that fails, then do the jobs side by side until told to stop.

    The main thread only waits: a signal would not get through to one that a database keeps.
    Returns whether all that was under way has ended.
    """
    preparing = _started(_once, stop, Job("the databases", SECONDS_BETWEEN_POLLS, prepare))
    while preparing.is_alive() and not stop.is_set():
        preparing.join(0.1)
    threads = [preparing]
    if not stop.is_set():
        threads += [_started(repeat, stop, job) for job in jobs]
    stop.wait()
    until = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def repeat(stop: Event, job: Job) -> None:
    """Do a job again and again until told to stop."""
    while not stop.is_set():
        _once(stop, job)
        stop.wait(job.seconds)


def _once(stop: Event, job: Job) -> None:
    """Do a job until it succeeds; its failure is told once, and that it works again."""
    failing = False
    while not stop.is_set():
        try:
            job.work()
        except (BookingUnavailable, StaffDatabaseUnavailable, Undelivered) as error:
            if not failing:
                log.error("%s: %s", job.name, error)
        except Exception:
            if not failing:
                log.exception("%s failed", job.name)
        else:
            if failing:
                log.info("%s: works again", job.name)
            return
        failing = True
        stop.wait(min(job.seconds, SECONDS_BETWEEN_TRIES))


def _started(run: Callable[[Event, Job], None], stop: Event, job: Job) -> Thread:
    thread = Thread(target=run, args=(stop, job), name=job.name, daemon=True)
    thread.start()
    return thread
