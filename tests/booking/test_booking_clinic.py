"""clinic.yml: what is read from it, and what is said about a mistake in it."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from pathlib import Path

import pytest

from booking.clinic import (
    WEEKDAYS,
    BookingRules,
    Clinic,
    ClinicMistake,
    HandOff,
    Opening,
    read_clinic,
)

ROOT = Path(__file__).parents[2]
WEEK = """\
  monday: ["09:00-18:00"]
  tuesday: ["09:00-18:00"]
  wednesday: ["09:00-18:00"]
  thursday: ["09:00-18:00"]
  friday: ["09:00-18:00"]
  saturday: ["10:00-15:00"]
  sunday: []
"""


def written(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """The project's clinic.yml with one place changed."""
    original = (ROOT / "clinic.yml").read_text()
    assert old in original
    path = tmp_path / "clinic.yml"
    path.write_text(original.replace(old, new, 1))
    return path


def test_the_projects_own_clinic_can_be_read(clinic: Clinic) -> None:
    assert clinic.name == "Linden Skin Clinic"
    assert (clinic.phone, clinic.phone_text()) == ("+12025550143", "+1 202-555-0143")
    assert clinic.address == ("12 Linden Row",)
    assert clinic.emergency_number == "911"
    assert clinic.zone.key == "America/New_York"
    assert date(2026, 12, 25) in clinic.holidays


