"""The FAQs: a list that shows how each is doing, and the editor.

Addresses: `/staff/faqs`, `/staff/faqs/new` (takes `title`, `phrasing` several times, or `draft` and
`section` of an article being drafted from), `/staff/faqs/edit/<slug>`.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from faq import drafting, inbox, own_words
from faq.articles import Article, Articles, BrokenArticle, read_articles
from faq.check import Finding, check_file, check_library, has_errors
from faq.drafting import NewArticle, UnknownDraft
from faq.inbox import UnknownGroup
from faq.library import FOLDER, BrokenFaq, Faq, UnknownFaq, read_faq, read_faqs
from faq.neighbours import Nearness, nearness
from faq.writing import (
    Draft,
    EditConflict,
    add_faq_file,
    check_draft,
    digest_of,
    is_slug,
    path_of,
    remove_faq,
    save_faq,
    slug_for,
)
from web.chat_store import messages_table
from web.staff.auth import Sent, Signed, SignedIn, audit, go_to, render
from web.staff.console import Console

FAQS = "/staff/faqs"
FEW_PHRASINGS = 10
REVIEW_DAYS = 365
LOW_RECALL = 0.9
USE_DAYS = 30
# How to mend in a form what the check tells for a file.
_HOW = {
    "title": "Write the question as it stands on a button: Does it hurt?",
    "source": "Choose the section that the answer rests on from the list.",
    "reviewer": "Write the name of who approved the answer.",
}
_PLACE = re.compile(r" \(/[^()]*:\d+\)")
MOST_SUGGESTED = 30  # phrasings taken from an address

router = APIRouter(prefix=FAQS, include_in_schema=False)


# --- the list ---


@dataclass(frozen=True)
class Row:
    """A FAQ in the list; `troubles` are what is amiss, in a few words each."""

    faq: Faq
    uses: int
    recall: float | None
    findings: tuple[Finding, ...]
    troubles: tuple[str, ...]


@router.get("")
def show_list(request: Request, signed: Signed, q: str = "", health: str = "") -> Response:
    console = signed.console
    console.teaching.warm_up()
    try:
        library = read_faqs(console.content)
    except FileNotFoundError:
        folder = console.content / FOLDER
        return render(request, "staff/faqs_missing.html", signed, status=503, folder=folder)
    every = _rows(console, list(library))
    rows = [row for row in every if _matches(row, q) and (not health or row.troubles)]
    facts: dict[str, Any] = {
        "rows": rows,
        "broken": library.broken,
        "total": len(every),
        "amiss": sum(bool(row.troubles) for row in every),
        "q": q,
        "health": health,
        "use_days": USE_DAYS,
    }
    return render(request, "staff/faqs.html", signed, **facts)


def _rows(console: Console, faqs: Sequence[Faq]) -> list[Row]:
    uses, recall = use_counts(console), console.teaching.recall()
    by_slug: dict[str | None, list[Finding]] = {}
    # Without meanings: what they cost is spent in the editor and before publishing.
    for finding in check_library(console.content):
        by_slug.setdefault(finding.slug, []).append(finding)
    stale = (console.now().date() - timedelta(days=REVIEW_DAYS)).isoformat()
    return [
        _row(faq, uses.get(faq.slug, 0), recall.get(faq.slug), by_slug.get(faq.slug, []), stale)
        for faq in faqs
    ]


def _row(faq: Faq, uses: int, recall: float | None, findings: Sequence[Finding], stale: str) -> Row:
    troubles = []
    if findings:
        troubles.append(f"{len(findings)} to mend" if has_errors(findings) else "look again")
    if len(faq.phrasings) < FEW_PHRASINGS:
        troubles.append("few phrasings")
    if recall is not None and recall < LOW_RECALL:
        troubles.append("often missed")
    if faq.reviewed < stale:
        troubles.append("review due")
    return Row(faq, uses, recall, tuple(findings), tuple(troubles))


def _matches(row: Row, q: str) -> bool:
    words = q.casefold().split()
    faq = row.faq
    text = " ".join((faq.slug, faq.title, faq.answer, *faq.phrasings)).casefold()
    return all(word in text for word in words)


def use_counts(console: Console) -> Mapping[str, int]:
    """How often each FAQ was an answer in the last days, by slug."""
    table = messages_table
    since = time.time() - USE_DAYS * 86400
    question = (
        sa.select(table.c.faq, sa.func.count())
        .where(table.c.faq.is_not(None), table.c.created_at >= since)
        .group_by(table.c.faq)
    )
    try:
        with console.chat_engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(question)}
    except SQLAlchemyError:
        return {}  # the list is of use without them


# --- the editor ---


@dataclass(frozen=True)
class Editing:
    """A FAQ in the editor. `expected` is the digest of the file it began with, empty for a new one;
    `reviewer` what its field holds, which is the draft's own once the answer counts as reviewed;
    `drafted` the name of the article it is drafted from, with that article and the section; `group`
    what it answers in the inbox, up to the question `seen` last."""

    draft: Draft
    expected: str
    reviewer: str
    drafted: str = ""
    section: str = ""
    group: str = ""
    seen: str = ""
    article: NewArticle | None = None

    @property
    def is_new(self) -> bool:
        return not self.expected

    @property
    def passage(self) -> str:
        section = self.article.section(self.section) if self.article else None
        return section.passage if section else ""


@router.get("/new")
def start_new(request: Request, signed: Signed) -> Response:
    query = request.query_params
    title = query.get("title", "")
    phrasings = tuple(query.getlist("phrasing")[:MOST_SUGGESTED])
    draft = Draft("", title, phrasings, "", query.get("source", ""), signed.name, _today(signed))
    editing = Editing(
        *(draft, "", signed.name, query.get("draft", ""), query.get("section", "")),
        *(query.get("group", ""), query.get("seen", "")),
    )
    editing = _with_article(signed.console, editing)
    if editing.article is not None:
        editing = _drafted(signed.console, editing)
    return _editor(request, signed, editing)


@router.post("/new")
def save_new(request: Request, signed: Signed, form: Sent) -> Response:
    editing = _sent(signed, form, None)
    draft = editing.draft
    if not draft.slug.strip():
        editing = replace(editing, draft=replace(draft, slug=slug_for(draft.title)))
    return _save(request, signed, form, editing)


@router.get("/edit/{slug}")
def edit(request: Request, signed: Signed, slug: str) -> Response:
    path = _file_of(signed.console, slug)
    expected = digest_of(path)
    try:
        draft = Draft.of(read_faq(path))
    except BrokenFaq as broken:
        # What can be seen of it stands beside an empty form, from which the file is written anew.
        text = path.read_text(encoding="utf-8", errors="replace")
        draft = Draft(slug, "", (), "", "", signed.name, "")
        return _editor(
            request, signed, Editing(draft, expected, signed.name), broken=broken, text=text
        )
    return _editor(request, signed, Editing(draft, expected, signed.name))


@router.post("/edit/{slug}")
def save_edited(request: Request, signed: Signed, slug: str, form: Sent) -> Response:
    return _save(request, signed, form, _sent(signed, form, slug))


@router.post("/findings")
def show_findings(request: Request, signed: Signed, form: Sent) -> Response:
    """What is to be said of a draft while it is typed: a piece of the editor's page."""
    slug = _text(form, "slug") if _text(form, "expected") else None
    editing = _named(_sent(signed, form, slug))
    said = _said_of(signed.console, editing)
    return render(request, "staff/faq_findings.html", signed, **said)


