"""Commands for consultation requests, the free times, and the messages left for the clinic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Any

import typer

from booking import messages, outbox, requests
from booking.availability import free_starts
from booking.export import requests_csv, requests_ics
from booking.models import ConsultationRequest, Status
from needlepoint.printing import AsJson, as_json_text, show, table, write
from needlepoint.staff import Desk, From, Output, Reference, To

DAYS_SHOWN = 7

requests_app = typer.Typer(help="Consultation requests.", no_args_is_help=True)
messages_app = typer.Typer(help="Messages left for the clinic.", no_args_is_help=True)


class Format(StrEnum):
    CSV = "csv"
    ICS = "ics"


StatusName = Annotated[str | None, typer.Option("--status", help="Such as new or confirmed.")]
Search = Annotated[
    str, typer.Option("--search", help="Words of name, e-mail, phone, concern or notes.")
]


@requests_app.command("list")
def list_requests(
    status: StatusName = None,
    first: From = None,
    last: To = None,
    search: Search = "",
    json_: AsJson = False,
) -> None:
    """List the consultation requests, the newest first; --from and --to are about their times."""
    desk = Desk()
    found = _found(desk, status, first, last, search)
    rows = [requests.as_json(request, desk.zone) for request in found]
    columns = ["reference", "status", "starts_at", "name", "email", "phone", "concern"]
    show(rows, json_, lambda rows: table(rows, columns))


def _found(
    desk: Desk, status: str | None, first: str | None, last: str | None, search: str
) -> Sequence[ConsultationRequest]:
    wanted = _status(status) if status else None
    since, until = desk.stretch(first, last)
    return requests.list_requests(
        desk.engine, status=wanted, since=since, until=until, search=search
    )


def _status(name: str) -> Status:
    try:
        return Status(name.strip().lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(status.value for status in Status)
        raise typer.BadParameter(f"{name!r} is none of {known}") from None


@requests_app.command("show")
def show_request(reference: Reference, json_: AsJson = False) -> None:
    """Show a request with its history."""
    desk = Desk()
    _show(desk, requests.show_request(desk.engine, reference), json_)


@requests_app.command("confirm")
def confirm_request(reference: Reference, json_: AsJson = False) -> None:
    """Confirm a request; its visitor is told, where hand-offs are on."""
    _decide(requests.confirm_request, reference, json_)


@requests_app.command("decline")
def decline_request(reference: Reference, json_: AsJson = False) -> None:
    """Decline a request, which frees its time."""
    _decide(requests.decline_request, reference, json_)


@requests_app.command("cancel")
def cancel_request(reference: Reference, json_: AsJson = False) -> None:
    """Cancel a request, which frees its time."""
    _decide(requests.cancel_request, reference, json_)


@requests_app.command("no-show")
def mark_no_show(reference: Reference, json_: AsJson = False) -> None:
    """Note that the visitor did not come."""
    _decide(requests.mark_no_show, reference, json_)


def _decide(decision: Callable[..., ConsultationRequest], reference: str, json_: bool) -> None:
    desk = Desk()
    decided = decision(desk.engine, desk.clinic, reference, actor=requests.STAFF, now=desk.now())
    _show(desk, decided, json_)


@requests_app.command("move")
def move_request(
    reference: Reference,
    time: Annotated[list[str], typer.Argument(metavar="TIME", help='Such as "2026-11-25 10:00".')],
    json_: AsJson = False,
) -> None:
    """Move a request to another time, in the clinic's time zone."""
    desk = Desk()
    wanted = desk.moment(" ".join(time))
    with desk.in_words(wanted):
        moved = requests.move_request(
            desk.engine,
            desk.clinic,
            reference,
            wanted,
            actor=requests.STAFF,
            now=desk.now(),
            real_now=desk.real_now(),
        )
    _show(desk, moved, json_)


@requests_app.command("note")
def note_request(
    reference: Reference,
    text: Annotated[str, typer.Argument(help='Replaces the note there is; "" takes it away.')],
    json_: AsJson = False,
) -> None:
    """Put a note on a request, for staff only."""
    desk = Desk()
    with desk.in_words():
        noted = requests.note_request(
            desk.engine, reference, text, actor=requests.STAFF, now=desk.now()
        )
    _show(desk, noted, json_)


