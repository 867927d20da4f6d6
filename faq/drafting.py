"""Drafts FAQs from an article: its sections, which of them FAQs cover already, and for the rest a
title, likely questions and the passage to answer from.

Nothing here is an answer: staff write it, next to the passage, and the check asks for a reviewer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import yaml

from faq.article_text import Block, UnreadableArticle
from faq.articles import (
    Article,
    Articles,
    BrokenArticle,
    anchor,
    parse_article,
    read_article,
    read_articles,
)
from faq.library import Faq, read_faqs
from faq.likely_questions import likely_questions, likely_title
from faq.meaning import Meanings
from faq.sentences import ReadText, SentenceReader
from faq.writing import is_slug, slug_for, write_whole

State = Literal["covered", "close", "new"]

# How alike a section and a FAQ are: so much of the heading to the nearest phrasing, the rest of the
# passage to the answer. Found on the shipped articles: of their sections, 94 % are found covered by
# their own FAQs at COVERED, and 87 % are found uncovered once these are taken away.
HEADING_SHARE = 0.6
COVERED, CLOSE = 0.725, 0.65
NEAREST = 3
MOST_SECTIONS = 80
# Paragraphs without headings between them that are less alike begin a section of their own.
SAME_TOPIC = 0.35
LONGEST_SECTION = 180  # words that such a section has at most
LONGEST_SUMMARY = 160

_ID = re.compile(r"[a-z0-9-]{1,80}")
_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")


class UnknownDraft(LookupError):
    """There is no article of this name among those being drafted from."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no article {name!r} to draft from (any more)")


@dataclass(frozen=True, slots=True)
class NewSection:
    """A section of an article that is being read; its anchor is unique in the article."""

    anchor: str
    heading: str
    blocks: tuple[Block, ...]
    sentences: tuple[str, ...]

    @property
    def passage(self) -> str:
        return "\n\n".join(
            f"• {block.text}" if block.kind == "item" else block.text for block in self.blocks
        )


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article that is being read. `known` when the clinic's articles have it already."""

    slug: str
    title: str
    sections: tuple[NewSection, ...]
    known: bool = False

    def source(self, section: NewSection) -> str:
        return f"{self.slug}#{section.anchor}"

    def section(self, name: str) -> NewSection | None:
        return next((section for section in self.sections if section.anchor == name), None)


@dataclass(frozen=True, slots=True)
class Covering:
    """A FAQ near a section; `likeness` is 1 for the same."""

    slug: str
    title: str
    likeness: float


@dataclass(frozen=True, slots=True)
class SectionDraft:
    """What could become of a section: the nearest FAQs first, then a draft's parts."""

    section: NewSection
    state: State
    near: tuple[Covering, ...]
    slug: str
    title: str
    questions: tuple[str, ...]


# --- reading an article ---


def read_new_article(
    content: Path, blocks: Sequence[Block], meanings: Meanings, reader: SentenceReader
) -> NewArticle:
    """The sections of an article. Raises `UnreadableArticle`, and what `reader` raises."""
    read = reader.read([block.text for block in blocks])
    title, body = _title_and_body(blocks, read)
    sections = _sections(title, body, meanings)
    if len(sections) > MOST_SECTIONS:
        raise UnreadableArticle(
            f"The article has {len(sections)} sections, more than {MOST_SECTIONS}. Split it."
        )
    article = NewArticle(slug_for(title) or "article", title, sections)
    return _placed(_with_true_anchors(article), content)


def _with_true_anchors(article: NewArticle) -> NewArticle:
    """With the anchors that its sections will have among the clinic's articles."""
    try:
        as_read = parsed(article).sections
        both = zip(article.sections, as_read, strict=True)
    except BrokenArticle as error:
        raise UnreadableArticle(f"The article can't be kept: {error}") from error
    return replace(
        article, sections=tuple(replace(section, anchor=read.slug) for section, read in both)
    )


def _title_and_body(
    blocks: Sequence[Block], read: Sequence[ReadText]
) -> tuple[str, list[tuple[Block, ReadText]]]:
    """The title, and what follows it; lines that look like headings count where none are marked."""
    marked = any(block.kind == "heading" for block in blocks)
    body: list[tuple[Block, ReadText]] = []
    for number, (block, found) in enumerate(zip(blocks, read, strict=True)):
        followed = number + 1 < len(blocks) and blocks[number + 1].kind != "heading"
        if not marked and block.kind == "text" and found.heading and followed:
            block = replace(block, kind="heading")
        body.append((block, found))
    first = body[0][0]
    if first.kind in ("title", "heading"):
        return first.text[:120].strip(), body[1:]
    about = next((found.about for _, found in body if found.about), "")
    return (about.capitalize() or "An article"), body


