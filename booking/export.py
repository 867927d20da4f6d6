"""Requests as files for other programs: a table for spreadsheets, entries for calendars."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import tzinfo
from typing import TYPE_CHECKING

from booking.hand_off.calendar_file import calendar_of
from booking.hand_off.notice import Event, Notice
from booking.models import Status
from booking.requests import STAFF, as_json

if TYPE_CHECKING:
    from booking.clinic import Clinic
    from booking.models import ConsultationRequest

# Spreadsheets take the first three bytes of a file for a sign that it is UTF-8.
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet would compute, or run, instead of showing it; the wide ones are typed in Asia.
FORMULA = tuple("=+-@＝＋－＠")
COLUMNS = (
    "reference",
    "status",
    "starts_at",
    "ends_at",
    "practitioner",
    "name",
    "email",
    "phone",
    "concern",
    "notes",
    "created_at",
)


def requests_csv(requests: Iterable[ConsultationRequest], tz: tzinfo) -> bytes:
    """A line for each request under a line of names; what `requests list --json` has, and more.

    UTF-8 with a byte order mark. A cell that a spreadsheet would take for a formula, such as a
    phone number's +, begins with an apostrophe.
    """
    file = io.StringIO(newline="")
    table = csv.DictWriter(file, COLUMNS)
    table.writeheader()
    for request in requests:
        row = {
            **as_json(request, tz),
            "ends_at": request.ends_at.astimezone(tz).isoformat(),
            "practitioner": request.practitioner,
        }
        table.writerow({name: plain_cell(value) for name, value in row.items()})
    return (BYTE_ORDER_MARK + file.getvalue()).encode()


def plain_cell(value: str | None) -> str:
    """A cell that a spreadsheet shows as it is, and never computes."""
    text = value or ""
    # Some spreadsheets look behind blanks at the beginning of a cell.
    risky = text.lstrip().startswith(FORMULA) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if risky else text


def requests_ics(requests: Iterable[ConsultationRequest], clinic: Clinic) -> bytes:
    """A calendar file of the requests, with the UIDs that the hand-offs' entries have."""
    return calendar_of(map(_notice, requests), clinic)


def _notice(request: ConsultationRequest) -> Notice:
    """How the request stands now, as its latest news."""
    new = request.status is Status.NEW
    return Notice(
        key=request.reference,
        event=Event.REQUESTED if new else Event(request.status.value),
        at=request.updated_at,
        by=STAFF,
        reference=request.reference,
        name=request.name,
        email=request.email,
        phone=request.phone,
        text=request.concern,
        status=request.status.value,
        sequence=request.sequence,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        practitioner=request.practitioner,
        notes=request.notes,
        visitor_zone=request.visitor_zone,
    )
