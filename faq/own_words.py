"""Answers that no article holds: each is kept as a section of an article of its own.

So an answer about the car park has a source that visitors can open, as all others have. The
section's words follow the answer of the FAQ that was written with it, and go with that FAQ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from faq.articles import Article, Articles, anchor, parse_article, read_articles
from faq.drafting import escaped
from faq.library import Faq, read_faqs
from faq.writing import locked, write_whole

SLUG = "from-our-team"
# What a draft names as its source that is to become such a section.
TO_BE_KEPT = "own-words"
_HEAD = """---
title: Answers from our team
summary: What visitors asked us, answered by the clinic.
---
"""
_SECTION = re.compile(r"^## ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Kept:
    """The article as it is with an answer in it, and the source that the answer then names."""

    text: str
    article: Article
    source: str


def with_answer(content: Path, title: str, answer: str) -> Kept:
    """What `keep` writes. Raises `BrokenArticle` or `OSError`."""
    path = _path(content)
    text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    known = parse_article(path, text).sections if path.exists() else ()
    heading, number = title, 2
    while anchor(heading) in {section.slug for section in known}:
        heading, number = f"{title} ({number})", number + 1
    text = f"{text.rstrip()}\n\n## {escaped(heading)}\n\n{_body(answer)}\n"
    article = parse_article(path, text)
    return Kept(text, article, f"{SLUG}#{article.sections[-1].slug}")


def articles_with(content: Path, kept: Kept) -> Articles:
    """The clinic's articles as they are once this is kept. Raises `BrokenArticle`."""
    others = [one for one in read_articles(content / "articles") if one.slug != SLUG]
    return Articles([*others, kept.article])


def keep(content: Path, title: str, answer: str) -> str:
    """Keep an answer; returns the source to name. Raises `BrokenArticle` or `OSError`."""
    with locked(content / "articles"):
        kept = with_answer(content, title, answer)
        write_whole(_path(content), kept.text.encode("utf-8"))
        return kept.source


def follow(content: Path, before: Faq, answer: str) -> None:
    """Have the section say what the FAQ says now, if it said what the FAQ said `before`.

    Raises `BrokenArticle` or `OSError`; the article is then as it was.
    """
    _replace(content, before, f"{_body(answer)}\n")


def forget(content: Path, faq: Faq) -> None:
    """Take the section of a deleted FAQ out, unless another rests on it or it says more.

    Raises as `follow`.
    """
    if all(other.source != faq.source for other in read_faqs(content)):
        _replace(content, faq, None)


def _replace(content: Path, faq: Faq, body: str | None) -> None:
    """Another body for the section that holds a FAQ's answer and nothing else; None for none."""
    slug, _, section = faq.source.partition("#")
    path = _path(content)
    if slug != SLUG or not path.exists():
        return
    with locked(content / "articles"):
        text = path.read_text(encoding="utf-8")
        anchors = [one.slug for one in parse_article(path, text).sections]
        head, *parts = _SECTION.split(text)
        if len(parts) != len(anchors) or section not in anchors:
            return  # somebody wrote in it by hand, in ways that are not looked into here
        place = anchors.index(section)
        heading, _, old = parts[place].partition("\n")
        if old.strip() != _body(faq.answer):
            return
        parts[place : place + 1] = [] if body is None else [f"{heading}\n\n{body}\n"]
        _write(path, head, parts)


def _write(path: Path, head: str, parts: list[str]) -> None:
    if not parts:  # an article without a section is none
        path.unlink()
        return
    text = head + "".join(f"## {part}" for part in parts)
    parse_article(path, text)
    write_whole(path, f"{text.rstrip()}\n".encode())


def _body(answer: str) -> str:
    return "\n".join(escaped(line) for line in answer.split("\n")).strip()


def _path(content: Path) -> Path:
    return content / "articles" / f"{SLUG}.md"