@router.get("/delete/{slug}")
def ask_delete(request: Request, signed: Signed, slug: str) -> Response:
    path = _file_of(signed.console, slug)
    leading = [faq for faq in read_faqs(signed.console.content) if slug in faq.leads_to]
    facts: dict[str, Any] = {
        "slug": slug,
        "faq": _readable(path),
        "expected": digest_of(path),
        "leading": leading,
    }
    return render(request, "staff/faq_delete.html", signed, changed=False, **facts)


@router.post("/delete/{slug}")
def delete(request: Request, signed: Signed, slug: str, form: Sent) -> Response:
    path = _file_of(signed.console, slug)
    faq = _readable(path)
    try:
        mended = remove_faq(signed.console.content, slug, expected=_text(form, "expected"))
    except EditConflict:
        facts: dict[str, Any] = {
            "slug": slug,
            "faq": _readable(path),
            "expected": digest_of(path),
            "leading": (),
        }
        return render(
            *(request, "staff/faq_delete.html", signed),
            status=409,
            changed=True,
            **facts,
        )
    if faq is not None:
        own_words.forget(signed.console.content, faq)
    audit(signed, "deleted FAQ", slug, f"also changed: {', '.join(mended)}" if mended else "")
    said = f"{slug} is deleted. Visitors have it until you publish."
    return go_to(request, FAQS, said, next_step=True)


