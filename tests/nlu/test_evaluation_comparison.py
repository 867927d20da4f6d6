"""Two reports are compared on what both have measured."""

from dataclasses import asdict
from typing import Any, Dict, Sequence

from nlu.evaluation.comparison import compare
from nlu.evaluation.outcomes import Answers, Asked
from nlu.evaluation.questions import Set
from nlu.evaluation.report import report_on
from tests.nlu.hand_made import asked, asked_several, replayed

SECRET = Set("fifth", held_out=True)


def report(questions: Sequence[Asked] = (), name: str = "new", **more: Any) -> Dict[str, Any]:
    made = report_on(f"{name}.tar.gz", {}, Answers(questions, **more))
    return asdict(made)


def changes(found: Sequence[Dict[str, Any]], where: str) -> Dict[str, Any]:
    return {one["kind"] + "." + one["share"]: one for one in found if one["where"] == where}


def test_more_right_answers_are_better_and_more_wrong_ones_worse() -> None:
    before = report([asked("faq/a", "faq/a"), asked("faq/b", "greet")], "old")
    now = report([asked("faq/a", "faq/a"), asked("faq/b", "faq/a")])

    found = compare(now, before)

    assert changes(found["better"], "first").keys() == {"faq.other_intent"}
    wrong = changes(found["worse"], "first")["faq.wrong_faq"]
    assert (wrong["before"], wrong["now"]) == (0.0, 0.5)
    assert found["model"] == "old.tar.gz"


def test_false_alarms_are_better_the_fewer() -> None:
    before = report([asked("ordinary_after_effect", "emergency")], "old")
    now = report([asked("ordinary_after_effect", "faq/a")])

    assert "ordinary_after_effect.false_alarms" in changes(compare(now, before)["better"], "all")


def test_messages_are_newly_right_and_newly_wrong() -> None:
    before = report(
        [asked("faq/a", "faq/b"), asked("faq/b", "faq/b"), asked("faq/c", "faq/a")],
        "old",
        several=[asked_several([["faq/a"]], "faq/a", "faq/b")],
        dialogues=[replayed([(["faq/a"], ["faq/a"]), (["faq/b"], ["faq/b"])])],
    )
    now = report(
        [asked("faq/a", "faq/a"), asked("faq/b", "greet"), asked("faq/c", "faq/b")],
        several=[asked_several([["faq/a"]], "faq/a")],
        dialogues=[replayed([(["faq/a"], ["faq/a"]), (["faq/b"], ["faq/a"])])],
    )

    found = compare(now, before)

    assert [one["text"] for one in found["newly_right"]] == ["faq/a?", "several?"]
    assert [one["text"] for one in found["newly_wrong"]] == ["faq/b?", "turn 1 / turn 2"]
    assert [(one["before"], one["got"]) for one in found["newly_wrong"]] == [
        ("faq/b", "greet"),
        ("faq/b", "faq/a"),
    ]


def test_questions_that_were_not_asked_before_are_neither() -> None:
    found = compare(
        report([asked("faq/a", "faq/a"), asked("faq/b", "greet")]),
        report([asked("faq/a", "faq/a")], "old"),
    )

    assert (found["newly_right"], found["newly_wrong"]) == ([], [])
    assert found["changed_sets"] == ["first"]


def test_sums_over_other_sets_are_not_compared() -> None:
    second = asked("faq/a", "faq/a", of_set=Set("second"))

    found = compare(
        report([asked("faq/a", "faq/a")]), report([asked("faq/a", "faq/b"), second], "old")
    )

    assert changes(found["better"], "first").keys() == {"faq.right", "faq.wrong_faq"}
    assert changes(found["better"], "all") == {}


def test_the_same_answers_are_no_change() -> None:
    questions = [asked("faq/a", "faq/a"), asked("greet", "deny")]

    found = compare(report(questions), report(questions, "old"))

    assert (found["better"], found["worse"], found["changed_sets"]) == ([], [], [])
    assert found["compared"] > 0


def test_benchmarks_and_time_are_compared_too() -> None:
    questions = [asked("faq/a", "faq/a")]
    before, now = report(questions, "old"), report(questions)
    bench = {"name": "banking77", "n": 9, "accuracy": 0.8, "matthews": 0.7}
    before["bench"] = {"results": [bench]}
    now["bench"] = {"results": [{**bench, "accuracy": 0.9, "matthews": 0.6}]}
    now["milliseconds"] = {**now["milliseconds"], "median": 1.0}

    found = compare(now, before)

    assert changes(found["better"], "banking77").keys() == {"bench.accuracy"}
    assert changes(found["worse"], "banking77").keys() == {"bench.matthews"}
    assert changes(found["better"], "all").keys() == {"milliseconds.median"}


def test_held_out_sets_are_compared_by_their_numbers_alone() -> None:
    before = report([asked("faq/a", "faq/b", of_set=SECRET, text="words unseen")], "old")
    now = report([asked("faq/a", "faq/a", of_set=SECRET, text="words unseen")])

    found = compare(now, before)

    assert changes(found["better"], "fifth")["faq.right"]["now"] == 1.0
    assert found["newly_right"] == []
    assert "words unseen" not in str(found)
