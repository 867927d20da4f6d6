"""What a message is taken to ask, by hand-made scores of its readings.

Confidences keep well away from where decisions turn: 0.9 is clear, 0.1 is nothing.
"""

import re

import pytest

from nlu.context import Mention
from nlu.follow_ups import EQUAL, IF_NEEDED, LIKELY, SURE, UNLIKELY, Candidate
from nlu.questions import MOST_QUESTIONS, Reader, Understanding
from nlu.ranking import Ranked
from nlu.readings import Readings, readings_of
from nlu.urgency import Signs, Urgency

BAR = 0.5
UNDERSTANDING = Understanding(
    questions=frozenset({"faq", "medical", "price", "book"}),
    careful=frozenset({"medical"}),
    last=frozenset({"book"}),
)
URGENCY = Urgency(
    frozenset({"emergency"}), frozenset({"alarm"}), frozenset({"red_flag"}), frozenset({"mild"})
)


def read(
    text,
    scores,
    *,
    concerns=(),
    conditions=(),
    follow_ups=(),
    signs=None,
    understanding=UNDERSTANDING,
):
    """The message's questions, where each of its texts has the label and confidence given."""
    sentences = [sentence.strip() for sentence in re.findall(r"[^.?!]+[.?!]*", text)]
    told = [Mention("condition", word, word) for word in conditions]
    mentioned = [Mention("concern", word, word) for word in concerns]
    readings = readings_of(sentences, mentioned, told)
    if follow_ups:
        readings = (readings or Readings([], [], []))._replace(follow_ups=list(follow_ups))
    reader = Reader(
        lambda asked: ranking(*scores.get(asked, [("small_talk", 0.1)])),
        lambda confidence: confidence >= BAR,
        understanding,
        URGENCY,
        signs or Signs(),
    )
    return reader.read(text, readings)


def labels(*args, **more):
    return [question.label for question in read(*args, **more)]


def ranking(*scored):
    found = [Ranked(label, confidence) for label, confidence in scored]
    return sorted(found, key=lambda ranked: -ranked.confidence)


def one(label, confidence=0.9):
    return [(label, confidence)]


def test_a_plain_question_is_answered_by_its_best_label():
    assert labels("does it hurt", {"does it hurt": one("faq/pain")}) == ["faq/pain"]


def test_what_no_label_fits_well_enough_has_none():
    assert labels("does it hurt", {"does it hurt": one("faq/pain", 0.2)}) == [None]


def test_two_questions_are_answered_in_their_order():
    found = read(
        "does it hurt and what does it cost",
        {
            "does it hurt and what does it cost": one("price", 0.6),
            "does it hurt": one("faq/pain"),
            "what does it cost": one("price"),
        },
    )

    assert [(question.text, question.label) for question in found] == [
        ("does it hurt", "faq/pain"),
        ("what does it cost", "price"),
    ]


def test_there_are_three_answers_at_most():
    parts = {f"is it {word}?": one(f"faq/{word}") for word in ("safe", "quick", "loud", "cold")}

    found = labels(" ".join(parts), parts)

    assert found == ["faq/safe", "faq/quick", "faq/loud"]
    assert len(found) == MOST_QUESTIONS


def test_keywords_are_questions_too():
    parts = {"downtime": one("faq/downtime"), "price": one("price")}

    assert labels("downtime, price", parts) == ["faq/downtime", "price"]


def test_a_question_that_is_understood_better_as_a_whole_stays_one():
    whole = "how does it work and what does it do"
    parts = {"how does it work": one("faq/steps", 0.6), "what does it do": one("faq/benefits", 0.6)}

    assert labels(whole, {whole: one("faq/how-it-works", 0.95), **parts}) == ["faq/how-it-works"]
    assert labels(whole, {whole: one("faq/how-it-works", 0.5), **parts}) == [
        "faq/steps",
        "faq/benefits",
    ]


