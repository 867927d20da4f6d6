"""Requests in a real calendar server, and busy times out of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from booking.clinic import Clinic, Practitioner
from booking.hand_off.caldav import Busy, CalDav
from booking.hand_off.notice import Event, Undelivered

from .calendar_server import PASSWORD, USER, CalendarServer, running_calendar_server
from .receivers import Receiver, dripping, free_port, receiving, say_nothing, talking

UID = "NP-7KQ4MX@needlepoint"
SOON = 0.5


@dataclass
class Calendars:
    """One calendar of the clinic's, one of room 1's own, both empty; room 2 has none."""

    server: CalendarServer
    clinic_url: str
    room_url: str
    clinic: Clinic

    def adapter(self, **other: Any) -> CalDav:
        return CalDav(self.clinic_url, USER, PASSWORD, self.clinic, **other)

    def all_entries(self) -> dict[str, dict[str, Any]]:
        return {
            "clinic": self.server.entries(self.clinic_url),
            "room-1": self.server.entries(self.room_url),
        }


@pytest.fixture(scope="module")
def calendar_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalendarServer]:
    with running_calendar_server(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def calendars(calendar_server, clinic, request) -> Calendars:
    name = f"{abs(hash(request.node.nodeid)):x}"
    clinic_url = calendar_server.add_calendar(f"clinic-{name}")
    room_url = calendar_server.add_calendar(f"room-{name}")
    rooms = (
        Practitioner(id="room-1", name="Consultation room 1", calendar=room_url),
        Practitioner(id="room-2", name="Consultation room 2"),
    )
    with_rooms = clinic.model_copy(update={"practitioners": rooms})
    return Calendars(calendar_server, clinic_url, room_url, with_rooms)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def refusal(deliver: Callable[[], object]) -> Undelivered:
    with pytest.raises(Undelivered) as refused:
        deliver()
    return refused.value


# --- writing ---


def test_a_request_appears_in_the_clinics_calendar(calendars, new_notice):
    notice = new_notice(practitioner="room-2")

    calendars.adapter().deliver(notice)

    entries = calendars.all_entries()
    assert list(entries["clinic"]) == [UID]
    assert entries["room-1"] == {}
    entry = entries["clinic"][UID]
    assert entry.summary.value == "Consultation: Ana Lopez (to confirm)"
    assert entry.status.value == "TENTATIVE"
    assert entry.dtstart.value == notice.starts_at
    assert entry.dtend.value == notice.ends_at


def test_a_practitioner_with_a_calendar_of_their_own_has_it_there(calendars, new_notice):
    calendars.adapter().deliver(new_notice(practitioner="room-1"))

    entries = calendars.all_entries()
    assert list(entries["room-1"]) == [UID]
    assert entries["clinic"] == {}


def test_delivering_twice_leaves_one_entry(calendars, new_notice):
    notice = new_notice()

    calendars.adapter().deliver(notice)
    calendars.adapter().deliver(notice)

    assert list(calendars.all_entries()["room-1"]) == [UID]


def test_a_confirmed_request_is_no_longer_tentative(calendars, new_notice):
    adapter = calendars.adapter()

    adapter.deliver(new_notice())
    adapter.deliver(new_notice(Event.CONFIRMED, status="confirmed", sequence=1))

    entry = calendars.all_entries()["room-1"][UID]
    assert entry.status.value == "CONFIRMED"
    assert entry.sequence.value == "1"
    assert entry.summary.value == "Consultation: Ana Lopez"


@pytest.mark.parametrize(
    ("practitioner", "calendar", "other"),
    [("room-1", "room-1", "clinic"), ("room-2", "clinic", "room-1")],
)
@pytest.mark.parametrize("was", ["room-1", "room-2"])
def test_a_move_leaves_no_copy_behind(
    practitioner, calendar, other, was, calendars, new_notice, clinic
):
    adapter = calendars.adapter()
    moved_to = datetime(2026, 11, 26, 11, 0, tzinfo=clinic.zone)
    adapter.deliver(new_notice(practitioner=was))

    adapter.deliver(
        new_notice(Event.RESCHEDULED, practitioner=practitioner, starts_at=moved_to, sequence=1)
    )

    entries = calendars.all_entries()
    assert entries[other] == {}
    assert list(entries[calendar]) == [UID]
    assert entries[calendar][UID].dtstart.value == moved_to
    assert entries[calendar][UID].sequence.value == "1"


@pytest.mark.parametrize("event", [Event.CANCELLED, Event.DECLINED])
@pytest.mark.parametrize("practitioner", ["room-1", "room-2"])
def test_a_request_called_off_is_taken_out(event, practitioner, calendars, new_notice):
    adapter = calendars.adapter()
    adapter.deliver(new_notice(practitioner=practitioner))

    adapter.deliver(new_notice(event, practitioner=practitioner, sequence=1))

    assert calendars.all_entries() == {"clinic": {}, "room-1": {}}


def test_taking_out_what_is_gone_already_is_done(calendars, new_notice):
    adapter = calendars.adapter()
    cancelled = new_notice(Event.CANCELLED, sequence=1)
    adapter.deliver(new_notice())
    adapter.deliver(cancelled)

    adapter.deliver(cancelled)

    assert calendars.all_entries() == {"clinic": {}, "room-1": {}}


def test_a_visitor_who_did_not_come_stays_in_the_calendar_as_such(calendars, new_notice):
    calendars.adapter().deliver(new_notice(Event.NO_SHOW, status="no_show"))

    entry = calendars.all_entries()["room-1"][UID]
    assert entry.summary.value == "Consultation: Ana Lopez (did not come)"


@pytest.mark.parametrize(
    "notice", [{"event": Event.MESSAGE, "starts_at": None}, {"event": Event.REMINDER}]
)
def test_messages_and_reminders_are_no_business_of_the_calendar(
    notice, receiver, new_notice, clinic
):
    CalDav(receiver.url, USER, PASSWORD, clinic).deliver(new_notice(**notice))

    assert receiver.received == []


def test_a_practitioner_who_left_is_in_the_clinics_calendar(calendars, new_notice):
    calendars.adapter().deliver(new_notice(practitioner="room-of-last-year"))

    assert list(calendars.all_entries()["clinic"]) == [UID]


@pytest.mark.parametrize(
    "name",
    ["محمد", "李小龍", "Zoë 🧖🏽", "a,b;c\\d", "x" * 2000, "<C:calendar-data>", "a\r\nUID:other"],
)
def test_any_name_reaches_the_calendar(name, calendars, new_notice):
    calendars.adapter().deliver(new_notice(name=name, status="confirmed"))

    entry = calendars.all_entries()["room-1"][UID]
    assert entry.summary.value == f"Consultation: {' '.join(name.split())}"


# --- a server in trouble ---


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (301, False),
        (401, False),
        (403, False),
        (404, False),
        (409, False),
        (423, False),
        (429, False),
        (500, False),
        (503, False),
        (507, False),
        (400, True),
        (413, True),
        (415, True),
    ],
)
def test_a_refused_entry_is_sent_again_unless_it_never_will_be_taken(
    status, permanent, receiver, new_notice, clinic
):
    receiver.answer(status)

    refused = refusal(lambda: CalDav(receiver.url, USER, PASSWORD, clinic).deliver(new_notice()))

    assert refused.permanent is permanent
    assert str(refused) == f"answered {status}"


def test_the_server_may_say_when_to_come_back(receiver, new_notice, clinic):
    receiver.answer(503, Retry_After="90")

    refused = refusal(lambda: CalDav(receiver.url, USER, PASSWORD, clinic).deliver(new_notice()))

    assert refused.retry_after == 90


def test_an_entry_that_could_not_be_taken_out_is_tried_again(receiver, new_notice, clinic):
    receiver.answer(500)

    refused = refusal(
        lambda: CalDav(receiver.url, USER, PASSWORD, clinic).deliver(new_notice(Event.CANCELLED))
    )

    assert not refused.permanent


def test_a_wrong_password_is_told_and_can_be_put_right(calendars, new_notice):
    wrong = CalDav(calendars.clinic_url, USER, "wrong", calendars.clinic)

    refused = refusal(lambda: wrong.deliver(new_notice()))

    assert (str(refused), refused.permanent) == ("answered 401", False)


def test_a_calendar_that_is_not_there_is_told(calendars, new_notice):
    nowhere = CalDav(f"{calendars.server.url}none/", USER, PASSWORD, calendars.clinic)

    refused = refusal(lambda: nowhere.deliver(new_notice(practitioner="room-2")))

    assert (str(refused), refused.permanent) == ("answered 409", False)


@pytest.mark.parametrize("talk", [say_nothing, dripping(b"HTTP/1.1 207 Multi-Status\r\nX: ")])
def test_a_server_that_hangs_is_given_up_in_time(talk, new_notice, clinic):
    with talking(talk) as port:
        adapter = CalDav(f"http://127.0.0.1:{port}/", USER, PASSWORD, clinic, timeout=SOON)
        began = time.monotonic()

        writing = refusal(lambda: adapter.deliver(new_notice()))
        reading = refusal(lambda: adapter.busy(date(2026, 11, 23), date(2026, 11, 24)))

    assert time.monotonic() - began < 4 * SOON + 1.5
    assert not writing.permanent
    assert not reading.permanent


def test_a_server_that_is_down_has_everything_once_it_is_back(tmp_path, new_notice, clinic):
    port = free_port()
    with running_calendar_server(tmp_path, port) as server:
        url = server.add_calendar("clinic")
    adapter, notice = CalDav(url, USER, PASSWORD, clinic), new_notice()

    refused = refusal(lambda: adapter.deliver(notice))

    assert not refused.permanent
    with running_calendar_server(tmp_path, port) as server:
        adapter.deliver(notice)
        assert list(server.entries(url)) == [UID]


# --- reading ---

MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)


def at(text: str, clinic: Clinic) -> datetime:
    """A moment on the clinic's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=clinic.zone)


