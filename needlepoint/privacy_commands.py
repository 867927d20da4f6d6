"""Commands for people who ask what is kept about them, or ask for it to be erased."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from sqlalchemy.exc import SQLAlchemyError

from booking import requests
from booking.addresses import Address
from booking.errors import BookingUnavailable
from booking.models import ConsultationRequest
from faq.database import StaffDatabaseUnavailable
from needlepoint.databases import migrate
from needlepoint.people import Found, Records, wait_until_told
from needlepoint.printing import AsJson, as_json_text, show, table, write
from needlepoint.staff import TYPED, Desk, Output, StaffError

privacy_app = typer.Typer(help="What is kept about a person.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]

# How long the clinic's other systems are given to hear of a cancellation.
WAIT_SECONDS = 30.0


@privacy_app.command("export")
def export(email: Email, output: Output = None, json_: AsJson = False) -> None:
    """Print all that is kept about an address, as one JSON document."""
    desk = Desk()
    with _records(desk, email) as (records, address):
        write(as_json_text(records.export(address, desk.zone)), output)


@privacy_app.command("erase")
def erase(
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[
        float, typer.Option(help="Seconds for cancellations to be handed off first.")
    ] = WAIT_SECONDS,
    json_: AsJson = False,
) -> None:
    """Erase all that is kept about an address; consultations to come are cancelled first."""
    desk = Desk()
    with _records(desk, email) as (records, address):
        found = records.find(address)
        coming = found.kept.still_to_come(desk.now())
        if found:
            _tell(_summary(desk, address, found, coming))
            if not yes:
                typer.confirm("Erase it for good?", abort=True, err=True)
        _cancel(desk, coming, wait)
        gone = records.erase(address)
    report = {
        "email": address.email,
        "cancelled": [one.reference for one in coming],
        **gone.as_json(desk.zone),
    }
    show(report, json_, _report_text)


@contextmanager
def _records(desk: Desk, email: str) -> Iterator[tuple[Records, Address]]:
    with desk.in_words():
        address = Address(email)
    migrate(desk.settings)
    records = Records(desk.settings)
    try:
        yield records, address
    except (SQLAlchemyError, BookingUnavailable, StaffDatabaseUnavailable) as error:
        what = "a database does not answer" if isinstance(error, SQLAlchemyError) else error
        reason = f" ({str(error.__cause__).splitlines()[0]})" if error.__cause__ else ""
        raise StaffError(f"{what}{reason}: run this once more") from None
    finally:
        records.close()


def _cancel(desk: Desk, coming: Sequence[ConsultationRequest], wait: float) -> None:
    """Cancel requests, and let the calendar and all others hear of it before they are gone."""
    for request in coming:
        requests.cancel_request(
            desk.engine, desk.clinic, request.reference, actor=requests.STAFF, now=desk.now()
        )
    if coming and not wait_until_told(desk.engine, coming, wait):
        _tell("Not everybody could be told of the cancellation: see what to remove by hand.")


def _summary(
    desk: Desk, address: Address, found: Found, coming: Sequence[ConsultationRequest]
) -> str:
    kept = ", ".join(
        [
            _count(found.kept.requests, "request"),
            _count(found.kept.messages, "message"),
            _count(found.conversations, "conversation"),
        ]
    )
    lines = [f"Kept about {address.email}: {kept}."]
    lines += [
        f"{one.reference} on {one.starts_at.astimezone(desk.zone):{TYPED}} is cancelled first."
        for one in coming
    ]
    return "\n".join(lines)


def _count(found: Any, what: str) -> str:
    return f"{len(found)} {what}{'' if len(found) == 1 else 's'}"


def _report_text(report: Mapping[str, Any]) -> str:
    counts = ("requests", "messages", "chat_messages", "events", "inbox_questions")
    told = ", ".join(f"{report[name]} {name.replace('_', ' ')}" for name in counts)
    lines = [f"Erased: {told}."]
    if not any(report[name] for name in counts):
        lines = [f"Nothing is kept about {report['email']}."]
    if report["blanked_in_others"]:
        lines.append(f"Blanked in {report['blanked_in_others']} texts of others.")
    if report["remove_by_hand"]:
        lines.append("Remove by hand what was handed off:")
        lines.append(table(report["remove_by_hand"], ["channel", "event", "reference", "at"]))
    return "\n".join(lines)


def _tell(text: str) -> None:
    typer.echo(text, err=True)
