"""Reads an article in whatever form a clinic has it: text, Markdown, HTML or Word (.docx).

Of each only the words are kept, as blocks: a title, headings, paragraphs and list items. What can't
be read is told with what to do about it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["title", "heading", "text", "item"]
Form = Literal["text", "markdown", "html", "docx"]

LARGEST_UPLOAD = 2_000_000  # bytes
LARGEST_ARTICLE = 200_000  # characters
FEWEST_WORDS = 30
# A Word file is a zip: what it may grow to when it is unpacked.
LARGEST_UNPACKED = 30_000_000
MOST_PARTS = 2_000

_FORMS: dict[str, Form] = {
    "txt": "text",
    "text": "text",
    "md": "markdown",
    "markdown": "markdown",
    "html": "html",
    "htm": "html",
    "docx": "docx",
}
_FOREIGN = {
    b"%PDF": "a PDF; save it as .docx, or copy its text and paste it",
    b"\xd0\xcf\x11\xe0": "an old Word file (.doc); open it in Word and save it as .docx",
    b"{\\rtf": "a rich text file (.rtf); save it as .docx or plain text",
    b"\x89PNG": "a picture; paste the article's text instead",
    b"\xff\xd8\xff": "a picture; paste the article's text instead",
}
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*\n", re.DOTALL)
_MARKDOWN = re.compile(r"^(#{1,6} \S|[-*] \S|\d+\. \S|={3,}$|-{3,}$)", re.MULTILINE)
_LOOKS_LIKE_HTML = re.compile(
    r"\A\s*<(!doctype html|html|body|article|h[1-6]|p|div|section)\b", re.I
)
_ITEM = re.compile(r"^\s*[-*•–]\s+")
_NUMBER = re.compile(r"^\s*(?:\d+[.)]\s+)")


class UnreadableArticle(ValueError):
    """An article that can't be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of an article, on one line."""

    kind: Kind
    text: str


def read_blocks(content: bytes, name: str = "") -> tuple[Block, ...]:
    """The blocks of an uploaded file, whose form its name or its content tells.

    Raises `UnreadableArticle`.
    """
    if len(content) > LARGEST_UPLOAD:
        megabytes = len(content) / 1e6
        raise UnreadableArticle(
            f"The file has {megabytes:.1f} MB, more than the {LARGEST_UPLOAD / 1e6:.0f} MB that an "
            "article may have. Take the pictures out, or paste the text."
        )
    for start, what in _FOREIGN.items():
        if content.startswith(start):
            raise UnreadableArticle(f"This is {what}.")
    if content.startswith(b"PK\x03\x04") or _suffix(name) == "docx":
        return _sound(_docx_blocks(content))
    return blocks_of_text(_decoded(content), name)