def stretches(found: list[Busy], clinic: Clinic) -> list[tuple[str, str]]:
    """On the clinic's clock, to the minute."""
    return [
        tuple(  # type: ignore[misc]
            f"{moment.astimezone(clinic.zone):%Y-%m-%d %H:%M}"
            for moment in (busy.starts_at, busy.ends_at)
        )
        for busy in found
    ]


def test_an_empty_calendar_leaves_all_free(calendars):
    assert calendars.adapter().busy(MONDAY, FRIDAY) == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            "DTSTART:20261124T150000Z\nDTEND:20261124T160000Z",
            [("2026-11-24 10:00", "2026-11-24 11:00")],
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20261124T160000\nDURATION:PT45M",
            [("2026-11-24 10:00", "2026-11-24 10:45")],
        ),
        (
            "DTSTART;TZID=Eastern Standard Time:20261124T100000\nDURATION:PT1H",
            [("2026-11-24 10:00", "2026-11-24 11:00")],
        ),
        # Without a zone: the clinic's.
        (
            "DTSTART:20261124T233000\nDTEND:20261124T234500",
            [("2026-11-24 23:30", "2026-11-24 23:45")],
        ),
        ("DTSTART;VALUE=DATE:20261124", [("2026-11-24 00:00", "2026-11-25 00:00")]),
        (
            "DTSTART;VALUE=DATE:20261121\nDTEND;VALUE=DATE:20261125",
            [("2026-11-21 00:00", "2026-11-25 00:00")],
        ),
        # From the evening before the first day into the night after the last one.
        (
            "DTSTART:20261123T030000Z\nDTEND:20261123T060000Z",
            [("2026-11-22 22:00", "2026-11-23 01:00")],
        ),
        (
            "DTSTART:20261128T040000Z\nDTEND:20261128T070000Z",
            [("2026-11-27 23:00", "2026-11-28 02:00")],
        ),
        (
            "STATUS:TENTATIVE\nDTSTART:20261124T150000Z\nDURATION:PT1H",
            [("2026-11-24 10:00", "2026-11-24 11:00")],
        ),
        (
            "TRANSP:OPAQUE\nDTSTART:20261124T150000Z\nDURATION:PT1H",
            [("2026-11-24 10:00", "2026-11-24 11:00")],
        ),
        # Nothing that keeps anybody busy then.
        ("TRANSP:TRANSPARENT\nDTSTART:20261124T150000Z\nDURATION:PT1H", []),
        ("STATUS:CANCELLED\nDTSTART:20261124T150000Z\nDURATION:PT1H", []),
        ("DTSTART:20261124T150000Z", []),
        ("DTSTART:20261123T030000Z\nDTEND:20261123T050000Z", []),
        ("DTSTART:20261128T050000Z\nDTEND:20261128T060000Z", []),
        ("DTSTART;VALUE=DATE:20261128", []),
        ("DTSTART;VALUE=DATE:20261122", []),
    ],
)
def test_what_an_event_takes(event, expected, calendars, clinic):
    calendars.server.put(calendars.clinic_url, "event", event)

    assert stretches(calendars.adapter().busy(MONDAY, FRIDAY), clinic) == expected


