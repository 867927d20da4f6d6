"""The clinic's FAQs: one file each under faq/, in Rasa's own training data format.

A file is named after its FAQ, `faq/<slug>.yml`. It holds the phrasings of the retrieval intent
`faq/<slug>`, the answer `utter_faq/<slug>` with what is shown of its source, and who approved it
and when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

FOLDER = "faq"
LARGEST_FILE = 200_000


class BrokenFaq(ValueError):
    """A file that is no FAQ as it stands: `what` is wrong in which `line`, and `how` to mend it."""

    def __init__(self, path: Path, line: int, what: str, how: str) -> None:
        super().__init__(f"{path}, line {line}: {what}. {how}")
        self.path = path
        self.line = line
        self.what = what
        self.how = how


class UnknownFaq(LookupError):
    """The library has no FAQ of this slug."""

    def __init__(self, slug: str, similar: Sequence[str] = ()) -> None:
        hint = f" (did you mean {', '.join(similar)}?)" if similar else ""
        super().__init__(f"there is no FAQ {slug!r}{hint}")


@dataclass(frozen=True)
class Shown:
    """What the answer carries beside its text, for the visitor to see its source."""

    faq: str
    title: str
    source: str


@dataclass(frozen=True)
class Faq:
    """One FAQ as its file has it; a text that is missing is empty.

    `slug` is the file's name. `intent` and `utterance` are what the file calls them and `lines`
    says where its parts stand, both for checking that they fit. `leads_to` are the slugs of the
    FAQs that follow-up questions go on with.
    """

    slug: str
    title: str
    source: str
    reviewer: str
    reviewed: str
    phrasings: tuple[str, ...]
    answer: str
    path: Path
    intent: str
    utterance: str
    shown: Shown
    leads_to: tuple[str, ...]
    lines: Mapping[str, int] = field(repr=False, compare=False)

    def line_of_phrasing(self, number: int) -> int:
        """The line of the phrasing of this number, from 0, as far as the file keeps one a line."""
        return self.lines["examples"] + 1 + number


class Library:
    """The FAQs by slug, in alphabetical order; `broken` are the files that can't be read."""

    def __init__(self, faqs: Sequence[Faq], broken: Sequence[BrokenFaq] = ()) -> None:
        self._by_slug = {faq.slug: faq for faq in sorted(faqs, key=lambda faq: faq.slug)}
        self.broken = tuple(broken)

    def __iter__(self) -> Iterator[Faq]:
        return iter(self._by_slug.values())

    def __len__(self) -> int:
        return len(self._by_slug)

    def get(self, slug: str) -> Faq:
        """Raises `UnknownFaq`, or `BrokenFaq` when its file is there but can't be read."""
        faq = self._by_slug.get(slug)
        if faq is not None:
            return faq
        for broken in self.broken:
            if broken.path.stem == slug:
                raise broken
        raise UnknownFaq(slug, self._similar(slug))

    def with_faq(self, faq: Faq) -> Library:
        """The library as it would be with this FAQ in the place of the one of its slug."""
        others = [other for other in self if other.slug != faq.slug]
        broken = [broken for broken in self.broken if broken.path.stem != faq.slug]
        return Library([*others, faq], broken)

    def _similar(self, slug: str) -> list[str]:
        return get_close_matches(slug, self._by_slug, n=3)


def read_faqs(content: Path) -> Library:
    """Every FAQ of a content folder (`data` in the project).

    Raises `FileNotFoundError` when the folder has no FAQs' folder.
    """
    folder = content / FOLDER
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder of FAQs at {folder}")
    faqs, broken = [], []
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        try:
            faqs.append(_read_unchanged(path, _state(path)))
        except BrokenFaq as error:
            broken.append(error)
    return Library(faqs, broken)