@router.post("/upload")
def upload(request: Request, signed: Signed, form: Sent) -> Response:
    """Add a FAQ from a file that somebody wrote elsewhere, if the check finds no error in it."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return go_to(request, FAQS, "Choose a file first.")
    name = Path(file.filename.replace("\\", "/")).name
    console = signed.console
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / (name if name.endswith((".yml", ".yaml")) else f"{name}.yml")
        path.write_bytes(file.file.read())
        findings = check_file(console.content, path, console.teaching.meanings)
        exists = is_slug(path.stem) and path_of(console.content, path.stem).exists()
        if has_errors(findings) or exists:
            facts: dict[str, Any] = {
                "name": name,
                "findings": _without_paths(findings, path),
                "exists": exists,
            }
            return render(request, "staff/faq_upload.html", signed, status=422, **facts)
        faq = add_faq_file(console.content, path)
    audit(signed, "added FAQ from a file", faq.slug)
    said = f"{faq.title} is added. Visitors have it once you publish."
    return go_to(request, f"{FAQS}/edit/{faq.slug}", said, next_step=True)


def _without_paths(findings: Iterable[Finding], path: Path) -> list[Finding]:
    """Findings that name the line, not the place where the file lies for a moment."""
    return [
        replace(finding, where=finding.where.replace(f"{path}:", "line ")) for finding in findings
    ]


# --- saving ---


def _save(request: Request, signed: SignedIn, form: FormData, editing: Editing) -> Response:
    console = signed.console
    if _text(form, "do") == "check":
        return _editor(request, signed, editing, checked=True)
    findings = _findings(console, editing)
    if has_errors(findings):
        return _editor(request, signed, editing, checked=True, status=422)
    path = path_of(console.content, editing.draft.tidied().slug)
    before = None if editing.is_new else _readable(path)
    if editing.draft.source == own_words.TO_BE_KEPT and _is_as_expected(path, editing):
        draft = editing.draft.tidied()
        source = own_words.keep(console.content, draft.title, draft.answer)
        editing = replace(editing, draft=replace(editing.draft, source=source))
    if editing.article is not None and editing.draft.source.startswith(f"{editing.article.slug}#"):
        drafting.add_article(console.content, editing.article)
    try:
        faq = save_faq(console.content, editing.draft, expected=editing.expected or None)
    except EditConflict as conflict:
        return _conflict(request, signed, editing, conflict)
    if before is not None and faq.source == before.source:
        own_words.follow(console.content, before, faq.answer)
    if editing.is_new:
        _settle_group(signed, editing, faq)
    what = "wrote FAQ" if editing.is_new else "edited FAQ"
    audit(signed, what, faq.slug, f"{len(faq.phrasings)} phrasings")
    said = f"“{faq.title}” is saved. Visitors have it once you publish."
    return go_to(request, f"{FAQS}/edit/{faq.slug}", said, next_step=True)


def _settle_group(signed: SignedIn, editing: Editing, faq: Faq) -> None:
    """Take the questions that a new FAQ was begun with off the inbox's list."""
    console, numbers = signed.console, (editing.group, editing.seen)
    if not all(one.isascii() and one.isdecimal() and len(one) < 16 for one in numbers):
        return
    try:
        inbox.add_to_faq(
            *(console.staff_engine, console.teaching.meanings),
            content=console.content,
            group_id=int(editing.group),
            upto=int(editing.seen),
            slug=faq.slug,
            phrasings=faq.phrasings,
            by=signed.name,
            now=time.time(),
        )
    except UnknownGroup:  # somebody else was quicker
        return


