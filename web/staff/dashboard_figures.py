"""How the assistant does, in numbers: what the dashboard shows and `needlepoint figures` prints.

The databases count; what comes here is a row for a day, an outcome or a FAQ, whatever was said.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from booking.database import reading
from booking.models import ConsultationRequest, RequestEvent, Status
from web.chat_store import Outcome, choices_table, messages_table
from web.staff.dashboard_period import Period, day_of_number

# What becomes of a question, the best first. A request or a message that reached the clinic is
# counted apart: mostly it follows on a question that is counted here.
OUTCOMES: tuple[Outcome, ...] = ("answered", "clarified", "professional", "declined", "urgent")
HANDED_OVER: Outcome = "handed_over"
# Somebody who asks several things in one message is counted once, by what weighs most of all that
# became of it: an answer beside something that is not known is no full answer.
_WEIGHTS = OUTCOMES
# A year with a million messages takes some seconds to count; whoever looks again need not wait.
# What is counted at once is counted anew.
SLOW_SECONDS = 0.5
KEPT_SECONDS = 60.0
MOST_KEPT = 16
_SECONDS_A_DAY = 86400

_m, _c = messages_table.c, choices_table.c
# The form for a consultation, what opens it, and what only it offers.
_FORM = "consultation_form"
_OPENS_REQUEST = "/request_consultation"
_OF_REQUEST = '/inform{"concern"'
_READS_BACK = "/change_details"


class FiguresUnavailable(Exception):
    """The conversations cannot be counted just now."""


@dataclass(frozen=True)
class Count:
    """What was said in some days: visitors' `messages`, what became of the questions among them,
    requests and messages `handed_over` to the clinic, and thumbs on answers."""

    conversations: int = 0
    messages: int = 0
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    handed_over: int = 0
    thumbs_up: int = 0
    thumbs_down: int = 0

    @property
    def questions(self) -> int:
        """Messages that asked something: all but small talk and what is typed into forms."""
        return sum(self.outcomes.values())

    @property
    def thumbs(self) -> int:
        return self.thumbs_up + self.thumbs_down

    @property
    def satisfaction(self) -> float | None:
        """The share of thumbs that are up; None without any."""
        return self.thumbs_up / self.thumbs if self.thumbs else None

    def share(self, outcome: Outcome) -> float | None:
        """Of the questions; None without any."""
        return self.outcomes.get(outcome, 0) / self.questions if self.questions else None


@dataclass(frozen=True)
class FaqUse:
    """How often a FAQ was an answer, in the period and in the one before, and its thumbs."""

    slug: str
    uses: int
    before: int
    thumbs_up: int
    thumbs_down: int


@dataclass(frozen=True)
class Bookings:
    """From talk to consultation. The first four count conversations, each a part of the one before
    it; `requests` are those sent in the period, by where they stand today, and `confirmed` those
    of them that the clinic agreed to at some time."""

    conversations: int = 0
    begun: int = 0
    read_back: int = 0
    sent: int = 0
    confirmed: int = 0
    requests: Mapping[Status, int] = field(default_factory=dict)

    @property
    def all_requests(self) -> int:
        return sum(self.requests.values())


@dataclass(frozen=True)
class Figures:
    """A period in numbers; `days` has a count for each day of it, whether or not anybody talked.

    `reaches_back` is false when nothing is left of what was said before the period.
    """

    period: Period
    days: Mapping[date, Count]
    total: Count
    total_before: Count
    days_before: Mapping[date, Count]
    faqs: Sequence[FaqUse]
    bookings: Bookings
    bookings_before: Bookings

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in it."""
        return not (self.total.messages or self.bookings.all_requests)

    @property
    def is_comparable(self) -> bool:
        """Whether anything happened in the period before it."""
        return bool(self.total_before.messages or self.bookings_before.all_requests)


def count_figures(chat: Engine, booking: Engine, period: Period) -> Figures:
    """Count a period and the one before. Raises `FiguresUnavailable` or `BookingUnavailable`."""
    both = period.with_before
    try:
        with chat.connect() as connection:
            days = _days(connection, both)
            talks, talks_before = (
                _conversations(connection, one) for one in (period, period.before)
            )
            faqs = _faqs(connection, period)
            steps, steps_before = (_steps(connection, one) for one in (period, period.before))
    except SQLAlchemyError as error:
        raise FiguresUnavailable("the conversations cannot be counted just now") from error
    here, there = ({day: days[day] for day in one.days} for one in (period, period.before))
    return Figures(
        period=period,
        days=here,
        total=_sum(here.values(), talks),
        total_before=_sum(there.values(), talks_before),
        days_before=there,
        faqs=faqs,
        bookings=_bookings(booking, period, talks, *steps),
        bookings_before=_bookings(booking, period.before, talks_before, *steps_before),
    )


