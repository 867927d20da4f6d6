"""Saves FAQs: whole or not at all, with comments and order kept, never over somebody's newer text.

Whoever edits remembers the digest of the file they began with; when it is another by the time they
save, somebody was quicker, and nothing is written. One writer at a time: the folder is locked.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    LiteralScalarString,
    ScalarString,
    SingleQuotedScalarString,
)

from faq.articles import Articles
from faq.check import Finding, check_faq, compact, has_errors
from faq.library import FOLDER, BrokenFaq, Faq, UnknownFaq, parse_faq, read_faq, read_faqs
from faq.meaning import Meanings

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d+[.)])\s+")
_TO_ESCAPE = re.compile(
    "[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
LONGEST_SLUG = 60

_NEW = """version: "3.1"
nlu:
  - intent: faq/x
    metadata:
      title: x
      source: x
      reviewer: x
      reviewed: "x"
    examples: |
      - x
responses:
  utter_faq/x:
    - text: "x"
      custom:
        faq: x
        title: x
        source: x
"""


class BadSlug(ValueError):
    """A name that no file of a FAQ can have."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"{slug!r} can't name a FAQ: use small letters, digits and single hyphens, "
            f"{LONGEST_SLUG} characters at most (does-it-hurt)"
        )


class EditConflict(Exception):
    """Somebody saved this FAQ meanwhile. `current` is what they saved; None if they removed it, or
    if what is there now can't be read."""

    def __init__(self, slug: str, current: Faq | None) -> None:
        what = "is there already, as somebody saved it" if current else "was removed, or is broken"
        super().__init__(f"FAQ {slug!r} {what}: nothing was written")
        self.current = current


class DraftRefused(Exception):
    """The check finds errors: `findings`, each with what to do."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Draft:
    """A FAQ as somebody writes it. What leads on from it stays as the file has it where None."""

    slug: str
    title: str
    phrasings: tuple[str, ...]
    answer: str
    source: str
    reviewer: str
    reviewed: str
    topic: str | None = None
    why: str | None = None
    next: tuple[str, ...] | None = None
    lists: tuple[str, ...] | None = None

    @classmethod
    def of(cls, faq: Faq) -> Draft:
        return cls(
            slug=faq.slug,
            title=faq.title,
            phrasings=faq.phrasings,
            answer=faq.answer,
            source=faq.source,
            reviewer=faq.reviewer,
            reviewed=faq.reviewed,
        )

    def tidied(self) -> Draft:
        """Without what pasting brings: bullets, blank lines, other kinds of spaces."""
        phrasings = (_one_line(_BULLET.sub("", line)) for line in self.phrasings)
        return replace(
            self,
            slug=self.slug.strip(),
            title=_one_line(self.title),
            phrasings=tuple(filter(None, phrasings)),
            answer=_paragraph(self.answer),
            source=self.source.strip(),
            reviewer=_one_line(self.reviewer),
            reviewed=self.reviewed.strip(),
        )


def slug_for(title: str) -> str:
    """A slug from a title: "How long is the downtime?" is `how-long-is-the-downtime`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return words if len(words) <= LONGEST_SLUG else words[:LONGEST_SLUG].rpartition("-")[0]


def is_slug(text: str) -> bool:
    return len(text) <= LONGEST_SLUG and bool(_SLUG.fullmatch(text))


def digest_of(path: Path) -> str:
    """What tells this file's content from any other. Raises `OSError`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def path_of(content: Path, slug: str) -> Path:
    """Where the FAQ of this slug is kept, or will be. Raises `BadSlug`."""
    if not is_slug(slug):
        raise BadSlug(slug)
    folder = content / FOLDER
    for name in (f"{slug}.yml", f"{slug}.yaml"):
        for path in sorted(folder.rglob(name)):
            return path
    return folder / f"{slug}.yml"


def text_of(draft: Draft, path: Path) -> str:
    """What the file at `path` becomes when this is saved: as it is now, with the draft's words."""
    draft = draft.tidied()
    document = _document(path)
    _write_into(document, draft)
    return _dumped(document)


def save_faq(content: Path, draft: Draft, *, expected: str | None) -> Faq:
    """Save a FAQ in the content folder. `expected` is the digest of the file that was edited; None
    for a new FAQ, of which there must be no file yet.

    It is not checked here: see `check_draft`. Raises `EditConflict`, `BadSlug` or `OSError`; the
    file is then as it was.
    """
    with locked(content / FOLDER):
        path = path_of(content, draft.slug)
        _refuse_conflict(path, expected)
        return _save(path, draft)


