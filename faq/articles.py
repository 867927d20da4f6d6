"""The clinic's articles: Markdown files with front matter, in sections that answers can cite.

An article is ``<slug>.md``: a YAML front matter with ``title`` and ``summary`` (and, if the
reading order matters, a whole number ``order``), then a body in which every ``## `` heading opens
a section. A section is addressed by its anchor: the heading in lower case, with everything but
letters and digits turned to ``-``.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

WORDS_A_MINUTE = 220
LAST_IN_ORDER = 1_000_000
SECONDS_BETWEEN_LOOKS = 1.0

log = logging.getLogger(__name__)

_FRONT_MATTER = re.compile(r"\A---\s*\n(?P<fields>.*?)\n---\s*\n(?P<body>.*)\Z", re.DOTALL)
_NOT_IN_ANCHOR = re.compile(r"[^a-z0-9]+")


class BrokenArticle(ValueError):
    """An article file that cannot be shown; the message names the file and what to mend."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer rests on, as visitors see it: ``Article: Section`` and a path on this site."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """One ``## `` section: its anchor, its heading as plain text, its body as safe HTML."""

    slug: str
    heading: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Article:
    """One article; ``intro`` is the HTML before its first section, often empty."""

    slug: str
    title: str
    summary: str
    intro: Markup
    sections: tuple[Section, ...]
    words: int
    order: int = LAST_IN_ORDER

    @property
    def url(self) -> str:
        return f"/articles/{self.slug}"

    @property
    def reading_minutes(self) -> int:
        return max(1, round(self.words / WORDS_A_MINUTE))

    def section(self, slug: str) -> Section | None:
        return next((section for section in self.sections if section.slug == slug), None)


class Articles:
    """The articles by slug, iterated by ``order`` and then by slug."""

    def __init__(self, articles: Sequence[Article]) -> None:
        ordered = sorted(articles, key=lambda article: (article.order, article.slug))
        self._by_slug = {article.slug: article for article in ordered}

    def __iter__(self) -> Iterator[Article]:
        return iter(self._by_slug.values())

    def __len__(self) -> int:
        return len(self._by_slug)

    def get(self, slug: str) -> Article | None:
        return self._by_slug.get(slug)

    def source(self, reference: str) -> Source | None:
        """What ``article#section`` stands for; None when either is not there (any more)."""
        article_slug, _, section_slug = reference.partition("#")
        article = self.get(article_slug)
        section = article.section(section_slug) if article else None
        if article is None or section is None:
            return None
        return Source(f"{article.title}: {section.heading}", f"{article.url}#{section.slug}")


class CurrentArticles(Articles):
    """The articles of a folder as they are now: one that staff add is there without a restart.

    While an article is broken, or the folder is away, those that were read last stay. Raises as
    `read_articles` when it is made.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen = self._state()
        self._looked = monotonic()
        super().__init__(list(read_articles(directory)))

    def __iter__(self) -> Iterator[Article]:
        self._look()
        return super().__iter__()

    def __len__(self) -> int:
        self._look()
        return super().__len__()

    def get(self, slug: str) -> Article | None:
        self._look()
        return super().get(slug)

    def _look(self) -> None:
        if monotonic() - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        self._looked = monotonic()
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        try:
            self._by_slug = read_articles(self._directory)._by_slug
        except (BrokenArticle, OSError) as error:
            log.warning("the articles stay as they were: %s", error)

    def _state(self) -> Sequence[tuple[str, int]]:
        """Differs once a file was added, removed or saved."""
        found = []
        for path in sorted(self._directory.glob("*.md")):
            with suppress(FileNotFoundError):
                found.append((path.name, path.stat().st_mtime_ns))
        return found


def read_articles(directory: Path) -> Articles:
    """Every ``*.md`` of ``directory``.

    Raises FileNotFoundError when there is no such directory, BrokenArticle for a bad file in it.
    """
    if not directory.is_dir():
        raise FileNotFoundError(f"no directory of articles at {directory}")
    return Articles([read_article(path) for path in sorted(directory.glob("*.md"))])


def read_article(path: Path) -> Article:
    """One article file. Raises BrokenArticle with the file's name and what is wrong."""
    try:
        return parse_article(path, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BrokenArticle(f"{path.name}: this is not UTF-8: save it as UTF-8") from error


def parse_article(path: Path, text: str) -> Article:
    """The article that a file of this text is. Raises BrokenArticle."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise BrokenArticle(f"{path.name}: starts with no front matter (--- title, summary ---)")
    fields = _front_matter(path, match["fields"])
    intro, sections = _sections(path, match["body"])
    return Article(
        slug=path.stem,
        title=_text_field(path, fields, "title"),
        summary=_text_field(path, fields, "summary"),
        intro=intro,
        sections=sections,
        words=len(match["body"].split()),
        order=_order(path, fields),
    )


def anchor(heading: str) -> str:
    """The anchor of a heading: ``Dark spots & sun damage`` is ``dark-spots-sun-damage``."""
    return _NOT_IN_ANCHOR.sub("-", heading.lower()).strip("-")


def _front_matter(path: Path, text: str) -> dict[str, Any]:
    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BrokenArticle(f"{path.name}: the front matter is not YAML: {error}") from error
    if not isinstance(fields, dict):
        raise BrokenArticle(f"{path.name}: the front matter is not a list of `name: value`")
    return fields


def _text_field(path: Path, fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BrokenArticle(f"{path.name}: the front matter needs a `{name}` in words")
    return value.strip()


def _order(path: Path, fields: dict[str, Any]) -> int:
    order = fields.get("order", LAST_IN_ORDER)
    if not isinstance(order, int):
        raise BrokenArticle(f"{path.name}: `order` is a whole number, not {order!r}")
    return order


def _sections(path: Path, body: str) -> tuple[Markup, tuple[Section, ...]]:
    markdown = _markdown()
    tokens = markdown.parse(body)
    starts = [i for i, token in enumerate(tokens) if _opens_section(token)]
    if not starts:
        raise BrokenArticle(f"{path.name}: has no `## ` section for an answer to rest on")
    ends = [*starts[1:], len(tokens)]
    sections = tuple(
        # heading_open, its inline text and heading_close come before the section's own words.
        _section(path, tokens[start + 1], _html(markdown, tokens[start + 3 : end]))
        for start, end in zip(starts, ends, strict=True)
    )
    _refuse_twins(path, sections)
    return _html(markdown, tokens[: starts[0]]), sections


def _opens_section(token: Token) -> bool:
    return token.type == "heading_open" and token.tag == "h2" and token.level == 0


def _section(path: Path, heading: Token, html: Markup) -> Section:
    text = "".join(child.content for child in heading.children or ()).strip()
    slug = anchor(text)
    if not slug:
        raise BrokenArticle(f"{path.name}: {text!r} has no letters or digits for an anchor")
    return Section(slug, text, html)


def _refuse_twins(path: Path, sections: Sequence[Section]) -> None:
    seen: set[str] = set()
    for section in sections:
        if section.slug in seen:
            raise BrokenArticle(f"{path.name}: two sections have the anchor #{section.slug}")
        seen.add(section.slug)


def _markdown() -> MarkdownIt:
    # HTML stays off: an article is text that a clinic may paste from anywhere.
    options = {"html": False, "typographer": True}
    return MarkdownIt("commonmark", options).enable(["replacements", "smartquotes"])


def _html(markdown: MarkdownIt, tokens: Sequence[Token]) -> Markup:
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))
