"""Commands for the accounts of the console's people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Engine

from booking.clinic import read_clinic
from booking.database import open_database, run_migrations
from faq.models import StaffAccount, StaffBase
from needlepoint.printing import AsJson, show, table
from needlepoint.settings import Settings, read_settings
from needlepoint.staff import StaffError
from web.staff import accounts, log
from web.staff.accounts import AccountRefused

# Who did it, in the log: whoever may use the server's command line.
ACTOR = "command line"

staff_app = typer.Typer(help="Accounts of the console's people.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help='Such as "Mara Quinn".')]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@staff_app.command("add")
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="editor or admin.")] = "editor",
    password_stdin: FromStdin = False,
    json_: AsJson = False,
) -> None:
    """Add somebody who may sign in, or let somebody who had left back in."""
    with _accounts() as (settings, engine):
        wanted = accounts.read_role(role)
        shown = accounts.read_name(name)
        account = accounts.add_account(engine, shown, _password(password_stdin), wanted)
        log.record(engine, ACTOR, "added to staff", account.name, account.role)
    _show(settings, account, json_, f"{account.name} ({account.role}) can sign in at")


@staff_app.command("list")
def list_people(json_: AsJson = False) -> None:
    """List the accounts; those who left come last."""
    with _accounts() as (settings, engine):
        zone = read_clinic(settings.clinic).zone
        rows = [accounts.as_json(one, zone) for one in accounts.list_accounts(engine)]
    columns = ["name", "role", "active", "created_at"]
    show(rows, json_, lambda rows: table(rows, columns) if rows else "Nobody can sign in yet.")


@staff_app.command("remove")
def remove(name: Name, json_: AsJson = False) -> None:
    """Let somebody in no more; what they did stays under their name."""
    with _accounts() as (settings, engine):
        account = accounts.deactivate(engine, name)
        log.record(engine, ACTOR, "deactivated", account.name)
    _show(settings, account, json_, f"{account.name} can no longer sign in at")


@staff_app.command("password")
def password(name: Name, password_stdin: FromStdin = False, json_: AsJson = False) -> None:
    """Give somebody a new password, which signs them out."""
    with _accounts() as (settings, engine):
        account = accounts.set_password(engine, name, _password(password_stdin))
        log.record(engine, ACTOR, "gave a new password to", account.name)
    _show(settings, account, json_, f"{account.name} has a new password for")


@contextmanager
def _accounts() -> Iterator[tuple[Settings, Engine]]:
    settings = read_settings()
    settings.make_state_dir()
    run_migrations(settings.staff_database_url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(settings.staff_database_url)
    try:
        yield settings, engine
    except AccountRefused as refused:
        raise StaffError(str(refused)) from None
    finally:
        engine.dispose()


def _password(from_stdin: bool) -> str:
    """Asked for twice, or the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _show(settings: Settings, account: StaffAccount, json_: bool, told: str) -> None:
    found = accounts.as_json(account, read_clinic(settings.clinic).zone)
    show(found, json_, lambda _: f"{told} {settings.public_base_url}/staff")