def _state(path: Path) -> tuple[int, int, int]:
    """Differs as soon as the file is saved anew."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


@lru_cache(maxsize=4096)
def _read_unchanged(path: Path, state: tuple[int, int, int]) -> Faq:
    # The console reads the whole library for each page; a file takes some 10 ms.
    return read_faq(path)


def read_faq(path: Path) -> Faq:
    """One FAQ's file. Raises `BrokenFaq`, or `OSError` when it can't be opened."""
    return parse_faq(path, _read_text(path))


def parse_faq(path: Path, text: str) -> Faq:
    """The FAQ that a file of this text is. Raises `BrokenFaq`."""
    if len(text) > LARGEST_FILE:
        what = f"the file has {len(text):,} characters, which no FAQ needs"
        raise BrokenFaq(path, 1, what, f"Keep it below {LARGEST_FILE:,}.")
    document = _Part(path, _parse_yaml(path, text), 1)
    examples = document.only("nlu", "- intent: faq/<slug>")
    metadata = examples.part("metadata", optional=True)
    responses = document.part("responses")
    utterance = responses.only_key("utter_faq/<slug>")
    answer = responses.only(utterance, '- text: "..."')
    custom = answer.part("custom", optional=True)
    return Faq(
        slug=path.stem,
        title=metadata.words("title"),
        source=metadata.words("source"),
        reviewer=metadata.words("reviewer"),
        reviewed=metadata.words("reviewed"),
        phrasings=examples.listed("examples"),
        answer=answer.words("text").strip(),
        path=path,
        intent=examples.words("intent"),
        utterance=utterance,
        shown=Shown(custom.words("faq"), custom.words("title"), custom.words("source")),
        leads_to=(
            *filter(None, [metadata.words("why")]),
            *metadata.slugs("next"),
            *metadata.slugs("lists"),
        ),
        lines={
            "intent": examples.line,
            "examples": examples.line_of("examples"),
            "metadata": metadata.line,
            "utterance": responses.line_of(utterance),
            "text": answer.line_of("text"),
            "custom": custom.line,
        },
    )


def load_yaml(path: Path) -> Any:
    """The YAML of a training data file, knowing its lines. Raises `BrokenFaq` or `OSError`."""
    return _parse_yaml(path, _read_text(path))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BrokenFaq(path, line, "this is not UTF-8", "Save the file as UTF-8.") from error


def _parse_yaml(path: Path, text: str) -> Any:
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"this is not YAML ({error.problem or error.context})"
        how = "Compare its indentation, colons and quotes with another FAQ."
        raise BrokenFaq(path, line, what, how) from error
    except YAMLError as error:
        what = f"this is not YAML ({' '.join(str(error).split())})"
        raise BrokenFaq(path, 1, what, "Type the line again without special characters.") from error
    except (RecursionError, ValueError) as error:
        what = "this is not YAML that can be read (too deep, or a value that is none)"
        raise BrokenFaq(path, 1, what, "Compare it with another FAQ.") from error


@dataclass(frozen=True)
class _Part:
    """A mapping inside a file, which can say where its entries stand."""

    path: Path
    node: Any
    line: int

    @cached_property
    def mapping(self) -> Mapping[str, Any]:
        if not isinstance(self.node, Mapping):
            raise self.broken(self.line, "names with values are expected here", "See another FAQ.")
        return self.node

    def line_of(self, key: str) -> int:
        """The line of a key, from 1; of the part itself when it is not there."""
        marks = getattr(self.node, "lc", None)
        if marks is None or marks.data is None or key not in marks.data:
            return self.line
        return int(marks.data[key][0]) + 1

    def part(self, key: str, *, optional: bool = False) -> _Part:
        if key not in self.mapping:
            if optional:
                return _Part(self.path, {}, self.line)
            raise self.broken(self.line, f"{key!r} is missing", f"Add `{key}:` with its content.")
        return _Part(self.path, self.mapping[key], self.line_of(key))

    def only_key(self, like: str) -> str:
        if len(self.mapping) != 1:
            what = f"one entry is expected here, not {len(self.mapping)}"
            raise self.broken(self.line, what, f"Keep one, `{like}`: a file holds one FAQ.")
        return str(next(iter(self.mapping)))

    def only(self, key: str, like: str) -> _Part:
        """The one item of the list under a key."""
        part = self.part(key)
        if not isinstance(part.node, CommentedSeq) or len(part.node) != 1:
            found = len(part.node) if isinstance(part.node, list) else "something else"
            what = f"{key!r} is a list of one, not {found}"
            raise self.broken(part.line, what, f"Write one `{like}` below it.")
        line = int(part.node.lc.data[0][0]) + 1
        item = _Part(self.path, part.node[0], line)
        _ = item.mapping
        return item

    def words(self, key: str) -> str:
        value = self.mapping.get(key, "")
        if isinstance(value, str):
            return str(value)
        what = f"{key!r} is not text: YAML takes {value} for something else"
        raise self.broken(self.line_of(key), what, f'Write it in quotes: {key}: "{value}".')

    def slugs(self, key: str) -> tuple[str, ...]:
        """The texts of a list; none when it is not there."""
        value = self.mapping.get(key, [])
        if isinstance(value, list) and all(isinstance(slug, str) for slug in value):
            return tuple(map(str, value))
        how = f"Write the slugs of FAQs in brackets: {key}: [downtime, aftercare]."
        raise self.broken(self.line_of(key), f"{key!r} is no list of FAQs", how)

    def listed(self, key: str) -> tuple[str, ...]:
        """The lines of a text that has one `- ...` a line, as Rasa wants its examples."""
        how = "Write `examples: |` and below it one phrasing a line, each after `- `."
        if not isinstance(self.mapping.get(key), str):
            raise self.broken(self.line_of(key), f"{key!r} is missing or no text", how)
        if not self.mapping[key].strip():
            return ()
        lines = self.mapping[key].rstrip("\n").split("\n")
        for number, line in enumerate(lines):
            if not line.startswith("- "):
                raise self.broken(self.line_of(key) + 1 + number, "no phrasing after `- `", how)
        return tuple(line[2:].strip() for line in lines)

    def broken(self, line: int, what: str, how: str) -> BrokenFaq:
        return BrokenFaq(self.path, line, what, how)
