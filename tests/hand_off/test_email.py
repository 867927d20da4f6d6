"""The mails as they arrive at a real server, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
import vobject  # type: ignore[import-untyped]

from booking.clinic import Clinic
from booking.hand_off.email import ClinicMail, VisitorMail
from booking.hand_off.notice import Event, Notice, Undelivered
from booking.hand_off.smtp import Smtp

from .mail_server import MailServer, running_mail_server

SENDER = "desk@linden-skin.example"
TEAM, OFFICE = "team@linden-skin.example", "office@linden-skin.example"
ANA = "ana@example.com"

VISITOR_EVENTS = [
    Event.REQUESTED,
    Event.CONFIRMED,
    Event.RESCHEDULED,
    Event.CANCELLED,
    Event.DECLINED,
    Event.REMINDER,
]
CLINIC_EVENTS = [Event.REQUESTED, Event.RESCHEDULED, Event.CANCELLED, Event.MESSAGE]
STATUS = {Event.REQUESTED: "new", Event.REMINDER: "confirmed", Event.MESSAGE: None}


@pytest.fixture(scope="module")
def running_server() -> Iterator[MailServer]:
    with running_mail_server() as server:
        yield server


@pytest.fixture
def server(running_server: MailServer) -> MailServer:
    running_server.forget()
    return running_server


@pytest.fixture
def without_calendar(clinic: Clinic) -> Clinic:
    """The clinic with its own calendar not connected."""
    return clinic.model_copy(
        update={"hand_off": clinic.hand_off.model_copy(update={"caldav": None})}
    )


@pytest.fixture
def notice_of(new_notice, clinic):
    """A notice as the clinic's list would make it: with the status that its event leads to."""

    def make(event: Event, **other: Any) -> Notice:
        other.setdefault("status", STATUS.get(event, str(event)))
        if event == Event.MESSAGE:
            other.setdefault("starts_at", None)
            other.setdefault("text", "Do you open on Sundays?\n\nMy sister would come, too.")
        if event == Event.RESCHEDULED:
            other.setdefault("before", datetime(2026, 11, 23, 9, 0, tzinfo=clinic.zone))
        notice: Notice = new_notice(event, **other)
        return notice

    return make


def visitor_mail(clinic: Clinic, url: str = "smtp://localhost") -> VisitorMail:
    return VisitorMail(
        Smtp(url, SENDER), clinic, clock=lambda: datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    )


def clinic_mail(clinic: Clinic, url: str = "smtp://localhost") -> ClinicMail:
    return ClinicMail(Smtp(url, SENDER), clinic)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def text_of(message: EmailMessage) -> str:
    return part(message, "plain")


def html_of(message: EmailMessage) -> str:
    return part(message, "html")


def attached(message: EmailMessage) -> list[EmailMessage]:
    return [one for one in message.iter_attachments() if isinstance(one, EmailMessage)]