def add_faq_file(content: Path, file: Path, *, replace: bool = False) -> Faq:
    """Put a file that somebody wrote into the content folder, byte for byte.

    It is not checked here: see `faq.check.check_file`. Raises `EditConflict` when there is a FAQ of
    this slug that it is not to replace, `BadSlug`, `BrokenFaq` or `OSError`.
    """
    text = file.read_bytes()
    read_faq(file)
    with locked(content / FOLDER):
        path = path_of(content, file.stem)
        if not replace:
            _refuse_conflict(path, None)
        write_whole(path, text)
        return read_faq(path)


def check_draft(
    content: Path,
    draft: Draft,
    encoder: Path | Meanings | None,
    articles: Articles | None = None,
) -> list[Finding]:
    """What the check would find in a draft that is not saved yet; lines are those it would have.

    `articles` are those it may rest on, when they are others than the folder's.
    """
    if not is_slug(draft.slug.strip()):
        how = "Use small letters, digits and single hyphens: does-it-hurt."
        bad = Finding("error", draft.slug, "slug", f"{draft.slug!r} can't name a FAQ", how, "slug")
        stand_in = replace(draft, slug="draft-without-a-name")
        return [bad, *check_draft(content, stand_in, encoder, articles)]
    path = path_of(content, draft.slug.strip())
    try:
        faq = parse_faq(path, text_of(draft, path))
    except BrokenFaq as broken:
        where = f"{broken.path}:{broken.line}"
        return [Finding("error", draft.slug, where, broken.what, broken.how)]
    return check_faq(content, faq, encoder, articles)


def add_phrasing(
    content: Path, slug: str, phrasing: str, encoder: Path | Meanings | None = None
) -> Faq:
    """Add one way to ask a FAQ; what it has already is not added twice.

    Raises `DraftRefused` when the check has errors then, `UnknownFaq`, `BrokenFaq` or `OSError`.
    """
    with locked(content / FOLDER):
        path, faq = _existing(content, slug)
        known = {compact(other) for other in faq.phrasings}
        draft = replace(Draft.of(faq), phrasings=(*faq.phrasings, phrasing))
        if compact(phrasing) in known and compact(phrasing):
            return faq
        findings = check_draft(content, draft, encoder)
        if not compact(phrasing):
            how = "Write it as a visitor would type it."
            empty = Finding("error", slug, str(path), "the phrasing is empty", how, "phrasings")
            findings = [empty, *findings]
        if has_errors(findings):
            raise DraftRefused([finding for finding in findings if finding.severity == "error"])
        return _save(path, draft)