def test_two_parts_with_the_same_answer_are_one_question():
    whole = "does it hurt and is it painful"
    parts = {"does it hurt": one("faq/pain"), "is it painful": one("faq/pain")}

    assert labels(whole, {whole: one("faq/pain"), **parts}) == ["faq/pain"]


def test_a_part_that_goes_on_with_the_one_before_is_read_with_it():
    scores = {
        "which phases are there": one("faq/phases"),
        "how long do they take": one("faq/results", 0.6),
        "which phases are there how long do they take": one("faq/phases"),
    }

    assert labels("which phases are there and how long do they take", scores) == ["faq/phases"]


def test_a_weak_part_is_its_neighbour_in_other_words():
    scores = {
        "does it hurt": one("faq/pain"),
        "is it awful": [("faq/side-effects", 0.45), ("faq/pain", 0.4)],
        "does it hurt is it awful": one("faq/pain"),
    }

    assert labels("does it hurt and is it awful", scores) == ["faq/pain"]


def test_small_talk_beside_a_question_is_no_question():
    scores = {
        "hello": one("greet"),
        "does it hurt?": one("faq/pain"),
        "hello. does it hurt?": one("faq/pain"),
    }

    assert labels("hello. does it hurt?", scores) == ["faq/pain"]


def test_without_intents_named_only_retrieval_intents_are_questions():
    text = "does it hurt and what does it cost"
    scores = {
        text: one("faq/pain"),
        "does it hurt": one("faq/pain"),
        "what does it cost": one("price"),
    }

    assert labels(text, scores, understanding=Understanding()) == ["faq/pain"]


def test_a_part_that_nothing_answers_is_owned_up_to_after_the_rest():
    found = read(
        "will my parrot like it? does it hurt?",
        {"does it hurt?": one("faq/pain")},
    )

    assert [(question.text, question.label) for question in found] == [
        ("does it hurt?", "faq/pain"),
        ("will my parrot like it?", None),
    ]


@pytest.mark.parametrize(
    "rest",
    ["my parrot likes everybody here.", "really?"],
    ids=["a statement", "hardly a word"],
)
def test_what_hardly_asks_needs_no_regret(rest):
    assert labels(f"does it hurt? {rest}", {"does it hurt?": one("faq/pain")}) == ["faq/pain"]


def test_parts_that_nothing_answers_are_owned_up_to_once():
    text = "does it hurt? will my parrot like it? can my parrot watch you?"

    assert labels(text, {"does it hurt?": one("faq/pain")}) == ["faq/pain", None]


def test_where_nothing_is_answered_there_is_nothing_to_split():
    text = "will my parrot like it? can my parrot watch you?"

    (question,) = read(text, {})

    assert (question.text, question.label) == (text, None)


@pytest.mark.parametrize("alone", [0.3, 0.95])
def test_a_condition_told_beside_a_question_decides_the_answer(alone):
    text = "I have eczema. is it safe? does it hurt?"
    scores = {
        "is it safe?": one("faq/safety", alone),
        "I have eczema. is it safe?": one("faq/eczema", 0.7),
        "does it hurt?": one("faq/pain"),
    }

    assert labels(text, scores, conditions=["eczema"]) == ["faq/eczema", "faq/pain"]


def test_a_remark_beside_a_question_does_not():
    scores = {
        "I have a meeting. is it safe?": one("faq/safety", 0.6),
        "is it safe?": one("faq/safety"),
    }

    (question,) = read("I have a meeting. is it safe?", scores)

    assert question.label == "faq/safety"


def test_a_remark_may_call_for_care():
    scores = {
        "we want a baby. is it safe? does it hurt?": one("faq/pain", 0.6),
        "is it safe?": one("faq/safety", 0.9),
        "we want a baby. is it safe?": one("medical/pregnancy", 0.7),
        "does it hurt?": one("faq/pain"),
    }

    found = labels("we want a baby. is it safe? does it hurt?", scores)

    assert found == ["medical/pregnancy", "faq/pain"]


