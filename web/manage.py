"""The pages behind a manage link, by which a visitor sees, moves and cancels a request.

Whoever has the link may do this, and nobody can make one up. The pages work without script; a GET
changes nothing, for mail programs open links on their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy import Engine

from booking.availability import Offer, free_starts, offer_slots
from booking.clinic import Clinic
from booking.errors import (
    BookingUnavailable,
    IllegalTransition,
    SlotNotOffered,
    SlotTaken,
    TooLateToChange,
    UnknownRequest,
)
from booking.hand_off.calendar_file import CALLED_OFF, Method, calendar_entry
from booking.links import InvalidLink, ManageLinks
from booking.models import ConsultationRequest, Status
from booking.requests import VISITOR, cancel_request, move_request, show_request
from booking.windows import Window
from web.errors import ApiError
from web.limits import RateLimits
from web.manage_view import (
    FreeWeek,
    free_time,
    free_week,
    notice_of,
    read_day,
    read_moment,
    view_of,
    when_of,
)
from web.site import PAGE_HEADERS

HEADERS = {
    **PAGE_HEADERS,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
MOST_FIELDS = 20
# What the page is told was just done, and the status it then has.
_DONE = {"moved": Status.RESCHEDULED, "cancelled": Status.CANCELLED}


@dataclass(frozen=True)
class Desk:
    """What the pages work with; `now` is the clinic's clock, `real_now` the true time."""

    engine: Engine
    clinic: Clinic
    links: ManageLinks
    limits: RateLimits
    public_url: str
    now: Callable[[], datetime]
    real_now: Callable[[], datetime] = lambda: datetime.now(UTC)


class ForeignForm(Exception):
    """A form that was not sent from our own page."""


