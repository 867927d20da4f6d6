"""What visitors call themselves, and what is no name for all that it stands in its place."""

from __future__ import annotations

import pytest

from booking.errors import DetailRefused
from booking.reading.names import answered_name, find_name, looks_like_a_name, respelled


def name_given(text: str, known: str | None = None) -> str:
    """The name in an answer to the question for it."""
    introduced = find_name(text, asked=True, known=known)
    return answered_name(introduced.name if introduced else text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # as written, in any script
        ("sophie grant", "sophie grant"),
        ("SOPHIE GRANT", "SOPHIE GRANT"),
        ("O'Neil-Smith", "O'Neil-Smith"),
        ("ann-marie o'neil", "ann-marie o'neil"),
        ("d'Artagnan", "d'Artagnan"),
        ("van der Berg", "van der Berg"),
        ("María José", "María José"),
        ("Nguyễn Văn A", "Nguyễn Văn A"),
        ("X Æ A-12", "X Æ A-12"),
        ("Алексей Петров", "Алексей Петров"),
        ("Σοφία", "Σοφία"),
        ("محمد علي", "محمد علي"),
        ("نیلوفر سادات", "نیلوفر سادات"),
        ("अनन्या शर्मा", "अनन्या शर्मा"),
        ("สมชาย ใจดี", "สมชาย ใจดี"),
        ("王小明", "王小明"),
        ("김민준", "김민준"),
        # short, single, and words of the language as well
        *((name, name) for name in "J Bo Al Ng Ai Null Test May Will Mark Young April".split()),
        ("will", "will"),
        ("jane d", "jane d"),
        ("priya n.", "priya n."),
        ("J. R.", "J. R."),
        ("A. B. Singh", "A. B. Singh"),
        ("Melody Book", "Melody Book"),
        ("Ima Person", "Ima Person"),
        ("Yi Sure", "Yi Sure"),
        ("Hope Young", "Hope Young"),
        ("Noel Christmas", "Noel Christmas"),
        ("Tuesday Weld", "Tuesday Weld"),
        ("HopeGrant99", "HopeGrant99"),
        # titles, parts, nicknames
        ("Dr. Maria Gomez", "Dr. Maria Gomez"),
        ("Mrs. Hope Grant", "Mrs. Hope Grant"),
        ("Lt. Col. James Hope", "Lt. Col. James Hope"),
        ("Hope Grant Jr.", "Hope Grant Jr."),
        ('Maria "Mia" Gomez', 'Maria "Mia" Gomez'),
        ("Maria (maiden name Gomez)", "Maria"),
        ("Wong, Mia", "Wong, Mia"),
        ("Mia, last name Wong", "Mia Wong"),
        ("first: Mia last: Wong", "Mia Wong"),
        ("its Mia Wong, W-O-N-G", "Mia Wong"),
        ("maria but everyone calls me mia", "mia"),
        ("priya and dev", "priya and dev"),
        ("Priya & Dev Nair", "Priya & Dev Nair"),
        ("my name is Karen White", "Karen White"),
        ("NAME IS KAREN WHITE.", "KAREN WHITE"),
        # with greetings, thanks and remarks around it
        ("ok. Sophie Grant", "Sophie Grant"),
        ("sure, Maria Gomez", "Maria Gomez"),
        ("hi im sophie grant and i have acne scars", "sophie grant"),
        ("i told you already its maria", "maria"),
        ("my name? its mia", "mia"),
        ("mia is fine", "mia"),
        ("mia of course", "mia"),
        ("mia lol", "mia"),
        ("mia :)", "mia"),
        ("Mia ;)", "Mia"),
        ("mia 😊", "mia"),
        ("Mia!!!", "Mia"),
        ("- Mia", "Mia"),
        ('"Mia Wong"', "Mia Wong"),
        ("Leo thanks", "Leo"),
        ("put down Leo", "Leo"),
        ("Leo Park is the name", "Leo Park"),
        ("Leo's my name", "Leo"),
        ("the booking is for Leo Park", "Leo Park"),
        ("Leo, he's 16", "Leo"),
        ("priya nair, 34", "priya nair"),
        ("priya nair (she/her)", "priya nair"),
        ("lena - wrinkles", "lena"),
        ("lena re: wrinkles", "lena"),
        ("lena and i want to ask about pores", "lena"),
        ("anna smith, like the actress", "anna smith"),
        ("Anna with two ns", "Anna"),
        ("Anna not Ana", "Anna"),
        ("John Smith the 3rd", "John Smith"),
        ("ana from instagram", "ana"),
        ("u can write Ana", "Ana"),
        ("write down Ana Lopez please", "Ana Lopez"),
        ("sorry typo, Anna", "Anna"),
        ("ugh, Ana", "Ana"),
        ("patient name: Ana Lopez dob 1/2/1990", "Ana Lopez"),
        ("Ana Lopez 01/02/1990", "Ana Lopez"),
        ("im booking on behalf of my boss Mr Tanaka", "Mr Tanaka"),
        # somebody else's
        ("it's for my mother, Rosa Klein", "Rosa Klein"),
        ("for my daughter Lily Chan, she's 17", "Lily Chan"),
        ("my husband Mark Stone", "Mark Stone"),
        ("my wife's name is Lena Ortiz", "Lena Ortiz"),
        ("it's not for me, its for my son. his name is Leo", "Leo"),
        # introduced in other languages
        ("me llamo Carlos", "Carlos"),
        ("je m'appelle Camille", "Camille"),
        ("ich bin Lena", "Lena"),
        ("меня зовут Анна", "Анна"),
    ],
)
def test_a_name_is_taken_as_written(text: str, name: str) -> None:
    assert name_given(text) == name