def test_things_that_have_answers_of_their_own_are_each_answered():
    text = "does it help with scars or pores"
    scores = {
        text: one("faq/scars", 0.6),
        "does it help with scars": one("faq/scars"),
        "does it help with or pores": one("faq/pores"),
        "does it help with pores": one("faq/pores"),
    }

    assert labels(text, scores, concerns=["scars", "pores"]) == ["faq/scars", "faq/pores"]


def test_things_with_one_answer_are_not_taken_apart():
    text = "does it help with scars or pores"
    scores = {
        text: one("faq/texture", 0.8),
        "does it help with scars": one("faq/texture"),
        "does it help with or pores": one("faq/texture"),
        "does it help with pores": one("faq/texture"),
    }

    assert labels(text, scores, concerns=["scars", "pores"]) == ["faq/texture"]


def test_a_pair_of_words_may_be_two_questions():
    text = "is it safe and painless"
    parts = {"is it safe": one("faq/safety"), "is it painless": one("faq/pain")}

    assert labels(text, {text: one("faq/safety", 0.6), **parts}) == ["faq/safety", "faq/pain"]
    assert labels(text, {text: one("faq/side-effects", 0.99), **parts}) == ["faq/side-effects"]


@pytest.mark.parametrize("pointing", ["both", "either"])
def test_both_and_either_mean_all_that_was_said(pointing):
    question = f"can it help with {pointing}?"
    told = "I have scars on my chin. my pores are huge."
    scores = {
        question: one("faq/benefits"),
        f"{told} {question}": one("faq/benefits", 0.95),
        "I have scars on my chin.": one("faq/scars", 0.75),
        "my pores are huge.": one("faq/pores", 0.75),
        "does it hurt?": one("faq/pain"),
    }

    found = labels(f"{told} {question} does it hurt?", scores)

    assert found == ["faq/scars", "faq/pores", "faq/pain"]


def test_of_two_answers_that_fit_as_well_neither_is_left_out():
    text = "torn between the needles that you use or the cream"
    close = [("faq/needles", 0.85), ("faq/numbing", 0.83)]
    clear = [("faq/needles", 0.9), ("faq/numbing", 0.1)]

    assert labels(text, {text: close}) == ["faq/needles", "faq/numbing"]
    assert labels(text, {text: clear}) == ["faq/needles"]


def test_close_answers_are_not_both_given_where_nothing_is_joined():
    text = "torn about the needles that you use"
    close = [("faq/needles", 0.85), ("faq/numbing", 0.83)]

    assert labels(text, {text: close}) == ["faq/needles"]


def test_a_wish_to_book_comes_after_the_answers():
    scores = {"can I book": one("book"), "is it safe": one("faq/safety")}

    assert labels("can I book and is it safe", scores) == ["faq/safety", "book"]


def test_a_wish_to_book_may_be_a_statement():
    scores = {
        "is it safe? I want to come in.": one("faq/safety", 0.6),
        "is it safe?": one("faq/safety"),
        "I want to come in.": one("book"),
    }

    assert labels("is it safe? I want to come in.", scores) == ["faq/safety", "book"]


def test_details_of_a_booking_are_no_questions():
    scores = {"book me in.": one("book"), "pores": one("faq/pores")}

    assert labels("book me in. Ann Lee, pores", scores) == ["book"]
    assert labels("pores, downtime", scores) == ["faq/pores"]


URGENT = Signs(certain=["I can't breathe"], evidence=["I can't breathe"])


