"""What visitors want with a request they have sent, and the references they type."""

from __future__ import annotations

import time

import pytest

from booking.reading.changes import (
    Change,
    find_reference,
    read_wish_to_change,
    without_reference,
)

MOVE, CANCEL, STATUS, WHEN = Change
WISHES = {
    MOVE: [
        "can i move my appointment to friday",
        "i need to reschedule",
        "I need to move my appointment",
        "reschedule my consultation please",
        "can we do friday instead",
        "friday instead of tuesday please",
        "could we make it thursday",
        "I can't make it tomorrow",
        "i cant make it tmrw sorry",
        "can’t come on friday after all",
        "i won't be able to make it on friday",
        "i booked for thursday but can't make it any more",
        "something came up",
        "is there another time i could come",
        "can my existing appointment be pushed back by an hour",
        "push it back an hour",
        "bring forward my consultation if someone drops out",
        "i already booked, how do i change the day",
        "change the date of my appointment",
        "can i change the time",
        "change my appointment",
        "do you have an earlier slot",
        "later that day would be better",
        "postpone it please",
        "cancel friday and book me in for monday instead",
        "please rebook me",
        "swap my slot to the morning",
        "need a different day",
        "i don't want to cancel, just move it",
        "I want to switch to wednesday instead",
        "put it back a week",
        "move to friday",
        "thursday would be better",
        "i dont think i can come tomorrow",
        "can i rescedule my apointment",
        "could i come in a bit later",
        "move NP-7KQ4MX to friday please",
        "could you push np 7kq 4mx back",
        "can i come an hour earlier",
    ],
    CANCEL: [
        "cancel my booking",
        "cancel my appointment",
        "cancel",
        "actually cancel it",
        "please cancel the consultation i requested last week",
        "i want to cancel",
        "how do i cancel",
        "can i cancel pls",
        "cancelling my appointment for tomorrow",
        "nvm dont want the appointment any more",
        "i don't want the consultation anymore",
        "never mind the appointment",
        "i no longer need it",
        "call it off",
        "scrap that booking",
        "delete my request",
        "withdraw my request please",
        "i'm not coming tomorrow",
        "i won't come",
        "forget about my booking",
        "I can't make it tomorrow, please cancel",
        "i've changed my mind about the appointment",
        "cancel np-7kq4mx",
        "take me off the list",
        "pls cancle my appt",
        "i want to cancel my sister's appointment",
    ],
    STATUS: [
        "was that confirmed?",
        "is it confirmed yet",
        "is my appointment confirmed",
        "did you get my request",
        "did you get my booking",
        "did that go through?",
        "is my appointment still on",
        "is it still on for tomorrow",
        "am i booked in?",
        "check the status of my request",
        "any news on my booking?",
        "i haven't had a confirmation email yet",
        "nobody has contacted me",
        "still waiting to hear back about the request i sent on monday",
        "my reference is NP-7KQ4MX, what is happening with it",
        "can you see if i have a booking with you",
        "look up NP-R8W2HD",
        "what's my reference",
        "i lost my reference number",
        "did you cancel it?",
        "has the clinic confirmed my appointment",
        "have you booked it",
        "do i still have an appointment",
        "i think i booked twice by accident",
        "did you get that?",
        "any news about NP-7KQ4MX?",
        "is it moved?",
        "has it been changed",
    ],
    WHEN: [
        "when am I booked",
        "when is my appointment",
        "when is my appointment again",
        "what time is my appointment",
        "what time did i book",
        "which day was it again",
        "what day is my consultation",
        "when was it again?",
        "remind me when it is",
        "when do i need to come",
        "what's the time of my appointment",
        "whens my appointment",
    ],
    None: [
        "",
        "can i book an appointment",
        "i'd like a consultation on friday",
        "when is your next available appointment",
        "when can i come in",
        "when are you open",
        "what times do you have",
        "does it hurt",
        "did it hurt you",
        "how long does it take",
        "change my email",
        "can i change my name to Jon Snow",
        "my number is actually 202 555 0164",
        "i put in the wrong phone number when i booked yesterday",
        "what is your cancellation policy",
        "how late can i cancel",
        "is there a fee if i cancel",
        "what happens if i can't make it",
        "what if i need to reschedule",
        "don't cancel it",
        "please do not cancel my appointment",
        "i want to keep my appointment",
        "will it change my skin",
        "can i move after the treatment",
        "thanks",
        "ok",
        "no",
        "delete my data",
        "I can't breathe",
        "can it get worse",
        "is it safe",
        "does this work",
        "is that all",
        "how many sessions do i need",
        "i don't want it to hurt",
        "i don't need a referral",
        "what time do you close",
        "will it come back later in life",
    ],
}


