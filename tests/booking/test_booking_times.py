"""How people say when they would like to come. Now is Friday, 20 November 2026, 10:00."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.clinic import WEEKDAYS, Clinic, OpeningHours
from booking.details import read_time
from booking.errors import TimeRefused

NEW_YORK = ZoneInfo("America/New_York")
UNDERSTOOD = [
    # a day and a time
    ("next tuesday after 3", "Tue 2026-11-24 15:00"),
    ("tuesday 3pm", "Tue 2026-11-24 15:00"),
    ("3pm tuesday", "Tue 2026-11-24 15:00"),
    ("TUESDAY 3 PM", "Tue 2026-11-24 15:00"),
    ("Tuesday, 3 p.m. would be great", "Tue 2026-11-24 15:00"),
    ("tues 2.30pm", "Tue 2026-11-24 14:30"),
    ("tues at 2.30", "Tue 2026-11-24 14:30"),
    ("tusday or wensday at 4", "Wed 2026-11-25 16:00"),
    ("mon 1430", "Mon 2026-11-23 14:30"),
    ("mon 9", "Mon 2026-11-23 09:00"),
    ("mon 15h30", "Mon 2026-11-23 15:30"),
    ("330pm monday", "Mon 2026-11-23 15:30"),
    ("monday three pm", "Mon 2026-11-23 15:00"),
    ("monday at three", "Mon 2026-11-23 15:00"),
    ("monday 3 o'clock", "Mon 2026-11-23 15:00"),
    ("monday 3 o\u2019clock", "Mon 2026-11-23 15:00"),
    ("next wednesday, half past two", "Wed 2026-11-25 14:30"),
    ("wednesday quarter to ten", "Wed 2026-11-25 09:45"),
    ("wednesday ten past 4", "Wed 2026-11-25 16:10"),
    ("monday 5ish", "Mon 2026-11-23 17:00"),
    ("tomorrow around 1", "Sat 2026-11-21 13:00"),
    ("tmrw 1ish", "Sat 2026-11-21 13:00"),
    ("noon on saturday suits me", "Sat 2026-11-21 12:00"),
    ("monday 5:59pm", "Mon 2026-11-23 17:59"),
    ("3 on monday", "Mon 2026-11-23 15:00"),
    # bare hours mean the clinic's day
    ("monday at 1", "Mon 2026-11-23 13:00"),
    ("monday at 10", "Mon 2026-11-23 10:00"),
    ("monday at 12", "Mon 2026-11-23 12:00"),
    # which week
    ("this saturday at 11", "Sat 2026-11-21 11:00"),
    ("saturday at 11", "Sat 2026-11-21 11:00"),
    ("next saturday at 11", "Sat 2026-11-28 11:00"),
    ("tuesday next week 10am", "Tue 2026-11-24 10:00"),
    ("next week tuesday 10am", "Tue 2026-11-24 10:00"),
    ("a week from tuesday at 4", "Tue 2026-12-01 16:00"),
    ("tuesday week at 4", "Tue 2026-12-01 16:00"),
    ("friday 3pm", "Fri 2026-11-27 15:00"),
    ("this friday 3pm", "Fri 2026-11-20 15:00"),
    ("today at 3", "Fri 2026-11-20 15:00"),
    ("in 2 weeks at 10", "Fri 2026-12-04 10:00"),
    ("in a fortnight at 11", "Fri 2026-12-04 11:00"),
    # dates
    ("the 3rd at noon", "Thu 2026-12-03 12:00"),
    ("friday the 27th at 2pm", "Fri 2026-11-27 14:00"),
    ("24/12 at 10", "Thu 2026-12-24 10:00"),
    ("12/24 at 10", "Thu 2026-12-24 10:00"),
    ("24.12. at 10", "Thu 2026-12-24 10:00"),
    ("1/2/27 10am", "Sat 2027-01-02 10:00"),
    ("2026-12-01 10:00", "Tue 2026-12-01 10:00"),
    ("2026-12-01T15:30", "Tue 2026-12-01 15:30"),
    ("dec 1st, 3pm", "Tue 2026-12-01 15:00"),
    ("1 dec 1500", "Tue 2026-12-01 15:00"),
    ("the first of december at 3pm", "Tue 2026-12-01 15:00"),
    ("December 3, 2026 at 10", "Thu 2026-12-03 10:00"),
    ("tuesday 24 november at 2", "Tue 2026-11-24 14:00"),
    ("3rd of march at 4", "Wed 2027-03-03 16:00"),
    # parts of a day, limits and ranges
    ("friday morning", "Fri 2026-11-27 10:00"),
    ("tomorrow morning at 11", "Sat 2026-11-21 11:00"),
    ("tomorrow lunchtime", "Sat 2026-11-21 12:00"),
    ("this afternoon", "Fri 2026-11-20 14:00"),
    ("tonight", "Fri 2026-11-20 17:00"),
    ("monday evening", "Mon 2026-11-23 17:00"),
    ("monday after work", "Mon 2026-11-23 17:00"),
    ("monday or thursday, late afternoon", "Mon 2026-11-23 16:00"),
    ("first thing monday", "Mon 2026-11-23 09:00"),
    ("monday before 11", "Mon 2026-11-23 10:00"),
    ("monday not before noon", "Mon 2026-11-23 12:00"),
    ("any time on the 21st", "Sat 2026-11-21 10:00"),
    ("tuesday between 2 and 4", "Tue 2026-11-24 14:00"),
    ("tuesday 2-4pm", "Tue 2026-11-24 14:00"),
    ("tuesday 10-2pm", "Tue 2026-11-24 10:00"),
    ("10-12 on tuesday", "Tue 2026-11-24 10:00"),
    # as soon as possible, and what is ruled out
    ("asap", "Fri 2026-11-20 12:00"),
    ("the earliest you've got", "Fri 2026-11-20 12:00"),
    ("asap on monday", "Mon 2026-11-23 09:00"),
    ("not tuesday, wednesday at 3", "Wed 2026-11-25 15:00"),
    ("good morning, tuesday at 3 please", "Tue 2026-11-24 15:00"),
]
REFUSED = [
    ("yesterday", "past_time"),
    ("last tuesday", "past_time"),
    ("2 days ago", "past_time"),
    ("today at 9am", "past_time"),
    ("nov 19 at 10", "past_time"),
    ("2020-01-01 10:00", "past_time"),
    ("feb 30", "impossible_time"),
    ("31 november at 10", "impossible_time"),
    ("13/13 at 10", "impossible_time"),
    ("the 32nd at 10", "impossible_time"),
    ("monday at 25", "impossible_time"),
    ("monday 13pm", "impossible_time"),
    ("monday at 3:75pm", "impossible_time"),
    ("tuesday 25 november at 2", "impossible_time"),
    ("tuesday", "no_time_of_day"),
    ("on the 24th", "no_time_of_day"),
    ("tomorrow please", "no_time_of_day"),
    ("3pm", "no_day"),
    ("10:30", "no_day"),
    ("evenings only, i work days", "no_day"),
    ("sometime next week", "no_day"),
    ("december", "no_day"),
    ("weekday mornings before 11", "no_day"),
    ("sunday 10am", "outside_hours"),
    ("sunday", "outside_hours"),
    ("sun 10am", "outside_hours"),
    ("monday 7am", "outside_hours"),
    ("monday 6pm", "outside_hours"),
    ("monday midnight", "outside_hours"),
    ("tomorrow 5ish", "outside_hours"),
    ("saturday 16:00", "outside_hours"),
    ("25 dec 2026 10am", "outside_hours"),
    ("december 3 2027 at 10", "too_far"),
    ("feb 29 at 10am", "too_far"),
    ("acne scars", "not_understood"),
    ("the second one", "not_understood"),
    ("blah", "not_understood"),
    ("?", "not_understood"),
    ("", "not_understood"),
]


@pytest.mark.parametrize(("text", "moment"), UNDERSTOOD, ids=[row[0] for row in UNDERSTOOD])
def test_a_time_is_understood(clinic: Clinic, now: datetime, text: str, moment: str) -> None:
    preferred = read_time(text, now, clinic.zone, clinic)

    assert f"{preferred.starts_at:%a %Y-%m-%d %H:%M}" == moment
    assert preferred.starts_at.tzinfo == clinic.zone
    assert preferred.text == text


@pytest.mark.parametrize(("text", "code"), REFUSED, ids=[row[0] or "nothing" for row in REFUSED])
def test_a_time_is_refused_for_its_reason(
    clinic: Clinic, now: datetime, text: str, code: str
) -> None:
    with pytest.raises(TimeRefused) as refused:
        read_time(text, now, clinic.zone, clinic)

    assert refused.value.code == code


def test_a_day_without_an_hour_is_remembered(clinic: Clinic, now: datetime) -> None:
    with pytest.raises(TimeRefused) as refused:
        read_time("tuesday", now, clinic.zone, clinic)

    assert (refused.value.day, refused.value.hour) == (date(2026, 11, 24), None)


def test_an_hour_without_a_day_is_remembered(clinic: Clinic, now: datetime) -> None:
    with pytest.raises(TimeRefused) as refused:
        read_time("around 3", now, clinic.zone, clinic)

    assert (refused.value.day, refused.value.hour) == (None, time(15))


@pytest.mark.parametrize("text", ["3pm", "3", "at 3", "after 3", "15:00", "3 please", "three"])
def test_an_hour_completes_the_day_given_before(clinic: Clinic, now: datetime, text: str) -> None:
    preferred = read_time(text, now, clinic.zone, clinic, pending_day=date(2026, 11, 24))

    assert preferred.starts_at == datetime(2026, 11, 24, 15, 0, tzinfo=NEW_YORK)


def test_a_day_completes_the_hour_given_before(clinic: Clinic, now: datetime) -> None:
    preferred = read_time("tuesday", now, clinic.zone, clinic, pending_hour=time(15))

    assert preferred.starts_at == datetime(2026, 11, 24, 15, 0, tzinfo=NEW_YORK)


def test_a_closed_hour_keeps_its_day_for_a_better_one(clinic: Clinic, now: datetime) -> None:
    with pytest.raises(TimeRefused) as refused:
        read_time("monday 7am", now, clinic.zone, clinic)

    assert refused.value.day == date(2026, 11, 23)


def test_as_soon_as_possible_passes_over_closed_days(clinic: Clinic) -> None:
    saturday_evening = datetime(2026, 11, 21, 19, 0, tzinfo=clinic.zone)

    preferred = read_time("asap", saturday_evening, clinic.zone, clinic)

    assert preferred.starts_at == datetime(2026, 11, 23, 9, 0, tzinfo=NEW_YORK)


def test_today_is_the_clinics_day_wherever_the_server_is(clinic: Clinic) -> None:
    late_on_thursday = datetime(2026, 11, 20, 2, 0, tzinfo=ZoneInfo("UTC"))

    preferred = read_time("tomorrow 10am", late_on_thursday, clinic.zone, clinic)

    assert preferred.starts_at == datetime(2026, 11, 20, 10, 0, tzinfo=NEW_YORK)


def test_ten_stays_ten_when_the_clocks_change(clinic: Clinic) -> None:
    before = datetime(2027, 3, 13, 10, 0, tzinfo=clinic.zone)

    preferred = read_time("monday at 10", before, clinic.zone, clinic)

    assert preferred.starts_at.isoformat() == "2027-03-15T10:00:00-04:00"


def test_an_hour_that_the_clocks_skip_is_impossible(clinic: Clinic, now: datetime) -> None:
    all_day = OpeningHours.model_validate({day: ["00:00-23:55"] for day in WEEKDAYS})
    never_closed = clinic.model_copy(update={"opening_hours": all_day})

    with pytest.raises(TimeRefused) as refused:
        read_time("14 march 2027 2:30am", now, clinic.zone, never_closed)

    assert refused.value.code == "impossible_time"


def test_a_clinic_outside_north_america_writes_the_day_first(clinic: Clinic, now: datetime) -> None:
    in_london = clinic.model_copy(update={"phone": "+442079460958", "time_zone": "Europe/London"})

    preferred = read_time("3/12 at 2", now, in_london.zone, in_london)

    assert f"{preferred.starts_at:%d %B %H:%M}" == "03 December 14:00"


WORDS = st.sampled_from(
    "next this tuesday fri sun at 3 25 3pm after before noon half past quarter to 31 30th feb the "
    "of december asap not or - : 12/24 2026-02-30 99/99 0 00:00 24:00 week in two "
    "ago a \u0663pm . ,".split()
)


@settings(deadline=None, max_examples=150)
@given(text=st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=9).map(" ".join)))
def test_no_text_breaks_the_reader(text: str) -> None:
    moment = datetime(2026, 11, 20, 10, 0, tzinfo=NEW_YORK)

    try:
        preferred = read_time(text, moment, NEW_YORK, CLINIC)
    except TimeRefused:
        return

    assert preferred.starts_at > moment
    assert CLINIC.is_open(preferred.starts_at)


CLINIC = Clinic.model_validate(
    {
        "name": "Linden Skin Clinic",
        "tagline": "Needling",
        "phone": "+12025550143",
        "email": "hello@linden-skin.example",
        "address": ["12 Linden Row"],
        "website": "https://linden-skin.example",
        "emergency_number": "911",
        "time_zone": "America/New_York",
        "opening_hours": {
            "monday": ["09:00-12:00", "13:00-18:00"],
            "tuesday": ["09:00-18:00"],
            "wednesday": [],
            "thursday": ["09:00-18:00"],
            "friday": ["09:00-18:00"],
            "saturday": ["10:00-15:00"],
            "sunday": [],
        },
        "consent": {"version": "1", "text": "I agree."},
        "privacy": {"url": "/privacy", "retention_days": 365},
    }
)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("24 décembre à 14h", "2026-12-24T14:00"),
        ("1er décembre à 11h", "2026-12-01T11:00"),
        ("3 декабря 15:00", "2026-12-03T15:00"),
    ],
)
def test_a_date_in_another_language_is_understood(
    clinic: Clinic, now: datetime, text: str, moment: str
) -> None:
    understood = read_time(text, now, clinic.zone, clinic)

    assert understood.starts_at.isoformat().startswith(moment)