@pytest.mark.parametrize(
    ("week", "text"),
    [
        (WEEK, "Monday to Friday 9:00-18:00, Saturday 10:00-15:00"),
        (
            WEEK.replace('thursday: ["09:00-18:00"]', 'thursday: ["09:00-12:00", "13:00-20:30"]'),
            "Monday to Wednesday 9:00-18:00, Thursday 9:00-12:00 and 13:00-20:30, "
            "Friday 9:00-18:00, Saturday 10:00-15:00",
        ),
        (
            WEEK.replace("[]", '["10:00-15:00"]').replace('"09:00-18:00"', ""),
            "Saturday and Sunday 10:00-15:00",
        ),
        (
            WEEK.replace('"10:00-15:00"', '"09:00-18:00"').replace("[]", '["09:00-18:00"]'),
            "Monday to Sunday 9:00-18:00",
        ),
    ],
)
def test_opening_hours_are_told_as_people_tell_them(tmp_path: Path, week: str, text: str) -> None:
    clinic = read_clinic(written(tmp_path, WEEK, week))

    assert clinic.opening_hours_text() == text


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-20T09:00-05:00", True),
        ("2026-11-20T08:59-05:00", False),
        ("2026-11-20T17:59-05:00", True),
        ("2026-11-20T18:00-05:00", False),
        ("2026-11-20T22:30+00:00", True),
        ("2026-11-22T10:00-05:00", False),
        ("2026-12-25T10:00-05:00", False),
    ],
)
def test_the_clinic_knows_when_it_is_open(clinic: Clinic, moment: str, is_open: bool) -> None:
    assert clinic.is_open(datetime.fromisoformat(moment)) is is_open


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('"+1 202-555-0143"', '"202 555 0143"', 4, "international number"),
        ("hello@linden-skin.example", "hello", 5, "e-mail address"),
        ("https://linden-skin.example", "linden-skin", 8, "https://linden-skin.example"),
        ('"911"', "911", 9, "in quotes"),
        ('"911"', '"nine"', 9, "2 to 6 digits"),
        ("America/New_York", "America/Newyork", 10, "America/New_York"),
        ('friday: ["09:00-18:00"]', 'friday: ["09:00-8"]', 18, "09:00-17:00"),
        ('friday: ["09:00-18:00"]', 'friday: ["18:00-09:00"]', 18, "the later one last"),
        (
            'friday: ["09:00-18:00"]',
            'friday: ["09:00-12:00", "11:00-18:00"]',
            18,
            "without overlap",
        ),
        ('"2026-12-25"', "2026-12-25", 25, 'needs quotes: "2026-12-25"'),
        ('"2026-12-25"', '"25 December"', 25, "2026-12-25"),
        ("retention_days: 365", "retention_days: 0", 36, "whole number from 1 to 3650"),
        ("tagline:", "tagine:", 3, "allowed are name, tagline"),
        ("  url: /privacy", "  link: /privacy", 35, "allowed are url, retention_days"),
        ("name: Linden Skin Clinic\n", "", 1, "name is missing"),
        ("name: Linden Skin Clinic", "name: [", 4, "expected"),
        ("name: Linden Skin Clinic", "name: a\nname: b", 3, "name"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    with pytest.raises(ClinicMistake) as mistake:
        read_clinic(written(tmp_path, old, new))

    assert any(
        told.startswith(f"clinic.yml, line {line}: ") and said in told
        for told in str(mistake.value).splitlines()
    ), str(mistake.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, '"911"', '"x"')
    path.write_text(path.read_text().replace("America/New_York", "Mars"))

    with pytest.raises(ClinicMistake) as mistake:
        read_clinic(path)

    assert len(str(mistake.value).splitlines()) == 2


ROOM_2 = "name: Consultation room 2\n"
CALDAV = "hand_off: {caldav: {url: 'https://cal.example/all/', username: desk}}"


def in_room_2(*lines: str) -> tuple[str, str]:
    """The second practitioner with further lines, from line 46 on."""
    return ROOM_2, "".join([ROOM_2, *(f"    {line}\n" for line in lines)])


def handing_off(*lines: str) -> tuple[str, str]:
    """The hand-off section of these lines, from line 65 on."""
    return "hand_off: {}", "\n".join(["hand_off:", *(f"  {line}" for line in lines)])


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        # practitioners
        (("id: room-2", "id: room-1"), 44, "practitioners no. 2: id room-1 is taken"),
        (("id: room-2", "id: Room 2"), 44, "small letters, digits and dashes"),
        (("id: room-2", "id: " + "r" * 41), 44, "1 to 40"),
        (("id: room-2", "id: 2"), 44, "needs text"),
        (("  - id: room-2\n    name", "  - name"), 44, "practitioners no. 2: id is missing"),
        ((ROOM_2, 'name: " "\n'), 45, "some text on one line"),
        (in_room_2("room: 2"), 46, "allowed are id, name, hours, away, calendar"),
        (in_room_2("hours:", "  wensday: []"), 47, "allowed are monday, tuesday, wednesday"),
        (in_room_2("hours: {wednesday: 09:00-13:00}"), 46, 'a list such as ["09:00-17:00"]'),
        (in_room_2("hours: {wednesday: [9]}"), 46, 'quoted hours such as "09:00-17:00"'),
        (in_room_2("hours: {wednesday: [9:00-13:00]}"), 46, "hours.wednesday no. 1 needs quoted"),
        (in_room_2("hours: {wednesday: ['09:00-13:03']}"), 46, "times on 5 minutes"),
        (in_room_2("hours:", "  wednesday:"), 47, "has nothing after it"),
        (
            in_room_2("hours:", *(f"  {day}: ['20:00-22:00']" for day in WEEKDAYS)),
            46,
            "leaves nowhere 30 minutes within the opening hours",
        ),
        (in_room_2("hours: all"), 46, "needs lines of its own below it: monday, tuesday"),
        (in_room_2('away: "2026-12-24"'), 46, "needs a list"),
        (in_room_2("away: [2026-12-24]"), 46, 'needs quotes: "2026-12-24"'),
        (in_room_2("away: ['2026-02-30']"), 46, 'a quoted day such as "2026-12-25"'),
        (in_room_2("calendar: https://cal.example/2/"), 46, "needs hand_off.caldav"),
        (("practitioners:\n", "practitioners: []\nothers:\n"), 41, "needs at least one entry"),
        (("practitioners:\n", "practitioners:\nothers:\n"), 41, "needs a list"),
        (("practitioners:\n", "practitioners: room\nothers:\n"), 41, "needs a list"),
        (("  - id: room-2\n    name", "  - room-2\n  - name"), 44, "lines of its own below it: id"),
        # booking
        (("hold_minutes: 10", "hold_minutes: ten"), 58, "a whole number from 1 to 120"),
        (("hold_minutes: 10", 'hold_minutes: "10"'), 58, "a whole number from 1 to 120"),
        (("hold_minutes: 10", "hold_minutes: true"), 58, "a whole number from 1 to 120"),
        (("hold_minutes: 10", "hold_minutes: 10.0"), 58, "a whole number from 1 to 120"),
        (("hold_minutes: 10", "hold_minutes:"), 58, "a whole number from 1 to 120"),
        (("hold_minutes: 10", "hold_minutes: 121"), 58, "booking.hold_minutes needs a whole"),
        (("slot_minutes: 30", "slot_minutes: 31"), 53, "from 5 to 480 in steps of 5"),
        (("slot_minutes: 30", "slot_minutes: 0"), 53, "from 5 to 480 in steps of 5"),
        (("slot_minutes: 30", "slot_length: 30"), 53, "allowed are slot_minutes, buffer_minutes"),
        (("buffer_minutes: 15", "buffer_minutes: -5"), 54, "from 0 to 240 in steps of 5"),
        (("minutes: 15    #", "minutes: 7    #"), 55, "from 5 to 240 in steps of 5"),
        (("notice_hours: 2 ", "notice_hours: -1 "), 56, "from 0 to 720"),
        (("horizon_days: 365", "horizon_days: 0"), 57, "from 1 to 730"),
        (("horizon_days: 365", "horizon_days: 731"), 57, "from 1 to 730"),
        (("cutoff_hours: 24", "cutoff_hours: 721"), 59, "from 0 to 720"),
        (("booking:\n", "booking: fast\nslots:\n"), 52, "below it: slot_minutes, buffer_minutes"),
        (("booking:\n", "booking:\nslots:\n"), 53, "slots is not known here; allowed are name"),
        # hand-off
        (handing_off("email:"), 65, "has nothing after it"),
        (handing_off("mail: {}"), 65, "allowed are email, webhook, caldav"),
        (handing_off("email: {sender: a@b.example}"), 65, "hand_off.email.notify is missing"),
        (handing_off("email: {sender: a@b.example, notify: []}"), 65, "at least one entry"),
        (handing_off("email: {sender: a@b.example, notify: a@b.example}"), 65, "needs a list"),
        (handing_off("email:", "  sender: a@b", "  notify: [a@b.example]"), 66, "e-mail address"),
        (handing_off("email:", "  sender: a@b.example", "  notify: [desk]"), 67, "notify no. 1"),
        (
            handing_off("email: {sender: a@b.example, notify: [a@b.example], remind_hours: -1}"),
            65,
            "hand_off.email.remind_hours needs a whole number from 0 to 168",
        ),
        (handing_off("webhook: https://a.example"), 65, "needs lines of its own below it: url"),
        (handing_off("webhook: {url: a.example/hook}"), 65, "https://clinic.example/path"),
        (handing_off("webhook: {url: 'ftp://a.example'}"), 65, "https://clinic.example/path"),
        (handing_off("webhook: {url: 'https://a.example:port/'}"), 65, "a whole address"),
        (handing_off("webhook: {url: 'https:///hook'}"), 65, "a whole address"),
        (handing_off("webhook: {url: 'https://[::1/hook'}"), 65, "a whole address"),
        (handing_off("webhook: {url: 'https://a.example/a b'}"), 65, "a whole address"),
        (handing_off("webhook: {url: 'https://me:pass@a.example/'}"), 65, "no name and password"),
        (handing_off("caldav: {url: 'https://a.example/cal/'}"), 65, "username is missing"),
        (
            handing_off("caldav: {url: 'https://a.example/?cal=1', username: desk}"),
            65,
            "without a question mark",
        ),
        (
            handing_off("caldav:", "  url: https://a.example/", "  username: desk", "  busy: 5"),
            68,
            "allowed are url, username, busy_every_minutes",
        ),
        # opening hours, on the grid that bookings are stored on
        (('friday: ["09:00-18:00"]', 'friday: ["09:00-17:59"]'), 18, "times on 5 minutes"),
        (('friday: ["09:00-18:00"]', "friday: 09:00-18:00"), 18, "or [] for a closed day"),
        (('friday: ["09:00-18:00"]', 'friday: ["09:00-24:00"]'), 18, "quoted hours"),
        # the file itself
        (("  monday:", "\tmonday:"), 14, "has a tab; indent with spaces"),
        (("name: Linden", "name: \x07Linden"), 2, "cannot be shown"),
        (("tagline:", "911: yes\ntagline:"), 3, "911 is a number"),
        (("  sunday: []", "  sunday: []\n  monday: []"), 21, 'found duplicate key "monday"'),
    ],
)
def test_what_is_wrong_with_bookings_and_hand_offs_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, said: str
) -> None:
    with pytest.raises(ClinicMistake) as mistake:
        read_clinic(written(tmp_path, *change))

    assert any(
        told.startswith(f"clinic.yml, line {line}: ") and said in told
        for told in str(mistake.value).splitlines()
    ), str(mistake.value)


