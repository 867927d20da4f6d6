"""Which times are free, and which of them are offered for a wish, or in its place and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from booking import availability
from booking.availability import Offer, Why, free_starts, offer_slots
from booking.busy import replace_busy
from booking.clinic import Clinic, Practitioner, PractitionerHours
from booking.database import migrate, open_database, writing
from booking.errors import SlotNotOffered, SlotTaken
from booking.models import BusyTime, ConsultationRequest, Hold
from booking.requests import show_request
from booking.windows import Window
from tests.booking.taking import NOW, Book, check_book, with_hours, with_rules

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TUESDAY = date(2026, 11, 24)
THREE = time(15)


@pytest.fixture
def sqlite_engine(sqlite_url: str, migrated: Callable[[str], Engine]) -> Engine:
    return migrated(sqlite_url)


@pytest.fixture
def small(clinic: Clinic) -> Clinic:
    """One practitioner; nine to twelve and one to three; an hour from start to start."""
    rules = {"starts_every_minutes": 60, "slot_minutes": 45, "buffer_minutes": 15}
    return with_rules(with_hours(clinic, "09:00-12:00", "13:00-15:00"), practitioners=1, **rules)


@pytest.fixture
def book(sqlite_engine: Engine, small: Clinic) -> Book:
    return Book(sqlite_engine, small)


def at(clinic: Clinic, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, clinic.zone)


def free(book: Book, first: date, last: date | None = None, **more: Any) -> list[datetime]:
    return free_starts(
        book.engine, book.clinic, first, last or first, book.now, real_now=book.real_now, **more
    )


def clocks(starts: Iterable[datetime]) -> list[str]:
    """As people say them."""
    return [f"{start:%-H:%M}" for start in starts]


def days(starts: Iterable[datetime]) -> set[date]:
    return {start.date() for start in starts}


# --- what is free ---


def test_starts_lie_in_the_opening_hours_and_end_before_the_break(book: Book) -> None:
    assert clocks(free(book, TUESDAY)) == ["9:00", "10:00", "11:00", "13:00", "14:00"]


@pytest.mark.parametrize(
    ("slot", "every", "expected"),
    [
        (60, 60, ["9:00", "10:00", "11:00", "13:00", "14:00"]),
        (90, 30, ["9:00", "9:30", "10:00", "10:30", "13:00", "13:30"]),
        (120, 120, ["9:00", "13:00"]),
        (180, 15, ["9:00"]),
        (60, 240, ["9:00", "13:00"]),
    ],
)
def test_lengths_and_the_grid_from_each_opening_make_the_starts(
    book: Book, slot: int, every: int, expected: list[str]
) -> None:
    rules = with_rules(book.clinic, slot_minutes=slot, starts_every_minutes=every)

    assert clocks(free(replace(book, clinic=rules), TUESDAY)) == expected


def test_the_buffer_may_reach_into_the_break_and_past_closing(book: Book) -> None:
    rules = with_rules(book.clinic, slot_minutes=60, buffer_minutes=240)

    assert clocks(free(replace(book, clinic=rules), TUESDAY))[-1] == "14:00"


def test_closed_days_and_holidays_have_none(book: Book, clinic: Clinic) -> None:
    thanksgiving, sunday = date(2026, 11, 26), date(2026, 11, 29)
    usual = replace(book, clinic=clinic)

    assert thanksgiving in clinic.holidays
    assert days(free(usual, TUESDAY, TUESDAY + 6 * DAY)) == {
        TUESDAY + n * DAY for n in range(7)
    } - {thanksgiving, sunday}


def test_each_practitioner_has_their_own_hours_and_days_away(book: Book) -> None:
    early = Practitioner(
        id="early",
        name="Early",
        hours=PractitionerHours.model_validate({"tuesday": ["08:00-10:00"], "wednesday": []}),
    )
    late = Practitioner.model_validate({"id": "late", "name": "Late", "away": ["2026-11-24"]})
    both = replace(book, clinic=book.clinic.model_copy(update={"practitioners": (early, late)}))

    assert clocks(free(both, TUESDAY)) == ["9:00"]
    assert clocks(free(both, TUESDAY + DAY)) == ["9:00", "10:00", "11:00", "13:00", "14:00"]
    assert both.hold(at(both.clinic, TUESDAY, time(9)), "ana").practitioner == "early"
    with pytest.raises(SlotNotOffered):
        both.hold(at(both.clinic, TUESDAY, time(10)), "ana")


def test_hours_of_ones_own_have_a_grid_of_their_own(book: Book) -> None:
    odd = Practitioner(
        id="odd",
        name="Odd",
        hours=PractitionerHours.model_validate({"tuesday": ["09:20-12:00"]}),
    )
    clinic = book.clinic.model_copy(update={"practitioners": (*book.clinic.practitioners, odd)})
    both = replace(book, clinic=clinic)

    assert clocks(free(both, TUESDAY))[:4] == ["9:00", "9:20", "10:00", "10:20"]
    assert both.hold(at(clinic, TUESDAY, time(9, 20)), "ana").practitioner == "odd"


@pytest.mark.parametrize(("buffer", "gone"), [(0, 5), (15, 9), (60, 17)])
def test_what_is_taken_and_the_buffers_on_both_sides_are_not_free(
    sqlite_engine: Engine, clinic: Clinic, buffer: int, gone: int
) -> None:
    rules = {"buffer_minutes": buffer, "starts_every_minutes": 10, "slot_minutes": 30}
    book = Book(sqlite_engine, with_rules(clinic, practitioners=1, **rules))
    before, taken = free(book, TUESDAY), at(clinic, TUESDAY, time(13))

    book.request(taken)

    around = timedelta(minutes=30 + buffer)
    missing = [start for start in before if abs(start - taken) < around]
    assert free(book, TUESDAY) == [start for start in before if start not in missing]
    assert len(missing) == gone


def test_a_start_is_free_while_one_practitioner_is(book: Book) -> None:
    two = replace(book, clinic=with_rules(book.clinic, practitioners=2))
    nine = at(book.clinic, TUESDAY, time(9))

    two.request(nine)
    assert nine in free(two, TUESDAY)
    two.request(nine)
    assert nine not in free(two, TUESDAY)


def test_a_cancelled_time_is_free_again(book: Book) -> None:
    nine = at(book.clinic, TUESDAY, time(9))
    reference = book.request(nine).reference

    assert nine not in free(book, TUESDAY)
    book.cancel(reference)
    assert nine in free(book, TUESDAY)


def test_a_hold_is_free_for_its_owner_alone_until_it_ends(book: Book) -> None:
    nine = at(book.clinic, TUESDAY, time(9))

    ends = book.hold(nine, "ana").expires_at

    assert nine not in free(book, TUESDAY)
    assert nine not in free(book, TUESDAY, owner="bo")
    assert nine in free(book, TUESDAY, owner="ana")
    assert nine not in free(replace(book, real_now=ends - MINUTE), TUESDAY)
    assert nine in free(replace(book, real_now=ends), TUESDAY)


def test_a_request_that_moves_is_in_its_own_way_nowhere_but_at_its_start(
    sqlite_engine: Engine, clinic: Clinic
) -> None:
    book = Book(sqlite_engine, with_rules(clinic, practitioners=1))
    three = at(clinic, TUESDAY, THREE)
    everything = free(book, TUESDAY)
    mine = book.request(three)

    assert free(book, TUESDAY, moving=mine) == [one for one in everything if one != three]
    assert three + 15 * MINUTE not in free(book, TUESDAY)
    assert book.move(mine.reference, three + 15 * MINUTE).starts_at == three + 15 * MINUTE


@pytest.mark.parametrize(
    ("start", "end", "gone"),
    [
        (time(10), time(10, 45), ["10:00"]),
        (time(9, 58), time(10, 2), ["9:00", "10:00"]),
        (time(9, 50), time(10), ["9:00"]),
        (time(8), time(9), []),
        (time(8), time(9, 1), ["9:00"]),
        (time(0), time(23), ["9:00", "10:00", "11:00", "13:00", "14:00"]),
        (time(12), time(13), []),
        (time(9, 58), time(9, 58), []),
        (time(10), time(10), []),
    ],
)
@pytest.mark.parametrize("practitioner", ["room-1", None])
def test_busy_times_of_the_calendar_are_not_free(
    book: Book, start: time, end: time, gone: list[str], practitioner: str | None
) -> None:
    before = clocks(free(book, TUESDAY))
    busy = BusyTime(
        practitioner=practitioner,
        starts_at=at(book.clinic, TUESDAY, start),
        ends_at=at(book.clinic, TUESDAY, end),
    )

    replace_busy(book.engine, book.now, book.now + 30 * DAY, [busy])

    assert clocks(free(book, TUESDAY)) == [one for one in before if one not in gone]
    for clock in gone:
        with pytest.raises(SlotTaken):
            book.hold(at(book.clinic, TUESDAY, time.fromisoformat(clock.zfill(5))), "ana")


def test_a_busy_time_of_one_leaves_the_other_and_one_of_all_leaves_nobody(book: Book) -> None:
    two = replace(book, clinic=with_rules(book.clinic, practitioners=2))
    nine = at(book.clinic, TUESDAY, time(9))

    def is_busy(practitioner: str | None) -> None:
        busy = BusyTime(practitioner=practitioner, starts_at=nine, ends_at=nine + HOUR)
        replace_busy(book.engine, book.now, book.now + 30 * DAY, [busy])

    is_busy("room-1")
    assert two.hold(nine, "ana").practitioner == "room-2"
    is_busy("room-9")
    assert nine in free(two, TUESDAY)
    is_busy(None)
    assert nine not in free(two, TUESDAY, owner="ana")


def test_a_year_of_one_busy_time_leaves_nothing(book: Book) -> None:
    busy = BusyTime(practitioner=None, starts_at=book.now - DAY, ends_at=book.now + 400 * DAY)

    replace_busy(book.engine, book.now, book.now + 365 * DAY, [busy])

    assert free(book, TUESDAY, TUESDAY + 60 * DAY) == []


@pytest.mark.parametrize(
    ("notice", "now", "first"),
    [
        (0, time(9), "9:00"),
        (0, time(9, 0, 1), "10:00"),
        (2, time(9), "11:00"),
        (2, time(9, 1), "13:00"),
        (4, time(9, 30), "14:00"),
        (6, time(9, 30), None),
    ],
)
def test_the_notice_decides_the_first_start_of_today(
    book: Book, notice: int, now: time, first: str | None
) -> None:
    clinic = with_rules(book.clinic, minimum_notice_hours=notice)
    today = replace(book, clinic=clinic, now=at(clinic, TUESDAY, now))

    starts = free(today, TUESDAY)

    assert clocks(starts[:1]) == ([first] if first else [])
    if first:
        today.hold(starts[0], "ana")


def test_the_horizon_decides_the_last_day(book: Book) -> None:
    near = replace(book, clinic=with_rules(book.clinic, horizon_days=5))
    last = book.now.astimezone(book.clinic.zone).date() + 5 * DAY

    starts = free(near, date(2026, 1, 1), date(2030, 1, 1))

    assert max(days(starts)) == last
    near.hold(starts[-1], "ana")
    with pytest.raises(SlotNotOffered):
        near.hold(starts[-1] + DAY, "ana")


def test_the_days_are_the_clinics_whatever_day_it_is_for_utc(book: Book) -> None:
    late = replace(book, now=datetime(2026, 11, 24, 3, 0, tzinfo=UTC))

    assert days(free(late, date(2026, 11, 23), TUESDAY)) == {TUESDAY}
    assert days(free(late, date(2026, 11, 23))) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        timedelta(minutes=5),
        timedelta(seconds=1),
        timedelta(microseconds=1),
        -HOUR,
        timedelta(hours=3),
        timedelta(days=2),
        timedelta(days=-30),
        timedelta(days=3000),
    ],
)
def test_a_start_that_the_rules_do_not_have_cannot_be_taken(book: Book, wrong: timedelta) -> None:
    nine = at(book.clinic, TUESDAY, time(9))
    reference = book.request(nine + HOUR).reference

    with pytest.raises(SlotNotOffered):
        book.hold(nine + wrong, "ana")
    with pytest.raises(SlotNotOffered):
        book.request(nine + wrong, "ana")
    with pytest.raises(SlotNotOffered):
        book.move(reference, nine + wrong, "Dana")

    assert show_request(book.engine, reference).starts_at == nine + HOUR
    check_book(book.engine, 15 * MINUTE)


def offer(book: Book, window: Window, **more: Any) -> Offer:
    return offer_slots(book.engine, book.clinic, window, book.now, real_now=book.real_now, **more)


def offered_in_all(book: Book, window: Window) -> list[datetime]:
    """What is offered for a wish when a visitor asks for other times again and again."""
    shown: list[datetime] = []
    for _ in range(50):
        offered = offer(book, window, without=frozenset(shown))
        if offered.why is not None:
            return shown
        # As they come back from a conversation, with an offset but no zone.
        shown += [datetime.fromisoformat(start.isoformat()) for start in offered.starts]
    pytest.fail("the same times are offered again and again")


# --- clocks that change, midnight, new year ---


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 11, 1), 7),
        ("America/New_York", date(2027, 3, 14), 5),
        ("Europe/Berlin", date(2026, 10, 25), 7),
        ("Europe/Berlin", date(2027, 3, 28), 5),
        ("Australia/Lord_Howe", date(2027, 4, 4), 6.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 5.5),
        ("America/New_York", date(2026, 11, 2), 6),
    ],
)
@pytest.mark.parametrize("slot", [30, 60, 90])
def test_a_night_on_which_the_clocks_change_is_as_long_as_it_is(
    book: Book, zone: str, day: date, hours: float, slot: int
) -> None:
    rules = {"slot_minutes": slot, "starts_every_minutes": 30, "buffer_minutes": 0}
    clinic = with_rules(with_hours(book.clinic, "00:00-06:00"), **rules)
    clinic = clinic.model_copy(update={"time_zone": zone})
    night = replace(book, clinic=clinic, now=at(clinic, day - 9 * DAY, time(12)))

    starts = free(night, day)

    moments = [start.astimezone(UTC) for start in starts]
    assert len(starts) == (hours * 60 - slot) // 30 + 1
    assert all(later - earlier == 30 * MINUTE for earlier, later in pairwise(moments))
    assert all(one.astimezone(UTC).astimezone(clinic.zone) == one for one in starts)
    assert days(starts) == {day}
    held = [night.hold(start, f"visitor-{n}") for n, start in enumerate(moments[:: slot // 30])]
    assert {hold.ends_at - hold.starts_at for hold in held} == {slot * MINUTE}
    check_book(book.engine, timedelta(0))


@pytest.mark.parametrize("in_the_clinics_zone", [True, False])
def test_both_halves_of_an_hour_that_comes_twice_can_be_had(
    book: Book, in_the_clinics_zone: bool
) -> None:
    rules = {"slot_minutes": 60, "buffer_minutes": 0}
    clinic = with_rules(with_hours(book.clinic, "00:00-06:00"), **rules)
    night = replace(book, clinic=clinic, now=datetime(2026, 10, 20, tzinfo=UTC))
    first = datetime(2026, 11, 1, 1, 0, tzinfo=clinic.zone)
    second = first.replace(fold=1)
    zone = clinic.zone if in_the_clinics_zone else UTC

    one = night.request(first.astimezone(zone), "ana")
    other = night.request(second.astimezone(zone), "bo")

    assert other.starts_at - one.starts_at == HOUR
    assert night.move(one.reference, first.astimezone(zone)).sequence == 0
    assert not {first.astimezone(UTC), second.astimezone(UTC)} & {
        start.astimezone(UTC) for start in free(night, date(2026, 11, 1))
    }
    check_book(book.engine, timedelta(0))


def test_starts_already_shown_in_an_hour_that_comes_twice_are_not_shown_again(
    book: Book,
) -> None:
    rules = {"slot_minutes": 30, "buffer_minutes": 0, "starts_every_minutes": 30}
    clinic = with_rules(with_hours(book.clinic, "01:00-02:30"), **rules)
    night = replace(book, clinic=clinic, now=datetime(2026, 10, 31, 12, tzinfo=UTC))
    day = Window(date(2026, 11, 1), date(2026, 11, 1))

    shown = offered_in_all(night, day)

    assert sorted(one.astimezone(UTC) for one in shown) == [
        datetime(2026, 11, 1, 5, 0, tzinfo=UTC) + n * 30 * MINUTE for n in range(5)
    ]


@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2026, 12, 31), date(2027, 2, 28)])
def test_a_buffer_that_ends_after_midnight_keeps_the_next_day_in_mind(
    book: Book, day: date
) -> None:
    rules = {"slot_minutes": 30, "buffer_minutes": 60, "starts_every_minutes": 5}
    open_days = book.clinic.model_copy(update={"holidays": ()})
    clinic = with_rules(with_hours(open_days, "00:00-23:55"), **rules)
    always = replace(book, clinic=clinic)

    assert clocks(free(always, day))[-1] == "23:25"
    always.request(at(clinic, day + DAY, time(0, 10)), "ana")

    starts = free(always, day)
    assert clocks(starts)[-1] == "22:40"
    assert clocks(free(always, day + DAY))[0] == "1:40"
    with pytest.raises(SlotTaken):
        always.hold(starts[-1] + 5 * MINUTE, "bo")
    always.hold(starts[-1], "bo")
    check_book(book.engine, HOUR)


def test_a_consultation_of_yesterday_reaches_into_today(book: Book) -> None:
    rules = {"slot_minutes": 30, "buffer_minutes": 240, "starts_every_minutes": 5}
    clinic = with_rules(with_hours(book.clinic, "00:00-23:55"), **rules)
    always = replace(book, clinic=clinic)

    always.request(at(clinic, TUESDAY, time(23, 25)))

    assert clocks(free(always, TUESDAY + DAY))[0] == "3:55"


# --- what is offered ---


def exactly(day: date, clock: time) -> Window:
    return Window(day, day, start=clock, until=clock, around=clock, exact=True)


@pytest.fixture
def usual(sqlite_engine: Engine, clinic: Clinic) -> Book:
    """The clinic as in clinic.yml, with one practitioner, on Friday the 20th at ten."""
    return Book(sqlite_engine, with_rules(clinic, practitioners=1))


def told(offered: Offer) -> list[str]:
    return [f"{start:%a %-d %b %-H:%M}" for start in offered.starts]


def test_an_exact_time_that_is_free_is_offered_alone(usual: Book) -> None:
    offered = offer(usual, exactly(TUESDAY, THREE))

    assert (told(offered), offered.why) == (["Tue 24 Nov 15:00"], None)


def test_a_day_is_offered_with_times_that_lie_apart(usual: Book) -> None:
    offered = offer(usual, Window(TUESDAY, TUESDAY))

    assert clocks(offered.starts) == ["9:00", "12:00", "15:00"]


def test_a_week_is_offered_with_days_that_lie_apart(usual: Book) -> None:
    offered = offer(usual, Window(date(2026, 11, 30), date(2026, 12, 6)))

    assert offered.why is None
    assert len(days(offered.starts)) == 3
    assert all(b - a >= 26 * HOUR for a, b in pairwise(offered.starts))
    assert len({start.hour for start in offered.starts}) > 1


def test_when_few_are_left_they_are_offered_however_close(usual: Book) -> None:
    window = Window(TUESDAY, TUESDAY, start=time(9), until=time(9, 40))

    assert clocks(offer(usual, window).starts) == ["9:00", "9:15", "9:30"]
    usual.request(at(usual.clinic, TUESDAY, time(9)))
    assert offer(usual, window).why is Why.TAKEN


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        (time(15), ["14:45", "15:00", "15:15"]),
        (time(15, 7), ["14:45", "15:00", "15:15"]),
        (time(3), ["9:00", "9:15", "9:30"]),
        (time(23), ["17:00", "17:15", "17:30"]),
    ],
)
def test_around_a_clock_time_the_nearest_are_offered_in_order(
    usual: Book, around: time, expected: list[str]
) -> None:
    offered = offer(usual, Window(TUESDAY, TUESDAY, around=around))

    assert clocks(offered.starts) == expected


def test_a_clock_time_over_many_days_is_offered_on_several(usual: Book) -> None:
    window = Window(TUESDAY, TUESDAY + 60 * DAY, around=THREE)

    offered = offer(usual, window)

    assert told(offered) == ["Tue 24 Nov 15:00", "Wed 25 Nov 15:00", "Fri 27 Nov 15:00"]


def test_weekdays_and_days_left_out_are_respected(usual: Book) -> None:
    window = Window(
        TUESDAY,
        TUESDAY + 60 * DAY,
        weekdays=frozenset({1, 3}),
        without=frozenset({date(2026, 12, 1)}),
        start=time(16),
    )

    offered = offer(usual, window)

    assert [f"{start:%a %-d}" for start in offered.starts] == ["Tue 24", "Thu 3", "Tue 8"]
    assert all(start.hour >= 16 for start in offered.starts)


def test_as_many_are_offered_as_are_asked_for(usual: Book) -> None:
    assert [len(offer(usual, Window(TUESDAY, TUESDAY), limit=n).starts) for n in (1, 3, 5)] == [
        1,
        3,
        5,
    ]


def test_other_times_lie_apart_from_those_already_shown(usual: Book) -> None:
    day, weeks = Window(TUESDAY, TUESDAY), Window(TUESDAY, TUESDAY + 20 * DAY)
    first, first_days = offer(usual, day), offer(usual, weeks)

    others = offer(usual, day, without=frozenset(first.starts))
    other_days = offer(usual, weeks, without=frozenset(first_days.starts))

    assert clocks(first.starts) == ["9:00", "12:00", "15:00"]
    assert clocks(others.starts) == ["10:00", "11:00", "13:00"]
    days = [start.date() for start in [*first_days.starts, *other_days.starts]]
    assert len(set(days)) == 6


def test_other_times_leave_out_those_already_shown(usual: Book) -> None:
    morning = Window(TUESDAY, TUESDAY, until=time(12))

    shown = offered_in_all(usual, morning)

    assert sorted(shown) == [
        start
        for start in free(usual, TUESDAY)
        if start.hour < 12 or (start.hour == 12 and start.minute == 0)
    ]


SATURDAY, SUNDAY = date(2026, 11, 21), date(2026, 11, 22)
THANKSGIVING, TODAY = date(2026, 11, 26), date(2026, 11, 20)
NEXT_YEAR = TODAY + 365 * DAY


@pytest.mark.parametrize(
    ("window", "why", "nearest"),
    [
        (exactly(TUESDAY, THREE), Why.TAKEN, ["13:15", "14:15", "15:45"]),
        (exactly(TUESDAY, time(15, 15)), Why.TAKEN, ["14:15", "15:45", "16:45"]),
        (exactly(TUESDAY, time(3)), Why.CLOSED, ["9:00", "10:00", "11:00"]),
        (exactly(TUESDAY, time(18)), Why.CLOSED, ["14:15", "16:30", "17:30"]),
        (exactly(TUESDAY, time(17, 45)), Why.NO_START, ["14:15", "16:30", "17:30"]),
        (exactly(TUESDAY, time(11, 7)), Why.NO_START, ["10:00", "11:00", "12:00"]),
        (exactly(SUNDAY, THREE), Why.CLOSED, None),
        (exactly(THANKSGIVING, THREE), Why.CLOSED, None),
        (exactly(TODAY, time(11)), Why.TOO_SOON, ["12:00", "13:00", "14:00"]),
        (exactly(TODAY, time(9, 30)), Why.PAST, ["12:00", "13:00", "14:00"]),
        (exactly(TODAY - DAY, time(9, 30)), Why.PAST, None),
        (exactly(NEXT_YEAR, time(11)), None, ["11:00"]),
        (exactly(NEXT_YEAR + DAY, THREE), Why.TOO_FAR, None),
        (Window(date.max, date.max), Why.TOO_FAR, None),
        (Window(date.min, date.min), Why.PAST, None),
        (Window(TODAY, date.max, start=time(3), until=time(4)), Why.CLOSED, None),
        (Window(TODAY, TODAY, until=time(11, 45)), Why.TOO_SOON, None),
        (Window(SUNDAY, SUNDAY), Why.CLOSED, None),
        (Window(TUESDAY, TUESDAY, start=THREE, until=THREE), Why.TAKEN, None),
        (Window(TUESDAY + DAY, TUESDAY), Why.CLOSED, None),
        (Window(SATURDAY, SATURDAY, start=time(16)), Why.CLOSED, None),
    ],
)
def test_a_wish_that_cannot_be_met_is_told_why_and_what_is_nearest(
    usual: Book, window: Window, why: Why | None, nearest: list[str] | None
) -> None:
    usual.request(at(usual.clinic, TUESDAY, THREE))

    offered = offer(usual, window)

    assert offered.why is why
    assert len(offered.starts) == (1 if why is None else 3)
    assert list(offered.starts) == sorted(offered.starts)
    if nearest is not None:
        assert clocks(offered.starts) == nearest
    for start in offered.starts:
        usual.hold(start, "ana")


def test_the_nearest_to_a_closed_day_are_on_the_days_beside_it(usual: Book) -> None:
    offered = offer(usual, exactly(THANKSGIVING, THREE))

    assert days(offered.starts) <= {THANKSGIVING - DAY, THANKSGIVING + DAY}


def test_a_full_fortnight_is_looked_past(usual: Book) -> None:
    busy = BusyTime(
        practitioner=None,
        starts_at=at(usual.clinic, TODAY, time(0)),
        ends_at=at(usual.clinic, TODAY + 15 * DAY, time(0)),
    )
    replace_busy(usual.engine, NOW, NOW + 30 * DAY, [busy])

    offered = offer(usual, exactly(TUESDAY, THREE))

    assert offered.why is Why.TAKEN
    assert clocks(offered.starts) == ["12:30", "13:30", "14:30"]
    assert min(days(offered.starts)) == date(2026, 12, 5)
    assert offer(usual, Window(TODAY, date.max)).starts[0].date() == date(2026, 12, 5)


def test_when_nothing_is_free_anywhere_nothing_is_offered(usual: Book) -> None:
    busy = BusyTime(practitioner=None, starts_at=NOW - DAY, ends_at=NOW + 400 * DAY)
    replace_busy(usual.engine, NOW, NOW + 365 * DAY, [busy])

    assert offer(usual, Window(TODAY, date.max)) == Offer((), Why.TAKEN)


def test_what_is_held_for_the_visitor_is_offered_to_them(usual: Book) -> None:
    usual.hold(at(usual.clinic, TUESDAY, THREE), "ana")

    assert offer(usual, exactly(TUESDAY, THREE), owner="ana").why is None
    assert offer(usual, exactly(TUESDAY, THREE), owner="bo").why is Why.TAKEN


# --- properties ---

QUARTERS = st.integers(0, 4 * 24 - 1).map(lambda n: time(n // 4, n % 4 * 15))
SEVERAL_DAYS = [TUESDAY + n * DAY for n in range(-2, 30, 3)]


@st.composite
def windows(draw: st.DrawFn) -> Window:
    first = draw(st.sampled_from(SEVERAL_DAYS))
    clock = draw(QUARTERS)
    if draw(st.booleans()):
        return exactly(first, clock)
    return Window(
        first,
        first + draw(st.sampled_from([0, 1, 6, 40, 400])) * DAY,
        weekdays=draw(st.sampled_from([frozenset(range(7)), frozenset({0, 4}), frozenset({6})])),
        start=clock,
        until=draw(QUARTERS),
        around=draw(st.none() | QUARTERS),
    )


@st.composite
def clinics(draw: st.DrawFn, base: Clinic) -> Clinic:
    """Hours with and without a break, in several zones, for one to three practitioners."""
    edges = sorted(draw(st.lists(st.integers(0, 287), min_size=4, max_size=4, unique=True)))
    texts = [f"{n // 12:02}:{n % 12 * 5:02}" for n in edges]
    hours = (f"{texts[0]}-{texts[1]}", f"{texts[2]}-{texts[3]}")
    closed = draw(st.sampled_from(["sunday", "tuesday"]))
    zone = draw(st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kathmandu"]))
    clinic = with_rules(
        with_hours(base, *hours, **{closed: ()}),
        practitioners=draw(st.integers(1, 3)),
        slot_minutes=draw(st.sampled_from([5, 30, 45, 120])),
        buffer_minutes=draw(st.sampled_from([0, 15, 100])),
        starts_every_minutes=draw(st.sampled_from([5, 15, 50])),
        minimum_notice_hours=draw(st.sampled_from([0, 26])),
        horizon_days=45,
    )
    return clinic.model_copy(update={"time_zone": zone})


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """For many made-up books, one after the other; each is emptied first."""
    path: Path = tmp_path_factory.mktemp("availability") / "booking.db"
    migrate(f"sqlite:///{path}")
    return open_database(f"sqlite:///{path}")


def emptied(engine: Engine) -> Engine:
    with writing(engine) as session:
        for table in (ConsultationRequest, Hold, BusyTime):
            session.execute(delete(table))
    return engine


@settings(max_examples=40, deadline=None, database=None)
@given(data=st.data())
def test_what_is_offered_can_be_held_and_what_is_not_cannot(
    clinic: Clinic, shared_engine: Engine, data: st.DataObject
) -> None:
    book = Book(emptied(shared_engine), data.draw(clinics(clinic)))
    possible = [one.astimezone(UTC) for one in free(book, TUESDAY, TUESDAY + 2 * DAY)]
    midnight = at(book.clinic, TUESDAY, time(0)).astimezone(UTC)
    for number, start in enumerate(data.draw(st.lists(st.sampled_from(possible or [midnight])))):
        if start in {one.astimezone(UTC) for one in free(book, TUESDAY, TUESDAY + 2 * DAY)}:
            book.hold(start, f"before-{number}")

    now_free = {one.astimezone(UTC) for one in free(book, TUESDAY, TUESDAY + 2 * DAY)}
    tried = data.draw(
        st.lists(st.integers(0, 3 * 288 - 13).map(lambda n: midnight + n * 5 * MINUTE), max_size=20)
    )
    tried += data.draw(st.lists(st.sampled_from(sorted(now_free) or [midnight]), max_size=5))

    for start in tried:
        local = start.astimezone(book.clinic.zone)
        assert TUESDAY <= local.date() <= TUESDAY + 2 * DAY
        if start in now_free:
            assert book.hold(start, "ana").starts_at == start
        else:
            with pytest.raises((SlotTaken, SlotNotOffered)):
                book.hold(start, "ana")


@settings(max_examples=60, deadline=None, database=None)
@given(data=st.data())
def test_an_offer_fits_the_wish_or_is_the_nearest_there_is(
    clinic: Clinic, shared_engine: Engine, data: st.DataObject
) -> None:
    book = Book(emptied(shared_engine), data.draw(clinics(clinic)))
    window = data.draw(windows())
    busy = [
        BusyTime(
            practitioner=None,
            starts_at=at(book.clinic, window.first, time(0)) + start * HOUR,
            ends_at=at(book.clinic, window.first, time(0)) + (start + hours) * HOUR,
        )
        for start, hours in data.draw(
            st.lists(
                st.tuples(st.integers(-240, 240), st.sampled_from([1, 6, 40, 200])), max_size=9
            )
        )
    ]
    replace_busy(book.engine, NOW, NOW + 60 * DAY, busy)
    everything = free(book, TODAY - DAY, TODAY + 50 * DAY)
    shown = frozenset(data.draw(st.lists(st.sampled_from(everything or [NOW]), max_size=5)))
    limit = data.draw(st.integers(1, 4))

    offered = offer(book, window, without=shown, limit=limit)

    assert list(offered.starts) == sorted(set(offered.starts), key=lambda one: one.astimezone(UTC))
    assert set(offered.starts) <= set(everything) - shown
    fitting = [one for one in everything if window.contains(one) and one not in shown]
    assert (offered.why is None) == bool(fitting)
    if offered.why is None:
        assert all(window.contains(one) for one in offered.starts)
        assert len(offered.starts) == min(limit, len(fitting))
    else:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(availability, "RINGS", (0, availability.NEAR.days + 1))
            all_at_once = offer(book, window, without=shown, limit=limit)
        assert offered == all_at_once


def test_the_nearest_is_as_near_as_can_be(usual: Book) -> None:
    usual.request(at(usual.clinic, TUESDAY, THREE))
    everything = free(usual, TODAY, TODAY + 60 * DAY)

    offered = offer(usual, exactly(TUESDAY, THREE), limit=1)

    wished = at(usual.clinic, TUESDAY, THREE)
    assert offered.starts[0] == min(everything, key=lambda start: (abs(start - wished), start))


def test_the_visitors_zone_does_not_matter(usual: Book) -> None:
    berlin = at(usual.clinic, TUESDAY, THREE).astimezone(ZoneInfo("Europe/Berlin"))

    assert usual.hold(berlin, "ana").starts_at == berlin
    assert berlin not in free(usual, TUESDAY)
    assert usual.hold(berlin, "ana").starts_at.tzinfo is UTC