class Shown(HTMLParser):
    """The words of a page and its elements, as a browser takes them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


# --- how they arrive ---


def test_a_visitors_mail_arrives_as_text_html_and_calendar(server, notice_of, clinic):
    visitor_mail(clinic, server.url).deliver(notice_of(Event.REQUESTED))

    [mail] = server.mails
    assert (mail.sender, mail.to) == (SENDER, [ANA])
    assert mail.message.get_content_type() == "multipart/mixed"
    kinds = [one.get_content_type() for one in mail.message.walk() if not one.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert "We have your request" in text_of(mail.message)
    assert "We have your request" in html_of(mail.message)


def test_a_clinics_mail_goes_to_all_of_its_addresses(server, notice_of, clinic):
    clinic_mail(clinic, server.url).deliver(notice_of(Event.REQUESTED))

    [mail] = server.mails
    assert mail.to == [TEAM, OFFICE]
    assert mail.message["To"] == f"{TEAM}, {OFFICE}"


def test_headers_say_who_writes_and_that_it_is_a_program(server, notice_of, clinic):
    visitor_mail(clinic, server.url).deliver(notice_of(Event.CONFIRMED, key="0b0e3c1e"))

    message = server.mails[0].message
    assert message["From"] == f"Linden Skin Clinic <{SENDER}>"
    assert message["Reply-To"] == "Linden Skin Clinic <hello@linden-skin.example>"
    assert message["To"] == ANA
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Needlepoint-Key"] == "0b0e3c1e"
    assert abs(message["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
    assert "Bcc" not in message


def test_the_clinic_answers_to_the_visitor(server, notice_of, clinic):
    mail = clinic_mail(clinic, server.url)

    mail.deliver(notice_of(Event.MESSAGE, key="1"))
    mail.deliver(notice_of(Event.MESSAGE, key="2", email=None))

    with_address, without = (mail.message for mail in server.mails)
    assert with_address["Reply-To"] == ANA
    assert "Reply-To" not in without


@pytest.mark.parametrize(
    "address", ["josé@example.com", "no address", "a@b@c", "x\r\nBcc: y@z.example"]
)
def test_the_clinic_hears_of_a_visitor_whose_address_fits_no_header(
    address, server, notice_of, clinic
):
    clinic_mail(clinic, server.url).deliver(notice_of(Event.REQUESTED, email=address))

    [mail] = server.mails
    assert "Reply-To" not in mail.message
    assert "Bcc" not in mail.message
    assert " ".join(address.split()) in " ".join(text_of(mail.message).split())


def test_a_visitors_address_may_have_any_letters(server, notice_of, clinic):
    mail = visitor_mail(clinic, server.url)

    mail.deliver(notice_of(Event.CONFIRMED, email="josé@example.com"))
    mail.deliver(notice_of(Event.CONFIRMED, email="ana@bücher.example"))

    assert [mail.to for mail in server.mails] == [
        ["josé@example.com"],
        ["ana@xn--bcher-kva.example"],
    ]
    assert server.mails[0].message["To"] == "josé@example.com"
    assert server.mails[1].message["To"] == "ana@xn--bcher-kva.example"


def test_a_visitors_address_that_is_none_is_refused_for_good(server, notice_of, clinic):
    with pytest.raises(Undelivered) as refused:
        visitor_mail(clinic, server.url).deliver(notice_of(Event.CONFIRMED, email="no address"))

    assert refused.value.permanent


def test_a_repeated_mail_is_known_by_its_id(notice_of, clinic):
    notice = notice_of(Event.REQUESTED)

    first, again = (visitor_mail(clinic).message(notice) for _ in range(2))

    assert first["Message-ID"] == again["Message-ID"]
    assert re.fullmatch(r"<[0-9a-f]{24}@linden-skin\.example>", first["Message-ID"])


def test_mails_of_one_request_are_one_conversation_and_have_ids_of_their_own(notice_of, clinic):
    mail = visitor_mail(clinic)

    messages = [mail.message(notice_of(event)) for event in VISITOR_EVENTS]
    other = mail.message(notice_of(Event.REQUESTED, reference="NP-AAAAAA", key="other"))

    assert len({message["Message-ID"] for message in messages}) == len(messages)
    [thread] = {message["References"] for message in messages}
    assert {message["In-Reply-To"] for message in messages} == {thread}
    assert other["References"] != thread


def test_visitor_and_clinic_get_mails_with_different_ids(notice_of, clinic):
    notice = notice_of(Event.REQUESTED)

    to_visitor = visitor_mail(clinic).message(notice)
    to_clinic = clinic_mail(clinic).message(notice)

    assert to_visitor["Message-ID"] != to_clinic["Message-ID"]
    assert to_visitor["References"] != to_clinic["References"]


def test_a_request_without_an_address_sends_no_mail(server, notice_of, clinic):
    visitor_mail(clinic, server.url).deliver(notice_of(Event.REQUESTED, email=None))

    assert server.mails == []


def test_a_reminder_of_what_is_over_is_not_sent(server, notice_of, clinic):
    starts_at = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    mail = visitor_mail(clinic, server.url)

    mail.deliver(notice_of(Event.REMINDER, key="over", starts_at=starts_at))
    mail.deliver(notice_of(Event.REMINDER, key="due", starts_at=starts_at + timedelta(minutes=1)))

    assert [mail.message["X-Needlepoint-Key"] for mail in server.mails] == ["due"]


@pytest.mark.parametrize("event", [Event.NO_SHOW, Event.MESSAGE])
def test_what_visitors_are_not_told_is_not_sent(event, server, notice_of, clinic):
    with pytest.raises(Undelivered) as refused:
        visitor_mail(clinic, server.url).deliver(notice_of(event, starts_at=None))

    assert refused.value.permanent
    assert server.mails == []


# --- the clinic's several addresses ---


def test_an_address_that_is_refused_for_now_gets_it_later_and_the_others_once(
    server, notice_of, clinic
):
    mail, notice = clinic_mail(clinic, server.url), notice_of(Event.REQUESTED)
    server.refused[OFFICE] = "451 4.7.1 greylisted"

    with pytest.raises(Undelivered) as refused:
        mail.deliver(notice)
    server.refused.clear()
    mail.deliver(notice)

    assert not refused.value.permanent
    assert [mail.to for mail in server.mails] == [[TEAM], [OFFICE]]
    assert server.mails[0].message["Message-ID"] == server.mails[1].message["Message-ID"]


def test_an_address_that_is_always_refused_does_not_hold_up_the_others_for_ever(
    server, notice_of, clinic
):
    mail, notice = clinic_mail(clinic, server.url), notice_of(Event.REQUESTED)
    server.refused[OFFICE] = "452 4.2.2 over quota"
    attempts = 0

    while True:
        attempts += 1
        try:
            mail.deliver(notice)
            break
        except Undelivered:
            assert attempts < 10

    assert attempts == 5
    assert [mail.to for mail in server.mails] == [[TEAM]]


def test_when_nobody_gets_it_nothing_is_given_up(server, notice_of, clinic):
    mail, notice = clinic_mail(clinic, server.url), notice_of(Event.REQUESTED)
    server.refused |= {TEAM: "451 later", OFFICE: "451 later"}

    for _ in range(10):
        with pytest.raises(Undelivered):
            mail.deliver(notice)
    server.refused.clear()
    mail.deliver(notice)

    assert [mail.to for mail in server.mails] == [[TEAM, OFFICE]]


# --- calendar files ---


@pytest.mark.parametrize(
    ("event", "method"),
    [
        (Event.REQUESTED, "PUBLISH"),
        (Event.CONFIRMED, "PUBLISH"),
        (Event.RESCHEDULED, "PUBLISH"),
        (Event.CANCELLED, "CANCEL"),
        (Event.DECLINED, "CANCEL"),
    ],
)
def test_the_calendar_file_fits_the_event(event, method, server, notice_of, clinic):
    notice = notice_of(event, sequence=2)

    visitor_mail(clinic, server.url).deliver(notice)

    [file] = attached(server.mails[0].message)
    assert file.get_content_type() == "text/calendar"
    assert file.get_param("method") == method
    assert file.get_filename() == "consultation.ics"
    calendar = vobject.readOne(file.get_content(), validate=True)
    assert calendar.method.value == method
    assert calendar.vevent.uid.value == "NP-7KQ4MX@needlepoint"
    assert calendar.vevent.sequence.value == "2"
    assert calendar.vevent.dtstart.value == notice.starts_at


def test_a_calendar_file_keeps_its_line_ends_on_the_way(server, notice_of, clinic):
    visitor_mail(clinic, server.url).deliver(notice_of(Event.REQUESTED))

    [file] = attached(server.mails[0].message)
    content = file.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.startswith(b"BEGIN:VCALENDAR\r\n")
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\r\r\n" not in content


def test_a_reminder_brings_no_calendar_file(notice_of, clinic):
    message = visitor_mail(clinic).message(notice_of(Event.REMINDER))

    assert attached(message) == []


@pytest.mark.parametrize("event", CLINIC_EVENTS)
def test_the_clinic_gets_a_calendar_file_unless_its_calendar_is_connected(
    event, notice_of, clinic, without_calendar
):
    notice = notice_of(event)

    files = attached(clinic_mail(without_calendar).message(notice))

    assert attached(clinic_mail(clinic).message(notice)) == []
    if event == Event.MESSAGE:
        assert files == []
    else:
        entry = vobject.readOne(files[0].get_content()).vevent
        assert entry.summary.value.startswith("Consultation: Ana Lopez")


# --- what they say ---


@pytest.mark.parametrize(
    ("event", "by", "subject", "says"),
    [
        (
            Event.REQUESTED,
            "visitor",
            "We have your request for Tuesday 24 November, 3:00 pm",
            "We will e-mail or call you to confirm it",
        ),
        (
            Event.CONFIRMED,
            "clinic",
            "Confirmed: your consultation on Tuesday 24 November, 3:00 pm",
            "Your consultation at Linden Skin Clinic is confirmed.",
        ),
        (
            Event.RESCHEDULED,
            "visitor",
            "Your consultation is now on Tuesday 24 November, 3:00 pm",
            "You have moved your consultation at Linden Skin Clinic.",
        ),
        (
            Event.RESCHEDULED,
            "clinic",
            "Your consultation is now on Tuesday 24 November, 3:00 pm",
            "We had to move your consultation at Linden Skin Clinic.",
        ),
        (
            Event.CANCELLED,
            "visitor",
            "Cancelled: your consultation on Tuesday 24 November, 3:00 pm",
            "You have cancelled your consultation at Linden Skin Clinic",
        ),
        (
            Event.CANCELLED,
            "clinic",
            "Cancelled: your consultation on Tuesday 24 November, 3:00 pm",
            "we had to cancel your consultation at Linden Skin Clinic.",
        ),
        (
            Event.DECLINED,
            "clinic",
            "We can't confirm your consultation on Tuesday 24 November, 3:00 pm",
            "we can't confirm the consultation you asked for at Linden Skin Clinic.",
        ),
        (
            Event.REMINDER,
            "clinic",
            "Reminder: your consultation on Tuesday 24 November, 3:00 pm",
            "A short reminder of your consultation at Linden Skin Clinic.",
        ),
    ],
)
def test_a_visitor_is_told_what_happened_in_text_and_html(
    event, by, subject, says, notice_of, clinic
):
    message = visitor_mail(clinic).message(notice_of(event, by=by))

    assert message["Subject"] == subject
    shown = " ".join(Shown(html_of(message)).words.split())
    for words in (text_of(message), shown):
        assert says in words
        assert "Hello Ana Lopez," in words
        assert "24 November 2026" in words
        assert "3:00 pm to 3:30 pm" in words
        assert "12 Linden Row" in words
        assert "+1 202-555-0143" in words
        assert "NP-7KQ4MX" in words


@pytest.mark.parametrize("event", VISITOR_EVENTS)
def test_the_link_to_manage_it_is_there_while_there_is_something_to_manage(
    event, notice_of, clinic
):
    notice = notice_of(event, at=datetime(2026, 11, 20, 15, 0, tzinfo=UTC))

    message = visitor_mail(clinic).message(notice)

    links = [attributes.get("href") for tag, attributes in Shown(html_of(message)).elements]
    manageable = event not in (Event.CANCELLED, Event.DECLINED)
    assert (notice.manage_url in links) is manageable
    assert (notice.manage_url in text_of(message)) is manageable
    assert (clinic.website in links) is not manageable


def test_a_move_shows_the_time_before(notice_of, clinic):
    message = visitor_mail(clinic).message(notice_of(Event.RESCHEDULED))

    assert "Before: Monday 23 November 2026, 9:00 am" in text_of(message)
    assert "Monday 23 November, 9:00 am" in Shown(html_of(message)).words


@pytest.mark.parametrize(
    ("status", "by", "waits"),
    [("rescheduled", "visitor", True), ("confirmed", "visitor", False)],
)
def test_a_move_says_whether_it_is_confirmed(status, by, waits, notice_of, clinic):
    text = text_of(visitor_mail(clinic).message(notice_of(Event.RESCHEDULED, status=status, by=by)))

    assert ("not confirmed yet" in text) is waits
    assert ("confirm the new time" in text) is waits


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Berlin", "Your time: Tuesday 24 November 2026, 9:00 pm to 9:30 pm (Berlin)"),
        ("Asia/Tokyo", "Your time: Wednesday 25 November 2026, 5:00 am to 5:30 am (Tokyo)"),
        ("Asia/Kolkata", "Your time: Wednesday 25 November 2026, 1:30 am to 2:00 am (Kolkata)"),
        (
            "America/Argentina/Buenos_Aires",
            "Your time: Tuesday 24 November 2026, 5:00 pm to 5:30 pm (Buenos Aires)",
        ),
        ("America/New_York", None),
        # Another name, the same clocks.
        ("America/Toronto", None),
        ("Nowhere/Atlantis", None),
        ("../../etc/passwd", None),
        ("", None),
        (None, None),
    ],
)
def test_a_visitor_in_another_zone_sees_their_own_time_too(zone, told, notice_of, clinic):
    text = text_of(visitor_mail(clinic).message(notice_of(Event.CONFIRMED, visitor_zone=zone)))

    assert "When: Tuesday 24 November 2026, 3:00 pm to 3:30 pm" in text
    assert [line for line in text.splitlines() if line.startswith("Your time")] == (
        [told] if told else []
    )


def test_zones_that_differ_only_for_a_week_are_told_apart_in_that_week(notice_of, clinic):
    # Berlin's clocks go back a week before New York's: five hours apart instead of six.
    starts_at = datetime(2026, 10, 27, 15, 0, tzinfo=clinic.zone)

    text = text_of(
        visitor_mail(clinic).message(
            notice_of(Event.CONFIRMED, starts_at=starts_at, visitor_zone="Europe/Berlin")
        )
    )

    assert "Your time: Tuesday 27 October 2026, 8:00 pm to 8:30 pm (Berlin)" in text


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (13, "12:00 pm"),
        (9, "8:00 am"),
        (1, "12:00 am"),
        (24, "11:00 pm"),
    ],
)
def test_noon_and_midnight_have_their_names(hours, told, notice_of, clinic):
    starts_at = datetime(2026, 11, 24, (hours - 1) % 24, 0, tzinfo=clinic.zone)

    message = visitor_mail(clinic).message(notice_of(Event.CONFIRMED, starts_at=starts_at))

    assert message["Subject"].endswith(f"Tuesday 24 November, {told}")


@pytest.mark.parametrize(
    ("event", "sent_before", "can_change"),
    [
        (Event.CONFIRMED, timedelta(hours=25), True),
        (Event.CONFIRMED, timedelta(hours=24), False),
        (Event.CONFIRMED, timedelta(hours=3), False),
        # Written when the request was confirmed, sent 48 hours before, with a day left to change.
        (Event.REMINDER, timedelta(days=90), True),
        (Event.REMINDER, timedelta(hours=3), True),
    ],
)
def test_a_change_is_offered_until_the_clinics_cutoff(
    event, sent_before, can_change, notice_of, clinic
):
    starts_at = datetime(2026, 11, 24, 15, 0, tzinfo=clinic.zone)
    notice = notice_of(event, starts_at=starts_at, at=starts_at - sent_before)

    text = text_of(visitor_mail(clinic).message(notice))

    assert ("until Monday 23 November, 3:00 pm:" in text) is can_change
    assert ("To change it now, please call +1 202-555-0143." in text) is not can_change


def test_a_reminder_after_the_cutoff_asks_to_call(notice_of, clinic):
    email = clinic.hand_off.email.model_copy(update={"remind_hours": 24})
    late = clinic.model_copy(
        update={"hand_off": clinic.hand_off.model_copy(update={"email": email})}
    )

    text = text_of(visitor_mail(late).message(notice_of(Event.REMINDER)))

    assert "To change it now, please call" in text


@pytest.mark.parametrize(
    ("event", "subject", "heading"),
    [
        (
            Event.REQUESTED,
            "New request: Tuesday 24 November, 3:00 pm, Ana Lopez (NP-7KQ4MX)",
            "A new consultation request",
        ),
        (
            Event.RESCHEDULED,
            "Moved by the visitor: Tuesday 24 November, 3:00 pm, Ana Lopez (NP-7KQ4MX)",
            "A visitor moved their consultation",
        ),
        (
            Event.CANCELLED,
            "Cancelled by the visitor: Tuesday 24 November, 3:00 pm, Ana Lopez (NP-7KQ4MX)",
            "A visitor cancelled their consultation",
        ),
        (Event.MESSAGE, "A message from Ana Lopez (NP-7KQ4MX)", "A visitor left a message"),
    ],
)
def test_the_clinic_is_told_everything(event, subject, heading, notice_of, clinic):
    notice = notice_of(
        event,
        text="acne scars\n\non both cheeks",
        notes="comes by train",
        visitor_zone="Europe/Berlin",
        practitioner=None if event == Event.MESSAGE else "room-1",
    )

    message = clinic_mail(clinic).message(notice)

    assert message["Subject"] == subject
    text = text_of(message)
    shown = Shown(html_of(message))
    for words in (text, shown.words):
        assert heading in words
        assert "acne scars\n\non both cheeks" in words
        for fact in ("Ana Lopez", ANA, "+1 202-555-0164", "comes by train", "NP-7KQ4MX"):
            assert fact in words
        if event != Event.MESSAGE:
            assert "3:00 pm to 3:30 pm" in words
            assert "9:00 pm" in words
            assert "Consultation room 1" in words
    links = [attributes.get("href") for tag, attributes in shown.elements if tag == "a"]
    assert links == ["tel:+12025550164", f"mailto:{ANA}"]


def test_the_visitors_link_is_not_given_to_the_clinic(notice_of, clinic):
    notice = notice_of(Event.REQUESTED)

    message = clinic_mail(clinic).message(notice)

    assert notice.manage_url not in message.as_string()
    assert notice.manage_url not in html_of(message)


@pytest.mark.parametrize("event", CLINIC_EVENTS)
def test_what_the_clinic_was_not_told_leaves_no_gap(event, notice_of, clinic):
    notice = notice_of(
        event, name=None, email=None, phone=None, notes=None, practitioner=None, before=None
    )

    message = clinic_mail(clinic).message(notice)

    for words in (text_of(message), Shown(html_of(message)).words):
        assert "None" not in words
        assert not re.search(r"^(Name|Phone|E-mail|Notes|With|Before)\b", words, re.M)
    assert "\n\n\n" not in text_of(message)


@pytest.mark.parametrize("event", VISITOR_EVENTS)
def test_a_visitors_text_has_no_gaps_either(event, notice_of, clinic):
    text = text_of(visitor_mail(clinic).message(notice_of(event, name=None, manage_url=None)))

    assert text.startswith(text.strip()[:20])
    assert "Hello,\n" in text
    assert "\n\n\n" not in text
    assert "None" not in text


# --- what people type ---

HOSTILE = [
    "Ana\r\nBcc: everybody@example.com",
    "Ana\nX-Evil: yes\n\nBody",
    "Ana\r\n\r\n<h1>Body</h1>",
    "Ana\x00\x0b\x0c\x1b Lopez",
    "Ana\u2028Bcc: x@example.com",
    "Ana\x85Subject: other",
    "half a pair \ud83e",
    "\u202eecnassiaN",
    '"; <x@example.com>, y@example.com',
    "=?utf-8?q?Bcc=3A_x=40example=2Ecom?=",
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "{{ 7 * 7 }}{% raw %}",
    "a" * 500,
    "a " * 300,
]
SCRIPTS = [
    "Zoë Müller-O'Neil",
    "Анна Каренина",
    "محمد بن عبد الله",
    "李小龍",
    "สมชาย",
    "அனிதா",
    "🧖🏽 Ana",
    "José, Jr.; \\ the 3rd",
]


@pytest.mark.parametrize("text", [*HOSTILE, *SCRIPTS])
@pytest.mark.parametrize("event", CLINIC_EVENTS)
def test_nothing_typed_adds_a_header_or_an_element(event, text, server, notice_of, clinic):
    harmless = clinic_mail(clinic).message(notice_of(event, name="x", text="y", notes="z"))
    notice = notice_of(event, name=text, text=text, notes=text, visitor_zone=text)

    clinic_mail(clinic, server.url).deliver(notice)

    [mail] = server.mails
    assert mail.to == [TEAM, OFFICE]
    assert sorted(mail.message.keys()) == sorted(harmless.keys())
    assert [tag for tag, _ in Shown(html_of(mail.message)).elements] == [
        tag for tag, _ in Shown(html_of(harmless)).elements
    ]


@pytest.mark.parametrize("text", [*HOSTILE, *SCRIPTS])
@pytest.mark.parametrize("event", VISITOR_EVENTS)
def test_nothing_typed_changes_a_visitors_mail(event, text, server, notice_of, clinic):
    harmless = visitor_mail(clinic).message(notice_of(event, name="x"))
    notice = notice_of(event, name=text, text=text, notes=text, visitor_zone=text)

    visitor_mail(clinic, server.url).deliver(notice)

    [mail] = server.mails
    assert mail.to == [ANA]
    assert sorted(mail.message.keys()) == sorted(harmless.keys())
    assert mail.message["Subject"] == harmless["Subject"]
    tags = [tag for tag, _ in Shown(html_of(mail.message)).elements if tag != "bdi"]
    assert tags == [tag for tag, _ in Shown(html_of(harmless)).elements if tag != "bdi"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_names_of_any_script_arrive_as_they_are(name, server, notice_of, clinic):
    visitor_mail(clinic, server.url).deliver(notice_of(Event.CONFIRMED, name=name))
    clinic_mail(clinic, server.url).deliver(notice_of(Event.REQUESTED, name=name))

    to_visitor, to_clinic = (mail.message for mail in server.mails)
    assert f"Hello {name}," in text_of(to_visitor)
    assert f"Hello {name}," in Shown(html_of(to_visitor)).words
    assert f", {name} (NP-7KQ4MX)" in to_clinic["Subject"]
    assert f"Name: {name}\n" in text_of(to_clinic)


def test_a_clinic_of_any_script_signs_with_its_name(server, notice_of, clinic):
    name = "皮膚 Clinic, “Zoë” & Sons <Co>"
    odd = clinic.model_copy(update={"name": name})

    visitor_mail(odd, server.url).deliver(notice_of(Event.CONFIRMED))

    message = server.mails[0].message
    [sender] = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, SENDER)
    assert name in text_of(message)
    assert name in Shown(html_of(message)).words


@pytest.mark.parametrize(
    "name",
    [
        "Win now at cheap.pills",
        "https://evil.example/x",
        "www.evil.example",
        "evil.com",
        "call me at x@example.com",
        "//evil",
        "a" * 61,
    ],
)
def test_a_visitors_mail_carries_no_advertisement_to_somebody_elses_address(
    name, notice_of, clinic
):
    message = visitor_mail(clinic).message(notice_of(Event.REQUESTED, name=name, text=name))

    assert "Hello,\n" in text_of(message)
    assert name not in text_of(message)
    assert name not in html_of(message)


def test_lines_of_a_mail_are_short_enough_for_every_server(server, notice_of, clinic):
    long = clinic.model_copy(update={"name": "Clinic of the Long Name " * 8})
    notice = notice_of(Event.REQUESTED, name="李" * 120, text="x" * 5000)

    clinic_mail(long, server.url).deliver(notice)
    visitor_mail(long, server.url).deliver(notice)

    for mail in server.mails:
        assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 998
        assert mail.raw.isascii()


def test_ids_stay_whole_however_long_the_senders_domain_is(notice_of, clinic):
    domain = f"{'linden-' * 8}skin.{'clinic-' * 7}group.example"
    mail = VisitorMail(Smtp("smtp://localhost", f"desk@{domain}"), clinic)

    written = mail.message(notice_of(Event.CONFIRMED)).as_bytes().decode()

    for header in ("Message-ID", "References", "In-Reply-To"):
        assert re.search(rf"^{header}:\s+<[0-9a-f]{{24}}@{re.escape(domain)}>\r?$", written, re.M)


# --- the pages ---


@pytest.mark.parametrize("event", VISITOR_EVENTS)
def test_a_page_loads_nothing_from_elsewhere(event, notice_of, clinic):
    page = html_of(visitor_mail(clinic).message(notice_of(event)))

    tags = {tag for tag, _ in Shown(page).elements}
    assert not tags & {"img", "script", "link", "iframe", "object", "svg", "form"}
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("event", VISITOR_EVENTS)
def test_a_page_says_its_language_its_title_and_that_its_tables_are_no_tables(
    event, notice_of, clinic
):
    message = visitor_mail(clinic).message(notice_of(event))

    elements = Shown(html_of(message)).elements
    assert ("html", {"lang": "en", "dir": "ltr"}) in elements
    assert f"<title>{message['Subject'].replace(chr(39), '&#39;')}</title>" in html_of(message)
    tables = [attributes for tag, attributes in elements if tag == "table"]
    assert all(attributes.get("role") == "presentation" for attributes in tables)
    assert [tag for tag, _ in elements if tag == "h1"] == ["h1"]
