"""Checks the FAQs before they are trained, and says of each problem how to mend it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from encoder import EncoderNotBuilt
from faq.articles import Articles, BrokenArticle, read_articles
from faq.library import FOLDER, BrokenFaq, Faq, Library, load_yaml, read_faq, read_faqs
from faq.meaning import Meanings

Severity = Literal["error", "warning"]

FEWEST_PHRASINGS = 5
# An answer outside the outer range can't be right; outside the inner one it deserves another look.
SHORTEST_ANSWER, SHORT_ANSWER = 40, 120
LONG_ANSWER, LONGEST_ANSWER = 900, 1200
LONGEST_TITLE, LONGEST_PHRASING = 100, 300
# Cosines of phrasings from which they ask the same, or come so close that one should be asked back.
SAME_MEANING, CLOSE_MEANING = 0.97, 0.955
# What quick vectors may be wrong by; pairs from here on are looked at exactly.
QUICK_ERROR = 0.025
ROWS = 1000  # compared at a time: 10,000 phrasings squared would be 400 MB

# What the assistant says it can't answer. A FAQ may: its phrasings are then taken out of these when
# a model is trained (`GIVES_WAY` of nlu/importer.py).
GIVES_WAY = frozenset({"medical/visit", "out_of_scope/off-topic"})
# The examples that staff declined themselves; see faq/out_of_scope.py.
DECLINED_BY_STAFF = "out_of_scope_of_staff.yml"

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HTML = re.compile(r"</?[a-zA-Z][^>]*>|<!--|&[a-zA-Z]+;|&#\d+;|<\s*/?\s*script|javascript:", re.I)
_BLANK_LINE = re.compile(r"\n\s*\n")
# What no keyboard types: control characters, and what stands for bytes that could not be read.
_UNREADABLE = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff\ufffd]"
)
_NOT_IN_WORDS = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class Finding:
    """A problem: `where` is `file:line`, `what` is wrong there and `how` to mend it.

    An `error` keeps a FAQ from being saved and trained; a `warning` is for people to judge. `slug`
    is None for a problem that belongs to no FAQ. `part` is what staff call the place: slug, title,
    phrasings, answer, source, reviewer or reviewed; empty when it is none of these.
    """

    severity: Severity
    slug: str | None
    where: str
    what: str
    how: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}. {self.how}"


class Example(NamedTuple):
    """A phrasing of any intent, with the place of its file."""

    label: str
    text: str
    where: str


def check_library(content: Path, encoder: Path | Meanings | None = None) -> list[Finding]:
    """Every problem of the FAQs in a content folder, in the order of their files.

    `encoder` is the folder of the built sentence encoder, or what works with it: with it, phrasings
    that mean the same in two FAQs are found. Raises `FileNotFoundError` when there is no folder of
    FAQs or articles.
    """
    return _check(read_faqs(content), content, encoder)


def check_file(content: Path, path: Path, encoder: Path | Meanings | None = None) -> list[Finding]:
    """The problems of one file, which need not lie in the content folder yet.

    Raises as `check_library`, and `OSError` when the file can't be opened.
    """
    try:
        faq = read_faq(path)
    except BrokenFaq as broken:
        return [_broken(broken)]
    return check_faq(content, faq, encoder)


def check_faq(
    content: Path,
    faq: Faq,
    encoder: Path | Meanings | None = None,
    articles: Articles | None = None,
) -> list[Finding]:
    """The problems of one FAQ, if it took the place of the one of its slug.

    `articles` are those it may rest on, when they are others than the folder's. Raises as
    `check_library`.
    """
    return _check(read_faqs(content).with_faq(faq), content, encoder, faq.slug, articles)


def has_errors(findings: Sequence[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def normalised(text: str) -> str:
    """The words alone, in lower case: "Does it hurt?" and "does it hurt" are one phrasing."""
    return " ".join(_NOT_IN_WORDS.sub(" ", text.casefold()).split())


def compact(text: str) -> str:
    """As `normalised`, without spaces: "micro needling" and "microneedling" are one phrasing."""
    return normalised(text).replace(" ", "")


def _check(
    library: Library,
    content: Path,
    encoder: Path | Meanings | None,
    only: str | None = None,
    articles: Articles | None = None,
) -> list[Finding]:
    """The findings of all FAQs, or of the one of the slug `only`."""
    findings = [] if only else [_broken(broken) for broken in library.broken]
    if articles is None:
        try:
            articles = read_articles(content / "articles")
        except BrokenArticle as error:
            how = "Mend the article first."
            findings.append(Finding("error", only, "articles", str(error), how))
    # The one that is looked at comes last: what two share is told of the later.
    faqs = sorted(library, key=lambda faq: faq.slug == only)
    for faq in faqs:
        if only in (None, faq.slug):
            for check in CHECKS:
                findings += check(faq)
            findings += _follow_ups(faq, library)
            if articles is not None:
                findings += _source(faq, articles)
    others, unreadable = _other_examples(content)
    findings += [] if only else unreadable
    findings += _same_phrasings(faqs, others)
    if encoder is not None:
        meanings = encoder if isinstance(encoder, Meanings) else Meanings(encoder)
        findings += _near_phrasings(faqs, meanings, only)
    return sorted((f for f in findings if only in (None, f.slug)), key=_place)


def _place(finding: Finding) -> tuple[str, int]:
    path, _, line = finding.where.rpartition(":")
    return (path, int(line)) if line.isdecimal() else (finding.where, 0)


def _broken(broken: BrokenFaq) -> Finding:
    where = f"{broken.path}:{broken.line}"
    return Finding("error", broken.path.stem, where, broken.what, broken.how)


# What staff call the parts of a file.
_PARTS: Mapping[str, str] = {
    "intent": "slug",
    "utterance": "slug",
    "text": "answer",
    "examples": "phrasings",
}


def _error(faq: Faq, line: str, what: str, how: str, part: str | None = None) -> Finding:
    return _finding("error", faq, line, what, how, part)


def _warning(faq: Faq, line: str, what: str, how: str, part: str | None = None) -> Finding:
    return _finding("warning", faq, line, what, how, part)


def _finding(
    severity: Severity, faq: Faq, line: str, what: str, how: str, part: str | None
) -> Finding:
    where = f"{faq.path}:{faq.lines[line]}"
    return Finding(severity, faq.slug, where, what, how, part or _PARTS.get(line, ""))


def _follow_ups(faq: Faq, library: Library) -> Iterator[Finding]:
    known = {other.slug for other in library} | {broken.path.stem for broken in library.broken}
    for slug in dict.fromkeys(faq.leads_to):
        if slug not in known:
            what = f"follow-up questions lead to {slug!r}, which is no FAQ"
            yield _error(faq, "metadata", what, "Mend it or take it out of why, next or lists.")


def _names(faq: Faq) -> Iterator[Finding]:
    if not _SLUG.fullmatch(faq.slug):
        how = "Name the file with small letters, digits and single hyphens: does-it-hurt.yml."
        yield _error(faq, "intent", f"{faq.slug!r} can't name a FAQ", how)
    wanted = [
        ("intent", faq.intent, f"faq/{faq.slug}", "the intent"),
        ("utterance", faq.utterance, f"utter_faq/{faq.slug}", "the answer"),
        ("custom", faq.shown.faq, faq.slug, "`faq` under `custom`"),
    ]
    for part, found, right, name in wanted:
        if found != right:
            what = f"{name} is {found!r}" if found else f"{name} is missing"
            yield _error(faq, part, what, f"Write {right}, after the file's name.")


def _metadata(faq: Faq) -> Iterator[Finding]:
    if not faq.title.strip():
        how = "Write the question as it stands on a button: title: Does it hurt?"
        yield _error(faq, "metadata", "the title is missing", how, "title")
    elif len(faq.title) > LONGEST_TITLE:
        what = f"the title has {len(faq.title)} characters, too many for a button"
        yield _error(faq, "metadata", what, f"Ask it in {LONGEST_TITLE} at most.", "title")
    if not faq.reviewer.strip():
        how = "Write who approved the answer: reviewer: Clinic content team."
        yield _error(faq, "metadata", "the reviewer is missing", how, "reviewer")
    if not _is_iso_day(faq.reviewed):
        what = f"reviewed is {faq.reviewed!r}" if faq.reviewed else "the day of review is missing"
        how = 'Write the day in quotes, the year first: reviewed: "2026-11-20".'
        yield _error(faq, "metadata", what, how, "reviewed")
    for name in ("title", "source"):
        own, shown = getattr(faq, name), getattr(faq.shown, name)
        if own != shown:
            what = f"the {name} under `custom` ({shown!r}) is not that under `metadata` ({own!r})"
            yield _error(faq, "custom", what, "Make them the same: visitors see the former.")


def _is_iso_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _source(faq: Faq, articles: Articles) -> Iterator[Finding]:
    article_slug, _, _ = faq.source.partition("#")
    article = articles.get(article_slug)
    if article is None:
        what = f"there is no article {article_slug!r}" if faq.source else "the source is missing"
        known = ", ".join(article.slug for article in articles)
        how = f"Write article#section, the article one of: {known}."
        yield _error(faq, "metadata", what, how, "source")
    elif articles.source(faq.source) is None:
        sections = ", ".join(section.slug for section in article.sections)
        what = f"{faq.source!r} names no section of that article"
        yield _error(faq, "metadata", what, f"Its sections are: {sections}.", "source")


def _characters(faq: Faq) -> Iterator[Finding]:
    parts = [("title", "metadata"), ("reviewer", "metadata"), ("answer", "text")]
    for part, line in parts:
        text = getattr(faq, part)
        unreadable = _UNREADABLE.search(text)
        if unreadable:
            what = f"the {part} holds a character that can't be read ({_named(unreadable[0])})"
            yield _error(faq, line, what, "Type that place again.", part)
        if part != "answer" and _HTML.search(text):
            what = f"the {part} holds HTML, which would be seen as it is"
            yield _error(faq, line, what, "Write plain text.", part)


def _named(character: str) -> str:
    return f"U+{ord(character):04X}"


def _answer(faq: Faq) -> Iterator[Finding]:
    length = len(faq.answer)
    if not SHORTEST_ANSWER <= length <= LONGEST_ANSWER:
        what = f"the answer has {length} characters" if length else "the answer is empty"
        how = (
            f"An answer has {SHORTEST_ANSWER} to {LONGEST_ANSWER} characters; 150 to 450 read best."
        )
        yield _error(faq, "text", what, how)
    elif not SHORT_ANSWER <= length <= LONG_ANSWER:
        what = f"the answer has {length} characters"
        yield _warning(faq, "text", what, "150 to 450 read best.")
    if _HTML.search(faq.answer):
        what = "the answer holds HTML, which visitors would see as it is"
        yield _error(faq, "text", what, "Write plain text.")
    if _BLANK_LINE.search(faq.answer):
        what = "the answer has a blank line, where it would be cut into two messages"
        yield _error(faq, "text", what, "Write one paragraph.")
    if "{" in faq.answer or "}" in faq.answer:
        what = "the answer holds { or }, which Rasa takes for a slot's name"
        yield _error(faq, "text", what, "Use other brackets.")


def _phrasings(faq: Faq) -> Iterator[Finding]:
    if len(faq.phrasings) < FEWEST_PHRASINGS:
        one = len(faq.phrasings) == 1
        what = (
            f"there {'is' if one else 'are'} only {len(faq.phrasings)} phrasing{'' if one else 's'}"
        )
        how = f"Add ways to ask it until there are {FEWEST_PHRASINGS}, better fifteen or more."
        yield _error(faq, "examples", what, how)
    for number, phrasing in enumerate(faq.phrasings):
        trouble = _trouble(phrasing)
        if trouble:
            where = f"{faq.path}:{faq.line_of_phrasing(number)}"
            what = f"{phrasing!r} {trouble}"
            how = "Write it as a visitor would type it."
            yield Finding("error", faq.slug, where, what, how, "phrasings")


def _trouble(phrasing: str) -> str | None:
    if not normalised(phrasing):
        return "has no words"
    if "[" in phrasing or "]" in phrasing:
        return "has square brackets, which Rasa takes for an entity"
    if phrasing.startswith("/"):
        return "starts with a slash, which Rasa takes for an intent"
    if _HTML.search(phrasing):
        return "holds HTML"
    if len(phrasing) > LONGEST_PHRASING:
        return f"has {len(phrasing)} characters, more than {LONGEST_PHRASING}"
    unreadable = _UNREADABLE.search(phrasing)
    if unreadable:
        return f"holds a character that can't be read ({_named(unreadable[0])})"
    return None


CHECKS: tuple[Callable[[Faq], Iterator[Finding]], ...] = (
    _names,
    _metadata,
    _characters,
    _answer,
    _phrasings,
)


def _examples_of(faq: Faq) -> list[Example]:
    return [
        Example(faq.intent, text, f"{faq.path}:{faq.line_of_phrasing(number)}")
        for number, text in enumerate(faq.phrasings)
    ]


def _other_examples(content: Path) -> tuple[list[Example], list[Finding]]:
    """Examples of the intents that are no FAQs, and the files that can't be read."""
    examples: list[Example] = []
    unreadable: list[Finding] = []
    for path in sorted(content.rglob("*.yml")):
        if path.is_relative_to(content / FOLDER):
            continue
        try:
            examples += _examples_in(path, path.stat().st_mtime_ns)
        except BrokenFaq as broken:
            where = f"{path}:{broken.line}"
            unreadable.append(Finding("error", None, where, broken.what, broken.how))
    return examples, unreadable