@pytest.mark.parametrize("content", [b"", b"- a list", b"\xff\xfe", b"just words"])
def test_what_is_no_list_of_facts_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clinic.yml"
    path.write_bytes(content)

    with pytest.raises(ClinicMistake):
        read_clinic(path)


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(ClinicMistake, match=r"clinic\.yml cannot be read"):
        read_clinic(tmp_path / "clinic.yml")


def with_lines(tmp_path: Path, *changes: tuple[str, str]) -> Clinic:
    """The project's clinic with several places changed."""
    path = written(tmp_path)
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return read_clinic(path)


def without(tmp_path: Path, *sections: str) -> Clinic:
    """The project's clinic without these sections."""
    path = written(tmp_path)
    paragraphs = re.split(r"\n(?=\S)", path.read_text())
    path.write_text("\n".join(p for p in paragraphs if not p.startswith(sections)))
    return read_clinic(path)


def test_the_projects_own_rules_are_the_defaults(clinic: Clinic) -> None:
    assert clinic.booking == BookingRules()
    assert [field for field in BookingRules.model_fields.values() if field.is_required()] == []
    assert clinic.hand_off == HandOff(email=None, webhook=None, caldav=None)
    assert [(one.id, one.name) for one in clinic.practitioners] == [
        ("room-1", "Consultation room 1"),
        ("room-2", "Consultation room 2"),
    ]