def _sections(
    title: str, body: Sequence[tuple[Block, ReadText]], meanings: Meanings
) -> tuple[NewSection, ...]:
    sections: list[NewSection] = []
    taken: set[str] = set()
    for heading, parts in _by_heading(body):
        for number, group in enumerate(_by_topic(parts, meanings) if not heading else [parts]):
            about = next((found.about for _, found in group if found.about), "")
            name = heading or (title if not sections and number == 0 else about.capitalize())
            sections.append(_section(_unique(name or title, taken), group))
    if not sections:
        raise UnreadableArticle("There is no text below its headings.")
    return tuple(sections)


def _by_heading(
    body: Sequence[tuple[Block, ReadText]],
) -> list[tuple[str, list[tuple[Block, ReadText]]]]:
    """What stands under each heading that has something below it; the first may have none."""
    found: list[tuple[str, list[tuple[Block, ReadText]]]] = [("", [])]
    for block, read in body:
        if block.kind in ("heading", "title"):
            found.append((block.text, []))
        else:
            found[-1][1].append((block, read))
    return [(heading, parts) for heading, parts in found if parts]


def _by_topic(
    parts: Sequence[tuple[Block, ReadText]], meanings: Meanings
) -> list[list[tuple[Block, ReadText]]]:
    """Paragraphs that go on with the same thing stay together, up to a length."""
    vectors = meanings.of([block.text for block, _ in parts], remember=False)
    groups: list[list[tuple[Block, ReadText]]] = []
    words = 0
    for number, part in enumerate(parts):
        length = len(part[0].text.split())
        alike = number > 0 and float(vectors[number] @ vectors[number - 1]) >= SAME_TOPIC
        if groups and (part[0].kind == "item" or (alike and words + length <= LONGEST_SECTION)):
            groups[-1].append(part)
            words += length
        else:
            groups.append([part])
            words = length
    return groups


def _section(heading: str, group: Sequence[tuple[Block, ReadText]]) -> NewSection:
    blocks = tuple(block for block, _ in group)
    sentences = tuple(sentence for _, read in group for sentence in read.sentences)
    return NewSection(anchor(heading), heading, blocks, sentences)


def _unique(heading: str, taken: set[str]) -> str:
    """The heading, with a number behind it when another has its anchor."""
    heading = heading[:120].strip()
    base = heading if anchor(heading) else f"Section {len(taken) + 1} {heading}".strip()
    name, number = base, 2
    while anchor(name) in taken:
        name, number = f"{base} ({number})", number + 1
    taken.add(anchor(name))
    return name


def _placed(article: NewArticle, content: Path) -> NewArticle:
    """Known when the clinic has it with all these sections; else under a name that is free."""
    slug, number = article.slug, 2
    while (content / "articles" / f"{slug}.md").exists():
        if _has_sections(content / "articles" / f"{slug}.md", article):
            return replace(article, slug=slug, known=True)
        slug, number = f"{article.slug}-{number}", number + 1
    return replace(article, slug=slug)


def known_now(content: Path, article: NewArticle) -> NewArticle:
    """The same, known if it has been put among the clinic's articles by now."""
    path = content / "articles" / f"{article.slug}.md"
    return replace(article, known=_has_sections(path, article))


def _has_sections(path: Path, article: NewArticle) -> bool:
    try:
        known = read_article(path)
    except (BrokenArticle, OSError, UnicodeDecodeError):
        return False
    return all(known.section(section.anchor) for section in article.sections)


# --- what is covered, and drafts for the rest ---


def draft_sections(
    content: Path, article: NewArticle, meanings: Meanings
) -> tuple[SectionDraft, ...]:
    """Each section with the FAQs near it, and a draft. Raises `encoder.EncoderNotBuilt`."""
    faqs = list(read_faqs(content))
    taken = {faq.slug for faq in faqs}
    likeness = _likeness(article, faqs, meanings)
    drafts = []
    for number, section in enumerate(article.sections):
        order = np.argsort(-likeness[number])[:NEAREST]
        near = [(faqs[place], float(likeness[number, place])) for place in order]
        own = [(faq, 1.0) for faq in faqs if faq.source == article.source(section)]
        near = own or near
        drafts.append(_section_draft(section, near, taken))
    return tuple(drafts)


def _likeness(article: NewArticle, faqs: Sequence[Faq], meanings: Meanings) -> np.ndarray:
    """How alike each section and each FAQ are: float32 of shape (sections, faqs)."""
    headings = meanings.of([section.heading for section in article.sections], remember=False)
    passages = meanings.of([section.passage for section in article.sections], remember=False)
    asked = [text for faq in faqs for text in (faq.title, *faq.phrasings)]
    asked_vectors, answers = meanings.of(asked), meanings.of([faq.answer for faq in faqs])
    likeness = np.zeros((len(article.sections), len(faqs)), dtype=np.float32)
    start = 0
    for place, faq in enumerate(faqs):
        end = start + 1 + len(faq.phrasings)
        nearest = (headings @ asked_vectors[start:end].T).max(axis=1)
        text = passages @ answers[place]
        likeness[:, place] = HEADING_SHARE * nearest + (1 - HEADING_SHARE) * text
        start = end
    return likeness


