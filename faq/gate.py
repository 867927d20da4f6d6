"""Whether a trained model may go live: its answers to the questions, beside those of the live one.

Each question is judged alone (`Judged`); `weigh` compares two models' rows and says in plain words
what stands in the way. What may get worse, and how much:

- an emergency that the live model recognised must be recognised: none may be lost;
- of each kind of question, net losses of `TOLERATED_SHARE`, or of `TOLERATED` questions if that is
  more;
- a FAQ that this change leaves alone keeps its questions: it may lose `FAQ_SHARE` of those it had,
  or `TOLERATED - 1` if that is more;
- a FAQ that is new is reached by its own title, and by all but `OWN_SHARE` of its phrasings.

What is asked for a FAQ that was taken out is left out and told, and so is what was declined so far
as a price or as another subject and is answered by a FAQ that is new. Plain Python, no files.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

TOLERATED_SHARE = 0.005
TOLERATED = 3
FAQ_SHARE = 0.2
OWN_SHARE = 0.2
# Examples that a sentence gives.
SHOWN = 3

FAQ = "faq/"
EMERGENCY = "emergency"
CLARIFIED = "clarified"
DECLINED = "declined"
# What is declined until there is a FAQ for it. Medical questions and emergencies are not.
GIVE_WAY = ("out_of_scope", "price")
# What a FAQ's own file asks for it.
OWN_KINDS = ("title", "phrasing")
KINDS = {
    "faq": "questions about FAQs",
    "settled": "questions settled in the inbox",
    "title": "titles of FAQs",
    "phrasing": "phrasings of FAQs",
    "conversation": "small talk and requests",
    "several": "messages with several questions",
    "follow_up": "follow-up questions",
    "out_of_scope": "questions that have nothing to do with the clinic",
    "medical": "questions for a professional",
    "price": "questions about prices",
    "emergency": "emergencies",
    "ordinary": "ordinary after-effects",
}
# How what is no FAQ's answer is called; other intents by their name.
REPLIES = {
    CLARIFIED: "“did you mean …?”",
    DECLINED: "“I don't have that”",
    EMERGENCY: "the emergency reply",
    "medical": "the reply that leads to a professional",
    "ask_price": "the reply about prices",
    "out_of_scope": "the reply to what is not the clinic's subject",
    "ordinary_after_effect": "anything but the emergency reply",
}
_BETWEEN_LABELS = re.compile(r"( or |, )")

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Judged:
    """What a model made of a question.

    `wanted` and `got` are labels (`faq/downtime`, `greet`); alternatives are parted by " or ", the
    parts of a message of several questions by ", ". `got` is `clarified` or `declined` below the
    gate. `nearest` is the label that came closest beside those wanted. The text of a follow-up is
    all that was said up to it.
    """

    text: str
    kind: str
    wanted: str
    got: str
    right: bool
    nearest: str = ""

    @property
    def key(self) -> Key:
        """What makes it the same question in another trial."""
        return self.kind, self.text, self.wanted


@dataclass(frozen=True)
class Change:
    """A question that gets another answer than from the live model; labels as in `Judged`."""

    text: str
    kind: str
    wanted: str
    before: str
    now: str


@dataclass(frozen=True)
class Changed:
    """Slugs of the FAQs that a change is about; `edited` are those whose title or phrasings are."""

    added: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a trial found. Without `refusals` the model may go live.

    `counts` has for each kind how many were `asked`, are `right`, were `asked_live` of the live
    model and were `right_live`. `titles` are the FAQs' titles by label. `compared_with` is None on
    a first publish, or where the live model can't be loaded.
    """

    counts: dict[str, dict[str, int]]
    newly_right: list[Change] = field(default_factory=list)
    newly_wrong: list[Change] = field(default_factory=list)
    moved: list[Change] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    compared_with: str | None = None
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def may_go_live(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.refusals

    def words(self, labels: str) -> str:
        """What to call labels, as they stand in a `Change`, before staff."""
        return words(labels, self.titles)

    def as_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Verdict:
        """What `as_json` gave."""
        changes = ("newly_right", "newly_wrong", "moved")
        lists = {name: [Change(**one) for one in found[name]] for name in changes}
        return cls(**{**found, **lists})


def words(labels: str, titles: Mapping[str, str]) -> str:
    """Labels as staff know them: the FAQ's title, or what kind of reply it is."""
    parts = _BETWEEN_LABELS.split(labels)
    return "".join(
        part if _BETWEEN_LABELS.fullmatch(part) else _word(part, titles) for part in parts
    )


def _word(label: str, titles: Mapping[str, str]) -> str:
    if label.startswith(FAQ):
        return f"‘{titles.get(label) or label.removeprefix(FAQ).replace('-', ' ')}’"
    return REPLIES.get(label) or f"the reply to “{label.replace('_', ' ')}”"


def labels_in(wanted: str) -> set[str]:
    """The labels of a text of them."""
    return {part for part in _BETWEEN_LABELS.split(wanted) if not _BETWEEN_LABELS.fullmatch(part)}


def weigh(
    now: Sequence[Judged],
    before: Sequence[Judged],
    changed: Changed,
    titles: Mapping[str, str],
    compared_with: str | None,
    notes: Iterable[str] = (),
) -> Verdict:
    """Compare what the new model made of questions with what the live one did.

    `before` may have fewer rows (what the live model was not asked counts for nothing), or none.
    `notes` are warnings to begin with.
    """
    gone = {FAQ + slug for slug in changed.removed}
    left_out = [one for one in now if _asks_for_nothing_else(one, gone)]
    new = {FAQ + slug for slug in changed.added}
    given_way = [one for one in now if one.kind in GIVE_WAY and labels_in(one.got) & new]
    passed_over = {*left_out, *given_way}
    asked = [one for one in now if one not in passed_over]
    comparison = _Comparison(asked, {one.key: one for one in before}, changed, titles)
    refusals = [
        *comparison.lost_emergencies(),
        *comparison.faqs_that_lost(),
        *comparison.kinds_that_lost(),
        *comparison.collisions(),
    ]
    return Verdict(
        counts=comparison.counts(),
        newly_right=comparison.changes(lambda was, one: one.right and not was.right),
        newly_wrong=comparison.changes(lambda was, one: was.right and not one.right),
        moved=comparison.changes(lambda was, one: was.right == one.right and was.got != one.got),
        refusals=refusals,
        warnings=[
            *notes,
            *_left_out(left_out, gone, titles),
            *_given_way(given_way, new, titles),
            *comparison.worth_a_look(),
        ],
        compared_with=compared_with,
        titles=dict(titles),
    )


def _asks_for_nothing_else(one: Judged, gone: set[str]) -> bool:
    """Whether a part of the message has no right answer left."""
    parts = [set(part.split(" or ")) for part in one.wanted.split(", ")]
    return any(part <= gone for part in parts)


def _left_out(left: Sequence[Judged], gone: set[str], titles: Mapping[str, str]) -> list[str]:
    told = []
    for label in sorted(gone):
        asked = sum(label in labels_in(one.wanted) for one in left)
        if asked:
            told.append(
                f"{_word(label, titles)} was taken out: {_questions(asked)} that ask for it are "
                "left out of the comparison."
            )
    return told


def _given_way(given_way: Sequence[Judged], new: set[str], titles: Mapping[str, str]) -> list[str]:
    told = []
    for label in sorted(new):
        taken = [one for one in given_way if label in labels_in(one.got)]
        if taken:
            texts = ", ".join(f"‘{one.text}’" for one in taken[:SHOWN])
            told.append(
                f"{_word(label, titles)} now answers {_questions(len(taken))} that should be "
                f"declined so far, such as {texts}. See that the answer fits."
            )
    return told


class _Comparison:
    """The rows of two models side by side."""

    def __init__(
        self,
        now: Sequence[Judged],
        before: Mapping[Key, Judged],
        changed: Changed,
        titles: Mapping[str, str],
    ) -> None:
        self._now = now
        self._pairs = [(before[one.key], one) for one in now if one.key in before]
        self._titles = titles
        self._added = [FAQ + slug for slug in changed.added]
        self._edited = [FAQ + slug for slug in changed.edited]
        self._touched = {*self._added, *self._edited}

    def counts(self) -> dict[str, dict[str, int]]:
        counts: dict[str, Counter[str]] = {}
        for kind in KINDS:
            of_kind = [one for one in self._now if one.kind == kind]
            live = [was for was, one in self._pairs if one.kind == kind]
            if of_kind:
                counts[kind] = Counter(
                    asked=len(of_kind),
                    right=sum(one.right for one in of_kind),
                    asked_live=len(live),
                    right_live=sum(was.right for was in live),
                )
        return {kind: dict(counted) for kind, counted in counts.items()}

    def changes(self, is_one: Callable[[Judged, Judged], bool]) -> list[Change]:
        """The questions for which it is so of how they were and are answered."""
        return [
            Change(one.text, one.kind, one.wanted, was.got, one.got)
            for was, one in self._pairs
            if is_one(was, one)
        ]

    def lost_emergencies(self) -> list[str]:
        lost = [pair for pair in self._newly_wrong() if EMERGENCY in labels_in(pair[1].wanted)]
        if not lost:
            return []
        return [
            f"{_emergencies(len(lost))} no longer recognised: {self._examples(lost)} "
            f"{self._look_at(one.got for _, one in lost)}"
        ]

    def faqs_that_lost(self) -> list[str]:
        """FAQs that the change leaves alone, and that others now take questions from."""
        by_faq = defaultdict[tuple[str, bool], list[tuple[Judged, Judged]]](list)
        for was, one in self._pairs:
            if one.kind in (*OWN_KINDS, "faq", "settled") and self._is_old(one):
                by_faq[one.wanted, one.kind in OWN_KINDS].append((was, one))
        told = []
        for (label, _), pairs in sorted(by_faq.items()):
            lost, won = _turned(pairs, to=False), _turned(pairs, to=True)
            net, had = len(lost) - len(won), sum(was.right for was, _ in pairs)
            if net >= TOLERATED and net > FAQ_SHARE * had:
                told.append(
                    f"{_word(label, self._titles)} loses {_questions(len(lost))} that it "
                    f"answered: {self._examples(lost)} {self._look_at(o.got for _, o in lost)}"
                )
        return told

    def kinds_that_lost(self) -> list[str]:
        told = []
        for kind, name in KINDS.items():
            pairs = [pair for pair in self._pairs if pair[1].kind == kind and self._is_old(pair[1])]
            worse, better = _turned(pairs, to=False), _turned(pairs, to=True)
            if len(worse) - len(better) > max(TOLERATED, TOLERATED_SHARE * len(pairs)):
                told.append(
                    f"Of {len(pairs)} {name}, {len(worse)} get worse and {len(better)} better: "
                    f"{self._examples(worse)} {self._look_at(one.got for _, one in worse)}"
                )
        return told

    def collisions(self) -> list[str]:
        """New FAQs that their own words don't lead to, and edited ones that they no longer do."""
        was_right = {one.key: was.right for was, one in self._pairs}
        told = []
        for label in [*self._added, *self._edited]:
            own = [one for one in self._now if one.wanted == label and one.kind in OWN_KINDS]
            missed = [one for one in own if not one.right]
            if label in self._edited:
                missed = [one for one in missed if was_right.get(one.key, True)]
            phrasings = sum(one.kind == "phrasing" for one in own)
            missed_phrasings = [one for one in missed if one.kind == "phrasing"]
            too_many = len(missed_phrasings) > OWN_SHARE * phrasings
            if too_many or len(missed_phrasings) < len(missed):
                told.append(self._collision(label, missed, phrasings))
        return told

    def _collision(self, label: str, missed: Sequence[Judged], phrasings: int) -> str:
        of_phrasings = sum(one.kind == "phrasing" for one in missed)
        parts = ["its own title"] if len(missed) > of_phrasings else []
        if of_phrasings:
            parts.append(f"{of_phrasings} of its {phrasings} phrasings")
        rivals = Counter(_rival(one) for one in missed if _rival(one))
        name = _word(label, self._titles)
        said = f"{name} isn't reached by {' and '.join(parts)}"
        if not rivals:
            return f"{said}. Give it more phrasings that ask for it in other words."
        taker = rivals.most_common(1)[0][0]
        rival = _word(taker, self._titles)
        texts = ", ".join(f"‘{one.text}’" for one in missed[:SHOWN])
        if not taker.startswith(FAQ):
            return (
                f"{said}, such as {texts}: what it asks is declined so far: it is among the "
                f"examples of {rival}. Take out what is taught there of this subject, or give "
                f"{name} more phrasings."
            )
        return (
            f"{said}, such as {texts}: it collides with {rival}. Make one FAQ of the two, or "
            f"phrase {name} so that it does not ask what {rival} answers."
        )

    def worth_a_look(self) -> list[str]:
        """What is no reason to refuse."""
        told = []
        for label in self._edited:
            lost = [
                (was, one)
                for was, one in self._newly_wrong()
                if one.wanted == label and one.kind not in OWN_KINDS
            ]
            if lost:
                told.append(
                    f"{_word(label, self._titles)} was edited, and {_questions(len(lost))} that "
                    f"reached it no longer do: {self._examples(lost)}"
                )
        missed = [one for one in self._now if one.kind == EMERGENCY and not one.right]
        if missed and not self._pairs:
            told.append(f"{_emergencies(len(missed))} not recognised, such as ‘{missed[0].text}’.")
        return told

    def _newly_wrong(self) -> list[tuple[Judged, Judged]]:
        return _turned(self._pairs, to=False)

    def _is_old(self, one: Judged) -> bool:
        return not labels_in(one.wanted) & self._touched

    def _examples(self, pairs: Sequence[tuple[Judged, Judged]]) -> str:
        """Some of the questions with what they got and get, and how many more there are."""
        told = [
            f"‘{one.text}’ used to be answered with {words(was.got, self._titles)}, "
            f"now gets {words(one.got, self._titles)}"
            for was, one in pairs[:SHOWN]
        ]
        more = len(pairs) - len(told)
        return "; ".join(told) + (f"; and {more} more." if more > 0 else ".")

    def _look_at(self, got: Iterable[str]) -> str:
        """The remedy: whose phrasings to look at, the FAQ that takes the most questions first."""
        takers = Counter(label for labels in got for label in labels_in(labels))
        faqs = [label for label, _ in takers.most_common() if label.startswith(FAQ)]
        new = [label for label in faqs if label in self._touched] or faqs
        if not new:
            changed = [_word(label, self._titles) for label in [*self._added, *self._edited]]
            if not changed:
                return "Look at what was taught as not for us, and at what was changed last."
            return f"Look at the phrasings of {_listed(changed[:SHOWN])}: they may be too general."
        named = _listed([_word(label, self._titles) for label in new[:SHOWN]])
        return f"Look at the phrasings of {named}: some ask for what others answer."


def _turned(pairs: Sequence[tuple[Judged, Judged]], to: bool) -> list[tuple[Judged, Judged]]:
    """What is right now and was not, or the other way round."""
    return [(was, one) for was, one in pairs if one.right is to and was.right is not to]


def _rival(one: Judged) -> str:
    """Which label stood in the way of the one wanted."""
    return one.got if one.got not in (CLARIFIED, DECLINED) else one.nearest


def _questions(number: int) -> str:
    return "one question" if number == 1 else f"{number} questions"


def _emergencies(number: int) -> str:
    return "An emergency is" if number == 1 else f"{number} emergencies are"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
