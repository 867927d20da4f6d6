"""Answers to an offer of times: one of them, or others. Now is Friday, 20 November 2026, 10:00."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.clinic import Clinic
from booking.reading.choices import Others, asks_for_others, read_choice

# Tuesday morning and afternoon, Friday afternoon.
THREE = ("2026-11-24 10:30", "2026-11-24 15:00", "2026-11-27 14:00")
# Thursday the 3rd twice, and a week later.
DECEMBER = ("2026-12-03 09:00", "2026-12-03 11:30", "2026-12-10 16:00")
ONE = ("2026-11-24 15:00",)
# Which of the times is meant, counted from 1.
CHOSEN = [
    *(
        (text, THREE, place)
        for text, place in [
            ("first", 1),
            ("the first", 1),
            ("the first one please", 1),
            ("1", 1),
            ("1st", 1),
            ("option 1", 1),
            ("the second one", 2),
            ("second please", 2),
            ("what about the 2nd", 2),
            ("number two", 2),
            ("2", 3),
            ("3", 2),
            ("let's go with 2", 3),
            ("option 2", 2),
            ("number three", 3),
            ("#3", 3),
            ("the third", 3),
            ("the 3rd one", 3),
            ("b", 2),
            ("last", 3),
            ("the last", 3),
            ("i'll take the last one", 3),
            ("the earlier one", 1),
            ("the earliest", 1),
            ("the later one", 3),
            ("the latest", 3),
            ("the middle one", 2),
            ("not the first, the second", 2),
            ("yes the first", 1),
            ("10:30", 1),
            ("10.30", 1),
            ("half ten", 1),
            ("half past ten", 1),
            ("ten thirty", 1),
            ("10:30am please", 1),
            ("3pm", 2),
            ("the 3pm one", 2),
            ("at 3", 2),
            ("ok 3pm", 2),
            ("the 2 o'clock", 3),
            ("tuesday at 3", 2),
            ("tuesday morning", 1),
            ("the morning one", 1),
            ("the afternoon on tuesday", 2),
            ("friday's", 3),
            ("friday", 3),
            ("the friday one", 3),
            ("friday at 2 works", 3),
            ("friday the 27th", 3),
            ("27/11", 3),
            ("the 24th at 3", 2),
            ("any of them", 1),
            ("either", 1),
            ("whichever", 1),
            ("you choose", 1),
        ]
    ),
    *(
        (text, ONE, 1)
        for text in [
            "yes",
            "yes please",
            "ok",
            "sure thing",
            "that works",
            "that one",
            "perfect, thanks",
            "sounds good",
            "i can do that",
            "book it",
            "go for it",
            "that's fine",
            "\N{THUMBS UP SIGN}",
            "1",
            "3",
            "tuesday",
        ]
    ),
    ("9", DECEMBER, 1),
    ("11:30", DECEMBER, 2),
    ("thursday 9am", DECEMBER, 1),
    ("the 10th", DECEMBER, 3),
]
LEFT_OPEN = [
    *(
        (text, THREE)
        for text in [
            "",
            "yes",
            "sounds good",
            "tuesday",
            "wednesday",
            "4pm",
            "not friday",
            "none",
            "none of these",
            "later",
            "anything earlier?",
            "other times",
            "noon",
            "4",
            "option 4",
            "0",
            "thanks",
            "does it hurt?",
            "first thing monday",
            "after 3",
            "the first of december",
            "what's the second step",
            "hmm",
        ]
    ),
    ("the 3rd", DECEMBER),
    ("thursday", DECEMBER),
    ("no", ONE),
    ("no thanks", ONE),
    ("yes but later", ONE),
    ("next friday", ("2026-11-20T12:00", "2026-11-23T09:00")),
    ("yes and what should i bring?", ONE),
    ("does it hurt", ONE),
    ("yes", ()),
    ("the first", ()),
]


def moments(written: tuple[str, ...], clinic: Clinic) -> list[datetime]:
    return [datetime.fromisoformat(one).replace(tzinfo=clinic.zone) for one in written]


@pytest.mark.parametrize(("text", "offered", "place"), CHOSEN)
def test_one_of_the_times_offered_is_chosen(
    clinic: Clinic, now: datetime, text: str, offered: tuple[str, ...], place: int
) -> None:
    starts = moments(offered, clinic)

    assert read_choice(text, starts, now, clinic) == starts[place - 1]


@pytest.mark.parametrize(("text", "offered"), LEFT_OPEN)
def test_what_may_mean_several_times_or_none_chooses_nothing(
    clinic: Clinic, now: datetime, text: str, offered: tuple[str, ...]
) -> None:
    assert read_choice(text, moments(offered, clinic), now, clinic) is None


def test_a_time_offered_in_another_zone_is_read_in_the_clinics(
    clinic: Clinic, now: datetime
) -> None:
    at_eight_utc = datetime.fromisoformat("2026-11-24T20:00:00+00:00")

    assert read_choice("the 3pm one", [at_eight_utc], now, clinic) == at_eight_utc


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("earlier", Others.EARLIER),
        ("something earlier", Others.EARLIER),
        ("anything sooner?", Others.EARLIER),
        ("have you got anything earlier", Others.EARLIER),
        ("a bit earlier please", Others.EARLIER),
        ("earlier in the day please", Others.EARLIER),
        ("too late for me", Others.EARLIER),
        ("later", Others.LATER),
        ("anything later?", Others.LATER),
        ("what about later", Others.LATER),
        ("do you have later ones", Others.LATER),
        ("too early", Others.LATER),
        ("that's too soon", Others.LATER),
        ("a little later would be good", Others.LATER),
        ("other times", Others.OTHER),
        ("other times please", Others.OTHER),
        ("none of these", Others.OTHER),
        ("none", Others.OTHER),
        ("neither", Others.OTHER),
        ("not those", Others.OTHER),
        ("another day", Others.OTHER),
        ("a different day", Others.OTHER),
        ("can you do a different time", Others.OTHER),
        ("do you have other dates", Others.OTHER),
        ("what else is there", Others.OTHER),
        ("what else?", Others.OTHER),
        ("got anything else?", Others.OTHER),
        ("any others", Others.OTHER),
        ("more", Others.OTHER),
        ("show me more", Others.OTHER),
        ("those don't work", Others.OTHER),
        ("those don\u2019t work", Others.OTHER),
        ("i can't do any of those", Others.OTHER),
        ("nothing suits", Others.OTHER),
        ("is that all?", Others.OTHER),
    ],
)
def test_other_times_are_asked_for(text: str, others: Others) -> None:
    assert asks_for_others(text) is others


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "no",
        "not sure",
        "tuesday",
        "the earlier one",
        "the later one",
        "later on friday",
        "anything on friday",
        "mornings would be better",
        "later than 3",
        "see you later",
        "i'll tell you later",
        "what else should i know",
        "i need more time to think",
        "does it hurt?",
    ],
)
def test_what_names_a_wish_of_its_own_or_nothing_asks_for_no_others(text: str) -> None:
    assert asks_for_others(text) is None


@settings(deadline=None, max_examples=200)
@given(
    text=st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                "the first second last one 2 3 3pm 10:30 tuesday friday's yes no not later earlier "
                "other option any of them morning 27th # \u00b2 at half".split()
            ),
            max_size=6,
        ).map(" ".join),
    )
)
def test_only_a_time_that_was_offered_is_ever_chosen(clinic: Clinic, text: str) -> None:
    now = datetime(2026, 11, 20, 10, 0, tzinfo=clinic.zone)
    offered = moments(THREE, clinic)

    chosen = read_choice(text, offered, now, clinic)

    assert chosen is None or chosen in offered
    assert chosen is None or asks_for_others(text) is None