@lru_cache(maxsize=256)
def _examples_in(path: Path, changed: int) -> tuple[Example, ...]:
    """The examples of one file, which is read again when it has `changed` (moment of change)."""
    examples: list[Example] = []
    for item in (load_yaml(path) or {}).get("nlu") or []:
        if isinstance(item.get("intent"), str) and isinstance(item.get("examples"), str):
            first = int(item.lc.data["examples"][0]) + 2
            examples += [
                Example(item["intent"], line.removeprefix("- ").strip(), f"{path}:{first + n}")
                for n, line in enumerate(item["examples"].splitlines())
            ]
    return tuple(examples)


def _same_phrasings(faqs: Sequence[Faq], others: Sequence[Example]) -> Iterator[Finding]:
    known: dict[str, list[Example]] = defaultdict(list)
    for example in others:
        known[compact(example.text)].append(example)
    for faq in faqs:
        for example in _examples_of(faq):
            words = compact(example.text)
            twin = known[words][0] if known[words] else None
            known[words].append(example)
            if twin is None or not words:
                continue
            if twin.label == faq.intent and normalised(twin.text) != normalised(example.text):
                continue  # a FAQ does well to know both ways of spelling it
            yield _shared(faq, example, twin)


def _shared(faq: Faq, example: Example, twin: Example) -> Finding:
    """What there is to say of a phrasing that another has in the same words."""
    what = f"{example.text!r} also belongs to {twin.label} ({twin.where})"
    severity: Severity = "error"
    how = "Keep it where it fits better."
    if twin.label == faq.intent:
        severity, how = "warning", "Remove one of the two."
    elif f"/{DECLINED_BY_STAFF}:" in twin.where:
        how = "Open it again in the inbox, under “Not for us”, or leave it out here."
    elif twin.label in GIVES_WAY:
        severity = "warning"
        what = f"{example.text!r} has been declined so far, as {twin.label} ({twin.where})"
        how = "It gets this answer once it is published."
    return Finding(severity, faq.slug, example.where, what, how, "phrasings")