def remove_faq(content: Path, slug: str, *, expected: str | None = None) -> tuple[str, ...]:
    """Delete a FAQ. Others that led to it lead elsewhere then: their slugs are returned.

    `expected` is the digest of the file that somebody looked at, when they did. Raises
    `EditConflict`, `UnknownFaq` or `OSError`.
    """
    with locked(content / FOLDER):
        path = path_of(content, slug) if is_slug(slug) else None
        if path is None or not path.exists():
            read_faqs(content).get(slug)
            raise UnknownFaq(slug)
        if expected is not None:
            _refuse_conflict(path, expected)
        leading = [faq for faq in read_faqs(content) if slug in faq.leads_to and faq.slug != slug]
        for faq in leading:
            document = _yaml().load(faq.path.read_text(encoding="utf-8"))
            _lead_no_more(document["nlu"][0]["metadata"], slug)
            write_whole(faq.path, _dumped(document).encode())
        path.unlink()
        _sync(path.parent)
        return tuple(faq.slug for faq in leading)


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in the place of another in one step: killed at any moment, one of them is there.

    Raises `OSError`; the file is then as it was.
    """
    # One writer at a time: what a killed one left under this name is overwritten by the next.
    draft = path.with_name(f".{path.name}.part")
    try:
        with open(draft, "wb") as file:
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Locks a folder for other writers; the system unlocks it when the process ends."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_conflict(path: Path, expected: str | None) -> None:
    current = digest_of(path) if path.exists() else None
    if current == expected:
        return
    try:
        raise EditConflict(path.stem, read_faq(path) if current else None)
    except BrokenFaq:
        raise EditConflict(path.stem, None) from None


def _existing(content: Path, slug: str) -> tuple[Path, Faq]:
    if not is_slug(slug) or not path_of(content, slug).exists():
        raise UnknownFaq(slug)
    path = path_of(content, slug)
    return path, read_faq(path)


def _save(path: Path, draft: Draft) -> Faq:
    text = text_of(draft, path)
    # What can't be read back as it was meant must not replace what can.
    faq = parse_faq(path, text)
    assert Draft.of(faq) == replace(draft.tidied(), topic=None, why=None, next=None, lists=None)
    write_whole(path, text.encode("utf-8"))
    return faq


# --- YAML ---


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # a line is never broken
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(document: Any) -> str:
    out = StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


def _document(path: Path) -> CommentedMap:
    """The file at `path`, to be changed in place; a new one where there is none that is a FAQ."""
    try:
        text = path.read_text(encoding="utf-8")
        parse_faq(path, text)
        document = _yaml().load(text)
    except (FileNotFoundError, UnicodeDecodeError, BrokenFaq):
        document = _yaml().load(_NEW)
    assert isinstance(document, CommentedMap)
    return document


def _write_into(document: CommentedMap, draft: Draft) -> None:
    examples, responses = document["nlu"][0], document["responses"]
    utterance = next(iter(responses))
    if utterance != f"utter_faq/{draft.slug}":
        responses.insert(0, f"utter_faq/{draft.slug}", responses.pop(utterance))
    answer = responses[f"utter_faq/{draft.slug}"][0]
    _put(examples, "intent", f"faq/{draft.slug}")
    _put(examples, "examples", "".join(f"- {line}\n" for line in draft.phrasings), _literal)
    metadata = _mapping(examples, "metadata")
    for name in ("title", "source", "reviewer"):
        _put(metadata, name, getattr(draft, name))
    _put(metadata, "reviewed", draft.reviewed, DoubleQuotedScalarString)
    _put_follow_ups(metadata, draft)
    _put(answer, "text", draft.answer, DoubleQuotedScalarString)
    custom = _mapping(answer, "custom")
    for name, value in (("faq", draft.slug), ("title", draft.title), ("source", draft.source)):
        _put(custom, name, value)


def _put_follow_ups(metadata: CommentedMap, draft: Draft) -> None:
    for name in ("topic", "why", "next", "lists"):
        value = getattr(draft, name)
        if value is None:
            continue
        if not value:
            metadata.pop(name, None)
        elif isinstance(value, str):
            _put(metadata, name, value)
        elif list(metadata.get(name, [])) != list(value):
            metadata[name] = CommentedSeq(value)
            metadata[name].fa.set_flow_style()


def _mapping(parent: CommentedMap, name: str) -> CommentedMap:
    if not isinstance(parent.get(name), CommentedMap):
        parent.insert(1, name, CommentedMap())
    found = parent[name]
    assert isinstance(found, CommentedMap)
    return found


def _put(mapping: CommentedMap, name: str, text: str, style: Callable[[str], str] = str) -> None:
    """Set a text in the style it has in the file, or in the given one where it is new."""
    old = mapping.get(name)
    if old == text:
        return
    if isinstance(old, SingleQuotedScalarString | DoubleQuotedScalarString):
        style = type(old)
    new = style(text)
    # A comment below a literal text belongs to the text.
    if isinstance(old, ScalarString) and getattr(old, "comment", None) is not None:
        new.comment = old.comment  # type: ignore[attr-defined]
    mapping[name] = new


def _literal(text: str) -> str:
    """One phrasing a line as it is; characters that YAML only takes escaped have quotes around."""
    style = DoubleQuotedScalarString if _TO_ESCAPE.search(text) else LiteralScalarString
    styled: str = style(text)
    return styled


def _lead_no_more(metadata: CommentedMap, slug: str) -> None:
    if metadata.get("why") == slug:
        del metadata["why"]
    for name in ("next", "lists"):
        if slug in metadata.get(name, []):
            metadata[name].remove(slug)
            if not metadata[name]:
                del metadata[name]


# --- words ---


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _paragraph(text: str) -> str:
    """With single spaces; line breaks stay, as the check tells of blank lines."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(" ".join(line.split()) for line in plain.split("\n")).strip()
