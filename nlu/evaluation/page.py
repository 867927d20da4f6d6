"""The report as one HTML file that fetches nothing: readable offline, safe to send."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Text

from jinja2 import Environment, FileSystemLoader, StrictUndefined  # comes with spaCy

from nlu.evaluation.charts import calibration_chart, coverage_chart
from nlu.evaluation.comparison import TIME
from nlu.evaluation.labels import is_faq
from nlu.evaluation.report import Report
from nlu.evaluation.rows import BENCH_ROWS, LESS, ROWS, Row

TEMPLATE = "page.html"


def page(report: Report) -> Text:
    """The whole page; every text in it is escaped by the template engine."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    titles = {faq["label"]: faq["title"] for faq in report.faqs if faq["title"]}
    environment.filters.update(
        percent=percent,
        points=points,
        title=lambda label: titles.get(label, label),
        when=lambda time: time.replace("T", " ").replace("+00:00", " UTC"),
    )
    return environment.get_template(TEMPLATE).render(
        report=report,
        sets=[*report.sets.items(), ("all", report.total)],
        cards=_cards(report),
        rows=[row for row in ROWS if any(_has(row, one) for one in _all_figures(report))],
        bench_rows=BENCH_ROWS,
        faqs=[faq for faq in report.faqs if faq["asked"] or faq["answered"]],
        unasked=[faq for faq in report.faqs if not faq["asked"] and not faq["answered"]],
        several=[one for one in report.several if not one["right"]],
        dialogues=[one for one in report.dialogues if not one["right"]],
        curve=coverage_chart(report.curve) if report.curve else None,
        calibration=calibration_chart(report.calibration) if report.calibration else None,
        is_time=lambda change: change["kind"] == TIME.kind,
        is_faq=is_faq,
        less=LESS,
    )


def percent(share: float) -> Text:
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def points(difference: float) -> Text:
    """A difference of two shares, with its sign."""
    return f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def _all_figures(report: Report) -> List[Dict[Text, Any]]:
    return [*report.sets.values(), report.total]


def _has(row: Row, figures: Dict[Text, Any]) -> bool:
    return row.share in figures.get(row.kind, {})


def _cards(report: Report) -> List[Dict[Text, Any]]:
    """What is aimed at, with what was reached over all sets."""
    cards = []
    for row in ROWS:
        if row.target is not None and _has(row, report.total):
            found = report.total[row.kind]
            value = found[row.share]
            cards.append({"row": row, "value": value, "n": found["n"], "met": row.is_met(value)})
    return cards
