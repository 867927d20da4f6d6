"""How the assistant does, over a chosen period: plots with their numbers, and files of them.

Addresses: `/staff/dashboard` and `/staff/dashboard/<table>.csv`; both take `days`, or `from` and
`to`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from faq.library import read_faqs
from web.staff.auth import Signed, SignedIn, render
from web.staff.console import Console
from web.staff.dashboard_figures import Figures, FiguresUnavailable, has_talk
from web.staff.dashboard_period import CHOICES, BadPeriod, Period, read_period
from web.staff.dashboard_tables import COLUMNS, as_csv, file_name, rows_of, rows_of_unknown
from web.staff.dashboard_unknown import MOST_IN_A_FILE, NotKnown, not_known
from web.staff.dashboard_view import period_words, view_of
from web.staff.errors import problem_page
from web.staff.pages import HEADERS

DASHBOARD = "/staff/dashboard"
INBOX = "/staff/inbox"
UNKNOWN_SHOWN = 6

router = APIRouter(prefix=DASHBOARD, include_in_schema=False)


@router.get("")
def show(
    request: Request,
    signed: Signed,
    days: str = "",
    first: str = Query("", alias="from"),
    last: str = Query("", alias="to"),
) -> Response:
    facts: dict[str, Any] = {"choices": CHOICES, "usual": None, "problem": ""}
    try:
        period = _period(signed, days, first, last)
    except BadPeriod as bad:
        facts |= {"first": first.strip()[:20], "last": last.strip()[:20], "problem": str(bad)}
        return render(request, "staff/dashboard.html", signed, status=422, **facts)
    try:
        facts |= _facts(signed, period)
    except FiguresUnavailable:
        return problem_page(request, "unavailable", 503)
    return render(request, "staff/dashboard.html", signed, **facts)


@router.get("/{table}.csv")
def download(
    request: Request,
    signed: Signed,
    table: str,
    days: str = "",
    first: str = Query("", alias="from"),
    last: str = Query("", alias="to"),
) -> Response:
    """One of the tables as a file for spreadsheets."""
    if table not in COLUMNS:
        raise HTTPException(404)
    try:
        period = _period(signed, days, first, last)
        if table == "not-known":
            rows = rows_of_unknown(_not_known(signed, period, MOST_IN_A_FILE), period)
        else:
            rows = rows_of(table, _figures(signed, period), titles_of(signed.console))
    except BadPeriod:
        # Its page says what is wrong with the period.
        return show(request, signed, days, first, last)
    except FiguresUnavailable:
        return problem_page(request, "unavailable", 503)
    disposition = f'attachment; filename="{file_name(table, period)}"'
    return Response(
        as_csv(table, rows),
        media_type="text/csv",
        headers={**HEADERS, "Content-Disposition": disposition},
    )


def _period(signed: SignedIn, days: str, first: str, last: str) -> Period:
    console = signed.console
    # What was said is stored by the true time, whatever the clinic's clock is set to.
    return read_period(days, first, last, now=console.real_now(), zone=console.clinic.zone)


def _figures(signed: SignedIn, period: Period) -> Figures:
    console = signed.console
    return console.figures.get(console.chat_engine, console.booking_engine, period)


def _not_known(signed: SignedIn, period: Period, most: int) -> NotKnown:
    console = signed.console
    return not_known(
        console.staff_engine, console.teaching.meanings, console.content, period, most=most
    )


def _facts(signed: SignedIn, period: Period) -> dict[str, Any]:
    console = signed.console
    figures = _figures(signed, period)
    today = console.real_now().astimezone(console.clinic.zone).date()
    kept = console.clinic.privacy.retention_days
    return {
        "figures": figures,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "is_new": figures.is_empty and not has_talk(console.chat_engine),
        "view": None if figures.is_empty else view_of(figures, titles_of(console)),
        "unknown": NotKnown() if figures.is_empty else _not_known(signed, period, UNKNOWN_SHOWN),
        "words": period_words(period),
        "words_before": period_words(period.before),
        "until_today": period.last == today,
        "usual": period.length if period.last == today and period.length in CHOICES else None,
        "asked": urlencode({"from": period.first.isoformat(), "to": period.last.isoformat()}),
        # Part of it, or of what it is compared with, is deleted already.
        "kept": kept if _age(period.before.first, today) > kept else None,
        "inbox": INBOX if INBOX in console.paths else None,
    }


def _age(day: date, today: date) -> int:
    return (today - day).days


def titles_of(console: Console) -> Mapping[str, str]:
    """The titles of the FAQs there are, by slug; none when their files are not there."""
    try:
        return {faq.slug: faq.title for faq in read_faqs(console.content)}
    except OSError:
        return {}
