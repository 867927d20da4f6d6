"""Who is signed in, and whether a form is theirs: what every page of the console asks for first.

A page takes `Signed`, one for admins `SignedAdmin`. Whoever is not signed in is led to the
sign-in page. What changes something is a POST, and every POST is checked twice: the browser says
that it comes from our own page, and its field `csrf` is that of the session.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from faq.database import StaffDatabaseUnavailable
from web.manage import comes_from_our_page
from web.staff import log, sessions
from web.staff.accounts import has_accounts
from web.staff.console import Console, Staffed, console_of
from web.staff.pages import HOME, SIGN_IN, Who, entries_for, go_to, render, safe_path
from web.staff.sessions import SESSION_SECONDS, SignInRefused, TooManyTries

__all__ = [
    "AdminsOnly",
    "ForeignForm",
    "NotSignedIn",
    "Sent",
    "Signed",
    "SignedAdmin",
    "SignedIn",
    "admin_only",
    "audit",
    "console_of",
    "go_to",
    "lead_to_sign_in",
    "render",
    "router",
    "signed_in",
    "signed_so_far",
]

logger = logging.getLogger(__name__)

COOKIE = "needlepoint_staff"
MOST_FIELDS = 500
LARGEST_FIELD = 1024 * 1024

router = APIRouter(prefix="/staff", include_in_schema=False)


class NotSignedIn(Exception):
    """Nobody is signed in in this browser, or the session is over."""


class AdminsOnly(Exception):
    """An editor asked for what only admins may do."""


class ForeignForm(Exception):
    """A form that was not sent from our own page, or not in this session."""


@dataclass(frozen=True)
class SignedIn(Who):
    """Who is signed in, and the console they work in."""

    console: Console


async def sent(request: Request) -> FormData:
    """The fields of a sent form, files among them; of anything else, none."""
    if request.method != "POST":
        return FormData()
    try:
        return await request.form(max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD)
    except HTTPException:
        return FormData()


Sent = Annotated[FormData, Depends(sent)]


def signed_in(request: Request, console: Staffed, form: Sent) -> SignedIn:
    """Raises `NotSignedIn`, `ForeignForm` or `StaffDatabaseUnavailable`."""
    token = request.cookies.get(COOKIE)
    account = sessions.account_of(console.staff_engine, token) if token else None
    if token is None or account is None:
        raise NotSignedIn
    csrf = sessions.form_token(console.settings.signing_secret, token)
    signed = SignedIn(account.name, account.role, csrf, console)
    request.state.signed = signed
    if request.method not in ("GET", "HEAD"):
        check_form(request, console, form, csrf)
    return signed


def check_form(request: Request, console: Console, form: FormData, csrf: str) -> None:
    """Raises `ForeignForm`."""
    field = form.get("csrf")
    given = field if isinstance(field, str) else ""
    ours = comes_from_our_page(request, console.settings.public_base_url)
    if not ours or not hmac.compare_digest(given.encode(), csrf.encode()):
        raise ForeignForm


Signed = Annotated[SignedIn, Depends(signed_in)]


def admin_only(signed: Signed) -> SignedIn:
    """Raises `AdminsOnly`, besides what `signed_in` raises."""
    if not signed.is_admin:
        raise AdminsOnly
    return signed


SignedAdmin = Annotated[SignedIn, Depends(admin_only)]


def audit(signed: SignedIn, what: str, about: str = "", detail: str = "") -> None:
    """Log what somebody did, such as "published"; nothing of what visitors said belongs here.

    It is done already: a log that cannot be written must not make it look as if it were not.
    """
    try:
        log.record(signed.console.staff_engine, signed.name, what, about, detail)
    except StaffDatabaseUnavailable:
        logger.error("not in staff's log: %s %s %s", signed.name, what, about)


# --- in and out ---


@router.get("")
def home(request: Request, signed: Signed) -> Response:
    """To the first place of the navigation."""
    return go_to(request, entries_for(request, signed)[0].path)


@router.get("/sign-in")
def show_sign_in(request: Request, console: Staffed, next: str = "") -> Response:
    token = request.cookies.get(COOKIE)
    if token and sessions.account_of(console.staff_engine, token):
        return go_to(request, safe_path(next))
    return _sign_in_page(request, console, next)


@router.post("/sign-in")
def sign_in(request: Request, console: Staffed, form: Sent) -> Response:
    if not comes_from_our_page(request, console.settings.public_base_url):
        raise ForeignForm
    name, password, wanted = (str(form.get(one, "")) for one in ("name", "password", "next"))
    try:
        token = sessions.sign_in(
            *(console.staff_engine, console.throttle, name, password),
            address=console.limits.address(request),
        )
    except SignInRefused:
        return _sign_in_page(request, console, wanted, status=401, problem="wrong", name=name)
    except TooManyTries as refused:
        minutes = -(-refused.seconds // 60)
        response = _sign_in_page(
            *(request, console, wanted), status=429, problem="busy", name=name, minutes=minutes
        )
        response.headers["Retry-After"] = str(refused.seconds)
        return response
    before = request.cookies.get(COOKIE)
    if before:
        sessions.sign_out(console.staff_engine, before)
    account = sessions.account_of(console.staff_engine, token)
    log.record(console.staff_engine, account.name if account else name, "signed in")
    response = go_to(request, safe_path(wanted))
    response.set_cookie(
        COOKIE,
        token,
        SESSION_SECONDS,
        path=HOME,
        httponly=True,
        samesite="lax",
        secure=_came_by_https(request),
    )
    return response


@router.post("/sign-out")
def sign_out(request: Request, signed: Signed) -> Response:
    sessions.sign_out(signed.console.staff_engine, request.cookies[COOKIE])
    audit(signed, "signed out")
    response = go_to(request, SIGN_IN, "You are signed out.")
    response.delete_cookie(COOKIE, path=HOME)
    return response


def _came_by_https(request: Request) -> bool:
    """Behind a proxy that ends TLS, only the browser knows: its Origin was found to be ours."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https:")


def _sign_in_page(
    request: Request,
    console: Console,
    wanted: str,
    *,
    status: int = 200,
    problem: str | None = None,
    name: str = "",
    minutes: int = 0,
) -> Response:
    facts = {
        "next": safe_path(wanted) if wanted else "",
        "problem": problem,
        "name": name,
        "minutes": minutes,
        "has_accounts": has_accounts(console.staff_engine),
    }
    return render(request, "staff/sign_in.html", None, status=status, **facts)


def lead_to_sign_in(request: Request) -> Response:
    """For whoever is not signed in: to the sign-in page, and back to where they wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return go_to(request, f"{SIGN_IN}?next={quote(safe_path(wanted))}")


def signed_so_far(request: Request) -> SignedIn | None:
    """Who was found to be signed in before something went wrong."""
    signed = getattr(request.state, "signed", None)
    return signed if isinstance(signed, SignedIn) else None
