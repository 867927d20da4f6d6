"""Checks the FAQs before they are trained, and says of each problem how to mend it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from encoder import EncoderNotBuilt, SentenceEncoder
from faq.articles import Articles, BrokenArticle, read_articles
from faq.library import FOLDER, BrokenFaq, Faq, Library, load_yaml, read_faq, read_faqs

Severity = Literal["error", "warning"]

FEWEST_PHRASINGS = 5
# An answer outside the outer range can't be right; outside the inner one it deserves another look.
SHORTEST_ANSWER, SHORT_ANSWER = 40, 120
LONG_ANSWER, LONGEST_ANSWER = 900, 1200
# Cosine of quantised embeddings, 0.97 in full precision, from which phrasings ask the same.
SAME_MEANING = 0.96

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HTML = re.compile(r"</?[a-zA-Z][^>]*>|<!--|&[a-zA-Z]+;|&#\d+;|javascript:", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n\s*\n")
_NOT_IN_WORDS = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class Finding:
    """A problem: `where` is `file:line`, `what` is wrong there and `how` to mend it.

    An `error` keeps a FAQ from being trained; a `warning` is for people to judge. `slug` is None
    for a problem that belongs to no FAQ.
    """

    severity: Severity
    slug: str | None
    where: str
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}. {self.how}"


class Example(NamedTuple):
    """A phrasing of any intent, with the place of its file."""

    label: str
    text: str
    where: str


def check_library(content: Path, encoder: Path | None = None) -> list[Finding]:
    """Every problem of the FAQs in a content folder, in the order of their files.

    `encoder` is the folder of the built sentence encoder: with it, phrasings that mean the same in
    two FAQs are found. Raises `FileNotFoundError` when there is no folder of FAQs or articles.
    """
    return _check(read_faqs(content), content, encoder)


def check_file(content: Path, path: Path, encoder: Path | None = None) -> list[Finding]:
    """The problems of one file, which need not lie in the content folder yet.

    Raises as `check_library`, and `OSError` when the file can't be opened.
    """
    try:
        faq = read_faq(path)
    except BrokenFaq as broken:
        return [_broken(broken)]
    findings = _check(read_faqs(content).with_faq(faq), content, encoder)
    return [finding for finding in findings if finding.slug == faq.slug]


def has_errors(findings: Sequence[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def normalised(text: str) -> str:
    """The words alone, in lower case: "Does it hurt?" and "does it hurt" are one phrasing."""
    return " ".join(_NOT_IN_WORDS.sub(" ", text.casefold()).split())


def _check(library: Library, content: Path, encoder: Path | None) -> list[Finding]:
    findings = [_broken(broken) for broken in library.broken]
    try:
        articles: Articles | None = read_articles(content / "articles")
    except BrokenArticle as error:
        articles = None
        findings.append(Finding("error", None, "articles", str(error), "Mend the article first."))
    for faq in library:
        for check in CHECKS:
            findings += check(faq)
        findings += _follow_ups(faq, library)
        if articles is not None:
            findings += _source(faq, articles)
    others, unreadable = _other_examples(content)
    findings += unreadable
    findings += _same_phrasings(library, others)
    if encoder is not None:
        findings += _near_phrasings(library, encoder)
    return sorted(findings, key=_place)


def _place(finding: Finding) -> tuple[str, int]:
    path, _, line = finding.where.rpartition(":")
    return (path, int(line)) if line.isdecimal() else (finding.where, 0)


def _broken(broken: BrokenFaq) -> Finding:
    where = f"{broken.path}:{broken.line}"
    return Finding("error", broken.path.stem, where, broken.what, broken.how)


def _error(faq: Faq, part: str, what: str, how: str) -> Finding:
    return Finding("error", faq.slug, f"{faq.path}:{faq.lines[part]}", what, how)


def _warning(faq: Faq, part: str, what: str, how: str) -> Finding:
    return Finding("warning", faq.slug, f"{faq.path}:{faq.lines[part]}", what, how)


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
        yield _error(faq, "metadata", "the title is missing", how)
    if not faq.reviewer.strip():
        how = "Write who approved the answer: reviewer: Clinic content team."
        yield _error(faq, "metadata", "the reviewer is missing", how)
    if not _is_iso_day(faq.reviewed):
        what = f"reviewed is {faq.reviewed!r}" if faq.reviewed else "the day of review is missing"
        how = 'Write the day in quotes, the year first: reviewed: "2026-11-20".'
        yield _error(faq, "metadata", what, how)
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
        yield _error(faq, "metadata", what, f"Write article#section, the article one of: {known}.")
    elif articles.source(faq.source) is None:
        sections = ", ".join(section.slug for section in article.sections)
        what = f"{faq.source!r} names no section of that article"
        yield _error(faq, "metadata", what, f"Its sections are: {sections}.")


def _answer(faq: Faq) -> Iterator[Finding]:
    length = len(faq.answer)
    if not SHORTEST_ANSWER <= length <= LONGEST_ANSWER:
        what = f"the answer has {length} characters" if length else "the answer is empty"
        how = f"An answer has {SHORTEST_ANSWER} to {LONGEST_ANSWER}; 150 to 450 read best."
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
        what = f"there are only {len(faq.phrasings)} phrasings"
        how = f"Add ways to ask it until there are {FEWEST_PHRASINGS}, better fifteen or more."
        yield _error(faq, "examples", what, how)
    for number, phrasing in enumerate(faq.phrasings):
        trouble = _trouble(phrasing)
        if trouble:
            where = f"{faq.path}:{faq.line_of_phrasing(number)}"
            what = f"{phrasing!r} {trouble}"
            yield Finding("error", faq.slug, where, what, "Write it as a visitor would type it.")


def _trouble(phrasing: str) -> str | None:
    if not normalised(phrasing):
        return "has no words"
    if "[" in phrasing or "]" in phrasing:
        return "has square brackets, which Rasa takes for an entity"
    if phrasing.startswith("/"):
        return "starts with a slash, which Rasa takes for an intent"
    return None


CHECKS: tuple[Callable[[Faq], Iterator[Finding]], ...] = (_names, _metadata, _answer, _phrasings)


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
            document = load_yaml(path)
        except BrokenFaq as broken:
            where = f"{path}:{broken.line}"
            unreadable.append(Finding("error", None, where, broken.what, broken.how))
            continue
        for item in (document or {}).get("nlu") or []:
            if isinstance(item.get("intent"), str) and isinstance(item.get("examples"), str):
                first = int(item.lc.data["examples"][0]) + 2
                examples += [
                    Example(item["intent"], line.removeprefix("- ").strip(), f"{path}:{first + n}")
                    for n, line in enumerate(item["examples"].splitlines())
                ]
    return examples, unreadable


def _same_phrasings(library: Library, others: Sequence[Example]) -> Iterator[Finding]:
    known: dict[str, list[Example]] = defaultdict(list)
    for example in others:
        known[normalised(example.text)].append(example)
    for faq in library:
        for example in _examples_of(faq):
            words = normalised(example.text)
            twin = known[words][0] if known[words] else None
            known[words].append(example)
            if twin is None or not words:
                continue
            what = f"{example.text!r} also belongs to {twin.label} ({twin.where})"
            if twin.label == faq.intent:
                how = "Remove one of the two."
                yield Finding("warning", faq.slug, example.where, what, how)
            else:
                how = "Keep it where it fits better."
                yield Finding("error", faq.slug, example.where, what, how)


def _near_phrasings(library: Library, encoder: Path) -> Iterator[Finding]:
    examples = [(faq.slug, example) for faq in library for example in _examples_of(faq)]
    try:
        # Quantised, it differs by less than what this is after, and takes a fifth of the time.
        vectors = SentenceEncoder(encoder, "int8").encode([e.text for _, e in examples])
    except EncoderNotBuilt:
        return
    cosines = vectors @ vectors.T
    for row, column in np.argwhere(np.triu(cosines, 1) > SAME_MEANING):
        (_, one), (slug, other) = examples[row], examples[column]
        if one.label == other.label or normalised(one.text) == normalised(other.text):
            continue
        what = f"{other.text!r} means the same as {one.text!r} of {one.label} ({one.where})"
        yield Finding("warning", slug, other.where, what, "Keep both only if they must differ.")