@pytest.mark.parametrize(
    "text",
    [
        "I can't breathe and what does it cost",
        "what does it cost? I can't breathe",
        "book me in, I can't breathe",
        "does it hurt? is it safe? what does it cost? I can't breathe.",
    ],
)
def test_what_is_urgent_comes_before_everything(text):
    clear = {
        part: [("price", 0.95), ("emergency", 0.02)]
        for part in (text, "what does it cost", "what does it cost?", "book me in")
    }
    urgent = {
        part: [("emergency", 0.5), ("faq/pain", 0.4)]
        for part in ("I can't breathe", "I can't breathe.")
    }

    assert labels(text, {**clear, **urgent}, signs=URGENT) == ["emergency"]


def test_an_urgent_part_is_found_by_its_evidence():
    text = "what does it cost? my throat is tight"
    scores = {
        text: [("price", 0.95), ("emergency", 0.05)],
        "what does it cost?": one("price"),
        "my throat is tight": [("emergency", 0.6), ("faq/pain", 0.1)],
    }

    assert labels(text, scores, signs=Signs(evidence=["throat"])) == ["emergency"]
    assert labels(text, scores) == ["price"]


def test_what_sounds_urgent_without_being_so_is_not_understood():
    scores = {"is it normal to faint": [("emergency", 0.7), ("faq/pain", 0.1)]}

    assert labels("is it normal to faint", scores) == [None]


def test_an_urgent_follow_up_is_urgent():
    text = "and what if I can't breathe"
    rewritten = Candidate("will I be red if I can't breathe", SURE)
    scores = {
        text: [("faq/redness", 0.5), ("emergency", 0.4)],
        rewritten.text: one("faq/redness", 0.99),
    }

    assert labels(text, scores, signs=URGENT, follow_ups=[rewritten]) == ["emergency"]


REWRITTEN = "how long does the redness last"


def after_an_answer(text, own, rewritten, bias=LIKELY):
    scores = {text: own, REWRITTEN: rewritten}
    (question,) = read(text, scores, follow_ups=[Candidate(REWRITTEN, bias)])
    return question


def test_a_follow_up_is_understood_by_what_it_stands_for():
    question = after_an_answer("how long", one("faq/results", 0.6), one("faq/redness", 0.9))

    assert (question.text, question.label) == (REWRITTEN, "faq/redness")


def test_a_new_question_in_full_does_not_drag_the_old_topic_along():
    text = "how many sessions do I need"

    question = after_an_answer(text, one("faq/sessions", 0.95), one("faq/redness", 0.6))

    assert (question.text, question.label) == (text, "faq/sessions")


@pytest.mark.parametrize("bias", [UNLIKELY, EQUAL])
def test_thanks_need_no_guess_at_what_else_they_mean(bias):
    question = after_an_answer("thanks", one("thank_you", 0.6), one("faq/redness", 0.95), bias)

    assert question.label == "thank_you"


def test_the_last_resort_is_for_what_is_not_understood():
    lost = after_an_answer("what about X", one("faq/age", 0.2), one("faq/redness"), IF_NEEDED)
    clear = after_an_answer("what about X", one("faq/age", 0.6), one("faq/redness"), IF_NEEDED)

    assert lost.label == "faq/redness"
    assert clear.label == "faq/age"


def test_a_follow_up_that_answers_nothing_is_dropped():
    question = after_an_answer("how long", one("faq/results", 0.6), one("greet", 0.99))

    assert question.label == "faq/results"


def test_of_several_follow_ups_the_best_is_taken():
    follow_ups = [Candidate("is the cream safe", LIKELY), Candidate("is the redness bad", LIKELY)]
    scores = {
        "is that bad": one("faq/safety", 0.2),
        "is the cream safe": one("faq/numbing", 0.6),
        "is the redness bad": one("faq/redness", 0.9),
    }

    assert labels("is that bad", scores, follow_ups=follow_ups) == ["faq/redness"]


def test_without_what_it_begins_with_a_message_may_be_understood_better():
    own = Candidate("lovely place", EQUAL, own=True)
    scores = {"hm lovely place": one("faq/place", 0.2), "lovely place": one("compliment")}

    assert labels("hm lovely place", scores, follow_ups=[own]) == ["compliment"]
