"""Names, e-mail addresses, phone numbers and concerns as visitors type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from booking.details import (
    Details,
    PreferredTime,
    Slot,
    clean_text,
    read_concern,
    read_email,
    read_name,
    read_phone,
)
from booking.errors import DetailRefused
from booking.reading.contacts import shown_phone
from booking.windows import Window, Wish


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ana Lopez", "Ana Lopez"),
        ("  ana   lopez ", "ana lopez"),
        ("Ana-María O'Neill", "Ana-María O'Neill"),
        ("Ana-María O\u2019Neill", "Ana-María O\u2019Neill"),
        ("Siobha\u0301n", "Siobhán"),
        ("李小龙", "李小龙"),
        ("Дмитрий Иванов", "Дмитрий Иванов"),
        ("محمد علي", "محمد علي"),
        ("Nguyễn Thị Hoa", "Nguyễn Thị Hoa"),
        ("X Æ A-12", "X Æ A-12"),
        ("J. R.", "J. R."),
        ("Robert'); DROP TABLE students;--", "Robert'); DROP TABLE students;--"),
        ("<b>Ana</b>", "<b>Ana</b>"),
        ("Ana\x00\x07 Lopez\n", "Ana Lopez"),
        ("Ana\u202e Lopez\u200b", "Ana Lopez"),
        ("Ana\ud800", "Ana"),
        ("نیلوفر\u200cسادات", "نیلوفر\u200cسادات"),
        ("A" * 120, "A" * 120),
    ],
)
def test_a_name_is_kept_as_written(text: str, name: str) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_name"),
        (" \x00\u200b ", "no_name"),
        ("12345", "not_a_name"),
        ("!!!", "not_a_name"),
        ("ana@example.com", "not_a_name"),
        ("https://example.com/ana", "not_a_name"),
        ("www.example.com", "not_a_name"),
        ("A" * 121, "too_long"),
    ],
)
def test_what_is_no_name_is_refused(text: str, code: str) -> None:
    with pytest.raises(DetailRefused) as refused:
        read_name(text)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ana@example.com", "ana@example.com"),
        (" Ana.Lopez@EXAMPLE.com ", "Ana.Lopez@example.com"),
        ("<ana@example.com>", "ana@example.com"),
        ("mailto:ana@example.com", "ana@example.com"),
        ("jen+skin@example.net", "jen+skin@example.net"),
        ("o'neill@example.org", "o'neill@example.org"),
        ("josé@example.com", "josé@example.com"),
        ("hello@linden-skin.example", "hello@linden-skin.example"),
    ],
)
def test_an_email_address_is_read(text: str, email: str) -> None:
    assert read_email(text) == email


@pytest.mark.parametrize(
    "text", ["", "ana", "ana@", "@example.com", "ana@@example.com", "ana@x", "a b@example.com"]
)
def test_a_broken_email_address_is_refused(text: str) -> None:
    with pytest.raises(DetailRefused) as refused:
        read_email(text)

    assert refused.value.code == "invalid_email"


@pytest.mark.parametrize(
    ("text", "region", "phone"),
    [
        ("202-555-0143", "US", "+12025550143"),
        ("(202) 555 0143", "US", "+12025550143"),
        ("202.555.0143", "US", "+12025550143"),
        ("1 202 555 0143", "US", "+12025550143"),
        ("+1 (202) 555-0143", "GB", "+12025550143"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("0044 20 7946 0958", "US", "+442079460958"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("2025550143", "US", "+12025550143"),
        ("+44 7700 900456", "US", "+447700900456"),
        ("0044 7700 900456", "US", "+447700900456"),
        ("+49 1512 3456789", "US", "+4915123456789"),
    ],
)
def test_a_phone_number_is_read(text: str, region: str, phone: str) -> None:
    assert read_phone(text, region) == phone


@pytest.mark.parametrize(
    "text",
    [
        "",
        "call me",
        "911",
        "12345",
        "555-0143",
        "+1 202 555 01",
        "+1 202 555 0143 99999",
        "+44 7700",
        "1234567890123456",
    ],
)
def test_a_number_that_cannot_be_called_is_refused(text: str) -> None:
    with pytest.raises(DetailRefused) as refused:
        read_phone(text, "US")

    assert refused.value.code == "invalid_phone"


@pytest.mark.parametrize(
    "text", ["07700900456", "07700 900456", "06 12 34 56 78", "0151 23456789", "202-555-01"]
)
def test_a_number_of_another_country_needs_its_code(text: str) -> None:
    with pytest.raises(DetailRefused) as refused:
        read_phone(text, "US")

    assert refused.value.code == "needs_country_code"


@pytest.mark.parametrize(
    ("e164", "shown"),
    [("+12025550164", "+1 202-555-0164"), ("+447700900456", "+44 7700 900456")],
)
def test_a_number_is_shown_as_people_read_it(e164: str, shown: str) -> None:
    assert shown_phone(e164) == shown


@pytest.mark.parametrize(
    ("text", "code"), [("", "no_concern"), ("???", "no_concern"), ("x" * 301, "too_long")]
)
def test_what_is_no_concern_is_refused(text: str, code: str) -> None:
    with pytest.raises(DetailRefused) as refused:
        read_concern(text)

    assert refused.value.code == code


def test_a_concern_is_kept_in_the_visitors_words() -> None:
    assert read_concern(" old scars\non both cheeks ") == "old scars on both cheeks"


def test_lines_stay_where_they_are_wanted() -> None:
    assert clean_text("a\tb\r\n c \x85d", lines=True) == "a b\nc d"


def test_what_is_missing_is_told_in_the_order_it_is_asked_for() -> None:
    assert Details().missing() == (Slot.NAME, Slot.CONTACT, Slot.CONCERN, Slot.TIME)
    assert Details(phone="+12025550143", concern="scars").missing() == (Slot.NAME, Slot.TIME)


@pytest.mark.parametrize(
    "details",
    [
        Details(),
        Details(
            name="Ana",
            email="ana@example.com",
            phone="+12025550143",
            concern="scars",
            time=PreferredTime(datetime(2026, 11, 24, 20, 0, tzinfo=UTC), "tuesday 3pm"),
            notes="none",
            wish=Wish(Window(date(2026, 11, 24), date(2026, 11, 24), start=time(15)), "after 3"),
        ),
    ],
)
def test_details_survive_being_kept_as_text(details: Details) -> None:
    assert Details.from_json(details.as_json()) == details


def test_details_kept_by_an_older_version_can_be_read() -> None:
    assert Details.from_json({"name": "Ana", "unknown": "x"}) == Details(name="Ana")
    assert Details.from_json(None) == Details()
