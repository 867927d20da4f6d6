"""The inbox: what visitors asked and were not answered well, and one click for each thing to do.

Addresses: `/staff/inbox` (takes `state`, `reason`, `days`, `q`, `order`, `page`, and `added`, the
FAQ something was just added to), `/staff/inbox/<group>`, `/staff/inbox/questions/<question>` (the
conversation around one).
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from faq import inbox
from faq.check import Finding
from faq.inbox import FAR, REASONS, STATES, Added, Group, Order, Reason, State, UnknownGroup, Wanted
from faq.library import FOLDER, BrokenFaq, Faq, UnknownFaq, read_faqs
from faq.writing import DraftRefused
from web.chat_store import ChatMessage, messages_of
from web.staff.auth import Sent, Signed, SignedIn, audit, go_to, render
from web.staff.console import Console
from web.staff.faqs import new_faq_address
from web.staff.pages import safe_path

INBOX = "/staff/inbox"
PUBLISH = "/staff/publish"
SHOWN_AROUND = 6  # messages before and after the one that is looked at
MOST_SUGGESTED = 12  # wordings handed on to a new FAQ
# Cosines from which a FAQ is worth naming, near, and very near.
WORTH_NAMING, NEAR, VERY_NEAR = 0.45, 0.75, 0.88
LARGEST_ID = 2**53

STATE_TITLES: dict[State, str] = {
    "open": "To do",
    "added": "Added",
    "out_of_scope": "Not for us",
    "dismissed": "Dismissed",
}
REASON_TITLES: dict[Reason, str] = {
    "declined": "not known",
    "clarified": "asked back",
    "unhelpful": "thumb down",
    "professional": "sent to a professional",
}
PERIODS = {"7": "the last 7 days", "30": "the last 30 days", "90": "the last 90 days"}
_PLACE = re.compile(r" \(/[^()]*:\d+\)")
_QUESTION = re.compile(r"^(?:who|what|when|where|why|which|how|is|are|am|do|does|did|can|could|"
                       r"will|would|should|may|has|have)\b", re.I)  # fmt: skip

router = APIRouter(prefix=INBOX, include_in_schema=False)


@dataclass(frozen=True)
class Filters:
    """What the list is asked to show, as the address has it."""

    state: State
    reason: Reason | None
    days: str
    q: str
    order: Order
    page: int

    def address(self, **changes: object) -> str:
        """The list's address with some of it changed."""
        parts = {
            "state": self.state if self.state != "open" else "",
            "reason": self.reason or "",
            "days": self.days,
            "q": self.q,
            "order": self.order if self.order != "newest" else "",
            "page": self.page if self.page > 1 else "",
            **changes,
        }
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"{INBOX}?{query}" if query else INBOX

    @property
    def narrows(self) -> bool:
        return bool(self.reason or self.days or self.q)


# --- the list ---


