"""The requests board: what visitors asked for, and what the clinic answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from booking import messages, outbox
from booking.availability import free_starts, offer_slots
from booking.board import Group, count_ahead, moment_of, page_of_group, page_of_search
from booking.errors import (
    ChangedMeanwhile,
    DetailRefused,
    IllegalTransition,
    SlotNotOffered,
    SlotTaken,
    UnknownEntry,
    UnknownRequest,
)
from booking.models import ConsultationRequest, Delivery, Status
from booking.requests import (
    LONGEST_NOTE,
    cancel_request,
    confirm_request,
    decline_request,
    mark_no_show,
    move_request,
    note_request,
    show_request,
)
from booking.windows import Window
from web.manage_view import free_time, free_week, read_day, read_moment, when_of
from web.staff.auth import Sent, Signed, SignedIn, audit, go_to, render
from web.staff.errors import problem_page
from web.staff.requests_view import (
    TITLES,
    hand_off_of,
    history_of,
    left_of,
    row_of,
)

BOARD = "/staff/requests"
HAND_OFFS = f"{BOARD}/hand-offs"
ROWS_A_PAGE = 50

router = APIRouter(prefix=BOARD, include_in_schema=False)

# What staff may decide: the function of booking, the status it leads to, and what is told then.
_DECISIONS: dict[str, tuple[Callable[..., ConsultationRequest], Status, str]] = {
    "confirm": (confirm_request, Status.CONFIRMED, "Confirmed."),
    "decline": (decline_request, Status.DECLINED, "Declined. Its time is free again."),
    "cancel": (cancel_request, Status.CANCELLED, "Cancelled. Its time is free again."),
    "no-show": (mark_no_show, Status.NO_SHOW, "Noted that nobody came."),
}


# --- lists ---


@router.get("")
def show_board(
    request: Request, signed: Signed, show: str = "", search: str = "", page: int = 1
) -> Response:
    console = signed.console
    now = console.now()
    moment = moment_of(console.clinic, now)
    counts = count_ahead(console.booking_engine, moment)
    wanted = _group(show, counts)
    pages = {"number": page, "size": ROWS_A_PAGE}
    if search.strip():
        part = page_of_search(console.booking_engine, search, **pages)
    else:
        part = page_of_group(console.booking_engine, moment, wanted, **pages)
    facts: dict[str, Any] = {
        "rows": [row_of(one, console.clinic, now) for one in part.requests],
        "wanted": wanted,
        "search": search.strip(),
        "found": part.found,
        "shown": part.number,
        "pages": part.pages,
        "counts": counts,
    }
    return _board_page(request, signed, "requests.html", "requests", **facts)


def _group(show: str, counts: dict[Group, int]) -> Group:
    """The list that was asked for; else what waits for an answer, or the day."""
    if show in list(Group):
        return Group(show)
    return Group.NEW if counts[Group.NEW] else Group.TODAY


@router.get("/messages")
def show_messages(request: Request, signed: Signed) -> Response:
    left = [left_of(one) for one in messages.list_messages(signed.console.booking_engine)]
    return _board_page(request, signed, "messages.html", "messages", messages=left)


@router.get("/hand-offs")
def show_hand_offs(request: Request, signed: Signed) -> Response:
    return _hand_offs(request, signed)


@router.post("/hand-offs/retry")
def retry_hand_off(request: Request, signed: Signed, form: Sent) -> Response:
    engine = signed.console.booking_engine
    key = str(form.get("key", ""))
    try:
        tried = [outbox.retry_entry(engine, key)] if key else outbox.retry_all(engine)
    except UnknownEntry:
        return _hand_offs(request, signed, status=409)
    for entry in tried:
        audit(signed, "tried a hand-off again", _told_of(entry.request or entry.message))
    return _back(request, form, "It is tried again now.")


@router.post("/hand-offs/drop")
def drop_hand_off(request: Request, signed: Signed, form: Sent) -> Response:
    engine = signed.console.booking_engine
    key = str(form.get("key", ""))
    dead = {entry.key: entry for entry in outbox.list_outbox(engine, state=Delivery.DEAD)}
    try:
        outbox.drop_entry(engine, key)
    except UnknownEntry:
        return _hand_offs(request, signed, status=409)
    entry = dead.get(key)
    audit(signed, "gave up a hand-off", _told_of(entry and (entry.request or entry.message)))
    return _back(request, form, "It was given up; what waited behind it goes on.")


def _told_of(told: Any) -> str:
    return told.reference if told else ""


def _back(request: Request, form: Sent, said: str) -> Response:
    """To the request whose page the form was on, or to the list."""
    reference = str(form.get("from", ""))
    known = reference.replace("-", "").isalnum() and reference.isascii()
    return go_to(request, f"{BOARD}/{reference}" if known else HAND_OFFS, said)


def _hand_offs(request: Request, signed: SignedIn, status: int = 200) -> Response:
    engine = signed.console.booking_engine
    dead, waiting = (
        [hand_off_of(one) for one in outbox.list_outbox(engine, state=state)]
        for state in (Delivery.DEAD, Delivery.PENDING)
    )
    facts = {"dead": dead, "waiting": waiting, "gone": status == 409}
    return _board_page(request, signed, "hand_offs.html", "hand-offs", status=status, **facts)


def _board_page(
    request: Request,
    signed: SignedIn,
    template: str,
    place: str,
    *,
    status: int = 200,
    **facts: Any,
) -> Response:
    """A page with the board's tabs; `place` is the one it belongs to."""
    console = signed.console
    if "counts" not in facts:
        moment = moment_of(console.clinic, console.now())
        facts["counts"] = count_ahead(console.booking_engine, moment)
    failed = len(outbox.list_outbox(console.booking_engine, state=Delivery.DEAD))
    tabs = {"titles": TITLES, "place": place, "failed": failed, "wanted": None, "search": ""}
    return render(request, f"staff/{template}", signed, status=status, **{**tabs, **facts})