def test_a_recurring_event_takes_each_of_its_days(calendars, clinic):
    calendars.server.put(
        calendars.clinic_url,
        "weekly",
        """DTSTART;TZID=America/New_York:20200106T090000
        DURATION:PT30M
        RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR
        EXDATE;TZID=America/New_York:20261125T090000""",
    )

    found = calendars.adapter().busy(MONDAY, FRIDAY)

    assert stretches(found, clinic) == [
        ("2026-11-23 09:00", "2026-11-23 09:30"),
        ("2026-11-27 09:00", "2026-11-27 09:30"),
    ]


def test_a_recurring_event_keeps_its_hour_when_clocks_change(calendars, clinic):
    calendars.server.put(
        calendars.clinic_url,
        "daily",
        """DTSTART;TZID=America/New_York:20261020T090000
        DURATION:PT1H
        RRULE:FREQ=DAILY""",
    )

    found = calendars.adapter().busy(date(2026, 10, 31), date(2026, 11, 1))

    assert [busy.starts_at.astimezone(UTC).hour for busy in found] == [13, 14]
    assert stretches(found, clinic) == [
        ("2026-10-31 09:00", "2026-10-31 10:00"),
        ("2026-11-01 09:00", "2026-11-01 10:00"),
    ]


def test_an_all_day_event_takes_25_hours_on_the_day_that_has_them(calendars):
    calendars.server.put(calendars.clinic_url, "day", "DTSTART;VALUE=DATE:20261101")

    [busy] = calendars.adapter().busy(date(2026, 11, 1), date(2026, 11, 1))

    assert busy.ends_at - busy.starts_at == timedelta(hours=25)


