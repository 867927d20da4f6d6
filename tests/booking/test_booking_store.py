"""Requests and messages on the real databases: stored once, whole, or not at all."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import StatementError

from booking import database, messages, requests, storing
from booking.clinic import Clinic
from booking.database import migrate, open_database
from booking.details import Contact, Details
from booking.errors import (
    BookingUnavailable,
    DetailRefused,
    IllegalTransition,
    IncompleteDetails,
    UnknownRequest,
)
from booking.messages import leave_message, list_messages
from booking.models import ClinicMessage, ConsultationRequest, Status
from booking.requests import (
    cancel_request,
    confirm_request,
    list_requests,
    request_consultation,
    show_request,
)

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
REAL_NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
REACH_ANA = Contact(email="ana@example.com")


def ask(
    engine: Engine, clinic: Clinic, details: Details, key: str = "key-1", now: datetime = NOW
) -> ConsultationRequest:
    return request_consultation(
        engine,
        clinic,
        details=details,
        conversation_id="conversation-1",
        idempotency_key=key,
        now=now,
        real_now=REAL_NOW,
    )


def weeks_later(details: Details, weeks: int) -> Details:
    """The same at a time that nobody has taken yet."""
    assert details.time is not None
    starts_at = details.time.starts_at + timedelta(weeks=weeks)
    return replace(details, time=replace(details.time, starts_at=starts_at))


def leave(engine: Engine, clinic: Clinic, text: str = "Please call me.") -> ClinicMessage:
    return leave_message(
        engine,
        clinic,
        text=text,
        contact=REACH_ANA,
        name="Ana",
        conversation_id="conversation-1",
        idempotency_key="key-1",
        now=NOW,
    )


def test_a_request_keeps_what_the_visitor_said(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    made = ask(engine, clinic, replace(details, notes="prefers\x00 mornings"))

    kept = show_request(engine, made.reference)

    assert (kept.name, kept.email, kept.phone) == ("Ana Lopez", "ana@example.com", "+12025550164")
    assert (kept.concern, kept.preference_text) == ("acne scars", "tuesday after 3")
    assert (kept.status, kept.notes) == (Status.NEW, "prefers mornings")
    assert (kept.consent_version, kept.consent_at) == ("2026-11", NOW)
    assert kept.consent_text == clinic.consent.text
    assert [(event.actor, event.what, event.at) for event in kept.events] == [
        ("visitor", "requested", NOW)
    ]


def test_moments_come_back_aware_and_equal(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    made = ask(engine, clinic, details)

    kept = show_request(engine, made.reference)

    assert details.time is not None
    assert kept.starts_at == details.time.starts_at
    assert kept.starts_at.utcoffset() == timedelta(0)


def test_a_request_is_printed_in_the_clinics_time(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    made = ask(engine, clinic, replace(details, phone=None))

    printed = requests.as_json(show_request(engine, made.reference), clinic.zone)

    assert printed == {
        "reference": made.reference,
        "status": "new",
        "name": "Ana Lopez",
        "email": "ana@example.com",
        "phone": None,
        "concern": "acne scars",
        "starts_at": "2026-11-24T15:00:00-05:00",
        "created_at": "2026-11-20T10:00:00-05:00",
        "notes": None,
    }


def test_the_same_key_returns_the_first_request(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    first = ask(engine, clinic, details)

    second = ask(engine, clinic, replace(details, name="Somebody Else"))

    assert (second.reference, second.name) == (first.reference, "Ana Lopez")
    assert len(list_requests(engine)) == 1


def test_twenty_threads_with_one_key_make_one_request(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: ask(engine, clinic, details), range(20)))

    assert len({request.reference for request in made}) == 1
    assert len(list_requests(engine)) == 1


def test_twenty_threads_with_their_own_keys_and_times_make_twenty(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    def ask_one(number: int) -> ConsultationRequest:
        return ask(engine, clinic, weeks_later(details, number), f"key-{number}")

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(ask_one, range(20)))

    assert len({request.reference for request in made}) == 20
    assert len(list_requests(engine)) == 20


def test_a_taken_reference_is_drawn_again(
    engine: Engine, details: Details, monkeypatch: pytest.MonkeyPatch, clinic: Clinic
) -> None:
    drawn = iter(["NP-AAAAAA", "NP-AAAAAA", "NP-CCCCCC"])
    monkeypatch.setattr(storing, "new_reference", lambda: next(drawn))
    ask(engine, clinic, details, "key-1")

    second = ask(engine, clinic, weeks_later(details, 1), "key-2")

    assert second.reference == "NP-CCCCCC"


def test_references_are_easy_to_read_out_and_hard_to_guess() -> None:
    references = {storing.new_reference() for _ in range(500)}

    assert len(references) == 500
    assert all(len(reference) == 9 and reference.startswith("NP-") for reference in references)
    assert not set("".join(reference[3:] for reference in references)) & set("0O1ILZ2S5B8UV")


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ({"name": None}, ("name",)),
        ({"email": None, "phone": None}, ("contact",)),
        ({"concern": None, "time": None}, ("concern", "time")),
    ],
)
def test_a_request_with_something_missing_is_not_stored(
    engine: Engine,
    details: Details,
    left_out: dict[str, None],
    missing: tuple[str, ...],
    clinic: Clinic,
) -> None:
    with pytest.raises(IncompleteDetails) as refused:
        ask(engine, clinic, replace(details, **left_out))

    assert refused.value.missing == missing
    assert list_requests(engine) == []


def test_requests_are_listed_newest_first_and_by_status(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    older = ask(engine, clinic, details, "key-1", NOW)
    newer = ask(engine, clinic, weeks_later(details, 1), "key-2", NOW + timedelta(minutes=1))
    confirm_request(engine, clinic, older.reference, actor="Dana", now=NOW)

    everything = [request.reference for request in list_requests(engine)]
    confirmed = [request.reference for request in list_requests(engine, status=Status.CONFIRMED)]

    assert everything == [newer.reference, older.reference]
    assert confirmed == [older.reference]


def test_what_happens_to_a_request_is_written_down(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    reference = ask(engine, clinic, details).reference
    later = NOW + timedelta(hours=1)

    confirm_request(engine, clinic, reference, actor="Dana", now=later)
    cancel_request(engine, clinic, f" {reference.lower()} ", actor="visitor", now=later)

    kept = show_request(engine, reference)
    assert (kept.status, kept.updated_at) == (Status.CANCELLED, later)
    assert [(event.actor, event.what) for event in kept.events] == [
        ("visitor", "requested"),
        ("Dana", "confirmed"),
        ("visitor", "cancelled"),
    ]


def test_a_cancelled_request_cannot_be_confirmed(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    reference = ask(engine, clinic, details).reference
    cancel_request(engine, clinic, reference, actor="visitor", now=NOW)

    with pytest.raises(IllegalTransition) as refused:
        confirm_request(engine, clinic, reference, actor="Dana", now=NOW)

    assert (refused.value.status, refused.value.wanted) == ("cancelled", "confirmed")
    assert len(show_request(engine, reference).events) == 2


def test_only_one_of_many_confirmations_counts(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    reference = ask(engine, clinic, details).reference

    def confirm(actor: str) -> bool:
        try:
            confirm_request(engine, clinic, reference, actor=actor, now=NOW)
        except IllegalTransition:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        confirmed = list(pool.map(confirm, "ABCDEFGH"))

    assert sum(confirmed) == 1
    assert len(show_request(engine, reference).events) == 2


def test_an_unknown_reference_is_told(engine: Engine) -> None:
    with pytest.raises(UnknownRequest, match="NP-XXXXXX"):
        show_request(engine, "NP-XXXXXX")


def test_a_message_is_kept_once_and_is_no_request(engine: Engine, clinic: Clinic) -> None:
    first = leave(engine, clinic, "  Please call me.\r\nAfter five. ")
    second = leave(engine, clinic, "Something else")

    (kept,) = list_messages(engine)

    assert first.reference == second.reference == kept.reference
    assert list_requests(engine) == []
    assert messages.as_json(kept, clinic.zone) == {
        "reference": first.reference,
        "text": "Please call me.\nAfter five.",
        "name": "Ana",
        "email": "ana@example.com",
        "phone": None,
        "created_at": "2026-11-20T10:00:00-05:00",
    }


def test_twenty_threads_with_one_key_leave_one_message(engine: Engine, clinic: Clinic) -> None:
    with ThreadPoolExecutor(20) as pool:
        left = list(pool.map(lambda _: leave(engine, clinic), range(20)))

    assert len({message.reference for message in left}) == 1
    assert len(list_messages(engine)) == 1


@pytest.mark.parametrize(
    ("text", "contact", "code"),
    [
        (" \x00 ", REACH_ANA, "no_message"),
        ("x" * 2001, REACH_ANA, "too_long"),
        ("Please call me.", Contact(), "no_contact"),
    ],
)
def test_a_message_the_clinic_could_not_answer_is_refused(
    engine: Engine, text: str, contact: Contact, code: str, clinic: Clinic
) -> None:
    with pytest.raises(DetailRefused) as refused:
        leave_message(
            engine,
            clinic,
            text=text,
            contact=contact,
            conversation_id="c",
            idempotency_key="k",
            now=NOW,
        )

    assert refused.value.code == code
    assert list_messages(engine) == []


@pytest.fixture
def impatient(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A database that gives up on a lock after a moment, to keep the tests quick."""
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.2)
    migrate(sqlite_url)
    return open_database(sqlite_url)


