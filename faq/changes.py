"""How two states of the content differ, in the words that staff know: FAQs, articles, facts."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from faq.articles import BrokenArticle, parse_article
from faq.contents import CLINIC, DATA, Contents
from faq.library import BrokenFaq, Faq, parse_faq

Kind = Literal["faq", "article", "clinic", "other"]
State = Literal["added", "edited", "removed"]
# Text of a file by its name; None where nobody kept it.
Texts = Callable[[str], str | None]


@dataclass(frozen=True)
class Named:
    """A file as staff know it: `title` is a FAQ's or an article's; `slug` that of the file."""

    slug: str
    title: str
    kind: Kind
    name: str


@dataclass(frozen=True)
class Changes:
    """What was added, edited and removed, in the order of the files."""

    added: tuple[Named, ...] = ()
    edited: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.edited or self.removed)

    def __len__(self) -> int:
        return len(self.added) + len(self.edited) + len(self.removed)

    def of(self, kind: Kind) -> list[tuple[State, Named]]:
        """The changes of a kind, each with what became of it."""
        states: dict[State, tuple[Named, ...]] = {
            "added": self.added,
            "edited": self.edited,
            "removed": self.removed,
        }
        return [
            (state, one) for state, named in states.items() for one in named if one.kind == kind
        ]

    def in_words(self) -> str:
        """Such as "2 FAQs added, 1 article edited"; empty when nothing changed."""
        told = []
        for kind, words in _WORDS.items():
            for state in ("added", "edited", "removed"):
                count = sum(one == state for one, _ in self.of(kind))
                if count:
                    told.append(f"{count} {words[count > 1]} {state}")
        return ", ".join(told)

    def as_json(self) -> dict[str, Any]:
        return {
            state: [asdict(one) for one in named]
            for state, named in (
                ("added", self.added),
                ("edited", self.edited),
                ("removed", self.removed),
            )
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Changes:
        return cls(**{state: tuple(Named(**one) for one in found[state]) for state in found})


_WORDS: dict[Kind, tuple[str, str]] = {
    "faq": ("FAQ", "FAQs"),
    "article": ("article", "articles"),
    "clinic": ("facts file", "facts files"),
    "other": ("other file", "other files"),
}


def compare(before: Contents, now: Contents, texts_before: Texts, texts_now: Texts) -> Changes:
    """How `now` differs from `before`."""
    return Changes(
        added=tuple(named(name, texts_now) for name in now if name not in before),
        edited=tuple(
            named(name, texts_now) for name in now if name in before and before[name] != now[name]
        ),
        removed=tuple(named(name, texts_before) for name in before if name not in now),
    )


def named(name: str, texts: Texts) -> Named:
    """A file as staff know it."""
    path = PurePosixPath(name)
    kind = kind_of(name)
    if kind == "clinic":
        return Named("clinic", "The clinic’s facts (clinic.yml)", kind, name)
    if kind == "other":
        return Named(path.stem, _OTHERS.get(path.stem, str(path.relative_to(DATA))), kind, name)
    text = texts(name)
    title = _title(name, kind, text) if text is not None else ""
    return Named(path.stem, title or path.stem, kind, name)


_OTHERS = {
    "out_of_scope": "What is out of scope",
    "out_of_scope_of_staff": "What staff marked as not for us",
    "small_talk": "Small talk",
    "safety": "Emergencies and medical questions",
    "lexicon": "The lexicon",
}


def kind_of(name: str) -> Kind:
    if name == CLINIC:
        return "clinic"
    if name.startswith(f"{DATA}/faq/"):
        return "faq"
    return "article" if name.startswith(f"{DATA}/articles/") else "other"


def _title(name: str, kind: Kind, text: str) -> str:
    try:
        if kind == "faq":
            return parse_faq(Path(name), text).title
        return parse_article(Path(name), text).title
    except (BrokenFaq, BrokenArticle):
        return ""


# --- how one file differs ---


@dataclass(frozen=True)
class Part:
    """A part of a FAQ that differs, such as its answer: what it was and what it is now."""

    name: str
    before: str
    now: str


@dataclass(frozen=True)
class Difference:
    """How a file differs: by `parts` and phrasings for a FAQ, by `lines` for any other file, each
    with `+`, `-` or a blank in front. `known` is false where nobody kept the text."""

    file: Named
    state: State
    parts: tuple[Part, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    known: bool = True


def differences(changes: Changes, texts_before: Texts, texts_now: Texts) -> list[Difference]:
    """How each changed file differs."""
    told = []
    for kind in _WORDS:
        for state, file in changes.of(kind):
            before = texts_before(file.name) if state != "added" else ""
            now = texts_now(file.name) if state != "removed" else ""
            told.append(_difference(file, state, before, now))
    return told


def _difference(file: Named, state: State, before: str | None, now: str | None) -> Difference:
    if before is None or now is None:
        return Difference(file, state, known=False)
    if file.kind == "faq":
        try:
            faqs = [parse_faq(Path(file.name), text) if text else None for text in (before, now)]
            return _faq_difference(file, state, *faqs)
        except BrokenFaq:
            pass
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), lineterm="", n=1)
    return Difference(file, state, lines=tuple(lines)[2:])


def _faq_difference(file: Named, state: State, before: Faq | None, now: Faq | None) -> Difference:
    parts = []
    for name in ("title", "answer", "source", "reviewer", "reviewed"):
        was, is_now = (getattr(faq, name) if faq else "" for faq in (before, now))
        if was != is_now:
            parts.append(Part(name, was, is_now))
    old, new = (faq.phrasings if faq else () for faq in (before, now))
    return Difference(
        file,
        state,
        tuple(parts),
        added=tuple(one for one in new if one not in old),
        removed=tuple(one for one in old if one not in new),
    )