def _section_draft(
    section: NewSection, near: Sequence[tuple[Faq, float]], taken: set[str]
) -> SectionDraft:
    best = near[0][1] if near else 0.0
    state: State = "covered" if best >= COVERED else "close" if best >= CLOSE else "new"
    slug, number = section.anchor[:50].strip("-"), 2
    while slug in taken or not is_slug(slug):
        slug, number = f"{section.anchor[:50].strip('-')}-{number}", number + 1
    return SectionDraft(
        section=section,
        state=state,
        near=tuple(
            Covering(faq.slug, faq.title, round(likeness, 3))
            for faq, likeness in near
            if likeness >= CLOSE
        ),
        slug=slug,
        title=likely_title(section.heading),
        questions=likely_questions(section.heading, section.sentences),
    )


# --- kept until staff are done with it ---


def keep_article(folder: Path, article: NewArticle) -> str:
    """Keep an article to draft from; returns the name it is found by. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(article), ensure_ascii=False)
    name = f"{article.slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    write_whole(folder / f"{name}.json", text.encode("utf-8", "replace"))
    return name


def kept_articles(folder: Path) -> list[tuple[str, NewArticle]]:
    """Those that are kept, the newest first."""
    paths = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    found = []
    for path in paths:
        try:
            found.append((path.stem, kept_article(folder, path.stem)))
        except UnknownDraft:
            continue
    return found


def kept_article(folder: Path, name: str) -> NewArticle:
    """Raises `UnknownDraft`."""
    if not _ID.fullmatch(name):
        raise UnknownDraft(name)
    try:
        found = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        sections = tuple(_kept_section(section) for section in found["sections"])
        return NewArticle(found["slug"], found["title"], sections, found["known"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UnknownDraft(name) from None


def _kept_section(found: dict[str, object]) -> NewSection:
    blocks, sentences = found["blocks"], found["sentences"]
    assert isinstance(blocks, list)
    assert isinstance(sentences, list)
    return NewSection(
        str(found["anchor"]),
        str(found["heading"]),
        tuple(Block(block["kind"], block["text"]) for block in blocks),
        tuple(map(str, sentences)),
    )


def drop_article(folder: Path, name: str) -> None:
    """Forget an article. Raises `UnknownDraft`."""
    kept_article(folder, name)
    (folder / f"{name}.json").unlink(missing_ok=True)


# --- among the clinic's articles ---


def markdown_of(article: NewArticle) -> str:
    """The article as the clinic's articles are kept, its words as they were."""
    first = article.sections[0].sentences[0] if article.sections[0].sentences else article.title
    summary = first if len(first) <= LONGEST_SUMMARY else first[: LONGEST_SUMMARY - 1] + "…"
    fields = yaml.safe_dump(
        {"title": article.title, "summary": summary}, allow_unicode=True, sort_keys=False, width=1e6
    )
    lines = ["---", fields.rstrip("\n"), "---", ""]
    for section in article.sections:
        lines += [f"## {escaped(section.heading)}", ""]
        for number, block in enumerate(section.blocks):
            after = section.blocks[number + 1].kind if number + 1 < len(section.blocks) else ""
            item = block.kind == "item"
            lines.append(f"- {escaped(block.text)}" if item else escaped(block.text))
            if not (item and after == "item"):
                lines.append("")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text in which Markdown finds no signs of its own."""
    signs = _MARKDOWN_SIGNS.sub(r"\\\1", text)
    number = re.match(r"^(\d+)([.)])", signs)
    if number:
        return f"{number[1]}\\{signs[len(number[1]) :]}"
    return f"\\{signs}" if signs[:1] in "-+=" and signs else signs


def articles_with(content: Path, article: NewArticle) -> Articles:
    """The clinic's articles as they are once this one is among them. Raises `BrokenArticle`."""
    articles = read_articles(content / "articles")
    if article.known or articles.get(article.slug):
        return articles
    return Articles([*articles, parsed(article)])


def parsed(article: NewArticle) -> Article:
    """The article as it will be read. Raises `BrokenArticle`."""
    return parse_article(Path(f"{article.slug}.md"), markdown_of(article))


def add_article(content: Path, article: NewArticle) -> Path:
    """Put it among the clinic's articles, unless it is there. Raises `BrokenArticle`, `OSError`."""
    path = content / "articles" / f"{article.slug}.md"
    if not path.exists():
        parsed(article)
        write_whole(path, markdown_of(article).encode("utf-8", "replace"))
    return path
