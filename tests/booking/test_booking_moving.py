"""A wish to move: which of its words are about the new time, and what is free for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from time import process_time

import pytest
from sqlalchemy import Engine

from booking.availability import free_starts, offer_slots
from booking.clinic import Clinic, Practitioner
from booking.details import Details
from booking.models import ConsultationRequest
from booking.reading.moving import seen_from, words_for_new_time
from booking.requests import move_request, request_consultation
from booking.windows import Window

REAL_NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("move my appointment to friday", "friday"),
        ("NP-7KQ4MX move to friday", "friday"),
        ("move it from tuesday to friday", "friday"),
        ("move my tuesday appointment to friday at 3", "friday at 3"),
        ("change my appointment on monday to wednesday morning", "wednesday morning"),
        ("can you move what i have on tuesday to thursday afternoon", "thursday afternoon"),
        ("move my 3pm to 4pm", "4pm"),
        ("can i reschedule for next week", "next week"),
        ("postpone my appointment until the week after next", "the week after next"),
        ("push my consultation back to 5pm", "5pm"),
        ("move it to any weekday morning", "any weekday morning"),
        ("could you book my appointment for the 3rd instead", "the 3rd instead"),
        ("make it friday instead", "make it friday instead"),
        ("can we make it 4 instead of 3", "can we make it 4 instead of 3"),
        ("not tuesday, friday", "not tuesday, friday"),
        ("i can't make tuesday, can we do thursday at 4", "can we do thursday at 4"),
        ("i have an appointment on tuesday, can it be thursday", "can it be thursday"),
        ("my appointment is tuesday, i want friday", "i want friday"),
        ("friday doesn't work any more, monday would", "monday would"),
        ("something came up on friday, can we do monday 10am", "can we do monday 10am"),
        ("could i come in earlier, say 10", "could i come in earlier, say 10"),
        ("can my existing appointment be pushed back by an hour", "an hour later"),
        ("push my booking back an hour please", "an hour later"),
        ("bring my consultation forward half an hour", "half an hour earlier"),
        ("could it be two hours earlier", "two hours earlier"),
        ("delay my appointment by a day", "a day later"),
        ("hey can u move my apointment 2 thurs", "thurs"),
        ("great thanks! one more thing, can you change the time to 4", "4"),
        ("Good afternoon. Could you reschedule me to the following week?", "the following week"),
    ],
)
def test_the_new_time_is_told_from_the_one_it_has(text: str, words: str) -> None:
    assert words_for_new_time(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "i need to move my appointment",
        "reschedule my consultation please",
        "bring my consultation forward",
        "reschedule my appointment tomorrow",
        "i can't make it tomorrow",
        "i'm not able to make it tomorrow",
        "i booked for thursday but can\u2019t make it any more",
        "i have a booking for thursday and need to move it",
        "i have an appointment tomorrow and i'm running late",
        "move my appointment please, i'm away until the 10th",
    ],
)
def test_where_no_new_time_is_said_there_are_no_words_for_one(text: str) -> None:
    assert words_for_new_time(text) == ""


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("an hour later", "all of it"),
        ("the same day at noon", "all of it"),
        ("the next day", "all of it"),
        ("same time on friday", "all of it"),
        ("later that day", "all of it"),
        ("the following week", "its day"),
        ("friday at 3", None),
        ("the day after tomorrow", None),
        ("the week after next", None),
        ("next week", None),
    ],
)
def test_a_new_time_may_be_told_by_the_one_it_has(words: str, completed: str | None) -> None:
    start = datetime(2026, 11, 24, 15, 0)
    day, clock = start.date(), start.time()
    by = {
        "all of it": Window(day, day, start=clock, until=clock, around=clock, exact=True),
        "its day": Window(day, day),
        None: None,
    }

    assert seen_from(words, start) == by[completed]


@pytest.mark.parametrize(
    "text",
    [
        "move to " * 120,
        "my " * 330,
        "can't " * 160,
        "put to 3 " * 110,
        "push by an " * 90,
        "an hour " * 120,
        "i " * 500,
        "a" * 1000,
    ],
)
def test_the_longest_message_is_read_at_once(text: str) -> None:
    started = process_time()

    words_for_new_time(text)

    assert process_time() - started < 0.5


@pytest.fixture
def lone_clinic(clinic: Clinic) -> Clinic:
    """One room, so that a consultation stands in the way of every other."""
    return clinic.model_copy(update={"practitioners": (Practitioner(id="only", name="Room"),)})


@pytest.fixture
def request_made(
    engine: Engine, lone_clinic: Clinic, details: Details, now: datetime
) -> ConsultationRequest:
    return request_consultation(
        engine,
        lone_clinic,
        details=details,
        conversation_id="conversation-1",
        idempotency_key="key-1",
        now=now,
        real_now=REAL_NOW,
    )


def test_what_a_request_takes_is_free_for_its_own_move(
    engine: Engine, lone_clinic: Clinic, request_made: ConsultationRequest, now: datetime
) -> None:
    day = request_made.starts_at.date()
    quarter_later = request_made.starts_at + timedelta(minutes=15)

    for_others = free_starts(engine, lone_clinic, day, day, now, real_now=REAL_NOW)
    for_it = free_starts(engine, lone_clinic, day, day, now, real_now=REAL_NOW, moving=request_made)

    assert quarter_later not in for_others
    assert quarter_later in for_it
    assert set(for_others) < set(for_it)


def test_its_own_start_is_not_offered_for_a_move(
    engine: Engine,
    clinic: Clinic,
    lone_clinic: Clinic,
    request_made: ConsultationRequest,
    now: datetime,
) -> None:
    local = request_made.starts_at.astimezone(clinic.zone)
    window = Window(local.date(), local.date(), around=local.time())

    # Another room is free at the same time.
    offer = offer_slots(engine, clinic, window, now, real_now=REAL_NOW, moving=request_made)

    assert offer.why is None
    assert len(offer.starts) == 3
    assert local not in offer.starts


def test_every_start_that_is_free_for_a_move_can_be_moved_to(
    engine: Engine, lone_clinic: Clinic, request_made: ConsultationRequest, now: datetime
) -> None:
    day = request_made.starts_at.date()
    local = request_made.starts_at.astimezone(lone_clinic.zone)
    window = replace(Window(day, day), start=time(14), until=time(16), around=local.time())

    offer = offer_slots(
        engine, lone_clinic, window, now, real_now=REAL_NOW, moving=request_made, limit=20
    )

    assert len(offer.starts) == 8
    for start in offer.starts:
        moved = move_request(
            engine,
            lone_clinic,
            request_made.reference,
            start,
            actor="visitor",
            now=now,
            real_now=REAL_NOW,
        )
        assert moved.starts_at == start
