"""What the mails say: the templates, and the facts that they are filled with.

Each event has one template with its words. It extends a layout, `visitor` or `clinic`, which comes
as text and as HTML: the words are the same in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from booking.clinic import Clinic
from booking.details import LINK, clean_text
from booking.hand_off.notice import Event, Notice
from booking.hand_off.telling import clock_text, day_text, other_zone, phone_text, place_of
from booking.models import Status
from booking.requests import VISITOR

type Reader = Literal["visitor", "clinic"]

TEMPLATES = Path(__file__).with_name("templates")
WRITTEN: dict[Reader, frozenset[Event]] = {
    "visitor": frozenset(
        {
            Event.REQUESTED,
            Event.CONFIRMED,
            Event.RESCHEDULED,
            Event.CANCELLED,
            Event.DECLINED,
            Event.REMINDER,
        }
    ),
    "clinic": frozenset({Event.REQUESTED, Event.RESCHEDULED, Event.CANCELLED, Event.MESSAGE}),
}
# Programs make a link of anything like "cheap.pills", and a name is whatever somebody typed.
LINK_LIKE = re.compile(r"[\w-]{2,}\.[a-z]{2,}|[/@]", re.I)
LONGEST_GREETED = 60


@dataclass(frozen=True)
class Words:
    """A mail's subject (one line), and its body as text and as HTML."""

    subject: str
    text: str
    html: str


class Wording:
    """Fills in the templates for one clinic."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic
        self._text = _environment(escape=False)
        self._html = _environment(escape=True)

    def words(self, reader: Reader, notice: Notice) -> Words:
        """What `reader` is told; raises ValueError where nothing is written for that event."""
        if notice.event not in WRITTEN[reader]:
            raise ValueError(f"there is no mail to the {reader} about {notice.event}")
        name = f"{reader}/{notice.event}.jinja"
        facts = self._facts(notice)
        template = self._text.get_template(name)
        block = template.blocks["subject"]
        subject = clean_text("".join(block(template.new_context(facts))))
        facts |= {"subject": subject}
        text = template.render(facts, layout=f"{reader}.txt")
        html = self._html.get_template(name).render(facts, layout=f"{reader}.html")
        return Words(subject, _tidy(text), html)

    def _facts(self, notice: Notice) -> dict[str, Any]:
        clinic = self._clinic
        practitioner = clinic.practitioner(notice.practitioner) if notice.practitioner else None
        return {
            "clinic": clinic,
            "event": notice.event,
            "by_visitor": notice.by == VISITOR,
            "confirmed": notice.status == Status.CONFIRMED,
            "reference": notice.reference,
            "name": clean_text(notice.name or ""),
            "greeted": _greeted(notice.name),
            "email": clean_text(notice.email) if notice.email else None,
            "phone": notice.phone,
            "phone_text": phone_text(notice.phone) if notice.phone else None,
            "about": clean_text(notice.text, lines=True),
            "notes": clean_text(notice.notes, lines=True) if notice.notes else None,
            "practitioner": practitioner.name if practitioner else notice.practitioner,
            "manage_url": notice.manage_url,
            "change_until": _change_until(notice, clinic),
            "when": _when(notice.starts_at, notice.ends_at, clinic.zone),
            "theirs": _theirs(notice, clinic),
            "before": _when(notice.before, None, clinic.zone),
        }


@dataclass(frozen=True)
class When:
    """A moment in words: "Tuesday", "24 November 2026", "3:00 pm", until "3:30 pm"."""

    weekday: str
    date: str
    clock: str
    until: str | None
    place: str

    def __str__(self) -> str:
        """Such as "Tuesday 24 November 2026, 3:00 pm"."""
        return f"{self.weekday} {self.date}, {self.clock}"

    @property
    def short(self) -> str:
        """The same without the year."""
        return f"{self.weekday} {self.date.rsplit(' ', 1)[0]}, {self.clock}"


def _when(starts_at: datetime | None, ends_at: datetime | None, zone: tzinfo) -> When | None:
    if starts_at is None:
        return None
    weekday, date = day_text(starts_at, zone).split(" ", 1)
    until = clock_text(ends_at, zone) if ends_at else None
    return When(weekday, date, clock_text(starts_at, zone), until, place_of(zone))


def _theirs(notice: Notice, clinic: Clinic) -> When | None:
    """The time on the visitor's clock, where it is another one than the clinic's."""
    if notice.starts_at is None:
        return None
    zone = other_zone(notice.visitor_zone, clinic.zone, notice.starts_at)
    return _when(notice.starts_at, notice.ends_at, zone) if zone else None


def _change_until(notice: Notice, clinic: Clinic) -> When | None:
    """Until when the visitor may move or cancel it; None once a mail comes too late for that."""
    if notice.starts_at is None:
        return None
    until = notice.starts_at - timedelta(hours=clinic.booking.change_cutoff_hours)
    return _when(until, None, clinic.zone) if _sent_at(notice, clinic) < until else None


def _sent_at(notice: Notice, clinic: Clinic) -> datetime:
    """When the mail is due: what is told goes out at once, but for a reminder."""
    email = clinic.hand_off.email
    if notice.event != Event.REMINDER or notice.starts_at is None or email is None:
        return notice.at
    return notice.starts_at - timedelta(hours=email.remind_hours)


def _greeted(name: str | None) -> str | None:
    """The name, if it can be nothing else: a request may be made for anybody's address."""
    written = clean_text(name or "")
    is_odd = LINK.search(written) or LINK_LIKE.search(written) or len(written) > LONGEST_GREETED
    return None if is_odd or not written else written


@cache
def _environment(*, escape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _tidy(text: str) -> str:
    """Text without the blank lines that parts left out have left."""
    return re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", text).strip() + "\n"
