"""Calendar files, read back with a parser that has nothing to do with the one that writes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject  # type: ignore[import-untyped]

from booking.clinic import Clinic
from booking.hand_off.calendar_file import Method, calendar_entry, calendar_of, desk_entry, uid_of
from booking.hand_off.notice import Event, Notice

LATER = timedelta(days=2)


def parsed(written: bytes) -> Any:
    return vobject.readOne(written.decode(), validate=True)


def entry_for(notice: Notice, clinic: Clinic, method: Method = "PUBLISH") -> Any:
    return parsed(calendar_entry(notice, clinic, method=method)).vevent


class Calendar:
    """Keeps entries as RFC 5546 has it: by UID, and nothing older than what it has."""

    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}

    def take(self, written: bytes) -> None:
        calendar = parsed(written)
        entry = calendar.vevent
        uid, sequence = entry.uid.value, int(entry.sequence.value)
        kept = self.entries.get(uid)
        if kept is not None and int(kept.sequence.value) > sequence:
            return
        if calendar.method.value == "CANCEL":
            self.entries.pop(uid, None)
        else:
            self.entries[uid] = entry


def test_an_entry_says_when_where_and_under_which_reference(new_notice, clinic):
    notice = new_notice()

    calendar = parsed(calendar_entry(notice, clinic, method="PUBLISH"))

    entry = calendar.vevent
    assert calendar.version.value == "2.0"
    assert calendar.prodid.value
    assert entry.uid.value == uid_of("NP-7KQ4MX") == "NP-7KQ4MX@needlepoint"
    assert entry.dtstart.value == notice.starts_at
    assert entry.dtend.value == notice.ends_at
    assert entry.dtstamp.value == notice.at
    assert entry.summary.value == "Consultation at Linden Skin Clinic"
    assert entry.location.value == "Linden Skin Clinic, 12 Linden Row"
    assert "NP-7KQ4MX" in entry.description.value
    assert entry.url.value == notice.manage_url
    assert entry.organizer.value == "mailto:hello@linden-skin.example"
    assert entry.organizer.params["CN"] == ["Linden Skin Clinic"]
    assert not hasattr(entry, "attendee")
    assert not hasattr(entry, "valarm")


def test_the_visitors_description_has_the_link_to_move_or_cancel(new_notice, clinic):
    notice = new_notice()

    description = entry_for(notice, clinic).description.value

    assert f"Move or cancel: {notice.manage_url}" in description.splitlines()


def test_the_visitors_file_says_nothing_of_what_they_told_the_clinic(new_notice, clinic):
    notice = new_notice(text="acne scars on the cheek", notes="allergic to lidocaine")

    written = calendar_entry(notice, clinic, method="PUBLISH").decode()

    assert not any(private in written for private in ("acne", "lidocaine", "+1202555", "ana@"))


@pytest.mark.parametrize(
    ("event", "status", "expected"),
    [
        (Event.REQUESTED, "new", "TENTATIVE"),
        (Event.REQUESTED, None, "TENTATIVE"),
        (Event.RESCHEDULED, "rescheduled", "TENTATIVE"),
        (Event.RESCHEDULED, None, "TENTATIVE"),
        (Event.CONFIRMED, "confirmed", "CONFIRMED"),
        (Event.CONFIRMED, None, "CONFIRMED"),
        (Event.REMINDER, "confirmed", "CONFIRMED"),
        (Event.REMINDER, None, "CONFIRMED"),
        (Event.NO_SHOW, "no_show", "CONFIRMED"),
        (Event.CANCELLED, "cancelled", "CANCELLED"),
        (Event.CANCELLED, None, "CANCELLED"),
        (Event.DECLINED, "declined", "CANCELLED"),
        (Event.DECLINED, None, "CANCELLED"),
    ],
)
def test_the_status_is_that_of_the_request(event, status, expected, new_notice, clinic):
    entry = entry_for(new_notice(event, status=status), clinic)

    assert entry.status.value == expected
    assert entry.transp.value == ("TRANSPARENT" if expected == "CANCELLED" else "OPAQUE")


def test_a_move_replaces_the_entry_and_a_cancellation_takes_it_away(new_notice, clinic):
    calendar = Calendar()
    moved_to = datetime(2026, 11, 26, 11, 0, tzinfo=clinic.zone)

    calendar.take(calendar_entry(new_notice(), clinic, method="PUBLISH"))
    calendar.take(
        calendar_entry(
            new_notice(Event.RESCHEDULED, sequence=1, starts_at=moved_to), clinic, method="PUBLISH"
        )
    )
    after_move = {uid: entry.dtstart.value for uid, entry in calendar.entries.items()}
    calendar.take(
        calendar_entry(
            new_notice(Event.CANCELLED, sequence=2, starts_at=moved_to), clinic, method="CANCEL"
        )
    )

    assert after_move == {"NP-7KQ4MX@needlepoint": moved_to}
    assert calendar.entries == {}


def test_an_old_file_opened_late_changes_nothing(new_notice, clinic):
    calendar = Calendar()
    first = new_notice()
    moved = replace(first, event=Event.RESCHEDULED, sequence=1, starts_at=first.starts_at + LATER)

    calendar.take(calendar_entry(moved, clinic, method="PUBLISH"))
    calendar.take(calendar_entry(first, clinic, method="PUBLISH"))

    [entry] = calendar.entries.values()
    assert entry.dtstart.value == moved.starts_at


def test_the_same_notice_is_the_same_file_at_each_attempt(new_notice, clinic):
    notice = new_notice(Event.CONFIRMED, sequence=3)

    first = calendar_entry(notice, clinic, method="PUBLISH")

    assert calendar_entry(notice, clinic, method="PUBLISH") == first


@pytest.mark.parametrize(
    ("zone", "day", "clock", "in_utc"),
    [
        # Clocks go back in New York at 2:00 on that day, and forward in March.
        ("America/New_York", date(2026, 11, 1), time(0, 30), "2026-11-01T04:30"),
        ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),
        ("America/New_York", date(2026, 11, 1), time(1, 30, fold=1), "2026-11-01T06:30"),
        ("America/New_York", date(2026, 11, 1), time(15, 0), "2026-11-01T20:00"),
        ("America/New_York", date(2027, 3, 14), time(1, 30), "2027-03-14T06:30"),
        ("America/New_York", date(2027, 3, 14), time(3, 30), "2027-03-14T07:30"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30, fold=1), "2026-10-25T01:30"),
        ("Europe/Berlin", date(2027, 3, 28), time(1, 45), "2027-03-28T00:45"),
        # Lord Howe's summer time is half an hour.
        ("Australia/Lord_Howe", date(2026, 10, 4), time(1, 45), "2026-10-03T15:15"),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 45), "2026-10-03T15:45"),
        ("Australia/Lord_Howe", date(2027, 4, 4), time(1, 45), "2027-04-03T14:45"),
        ("Australia/Lord_Howe", date(2027, 4, 4), time(1, 45, fold=1), "2027-04-03T15:15"),
    ],
)
def test_times_are_right_on_days_on_which_clocks_change(
    zone, day, clock, in_utc, new_notice, clinic
):
    starts_at = datetime.combine(day, clock, ZoneInfo(zone))
    # Half an hour that passes, whatever the clock shows after it.
    ends_at = (starts_at.astimezone(UTC) + timedelta(minutes=30)).astimezone(ZoneInfo(zone))

    entry = entry_for(new_notice(starts_at=starts_at, ends_at=ends_at), clinic)

    assert entry.dtstart.value == datetime.fromisoformat(in_utc).replace(tzinfo=UTC)
    assert entry.dtend.value - entry.dtstart.value == timedelta(minutes=30)


HOSTILE = [
    "Ana, Lopez; Berlin \\ 10:30",
    'Ana "the needle" Lopez',
    "Zoë 🧖🏽‍♀️ " + "🧖🏽‍♀️" * 40,
    "محمد بن عبد الله آل سعود",
    "נועה לוי",
    "李小龍" * 30,
    "Null",
    "END:VEVENT",
    "=?utf-8?b?QW5h?=",
    "{{ name }} %s {0}",
    "a" * 300,
    "'); DROP TABLE requests;--",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_comes_back_as_it_was_written(text, new_notice, clinic):
    written = desk_entry(new_notice(name=text, text=text, notes=text), clinic)

    entry = parsed(written).vevent
    assert entry.summary.value == f"Consultation: {text} (to confirm)"
    assert f"Concern: {text}" in entry.description.value.split("\n")
    assert f"Notes: {text}" in entry.description.value.split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "Ana\nBEGIN:VALARM\nACTION:AUDIO\nEND:VALARM",
        "Ana\r\nATTENDEE:mailto:someone@example.com",
        "Ana\rMETHOD:CANCEL",
        "Ana\x00\x07\x1b[31m Lopez",
        "Ana\u2028DTSTART:19700101T000000Z",
        "Ana\x85X:1",
        "half a pair \ud83e",
        "\u202egnol",
    ],
)
def test_no_text_adds_a_line_of_its_own(text, new_notice, clinic):
    harmless = desk_entry(new_notice(name="Ana", text="scars", notes="none"), clinic)

    written = desk_entry(new_notice(name=text, text=text, notes=text), clinic)

    assert _properties(written) == _properties(harmless)
    assert parsed(written).vevent.summary.value.startswith("Consultation: ")


def _properties(written: bytes) -> list[str]:
    """The names of all lines, folded ones taken together."""
    unfolded = written.decode().replace("\r\n ", "")
    return [line.split(":")[0].split(";")[0] for line in unfolded.split("\r\n")]


@pytest.mark.parametrize("text", HOSTILE)
def test_lines_are_folded_at_75_octets_and_end_as_the_standard_says(text, new_notice, clinic):
    written = desk_entry(new_notice(name=text, text=text), clinic)

    lines = written.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert all(line.decode() for line in lines[:-1])


def test_a_clinics_name_with_every_special_character_stays_readable(new_notice, clinic):
    odd = clinic.model_copy(update={"name": 'Skin, "Hair"; Nägel: 皮膚 Co'})

    entry = entry_for(new_notice(), odd)

    assert entry.organizer.params["CN"] == ["Skin, 'Hair'; Nägel: 皮膚 Co"]
    assert entry.summary.value == 'Consultation at Skin, "Hair"; Nägel: 皮膚 Co'


def test_the_clinics_own_entry_says_who_comes_and_why(new_notice, clinic):
    notice = new_notice(Event.CONFIRMED, status="confirmed", notes="comes by train")

    calendar = parsed(desk_entry(notice, clinic))

    entry = calendar.vevent
    assert entry.summary.value == "Consultation: Ana Lopez"
    assert entry.description.value.split("\n") == [
        "Reference: NP-7KQ4MX",
        "Concern: acne scars",
        "Phone: +1 202-555-0164",
        "E-mail: ana@example.com",
        "With: Consultation room 1",
        "Notes: comes by train",
    ]


def test_what_a_calendar_server_keeps_is_no_invitation(new_notice, clinic):
    calendar = parsed(desk_entry(new_notice(), clinic))

    assert not hasattr(calendar, "method")
    assert not hasattr(calendar.vevent, "organizer")
    assert not hasattr(calendar.vevent, "url")


@pytest.mark.parametrize(
    ("event", "ending"),
    [
        (Event.REQUESTED, " (to confirm)"),
        (Event.RESCHEDULED, " (moved, to confirm)"),
        (Event.CONFIRMED, ""),
        (Event.NO_SHOW, " (did not come)"),
    ],
)
def test_the_clinic_sees_in_its_calendar_what_it_has_yet_to_do(event, ending, new_notice, clinic):
    entry = parsed(desk_entry(new_notice(event), clinic)).vevent

    assert entry.summary.value == f"Consultation: Ana Lopez{ending}"


def test_an_export_holds_one_entry_for_each_request(new_notice, clinic):
    notices = [
        new_notice(reference="NP-AAAAAA", name="Ana"),
        new_notice(Event.CONFIRMED, reference="NP-CCCCCC", name="Bo"),
        new_notice(Event.MESSAGE, reference="NP-DDDDDD", starts_at=None, name="Cy"),
    ]

    entries = parsed(calendar_of(notices, clinic)).vevent_list

    assert {entry.uid.value: entry.summary.value for entry in entries} == {
        "NP-AAAAAA@needlepoint": "Consultation: Ana (to confirm)",
        "NP-CCCCCC@needlepoint": "Consultation: Bo",
    }


def test_a_message_has_no_place_in_a_calendar(new_notice, clinic):
    with pytest.raises(ValueError, match="NP-7KQ4MX has no times"):
        calendar_entry(new_notice(Event.MESSAGE, starts_at=None), clinic, method="PUBLISH")