def test_the_sections_on_bookings_may_be_left_out(tmp_path: Path, clinic: Clinic) -> None:
    plain = without(tmp_path, "practitioners:", "booking:", "hand_off:", "holidays:")

    [only] = plain.practitioners
    assert only.id == "clinic"
    assert plain.working_hours(only, date(2026, 11, 27)) == plain.openings_on(date(2026, 11, 27))
    assert plain.booking == clinic.booking
    assert plain.hand_off == clinic.hand_off
    assert plain.holidays == ()


def test_sections_whose_lines_are_all_commented_out_are_like_left_out_ones(tmp_path: Path) -> None:
    rules = r"(?m)^(?=  \w+_(minutes|hours|days): .* # )"
    path = written(tmp_path, "hand_off: {}", "hand_off:")
    path.write_text(re.sub(rules, "#", re.sub(r'(?m)^(?=  - "20)', "#", path.read_text())))

    clinic = read_clinic(path)

    assert clinic.booking == BookingRules()
    assert clinic.hand_off == HandOff()
    assert clinic.holidays == ()


def test_what_is_commented_out_works_once_it_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, "hand_off: {}", "hand_off:")
    text = path.read_text().replace("https://calendar.example/room", "https://calendar.example/r")
    path.write_text(re.sub(r"(?m)^#(?=  )", "", text))

    clinic = read_clinic(path)

    room = clinic.practitioner("room-2")
    assert room is not None
    assert room.calendar == "https://calendar.example/r-2/"
    assert room.away == (date(2026, 12, 24),)
    assert clinic.working_hours(room, date(2026, 12, 2)) == (
        Opening(opens=time(9), closes=time(13)),
    )
    assert clinic.hand_off.email is not None
    assert clinic.hand_off.email.notify == ("desk@linden-skin.example",)
    assert clinic.hand_off.webhook is not None
    assert clinic.hand_off.webhook.url == "https://practice.example/needlepoint"
    assert clinic.hand_off.caldav is not None
    assert clinic.hand_off.caldav.busy_every_minutes == 5


def test_nobody_is_found_by_an_unknown_id(clinic: Clinic) -> None:
    assert clinic.practitioner("room-1") == clinic.practitioners[0]
    assert clinic.practitioner("room-9") is None


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-11-23", ["09:00-18:00"]),
        ("2026-11-24", ["10:00-13:00", "14:00-18:00"]),
        ("2026-11-25", []),
        ("2026-11-26", []),
        ("2026-11-27", []),
        ("2026-11-28", ["10:00-12:00"]),
        ("2026-11-29", []),
    ],
    ids=["as opened", "cut down", "day off", "holiday", "away", "partly open", "closed"],
)
def test_practitioners_work_within_the_opening_hours(
    tmp_path: Path, day: str, hours: list[str]
) -> None:
    clinic = with_lines(
        tmp_path,
        in_room_2(
            "hours:",
            "  tuesday: ['10:00-13:00', '14:00-20:00']",
            "  wednesday: []",
            "  thursday: ['09:00-18:00']",
            "  saturday: ['08:00-12:00']",
            "  sunday: ['10:00-12:00']",
            "away: ['2026-11-27']",
        ),
    )
    room = clinic.practitioners[1]

    working = clinic.working_hours(room, date.fromisoformat(day))

    assert [f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in working] == hours