def _near_phrasings(faqs: Sequence[Faq], meanings: Meanings, only: str | None) -> Iterator[Finding]:
    """Phrasings of two FAQs that ask the same in other words; of those of `only`, when given."""
    examples = [(faq.slug, example) for faq in faqs for example in _examples_of(faq)]
    texts = [example.text for _, example in examples]
    try:
        vectors = meanings.of(texts)
        for row, column in _close_pairs([slug for slug, _ in examples], vectors, only):
            (_, one), (slug, other) = examples[row], examples[column]
            if compact(one.text) != compact(other.text):
                left, right = meanings.exactly([one.text, other.text])
                yield from _nearness(slug, one, other, float(left @ right))
    except EncoderNotBuilt:
        return


def _close_pairs(
    slugs: Sequence[str], vectors: np.ndarray, only: str | None
) -> Iterator[tuple[int, int]]:
    """Places of vectors of two FAQs that may be as close as a finding, the earlier first."""
    floor = CLOSE_MEANING - QUICK_ERROR
    own = np.array([only in (None, slug) for slug in slugs], dtype=bool)
    columns = np.flatnonzero(own)
    for start in range(0, len(vectors), ROWS):
        cosines = vectors[start : start + ROWS] @ vectors[columns].T
        for row, place in np.argwhere(cosines > floor):
            one, other = int(row) + start, int(columns[place])
            if one < other and slugs[one] != slugs[other]:
                yield one, other


def _nearness(slug: str, one: Example, other: Example, cosine: float) -> Iterator[Finding]:
    place = f"{one.text!r} of {one.label} ({one.where})"
    if cosine >= SAME_MEANING:
        what = f"{other.text!r} means the same as {place}"
        how = "Keep one of the two, where it fits better."
        yield Finding("error", slug, other.where, what, how, "phrasings")
    elif cosine >= CLOSE_MEANING:
        what = f"{other.text!r} means nearly the same as {place}"
        how = "Keep both only if they must differ."
        yield Finding("warning", slug, other.where, what, how, "phrasings")
