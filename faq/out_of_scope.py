"""What staff taught as nothing for the clinic: examples in a file of their own, with comments kept.

`out_of_scope_of_staff.yml` in the content folder is Rasa's training data like the files beside it,
so the check finds what a FAQ has, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from encoder import EncoderNotBuilt
from faq.check import DECLINED_BY_STAFF, SAME_MEANING, Finding, compact
from faq.library import BrokenFaq, Faq, read_faqs
from faq.meaning import Meanings
from faq.writing import DraftRefused, locked, write_whole

FILE = DECLINED_BY_STAFF
INTENT = "out_of_scope/off-topic"
_HOW = "Add it to that FAQ, or dismiss it."
_NEW = f"""version: "3.1"

# What staff marked in the inbox as nothing for the clinic.
nlu:
  - intent: {INTENT}
    examples: |
"""


def examples(content: Path) -> tuple[str, ...]:
    """The examples of staff's own. Raises `BrokenFaq` or `OSError`."""
    path = content / FILE
    return _examples_of(_document(path)) if path.exists() else ()


def teach(content: Path, texts: Sequence[str], meanings: Meanings | None = None) -> None:
    """Have these declined from the next model on; what is taught already is not taught twice.

    Raises `DraftRefused` when a FAQ has one of them, `BrokenFaq` when the file can't be read, and
    `OSError`; nothing is written then.
    """
    findings = list(_taken_by_faqs(content, texts, meanings))
    if findings:
        raise DraftRefused(findings)
    with locked(content):
        path = content / FILE
        document = _document(path)
        known = list(_examples_of(document))
        words = {compact(text) for text in known}
        new = [text for text in texts if compact(text) and compact(text) not in words]
        if new:
            _save(path, document, [*known, *new])


def teach_no_more(content: Path, texts: Sequence[str]) -> None:
    """Take examples back. Raises `BrokenFaq` or `OSError`; the file is then as it was."""
    path = content / FILE
    with locked(content):
        if not path.exists():
            return
        document = _document(path)
        gone = {compact(text) for text in texts}
        _save(path, document, [t for t in _examples_of(document) if compact(t) not in gone])


def _taken_by_faqs(
    content: Path, texts: Sequence[str], meanings: Meanings | None
) -> Iterator[Finding]:
    library = [(faq, text) for faq in read_faqs(content) for text in (faq.title, *faq.phrasings)]
    by_words = {compact(text): faq for faq, text in library}
    for text in texts:
        faq = by_words.get(compact(text))
        if faq is not None:
            yield _taken(faq, text, f"{text!r} is a way to ask “{faq.title}”")
    if meanings is None or not texts or not library:
        return
    try:
        known = meanings.of([text for _, text in library])
        likeness = meanings.of(list(texts), remember=False) @ known.T
    except EncoderNotBuilt:
        return
    for text, row in zip(texts, likeness, strict=True):
        faq, theirs = library[int(row.argmax())]
        if row.max() >= SAME_MEANING and compact(text) not in by_words:
            yield _taken(faq, text, f"{text!r} means the same as {theirs!r} of “{faq.title}”")


def _taken(faq: Faq, text: str, what: str) -> Finding:
    return Finding("error", faq.slug, str(faq.path), what, _HOW, "phrasings")


# --- the file ---


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # a line is never broken
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _document(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else _NEW
        document = _yaml().load(text)
        _entry(document)
    except (YAMLError, UnicodeDecodeError, KeyError, TypeError, StopIteration):
        how = f"Mend it, or delete it: then it is begun anew, with {INTENT} in it."
        raise BrokenFaq(path, 1, "this can't be read as examples", how) from None
    return document


def _entry(document: Any) -> Any:
    return next(one for one in document["nlu"] if one["intent"] == INTENT)


def _examples_of(document: Any) -> tuple[str, ...]:
    lines = str(_entry(document).get("examples") or "").splitlines()
    return tuple(line.removeprefix("- ").strip() for line in lines if line.strip(" -"))


def _save(path: Path, document: Any, texts: Sequence[str]) -> None:
    """Without an example the file goes: Rasa takes no intent that has none."""
    if not texts:
        path.unlink(missing_ok=True)
        return
    entry = _entry(document)
    new = LiteralScalarString("".join(f"- {' '.join(text.split())}\n" for text in texts))
    # A comment below the examples belongs to them.
    comment = getattr(entry["examples"], "comment", None)
    if comment is not None:
        new.comment = comment
    entry["examples"] = new
    out = StringIO()
    _yaml().dump(document, out)
    write_whole(path, out.getvalue().encode("utf-8"))
