"""The lists that a clinic works through, counted and read by the database, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select
from sqlalchemy.orm import Session

from booking.database import reading
from booking.models import ConsultationRequest, Status
from booking.requests import OPEN
from booking.search import has_words

if TYPE_CHECKING:
    from booking.clinic import Clinic

TO_ANSWER = frozenset({Status.NEW, Status.RESCHEDULED})
# Whatever their time was, these are over.
_CALLED_OFF = frozenset({Status.CANCELLED, Status.DECLINED})
# Of a request, what is looked through for words.
_SEARCHED = (
    ConsultationRequest.reference,
    ConsultationRequest.name,
    ConsultationRequest.email,
    ConsultationRequest.phone,
    ConsultationRequest.concern,
    ConsultationRequest.notes,
)


class Group(StrEnum):
    """The lists; some requests are in two of them."""

    NEW = "new"
    TODAY = "today"
    UPCOMING = "upcoming"
    PAST = "past"


AHEAD = (Group.NEW, Group.TODAY, Group.UPCOMING)


@dataclass(frozen=True)
class Page:
    """Some requests of a list: page `number` of `pages`, from 1, of `found` requests in all."""

    requests: Sequence[ConsultationRequest]
    number: int
    pages: int
    found: int


@dataclass(frozen=True)
class Moment:
    """A moment, and the midnights of the clinic around it."""

    now: datetime
    today: datetime
    tomorrow: datetime


def moment_of(clinic: Clinic, now: datetime) -> Moment:
    day = now.astimezone(clinic.zone).date()
    today, tomorrow = (
        datetime.combine(one, time(), clinic.zone) for one in (day, day + timedelta(days=1))
    )
    return Moment(now, today, tomorrow)


def count_ahead(engine: Engine, moment: Moment) -> dict[Group, int]:
    """How many requests are in each list of `AHEAD`; the past only grows, and is not looked at."""
    counts = [func.count().filter(_is_in(group, moment)) for group in AHEAD]
    wanted = select(*counts).where(ConsultationRequest.starts_at >= moment.today)
    with reading(engine) as session:
        return dict(zip(AHEAD, session.execute(wanted).one(), strict=True))


def page_of_group(engine: Engine, moment: Moment, group: Group, *, number: int, size: int) -> Page:
    """A page of a list, or the last one there is, in the order in which it is worked through."""
    is_in = _is_in(group, moment)
    starts_at, key = ConsultationRequest.starts_at, ConsultationRequest.id
    order = (starts_at.desc(), key.desc()) if group is Group.PAST else (starts_at, key)
    with reading(engine) as session:
        count = select(func.count()).select_from(ConsultationRequest).where(is_in)
        found = session.scalar(count) or 0
        shown, pages = _shown(found, number, size)
        wanted = select(ConsultationRequest).where(is_in).order_by(*order)
        part = session.scalars(wanted.offset((shown - 1) * size).limit(size)).all()
    return Page(part, shown, pages, found)


def page_of_search(engine: Engine, search: str, *, number: int, size: int) -> Page:
    """A page of the requests with these words, or the last one, the newest first.

    The database can't tell which have them (see `has_words`); it hands over their texts, and then
    the requests of one page.
    """
    with reading(engine) as session:
        keys = _keys_with_words(session, search)
        shown, pages = _shown(len(keys), number, size)
        part = keys[(shown - 1) * size : shown * size]
        wanted = select(ConsultationRequest).where(ConsultationRequest.id.in_(part))
        requests = {request.id: request for request in session.scalars(wanted)}
    return Page([requests[key] for key in part], shown, pages, len(keys))


def _is_in(group: Group, moment: Moment) -> ColumnElement[bool]:
    status, starts_at = ConsultationRequest.status, ConsultationRequest.starts_at
    match group:
        case Group.NEW:
            return and_(status.in_(TO_ANSWER), starts_at > moment.now)
        case Group.TODAY:
            of_today = and_(starts_at >= moment.today, starts_at < moment.tomorrow)
            return and_(of_today, status.in_(OPEN | {Status.NO_SHOW}))
        case Group.UPCOMING:
            return and_(status.in_(OPEN), starts_at >= moment.tomorrow)
        case Group.PAST:
            return or_(starts_at < moment.today, status.in_(_CALLED_OFF))


def _keys_with_words(session: Session, search: str) -> list[int]:
    texts = select(ConsultationRequest.id, *_SEARCHED).order_by(
        ConsultationRequest.created_at.desc(), ConsultationRequest.id.desc()
    )
    rows = session.execute(texts.execution_options(yield_per=1000))
    return [row.id for row in rows if has_words(row, search)]


def _shown(found: int, number: int, size: int) -> tuple[int, int]:
    """The page that is shown when page `number` is asked for, and how many there are."""
    pages = max(1, -(-found // size))
    return min(max(number, 1), pages), pages
