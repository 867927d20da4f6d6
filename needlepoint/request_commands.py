"""Commands for consultation requests and the messages left for the clinic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from booking import messages, requests
from booking.clinic import Clinic, read_clinic
from booking.database import migrate, open_database
from booking.models import ConsultationRequest, Status
from needlepoint.printing import AsJson, show, table
from needlepoint.settings import read_settings

STAFF = "clinic"  # who is noted to have confirmed or cancelled a request

requests_app = typer.Typer(help="Consultation requests.", no_args_is_help=True)
messages_app = typer.Typer(help="Messages left for the clinic.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(metavar="REF", help="Such as NP-7KQ4MX.")]


@requests_app.command("list")
def list_requests(
    status: Annotated[str | None, typer.Option(help="Such as new or confirmed.")] = None,
    json_: AsJson = False,
) -> None:
    """List the consultation requests, the newest first."""
    wanted = _status(status) if status else None
    desk = _Desk()
    found = requests.list_requests(desk.engine, status=wanted)
    rows = [requests.as_json(request, desk.clinic.zone) for request in found]
    columns = ["reference", "status", "starts_at", "name", "email", "phone", "concern"]
    show(rows, json_, lambda rows: table(rows, columns))


def _status(name: str) -> Status:
    try:
        return Status(name)
    except ValueError:
        known = ", ".join(status.value for status in Status)
        raise typer.BadParameter(f"{name!r} is none of {known}") from None


@requests_app.command("show")
def show_request(reference: Reference, json_: AsJson = False) -> None:
    """Show a request with its history."""
    desk = _Desk()
    desk.show(requests.show_request(desk.engine, reference), json_)


@requests_app.command("confirm")
def confirm_request(reference: Reference, json_: AsJson = False) -> None:
    """Confirm a request."""
    desk = _Desk()
    confirmed = requests.confirm_request(
        desk.engine, desk.clinic, reference, actor=STAFF, now=desk.now()
    )
    desk.show(confirmed, json_)


@requests_app.command("cancel")
def cancel_request(reference: Reference, json_: AsJson = False) -> None:
    """Cancel a request."""
    desk = _Desk()
    cancelled = requests.cancel_request(
        desk.engine, desk.clinic, reference, actor=STAFF, now=desk.now()
    )
    desk.show(cancelled, json_)


@messages_app.command("list")
def list_messages(json_: AsJson = False) -> None:
    """List the messages that visitors left, the newest first."""
    desk = _Desk()
    found = messages.list_messages(desk.engine)
    rows = [messages.as_json(message, desk.clinic.zone) for message in found]
    columns = ["reference", "created_at", "name", "email", "phone", "text"]
    show(rows, json_, lambda rows: table(rows, columns))


class _Desk:
    """The booking database with its tables, the clinic and its clock."""

    engine: Engine
    clinic: Clinic
    now: Callable[[], datetime]

    def __init__(self) -> None:
        settings = read_settings()
        self.clinic = read_clinic(settings.clinic)
        self.now = settings.clock(self.clinic.zone)
        settings.make_state_dir()
        migrate(settings.booking_database_url)
        self.engine = open_database(settings.booking_database_url)

    def show(self, request: ConsultationRequest, json_: bool) -> None:
        zone = self.clinic.zone
        history = [
            {
                "at": event.at.astimezone(zone).isoformat(timespec="seconds"),
                "actor": event.actor,
                "what": event.what,
            }
            for event in request.events
        ]
        show({**requests.as_json(request, zone), "history": history}, json_, _request_text)


def _request_text(request: Mapping[str, Any]) -> str:
    lines = [
        f"{name.replace('_', ' ').capitalize() + ':':12}{value}"
        for name, value in request.items()
        if name != "history" and value is not None
    ]
    history = [
        f"  {event['at']} {event['what']} ({event['actor']})" for event in request["history"]
    ]
    return "\n".join([*lines, "History:", *history])
