"""What has to hold of a clinic's requests after whatever happened, read past the processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import Engine, select

from booking.clinic import Clinic, read_clinic
from booking.database import open_database, reading
from booking.hand_off.notice import Channel, Event
from booking.models import BusyTime, ConsultationRequest, Delivery, Hold, OccupiedStep, OutboxEntry
from booking.requests import FREES_THE_TIME, list_requests
from booking.schedule import occupied_until, steps
from tests.e2e.receivers import DESK, Receivers
from tests.e2e.stack import Stack

# A delivery that died with its worker is free again after 45 seconds, and then tried once more.
DELIVERED_SECONDS = 90


@contextmanager
def looking_into(stack: Stack) -> Iterator[tuple[Engine, Clinic]]:
    engine = open_database(stack.settings.booking_database_url)
    try:
        yield engine, read_clinic(stack.settings.clinic)
    finally:
        engine.dispose()


def assert_each_request_is_there_once(stack: Stack, told: Mapping[str, str]) -> None:
    """Every reference told to somebody (by e-mail address) is their only request."""
    with looking_into(stack) as (engine, _):
        stored = [(one.email, one.reference) for one in list_requests(engine) if one.email in told]
    assert sorted(stored, key=str) == sorted(told.items())


def assert_nothing_overlaps(stack: Stack) -> None:
    """Nobody has two consultations at once, buffers included, and exactly those take up time."""
    with looking_into(stack) as (engine, clinic):
        requests = [one for one in list_requests(engine) if one.status not in FREES_THE_TIME]
        for practitioner in clinic.practitioners:
            assert_one_after_the_other(requests, clinic, practitioner.id)
        with reading(engine) as session:
            taken = session.execute(select(OccupiedStep.practitioner, OccupiedStep.step)).all()
            held = session.scalars(select(Hold)).all()
        wanted = [
            (one.practitioner, step)
            for one in requests
            for step in steps(one.starts_at, occupied_until(clinic, one.starts_at))
        ]
    assert sorted(map(tuple, taken)) == sorted(wanted)
    assert not held


def assert_one_after_the_other(
    requests: list[ConsultationRequest], clinic: Clinic, practitioner: str
) -> None:
    buffer = timedelta(minutes=clinic.booking.buffer_minutes)
    day = sorted(
        (one for one in requests if one.practitioner == practitioner),
        key=lambda one: one.starts_at,
    )
    for earlier, later in pairwise(day):
        assert earlier.ends_at + buffer <= later.starts_at, (earlier.reference, later.reference)


def undelivered(stack: Stack) -> list[str]:
    """What the outbox still holds, but for reminders: channel, event and state of each."""
    with looking_into(stack) as (engine, _), reading(engine) as session:
        waiting = session.scalars(
            select(OutboxEntry).where(
                OutboxEntry.state != Delivery.DELIVERED, OutboxEntry.event != Event.REMINDER
            )
        ).all()
        return [f"{one.channel} {one.event} {one.state} {one.error}" for one in waiting]


def busy_times(stack: Stack) -> int:
    """How many stretches of time the calendar has taken."""
    with looking_into(stack) as (engine, _), reading(engine) as session:
        return len(session.scalars(select(BusyTime)).all())


def wait_until_delivered(stack: Stack, seconds: float = DELIVERED_SECONDS) -> None:
    try:
        stack.wait_for(lambda: not undelivered(stack), seconds)
    except AssertionError as late:
        raise AssertionError(undelivered(stack)) from late


def assert_all_was_handed_off(stack: Stack, receivers: Receivers) -> None:
    """Each entry reached its receiver; the webhook's, which knows a repeated one, once only."""
    with looking_into(stack) as (engine, _):
        requests = list_requests(engine)
        with reading(engine) as session:
            entries = session.scalars(
                select(OutboxEntry).where(OutboxEntry.event != Event.REMINDER)
            ).all()
    hook, mail, calendar = receivers.hook, receivers.mail, receivers.calendar
    mailed = {one.key for one in entries if one.channel.startswith("email")}
    assert not hook.refused
    assert set(hook.taken) == {one.key for one in entries if one.channel == Channel.WEBHOOK}
    assert mailed <= {str(one["X-Needlepoint-Key"]) for one in mail.by_id().values()}
    kept = {one.reference for one in requests if one.status not in FREES_THE_TIME}
    ours = {uid for uid in calendar.entries() if uid.endswith("@needlepoint")}
    assert ours == {f"{reference}@needlepoint" for reference in kept}
    for one in requests:
        assert hook.told_of(one.reference).count("consultation.requested") == 1
        assert mail.about(one.reference, DESK)
        assert not one.email or mail.about(one.reference, one.email)