def test_a_single_day_of_a_series_may_be_moved_or_cancelled(calendars, clinic):
    series = """BEGIN:VEVENT
UID:series
DTSTAMP:20261101T000000Z
DTSTART;TZID=America/New_York:20261123T090000
DURATION:PT1H
RRULE:FREQ=DAILY;COUNT=4
END:VEVENT
BEGIN:VEVENT
UID:series
DTSTAMP:20261101T000000Z
RECURRENCE-ID;TZID=America/New_York:20261124T090000
DTSTART;TZID=America/New_York:20261124T140000
DURATION:PT2H
END:VEVENT
BEGIN:VEVENT
UID:series
DTSTAMP:20261101T000000Z
RECURRENCE-ID;TZID=America/New_York:20261125T090000
DTSTART;TZID=America/New_York:20261125T090000
DURATION:PT1H
STATUS:CANCELLED
END:VEVENT"""
    calendars.server.put_file(calendars.clinic_url, "series", series.replace("\n", "\r\n"))

    found = calendars.adapter().busy(MONDAY, FRIDAY)

    assert stretches(found, clinic) == [
        ("2026-11-23 09:00", "2026-11-23 10:00"),
        ("2026-11-24 14:00", "2026-11-24 16:00"),
        ("2026-11-26 09:00", "2026-11-26 10:00"),
    ]


