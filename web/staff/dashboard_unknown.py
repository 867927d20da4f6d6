"""What was asked in a period and not known, as far as it still waits in the inbox."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from faq.inbox import Group, Wanted, list_groups
from faq.meaning import Meanings
from web.staff.dashboard_period import Period

log = logging.getLogger(__name__)

MOST_IN_A_FILE = 1000
# Cosine below which a FAQ has nothing to do with a question.
FAR = 0.5


@dataclass(frozen=True)
class Unknown:
    """A question that was asked so many `times`, and the title of the FAQ that comes near, if any
    does."""

    question: str
    times: int
    last_at: datetime
    nearest: str


@dataclass(frozen=True)
class NotKnown:
    """The most frequent ones, and how many questions wait in all; `total` is None where they can't
    be compared by meaning, as the encoder is not built."""

    rows: Sequence[Unknown] = ()
    total: int | None = None


def not_known(
    engine: Engine, meanings: Meanings, content: Path, period: Period, *, most: int
) -> NotKnown:
    """The groups of questions asked in a period, the most frequent first, `most` of them at most.

    `engine` is that of the staff database. Raises `StaffDatabaseUnavailable`.
    """
    wanted = Wanted(reason="declined", since=period.since, until=period.until, order="most")
    try:
        page = list_groups(engine, meanings, content=content, wanted=wanted, size=most)
    except OSError as error:
        log.warning("what was not known is not listed: %s", error)
        return NotKnown()
    return NotKnown(tuple(map(_row, page.groups)), page.of_questions)


def _row(group: Group) -> Unknown:
    near = group.suggestion if group.suggestion and group.suggestion.likeness >= FAR else None
    return Unknown(
        question=group.title,
        times=group.count,
        last_at=datetime.fromtimestamp(group.last_at, UTC),
        nearest=near.title if near else "",
    )
