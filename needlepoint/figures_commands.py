"""The command for how the assistant does, in numbers: those of the console's dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import Engine, MetaData

from booking.database import open_database, run_migrations
from faq.library import read_faqs
from faq.models import StaffBase
from needlepoint.printing import AsJson, as_json_text, table, write
from needlepoint.settings import Settings
from needlepoint.staff import Desk, From, Output, StaffError, To
from web import chat_store
from web.staff import dashboard_tables as tables
from web.staff.dashboard_figures import Figures, FiguresUnavailable, count_figures
from web.staff.dashboard_period import BadPeriod, Period, read_period
from web.staff.dashboard_unknown import MOST_IN_A_FILE, NotKnown, not_known
from web.staff.teaching import Teaching

FAQS_SHOWN = 10


class Table(StrEnum):
    DAYS = "days"
    FAQS = "faqs"
    BOOKINGS = "bookings"
    NOT_KNOWN = "not-known"


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
    period = _period(desk, first, last)
    titles = _titles(desk.settings)
    if not csv_:
        found = tables.as_json(_figures(desk, period), titles, _not_known(desk, period))
        write(as_json_text(found) if json_ else f"{_text(found)}\n".encode(), output)
        return
    if which is Table.NOT_KNOWN:
        rows = tables.rows_of_unknown(_not_known(desk, period), period)
    else:
        rows = tables.rows_of(which, _figures(desk, period), titles)
    write(tables.as_csv(which, rows), output)


def _period(desk: Desk, first: str | None, last: str | None) -> Period:
    try:
        return read_period("", first or "", last or "", now=desk.real_now(), zone=desk.zone)
    except BadPeriod as bad:
        raise typer.BadParameter(str(bad)) from None


def _figures(desk: Desk, period: Period) -> Figures:
    url = desk.settings.chat_database_url
    with _database(desk.settings, url, "chat", chat_store.metadata) as chat:
        try:
            return count_figures(chat, desk.engine, period)
        except FiguresUnavailable as unavailable:
            raise StaffError(str(unavailable)) from None


def _not_known(desk: Desk, period: Period) -> NotKnown:
    settings, url = desk.settings, desk.settings.staff_database_url
    meanings = Teaching.of(settings.content, settings.live_model_pointer.parent).meanings
    with _database(settings, url, "staff", StaffBase.metadata) as engine:
        return not_known(engine, meanings, settings.content, period, most=MOST_IN_A_FILE)


@contextmanager
def _database(settings: Settings, url: str, chain: str, metadata: MetaData) -> Iterator[Engine]:
    """One of the databases, with its tables."""
    settings.make_state_dir()
    run_migrations(url, chain=chain, metadata=metadata)
    engine = open_database(url)
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
    if found["not_known"]:
        shown = found["not_known"][:FAQS_SHOWN]
        parts.append(f"Asked and not known\n{table(shown, ['times', 'question', 'nearest_faq'])}")
    return "\n\n".join(parts)


def _spaced(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "": row[""].replace("_", " ")}
