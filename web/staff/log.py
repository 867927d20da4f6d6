"""The log of what staff did: never a word of a visitor's, only what was done, and to what."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Engine, delete, func, select

from faq.database import reading, writing
from faq.models import AuditEntry, StaffSession

LONGEST = {"who": 60, "what": 60, "about": 200, "detail": 2000}


def record(engine: Engine, who: str, what: str, about: str = "", detail: str = "") -> None:
    """Note that somebody did something, such as "confirmed" about "NP-7KQ4MX"."""
    words = {"who": who, "what": what, "about": about, "detail": detail}
    kept = {name: text[: LONGEST[name]] for name, text in words.items()}
    with writing(engine) as session:
        session.add(AuditEntry(at=time.time(), **kept))


def read_log(engine: Engine, *, limit: int, skip: int = 0) -> Sequence[AuditEntry]:
    """The newest entries first."""
    newest = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit).offset(skip)
    with reading(engine) as session:
        return session.scalars(newest).all()


def log_size(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def as_json(entry: AuditEntry, tz: tzinfo) -> dict[str, str]:
    """at (ISO 8601 with the offset of `tz`), who, what, about, detail."""
    at = datetime.fromtimestamp(entry.at, UTC).astimezone(tz)
    return {
        "at": at.isoformat(timespec="seconds"),
        "who": entry.who,
        "what": entry.what,
        "about": entry.about,
        "detail": entry.detail,
    }


def purge_before(engine: Engine, moment: datetime) -> int:
    """Delete the log's lines from before `moment` (aware), and sessions that are over.

    Returns how many lines.
    """
    with writing(engine) as session:
        session.execute(delete(StaffSession).where(StaffSession.expires_at <= time.time()))
        gone = delete(AuditEntry).where(AuditEntry.at < moment.timestamp())
        return len(session.scalars(gone.returning(AuditEntry.id)).all())
