"""The figures as tables, for files and for the command line: names of columns, and rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from booking.export import BYTE_ORDER_MARK, plain_cell
from booking.models import Status
from web.staff.dashboard_figures import HANDED_OVER, OUTCOMES, Bookings, Count, Figures
from web.staff.dashboard_period import Period
from web.staff.dashboard_unknown import NotKnown

Rows = Sequence[Mapping[str, Any]]

# The columns of each table, which is a file of its own.
COLUMNS: Mapping[str, Sequence[str]] = {
    "days": (
        *("day", "conversations", "messages", "questions", *OUTCOMES),
        *(HANDED_OVER, "thumbs_up", "thumbs_down"),
    ),
    "faqs": ("faq", "title", "uses", "uses_before", "thumbs_up", "thumbs_down"),
    "bookings": ("step", "count", "count_before"),
    "not-known": ("question", "times", "last_asked", "nearest_faq"),
}


def rows_of(table: str, figures: Figures, titles: Mapping[str, str]) -> Rows:
    """The rows of a table of `COLUMNS` but the last; `titles` are those of the FAQs, by slug."""
    if table == "days":
        return [{"day": day.isoformat(), **_count(count)} for day, count in figures.days.items()]
    if table == "faqs":
        return [
            {
                "faq": one.slug,
                "title": titles.get(one.slug),
                "uses": one.uses,
                "uses_before": one.before,
                "thumbs_up": one.thumbs_up,
                "thumbs_down": one.thumbs_down,
            }
            for one in figures.faqs
        ]
    now, before = _steps(figures.bookings), _steps(figures.bookings_before)
    return [{"step": step, "count": now[step], "count_before": before[step]} for step in now]


def rows_of_unknown(found: NotKnown, period: Period) -> Rows:
    """The rows of the last table of `COLUMNS`."""
    return [
        {
            "question": one.question,
            "times": one.times,
            "last_asked": one.last_at.astimezone(period.zone).isoformat(timespec="minutes"),
            "nearest_faq": one.nearest,
        }
        for one in found.rows
    ]


def as_csv(table: str, rows: Rows) -> bytes:
    """A file for spreadsheets: UTF-8 with a byte order mark, and no cell that is a formula."""
    file = io.StringIO(newline="")
    written = csv.DictWriter(file, COLUMNS[table])
    written.writeheader()
    for row in rows:
        written.writerow({name: _cell(value) for name, value in row.items()})
    return (BYTE_ORDER_MARK + file.getvalue()).encode()


def _cell(value: Any) -> Any:
    return value if isinstance(value, int) else plain_cell(value)


def file_name(table: str, period: Period) -> str:
    """Such as "assistant-days-2026-10-23-to-2026-11-21.csv"."""
    return f"assistant-{table}-{period.first}-to-{period.last}.csv"


def as_json(figures: Figures, titles: Mapping[str, str], found: NotKnown) -> dict[str, Any]:
    """All of it; days in the clinic's time zone, `time_zone`, as ISO 8601 has them."""
    period = figures.period
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "time_zone": period.zone.key,
        "total": _count(figures.total),
        "total_before": _count(figures.total_before),
        "days": rows_of("days", figures, titles),
        "faqs": rows_of("faqs", figures, titles),
        "bookings": _steps(figures.bookings),
        "bookings_before": _steps(figures.bookings_before),
        "not_known": rows_of_unknown(found, period),
    }


def _count(count: Count) -> dict[str, int]:
    return {
        "conversations": count.conversations,
        "messages": count.messages,
        "questions": count.questions,
        **{outcome: count.outcomes.get(outcome, 0) for outcome in OUTCOMES},
        HANDED_OVER: count.handed_over,
        "thumbs_up": count.thumbs_up,
        "thumbs_down": count.thumbs_down,
    }


def _steps(bookings: Bookings) -> dict[str, int]:
    return {
        "conversations": bookings.conversations,
        "began_a_request": bookings.begun,
        "saw_it_read_back": bookings.read_back,
        "sent_a_request": bookings.sent,
        "clinic_confirmed": bookings.confirmed,
        **{f"requests_{status.value}": bookings.requests.get(status, 0) for status in Status},
    }