def has_talk(chat: Engine) -> bool:
    """Whether any visitor ever said anything that is still kept. Raises `FiguresUnavailable`."""
    said = sa.select(_m.number).where(_m.role == "visitor").limit(1)
    try:
        with chat.connect() as connection:
            return connection.execute(said).first() is not None
    except SQLAlchemyError as error:
        raise FiguresUnavailable("the conversations cannot be read just now") from error


class KeptFigures:
    """Figures that took long, for a moment: a second look, or a file, need not wait again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[tuple[date, date], tuple[float, Figures]] = {}
        self._lock = Lock()

    def get(self, chat: Engine, booking: Engine, period: Period) -> Figures:
        """As `count_figures`; one at a time, as counting takes a core."""
        key = (period.first, period.last)
        with self._lock:
            at, figures = self._kept.get(key, (-KEPT_SECONDS, None))
            if figures is not None and self._clock() - at < KEPT_SECONDS:
                return figures
            started = self._clock()
            figures = count_figures(chat, booking, period)
            self._kept.pop(key, None)
            if self._clock() - started >= SLOW_SECONDS:
                self._kept[key] = (self._clock(), figures)
            while len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return figures


# --- the conversations ---


def _days(connection: Connection, period: Period) -> dict[date, Count]:
    day = _day_number(connection, period)
    said = {
        day_of_number(row.day): (row.messages, row.conversations)
        for row in connection.execute(_said(period, day))
    }
    became: dict[date, Counter[Outcome]] = {}
    for row in connection.execute(_became(period, day)):
        counts = became.setdefault(day_of_number(row.day), Counter())
        if row.weight is not None:
            counts[_WEIGHTS[row.weight]] += row.count_
        if row.handed_over:
            counts[HANDED_OVER] += row.count_
    thumbs = {
        (day_of_number(row.day), row.feedback): row.count_
        for row in connection.execute(_thumbs(period, day))
    }
    return {
        one: _count(said.get(one, (0, 0)), became.get(one, Counter()), one, thumbs)
        for one in period.days
    }


def _count(
    said: tuple[int, int],
    became: Counter[Outcome],
    day: date,
    thumbs: Mapping[tuple[date, str], int],
) -> Count:
    messages, conversations = said
    return Count(
        conversations=conversations,
        messages=messages,
        outcomes={outcome: became[outcome] for outcome in OUTCOMES},
        handed_over=became[HANDED_OVER],
        thumbs_up=thumbs.get((day, "up"), 0),
        thumbs_down=thumbs.get((day, "down"), 0),
    )


def _sum(counts: Iterable[Count], conversations: int) -> Count:
    """Of several days; a conversation may go past midnight, so those are not added up."""
    every = list(counts)
    return Count(
        conversations=conversations,
        messages=sum(one.messages for one in every),
        outcomes={which: sum(one.outcomes[which] for one in every) for which in OUTCOMES},
        handed_over=sum(one.handed_over for one in every),
        thumbs_up=sum(one.thumbs_up for one in every),
        thumbs_down=sum(one.thumbs_down for one in every),
    )


def _said(period: Period, day: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return _by(
        sa.select(day, _m.conversation_id).where(_m.role == "visitor", _within(period)),
        lambda rows: (
            rows.day,
            sa.func.count().label("messages"),
            sa.func.count(rows.conversation_id.distinct()).label("conversations"),
        ),
        lambda rows: (rows.day,),
    )


def _became(period: Period, day: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Of each message that was answered, what weighs most, and whether something was handed over;
    on the day of its answer."""
    outcome = sa.func.coalesce(_m.outcome, sa.case((_m.faq.is_not(None), "answered")))
    weight = sa.case({which: at for at, which in enumerate(_WEIGHTS)}, value=outcome)
    handed_over = sa.case((outcome == HANDED_OVER, 1), else_=0)
    answers = (
        sa.select(_m.reply_to, day, weight.label("weight"), handed_over.label("handed_over"))
        .where(
            _m.reply_to.is_not(None),
            _m.outcome.is_not(None) | _m.faq.is_not(None),
            _within(period),
        )
        .subquery()
    )
    a = answers.c
    per_message = sa.select(
        sa.func.min(a.day).label("day"),
        sa.func.max(a.weight).label("weight"),
        sa.func.max(a.handed_over).label("handed_over"),
    ).group_by(a.reply_to)
    return _by(
        per_message,
        lambda rows: (rows.day, rows.weight, rows.handed_over, sa.func.count().label("count_")),
        lambda rows: (rows.day, rows.weight, rows.handed_over),
    )