# --- one request ---


@router.get("/{reference}")
def show_one(request: Request, signed: Signed, reference: str) -> Response:
    known = _known(signed, reference)
    return _one(request, signed, known) if known else _unknown(request)


@router.post("/{reference}/note")
def note(request: Request, signed: Signed, form: Sent, reference: str) -> Response:
    console = signed.console
    text, seen = str(form.get("note", "")), str(form.get("seen", ""))
    try:
        known = note_request(
            *(console.booking_engine, reference, text),
            actor=signed.name,
            now=console.now(),
            seen=seen,
        )
    except UnknownRequest:
        return _unknown(request)
    except ChangedMeanwhile:
        return _again(request, signed, reference, problem="note changed", draft=text)
    except DetailRefused:
        return _again(request, signed, reference, problem="too long", draft=text, status=422)
    audit(signed, "changed the note of", known.reference)
    return go_to(request, f"{BOARD}/{known.reference}", "The note is saved.")


@router.get("/{reference}/move")
def choose_time(
    request: Request, signed: Signed, reference: str, week: str = "", to: str = ""
) -> Response:
    known = _known(signed, reference)
    if known is None:
        return _unknown(request)
    if "move" not in row_of(known, signed.console.clinic, signed.console.now()).allowed:
        return _one(request, signed, known, problem="not allowed", status=409)
    wanted = read_moment(to)
    if wanted is None:
        return _times(request, signed, known, read_day(week))
    day = wanted.astimezone(signed.console.clinic.zone).date()
    if wanted not in _free(signed, known, day, day):
        return _lost(request, signed, known, wanted)
    new = when_of(wanted, signed.console.clinic.zone, known.visitor_zone)
    return _page(request, signed, known, "request_move.html", to=to, new=new)


@router.post("/{reference}/move")
def move(request: Request, signed: Signed, form: Sent, reference: str) -> Response:
    console = signed.console
    known, wanted = _known(signed, reference), read_moment(str(form.get("starts_at", "")))
    if known is None:
        return _unknown(request)
    if wanted is None:
        return _times(request, signed, known, None, status=400)
    try:
        moved = move_request(
            *(console.booking_engine, console.clinic, reference, wanted),
            actor=signed.name,
            now=console.now(),
            real_now=console.real_now(),
            seen=_sequence(form),
        )
    except (SlotTaken, SlotNotOffered):
        return _lost(request, signed, known, wanted)
    except (ChangedMeanwhile, IllegalTransition):
        return _changed(request, signed, reference, Status.RESCHEDULED, wanted)
    except UnknownRequest:
        return _unknown(request)
    audit(signed, "moved", moved.reference)
    return go_to(request, f"{BOARD}/{moved.reference}", _told(signed, moved, "Moved."))


@router.post("/{reference}/{decision}")
def decide(request: Request, signed: Signed, form: Sent, reference: str, decision: str) -> Response:
    console = signed.console
    if decision not in _DECISIONS:
        return _unknown(request)
    change, status, done = _DECISIONS[decision]
    try:
        decided = change(
            *(console.booking_engine, console.clinic, reference),
            actor=signed.name,
            now=console.now(),
            seen=_sequence(form),
        )
    except (ChangedMeanwhile, IllegalTransition):
        return _changed(request, signed, reference, status)
    except UnknownRequest:
        return _unknown(request)
    audit(signed, status.value.replace("_", "-"), decided.reference)
    return go_to(request, f"{BOARD}/{decided.reference}", _told(signed, decided, done))