def test_a_break_of_the_clinic_is_one_of_its_practitioners_too(tmp_path: Path) -> None:
    clinic = with_lines(
        tmp_path,
        ('tuesday: ["09:00-18:00"]', 'tuesday: ["09:00-12:00", "13:00-18:00"]'),
        in_room_2("hours: {tuesday: ['10:00-15:00']}"),
    )

    working = clinic.working_hours(clinic.practitioners[1], date(2026, 11, 24))

    assert working == (
        Opening(opens=time(10), closes=time(12)),
        Opening(opens=time(13), closes=time(15)),
    )


def test_a_slot_has_to_fit_into_the_opening_hours(tmp_path: Path) -> None:
    with pytest.raises(ClinicMistake, match=r"line 53: booking\.slot_minutes needs to fit") as told:
        with_lines(tmp_path, ("slot_minutes: 30", "slot_minutes: 480"), ("18:00", "16:00"))

    assert "the longest are 420 minutes" in str(told.value)


def test_a_slot_may_fill_the_longest_opening(tmp_path: Path) -> None:
    clinic = with_lines(tmp_path, ("slot_minutes: 30", "slot_minutes: 480"), ("18:00", "17:00"))

    assert clinic.booking.slot_minutes == 480


def test_notice_has_to_be_shorter_than_the_horizon(tmp_path: Path) -> None:
    with pytest.raises(ClinicMistake, match=r"line 56: booking\.minimum_notice_hours"):
        with_lines(
            tmp_path, ("notice_hours: 2 ", "notice_hours: 48 "), ("_days: 365  ", "_days: 2  ")
        )


def test_somebody_who_is_off_every_day_is_no_mistake(tmp_path: Path) -> None:
    days_off = [f"  {day}: []" for day in WEEKDAYS]

    clinic = with_lines(tmp_path, in_room_2("hours:", *days_off))

    assert clinic.working_hours(clinic.practitioners[1], date(2026, 11, 23)) == ()


def test_a_clinic_may_be_closed_every_day(tmp_path: Path) -> None:
    clinic = with_lines(tmp_path, ('["09:00-18:00"]', "[]"), ('["10:00-15:00"]', "[]"))

    assert clinic.opening_hours_text() == ""


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ("https://other.example/2/", "same server as hand_off.caldav.url"),
        ("http://cal.example/2/", "same server as hand_off.caldav.url"),
        ("https://cal.example:8443/2/", "same server as hand_off.caldav.url"),
    ],
)
def test_a_calendars_password_is_shown_to_its_own_server_only(
    tmp_path: Path, calendar: str, said: str
) -> None:
    with pytest.raises(ClinicMistake, match=said):
        with_lines(tmp_path, in_room_2(f"calendar: {calendar}"), ("hand_off: {}", CALDAV))


@pytest.mark.parametrize("calendar", ["https://cal.example/2", "https://cal.example:443/2/"])
def test_a_calendar_of_ones_own_lies_beside_the_clinics(tmp_path: Path, calendar: str) -> None:
    clinic = with_lines(tmp_path, in_room_2(f"calendar: {calendar}"), ("hand_off: {}", CALDAV))

    assert clinic.practitioners[1].calendar == calendar.rstrip("/") + "/"


@pytest.mark.parametrize(
    ("prefix", "line_end"), [(b"\xef\xbb\xbf", b"\n"), (b"", b"\r\n"), (b"\xef\xbb\xbf", b"\r\n")]
)
def test_a_file_from_a_windows_editor_is_read_like_any_other(
    tmp_path: Path, clinic: Clinic, prefix: bytes, line_end: bytes
) -> None:
    path = tmp_path / "clinic.yml"
    path.write_bytes(prefix + (ROOT / "clinic.yml").read_bytes().replace(b"\n", line_end))

    assert read_clinic(path) == clinic


def test_lines_are_counted_right_in_a_file_from_a_windows_editor(tmp_path: Path) -> None:
    path = written(tmp_path, "hold_minutes: 10", "hold_minutes: ten")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    with pytest.raises(ClinicMistake, match=r"line 58: booking\.hold_minutes"):
        read_clinic(path)
