"""clinic.yml: what is read from it, and what is said about a mistake in it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from booking.clinic import Clinic, ClinicMistake, read_clinic

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
        ('"911"', "911", 9, "valid string"),
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
        ("retention_days: 365", "retention_days: 0", 36, "greater than or equal to 1"),
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


@pytest.mark.parametrize("content", [b"", b"- a list", b"\xff\xfe", b"just words"])
def test_what_is_no_list_of_facts_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clinic.yml"
    path.write_bytes(content)

    with pytest.raises(ClinicMistake):
        read_clinic(path)


def test_a_missing_file_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(ClinicMistake, match=r"clinic\.yml cannot be read"):
        read_clinic(tmp_path / "clinic.yml")