def _thumbs(period: Period, day: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return _by(
        sa.select(day, _m.feedback).where(_m.feedback.is_not(None), _within(period)),
        lambda rows: (rows.day, rows.feedback, sa.func.count().label("count_")),
        lambda rows: (rows.day, rows.feedback),
    )


def _by(
    inner: sa.Select[Any],
    columns: Callable[[Any], Iterable[Any]],
    groups: Callable[[Any], Iterable[Any]],
) -> sa.Select[Any]:
    """Groups of an inner query, whose names PostgreSQL knows again, unlike terms with numbers."""
    rows = inner.subquery().c
    return sa.select(*columns(rows)).group_by(*groups(rows))


def _conversations(connection: Connection, period: Period) -> int:
    talked = sa.select(sa.func.count(_m.conversation_id.distinct())).where(
        _m.role == "visitor", _within(period)
    )
    return connection.scalar(talked) or 0


def _faqs(connection: Connection, period: Period) -> list[FaqUse]:
    """The most used first; those without a use in the period are left out."""
    inside = sa.case((_m.created_at >= period.since, 1), else_=0)
    is_up, is_down = (sa.case((_m.feedback == thumb, inside), else_=0) for thumb in ("up", "down"))
    uses = (
        sa.select(
            _m.faq,
            sa.func.sum(inside).label("uses"),
            sa.func.count().label("all"),
            sa.func.sum(is_up).label("up"),
            sa.func.sum(is_down).label("down"),
        )
        .where(_m.faq.is_not(None), _within(period.with_before))
        .group_by(_m.faq)
    )
    found = [
        FaqUse(faq, int(used), int(every - used), int(up), int(down))
        for faq, used, every, up, down in connection.execute(uses)
    ]
    return sorted((one for one in found if one.uses), key=lambda one: (-one.uses, one.slug))


def _steps(connection: Connection, period: Period) -> tuple[int, int]:
    """In how many conversations a request was begun, and in how many it was read back.

    It was begun where the form for it was open. Before that was noted with the answers, only the
    choices stored with them tell: a button that opens it was chosen, whatever its words were, or
    the question for the topic or the summary was shown.
    """
    titles = sa.select(_c.title).where(_c.payload == _OPENS_REQUEST).distinct()
    chose = (_m.role == "visitor") & _m.text.in_(connection.scalars(titles).all())
    opened = sa.select(_m.conversation_id).where(_within(period), (_m.form == _FORM) | chose)
    read_back = _offered(period, _c.payload.startswith(_READS_BACK, autoescape=True))
    asked = _offered(period, _c.payload.startswith(_OF_REQUEST, autoescape=True))
    return _many(connection, sa.union(opened, asked, read_back)), _many(connection, read_back)


def _offered(period: Period, which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Conversations in which such a choice was offered."""
    messages = sa.select(_c.message_id).where(which)
    return sa.select(_m.conversation_id).where(_m.id.in_(messages), _within(period)).distinct()


def _many(connection: Connection, rows: sa.Select[Any] | sa.CompoundSelect[Any]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0


def _within(period: Period) -> sa.ColumnElement[bool]:
    return (_m.created_at >= period.since) & (_m.created_at < period.until)


def _day_number(connection: Connection, period: Period) -> sa.ColumnElement[Any]:
    """The day on which a message was stored, in days since 1970, as the clinic's clocks had it."""
    *earlier, last = period.stretches
    offset: Any = last.offset
    if earlier:
        changes = [(_m.created_at < stretch.until, stretch.offset) for stretch in earlier]
        offset = sa.case(*changes, else_=last.offset)
    days = (_m.created_at + offset) / _SECONDS_A_DAY
    # PostgreSQL rounds where SQLite, which may be built without floor(), cuts off.
    whole = (
        sa.cast(days, sa.Integer) if connection.dialect.name == "sqlite" else sa.func.floor(days)
    )
    return whole.label("day")


# --- the requests ---


def _bookings(
    engine: Engine, period: Period, conversations: int, begun: int, read_back: int
) -> Bookings:
    r = ConsultationRequest
    since, until = (datetime.fromtimestamp(one, UTC) for one in (period.since, period.until))
    sent = (r.created_at >= since) & (r.created_at < until)
    agreed = sa.exists().where(
        RequestEvent.request_id == r.id, RequestEvent.what == Status.CONFIRMED.value
    )
    with reading(engine) as session:
        by_status = session.execute(
            sa.select(r.status, sa.func.count()).where(sent).group_by(r.status)
        ).all()
        talks = session.scalar(sa.select(sa.func.count(r.conversation_id.distinct())).where(sent))
        confirmed = session.scalar(
            sa.select(sa.func.count(r.conversation_id.distinct())).where(sent, agreed)
        )
    return Bookings(
        conversations=conversations,
        begun=begun,
        read_back=read_back,
        sent=talks or 0,
        confirmed=confirmed or 0,
        requests={row[0]: row[1] for row in by_status},
    )