@requests_app.command("export")
def export_requests(
    format_: Annotated[Format, typer.Option("--format", help="For spreadsheets or calendars.")] = (
        Format.CSV
    ),
    status: StatusName = None,
    first: From = None,
    last: To = None,
    search: Search = "",
    output: Output = None,
    json_: AsJson = False,
) -> None:
    """Export requests, the earliest time first."""
    desk = Desk()
    found = sorted(_found(desk, status, first, last, search), key=lambda one: one.starts_at)
    if json_:
        write(as_json_text([requests.as_json(one, desk.zone) for one in found]), output)
    elif format_ is Format.CSV:
        write(requests_csv(found, desk.zone), output)
    else:
        write(requests_ics(found, desk.clinic), output)


def list_free_times(first: From = None, last: To = None, json_: AsJson = False) -> None:
    """List the free times, by day: of the next seven days, or of those asked for."""
    desk = Desk()
    start, end = desk.days(first, last)
    today = desk.now().date()
    start = start or min(today, end or today)
    end = end or start + timedelta(days=DAYS_SHOWN - 1)
    free = free_starts(desk.engine, desk.clinic, start, end, desk.now(), real_now=desk.real_now())
    days = [
        {"day": day.isoformat(), "starts": [one.isoformat() for one in starts]}
        for day, starts in groupby(free, key=lambda one: one.date())
    ]
    show(days, json_, lambda days: _free_text(days, start, end))


def _free_text(days: Sequence[Mapping[str, Any]], start: date, end: date) -> str:
    if not days:
        return f"Nothing is free from {start} to {end}."
    lines = []
    for day in days:
        starts = [datetime.fromisoformat(one) for one in day["starts"]]
        lines.append(f"{starts[0]:%a %Y-%m-%d}  {' '.join(f'{one:%H:%M}' for one in starts)}")
    return "\n".join(lines)


@messages_app.command("list")
def list_messages(json_: AsJson = False) -> None:
    """List the messages that visitors left, the newest first."""
    desk = Desk()
    found = messages.list_messages(desk.engine)
    rows = [messages.as_json(message, desk.zone) for message in found]
    columns = ["reference", "created_at", "name", "email", "phone", "text"]
    show(rows, json_, lambda rows: table(rows, columns))


# --- one request ---


def _show(desk: Desk, request: ConsultationRequest, json_: bool) -> None:
    practitioner = desk.clinic.practitioner(request.practitioner)
    hand_offs = outbox.list_outbox(desk.engine, reference=request.reference)
    found = {
        **requests.as_json(request, desk.zone),
        "ends_at": request.ends_at.astimezone(desk.zone).isoformat(),
        "practitioner": practitioner.name if practitioner else request.practitioner,
        "time_zone": request.visitor_zone,
        "consent": request.consent_version,
        "manage_url": desk.links.url(request.reference),
        "history": requests.history_as_json(request, desk.zone),
        "hand_offs": [outbox.as_json(entry, desk.zone) for entry in reversed(hand_offs)],
    }
    show(found, json_, _request_text)


def _request_text(request: Mapping[str, Any]) -> str:
    lines = [
        f"{name.replace('_', ' ').capitalize() + ':':14}{value}"
        for name, value in request.items()
        if not isinstance(value, list) and value is not None
    ]
    lines += ["History:", *map(_event_line, request["history"])]
    if request["hand_offs"]:
        lines += ["Handed off:", *map(_hand_off_line, request["hand_offs"])]
    return "\n".join(lines)


def _event_line(event: Mapping[str, str]) -> str:
    return f"  {event['at']} {event['what']} ({event['actor']})"


def _hand_off_line(entry: Mapping[str, Any]) -> str:
    why = f": {entry['error']}" if entry["error"] else ""
    when = entry["delivered_at"] or entry["due_at"]
    return f"  {when} {entry['event']} to {entry['channel']}, {entry['state']}{why}"