def test_a_locked_database_is_unavailable_and_keeps_nothing(
    impatient: Engine, details: Details, clinic: Clinic
) -> None:
    locker = sqlite3.connect(str(impatient.url.database), isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")

    with pytest.raises(BookingUnavailable):
        ask(impatient, clinic, details)
    with pytest.raises(BookingUnavailable):
        leave(impatient, clinic)

    locker.execute("ROLLBACK")
    assert list_requests(impatient) == []
    assert list_messages(impatient) == []
    assert ask(impatient, clinic, details).reference


def test_reading_goes_on_while_somebody_writes(
    impatient: Engine, details: Details, clinic: Clinic
) -> None:
    made = ask(impatient, clinic, details)
    writer = sqlite3.connect(str(impatient.url.database), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    kept = show_request(impatient, made.reference)

    assert kept.name == "Ana Lopez"


def test_a_waiting_writer_gets_its_turn(sqlite_url: str, details: Details, clinic: Clinic) -> None:
    migrate(sqlite_url)
    engine = open_database(sqlite_url)
    locker = sqlite3.connect(
        str(engine.url.database), isolation_level=None, check_same_thread=False
    )
    locker.execute("BEGIN IMMEDIATE")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, engine, clinic, details)
        wait([waiting], timeout=0.3)
        locker.execute("ROLLBACK")
        made = waiting.result()

    assert made.status is Status.NEW


def test_a_file_that_is_no_database_is_unavailable(
    tmp_path: Path, details: Details, clinic: Clinic
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("this was never a database" * 100)
    engine = open_database(f"sqlite:///{broken}")

    with pytest.raises(BookingUnavailable):
        ask(engine, clinic, details)


def test_a_server_that_is_down_is_unavailable(details: Details, clinic: Clinic) -> None:
    engine = open_database("postgresql://needlepoint@127.0.0.1:1/needlepoint")

    with pytest.raises(BookingUnavailable):
        ask(engine, clinic, details)


def test_a_server_that_goes_away_is_unavailable_and_comes_back(
    postgresql_url: str, details: Details, clinic: Clinic
) -> None:
    migrate(postgresql_url)
    engine = open_database(postgresql_url)
    first = ask(engine, clinic, details)
    with engine.connect() as one, engine.connect() as other:
        pid = other.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        one.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        other.invalidate()

    again = ask(engine, clinic, details)

    assert again.reference == first.reference
    engine.dispose()


def test_a_moment_without_a_zone_is_never_stored(
    engine: Engine, details: Details, clinic: Clinic
) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        ask(engine, clinic, details, now=datetime(2026, 11, 20, 10, 0))

    assert list_requests(engine) == []