def _is_as_expected(path: Path, editing: Editing) -> bool:
    """Whether nobody saved meanwhile: before an article gets what may not be saved then."""
    return (digest_of(path) if path.exists() else "") == editing.expected


def _conflict(
    request: Request, signed: SignedIn, editing: Editing, conflict: EditConflict
) -> Response:
    """Both versions side by side; saving again is then meant to replace theirs."""
    path = path_of(signed.console.content, editing.draft.slug)
    expected = digest_of(path) if path.exists() else ""
    return _editor(
        *(request, signed, replace(editing, expected=expected)),
        status=409,
        checked=True,
        conflict=True,
        theirs=conflict.current,
    )


def _sent(signed: SignedIn, form: FormData, slug: str | None) -> Editing:
    """What the form holds; `slug` is that of a FAQ there is already."""
    console = signed.console
    draft = Draft(
        slug=_text(form, "slug") if slug is None else slug,
        title=_text(form, "title"),
        phrasings=tuple(line for line in _text(form, "phrasings").splitlines() if line.strip()),
        answer=_text(form, "answer"),
        source=_text(form, "source"),
        reviewer=_text(form, "reviewer"),
        reviewed=_today(signed),
    )
    editing = Editing(
        draft=draft,
        expected=_text(form, "expected"),
        reviewer=_text(form, "reviewer"),
        drafted=_text(form, "draft"),
        section=_text(form, "section"),
        group=_text(form, "group"),
        seen=_text(form, "seen"),
    )
    if slug is not None and not _text(form, "reviewed_now"):
        editing = replace(editing, draft=_keeping_review(signed, draft))
    return _with_article(console, editing)


def _keeping_review(signed: SignedIn, draft: Draft) -> Draft:
    """A new phrasing is no new review: who looked at the answer, and when, stays while title,
    answer and source are as they were and nobody else's name is typed."""
    if not is_slug(draft.slug):
        return draft
    faq, tidied = _readable(path_of(signed.console.content, draft.slug)), draft.tidied()
    if faq is None or tidied.reviewer not in (faq.reviewer, signed.name):
        return draft
    if (faq.title, faq.answer, faq.source) != (tidied.title, tidied.answer, tidied.source):
        return draft
    return replace(draft, reviewer=faq.reviewer, reviewed=faq.reviewed)


def _today(signed: SignedIn) -> str:
    return signed.console.now().date().isoformat()


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


# --- what a page shows ---


def _editor(
    request: Request,
    signed: SignedIn,
    editing: Editing,
    *,
    status: int = 200,
    checked: bool = False,
    conflict: bool = False,
    theirs: Faq | None = None,
    broken: BrokenFaq | None = None,
    text: str = "",
) -> Response:
    console = signed.console
    console.teaching.warm_up()
    # A new FAQ is not full of mistakes before a word was typed.
    look = checked or not editing.is_new or bool(editing.draft.phrasings)
    said = _said_of(console, _named(editing)) if look and broken is None else None
    slug = editing.draft.slug
    facts: dict[str, Any] = {
        "editing": editing,
        "saved": None if editing.is_new else _readable(path_of(console.content, slug)),
        "draft": editing.draft,
        "sources": _sources(console, editing),
        "said_of": said,
        "checked": checked,
        "conflict": conflict,
        "theirs": theirs,
        "broken": broken,
        "text": text,
        "uses": use_counts(console).get(slug, 0),
        "use_days": USE_DAYS,
    }
    return render(request, "staff/faq_edit.html", signed, status=status, **facts)


def _named(editing: Editing) -> Editing:
    """With the slug that it would get by its title, when none is typed."""
    draft = editing.draft
    if draft.slug.strip() or not editing.is_new:
        return editing
    return replace(editing, draft=replace(draft, slug=slug_for(draft.title)))


