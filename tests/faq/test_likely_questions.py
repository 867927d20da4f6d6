import pytest

from faq.likely_questions import likely_questions, likely_title


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("You can go back to work the same day.", "can I go back to work the same day"),
        ("You should not use retinol, as it dries your skin.", "should I use retinol"),
        ("You need to bring your passport.", "do I need to bring my passport"),
        ("Avoid wearing make-up for a day.", "can I wear make-up for a day"),
        ("Avoid strong sun for two days.", "should I avoid strong sun for two days"),
        ("Do not take hot baths.", "can I take hot baths"),
        ("If you are pregnant, wait.", "what if I am pregnant"),
        ("If you take medicine that makes you sleepy, say so.",
         "what if I take medicine that makes me sleepy"),
        ("The light is bright and warm.", "is the light bright and warm"),
        ("Does it tingle?", "Does it tingle"),
    ],
)  # fmt: skip
def test_what_is_said_becomes_what_is_asked(sentence: str, question: str) -> None:
    assert question in likely_questions("LED light", [sentence])


def test_a_heading_is_asked_for() -> None:
    assert likely_questions("Numbing cream", []) == (
        "what should I know about numbing cream",
        "tell me about numbing cream",
        "numbing cream",
    )
    assert likely_questions("Does it hurt?", []) == ("Does it hurt",)
    assert likely_questions("Before your visit", [])[0] == "what should I know before my visit"


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("It takes 20 minutes.", "how long does LED light take"),
        ("Redness fades within 2 days.", "how long does LED light last"),
        ("A session is $80.", "how much is LED light"),
        ("It may sting a little.", "does LED light hurt"),
    ],
)
def test_facts_lead_to_the_questions_about_them(sentence: str, question: str) -> None:
    assert question in likely_questions("LED light", [sentence])


def test_questions_are_few_short_and_different() -> None:
    sentences = [f"You can do thing number {letter}." for letter in "abcdefghijklmno"]
    sentences += ["You can " + "very " * 20 + "long."]

    found = likely_questions("LED light", sentences + sentences)

    assert len(found) == len(set(found)) == 8
    assert all(len(question.split()) <= 14 for question in found)


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Numbing cream", "What should I know about numbing cream?"),
        ("LED light", "What should I know about LED light?"),
        ("Does it hurt", "Does it hurt?"),
        ("After your visit", "What should I know after my visit?"),
    ],
)
def test_a_title_is_a_question(heading: str, title: str) -> None:
    assert likely_title(heading) == title
