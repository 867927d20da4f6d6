"""Nobody is booked twice: many ask at once, on real databases, and the book stays sound."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from booking.availability import offer_slots
from booking.clinic import Clinic
from booking.errors import (
    IllegalTransition,
    SlotNotOffered,
    SlotTaken,
    TooLateToChange,
)
from booking.holds import release_hold
from booking.models import ConsultationRequest, Status
from booking.requests import confirm_request, decline_request, list_requests, show_request
from booking.windows import Window
from tests.booking.taking import (
    TAKEN,
    Book,
    at_once,
    check_book,
    rooms,
    unless_taken,
    with_rules,
)

ROOT = Path(__file__).parents[2]
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


@pytest.fixture
def three(clinic: Clinic) -> datetime:
    """A Tuesday, three in the afternoon."""
    return datetime(2026, 11, 24, 15, 0, tzinfo=clinic.zone)


@pytest.fixture
def alone(clinic: Clinic) -> Clinic:
    """A clinic with one practitioner."""
    return with_rules(clinic, practitioners=1)


@pytest.fixture
def book(engine: Engine, alone: Clinic) -> Book:
    return Book(engine, alone)


def sound(book: Book) -> None:
    check_book(book.engine, timedelta(minutes=book.clinic.booking.buffer_minutes))


# --- many at once ---


@pytest.mark.parametrize("practitioners", [1, 2])
def test_of_200_requests_for_one_start_each_practitioner_gets_one(
    engine: Engine, clinic: Clinic, three: datetime, practitioners: int
) -> None:
    book = Book(engine, with_rules(clinic, practitioners=practitioners))

    outcomes = at_once(
        lambda n: unless_taken(lambda: book.request(three, f"visitor-{n}")), range(200)
    )

    assert outcomes.count(TAKEN) == 200 - practitioners
    kept = list_requests(engine)
    assert {request.reference for request in kept} == set(outcomes) - {TAKEN}
    assert {request.practitioner for request in kept} == {one.id for one in rooms(practitioners)}
    sound(book)


@pytest.mark.parametrize("practitioners", [1, 2])
def test_of_200_holds_for_one_start_those_that_were_given_become_requests(
    engine: Engine, clinic: Clinic, three: datetime, practitioners: int
) -> None:
    book = Book(engine, with_rules(clinic, practitioners=practitioners))

    def hold_and_request(number: int) -> str:
        owner = f"visitor-{number}"
        if unless_taken(lambda: book.hold(three, owner)) == TAKEN:
            return TAKEN
        return book.request(three, owner).reference

    outcomes = at_once(hold_and_request, range(200))

    assert outcomes.count(TAKEN) == 200 - practitioners
    assert len(list_requests(engine)) == practitioners
    sound(book)


def test_starts_that_overlap_are_never_both_given(book: Book, three: datetime) -> None:
    starts = [three + n * QUARTER for n in range(8)]

    outcomes = at_once(
        lambda n: unless_taken(lambda: book.request(starts[n % 8], f"visitor-{n}")), range(64)
    )

    # Each takes three quarters of an hour, of 2 h and 15 min in which all of them start.
    assert 2 <= 64 - outcomes.count(TAKEN) <= 3
    sound(book)


def test_whoever_lost_is_offered_the_next_starts(book: Book, three: datetime) -> None:
    book.request(three)
    wished = Window(
        three.date(), three.date(), start=three.time(), until=three.time(), around=three.time()
    )

    with pytest.raises(SlotTaken):
        book.request(three, "late")
    offer = offer_slots(
        book.engine,
        book.clinic,
        replace(wished, exact=True),
        book.now,
        real_now=book.real_now,
        owner="late",
    )

    assert len(offer.starts) == 3
    assert [book.hold(start, "late").starts_at for start in offer.starts] == list(offer.starts)


PROGRAM = """
import json, sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from time import sleep
from booking.clinic import read_clinic
from booking.database import open_database
from tests.booking.taking import Book, at_once, unless_taken, with_rules

url, number, threads, start, go = sys.argv[1:]
book = Book(open_database(url), with_rules(read_clinic(Path("clinic.yml")), practitioners=2))
moment = datetime.fromisoformat(start)
print("ready", flush=True)
while not Path(go).exists():
    sleep(0.001)
