"""The command for how the assistant does, in numbers: those of the console's dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from booking.database import open_database, run_migrations
from faq.library import read_faqs
from needlepoint.printing import AsJson, as_json_text, table, write
from needlepoint.settings import Settings
from needlepoint.staff import Desk, From, Output, StaffError, To
from web import chat_store
from web.staff import dashboard_tables as tables
from web.staff.dashboard_figures import Figures, FiguresUnavailable, count_figures
from web.staff.dashboard_period import BadPeriod, read_period

FAQS_SHOWN = 10


class Table(StrEnum):
    DAYS = "days"
    FAQS = "faqs"
    BOOKINGS = "bookings"


AsCsv = Annotated[bool, typer.Option("--csv", help="Print a table for spreadsheets.")]
WhichTable = Annotated[Table, typer.Option("--table", help="Which one --csv prints.")]


def show_figures(
    first: From = None,
    last: To = None,
    json_: AsJson = False,
    csv_: AsCsv = False,
    which: WhichTable = Table.DAYS,
    output: Output = None,
) -> None:
    """Show how the assistant does: of the last 30 days, or of those asked for."""
    if json_ and csv_:
        raise typer.BadParameter("choose one of --json and --csv")
    desk = Desk()
    figures, titles = _figures(desk, first, last), _titles(desk.settings)
    if csv_:
        write(tables.as_csv(which, tables.rows_of(which, figures, titles)), output)
    elif json_:
        write(as_json_text(tables.as_json(figures, titles)), output)
    else:
        write(f"{_text(tables.as_json(figures, titles))}\n".encode(), output)


def _figures(desk: Desk, first: str | None, last: str | None) -> Figures:
    try:
        period = read_period("", first or "", last or "", now=desk.real_now(), zone=desk.zone)
    except BadPeriod as bad:
        raise typer.BadParameter(str(bad)) from None
    with _chat(desk.settings) as chat:
        try:
            return count_figures(chat, desk.engine, period)
        except FiguresUnavailable as unavailable:
            raise StaffError(str(unavailable)) from None


@contextmanager
def _chat(settings: Settings) -> Iterator[Engine]:
    """The database of the conversations, with its tables."""
    settings.make_state_dir()
    run_migrations(settings.chat_database_url, chain="chat", metadata=chat_store.metadata)
    engine = open_database(settings.chat_database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _titles(settings: Settings) -> Mapping[str, str]:
    try:
        return {faq.slug: faq.title for faq in read_faqs(settings.content)}
    except OSError:
        return {}


def _text(found: Mapping[str, Any]) -> str:
    """The sums beside those of the days before, then FAQs and bookings."""
    total, before = found["total"], found["total_before"]
    sums = [{"": name, "count": total[name], "before": before[name]} for name in total]
    steps, steps_before = found["bookings"], found["bookings_before"]
    bookings = [{"": name, "count": steps[name], "before": steps_before[name]} for name in steps]
    columns = ["", "count", "before"]
    parts = [
        f"{found['from']} to {found['to']} ({found['time_zone']}), and as many days before",
        table([_spaced(row) for row in sums], columns),
    ]
    if found["faqs"]:
        parts.append(table(found["faqs"][:FAQS_SHOWN], list(tables.COLUMNS["faqs"])))
    parts.append(table([_spaced(row) for row in bookings], columns))
    return "\n\n".join(parts)


def _spaced(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "": row[""].replace("_", " ")}