@pytest.mark.parametrize(
    ("text", "wish"), [(text, wish) for wish, texts in WISHES.items() for text in texts]
)
def test_a_wish_to_change_is_read(text: str, wish: Change | None) -> None:
    assert read_wish_to_change(text) == wish


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("NP-7KQ4MX", "NP-7KQ4MX"),
        ("np-7kq4mx", "NP-7KQ4MX"),
        ("np7kq4mx", "NP-7KQ4MX"),
        ("Np 7Kq4mX", "NP-7KQ4MX"),
        ("NP - 7KQ4MX", "NP-7KQ4MX"),
        ("NP–7KQ4MX", "NP-7KQ4MX"),
        ("NP\u20117KQ4MX", "NP-7KQ4MX"),
        ("np 7kq 4mx", "NP-7KQ4MX"),
        ("N P 7 K Q 4 M X", "NP-7KQ4MX"),
        ("np_7kq4mx", "NP-7KQ4MX"),
        ("ＮＰ－７ＫＱ４ＭＸ", "NP-7KQ4MX"),
        ("my reference is NP-7KQ4MX, what is happening with it", "NP-7KQ4MX"),
        ("(NP-7KQ4MX)", "NP-7KQ4MX"),
        ("ref:np-7kq4mx ana@example.com", "NP-7KQ4MX"),
        ("np-acdefg", "NP-ACDEFG"),
        ("NPACDEFG", "NP-ACDEFG"),
        ("np 346797", "NP-346797"),
        ("my ref is 7kq4mx", "NP-7KQ4MX"),
        ("7KQ4MX", "NP-7KQ4MX"),
        ("it's 7kq4mx and my mail is ana@example.com", "NP-7KQ4MX"),
        ("np, it is NP-7KQ4MX", "NP-7KQ4MX"),
        ("", None),
        ("np", None),
        ("np thanks", None),
        ("np, the cat", None),
        ("no reference", None),
        ("NP-7KQ4M", None),
        ("NP-7KQ4MXA", None),
        ("NP-7KQ0MX", None),
        ("SNP-7KQ4MX", None),
        ("202 555 0164", None),
        ("my number is 346797", None),
        ("it's hectic at work", None),
        ("matter", None),
    ],
)
def test_a_reference_is_found_however_it_is_typed(text: str, reference: str | None) -> None:
    assert find_reference(text) == reference


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("np kqtmxw", "NP-KQTMXW"),
        ("it is KQTMXW", "NP-KQTMXW"),
        ("np. the cat", None),
        ("change", None),
        ("np 7kq 4mx", "NP-7KQ4MX"),
    ],
)
def test_where_a_reference_is_asked_for_letters_alone_may_be_one(
    text: str, reference: str | None
) -> None:
    assert find_reference(text, asked=True) == reference
    assert any(map(str.isdigit, reference or "")) or find_reference(text) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("NP-7KQ4MX, ana@example.com", " , ana@example.com"),
        ("move np 7kq 4mx to friday", "move   to friday"),
        ("my reference is 346A79", "my reference is  "),
        ("call me on 202-555-0164", "call me on 202-555-0164"),
        ("np, the cat is fine", "np, the cat is fine"),
    ],
)
def test_the_rest_of_a_message_is_read_without_its_reference(text: str, left: str) -> None:
    assert without_reference(text) == left


@pytest.mark.parametrize(
    "text", ["cancel " * 140, "my " * 330, "n p " * 250, "did it " * 140, "7 k " * 250, "a" * 1000]
)
def test_the_longest_message_is_read_at_once(text: str) -> None:
    started = time.process_time()

    read_wish_to_change(text)
    find_reference(text)

    assert time.process_time() - started < 0.5
