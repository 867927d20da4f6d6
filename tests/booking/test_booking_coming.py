"""Times in messages that answer another question, or none. Now is Friday, 20 November 2026."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from booking.clinic import Clinic
from booking.details import Details, PreferredTime, Slot
from booking.reading.message import Reading, read_answer
from booking.windows import Window, Wish

NEW_YORK = ZoneInfo("America/New_York")
NAME, CONTACT, CONCERN, TIME = Slot
NOTHING = Details()
TUESDAY = date(2026, 11, 24)
WISHED = Details(wish=Wish(Window(TUESDAY, TUESDAY), "tuesday"))
CHOSEN = Details(
    name="Ana Lopez",
    email="ana@example.com",
    concern="acne scars",
    time=PreferredTime(datetime(2026, 11, 24, 15, 0, tzinfo=NEW_YORK), "tuesday 3pm"),
)
# The open question, what is known, what is said, and the first day and the hours that it wishes.
TAKEN = [
    (None, NOTHING, "book me tuesday at 3, I'm Ana Lopez", "24 Nov 15:00"),
    (NAME, NOTHING, "book me tuesday at 3, I'm Ana Lopez", "24 Nov 15:00"),
    (None, NOTHING, "can i come in next week", "23 Nov"),
    (None, NOTHING, "i want a consultation before christmas", "20 Nov"),
    (None, NOTHING, "I'd like to pop in\u2026 tuesdays are best", "24 Nov"),
    (None, NOTHING, "book me in for free one saturday, jay, jay@mail.com", "21 Nov"),
    (None, NOTHING, "hi, do you have anything on friday afternoon?", "27 Nov 12:00-17:00"),
    (None, NOTHING, "i need to be seen asap", "20 Nov"),
    (None, NOTHING, "i have a wedding on saturday, can i come on tuesday", "24 Nov"),
    (NAME, NOTHING, "before Christmas", "20 Nov"),
    (NAME, NOTHING, "friday", "27 Nov"),
    (NAME, NOTHING, "saturday?", "21 Nov"),
    (NAME, WISHED, "actually no wait, Thursday", "26 Nov"),
    (NAME, WISHED, "sorry, thursday not wednesday", "26 Nov"),
    (CONTACT, NOTHING, "asap please", "20 Nov"),
    (CONTACT, WISHED, "thursday 11am", "26 Nov 11:00"),
    (CONTACT, WISHED, "can I move it to next Monday", "23 Nov"),
    (CONTACT, NOTHING, "202-555-0164, best in the mornings", "20 Nov 05:00-11:59"),
    (CONCERN, NOTHING, "next week", "23 Nov"),
    (CONCERN, NOTHING, "saturday?", "21 Nov"),
    (CONCERN, NOTHING, "tuesday, scars on my cheeks", "24 Nov"),
    (CONCERN, WISHED, "sorry, thursday not wednesday", "26 Nov"),
    (None, CHOSEN, "Thursday not wednesday", "26 Nov 15:00"),
    (None, CHOSEN, "sorry, thursday not wednesday", "26 Nov 15:00"),
    (None, CHOSEN, "can i change it to 12", "24 Nov 12:00"),
    (None, CHOSEN, "can I move it to next Monday", "23 Nov 15:00"),
    (None, CHOSEN, "thursday 11am", "26 Nov 11:00"),
    (None, CHOSEN, "no 3pm", "24 Nov 15:00"),
    (None, CHOSEN, "no, 4", "24 Nov 16:00"),
    (None, CHOSEN, "no 4", "24 Nov 16:00"),
    (None, CHOSEN, "no thursday", "26 Nov 15:00"),
    (None, CHOSEN, "yes but make it 4", "24 Nov 16:00"),
    (None, CHOSEN, "how about 4?", "24 Nov 16:00"),
    (None, CHOSEN, "could we do 4 instead", "24 Nov 16:00"),
    (None, CHOSEN, "2pm sorry", "24 Nov 14:00"),
    (None, CHOSEN, "what about friday?", "27 Nov 15:00"),
    (None, CHOSEN, "yes thursday is fine", "26 Nov 15:00"),
    (None, CHOSEN, "i meant wednesday", "25 Nov 15:00"),
    (None, CHOSEN, "can it be in the morning", "24 Nov 05:00-11:59"),
    (None, CHOSEN, "reschedule to thursday at noon", "26 Nov 12:00"),
    (None, CHOSEN, "tuesday doesn't work any more", "20 Nov 15:00"),
    (None, CHOSEN, "the day after would be better", "25 Nov 15:00"),
]
LEFT = [
    (None, NOTHING, "my scars got worse last week"),
    (CONCERN, NOTHING, "my scars got worse last week"),
    (None, CHOSEN, "my scars got worse last week"),
    (None, NOTHING, "does it hurt the next day?"),
    (NAME, NOTHING, "does it hurt the next day?"),
    (None, CHOSEN, "does it hurt the next day?"),
    (None, CHOSEN, "will it hurt tomorrow?"),
    (None, CHOSEN, "can i go swimming tomorrow?"),
    (None, CHOSEN, "can i wear makeup the next day"),
    (None, CHOSEN, "how long does it take, 2 hours?"),
    (None, CHOSEN, "do you close at 6?"),
    (None, CHOSEN, "is it ok if i come 10 minutes late"),
    (None, CHOSEN, "yes"),
    (None, CHOSEN, "no"),
    (None, NOTHING, "Noon Ali"),
    (NAME, NOTHING, "Noon Ali"),
    (NAME, NOTHING, "Mary Friday"),
    (NAME, NOTHING, "April May"),
    (NAME, NOTHING, "June"),
    (NAME, NOTHING, "june"),
    (None, NOTHING, "i'm getting married in june, want clear skin"),
    (None, NOTHING, "i have a wedding on saturday at 3, will i be red?"),
    (None, NOTHING, "i had it done last tuesday at 3"),
    (None, NOTHING, "will it be gone by christmas?"),
    (None, NOTHING, "i was born on feb 30"),
    (None, NOTHING, "call me after 5 on 202-555-0164"),
    (CONTACT, NOTHING, "202 555 0164 call after 5"),
    (CONCERN, NOTHING, "the scar from friday"),
    (CONCERN, NOTHING, "red at night"),
    (CONCERN, NOTHING, "it started in march"),
    (CONCERN, NOTHING, "scars from 3 years ago"),
    (CONCERN, NOTHING, "lines around my eyes for about 5 years"),
    (CONCERN, NOTHING, "sun damage"),
    (CONCERN, NOTHING, "sun"),
]


def read(text: str, asked: Slot | None, known: Details, clinic: Clinic, now: datetime) -> Reading:
    return read_answer(text, asked, known, now, clinic, "US")


def told(wish: object) -> str:
    """The first day and the hours of a wish, such as "24 Nov 15:00"."""
    assert isinstance(wish, Wish)
    window = wish.window
    day = f"{window.first:%-d %b}"
    if (window.start, window.until) == (Window.start, Window.until):
        return day
    until = "" if window.start == window.until else f"-{window.until:%H:%M}"
    return f"{day} {window.start:%H:%M}{until}"


@pytest.mark.parametrize(("asked", "known", "text", "wish"), TAKEN)
def test_a_wish_said_in_passing_is_taken(
    clinic: Clinic, now: datetime, asked: Slot | None, known: Details, text: str, wish: str
) -> None:
    reading = read(text, asked, known, clinic, now)

    assert told(reading.found.get(TIME)) == wish


@pytest.mark.parametrize(("asked", "known", "text"), LEFT)
def test_a_time_that_is_only_spoken_of_is_no_wish(
    clinic: Clinic, now: datetime, asked: Slot | None, known: Details, text: str
) -> None:
    reading = read(text, asked, known, clinic, now)

    assert TIME not in reading.found
    assert reading.problem is None or reading.problem.slot is not TIME


@pytest.mark.parametrize(
    ("text", "code"),
    [("book me in for yesterday", "past_time"), ("can i come on feb 30", "impossible_time")],
)
def test_a_wish_said_in_passing_is_refused_for_its_reason(
    clinic: Clinic, now: datetime, text: str, code: str
) -> None:
    problem = read(text, None, NOTHING, clinic, now).problem

    assert problem is not None
    assert (problem.slot, problem.code) == (TIME, code)


def test_the_time_chosen_gives_way_to_the_wish(clinic: Clinic, now: datetime) -> None:
    changed = read("no, 4", None, CHOSEN, clinic, now).applied_to(CHOSEN)

    assert changed.time is None
    assert changed.missing() == (TIME,)
    assert told(changed.wish) == "24 Nov 16:00"
