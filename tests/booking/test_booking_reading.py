"""One message may say everything, half a thing, or take something back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.clinic import Clinic
from booking.details import Contact, Details, PreferredTime, Slot
from booking.reading.message import Reading, read_answer
from booking.windows import Window, Wish

NEW_YORK = ZoneInfo("America/New_York")
NAME, CONTACT, CONCERN, TIME = Slot
NOTHING = Details()
# Tuesday, 24 November 2026
EVERYTHING = Details(
    name="Ana Lopez",
    email="ana@example.com",
    concern="acne scars",
    time=PreferredTime(datetime(2026, 11, 24, 15, 0, tzinfo=NEW_YORK), "tuesday 3pm"),
)
TUESDAY_AT_3 = "2026-11-24 15:00"
TUESDAY = date(2026, 11, 24)
ON_TUESDAY = Details(wish=Wish(Window(TUESDAY, TUESDAY), "tuesday"))


@dataclass
class Case:
    """A message, the open question, what the lexicon found, and what should come of it."""

    text: str
    asked: Slot | None
    found: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    concern: str | None = None
    known: Details = NOTHING
    cleared: set[Slot] = field(default_factory=set)
    rest: str = ""


def shown(window: Window) -> str:
    """Such as "2026-11-24", "2026-11-24 15:00" or "2026-11-24 05:00-11:59"."""
    days = f"{window.first}" if window.first == window.last else f"{window.first}..{window.last}"
    if (window.start, window.until) == (Window.start, Window.until):
        return days
    if window.start == window.until:
        return f"{days} {window.start:%H:%M}"
    return f"{days} {window.start:%H:%M}-{window.until:%H:%M}"


def told(reading: Reading) -> dict[str, str]:
    """What was found, flat: name, email, phone, concern, and the window wished for as time."""
    flat: dict[str, str] = {}
    for slot, value in reading.found.items():
        match value:
            case Contact(email, phone):
                flat |= {"email": email} if email else {}
                flat |= {"phone": phone} if phone else {}
            case Wish(window):
                flat["time"] = shown(window)
            case str():
                flat[slot.value] = value
    return flat


ALL = {"name": "Ana Lopez", "email": "ana@x.com", "concern": "acne scars", "time": TUESDAY_AT_3}
ALL_AT_ONCE = [
    Case("Ana Lopez, ana@x.com, acne scars, tuesday 3pm", NAME, ALL, concern="acne scars"),
    Case("Ana Lopez, ana@x.com, acne scars, tuesday 3pm", NAME, ALL),
    Case("Ana Lopez, ana@x.com, acne scars, tuesday 3pm", None, ALL, concern="acne scars"),
    Case("Ana Lopez, ana@x.com, acne scars, tuesday 3pm", CONTACT, ALL),
    Case("Ana Lopez\nana@x.com\nacne scars\ntuesday 3pm", None, ALL),
    Case("tuesday 3pm; acne scars; ana@x.com; Ana Lopez", NAME, ALL, concern="acne scars"),
    Case("ana lopez, ana@x.com, acne scars, tuesday 3pm", None, ALL | {"name": "ana lopez"}),
    Case(
        "can i book acne scars consult for tuesday 3pm, i'm ana",
        None,
        {"name": "ana", "concern": "acne scars", "time": TUESDAY_AT_3},
        concern="acne scars",
    ),
    Case(
        "Liam Murphy, 202-555-0150, friday noon, wrinkles",
        NAME,
        {
            "name": "Liam Murphy",
            "phone": "+12025550150",
            "concern": "wrinkles",
            "time": "2026-11-27 12:00",
        },
        concern="wrinkles",
    ),
    Case(
        "hi, name's Julia, want to come in monday 10am about fine lines, julia@example.com",
        None,
        {
            "name": "Julia",
            "email": "julia@example.com",
            "concern": "fine lines",
            "time": "2026-11-23 10:00",
        },
        concern="fine lines",
    ),
    Case(
        "i'm chen wei and my number is 202 555 0183",
        None,
        {"name": "chen wei", "phone": "+12025550183"},
    ),
    Case(
        "This is Kofi Mensah, I'd like a consultation about pigmentation",
        None,
        {"name": "Kofi Mensah", "concern": "pigmentation"},
        concern="pigmentation",
    ),
    Case("Ana, acne scars", NAME, {"name": "Ana", "concern": "acne scars"}, concern="acne scars"),
    Case("Ana, and my email is ana@x.com", NAME, {"name": "Ana", "email": "ana@x.com"}),
    Case("ana and ana@x.com", NAME, {"name": "ana", "email": "ana@x.com"}),
    Case(
        "sun spots, and monday works, contact me at rosa@example.org",
        None,
        {"email": "rosa@example.org", "concern": "sun spots", "time": "2026-11-23"},
        concern="sun spots",
    ),
    Case(
        "Ana Lopez, ana@x.com, acne scars, tuesday",
        NAME,
        ALL | {"time": "2026-11-24"},
    ),
    Case(
        "Ana Lopez, ana@x.com, sunday 3pm",
        NAME,
        {"name": "Ana Lopez", "email": "ana@x.com", "time": "2026-11-22 15:00"},
    ),
]
NAMES = [
    *(
        Case(text, NAME, {"name": name})
        for text, name in [
            ("Ana", "Ana"),
            ("it's Ana-María O'Neill", "Ana-María O'Neill"),
            ("it\u2019s Ana-María O\u2019Neill", "Ana-María O\u2019Neill"),
            ("李小龙", "李小龙"),
            ("Дмитрий Иванов", "Дмитрий Иванов"),
            ("Smith, John", "Smith, John"),
            ("tom b.", "tom b."),
            ("i'm ahmed", "ahmed"),
            ("hi, I'm Siobhán O'Connor", "Siobhán O'Connor"),
            ("name: Fatima al-Zahra", "Fatima al-Zahra"),
            ("call me Kasia, surname Wójcik", "Kasia Wójcik"),
            ("Björn Sigurðsson here", "Björn Sigurðsson"),
            ("Keanu Kahananui is my name", "Keanu Kahananui"),
            ("you can put it under Mrs Haruka Tanaka", "Mrs Haruka Tanaka"),
            ("first name Aaliyah, last name Washington", "Aaliyah Washington"),
            ("its for Zeynep Yılmaz", "Zeynep Yılmaz"),
            ("my full name is Maria da Conceição Silva", "Maria da Conceição Silva"),
            ("Ana please", "Ana"),
            ("April May", "April May"),
            ("Mary Friday", "Mary Friday"),
            ("Noon Ali", "Noon Ali"),
            ("Sat Singh", "Sat Singh"),
            ("Will Young", "Will Young"),
        ]
    ),
    *(
        Case(text, NAME, problem=f"name:{code}")
        for text, code in [
            ("", "no_name"),
            ("yes", "not_a_name"),
            ("idk", "not_a_name"),
            ("I'm worried", "not_a_name"),
            ("12345", "not_a_name"),
            ("i don't want to give you that", "not_a_name"),
            ("www.example.com", "not_a_name"),
            ("Robert'); DROP TABLE students;--", "not_a_name"),
            ("my name is Robert'); DROP TABLE students;--", "not_a_name"),
            ("A" * 121, "too_long"),
        ]
    ),
    # what is said of oneself is no name
    *(
        Case(text, None)
        for text in [
            "I'm worried",
            "i'm pregnant",
            "I'm 52",
            "i'm itchy",
            "i'm diabetic",
            "i am allergic to lidocaine",
            "I'm interested in a consultation",
            "this is urgent",
            "this is for my daughter",
            "im so red",
            "i'm feeling terrible",
        ]
    ),
    Case("call me tomorrow morning", None, {"time": "2026-11-21 05:00-11:59"}),
    Case("I'm 52 with acne scars", None, {"concern": "acne scars"}, concern="acne scars"),
    Case(
        "My name is Ana and I have acne scars",
        NAME,
        {"name": "Ana", "concern": "acne scars"},
        concern="acne scars",
    ),
    Case("acne scars", NAME, {"concern": "acne scars"}, concern="acne scars"),
    Case("call me on 202-555-0164", NAME, {"phone": "+12025550164"}),
]
CONTACTS = [
    *(
        Case(text, CONTACT, found)
        for text, found in [
            ("ana@x.com", {"email": "ana@x.com"}),
            ("mine is <ana@x.com>.", {"email": "ana@x.com"}),
            ("Ana.Lopez@X.COM!", {"email": "Ana.Lopez@x.com"}),
            ("it's m dot rossi at example dot com", {"email": "m.rossi@example.com"}),
            ("ana(at)x(dot)com", {"email": "ana@x.com"}),
            ("ana @ example.com", {"email": "ana@example.com"}),
            ("no email, just use 202-555-0191", {"phone": "+12025550191"}),
            ("+44 20 7946 0958", {"phone": "+442079460958"}),
            ("0044 20 7946 0958", {"phone": "+442079460958"}),
            ("(202) 555.0164", {"phone": "+12025550164"}),
            ("ring my cell, 202.555.0108, after five", {"phone": "+12025550108"}),
            ("ana@x.com or 202 555 0164", {"email": "ana@x.com", "phone": "+12025550164"}),
            ("not ana@x.com, anna@x.com", {"email": "anna@x.com"}),
            ("old number is 202 555 0100, new one 202 555 0164", {"phone": "+12025550164"}),
            ("change ana@x.com to anna@x.com", {"email": "anna@x.com"}),
            ("mia(at)example.com", {"email": "mia@example.com"}),
            ("mia at example.com", {"email": "mia@example.com"}),
            ("mia@gmail. com", {"email": "mia@gmail.com"}),
            ("mia @ gmail . com", {"email": "mia@gmail.com"}),
            ("mia@x.com. Info please", {"email": "mia@x.com"}),
            ("+44 7700 900456", {"phone": "+447700900456"}),
            (
                "202 555 0164, tuesday at 10:30",
                {"phone": "+12025550164", "time": "2026-11-24 10:30"},
            ),
        ]
    ),
    *(
        Case(text, CONTACT, problem=f"contact:{code}")
        for text, code in [
            ("ana@@x.com", "invalid_email"),
            ("ana@x", "invalid_email"),
            ("anna@", "invalid_email"),
            ("ana at gmail", "invalid_email"),
            ("ana.example.com", "invalid_email"),
            ("12345", "invalid_phone"),
            ("555 0143", "invalid_phone"),
            ("911", "invalid_phone"),
            ("+1 202 555 01", "invalid_phone"),
            ("nope", "no_contact"),
            ("07700900456", "needs_country_code"),
            ("whatsapp only 07700 900123", "needs_country_code"),
            ("06 12 34 56 78", "needs_country_code"),
            ("instagram @mia.skin", "no_contact"),
            ("same as my name but at gmail.com", "invalid_email"),
            ("call me", "no_contact"),
            ("", "no_contact"),
        ]
    ),
    Case("call me on 1234567", None, problem="contact:invalid_phone"),
    Case("i have had 3 sessions since 2024", None),
    Case("see me @ 3pm on tuesday", None, {"time": TUESDAY_AT_3}),
]
CONCERNS = [
    *(
        Case(text, CONCERN, {"concern": concern})
        for text, concern in [
            ("acne scars", "acne scars"),
            ("it's for my acne scars", "acne scars"),
            ("it's about the fine lines around my eyes", "fine lines around my eyes"),
            ("i want to be seen about the pores on my nose", "pores on my nose"),
            ("the reason is my melasma", "melasma"),
            ("reason for my visit, dull tired skin", "dull tired skin"),
            ("scars since last year", "scars since last year"),
            ("it gets worse in the morning", "it gets worse in the morning"),
            ("sun damage", "sun damage"),
            ("acne, sun, aging", "acne, sun, aging"),
            ("not sure", "not sure"),
            ("crow\u2019s feet", "crow\u2019s feet"),
        ]
    ),
    Case("yes", CONCERN, problem="concern:no_concern"),
    Case("???", CONCERN, problem="concern:no_concern"),
    Case("x" * 400, CONCERN, problem="concern:too_long"),
    Case("my email is ana@x.com", CONCERN, {"email": "ana@x.com"}),
    Case(
        "old scars on both cheeks, my email is ana@x.com",
        CONCERN,
        {"email": "ana@x.com", "concern": "old scars on both cheeks"},
    ),
]
TIMES = [
    Case("tuesday", TIME, {"time": "2026-11-24"}),
    Case("3pm", TIME, {"time": TUESDAY_AT_3}, known=ON_TUESDAY),
    Case("3", TIME, {"time": TUESDAY_AT_3}, known=ON_TUESDAY),
    Case("sunday 3pm", TIME, {"time": "2026-11-22 15:00"}),
    Case("blue", TIME, problem="time:not_understood"),
    Case(
        "tuesday 3pm and my name's Ana",
        TIME,
        {"time": TUESDAY_AT_3, "name": "Ana"},
    ),
    Case("actually my email is b@y.com", TIME, {"email": "b@y.com"}),
]
FRIDAY_AT_3 = {"time": "2026-11-27 15:00"}
CORRECTIONS = [
    Case(text, None, found, known=EVERYTHING, concern=concern)
    for text, found, concern in [
        ("actually my email is b@y.com", {"email": "b@y.com"}, None),
        ("sorry, my email should be b@y.com", {"email": "b@y.com"}, None),
        ("change my email from ana@example.com to b@y.com", {"email": "b@y.com"}, None),
        ("use my other address instead, b@y.com", {"email": "b@y.com"}, None),
        ("change the time to friday 10am", {"time": "2026-11-27 10:00"}, None),
        ("not tuesday, wednesday", {"time": "2026-11-25 15:00"}, None),
        ("actually make it friday", FRIDAY_AT_3, None),
        ("swap the date for friday", FRIDAY_AT_3, None),
        ("friday", FRIDAY_AT_3, None),
        ("can we make it 4 instead of 3", {"time": "2026-11-24 16:00"}, None),
        ("morning would be better than afternoon", {"time": "2026-11-24 05:00-11:59"}, None),
        ("not ana, anna", {"name": "Anna Lopez"}, None),
        ("no my name is anna not ana", {"name": "Anna Lopez"}, None),
        ("not Ana Lopez but Anna López", {"name": "Anna López"}, None),
        ("change my name to Anna Lopez", {"name": "Anna Lopez"}, None),
        ("you spelled my name wrong, it's Kristjan with a K", {"name": "Kristjan"}, None),
        ("actually it's about wrinkles, not scars", {"concern": "wrinkles"}, "wrinkles"),
        ("please write dark spots instead", {"concern": "dark spots"}, "dark spots"),
        ("change my concern to rosacea", {"concern": "rosacea"}, None),
        ("you've already got my number", {}, None),
        ("yes", {}, None),
        ("no", {}, None),
    ]
]
TAKEN_BACK = [
    *(
        Case(text, None, known=EVERYTHING, cleared={slot})
        for text, slot in [
            ("change my email", CONTACT),
            ("i need to change my phone number", CONTACT),
            ("typo in my email", CONTACT),
            ("the email address is wrong", CONTACT),
            ("the time is wrong", TIME),
            ("that's the wrong day", TIME),
            ("could i pick another time", TIME),
            ("different day please", TIME),
            ("i spelled my name wrong", NAME),
            ("that isn't my surname", NAME),
            ("change my concern", CONCERN),
            ("wrong topic", CONCERN),
            ("surname wrong", NAME),
            ("thats not my number", CONTACT),
            ("i gave you the wrong email", CONTACT),
            ("everything but the email", CONTACT),
            ("perfect except the time", TIME),
            ("all good except for my name", NAME),
        ]
    ),
    Case(
        "change my email to ana@@x",
        None,
        problem="contact:invalid_email",
        known=EVERYTHING,
        cleared={CONTACT},
    ),
    Case(
        "change the time to feb 30",
        None,
        problem="time:impossible_time",
        known=EVERYTHING,
        cleared={TIME},
    ),
]
BOTH = [
    # an answer and a question of the visitor's own
    Case(
        "ok. Sophie Grant. Oh and does it hurt", NAME, {"name": "Sophie Grant"}, rest="does it hurt"
    ),
    Case("Sophie, does it hurt?", NAME, {"name": "Sophie"}, rest="does it hurt?"),
    Case("sophie does it hurt", NAME, {"name": "sophie"}, rest="does it hurt"),
    Case("Will Young. how much is it?", NAME, {"name": "Will Young"}, rest="how much is it?"),
    Case("b@y.com does it hurt?", CONTACT, {"email": "b@y.com"}, rest="does it hurt?"),
    Case(
        "b@y.com. will you send me spam, and does it hurt?",
        CONTACT,
        {"email": "b@y.com"},
        rest="will you send me spam, does it hurt?",
    ),
    Case(
        "202 555 0164 - what’s it for?", CONTACT, {"phone": "+12025550164"}, rest="what’s it for?"
    ),
    Case("old scars. is it safe?", CONCERN, {"concern": "old scars"}, rest="is it safe?"),
    Case(
        "acne scars, does it work on wrinkles?",
        CONCERN,
        {"concern": "acne scars"},
        concern="acne scars",
        rest="does it work on wrinkles?",
    ),
    Case(
        "thursday instead. does it help wrinkles?",
        None,
        {"time": "2026-11-26 15:00"},
        known=EVERYTHING,
        concern="wrinkles",
        rest="does it help wrinkles?",
    ),
    # a question is no failed answer, and a question that gives a detail no question beside
    Case("what do you need it for?", NAME, rest="what do you need it for?"),
    Case("my friend had it. does it hurt?", NAME, rest="does it hurt?"),
    Case("why do you ask", CONTACT, rest="why do you ask"),
    Case("will it hurt tomorrow?", None, known=EVERYTHING, rest="will it hurt tomorrow?"),
    Case("can you use 202 555 0143?", CONTACT, {"phone": "+12025550143"}),
    Case("melasma. also can it be tuesday", CONCERN, {"concern": "melasma", "time": "2026-11-24"}),
    Case(
        "sophie grant can i come on tuesday", NAME, {"name": "sophie grant", "time": "2026-11-24"}
    ),
]
NOT_A_TOPIC = [
    *(
        Case(text, CONCERN, problem="concern:no_concern")
        for text in "thx ok cool nothing skip n/a".split()
    ),
    *(
        Case(text, CONCERN, problem="concern:no_concern")
        for text in ("thx ur a lifesaver", "a consultation", "i just want to book", "ok thank you")
    ),
    Case("saturday?", CONCERN, {"time": "2026-11-21"}),
    Case("next week", CONCERN, {"time": "2026-11-23..2026-11-29"}),
    Case("tuesday at 3 would be great", CONCERN, {"time": TUESDAY_AT_3}),
    Case(
        "sorry its anna not ana", CONCERN, {"name": "Anna Lopez"}, known=Details(name="Ana Lopez")
    ),
    Case("wrong email, it's b@y.com", CONCERN, {"email": "b@y.com"}),
    Case("my number is actually 202 555 0164", CONCERN, {"phone": "+12025550164"}),
    Case(
        "wrinkles. my number changed to 202 555 0164",
        CONCERN,
        {"phone": "+12025550164", "concern": "wrinkles"},
    ),
    Case("you asked me that already", CONCERN, problem="concern:no_concern"),
    Case("Lena's the name by the way, not Lina", CONCERN, {"name": "Lena"}),
    Case("can i change my name to Jon Snow", CONCERN, {"name": "Jon Snow"}),
    Case(
        "acne scars and also my email is now b@y.com",
        CONCERN,
        {"concern": "acne scars", "email": "b@y.com"},
    ),
    *(
        Case(text, CONCERN, {"concern": concern})
        for text, concern in [
            ("yes, acne scars", "acne scars"),
            ("ok so acne scars", "acne scars"),
            ("no just acne scars", "acne scars"),
            ("hmm wrinkles i think", "wrinkles"),
            ("wrinkles?", "wrinkles"),
            ("wrinkles pls", "wrinkles"),
            ("a consultation about dark spots", "dark spots"),
            ("idk", "idk"),
            ("nothing in particular", "nothing in particular"),
            ("my scars got worse last week", "scars got worse last week"),
            ("thanks, acne scars", "acne scars"),
            ("not acne, rosacea", "rosacea"),
            ("not sure, maybe wrinkles", "not sure, maybe wrinkles"),
            ("i told you wrinkles", "wrinkles"),
            ('"wrinkles"', "wrinkles"),
        ]
    ),
]
OPENINGS = [
    Case(
        "book me in for free on tuesday, jay, jay@mail.com",
        None,
        {"name": "jay", "email": "jay@mail.com", "time": "2026-11-24"},
    ),
    Case(
        "Jo Ash here, can I come thursday re: melasma? jo@example.com",
        None,
        {"name": "Jo Ash", "email": "jo@example.com", "concern": "melasma", "time": "2026-11-26"},
        concern="melasma",
    ),
    Case("tyler here need to book", None, {"name": "tyler"}),
    Case(
        "can i book for my daughter Lily, shes 17, lily@example.com",
        None,
        {"name": "Lily", "email": "lily@example.com"},
    ),
    Case("i'd like to see someone about my jowls", None, {"concern": "jowls"}),
    Case("I want a consultation about saggy skin", None, {"concern": "saggy skin"}),
    Case("I'd like to talk about booking", None),
    Case(
        "Name: Jo. Email: jo@x.com. Topic: large pores.",
        None,
        {"name": "Jo", "email": "jo@x.com", "concern": "large pores"},
    ),
    Case(
        "name: Jo Lee / email: jo@x.com / topic: pores / time: tuesday 3pm",
        None,
        {"name": "Jo Lee", "email": "jo@x.com", "concern": "pores", "time": TUESDAY_AT_3},
    ),
    Case("can someone call me on 202-555-0164", None, {"phone": "+12025550164"}),
    Case(
        "hi i'm Mia, does it hurt and can i book tuesday at 3",
        None,
        {"name": "Mia", "time": TUESDAY_AT_3},
        rest="does it hurt",
    ),
]
ANY_TIME = [
    Case(text, asked, found, known=EVERYTHING, concern=concern)
    for asked in (None, CONTACT, TIME)
    for text, found, concern in [
        ("its anna not ana", {"name": "Anna Lopez"}, None),
        ("can i change my name to Jon Snow", {"name": "Jon Snow"}, None),
        ("name should be Anna", {"name": "Anna Lopez"}, None),
        ("wrong email, it's b@y.com", {"email": "b@y.com"}, None),
        ("my number is actually 202 555 0164", {"phone": "+12025550164"}, None),
        ("i gave you the wrong topic, its pigmentation", {"concern": "pigmentation"}, None),
        ("topic should be pigmentation", {"concern": "pigmentation"}, "pigmentation"),
        ("my topic is pigmentation actually", {"concern": "pigmentation"}, None),
        ("topic: pigmentation", {"concern": "pigmentation"}, None),
        ("not acne scars, rosacea", {"concern": "rosacea"}, "acne scars"),
        ("name Johanna Snow", {"name": "Johanna Snow"}, None),
        ("rosacea, not acne scars", {"concern": "rosacea"}, "rosacea"),
        ("change my concern from acne scars to rosacea", {"concern": "rosacea"}, "acne scars"),
        ("sorry, thursday not tuesday", {"time": "2026-11-26 15:00"}, None),
    ]
]
ADDED = [
    Case(
        "also wrinkles",
        None,
        {"concern": "acne scars, wrinkles"},
        known=EVERYTHING,
        concern="wrinkles",
    ),
    Case(
        "add wrinkles to the topic",
        None,
        {"concern": "acne scars, wrinkles"},
        known=EVERYTHING,
        concern="wrinkles",
    ),
    Case("wrinkles", None, {"concern": "wrinkles"}, known=EVERYTHING, concern="wrinkles"),
    Case("not acne scars", None, known=EVERYTHING, concern="acne scars", cleared={CONCERN}),
]
CASES = [
    *ADDED,
    *BOTH,
    *NOT_A_TOPIC,
    *OPENINGS,
    *ANY_TIME,
    *ALL_AT_ONCE,
    *NAMES,
    *CONTACTS,
    *CONCERNS,
    *TIMES,
    *CORRECTIONS,
    *TAKEN_BACK,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.asked or 'open'}: {case.text}")
def test_a_message_is_read(case: Case, clinic: Clinic, now: datetime) -> None:
    reading = read_answer(case.text, case.asked, case.known, now, clinic, "US", case.concern)

    problem = reading.problem
    assert told(reading) == case.found
    assert (f"{problem.slot}:{problem.code}" if problem else None) == case.problem
    assert reading.cleared == case.cleared
    assert reading.rest == case.rest


def answer(known: Details, text: str, asked: Slot | None, clinic: Clinic, now: datetime) -> Details:
    return read_answer(text, asked, known, now, clinic, "US").applied_to(known)


def window_of(known: Details) -> str:
    assert known.wish is not None
    return shown(known.wish.window)


def test_a_day_and_then_an_hour_make_a_wish(clinic: Clinic, now: datetime) -> None:
    half = answer(NOTHING, "tuesday", TIME, clinic, now)
    whole = answer(half, "3pm", TIME, clinic, now)

    assert (window_of(half), window_of(whole)) == ("2026-11-24", TUESDAY_AT_3)
    assert whole.wish is not None
    assert whole.wish.text == "tuesday, 3pm"


def test_an_hour_and_then_a_day_make_a_wish(clinic: Clinic, now: datetime) -> None:
    half = answer(NOTHING, "after 3", TIME, clinic, now)
    whole = answer(half, "tuesday", TIME, clinic, now)

    assert window_of(whole) == "2026-11-24 15:00-23:59"


def test_a_wish_is_no_time_until_a_free_one_is_chosen(clinic: Clinic, now: datetime) -> None:
    known = answer(NOTHING, "Ana Lopez, ana@x.com, acne scars, tuesday", NAME, clinic, now)
    wished = answer(known, "3pm", TIME, clinic, now)

    assert wished.missing() == (TIME,)
    assert window_of(wished) == TUESDAY_AT_3


def test_a_new_wish_takes_the_place_of_the_time_chosen(clinic: Clinic, now: datetime) -> None:
    changed = answer(EVERYTHING, "actually make it 4", None, clinic, now)

    assert changed.time is None
    assert window_of(changed) == "2026-11-24 16:00"


def test_a_new_email_leaves_the_phone_alone(clinic: Clinic, now: datetime) -> None:
    known = replace(EVERYTHING, phone="+12025550164")

    changed = answer(known, "change my email to b@y.com", None, clinic, now)

    assert (changed.email, changed.phone) == ("b@y.com", "+12025550164")


def test_what_was_taken_back_is_asked_for_again(clinic: Clinic, now: datetime) -> None:
    changed = answer(EVERYTHING, "the time is wrong", None, clinic, now)

    assert changed.missing() == (TIME,)
    assert changed.name == "Ana Lopez"


def test_the_visitors_words_for_the_time_are_kept(clinic: Clinic, now: datetime) -> None:
    known = answer(NOTHING, "Ana, ana@x.com, tuesday after 3, scars", None, clinic, now)

    assert known.wish is not None
    assert known.wish.text == "tuesday after 3"


@settings(deadline=None, max_examples=200)
@given(
    text=st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                "ana Ana @ ana@x.com 202 555 0164 tuesday 3pm not actually change my email name is "
                "i'm , ; \n wrong it's call me the 30th feb at dot com here first last".split(" ")
            ),
            max_size=12,
        ).map(" ".join),
    ),
    asked=st.sampled_from([None, *Slot]),
    known=st.sampled_from([NOTHING, EVERYTHING, ON_TUESDAY]),
    concern=st.sampled_from([None, "acne scars"]),
)
def test_no_message_breaks_the_reader(
    clinic: Clinic, text: str, asked: Slot | None, known: Details, concern: str | None
) -> None:
    moment = datetime(2026, 11, 20, 10, 0, tzinfo=NEW_YORK)

    reading = read_answer(text, asked, known, moment, clinic, "US", concern)

    assert Details.from_json(reading.applied_to(known).as_json()) == reading.applied_to(known)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1000,
        "a " * 500,
        "1" * 1000,
        "1 " * 500,
        "a.a-" * 250,
        "dot at " * 140,
        "@" * 1000,
        "not a, " * 140,
        "my name is " * 90,
        "the 3rd at " * 90,
        "and my email is " * 60,
        "it's for " * 110,
    ],
    ids=lambda text: text[:12],
)
def test_the_longest_message_is_read_at_once(clinic: Clinic, now: datetime, text: str) -> None:
    started = time.process_time()

    for asked in (None, *Slot):
        read_answer(text, asked, EVERYTHING, now, clinic, "US", None)

    assert time.process_time() - started < 1.5