def _told(signed: SignedIn, request: ConsultationRequest, done: str) -> str:
    """What was done, and whether the visitor hears of it without staff."""
    by_email = signed.console.clinic.hand_off.email is not None and request.email is not None
    if request.status is Status.NO_SHOW:
        return done
    told = "The visitor is told by e-mail." if by_email else "Please tell the visitor yourself."
    return f"{done} {told}"


def _sequence(form: Sent) -> int:
    """The version of the request that the form was made for; without one, none there is."""
    seen = str(form.get("seen", ""))
    return int(seen) if seen.isascii() and seen.isdigit() else -1


def _changed(
    request: Request,
    signed: SignedIn,
    reference: str,
    wanted: Status,
    starts_at: datetime | None = None,
) -> Response:
    """Somebody was quicker; it may have been the same person, with a second click."""
    known = _known(signed, reference)
    if known is None:
        return _unknown(request)
    by_me = bool(known.events) and known.events[-1].actor == signed.name
    if by_me and known.status is wanted and starts_at in (None, known.starts_at):
        return go_to(request, f"{BOARD}/{known.reference}")
    return _one(request, signed, known, problem="changed", status=409)


def _known(signed: SignedIn, reference: str) -> ConsultationRequest | None:
    try:
        return show_request(signed.console.booking_engine, reference)
    except UnknownRequest:
        return None


def _unknown(request: Request) -> Response:
    return problem_page(request, "unknown", 404)


def _again(
    request: Request,
    signed: SignedIn,
    reference: str,
    *,
    problem: str,
    draft: str,
    status: int = 409,
) -> Response:
    known = _known(signed, reference)
    if known is None:
        return _unknown(request)
    return _one(request, signed, known, problem=problem, draft=draft, status=status)


def _one(
    request: Request,
    signed: SignedIn,
    known: ConsultationRequest,
    *,
    problem: str | None = None,
    draft: str | None = None,
    status: int = 200,
) -> Response:
    hand_offs = outbox.list_outbox(signed.console.booking_engine, reference=known.reference)
    facts = {
        "problem": problem,
        "draft": draft,
        "longest_note": LONGEST_NOTE,
        "history": history_of(known.events),
        "hand_offs": [hand_off_of(one) for one in hand_offs],
        "tells": signed.console.clinic.hand_off.email is not None and known.email is not None,
        "manage_url": signed.console.links.url(known.reference),
    }
    return _page(request, signed, known, "request.html", status=status, **facts)


def _page(
    request: Request,
    signed: SignedIn,
    known: ConsultationRequest,
    template: str,
    *,
    status: int = 200,
    **facts: Any,
) -> Response:
    booked = row_of(known, signed.console.clinic, signed.console.now())
    link = f"{BOARD}/{known.reference}"
    return render(
        request, f"staff/{template}", signed, status=status, booked=booked, link=link, **facts
    )


# --- times ---


def _free(
    signed: SignedIn, known: ConsultationRequest, first: date, last: date
) -> Sequence[datetime]:
    console = signed.console
    return free_starts(
        *(console.booking_engine, console.clinic, first, last, console.now()),
        real_now=console.real_now(),
        moving=known,
    )


def _times(
    request: Request,
    signed: SignedIn,
    known: ConsultationRequest,
    asked: date | None,
    *,
    status: int = 200,
    lost: datetime | None = None,
    nearest: Sequence[datetime] = (),
) -> Response:
    console = signed.console
    zone, theirs = console.clinic.zone, known.visitor_zone
    facts = {
        "week": free_week(
            console.clinic, console.now(), known, asked, partial(_free, signed, known)
        ),
        "lost": lost and when_of(lost, zone, None),
        "nearest": [free_time(start, zone, theirs) for start in nearest],
    }
    return _page(request, signed, known, "request_times.html", status=status, **facts)


def _lost(
    request: Request, signed: SignedIn, known: ConsultationRequest, wanted: datetime
) -> Response:
    """Somebody else has that time by now: what is left around it."""
    console = signed.console
    local = wanted.astimezone(console.clinic.zone)
    offer = offer_slots(
        *(console.booking_engine, console.clinic),
        Window(local.date(), local.date(), around=local.time(), exact=True),
        console.now(),
        real_now=console.real_now(),
        moving=known,
    )
    return _times(
        *(request, signed, known, local.date()), status=409, lost=wanted, nearest=offer.starts
    )
