"""How a page of the console is answered: its headers, its navigation, and what was just done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from itsdangerous import BadSignature, URLSafeTimedSerializer

from booking.hand_off.telling import clock_text
from web.site import PAGE_HEADERS
from web.staff.console import Console, console_of

HOME = "/staff"
SIGN_IN = "/staff/sign-in"
HEADERS = {
    **PAGE_HEADERS,
    "Cache-Control": "no-store",
    # Not `no-referrer`: it blanks Origin, by which a browser on plain http says whose form it is.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
# What was done is told once, on the page that follows.
SAID_COOKIE = "needlepoint_staff_said"
SAID_SECONDS = 60


@dataclass(frozen=True)
class Entry:
    """One place of the navigation; `also` are addresses of pages that belong to it."""

    title: str
    path: str
    admins_only: bool = False
    also: tuple[str, ...] = ()

    def has(self, path: str) -> bool:
        """Whether a page belongs here."""
        return any(path == own or path.startswith(f"{own}/") for own in (self.path, *self.also))


NAVIGATION = (
    Entry("Inbox", "/staff/inbox"),
    Entry("FAQs", "/staff/faqs", also=("/staff/drafts",)),
    Entry("Publish", "/staff/publish"),
    Entry("Requests", "/staff/requests"),
    Entry("Dashboard", "/staff/dashboard"),
    Entry("Staff", "/staff/people", admins_only=True),
    Entry("Log", "/staff/log", admins_only=True),
)


@dataclass(frozen=True)
class Who:
    """Somebody who is signed in; `csrf` is what the forms of their pages carry."""

    name: str
    role: str
    csrf: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


def render(
    request: Request, template: str, signed: Who | None, *, status: int = 200, **facts: object
) -> Response:
    """A page of the console, for somebody who is signed in, or None on the way in."""
    console = console_of(request)
    said = _take_said(request, console)
    context = {
        "clinic": console.clinic,
        "signed": signed,
        "entries": entries_for(request, signed),
        "said": said,
        **facts,
    }
    response = console.templates.TemplateResponse(
        request, template, context, status, headers=HEADERS
    )
    if said is not None:
        response.delete_cookie(SAID_COOKIE, path=HOME)
    return response


def go_to(request: Request, path: str, said: str = "", *, next_step: bool = False) -> Response:
    """To a page after something was done, which that page tells; loading it anew does nothing.

    `said` is a sentence for staff, without anything about a visitor. With `next_step`, a link to
    where what was done is published stands behind it.
    """
    response = RedirectResponse(path, 303, headers=HEADERS)
    if said:
        signed = _signer(console_of(request)).dumps([said, next_step])
        response.set_cookie(
            SAID_COOKIE, signed, SAID_SECONDS, path=HOME, httponly=True, samesite="lax"
        )
    return response


@dataclass(frozen=True)
class Said:
    """What was done, and whether it is to be published next."""

    words: str
    next_step: bool


def _take_said(request: Request, console: Console) -> Said | None:
    kept = request.cookies.get(SAID_COOKIE)
    if kept is None:
        return None
    try:
        return Said(*_signer(console).loads(kept, max_age=SAID_SECONDS))
    except (BadSignature, TypeError):
        return None


def _signer(console: Console) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(console.settings.signing_secret, salt="staff said")


def entries_for(request: Request, signed: Who | None) -> Sequence[Entry]:
    """The navigation of somebody: the pages there are, without those that are not for them."""
    if signed is None:
        return ()
    known = console_of(request).paths
    return [
        entry
        for entry in NAVIGATION
        if entry.path in known and (signed.is_admin or not entry.admins_only)
    ]


def safe_path(wanted: str) -> str:
    """Where to go after signing in: a page of the console, whatever an address asks for."""
    parts = urlsplit(wanted)
    own = parts.path == HOME or parts.path.startswith(f"{HOME}/")
    plain = not parts.scheme and not parts.netloc and "\\" not in wanted and wanted.isprintable()
    if not (own and plain) or ".." in parts.path or parts.path == SIGN_IN:
        return HOME
    return parts.path + (f"?{parts.query}" if parts.query else "")


def unbroken(text: str) -> str:
    """The same words, on one line of a page: half a date at the end of a line is hard to read."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def add_filters(templates: Jinja2Templates, console: Console) -> None:
    """What the console's templates write moments with, in the clinic's time zone."""
    zone = console.clinic.zone

    def aware(moment: datetime | float) -> datetime:
        return moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)

    def day(moment: datetime | float) -> str:
        return unbroken(f"{aware(moment).astimezone(zone):%a %-d %b %Y}")

    def clock(moment: datetime | float) -> str:
        return unbroken(clock_text(aware(moment), zone))

    def written_date(text: str) -> str:
        try:
            return unbroken(f"{date.fromisoformat(text):%-d %b %Y}")
        except ValueError:
            return text  # as somebody wrote it by hand

    templates.env.filters["day"] = day
    templates.env.filters["clock"] = clock
    templates.env.filters["date"] = written_date
    templates.env.filters["moment"] = lambda moment: f"{day(moment)}, {clock(moment)}"
    templates.env.filters["iso"] = lambda moment: (
        aware(moment).astimezone(zone).isoformat(timespec="minutes")
    )