def blocks_of_text(text: str, name: str = "") -> tuple[Block, ...]:
    """The blocks of pasted text. Raises `UnreadableArticle`."""
    if len(text) > LARGEST_ARTICLE:
        raise UnreadableArticle(
            f"The article has {len(text):,} characters, more than {LARGEST_ARTICLE:,}. Split it."
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    readers = {"text": _plain_blocks, "markdown": _markdown_blocks, "html": _html_blocks}
    return _sound(readers[_form(text, name)](text))


def _form(text: str, name: str) -> Form:
    form = _FORMS.get(_suffix(name))
    if form is not None and form != "docx":
        return form
    if _LOOKS_LIKE_HTML.match(text):
        return "html"
    return "markdown" if _MARKDOWN.search(text) or _FRONT_MATTER.match(text) else "text"


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _decoded(content: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableArticle(
            f"Line {line} holds letters that are not UTF-8. Save the file as UTF-8 (in the dialog "
            "«Save as», next to the name), or copy its text and paste it."
        ) from error
    if "\x00" in text:
        raise UnreadableArticle("This is no text file. Upload text, Markdown, HTML or .docx.")
    return text


def _sound(blocks: Iterator[Block]) -> tuple[Block, ...]:
    found = tuple(
        Block(block.kind, " ".join(block.text.split())) for block in blocks if block.text.strip()
    )
    words = sum(len(block.text.split()) for block in found)
    if sum(len(block.text) for block in found) > LARGEST_ARTICLE:
        raise UnreadableArticle(
            f"The article is longer than {LARGEST_ARTICLE:,} letters. Split it."
        )
    if words < FEWEST_WORDS:
        raise UnreadableArticle(
            f"There are only {words} words in it. An article to draft from has {FEWEST_WORDS} at "
            "least; if it is a picture of text, type the text."
        )
    return found


# --- plain text ---


def _plain_blocks(text: str) -> Iterator[Block]:
    """Blank lines part blocks; a line of its own, a list item or a short one, may be a heading."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.split("\n") if line.strip()]
        running: list[str] = []
        for line in lines:
            if _ITEM.match(line) or _NUMBER.match(line):
                if running:
                    yield Block("text", " ".join(running))
                    running = []
                kind: Kind = "item" if _ITEM.match(line) else "text"
                yield Block(kind, _NUMBER.sub("", _ITEM.sub("", line)))
            else:
                running.append(line)
        if running:
            yield Block("text", " ".join(running))


# --- Markdown ---


def _markdown_blocks(text: str) -> Iterator[Block]:
    match = _FRONT_MATTER.match(text)
    if match:
        title = _front_title(match[1])
        if title:
            yield Block("title", title)
        text = text[match.end() :]
    inside: list[str] = []
    for token in MarkdownIt("commonmark", {"html": False}).parse(text):
        if token.nesting == 1:
            inside.append(token.type)
        elif token.nesting == -1:
            inside.pop()
        elif token.type == "inline":
            yield Block(_markdown_kind(inside), _words(token))
        elif token.type in ("fence", "code_block"):
            yield Block("text", token.content)


def _front_title(text: str) -> str:
    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError:
        return ""
    title = fields.get("title") if isinstance(fields, dict) else None
    return title if isinstance(title, str) else ""


def _markdown_kind(inside: list[str]) -> Kind:
    if "heading_open" in inside:
        return "heading"
    return "item" if "list_item_open" in inside else "text"


def _words(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type in ("text", "code_inline"):
            parts.append(child.content)
    return "".join(parts)


# --- HTML ---


def _html_blocks(text: str) -> Iterator[Block]:
    reader = _HtmlReader()
    reader.feed(text)
    reader.close()
    reader.end_block()
    return iter(reader.blocks)


class _HtmlReader(HTMLParser):
    """Collects the words of a page, without its scripts, styles, menus and forms."""

    LEFT_OUT = frozenset(
        "script style nav header footer aside form noscript template svg select button "
        "title".split()
    )
    HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
    BLOCKS = frozenset(
        "p div section article main li ul ol td th tr table blockquote pre dt dd figcaption br "
        "hr body html".split()
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._kind: Kind = "text"
        self._words: list[str] = []
        self._left_out: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in self.LEFT_OUT:
            self._left_out.append(tag)
        elif tag in self.HEADINGS or tag in self.BLOCKS:
            self.end_block()
            self._kind = "heading" if tag in self.HEADINGS else "item" if tag == "li" else "text"

    def handle_endtag(self, tag: str) -> None:
        if tag in self.LEFT_OUT:
            if tag in self._left_out:
                while self._left_out.pop() != tag:
                    pass
        elif tag in self.HEADINGS or tag in self.BLOCKS:
            self.end_block()

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self._words.append(data)

    def end_block(self) -> None:
        """What was collected so far is a block of its own."""
        text = " ".join("".join(self._words).split())
        if text:
            self.blocks.append(Block(self._kind, text))
        self._words, self._kind = [], "text"


# --- Word ---


def _docx_blocks(content: bytes) -> Iterator[Block]:
    _refuse_bombs(content)
    # Loaded only when a Word file comes: it takes a quarter of a second.
    import docx
    from docx.table import Table

    try:
        document = docx.Document(io.BytesIO(content))
        blocks: list[Block] = []
        for part in document.iter_inner_content():
            if isinstance(part, Table):
                for row in part.rows:
                    cells = dict.fromkeys(cell.text.strip() for cell in row.cells)
                    blocks.append(Block("item", ": ".join(filter(None, cells))))
            else:
                style = part.style.name if part.style is not None else ""
                blocks.append(Block(_word_kind(style or ""), part.text))
    except Exception as error:  # a damaged file fails in any of three libraries
        raise UnreadableArticle(
            "This Word file is damaged or protected. Open it in Word and save it again as .docx, "
            "or copy its text and paste it."
        ) from error
    return iter(blocks)


def _word_kind(style: str) -> Kind:
    if style == "Title":
        return "title"
    if style.startswith("Heading"):
        return "heading"
    return "item" if style.startswith("List") else "text"


def _refuse_bombs(content: bytes) -> None:
    """A small file that unpacks to a huge one. The sizes it states are those it is held to."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableArticle(
            "This is no Word file, or a damaged one. Save it again as .docx, or paste its text."
        ) from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise UnreadableArticle(
            "This Word file unpacks to more than an article can be. Take the pictures out, or "
            "paste its text."
        )