def _said_of(console: Console, editing: Editing) -> dict[str, Any]:
    """What the findings' piece of the page shows."""
    draft = editing.draft.tidied()
    findings = _findings(console, editing)
    named, articles = _resting(console, editing)
    source = articles.source(named.source)
    return {
        "errors": [finding for finding in findings if finding.severity == "error"],
        "warnings": [finding for finding in findings if finding.severity == "warning"],
        "nearness": _nearness(console, draft),
        "preview": draft.answer,
        "source_title": source.title if source else "",
        "count": len(draft.phrasings),
        "length": len(draft.answer),
    }


def _findings(console: Console, editing: Editing) -> list[Finding]:
    draft, articles = _resting(console, editing)
    findings = check_draft(console.content, draft, console.teaching.meanings, articles)
    # Staff know FAQs by name and fill in fields; what files look like says nothing to them.
    return [
        replace(one, what=_PLACE.sub("", one.what), how=_HOW.get(one.part, one.how))
        for one in findings
    ]


def _nearness(console: Console, draft: Draft) -> Nearness:
    try:
        return nearness(console.content, draft, console.teaching.meanings)
    except FileNotFoundError:  # the encoder is not built
        return Nearness((), ())


def _articles(console: Console, editing: Editing) -> Articles:
    """Those that an answer may rest on: the clinic's, and the one that is drafted from."""
    try:
        if editing.article is not None:
            return drafting.articles_with(console.content, editing.article)
        return read_articles(console.content / "articles")
    except BrokenArticle:
        return Articles([])


def _resting(console: Console, editing: Editing) -> tuple[Draft, Articles]:
    """The draft with what it rests on, and the articles there are once it is saved."""
    draft, articles = editing.draft, _articles(console, editing)
    if draft.source != own_words.TO_BE_KEPT:
        return draft, articles
    tidied = draft.tidied()
    try:
        kept = own_words.with_answer(console.content, tidied.title, tidied.answer)
        return replace(draft, source=kept.source), own_words.articles_with(console.content, kept)
    except BrokenArticle:  # a title without letters; the check speaks of it
        return replace(draft, source=""), articles


class _Titled(NamedTuple):
    title: str


def _sources(
    console: Console, editing: Editing
) -> list[tuple[Article | _Titled, list[tuple[str, str]]]]:
    """Each article with its sections as `article#section` and heading; staff's own words first."""
    own = (own_words.TO_BE_KEPT, "our team knows it: keep this answer as its own source")
    return [
        (_Titled("In no article yet"), [own]),
        *(
            (one, [(f"{one.slug}#{part.slug}", part.heading) for part in one.sections])
            for one in _articles(console, editing)
        ),
    ]


def _with_article(console: Console, editing: Editing) -> Editing:
    if not editing.drafted:
        return editing
    try:
        article = drafting.kept_article(console.teaching.drafts, editing.drafted)
    except UnknownDraft:
        return replace(editing, drafted="", section="")
    return replace(editing, article=drafting.known_now(console.content, article))


def _drafted(console: Console, editing: Editing) -> Editing:
    """Filled in from the section that it is drafted from."""
    article = editing.article
    section = article.section(editing.section) if article else None
    if article is None or section is None:
        return editing
    only = replace(article, sections=(section,))
    (found,) = drafting.draft_sections(console.content, only, console.teaching.meanings)
    draft = replace(
        editing.draft,
        slug=found.slug,
        title=found.title,
        phrasings=found.questions,
        source=article.source(section),
    )
    return replace(editing, draft=draft)


def _file_of(console: Console, slug: str) -> Path:
    """Where a FAQ is kept; no page when there is none."""
    if not is_slug(slug) or not path_of(console.content, slug).exists():
        raise HTTPException(404)
    return path_of(console.content, slug)


def _readable(path: Path) -> Faq | None:
    try:
        return read_faq(path)
    except (BrokenFaq, UnknownFaq, OSError):
        return None


def new_faq_address(
    title: str, phrasings: Iterable[str], group: int | None = None, seen: int = 0
) -> str:
    """Where a FAQ is begun with these words filled in; saving it settles the inbox's group, up to
    the last question that was seen."""
    words = "".join(f"&phrasing={quote(phrasing)}" for phrasing in phrasings)
    settles = "" if group is None else f"&group={group}&seen={seen}"
    return f"{FAQS}/new?title={quote(title)}{words}{settles}"
