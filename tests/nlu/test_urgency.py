"""What is urgent, by hand-made scores and signs."""

import pytest
from rasa.shared.nlu.training_data.message import Message

from nlu.ranking import Ranked
from nlu.urgency import NOTHING_URGENT, Signs, Urgency

URGENCY = Urgency(
    frozenset({"emergency"}), frozenset({"alarm"}), frozenset({"red_flag"}), frozenset({"mild"})
)
SAID = "my throat feels tight"
ASKED = "is it normal that my throat feels tight?"


def ranking(emergency, best=0.0):
    scored = [Ranked("emergency", emergency), Ranked("faq/side-effects", best)]
    return sorted(scored, key=lambda ranked: -ranked.confidence)


def is_urgent(text, emergency, best=0.0, **signs):
    return URGENCY.find(text, ranking(emergency, best), Signs(**signs)) is not None


def test_what_is_certain_is_urgent_whatever_the_score():
    assert is_urgent(SAID, 0.01, 0.99, certain=["throat feels tight"])
    assert is_urgent(SAID, 0.01, 0.99, certain=["throat feels tight"], calm=["feels"])


def test_evidence_lets_a_lower_score_do():
    assert is_urgent(SAID, 0.4, 0.5, evidence=["throat"])
    assert not is_urgent(SAID, 0.4, 0.5)


def test_evidence_alone_is_not_enough():
    assert not is_urgent(SAID, 0.05, 0.9, evidence=["throat"])
    assert not is_urgent(SAID, 0.01, evidence=["throat"])


def test_without_evidence_a_question_must_be_clearer_than_a_statement():
    assert is_urgent(SAID, 0.75, 0.1)
    assert not is_urgent(ASKED, 0.75, 0.1)
    assert is_urgent(ASKED, 0.99, 0.1)


def test_without_evidence_it_must_be_what_fits_best():
    assert not is_urgent(SAID, 0.75, 0.8)


def test_what_is_told_calmly_must_be_clearer():
    assert is_urgent(SAID, 0.3, 0.5, evidence=["throat"])
    assert not is_urgent(SAID, 0.3, 0.5, evidence=["throat"], calm=["feels"])
    assert is_urgent(SAID, 0.9, 0.1, evidence=["throat"], calm=["feels"])
    assert not is_urgent(SAID, 0.8, 0.1, calm=["feels"])


def test_signs_count_only_for_the_part_they_stand_in():
    assert not is_urgent("how much is it", 0.3, 0.5, certain=["throat feels tight"])
    assert not is_urgent("how much is it", 0.3, 0.5, evidence=["throat"])


def test_other_labels_are_never_urgent():
    scored = [Ranked("faq/side-effects", 0.9), Ranked("medical/illnesses", 0.8)]

    assert URGENCY.find(SAID, scored, Signs(certain=["throat"])) is None
    assert NOTHING_URGENT.find(SAID, ranking(0.99), Signs(certain=["throat"])) is None
    assert URGENCY.find(SAID, [], Signs(certain=["throat"])) is None


def test_the_urgent_label_is_found_wherever_it_ranks():
    found = URGENCY.find(SAID, ranking(0.2, 0.9), Signs(certain=["throat"]))

    assert found == Ranked("emergency", 0.2)


def signs_in(text, **mentioned):
    entities = [
        {
            "entity": kind,
            "value": words,
            "start": text.index(words),
            "end": text.index(words) + len(words),
        }
        for kind, words in mentioned.items()
    ]
    return URGENCY.signs_of(Message(data={"text": text, "entities": entities}))


def test_signs_come_from_the_lexicon():
    signs = signs_in("a little dizzy, and I can't swallow", mild="a little", alarm="can't swallow")

    assert list(signs.certain) == ["can't swallow"]
    assert list(signs.calm) == ["a little"]
    assert "can't swallow" in signs.evidence


def test_other_words_of_the_lexicon_are_no_signs():
    assert not any(signs_in("I have acne scars", concern="acne scars"))


@pytest.mark.parametrize(
    "text",
    [
        "I'm not suicidal",
        "I have never been suicidal",
        "does anyone ever get suicidal",
        "could I become suicidal",
        "will I be suicidal",
    ],
)
def test_what_is_denied_or_only_imagined_is_not_certain(text):
    signs = signs_in(text, alarm="suicidal")

    assert not signs.certain
    assert list(signs.evidence) == ["suicidal"]


@pytest.mark.parametrize(
    "text",
    [
        "I am suicidal",
        "no, I am suicidal",
        "it does not help me at all, suicidal now",
        "can you help me, I feel really very suicidal",
    ],
)
def test_a_denial_of_something_else_takes_nothing_away(text):
    assert list(signs_in(text, alarm="suicidal").certain) == ["suicidal"]


def test_where_no_words_count_as_evidence_the_score_decides():
    urgency = Urgency(frozenset({"emergency"}))

    assert urgency.find(SAID, ranking(0.5, 0.6), Signs())
    assert not urgency.find(SAID, ranking(0.05, 0.9), Signs())
