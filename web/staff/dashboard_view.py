"""What the dashboard shows of its figures: comparisons in words, bars and lines, and steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from booking.models import Status
from web.chat_store import Outcome
from web.staff.dashboard_figures import OUTCOMES, Bookings, Count, FaqUse, Figures
from web.staff.dashboard_period import Period, Span, short_day, spans_of
from web.staff.dashboard_plots import SIZES, Bars, Lines, bars, lines

FAQS_SHOWN = 10

# An outcome in words, and what it means.
OUTCOME_WORDS: Mapping[Outcome, tuple[str, str]] = {
    "answered": ("Answered", "with an approved answer"),
    "clarified": ("Asked back", "“did you mean one of these?”"),
    "professional": ("Sent to a professional", "medical questions that no answer may cover"),
    "declined": ("Not known", "no approved answer, or not about the clinic"),
    "urgent": ("Urgent", "told to get medical care now"),
}
# Where a request stands, in words.
STATUS_WORDS = {
    Status.NEW: "waiting for the clinic",
    Status.RESCHEDULED: "moved, waiting for the clinic",
    Status.CONFIRMED: "confirmed",
    Status.DECLINED: "declined by the clinic",
    Status.CANCELLED: "cancelled",
    Status.NO_SHOW: "did not come",
}


@dataclass(frozen=True)
class Tile:
    """A number at the top of the page, with what it was before."""

    title: str
    value: str
    change: str
    before: str
    hint: str


@dataclass(frozen=True)
class OutcomeRow:
    """A line of the legend."""

    kind: Outcome
    title: str
    hint: str
    count: int
    share: str
    before: int


@dataclass(frozen=True)
class SpanRow:
    """A bar in numbers."""

    title: str
    count: Count
    conversations_before: int


@dataclass(frozen=True)
class FaqRow:
    """A FAQ with its bar, from 0 to 100; without `title` it is gone from the files."""

    slug: str
    title: str | None
    use: FaqUse
    length: float
    change: str
    thumbs: str


@dataclass(frozen=True)
class Step:
    """A step from talk to consultation, with its bar, from 0 to 100."""

    title: str
    count: int
    share: str
    change: str
    hint: str
    length: float


@dataclass(frozen=True)
class View:
    """All that the page draws."""

    tiles: Sequence[Tile]
    weekly: bool
    outcomes: Sequence[OutcomeRow]
    questions: Sequence[Bars]
    talks: Sequence[Lines]
    spans: Sequence[SpanRow]
    faqs: Sequence[FaqRow]
    more_faqs: int
    steps: Sequence[Step]
    statuses: Sequence[tuple[str, int]]
    thumbs_length: float | None
    thumbs_before: str


def view_of(figures: Figures, titles: Mapping[str, str]) -> View:
    """`titles` are those of the FAQs, by slug."""
    period, total, before = figures.period, figures.total, figures.total_before
    spans = spans_of(period)
    rows = _span_rows(figures, spans)
    return View(
        tiles=_tiles(figures),
        weekly=len(spans) < period.length,
        outcomes=[_outcome_row(which, total, before) for which in OUTCOMES],
        questions=_question_plots(spans, rows),
        talks=_talk_plots(spans, rows),
        spans=rows,
        faqs=_faq_rows(figures, titles),
        more_faqs=max(0, len(figures.faqs) - FAQS_SHOWN),
        steps=_steps(figures),
        statuses=[
            (words, figures.bookings.requests[status])
            for status, words in STATUS_WORDS.items()
            if figures.bookings.requests.get(status)
        ],
        thumbs_length=None if total.satisfaction is None else round(total.satisfaction * 100, 2),
        thumbs_before=percent(before.satisfaction),
    )


def percent(share: float | None) -> str:
    """In whole per cents, but never none or all of it unless it is; a dash when there is none."""
    if share is None:
        return "–"
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "under 1 %"
    if whole == 100 and share < 1:
        return "over 99 %"
    return f"{whole} %"


def change(now: int, before: int, *, comparable: bool) -> tuple[str, str]:
    """Such as ("+12 %", "412 before"); nothing where there is nothing to compare with."""
    if not comparable or not (now or before):
        return "", ""
    if before == 0:
        return "none before", ""
    part = round((now - before) / before * 100)
    same = "the same" if now == before else "about the same"
    return f"{_signed(part)} %" if part else same, f"{before:,} before"


def points(now: float | None, before: float | None) -> tuple[str, str]:
    """How two shares differ, such as ("+3 points", "81 % before")."""
    if now is None or before is None:
        return "", ""
    difference = round(now * 100) - round(before * 100)
    told = f"{_signed(difference)} point{'' if abs(difference) == 1 else 's'}"
    return told if difference else "about the same", f"{percent(before)} before"


def _in_a_line(changed: tuple[str, str]) -> str:
    told, before = changed
    return f"{told} ({before})" if before else told


def _signed(number: int) -> str:
    return f"+{number:,}" if number > 0 else f"−{-number:,}"


def _tiles(figures: Figures) -> list[Tile]:
    now, before, known = figures.total, figures.total_before, figures.is_comparable

    def counted(title: str, hint: str, a: int, b: int) -> Tile:
        return Tile(title, f"{a:,}", *change(a, b, comparable=known), hint)

    def shared(title: str, hint: str, a: float | None, b: float | None) -> Tile:
        return Tile(title, percent(a), *points(a, b), hint)

    return [
        counted(
            *("Conversations", "in which a visitor said something"),
            *(now.conversations, before.conversations),
        ),
        counted(
            *("Questions", "all messages but small talk and what is typed into forms"),
            *(now.questions, before.questions),
        ),
        shared(
            *("Answered", "of the questions, with an approved answer"),
            *(now.share("answered"), before.share("answered")),
        ),
        shared(
            *("Not known", "of the questions"),
            *(now.share("declined"), before.share("declined")),
        ),
        counted(
            *("Handed over", "requests and messages sent to the clinic from the chat"),
            *(now.handed_over, before.handed_over),
        ),
        shared(
            "Satisfied",
            f"of {now.thumbs:,} thumb{'' if now.thumbs == 1 else 's'} on answers",
            now.satisfaction,
            before.satisfaction,
        ),
    ]


def _outcome_row(which: Outcome, now: Count, before: Count) -> OutcomeRow:
    title, hint = OUTCOME_WORDS[which]
    count = now.outcomes.get(which, 0)
    return OutcomeRow(
        which, title, hint, count, percent(now.share(which)), before.outcomes.get(which, 0)
    )


# --- plots ---


def _span_rows(figures: Figures, spans: Sequence[Span]) -> list[SpanRow]:
    earlier = list(figures.days_before.values())
    first = figures.period.first
    rows = []
    for span in spans:
        days = [count for day, count in figures.days.items() if span.first <= day <= span.last]
        start, end = (span.first - first).days, (span.last - first).days + 1
        before = sum(one.conversations for one in earlier[start:end])
        rows.append(SpanRow(span.title, _added(days), before))
    return rows


def _added(days: Iterable[Count]) -> Count:
    """Of the days of a bar; a conversation that goes past midnight is counted on both days."""
    every = list(days)
    return Count(
        conversations=sum(one.conversations for one in every),
        messages=sum(one.messages for one in every),
        outcomes={which: sum(one.outcomes[which] for one in every) for which in OUTCOMES},
        handed_over=sum(one.handed_over for one in every),
        thumbs_up=sum(one.thumbs_up for one in every),
        thumbs_down=sum(one.thumbs_down for one in every),
    )


def _question_plots(spans: Sequence[Span], rows: Sequence[SpanRow]) -> list[Bars]:
    stacks = [_named(row.count) for row in rows]
    told = [f"{row.title}: {_told(row.count)}" for row in rows]
    dates = [short_day(span.first) for span in spans]
    return [bars(size, stacks, told, dates) for size in SIZES]


def _named(count: Count) -> Mapping[str, int]:
    return {str(which): count.outcomes.get(which, 0) for which in OUTCOMES}


def _told(count: Count) -> str:
    parts = [
        f"{count.outcomes[which]:,} {OUTCOME_WORDS[which][0].lower()}"
        for which in OUTCOMES
        if count.outcomes.get(which)
    ]
    asked = f"{count.questions:,} question{'' if count.questions == 1 else 's'}"
    return f"{asked} ({', '.join(parts)})" if parts else asked


def _talk_plots(spans: Sequence[Span], rows: Sequence[SpanRow]) -> list[Lines]:
    now = [row.count.conversations for row in rows]
    before = [row.conversations_before for row in rows]
    told = [
        f"{row.title}: {row.count.conversations:,}, and {row.conversations_before:,} before"
        for row in rows
    ]
    dates = [short_day(span.first) for span in spans]
    return [lines(size, now, before, told, dates) for size in SIZES]


# --- FAQs and bookings ---


def _faq_rows(figures: Figures, titles: Mapping[str, str]) -> list[FaqRow]:
    shown, known = figures.faqs[:FAQS_SHOWN], figures.is_comparable
    most = max((one.uses for one in shown), default=1)
    return [
        FaqRow(
            slug=one.slug,
            title=titles.get(one.slug),
            use=one,
            length=round(one.uses / most * 100, 2),
            change=_in_a_line(change(one.uses, one.before, comparable=known)),
            thumbs=_thumbs(one),
        )
        for one in shown
    ]


def _thumbs(use: FaqUse) -> str:
    if not (use.thumbs_up or use.thumbs_down):
        return ""
    return f"thumbs: {use.thumbs_up:,} up, {use.thumbs_down:,} down"


def _steps(figures: Figures) -> list[Step]:
    now, before = figures.bookings, figures.bookings_before
    counts, known = [_counts(one) for one in (now, before)], figures.is_comparable
    most = max(*counts[0], 1)
    found = []
    for at, (title, hint) in enumerate(_STEPS):
        count, former = counts[0][at], counts[1][at]
        above = counts[0][at - 1] if at else 0
        found.append(
            Step(
                title=title,
                count=count,
                share=percent(count / above) if above else "",
                change=_in_a_line(change(count, former, comparable=known)),
                hint=hint,
                length=round(count / most * 100, 2),
            )
        )
    return found


def _counts(bookings: Bookings) -> tuple[int, ...]:
    return (
        *(bookings.conversations, bookings.begun, bookings.read_back),
        *(bookings.sent, bookings.confirmed),
    )


_STEPS = (
    ("Conversations", "In which a visitor said something."),
    (
        "Began a request",
        "The assistant began to ask for the details. From before it noted this, "
        "only those are known who clicked a button or came as far as the topic.",
    ),
    ("Saw it read back", "All details were there, and the assistant asked whether to send them."),
    ("Sent a request", "The request reached the clinic."),
    (
        "Confirmed by the clinic",
        "Of those sent in these days, at any time since; cancelled ones included.",
    ),
)


# --- the period in words ---


def period_words(period: Period) -> str:
    """Such as "23 October to 21 November 2026"."""
    first, last = period.first, period.last
    if first == last:
        return _long_day(first)
    if first.year != last.year:
        return f"{_long_day(first)} to {_long_day(last)}"
    if first.month != last.month:
        return f"{first.day} {first:%B} to {_long_day(last)}"
    return f"{first.day} to {_long_day(last)}"


def _long_day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
