"""The numbers: shares are of 1, each beside the number `n` that it is a share of."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Callable, Dict, Iterable, List, Sequence, Text, Tuple, TypeVar

import numpy as np

from nlu.evaluation.labels import EMERGENCY, FALLBACK, FAQ, ORDINARY, UNANSWERED, is_faq
from nlu.evaluation.outcomes import Answers, Asked, AskedSeveral, Replayed

OUTCOMES = ("right", "extra", "wrong_faq", "other_intent", "clarified", "declined")

Figures = Dict[Text, Any]
One = TypeVar("One")


def figures(answers: Answers) -> Figures:
    """What became of everything asked, by kind; kinds that nothing was asked of are left out."""
    messages = len(answers.questions) + len(answers.several)
    turns = sum(len(one.parsed) for one in answers.dialogues)
    return {
        "messages": messages + turns,
        **_of_questions(answers.questions),
        **_of_several(answers.several),
        **_of_dialogues(answers.dialogues),
    }


def _of_questions(asked: Sequence[Asked]) -> Figures:
    expected: Dict[Text, List[Asked]] = defaultdict(list)
    for one in asked:
        expected[FAQ if is_faq(one.question.expected) else one.question.expected].append(one)
    result: Figures = {}
    if FAQ in expected:
        result[FAQ] = _faq_shares(expected.pop(FAQ))
    for label in UNANSWERED:
        if label in expected:
            result[label] = _unanswered_shares(expected.pop(label))
    if EMERGENCY in expected:
        result[EMERGENCY] = _share("recall", expected.pop(EMERGENCY), lambda one: one.right)
    if ORDINARY in expected:
        result[ORDINARY] = _share("false_alarms", expected.pop(ORDINARY), lambda one: not one.right)
    conversation = [one for of_label in expected.values() for one in of_label]
    if conversation:
        result["conversation"] = _share("right", conversation, lambda one: one.right)
    return result


def _faq_shares(asked: Sequence[Asked]) -> Figures:
    count = Counter(one.outcome for one in asked)
    return {"n": len(asked), **{outcome: count[outcome] / len(asked) for outcome in OUTCOMES}}


def _unanswered_shares(asked: Sequence[Asked]) -> Figures:
    return {
        **_share("not_answered", asked, lambda one: not one.answered),
        **_share("right_intent", asked, lambda one: one.right),
    }


def _of_several(asked: Sequence[AskedSeveral]) -> Figures:
    result: Figures = {}
    many = [one for one in asked if not one.message.single]
    single = [one for one in asked if one.message.single]
    if many:
        parts = sum(len(one.message.answers) for one in many)
        result["several"] = {
            **_share("right", many, lambda one: one.right),
            **_share("every_part", many, lambda one: one.every_part),
            **_share("extra", many, lambda one: one.extra),
        }
        result["parts"] = {"n": parts, "answered": sum(o.parts_answered for o in many) / parts}
    if single:
        result["single"] = {
            **_share("kept_whole", single, lambda one: one.kept_whole),
            **_share("right", single, lambda one: one.right),
        }
    return result


def _of_dialogues(replayed: Sequence[Replayed]) -> Figures:
    if not replayed:
        return {}
    turns = [right for one in replayed for right in one.turns_right]
    later = [right for one in replayed for right in one.turns_right[1:]]
    result = {
        "dialogues": _share("right", replayed, lambda one: one.right),
        "turns": _share("right", turns, bool),
    }
    return {**result, "later_turns": _share("right", later, bool)} if later else result


def _share(name: Text, asked: Sequence[One], counts: Callable[[One], bool]) -> Figures:
    return {"n": len(asked), name: sum(map(counts, asked)) / len(asked)}


def confusions(asked: Iterable[Asked]) -> List[Dict[Text, Any]]:
    """The pairs of labels confused most often, with the messages; what was declined is none."""
    pairs: Dict[Tuple[Text, Text], List[Text]] = defaultdict(list)
    for one in asked:
        if one.right:
            continue
        expected = one.question.expected
        for label in dict.fromkeys(one.parsed.labels):
            if label not in (FALLBACK, expected) and (expected != ORDINARY or label == EMERGENCY):
                pairs[expected, label].append(one.question.text)
    return [
        {"expected": expected, "got": got, "count": len(messages), "messages": messages}
        for (expected, got), messages in sorted(pairs.items(), key=lambda item: -len(item[1]))
    ]


def by_faq(asked: Sequence[Asked], titles: Dict[Text, Text]) -> List[Dict[Text, Any]]:
    """Recall and precision (shares of 1) of each FAQ, the worst first, those not asked last.

    `asked` questions were to get the FAQ and `found` of them did; it was the answer to `answered`
    questions of any kind. A share of nothing is None.
    """
    expected = Counter(one.question.expected for one in asked)
    answered: Counter[Text] = Counter()
    found: Counter[Text] = Counter()
    for one in asked:
        for label in {*one.parsed.labels}:
            answered[label] += 1
            found[label] += label == one.question.expected
    labels = {label for label in [*expected, *answered, *titles] if is_faq(label)}
    rows = [
        {
            "label": label,
            "title": titles.get(label, ""),
            "asked": expected[label],
            "found": found[label],
            "recall": found[label] / expected[label] if expected[label] else None,
            "answered": answered[label],
            "precision": found[label] / answered[label] if answered[label] else None,
        }
        for label in labels
    ]
    return sorted(rows, key=lambda row: (row["asked"] == 0, _worth(row), row["label"]))


def _worth(row: Dict[Text, Any]) -> float:
    """F1: the share of right ones among all that was asked and all that was answered."""
    return 2 * row["found"] / max(1, row["asked"] + row["answered"])


def milliseconds(answers: Answers) -> Dict[Text, float]:
    """How long a message takes, over all that was asked."""
    times = [one.parsed.milliseconds for one in [*answers.questions, *answers.several]]
    times += [parsed.milliseconds for one in answers.dialogues for parsed in one.parsed]
    return {
        "n": len(times),
        "median": round(float(np.median(times)), 2),
        "p95": round(float(np.percentile(times, 95)), 2),
    }