attempt = lambda n: unless_taken(lambda: book.request(moment, f"process-{number}-{n}"))
print(json.dumps(at_once(attempt, range(int(threads)))))
"""


@pytest.mark.parametrize(("database", "threads"), [("sqlite", 25), ("postgresql", 6)])
def test_of_eight_processes_with_many_threads_each_practitioner_gets_one(
    request: pytest.FixtureRequest,
    clinic: Clinic,
    three: datetime,
    tmp_path: Path,
    database: str,
    threads: int,
) -> None:
    url: str = request.getfixturevalue(f"{database}_url")
    engine = request.getfixturevalue("migrated")(url)
    go = tmp_path / "go"
    arguments = [str(threads), three.isoformat(), str(go)]

    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url, str(number), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    assert [process.stdout and process.stdout.readline() for process in started] == ["ready\n"] * 8
    go.touch()
    outcomes = [one for process in started for one in json.loads(process.communicate()[0])]

    assert [process.returncode for process in started] == [0] * 8
    assert outcomes.count(TAKEN) == 8 * threads - 2
    assert {one.reference for one in list_requests(engine)} == set(outcomes) - {TAKEN}
    sound(Book(engine, with_rules(clinic, practitioners=2)))


# --- moves ---


def test_of_many_moved_to_one_start_one_gets_it_and_the_others_keep_theirs(
    book: Book, three: datetime
) -> None:
    before = {
        book.request(three + timedelta(days=7, hours=-n)).reference: three
        + timedelta(days=7, hours=-n)
        for n in range(6)
    }

    outcomes = at_once(lambda reference: unless_taken(lambda: book.move(reference, three)), before)

    (winner,) = set(outcomes) - {TAKEN}
    after = {request.reference: request.starts_at for request in list_requests(book.engine)}
    assert after == before | {winner: three}
    sound(book)


@pytest.mark.parametrize("round_", range(5))
def test_a_move_and_a_request_for_one_start_do_not_both_get_it(
    book: Book, three: datetime, round_: int
) -> None:
    moving = book.request(three + timedelta(days=1)).reference
    attempts = [
        lambda: book.move(moving, three),
        *(lambda n=n: book.request(three, f"visitor-{n}") for n in range(4)),
    ]

    outcomes = at_once(unless_taken, attempts[round_:] + attempts[:round_])

    assert outcomes.count(TAKEN) == 4
    sound(book)


def test_two_that_swap_their_times_at_once_both_keep_them(book: Book, three: datetime) -> None:
    early, late = book.request(three), book.request(three + timedelta(hours=1))

    outcomes = at_once(
        lambda pair: unless_taken(lambda: book.move(pair[0].reference, pair[1].starts_at)),
        [(early, late), (late, early)] * 8,
    )

    assert set(outcomes) == {TAKEN}
    sound(book)


def test_a_cancelled_request_keeps_no_time_however_its_move_went(
    book: Book, three: datetime
) -> None:
    def move(reference: str) -> str:
        try:
            return book.move(reference, three).status
        except IllegalTransition as refused:
            return refused.status

    for _ in range(10):
        reference = book.request(three + timedelta(days=1)).reference
        moved, _cancelled = at_once(
            lambda what: what(),
            [lambda ref=reference: move(ref), lambda ref=reference: book.cancel(ref).status],
        )
        assert moved in {Status.RESCHEDULED, Status.CANCELLED}
        assert show_request(book.engine, reference).status is Status.CANCELLED
        sound(book)


def test_a_decline_and_a_confirmation_at_once_do_not_both_count(
    book: Book, three: datetime
) -> None:
    def decide(decision: Callable[..., ConsultationRequest]) -> str:
        try:
            return decision(
                book.engine, book.clinic, reference, actor="clinic", now=book.now
            ).status
        except IllegalTransition:
            return "refused"

    for _ in range(10):
        reference = book.request(three).reference
        outcomes = at_once(decide, [confirm_request, decline_request])
        assert Counter(outcomes)["refused"] == 1
        sound(book)
        if show_request(book.engine, reference).status is Status.CONFIRMED:
            book.cancel(reference)


def test_a_move_by_a_quarter_of_an_hour_gets_past_ones_own_time(
    book: Book, three: datetime
) -> None:
    reference = book.request(three).reference

    moved = book.move(reference, three + QUARTER)

    assert (moved.starts_at, moved.sequence) == (three + QUARTER, 1)
    sound(book)


def test_a_move_to_the_same_time_changes_nothing(book: Book, three: datetime) -> None:
    reference = book.request(three).reference

    book.move(reference, three.astimezone(ZoneInfo("Europe/Berlin")))

    kept = show_request(book.engine, reference)
    assert (kept.status, kept.sequence, len(kept.events)) == (Status.NEW, 0, 1)


def test_a_move_keeps_the_practitioner_who_is_free_then(
    engine: Engine, clinic: Clinic, three: datetime
) -> None:
    book = Book(engine, with_rules(clinic, practitioners=3))
    book.request(three)
    seen_by_the_second = book.request(three)
    assert seen_by_the_second.practitioner == "room-2"

    moved = book.move(seen_by_the_second.reference, three + timedelta(days=1))

    assert moved.practitioner == "room-2"


@pytest.mark.parametrize(("hours_before", "allowed"), [(24, True), (23.99, False), (-1, False)])
def test_visitors_change_theirs_until_the_cut_off_and_the_clinic_always(
    book: Book, three: datetime, hours_before: float, allowed: bool
) -> None:
    reference = book.request(three).reference
    later = replace(book, now=three - timedelta(hours=hours_before))

    if not allowed:
        with pytest.raises(TooLateToChange):
            later.move(reference, three + timedelta(days=1))
        with pytest.raises(TooLateToChange):
            later.cancel(reference)
    by = "visitor" if allowed else "Dana"
    moved = later.move(reference, three + timedelta(days=1), actor=by)

    assert moved.status is Status.RESCHEDULED
    assert later.cancel(reference, actor="Dana").status is Status.CANCELLED
    sound(book)


def test_a_move_is_not_in_the_way_of_what_the_same_visitor_holds(
    book: Book, three: datetime
) -> None:
    reference = book.request(three).reference
    book.hold(three + DAY, "ana")

    with pytest.raises(SlotTaken):
        book.move(reference, three + DAY)
    with pytest.raises(SlotTaken):
        book.move(reference, three + DAY, owner="bo")
    moved = book.move(reference, three + DAY, owner="ana")

    assert moved.starts_at == three + DAY
    sound(book)


def test_a_move_elsewhere_leaves_the_visitors_hold(book: Book, three: datetime) -> None:
    reference = book.request(three).reference
    book.hold(three + DAY, "ana")

    book.move(reference, three + 3 * DAY, owner="ana")

    with pytest.raises(SlotTaken):
        book.hold(three + DAY, "bo")
    assert book.request(three + DAY, "ana").starts_at == three + DAY


# --- holds ---


def test_a_hold_keeps_a_start_from_others_until_it_is_let_go(book: Book, three: datetime) -> None:
    book.hold(three, "first")

    with pytest.raises(SlotTaken):
        book.hold(three, "second")
    with pytest.raises(SlotTaken):
        book.request(three, "second")
    release_hold(book.engine, owner="first")
    book.request(three, "second")

    sound(book)


def test_another_hold_takes_the_place_of_the_first(book: Book, three: datetime) -> None:
    book.hold(three, "first")

    book.hold(three + QUARTER, "first")

    with pytest.raises(SlotTaken):
        book.hold(three, "second")
    book.hold(three - timedelta(hours=1), "second")
    sound(book)


def test_a_hold_that_another_time_was_refused_for_stays(book: Book, three: datetime) -> None:
    book.hold(three, "first")
    book.request(three + timedelta(hours=2), "other")

    with pytest.raises(SlotTaken):
        book.hold(three + timedelta(hours=2), "first")
    with pytest.raises(SlotNotOffered):
        book.hold(three + timedelta(minutes=1), "first")

    with pytest.raises(SlotTaken):
        book.request(three, "second")
    assert book.request(three, "first").starts_at == three
    sound(book)


def test_a_hold_for_another_time_gives_way_to_the_request(book: Book, three: datetime) -> None:
    book.hold(three, "first")

    book.request(three + QUARTER, "first")

    with pytest.raises(SlotTaken):
        book.request(three, "second")
    sound(book)


def test_a_held_start_is_kept_when_the_notice_for_it_passes(book: Book, three: datetime) -> None:
    book.hold(three, "first")
    late = replace(book, now=three - timedelta(hours=1))

    with pytest.raises(SlotNotOffered):
        late.request(three + timedelta(minutes=45), "second")
    kept = late.request(three, "first")

    assert kept.starts_at == three


def test_of_many_who_want_a_hold_that_ends_one_gets_the_time(book: Book, three: datetime) -> None:
    ends = book.hold(three, "first").expires_at
    then, just_before = replace(book, real_now=ends), replace(book, real_now=ends - QUARTER / 900)

    early = at_once(
        lambda n: unless_taken(lambda: just_before.request(three, f"early-{n}")), range(20)
    )
    outcomes = at_once(
        lambda owner: unless_taken(lambda: then.request(three, owner)),
        ["first", *(f"visitor-{n}" for n in range(39))],
    )

    assert set(early) == {TAKEN}
    assert outcomes.count(TAKEN) == 39
    sound(book)


def test_holds_that_end_all_at_once_are_cleared_away_by_many_without_failure(
    engine: Engine, clinic: Clinic, three: datetime
) -> None:
    book = Book(engine, with_rules(clinic, practitioners=1))
    starts = [three.replace(hour=9) + n * timedelta(minutes=45) for n in range(10)]
    ends = [book.hold(start, f"old-{n}").expires_at for n, start in enumerate(starts)]
    later = replace(book, real_now=max(ends))

    outcomes = at_once(
        lambda n: unless_taken(lambda: later.hold(starts[n % 10], f"new-{n}")), range(60)
    )

    assert len(set(outcomes) - {TAKEN}) == 10
    sound(book)


# --- keys ---


def test_one_key_in_a_race_makes_one_request_that_everybody_gets(
    book: Book, three: datetime
) -> None:
    book.hold(three, "first")

    outcomes = at_once(
        lambda _: unless_taken(lambda: book.request(three, "first", key="once")), range(50)
    )

    assert len(set(outcomes)) == 1
    assert TAKEN not in outcomes
    assert len(list_requests(book.engine)) == 1
    sound(book)


def test_one_key_with_a_hold_each_time_makes_one_request(book: Book, three: datetime) -> None:
    def send_again(_: int) -> str:
        unless_taken(lambda: book.hold(three, "first"))
        return unless_taken(lambda: book.request(three, "first", key="once"))

    outcomes = at_once(send_again, range(30))

    assert len(set(outcomes)) == 1
    assert TAKEN not in outcomes
    sound(book)


def test_one_person_who_asks_in_a_race_for_one_time_has_one_request(
    engine: Engine, clinic: Clinic, three: datetime
) -> None:
    book = Book(engine, with_rules(clinic, practitioners=3))

    outcomes = at_once(
        lambda n: unless_taken(lambda: book.request(three, "ana", key=f"key-{n}")), range(20)
    )

    assert len(set(outcomes)) == len(list_requests(engine)) == 1
    sound(book)


def test_a_key_that_lost_can_be_used_again_for_another_time(book: Book, three: datetime) -> None:
    book.request(three, "quick")

    with pytest.raises(SlotTaken):
        book.request(three, "slow", key="mine")
    made = book.request(three + timedelta(hours=1), "slow", key="mine")

    assert made.starts_at == three + timedelta(hours=1)
    assert book.request(three, "slow", key="mine").reference == made.reference
    sound(book)


def test_a_stranger_key_and_a_known_owner_do_not_get_anothers_hold(
    book: Book, three: datetime
) -> None:
    book.hold(three, "first")

    with pytest.raises(SlotTaken):
        book.request(three, "")
    with pytest.raises(SlotTaken):
        book.request(three, "FIRST")

    assert list_requests(book.engine) == []
