"""The clinic's lists on the real databases: who stands where, and what is read of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from booking.board import Group, Moment, count_ahead, moment_of, page_of_group, page_of_search
from booking.clinic import Clinic
from booking.database import writing
from booking.models import ConsultationRequest, Status

# By when they start on the clinic's clock: its Friday begins at 5:00 in UTC.
LAST_NIGHT = datetime(2026, 11, 20, 4, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)


@pytest.fixture
def moment(clinic: Clinic, now: datetime) -> Moment:
    return moment_of(clinic, now)


def store(engine: Engine, *starts: datetime, status: Status = Status.NEW, **more: str) -> None:
    """Requests as they may stand in the book, each asked for a minute after the one before."""
    with writing(engine) as session:
        for number, start in enumerate(starts):
            key = f"{status.value[:3]}-{start:%d%H%M}-{number}"
            facts = {"name": "Ana Lopez", "concern": "acne scars", **more}
            session.add(
                ConsultationRequest(
                    **facts,
                    **{"reference": key, "idempotency_key": key, "conversation_id": key},
                    **{"status": status, "practitioner": "room", "preference_text": ""},
                    **{"starts_at": start, "ends_at": start + timedelta(minutes=45)},
                    **{"consent_version": "1", "consent_text": "", "consent_at": start},
                    created_at=start + timedelta(minutes=number),
                    updated_at=start,
                )
            )


@contextmanager
def loaded() -> Iterator[list[ConsultationRequest]]:
    """The requests that are read from the database meanwhile."""
    found: list[ConsultationRequest] = []

    def note(request: ConsultationRequest, _: object) -> None:
        found.append(request)

    event.listen(ConsultationRequest, "load", note)
    try:
        yield found
    finally:
        event.remove(ConsultationRequest, "load", note)


@pytest.mark.parametrize(
    ("start", "status", "lists"),
    [
        (LAST_NIGHT, Status.NEW, {Group.PAST}),
        (LAST_NIGHT, Status.CONFIRMED, {Group.PAST}),
        (MIDNIGHT, Status.CONFIRMED, {Group.TODAY}),
        (EARLIER, Status.NEW, {Group.TODAY}),
        (EARLIER, Status.NO_SHOW, {Group.TODAY}),
        (EARLIER, Status.CANCELLED, {Group.PAST}),
        (LATER, Status.NEW, {Group.NEW, Group.TODAY}),
        (LATER, Status.RESCHEDULED, {Group.NEW, Group.TODAY}),
        (LATER, Status.CONFIRMED, {Group.TODAY}),
        (TOMORROW, Status.NEW, {Group.NEW, Group.UPCOMING}),
        (TOMORROW, Status.CONFIRMED, {Group.UPCOMING}),
        (TOMORROW, Status.DECLINED, {Group.PAST}),
    ],
)
def test_a_request_stands_in_the_lists_of_its_time_and_status(
    engine: Engine, moment: Moment, start: datetime, status: Status, lists: set[Group]
) -> None:
    store(engine, start, status=status)

    pages = {group: page_of_group(engine, moment, group, number=1, size=9) for group in Group}
    counts = count_ahead(engine, moment)

    assert {group for group, page in pages.items() if page.requests} == lists
    assert {group for group, count in counts.items() if count} == lists - {Group.PAST}


def test_only_the_page_that_is_shown_is_read(engine: Engine, moment: Moment) -> None:
    store(engine, *(TOMORROW + timedelta(hours=hour) for hour in (3, 1, 2, 0, 4)))

    with loaded() as read:
        counts = count_ahead(engine, moment)
        page = page_of_group(engine, moment, Group.UPCOMING, number=2, size=2)

    assert counts[Group.UPCOMING] == 5
    assert (page.number, page.pages, page.found) == (2, 3, 5)
    assert [one.starts_at for one in page.requests] == [
        TOMORROW + timedelta(hours=2),
        TOMORROW + timedelta(hours=3),
    ]
    assert len(read) == 2


def test_the_past_begins_with_what_was_last(engine: Engine, moment: Moment) -> None:
    starts = [LAST_NIGHT - timedelta(days=days) for days in (2, 0, 1)]
    store(engine, *starts)

    page = page_of_group(engine, moment, Group.PAST, number=1, size=9)

    assert [one.starts_at for one in page.requests] == sorted(starts, reverse=True)


@pytest.mark.parametrize(("asked", "shown"), [(-1, 1), (0, 1), (2, 2), (99, 2)])
def test_a_page_that_is_not_there_is_the_nearest_one(
    engine: Engine, moment: Moment, asked: int, shown: int
) -> None:
    store(engine, TOMORROW, TOMORROW + timedelta(hours=1), TOMORROW + timedelta(hours=2))

    assert page_of_group(engine, moment, Group.NEW, number=asked, size=2).number == shown
    assert page_of_search(engine, "ana", number=asked, size=2).number == shown


def test_an_empty_list_has_one_page(engine: Engine, moment: Moment) -> None:
    page = page_of_group(engine, moment, Group.NEW, number=1, size=2)

    assert (list(page.requests), page.number, page.pages, page.found) == ([], 1, 1, 0)


def test_a_search_reads_the_requests_of_its_page_the_newest_first(engine: Engine) -> None:
    store(engine, LAST_NIGHT, LATER, TOMORROW, name="Zoë Ångström")
    store(engine, EARLIER)

    with loaded() as read:
        page = page_of_search(engine, "ångström ZOË", number=1, size=2)

    assert (page.number, page.pages, page.found) == (1, 2, 3)
    assert [one.starts_at for one in page.requests] == [TOMORROW, LATER]
    assert len(read) == 2
