"""Consultations as calendar files (RFC 5545), for the visitor and for the clinic's own calendar.

Times are in UTC: a single entry needs no rules of summer time, and every calendar shows it in its
reader's own zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Literal

import icalendar

from booking.clinic import Clinic
from booking.details import clean_text
from booking.hand_off.notice import Event, Notice
from booking.hand_off.telling import phone_text
from booking.models import Status

# PUBLISH asks nobody for a reply; CANCEL takes back what was published under the same UID.
Method = Literal["PUBLISH", "CANCEL"]

PRODUCT = "-//Needlepoint//Consultations//EN"
OURS = "@needlepoint"
CALLED_OFF = frozenset({Status.CANCELLED, Status.DECLINED})
WAITING = frozenset({Status.NEW, Status.RESCHEDULED})


def uid_of(reference: str) -> str:
    """The UID of a request's entry, the same in every mail and calendar."""
    return f"{reference}{OURS}"


def is_called_off(notice: Notice) -> bool:
    """Whether the consultation doesn't take place, so that its entry is to go."""
    return _stands_at(notice) in CALLED_OFF


def calendar_entry(notice: Notice, clinic: Clinic, *, method: Method) -> bytes:
    """The visitor's file: UTF-8, lines folded. Raises ValueError for a notice without times."""
    entry = _entry(notice, clinic)
    entry.add("summary", f"Consultation at {clinic.name}")
    entry.add("description", _visitor_description(notice, clinic))
    entry.add("organizer", _organizer(clinic))
    if notice.manage_url:
        entry.add("url", notice.manage_url)
    return _file([entry], method)


def desk_entry(notice: Notice, clinic: Clinic, *, method: Method | None = None) -> bytes:
    """The clinic's file: who comes, and why. Without a method it is what a CalDAV server keeps."""
    return _file([_desk_entry(notice, clinic)], method)


def calendar_of(notices: Iterable[Notice], clinic: Clinic) -> bytes:
    """One file of the clinic's entries for many requests; those without times are left out."""
    timed = (notice for notice in notices if notice.starts_at and notice.ends_at)
    return _file([_desk_entry(notice, clinic) for notice in timed], "PUBLISH")


def _file(entries: Iterable[icalendar.Event], method: Method | None) -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # RFC 4791, 4.1: an entry that a calendar server keeps must not have a method.
    if method:
        calendar.add("method", method)
    for entry in entries:
        calendar.add_component(entry)
    written: bytes = calendar.to_ical()
    return written


def _entry(notice: Notice, clinic: Clinic) -> icalendar.Event:
    """What both sides' entries have in common."""
    if notice.starts_at is None or notice.ends_at is None:
        raise ValueError(f"{notice.reference} has no times to put into a calendar")
    status = _status(notice)
    entry = icalendar.Event()
    entry.add("uid", uid_of(notice.reference))
    entry.add("sequence", notice.sequence)
    entry.add("dtstamp", notice.at.astimezone(UTC))
    entry.add("dtstart", notice.starts_at.astimezone(UTC))
    entry.add("dtend", notice.ends_at.astimezone(UTC))
    entry.add("status", status)
    entry.add("transp", "TRANSPARENT" if status == "CANCELLED" else "OPAQUE")
    entry.add("location", ", ".join((clinic.name, *clinic.address)))
    return entry


def _desk_entry(notice: Notice, clinic: Clinic) -> icalendar.Event:
    # No ORGANIZER: RFC 5545, 3.8.4.3 forbids it on an entry of one's own calendar, and servers
    # take it for an invitation.
    entry = _entry(notice, clinic)
    entry.add("summary", _desk_summary(notice))
    entry.add("description", _desk_description(notice, clinic))
    return entry


def _stands_at(notice: Notice) -> str:
    """The request's status; a notice that doesn't say has that of its event."""
    if notice.status:
        return notice.status
    return Status.NEW if notice.event == Event.REQUESTED else str(notice.event)


def _status(notice: Notice) -> str:
    if is_called_off(notice):
        return "CANCELLED"
    return "TENTATIVE" if _stands_at(notice) in WAITING else "CONFIRMED"


def _organizer(clinic: Clinic) -> icalendar.vCalAddress:
    organizer = icalendar.vCalAddress(f"mailto:{clinic.email}")
    # Readers that don't know RFC 6868 would show a quotation mark as two odd characters.
    organizer.params["CN"] = icalendar.vText(clinic.name.replace('"', "'"))
    return organizer


def _visitor_description(notice: Notice, clinic: Clinic) -> str:
    state = {
        "TENTATIVE": f"{clinic.name} still has to confirm this time.",
        "CONFIRMED": f"{clinic.name} has confirmed this time.",
        "CANCELLED": "This consultation does not take place.",
    }[_status(notice)]
    lines = [state, f"Reference: {notice.reference}", f"Questions: {clinic.phone_text()}"]
    if notice.manage_url and _status(notice) != "CANCELLED":
        lines.append(f"Move or cancel: {notice.manage_url}")
    return "\n".join(lines)


def _desk_summary(notice: Notice) -> str:
    mark = {Status.NEW: " (to confirm)", Status.RESCHEDULED: " (moved, to confirm)"}
    mark |= {Status.NO_SHOW: " (did not come)"}
    stands_at = next((one for one in Status if one == _stands_at(notice)), Status.CONFIRMED)
    return f"Consultation: {clean_text(notice.name or notice.reference)}{mark.get(stands_at, '')}"


def _desk_description(notice: Notice, clinic: Clinic) -> str:
    practitioner = clinic.practitioner(notice.practitioner) if notice.practitioner else None
    facts = {
        "Reference": notice.reference,
        "Concern": clean_text(notice.text, lines=True),
        "Phone": phone_text(notice.phone) if notice.phone else None,
        "E-mail": notice.email,
        "With": practitioner.name if practitioner else notice.practitioner,
        "Notes": clean_text(notice.notes, lines=True) if notice.notes else None,
    }
    return "\n".join(f"{label}: {fact}" for label, fact in facts.items() if fact)
