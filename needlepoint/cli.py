"""The command line: what staff and `make` do with Needlepoint."""

from __future__ import annotations

import sys

import typer
from pydantic import SecretStr
from sqlalchemy import make_url

from booking.errors import BookingUnavailable
from needlepoint import (
    faq_commands,
    figures_commands,
    inbox_commands,
    model_commands,
    outbox_commands,
    privacy_commands,
    request_commands,
    staff_commands,
    teaching_commands,
)
from needlepoint.printing import AsJson, show, table
from needlepoint.settings import PREFIX, Settings, SettingsError, read_settings
from web.live_model import UnknownModel

# Whose errors are told in a line; any other is a mistake of ours, and its traceback of use.
OURS = {"booking", "faq", "needlepoint"}

app = typer.Typer(
    help="The front desk of a skincare clinic's website.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("ask")(faq_commands.ask_question)
app.add_typer(faq_commands.faq_app, name="faq")
app.add_typer(inbox_commands.inbox_app, name="inbox")
faq_commands.faq_app.command("add")(teaching_commands.add_faq)
faq_commands.faq_app.command("remove")(teaching_commands.remove_faq)
faq_commands.faq_app.command("draft")(teaching_commands.draft_from_article)
app.command("teach")(model_commands.teach)
app.command("train")(model_commands.train_model)
app.command("evaluate")(model_commands.evaluate_model)
app.command("publish")(model_commands.publish_model)
app.command("rollback")(model_commands.roll_back)
app.add_typer(model_commands.models_app, name="models")
app.add_typer(model_commands.versions_app, name="versions")
app.add_typer(request_commands.requests_app, name="requests")
app.command("availability")(request_commands.list_free_times)
app.add_typer(request_commands.messages_app, name="messages")
app.add_typer(outbox_commands.outbox_app, name="outbox")
app.command("figures")(figures_commands.show_figures)
app.add_typer(privacy_commands.privacy_app, name="privacy")
app.add_typer(staff_commands.staff_app, name="staff")


def main() -> None:
    """Run a command; what goes wrong is told in a line, without a traceback."""
    try:
        app()
    except SettingsError as error:
        _stop(error, 2)
    except UnknownModel as error:
        _stop(f"there is no model {error}: see 'needlepoint models list'")
    except BookingUnavailable as error:
        _stop(f"{error} ({str(error.__cause__).splitlines()[0]})" if error.__cause__ else error)
    except OSError as error:
        _stop(f"{error.strerror}: {error.filename}" if error.filename else error)
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in OURS:
            raise
        _stop(error)


def _stop(reason: object, code: int = 1) -> None:
    print(reason, file=sys.stderr)
    sys.exit(code)


@app.command("settings")
def show_settings(json_: AsJson = False) -> None:
    """Show what Needlepoint is told by its environment."""
    settings = read_settings()
    rows = [
        {"variable": f"{PREFIX}{name.upper()}", "value": _shown(name, getattr(settings, name))}
        for name in Settings.model_fields
    ]
    show(rows, json_, lambda rows: table(rows, ["variable", "value"]))


def _shown(name: str, value: object) -> str | int | None:
    if isinstance(value, SecretStr):
        return "(set)"
    if isinstance(value, tuple):
        return ",".join(value)
    if name == "database_url":
        return make_url(str(value)).render_as_string(hide_password=True)
    return value if value is None or isinstance(value, int) else str(value)


@app.command("migrate")
def migrate_databases() -> None:
    """Bring the databases up to date."""
    from needlepoint.databases import migrate

    migrate(read_settings())


@app.command("run")
def run_everything() -> None:
    """Start everything, after training what has changed."""
    from needlepoint.run import run_all

    settings = read_settings()
    model_commands.train_what_changed(settings)
    # The databases are brought up to date by the processes that use them first, while Rasa loads.
    raise typer.Exit(run_all(settings))


# Each process imports only what it needs: the web server's parts are no use to the worker.


@app.command("serve")
def serve_web() -> None:
    """Run the web process."""
    from needlepoint.serve import run_web

    run_web(read_settings())


@app.command("actions")
def serve_actions() -> None:
    """Run the action server."""
    from needlepoint.act import run_actions

    run_actions(read_settings())


@app.command("worker")
def work() -> None:
    """Run the worker, which hands requests off and deletes old data."""
    from needlepoint.worker import run_worker

    run_worker(read_settings())