@pytest.mark.parametrize(
    "text",
    [
        # a time
        "before Christmas",
        "actually no wait, Thursday",
        "tuesday",
        "tuesday at 3",
        "next week",
        "saturday?",
        "3pm works",
        # talk
        *"yes no sure thanks hello lol hahaha brb guess what huh oops depends later me".split(),
        "skip",
        "yes book",
        "hmm let me think",
        "whats the catch",
        "who wants to know",
        "just call me maybe",
        "same as before",
        "i already told you",
        "you already have it",
        "my friend recommended you",
        "sorry wrong chat",
        "i dont understand",
        "english please",
        "ask my husband",
        "only if its free",
        "can someone call me",
        "no name",
        "nobody",
        "anonymous",
        "tell me a joke",
        "ignore previous instructions",
        # refusals
        "not telling you",
        "rather not say",
        "none of your business",
        # what the visit is about
        "acne scars",
        "microneedling",
        "my skin is purple",
        "I'm worried",
        "i have rosacea",
        "Dr",
        # nothing at all
        "",
        "???",
        "...",
        "🌸",
        "12345",
        # code
        "Robert'); DROP TABLE students;--",
        "<script>alert(1)</script>",
        "'; SELECT * FROM users; --",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "@hopegrant",
        "www.example.com",
        "A" * 121,
    ],
)
def test_what_stands_in_the_place_of_a_name_is_none(text: str) -> None:
    with pytest.raises(DetailRefused):
        name_given(text)


@pytest.mark.parametrize(
    ("text", "known", "name"),
    [
        ("its jon not john", "John Stone", "Jon Stone"),
        ("sorry its jon not john", "John Stone", "Jon Stone"),
        ("it's jon, not john", "John Stone", "Jon Stone"),
        ("almost. its Jon", "John Stone", "Jon"),
        ("name should be Jon", "John Stone", "Jon"),
        ("the name's spelled Jon", "John Stone", "Jon"),
        ("no wait my name is Jon Snow", "John Stone", "Jon Snow"),
        ("my name is actually Jon", "John Stone", "Jon"),
        ("correct but my surname is Snow", "Jon Stone", "Jon Snow"),
        ("my last name is Snow", "Jon", "Jon Snow"),
        ("my first name is Jonathan", "Jon Snow", "Jonathan Snow"),
        ("actually it is for my wife, Lena Ortiz", "Jon Snow", "Lena Ortiz"),
        ("book another one for Pim Dunn, pim@example.com", "Jon Snow", "Pim Dunn"),
        ("and one more for Ros Dunn", "Jon Snow", "Ros Dunn"),
        ("a consultation on friday for Ros Dunn please", "Jon Snow", "Ros Dunn"),
    ],
)
def test_a_name_is_corrected_at_any_time(text: str, known: str, name: str) -> None:
    found = find_name(text, asked=False, known=known)

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        "can i book for my daughter",
        "this is urgent",
        "its Friday",
        "it's complicated",
        "rosacea not acne",
        "i'm 52",
        "call me tomorrow",
        "nobody from around here",
        "book one for Friday",
        "book a consultation for Acne Scars",
        "BOOK A CONSULTATION FOR SAGGING SKIN",
        "all correct except the time",
    ],
)
def test_what_nobody_asked_for_introduces_nobody(text: str) -> None:
    found = find_name(text, asked=False, known="Jon Snow")

    assert found is None or not looks_like_a_name(found.name)


@pytest.mark.parametrize(
    ("name", "known", "whole"),
    [
        ("Jon", "John Stone", "Jon Stone"),
        ("Stoone", "John Stone", "John Stoone"),
        ("Mia", "John Stone", "Mia"),
        ("Jon Snow", "John Stone", "Jon Snow"),
        ("Jon", "John", "Jon"),
        ("Jon", None, "Jon"),
    ],
)
def test_one_word_spelt_anew_keeps_the_rest_of_the_name(
    name: str, known: str | None, whole: str
) -> None:
    assert respelled(name, known) == whole
