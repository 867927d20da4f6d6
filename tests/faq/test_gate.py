"""What may go live, and what staff are told of what may not."""

import json
from collections.abc import Sequence

import pytest

from faq.gate import (
    CLARIFIED,
    DECLINED,
    EMERGENCY,
    TOLERATED,
    Changed,
    Judged,
    Verdict,
    weigh,
    words,
)

DOWNTIME, REDNESS, PARKING = "faq/downtime", "faq/redness", "faq/parking"
TITLES = {DOWNTIME: "Downtime", REDNESS: "Redness", PARKING: "Where can I park?"}
ADDED = Changed(added=("parking",))


def rows(
    number: int, got: str = DOWNTIME, wanted: str = DOWNTIME, kind: str = "faq", start: int = 0
) -> list[Judged]:
    """Questions that got an answer, numbered from `start` on."""
    return [
        Judged(f"{kind} question {n} for {wanted}", kind, wanted, got, got == wanted)
        for n in range(start, start + number)
    ]


def verdict(
    now: Sequence[Judged], before: Sequence[Judged] = (), changed: Changed | None = None
) -> Verdict:
    return weigh(now, before, changed or Changed(), TITLES, "live.tar.gz" if before else None)


@pytest.mark.parametrize(
    ("asked", "lost", "won", "refused"),
    [
        (100, TOLERATED, 0, False),
        (100, TOLERATED + 1, 0, True),
        (100, TOLERATED + 2, 2, False),
        (2000, 10, 0, False),
        (2000, 11, 0, True),
        (2000, 14, 4, False),
    ],
)
def test_a_kind_of_question_may_lose_half_a_percent_net_or_three(
    asked: int, lost: int, won: int, refused: bool
) -> None:
    kind = "conversation"
    before = [*rows(asked - won, "greet", "greet", kind)]
    before += rows(won, "bye", "greet", kind, start=asked - won)
    now = [*rows(lost, "bye", "greet", kind)]
    now += rows(asked - lost, "greet", "greet", kind, start=lost)

    found = verdict(now, before)

    assert bool(found.refusals) is refused
    assert len(found.newly_wrong) == lost
    assert len(found.newly_right) == won
    assert found.counts[kind] == {
        "asked": asked,
        "right": asked - lost,
        "asked_live": asked,
        "right_live": asked - won,
    }


def test_no_emergency_may_be_lost() -> None:
    before = rows(80, EMERGENCY, EMERGENCY, "emergency")
    now = [*rows(1, DOWNTIME, EMERGENCY, "emergency"), *before[1:]]

    [refusal] = verdict(now, before).refusals

    assert refusal.startswith("An emergency is no longer recognised")
    assert "used to be answered with the emergency reply, now gets ‘Downtime’" in refusal


def test_nor_one_in_the_middle_of_a_conversation() -> None:
    text = "does it hurt / i can't breathe"
    before = [Judged(text, "follow_up", "emergency or medical", EMERGENCY, True)]
    now = [Judged(text, "follow_up", "emergency or medical", DECLINED, False)]

    assert verdict(now, before).refusals


def test_an_emergency_that_was_missed_before_refuses_nothing() -> None:
    missed = rows(1, DOWNTIME, EMERGENCY, "emergency")

    assert verdict(missed, missed).may_go_live


@pytest.mark.parametrize(
    ("had", "lost", "refused"), [(10, 2, False), (10, 3, True), (30, 6, False)]
)
def test_a_faq_that_was_left_alone_keeps_its_questions(had: int, lost: int, refused: bool) -> None:
    others = rows(2000, REDNESS, REDNESS)
    before = [*rows(had), *others]
    now = [*rows(lost, REDNESS), *rows(had - lost, start=lost), *others]

    refusals = verdict(now, before).refusals

    assert bool(refusals) is refused
    if refused:
        assert refusals[0].startswith(
            "‘Downtime’ loses 3 questions that it answered: ‘faq question 0"
        )
        assert "used to be answered with ‘Downtime’, now gets ‘Redness’" in refusals[0]
        assert "Look at the phrasings of ‘Redness’" in refusals[0]


def test_many_questions_are_told_in_one_sentence_with_three_examples() -> None:
    before = rows(40)
    now = [*rows(8, PARKING), *rows(4, CLARIFIED, start=8), *rows(28, start=12)]

    told = verdict(now, before, ADDED).refusals[0]

    assert told.count("used to be answered") == 3
    assert "and 9 more" in told
    assert "Look at the phrasings of ‘Where can I park?’" in told


def test_the_remedy_names_what_was_changed_where_no_faq_took_the_questions() -> None:
    now = [*rows(9, CLARIFIED), *rows(31, start=9), *rows(1, PARKING, PARKING, "title")]

    told = verdict(now, rows(40), ADDED).refusals[0]

    assert "now gets “did you mean …?”" in told
    assert "phrasings of ‘Where can I park?’: they may be too general" in told


def test_what_is_asked_of_a_faq_that_was_removed_is_left_out_and_told() -> None:
    before = [*rows(20), *rows(20, REDNESS, REDNESS)]
    now = [*rows(20, REDNESS), *rows(20, REDNESS, REDNESS)]

    found = verdict(now, before, Changed(removed=("downtime",)))

    assert found.may_go_live
    assert not found.newly_wrong
    assert found.counts["faq"]["asked"] == 20
    assert found.warnings == [
        "‘Downtime’ was taken out: 20 questions that ask for it are left out of the comparison."
    ]