def test_entries_made_here_do_not_count_as_busy(calendars, new_notice):
    adapter = calendars.adapter()
    adapter.deliver(new_notice(practitioner="room-1"))
    adapter.deliver(new_notice(reference="NP-AAAAAA", practitioner="room-2"))

    assert adapter.busy(MONDAY, FRIDAY) == []


def test_the_clinics_calendar_keeps_everybody_busy_and_an_own_one_its_owner(calendars, clinic):
    calendars.server.put(calendars.clinic_url, "team", "DTSTART:20261124T150000Z\nDURATION:PT1H")
    calendars.server.put(calendars.room_url, "repair", "DTSTART:20261123T150000Z\nDURATION:PT2H")

    found = calendars.adapter().busy(MONDAY, FRIDAY)

    assert found == [
        Busy(at("2026-11-23 10:00", clinic), at("2026-11-23 12:00", clinic), "room-1"),
        Busy(at("2026-11-24 10:00", clinic), at("2026-11-24 11:00", clinic), None),
    ]


def multistatus(*files: str) -> bytes:
    items = "".join(
        "<D:response><D:href>/x.ics</D:href><D:propstat><D:prop><C:calendar-data><![CDATA["
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{file}\r\nEND:VCALENDAR\r\n"
        "]]></C:calendar-data></D:prop></D:propstat></D:response>"
        for file in files
    )
    return (
        '<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" '
        f'xmlns:C="urn:ietf:params:xml:ns:caldav">{items}</D:multistatus>'
    ).encode()


def event_lines(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"])


FINE = event_lines("DTSTART:20261124T150000Z", "DURATION:PT1H")


@pytest.mark.parametrize(
    "broken",
    [
        event_lines("DTSTART:2026", "DURATION:PT1H"),
        event_lines("SUMMARY:no start"),
        event_lines("DTSTART:20261124T150000Z", "RRULE:FREQ=SECONDLY"),
        event_lines("DTSTART:20261124T150000Z", "RRULE:FREQ=MINUTELY;INTERVAL=1"),
        event_lines("DTSTART:20261124T150000Z", "DTEND;VALUE=DATE:yesterday"),
        "BEGIN:VEVENT\r\nDTSTART:20261124T150000Z",
        "END:VCALENDAR",
        "no calendar at all",
    ],
)
def test_one_broken_entry_hides_no_other(broken, receiver, clinic, caplog):
    receiver.answer(207)
    receiver.body = multistatus(broken, FINE)

    with caplog.at_level(logging.WARNING):
        found = CalDav(receiver.url, USER, PASSWORD, clinic).busy(MONDAY, FRIDAY)

    assert stretches(found, clinic) == [("2026-11-24 10:00", "2026-11-24 11:00")]
    assert "1 entries of the clinic's calendar cannot be read" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>Please log in",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ],
)
def test_an_answer_that_is_no_calendar_is_told(answer, receiver, clinic):
    receiver.answer(207)
    receiver.body = answer

    refused = refusal(lambda: CalDav(receiver.url, USER, PASSWORD, clinic).busy(MONDAY, FRIDAY))

    assert "no calendar" in str(refused)


@pytest.mark.parametrize("status", [200, 401, 404, 500])
def test_busy_times_that_cannot_be_read_are_not_taken_for_none(status, receiver, clinic):
    receiver.answer(status)

    refused = refusal(lambda: CalDav(receiver.url, USER, PASSWORD, clinic).busy(MONDAY, FRIDAY))

    assert str(refused) == f"answered {status}"


def test_one_calendar_that_cannot_be_read_is_told_although_the_other_can(calendars):
    rooms = (Practitioner(id="room-1", name="Room", calendar=f"{calendars.server.url}none/"),)
    clinic = calendars.clinic.model_copy(update={"practitioners": rooms})
    adapter = CalDav(calendars.clinic_url, USER, PASSWORD, clinic)

    refused = refusal(lambda: adapter.busy(MONDAY, FRIDAY))

    assert str(refused) == "answered 404"
