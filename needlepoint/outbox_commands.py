"""Commands for what is handed off: what waits, what failed, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from booking import outbox
from booking.models import Delivery
from needlepoint.printing import AsJson, show, table
from needlepoint.staff import Desk

outbox_app = typer.Typer(
    help="What goes to e-mail, webhook and calendar; dead is what was given up.",
    no_args_is_help=True,
)

COLUMNS = ["key", "reference", "event", "channel", "state", "attempts", "due_at", "error"]


@outbox_app.command("list")
def list_outbox(
    state: Annotated[str | None, typer.Option(help="pending, delivered or dead.")] = None,
    json_: AsJson = False,
) -> None:
    """List what was and is to be handed off, the newest first."""
    wanted = _state(state) if state else None
    desk = Desk()
    found = outbox.list_outbox(desk.engine, state=wanted)
    rows = [outbox.as_json(entry, desk.zone) for entry in found]
    show(rows, json_, lambda rows: table(rows, COLUMNS))


def _state(name: str) -> Delivery:
    try:
        return Delivery(name.strip().lower())
    except ValueError:
        known = ", ".join(state.value for state in Delivery)
        raise typer.BadParameter(f"{name!r} is none of {known}") from None


@outbox_app.command("retry")
def retry(
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="From outbox list.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
    json_: AsJson = False,
) -> None:
    """Try again at once what was given up, or waits for its next attempt."""
    if all_ == (key is not None):
        raise typer.BadParameter("name either a KEY or --all")
    desk = Desk()
    tried = outbox.retry_all(desk.engine) if key is None else [outbox.retry_entry(desk.engine, key)]
    rows = [outbox.as_json(entry, desk.zone) for entry in tried]
    show(rows, json_, _retry_text)


def _retry_text(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "Nothing has failed."
    return "Is tried again:\n" + table(rows, COLUMNS[:4])


@outbox_app.command("drop")
def drop(
    key: Annotated[str, typer.Argument(metavar="KEY", help="From outbox list.")],
    json_: AsJson = False,
) -> None:
    """Give up what is dead for good, so that what waits behind it goes on."""
    outbox.drop_entry(Desk().engine, key)
    show({"dropped": key}, json_, lambda dropped: f"Dropped {dropped['dropped']}.")