@router.get("")
def show_list(request: Request, signed: Signed) -> Response:
    filters = _filters(request)
    console = signed.console
    console.teaching.warm_up()
    facts: dict[str, Any] = {"filters": filters, **_words(console)}
    try:
        page, filters = _page(console, filters)
    except FileNotFoundError:
        problem = "encoder" if (console.content / FOLDER).is_dir() else "content"
        return render(request, "staff/inbox.html", signed, status=503, problem=problem, **facts)
    facts |= {
        "filters": filters,
        "page": page,
        "pages": -(-page.of_groups // inbox.PAGE),
        "counts": inbox.count_by_state(console.staff_engine),
        "added": _faq(console, request.query_params.get("added", "")),
        "back": filters.address(),
        "new_address": _new_address,
    }
    return render(request, "staff/inbox.html", signed, problem="", **facts)


def _page(console: Console, filters: Filters) -> tuple[inbox.Page, Filters]:
    """The page that is asked for, or the last one when there are fewer."""
    since = time.time() - int(filters.days) * 86400 if filters.days else None
    wanted = Wanted(
        state=filters.state,
        reason=filters.reason,
        since=since,
        search=filters.q,
        order=filters.order,
    )
    while True:
        page = inbox.list_groups(
            *(console.staff_engine, console.teaching.meanings),
            content=console.content,
            wanted=wanted,
            page=filters.page,
        )
        last = max(-(-page.of_groups // inbox.PAGE), 1)
        if filters.page <= last:
            return page, filters
        filters = replace(filters, page=last)


def _filters(request: Request) -> Filters:
    """What an address asks for; what makes no sense in it is passed over."""
    asked = request.query_params
    page = asked.get("page", "")
    return Filters(
        state=next((one for one in STATES if one == asked.get("state")), "open"),
        reason=next((one for one in REASONS if one == asked.get("reason")), None),
        days=asked.get("days", "") if asked.get("days") in PERIODS else "",
        q=asked.get("q", "").strip()[:200],
        order="most" if asked.get("order") == "most" else "newest",
        page=min(int(page), 100_000) if page.isascii() and page.isdecimal() and int(page) else 1,
    )


# --- one group ---


@router.get("/{group_id:int}")
def show_group(request: Request, signed: Signed, group_id: int, state: str = "open") -> Response:
    wanted: State = next((one for one in STATES if one == state), "open")
    return _group_page(request, signed, _find(signed.console, group_id, wanted))


def _group_page(
    request: Request,
    signed: SignedIn,
    group: Group,
    *,
    status: int = 200,
    slug: str | None = None,
    text: str | None = None,
    added: Sequence[str] = (),
    refused: Sequence[tuple[str, Sequence[Finding]]] = (),
    back: str = INBOX,
) -> Response:
    console = signed.console
    suggested = group.suggestion.slug if group.suggestion else ""
    facts: dict[str, Any] = {
        "group": group,
        "faqs": sorted(read_faqs(console.content), key=lambda faq: faq.title.casefold()),
        "slug": suggested if slug is None else slug,
        "text": "\n".join(group.wordings) if text is None else text,
        "added_now": added,
        "refused": [(said, _in_words(findings)) for said, findings in refused],
        "back": back,
        "new_address": _new_address,
        **_words(console),
    }
    return render(request, "staff/inbox_group.html", signed, status=status, **facts)


@router.get("/questions/{question_id:int}")
def show_conversation(request: Request, signed: Signed, question_id: int) -> Response:
    """What was said before and after, as the visitor and the assistant wrote it."""
    console = signed.console
    question = inbox.find_question(console.staff_engine, min(question_id, LARGEST_ID))
    if question is None:
        raise HTTPException(404)
    messages = _around(console, question)
    audit(signed, "read a conversation", f"inbox question {question.id}")
    facts: dict[str, Any] = {"question": question, "messages": messages, **_words(console)}
    return render(request, "staff/inbox_conversation.html", signed, **facts)


def _around(console: Console, question: inbox.Question) -> list[ChatMessage]:
    """The messages around a question; none when the conversation is deleted."""
    if question.conversation_id is None:
        return []
    try:
        messages = messages_of(console.chat_engine, question.conversation_id)
    except SQLAlchemyError:
        return []
    ids = [message.id for message in messages]
    if question.message_id not in ids:
        return []
    place = ids.index(question.message_id)
    return messages[max(place - SHOWN_AROUND, 0) : place + SHOWN_AROUND + 1]


# --- what is done with one ---


@router.post("/{group_id:int}/add")
def add(request: Request, signed: Signed, form: Sent, group_id: int) -> Response:
    console, slug, back = signed.console, _text(form, "slug"), _back(form)
    typed = form.get("phrasings")
    lines = typed.splitlines() if isinstance(typed, str) else None
    if lines is not None and not any(line.strip() for line in lines):
        return _again(request, signed, form, group_id, [("", [_NOTHING_TYPED])])
    try:
        done = inbox.add_to_faq(
            *(console.staff_engine, console.teaching.meanings),
            content=console.content,
            group_id=group_id,
            slug=slug,
            phrasings=lines,
            by=signed.name,
            now=time.time(),
            upto=_upto(form),
        )
    except UnknownGroup:
        return _gone(request, back)
    except UnknownFaq:
        return _again(request, signed, form, group_id, [("", [_NO_SUCH_FAQ])])
    except BrokenFaq as broken:
        finding = Finding("error", slug, "", f"its file can't be read: {broken.what}", broken.how)
        return _again(request, signed, form, group_id, [("", [finding])])
    if done.added:
        audit(signed, "added phrasings from the inbox", slug, f"{len(done.added)} phrasings")
    if done.refused:
        return _again(request, signed, form, group_id, done.refused, done)
    joiner = "&" if "?" in back else "?"
    return go_to(request, f"{back}{joiner}added={quote(slug)}")


@router.post("/{group_id:int}/out-of-scope")
def not_for_us(request: Request, signed: Signed, form: Sent, group_id: int) -> Response:
    console, back = signed.console, _back(form)
    try:
        taught = inbox.teach_out_of_scope(
            *(console.staff_engine, console.teaching.meanings),
            content=console.content,
            group_id=group_id,
            by=signed.name,
            now=time.time(),
            upto=_upto(form),
        )
    except UnknownGroup:
        return _gone(request, back)
    except DraftRefused as refused:
        return _again(request, signed, form, group_id, [("", refused.findings)])
    except BrokenFaq as broken:
        what = f"{broken.path.name}, line {broken.line}: {broken.what}"
        finding = Finding("error", None, "", what, broken.how)
        return _again(request, signed, form, group_id, [("", [finding])])
    audit(signed, "taught as out of scope", f"inbox group {group_id}", f"{len(taught)} examples")
    said = "Taught as not for us, once you publish. What is asked like it comes in no more."
    return go_to(request, back, said)


@router.post("/{group_id:int}/dismiss")
def dismiss(request: Request, signed: Signed, form: Sent, group_id: int) -> Response:
    back = _back(form)
    try:
        inbox.dismiss(
            signed.console.staff_engine,
            group_id=group_id,
            by=signed.name,
            now=time.time(),
            upto=_upto(form),
        )
    except UnknownGroup:
        return _gone(request, back)
    audit(signed, "dismissed", f"inbox group {group_id}")
    return go_to(request, back, "Dismissed. It is under Dismissed, if you want it back.")


@router.post("/{group_id:int}/reopen")
def reopen(request: Request, signed: Signed, form: Sent, group_id: int) -> Response:
    console, back = signed.console, _back(form)
    try:
        inbox.reopen(console.staff_engine, content=console.content, group_id=group_id)
    except UnknownGroup:
        return _gone(request, back)
    except BrokenFaq as broken:
        return go_to(request, back, f"{broken.path.name} can’t be read. {broken.how}")
    audit(signed, "reopened", f"inbox group {group_id}")
    return go_to(request, back, "It is under To do again. A phrasing that was added stays.")


_NO_SUCH_FAQ = Finding(
    "error", None, "", "there is no such FAQ any more", "Choose another one from the list."
)
_NOTHING_TYPED = Finding(
    "error", None, "", "there is no wording left", "Leave at least one, or dismiss the question."
)


def _again(
    request: Request,
    signed: SignedIn,
    form: FormData,
    group_id: int,
    refused: Sequence[tuple[str, Sequence[Finding]]],
    done: Added | None = None,
) -> Response:
    """The group's page with what stands in the way, and what was typed."""
    added = done.added if done else ()
    text = "\n".join(said for said, _ in refused if said) or _text(form, "phrasings") or None
    try:
        group = _find(signed.console, group_id)
    except HTTPException:
        if not added:
            raise
        # All that was asked is added; what somebody wrote beside it is not.
        return go_to(request, _back(form), f"{len(added)} added, {len(refused)} refused: {text}")
    return _group_page(
        *(request, signed, group),
        status=422,
        slug=_text(form, "slug") or None,
        text=text,
        added=added,
        refused=refused,
        back=_back(form),
    )


def _gone(request: Request, back: str) -> Response:
    return go_to(request, back, "Somebody has dealt with that question already.")


def _find(console: Console, group_id: int, state: State = "open") -> Group:
    try:
        return inbox.find_group(
            *(console.staff_engine, console.teaching.meanings),
            content=console.content,
            group_id=min(group_id, LARGEST_ID),
            state=state,
        )
    except UnknownGroup:
        raise HTTPException(404) from None


def _faq(console: Console, slug: str) -> Faq | None:
    try:
        return read_faqs(console.content).get(slug) if slug else None
    except (UnknownFaq, OSError):
        return None


def _words(console: Console) -> dict[str, Any]:
    return {
        "states": STATE_TITLES,
        "reasons": REASON_TITLES,
        "periods": PERIODS,
        "publish": PUBLISH if PUBLISH in console.paths else "",
        "far": FAR,
        "worth_naming": WORTH_NAMING,
        "nearness": _nearness,
    }


def _nearness(likeness: float) -> str:
    if likeness >= VERY_NEAR:
        return "very near"
    if likeness >= NEAR:
        return "near"
    return "some way off" if likeness >= FAR else "far off"


def _in_words(findings: Sequence[Finding]) -> list[str]:
    """Findings without the places of files, which say nothing to staff."""
    return [f"{_upper(_PLACE.sub('', one.what))}. {one.how}" for one in findings]


def _new_address(group: Group) -> str:
    """Where a FAQ is begun with the group's wordings, the first of them as its title."""
    title = _upper(group.title)
    if _QUESTION.match(title) and not title.endswith(("?", ".", "!")):
        title += "?"
    wordings = group.wordings[:MOST_SUGGESTED]
    return new_faq_address(title, wordings, group.id, group.last_id)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _back(form: FormData) -> str:
    back = safe_path(_text(form, "back"))
    return back if back == INBOX or back.startswith(f"{INBOX}?") else INBOX


def _upto(form: FormData) -> int | None:
    """The last question that was on the page; what came in since was seen by nobody."""
    seen = _text(form, "seen")
    return min(int(seen), LARGEST_ID) if seen.isascii() and seen.isdecimal() else None


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
