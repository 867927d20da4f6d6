"""What goes wrong in the console, as pages in its own look that say what to do."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from booking.errors import BookingUnavailable
from faq.database import StaffDatabaseUnavailable
from web.errors import RETRY_SECONDS
from web.staff.auth import (
    AdminsOnly,
    ForeignForm,
    NotSignedIn,
    lead_to_sign_in,
    render,
    signed_so_far,
)
from web.staff.pages import HOME
from web.staff.sessions import TooManyTries

# The page of each status; any other is told as "wrong".
_KINDS = {403: "forbidden", 404: "unknown", 413: "large", 503: "unavailable"}


def problem_page(request: Request, kind: str, status: int) -> Response:
    response = render(
        request, "staff/problem.html", signed_so_far(request), status=status, kind=kind
    )
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def page_of_status(request: Request, status: int) -> Response | None:
    """The console's page for an error of its addresses; None for all others."""
    path = request.url.path
    if path != HOME and not path.startswith(f"{HOME}/"):
        return None
    return problem_page(request, _KINDS.get(status, "wrong"), status)


def install_console_errors(app: FastAPI) -> None:
    """Answer what the console's pages raise."""

    def on_not_signed_in(request: Request, _: Exception) -> Response:
        # What was typed is still in the browser: the page says how to keep it.
        if request.method not in ("GET", "HEAD"):
            return problem_page(request, "signed out", 401)
        return lead_to_sign_in(request)

    def on_foreign_form(request: Request, _: Exception) -> Response:
        return problem_page(request, "foreign", 403)

    def on_admins_only(request: Request, _: Exception) -> Response:
        return problem_page(request, "admins", 403)

    def on_too_many(request: Request, _: Exception) -> Response:
        return problem_page(request, "busy", 429)

    def on_unavailable(request: Request, _: Exception) -> Response:
        return problem_page(request, "unavailable", 503)

    app.add_exception_handler(NotSignedIn, on_not_signed_in)
    app.add_exception_handler(ForeignForm, on_foreign_form)
    app.add_exception_handler(AdminsOnly, on_admins_only)
    app.add_exception_handler(TooManyTries, on_too_many)
    app.add_exception_handler(StaffDatabaseUnavailable, on_unavailable)
    app.add_exception_handler(BookingUnavailable, on_unavailable)
