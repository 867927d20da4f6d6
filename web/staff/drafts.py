"""Drafts from articles: paste or upload one, see what FAQs cover already, write the rest."""

from __future__ import annotations

import contextlib
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from faq import drafting
from faq.article_text import UnreadableArticle, blocks_of_text, read_blocks
from faq.drafting import NewArticle, UnknownDraft
from faq.rasa_project import RasaMissing
from faq.sentences import SentencesUnread
from web.staff.auth import Sent, Signed, SignedIn, audit, go_to, render

DRAFTS = "/staff/drafts"

router = APIRouter(prefix=DRAFTS, include_in_schema=False)


@router.get("")
def show_drafts(request: Request, signed: Signed) -> Response:
    return _start(request, signed)


@router.post("")
def read(request: Request, signed: Signed, form: Sent) -> Response:
    """Read an article and keep it until staff are done with it."""
    console, pasted, file = signed.console, form.get("article", ""), form.get("file")
    pasted = pasted if isinstance(pasted, str) else ""
    try:
        if isinstance(file, UploadFile) and file.filename:
            blocks = read_blocks(file.file.read(), file.filename)
        else:
            blocks = blocks_of_text(pasted)
        teaching = console.teaching
        article = drafting.read_new_article(
            console.content, blocks, teaching.meanings, teaching.reader
        )
        name = drafting.keep_article(teaching.drafts, article)
    except (UnreadableArticle, RasaMissing, SentencesUnread) as problem:
        return _start(request, signed, problem=str(problem), pasted=pasted, status=422)
    audit(signed, "read an article to draft from", article.slug)
    return go_to(request, f"{DRAFTS}/{name}")


@router.get("/{name}")
def show_draft(request: Request, signed: Signed, name: str) -> Response:
    console = signed.console
    # Known once a FAQ of it was saved, which puts it among the clinic's articles.
    article = drafting.known_now(console.content, _kept(signed, name))
    drafts = drafting.draft_sections(console.content, article, console.teaching.meanings)
    order = {"new": 0, "close": 1, "covered": 2}
    facts: dict[str, Any] = {
        "name": name,
        "article": article,
        "drafts": sorted(drafts, key=lambda draft: order[draft.state]),
        "counts": {state: sum(draft.state == state for draft in drafts) for state in order},
    }
    return render(request, "staff/draft.html", signed, **facts)


@router.post("/{name}/delete")
def forget(request: Request, signed: Signed, name: str) -> Response:
    article = _kept(signed, name)
    with contextlib.suppress(UnknownDraft):
        drafting.drop_article(signed.console.teaching.drafts, name)
    audit(signed, "put away the drafts from", article.slug)
    return go_to(request, DRAFTS, f"The drafts from “{article.title}” are put away.")


def _start(
    request: Request, signed: SignedIn, *, problem: str = "", pasted: str = "", status: int = 200
) -> Response:
    kept = drafting.kept_articles(signed.console.teaching.drafts)
    facts: dict[str, Any] = {"kept": kept, "problem": problem, "pasted": pasted}
    return render(request, "staff/drafts.html", signed, status=status, **facts)


def _kept(signed: SignedIn, name: str) -> NewArticle:
    """No page when there is none."""
    try:
        return drafting.kept_article(signed.console.teaching.drafts, name)
    except UnknownDraft:
        raise HTTPException(404) from None