def comes_from_our_page(request: Request, public_url: str) -> bool:
    """Whether a browser says that its form is ours: by Sec-Fetch-Site, or else by Origin.

    Browsers send Sec-Fetch-Site to https and to this machine only, so plain http has Origin.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin", "")
    try:
        parts = urlsplit(origin)
        ours = urlsplit(public_url)
    except ValueError:
        return False
    if (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc):
        return True
    # A proxy that ends TLS hands on the host, not the scheme.
    return parts.scheme in ("http", "https") and parts.netloc == request.headers.get("host")


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a sent form; of anything else, none."""
    try:
        text = (await request.body()).decode()
        return dict(parse_qsl(text, max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


Fields = Annotated[dict[str, str], Depends(fields_of)]


def manage_router(templates: Jinja2Templates, desk: Desk) -> APIRouter:
    """Routes below ``/manage/{token}``."""
    router = APIRouter(prefix="/manage/{token}", include_in_schema=False)
    pages = _Pages(templates, desk)

    @router.get("")
    def show(request: Request, token: str, done: str = "") -> Response:
        return pages.answer(request, lambda: pages.show(request, token, done))

    @router.get("/calendar.ics")
    def calendar(request: Request, token: str) -> Response:
        return pages.answer(request, lambda: pages.calendar(token))

    @router.get("/move")
    def times(request: Request, token: str, week: str = "", to: str = "") -> Response:
        return pages.answer(request, lambda: pages.times(request, token, week, to))

    @router.post("/move")
    def move(request: Request, token: str, fields: Fields) -> Response:
        return pages.answer(request, lambda: pages.move(request, token, fields))

    @router.get("/cancel")
    def ask_to_cancel(request: Request, token: str) -> Response:
        return pages.answer(request, lambda: pages.ask_to_cancel(request, token))

    @router.post("/cancel")
    def cancel(request: Request, token: str, fields: Fields) -> Response:
        return pages.answer(request, lambda: pages.cancel(request, token, fields))

    return router


class _Pages:
    """What each address answers."""

    def __init__(self, templates: Jinja2Templates, desk: Desk) -> None:
        self._templates = templates
        self._desk = desk
        self._clinic = desk.clinic

    def answer(self, request: Request, page: Callable[[], Response]) -> Response:
        """The page, or the one that says why there is none; never more than its link allows."""
        try:
            self._desk.limits.spend(request, "manage")
            if request.method == "POST" and not comes_from_our_page(request, self._desk.public_url):
                raise ForeignForm
            response = page()
        except ForeignForm:
            response = self._problem(request, "foreign", 403)
        except (InvalidLink, UnknownRequest):
            response = self._problem(request, "unknown", 404)
        except ApiError as refused:
            response = self._problem(request, "busy", refused.status, refused.headers)
        except BookingUnavailable:
            usual = ApiError("unavailable").headers
            response = self._problem(request, "unavailable", 503, usual)
        response.headers.update(HEADERS)
        return response

    def show(self, request: Request, token: str, done: str) -> Response:
        known = self._known(token)
        # An address alone could say that something was done.
        was_done = _DONE.get(done) is known.status
        return self._show(request, token, known, said=done if was_done else None)

    def calendar(self, token: str) -> Response:
        known = self._known(token)
        method: Method = "CANCEL" if known.status in CALLED_OFF else "PUBLISH"
        notice = notice_of(known, self._desk.links.url(known.reference))
        return Response(
            calendar_entry(notice, self._clinic, method=method),
            media_type=f"text/calendar; charset=utf-8; method={method}",
            # Inline, or phones keep it as a file instead of asking whether to add it.
            headers={"Content-Disposition": 'inline; filename="consultation.ics"'},
        )

    def times(self, request: Request, token: str, week: str, to: str) -> Response:
        known = self._known(token)
        if not self._can_change(known):
            return self._show(request, token, known)
        if not to:
            return self._times(request, token, known, read_day(week))
        wanted = read_moment(to)
        if wanted is None:
            return self._times(request, token, known, None, 400, problem="garbled")
        if wanted == known.starts_at:
            return self._back(token)
        day = wanted.astimezone(self._clinic.zone).date()
        if wanted not in self._free(known, day, day):
            return self._lost(request, token, known, wanted)
        context = {"to": to, "new": when_of(wanted, self._clinic.zone, known.visitor_zone)}
        return self._page(request, "manage_move.html", token, known, context)

    def move(self, request: Request, token: str, fields: dict[str, str]) -> Response:
        known = self._known(token)
        wanted = read_moment(fields.get("starts_at"))
        if wanted is not None and wanted == known.starts_at and known.status is Status.RESCHEDULED:
            return self._back(token, "moved")  # Sent twice.
        if not self._can_change(known):
            return self._show(request, token, known, status=409)
        if wanted is None:
            return self._times(request, token, known, None, 400, problem="garbled")
        if _has_changed(known, fields):
            return self._times(request, token, known, None, 409, problem="changed")
        try:
            move_request(
                self._desk.engine,
                self._clinic,
                known.reference,
                wanted,
                actor=VISITOR,
                now=self._desk.now(),
                real_now=self._desk.real_now(),
            )
        except (SlotTaken, SlotNotOffered):
            return self._lost(request, token, known, wanted)
        except (IllegalTransition, TooLateToChange):
            return self._show(request, token, self._known(token), status=409)
        return self._back(token, "moved")

    def ask_to_cancel(self, request: Request, token: str) -> Response:
        known = self._known(token)
        if not self._can_change(known):
            return self._show(request, token, known)
        return self._page(request, "manage_cancel.html", token, known, {"changed": False})

    def cancel(self, request: Request, token: str, fields: dict[str, str]) -> Response:
        known = self._known(token)
        if known.status is Status.CANCELLED:
            return self._back(token, "cancelled")  # Sent twice.
        if not self._can_change(known):
            return self._show(request, token, known, status=409)
        if _has_changed(known, fields):
            return self._page(request, "manage_cancel.html", token, known, {"changed": True}, 409)
        try:
            cancel_request(
                self._desk.engine,
                self._clinic,
                known.reference,
                actor=VISITOR,
                now=self._desk.now(),
            )
        except (IllegalTransition, TooLateToChange):
            return self._show(request, token, self._known(token), status=409)
        return self._back(token, "cancelled")

    # --- what is known ---

    def _known(self, token: str) -> ConsultationRequest:
        """Raises `InvalidLink`, `UnknownRequest` or `BookingUnavailable`."""
        return show_request(self._desk.engine, self._desk.links.reference(token))

    def _can_change(self, known: ConsultationRequest) -> bool:
        return view_of(known, self._clinic, self._desk.now()).can_change

    def _free(self, known: ConsultationRequest, first: date, last: date) -> Sequence[datetime]:
        desk = self._desk
        now, real_now = desk.now(), desk.real_now()
        return free_starts(
            desk.engine, desk.clinic, first, last, now, real_now=real_now, moving=known
        )

    def _offer(self, known: ConsultationRequest, window: Window) -> Offer:
        desk = self._desk
        now, real_now = desk.now(), desk.real_now()
        return offer_slots(desk.engine, desk.clinic, window, now, real_now=real_now, moving=known)

    def _next_free(self, known: ConsultationRequest, week: FreeWeek) -> date | None:
        """The day of the first free time after a week that has none."""
        if week.days or week.after is None:
            return None
        offer = self._offer(known, Window(week.after, week.latest))
        return offer.starts[0].date() if offer.starts and offer.why is None else None

    # --- pages ---

    def _show(
        self,
        request: Request,
        token: str,
        known: ConsultationRequest,
        *,
        said: str | None = None,
        status: int = 200,
    ) -> Response:
        return self._page(request, "manage.html", token, known, {"said": said}, status)

    def _times(
        self,
        request: Request,
        token: str,
        known: ConsultationRequest,
        asked: date | None,
        status: int = 200,
        *,
        problem: str | None = None,
        lost: datetime | None = None,
        nearest: Sequence[datetime] = (),
    ) -> Response:
        zone, theirs = self._clinic.zone, known.visitor_zone
        week = free_week(self._clinic, self._desk.now(), known, asked, partial(self._free, known))
        context: dict[str, object] = {
            "week": week,
            "next_free": self._next_free(known, week),
            "problem": problem,
            "lost": lost and when_of(lost, zone, None),
            "nearest": [free_time(start, zone, theirs) for start in nearest],
        }
        return self._page(request, "manage_times.html", token, known, context, status)

    def _lost(
        self, request: Request, token: str, known: ConsultationRequest, wanted: datetime
    ) -> Response:
        """Somebody else has that time: what is left around it, at once."""
        local = wanted.astimezone(self._clinic.zone)
        window = Window(local.date(), local.date(), around=local.time(), exact=True)
        nearest = self._offer(known, window).starts
        return self._times(
            *(request, token, known, local.date(), 409),
            problem="taken",
            lost=wanted,
            nearest=nearest,
        )

    def _page(
        self,
        request: Request,
        name: str,
        token: str,
        known: ConsultationRequest,
        context: dict[str, object],
        status: int = 200,
    ) -> Response:
        facts = {
            "clinic": self._clinic,
            "booked": view_of(known, self._clinic, self._desk.now()),
            "link": f"/manage/{token}",
            **context,
        }
        return self._templates.TemplateResponse(request, name, facts, status)

    def _problem(
        self, request: Request, kind: str, status: int, headers: dict[str, str] | None = None
    ) -> Response:
        facts = {"clinic": self._clinic, "kind": kind}
        return self._templates.TemplateResponse(
            request, "manage_problem.html", facts, status, headers=headers
        )

    def _back(self, token: str, done: str = "") -> Response:
        """To the request's own page, so that loading it anew sends no form again."""
        return RedirectResponse(f"/manage/{token}{f'?done={done}' if done else ''}", 303)


def _has_changed(known: ConsultationRequest, fields: dict[str, str]) -> bool:
    """Whether the visitor decided about another time than the request has by now."""
    seen = read_moment(fields.get("seen"))
    return seen is not None and seen != known.starts_at