@pytest.mark.parametrize("kind", ["out_of_scope", "price"])
def test_a_new_faq_may_answer_what_was_declined(kind: str) -> None:
    before = rows(TOLERATED + 2, DECLINED, DECLINED, kind)
    now = rows(TOLERATED + 2, PARKING, DECLINED, kind)

    found = verdict(now, before, ADDED)

    assert found.may_go_live
    assert not found.newly_wrong
    [told] = found.warnings
    assert told.startswith("‘Where can I park?’ now answers 5 questions that should be declined")
    assert told.endswith("See that the answer fits.")


@pytest.mark.parametrize(
    ("kind", "changed"), [("medical", ADDED), ("out_of_scope", Changed(edited=("parking",)))]
)
def test_medical_questions_and_old_faqs_give_way_to_none(kind: str, changed: Changed) -> None:
    before = rows(TOLERATED + 2, DECLINED, DECLINED, kind)
    now = rows(TOLERATED + 2, PARKING, DECLINED, kind)

    assert not verdict(now, before, changed).may_go_live


def test_what_has_another_right_answer_stays_when_a_faq_is_removed() -> None:
    both = Judged("how long", "follow_up", f"{DOWNTIME} or {REDNESS}", REDNESS, True)
    gone = Judged("x and y", "several", f"{REDNESS}, {DOWNTIME}", REDNESS, False)

    found = verdict([both, gone], [both, gone], Changed(removed=("downtime",)))

    assert "follow_up" in found.counts
    assert "several" not in found.counts


def test_questions_of_an_edited_faq_are_told_and_tolerated() -> None:
    others = rows(2000, REDNESS, REDNESS)

    found = verdict(
        [*rows(5, REDNESS), *rows(5, start=5), *others],
        [*rows(10), *others],
        Changed(edited=("downtime",)),
    )

    assert found.may_go_live
    assert (
        "‘Downtime’ was edited, and 5 questions that reached it no longer do" in found.warnings[0]
    )


def own(number: int, missed: int, got: str, nearest: str = "") -> list[Judged]:
    """A new FAQ's phrasings, of which some don't reach it."""
    wrong = [
        Judged(f"parking {n}", "phrasing", PARKING, got, False, nearest) for n in range(missed)
    ]
    return [*wrong, *rows(number - missed, PARKING, PARKING, "phrasing", start=missed)]


@pytest.mark.parametrize(("missed", "refused"), [(0, False), (2, False), (3, True)])
def test_a_new_faq_must_be_reached_by_four_in_five_of_its_phrasings(
    missed: int, refused: bool
) -> None:
    found = verdict([*own(10, missed, REDNESS), *rows(5)], rows(5), ADDED)

    assert bool(found.refusals) is refused


def test_a_collision_names_the_other_faq_and_what_to_do() -> None:
    title = Judged("Where can I park?", "title", PARKING, CLARIFIED, False, DOWNTIME)

    [told] = verdict([title, *own(10, 4, CLARIFIED, DOWNTIME)], rows(5), ADDED).refusals

    assert "isn't reached by its own title and 4 of its 10 phrasings" in told
    assert "it collides with ‘Downtime’. Make one FAQ of the two" in told


def test_a_new_faq_that_collides_with_what_is_declined_is_told_so() -> None:
    [told] = verdict(own(10, 5, "medical"), rows(5), ADDED).refusals

    assert "is declined so far: it is among the examples of the reply that leads" in told


def test_an_edited_faq_answers_only_for_what_its_edit_lost() -> None:
    edited = Changed(edited=("parking",))
    missed = own(10, 5, REDNESS)

    assert verdict(missed, missed, edited).may_go_live
    assert not verdict(missed, rows(10, PARKING, PARKING, "phrasing"), edited).may_go_live


def test_a_question_asked_for_the_first_time_is_compared_with_nothing() -> None:
    found = verdict([*rows(20, REDNESS, start=100), *rows(5)], rows(5))

    assert found.may_go_live
    assert found.counts["faq"] == {"asked": 25, "right": 5, "asked_live": 5, "right_live": 5}


def test_a_first_publish_has_nothing_to_lose() -> None:
    found = verdict([*rows(20, REDNESS), *rows(2, DOWNTIME, EMERGENCY, "emergency")])

    assert found.may_go_live
    assert found.compared_with is None
    assert found.warnings == [
        "2 emergencies are not recognised, such as ‘emergency question 0 for emergency’."
    ]


def test_wrong_answers_that_became_others_are_listed_as_moved() -> None:
    found = verdict(rows(1, REDNESS), rows(1, DECLINED))

    assert [(one.before, one.now) for one in found.moved] == [(DECLINED, REDNESS)]
    assert found.may_go_live


def test_a_verdict_survives_json() -> None:
    found = verdict([*rows(9, REDNESS), *rows(9, start=9)], rows(18))

    assert Verdict.from_json(json.loads(json.dumps(found.as_json()))) == found


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (DOWNTIME, "‘Downtime’"),
        ("faq/unheard-of", "‘unheard of’"),
        (f"{DOWNTIME} or {REDNESS}", "‘Downtime’ or ‘Redness’"),
        (f"{DOWNTIME}, {DECLINED}", "‘Downtime’, “I don't have that”"),
        ("request_consultation", "the reply to “request consultation”"),
    ],
)
def test_labels_are_told_as_staff_know_them(labels: str, said: str) -> None:
    assert words(labels, TITLES) == said
