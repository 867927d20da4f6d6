import ast
from pathlib import Path

import pytest

from nlu.importer import GIVES_WAY, ClinicImporter, opening_hours_text

DOMAIN = """
version: "3.1"
slots:
  clinic_phone: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  clinic_hours: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  name: {type: text, influence_conversation: false, mappings: [{type: custom}]}
"""
CLINIC = """
name: Test Clinic
phone: "+12025550100"
email: desk@test.example
address: [1 Test Row]
emergency_number: "112"
opening_hours:
  monday: ["09:00-18:00"]
  tuesday: ["09:00-18:00"]
privacy: {url: /privacy, retention_days: 30}
consent: {version: "1", text: I agree.}
"""


@pytest.fixture
def importer(tmp_path, monkeypatch):
    (tmp_path / "domain.yml").write_text(DOMAIN)
    (tmp_path / "clinic.yml").write_text(CLINIC)
    monkeypatch.setenv("NEEDLEPOINT_CLINIC", str(tmp_path / "clinic.yml"))
    return ClinicImporter(domain_path=str(tmp_path / "domain.yml"), training_data_paths=[])


def test_the_clinics_facts_are_initial_values_of_its_slots(importer):
    slots = {slot.name: slot.initial_value for slot in importer.get_domain().slots}

    assert slots["clinic_phone"] == "+12025550100"
    assert slots["clinic_hours"] == "Monday to Tuesday 9:00-18:00"
    assert slots["name"] is None


def test_another_fact_is_another_domain(importer, tmp_path):
    before = importer.get_domain().fingerprint()
    changed = CLINIC.replace("0100", "0199")
    (tmp_path / "clinic.yml").write_text(changed)

    again = ClinicImporter(domain_path=str(tmp_path / "domain.yml"), training_data_paths=[])

    assert again.get_domain().fingerprint() != before


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        ({"monday": ["09:00-18:00"]}, "Monday 9:00-18:00"),
        ({"monday": ["09:00-12:00", "13:00-18:00"]}, "Monday 9:00-12:00 and 13:00-18:00"),
        (
            {"monday": ["09:00-18:00"], "tuesday": [], "wednesday": ["09:00-18:00"]},
            "Monday 9:00-18:00, Wednesday 9:00-18:00",
        ),
        (
            {"saturday": ["10:00-15:00"], "sunday": ["10:00-15:00"]},
            "Saturday to Sunday 10:00-15:00",
        ),
        ({"friday": ["07:00-09:00"], "sunday": []}, "Friday 7:00-9:00"),
    ],
)
def test_opening_hours_read_as_people_say_them(hours, text):
    assert opening_hours_text(hours) == text


def test_how_bookings_work_is_no_matter_of_the_domain(importer, tmp_path):
    before = importer.get_domain().fingerprint()
    bookings = "booking: {slot_minutes: 45}\nhand_off: {webhook: {url: https://a.example}}\n"
    (tmp_path / "clinic.yml").write_text(CLINIC + bookings)

    again = ClinicImporter(domain_path=str(tmp_path / "domain.yml"), training_data_paths=[])

    assert again.get_domain().fingerprint() == before


LIBRARY = """
version: "3.1"
nlu:
  - intent: faq/parking
    examples: |
      - is there parking
      - may i ask a person
  - intent: medical/visit
    examples: |
      - Is there parking?
      - how do i prepare
  - intent: ask_person
    examples: |
      - may i ask a person
"""


def test_what_a_faq_answers_is_declined_no_more(importer, tmp_path):
    (tmp_path / "nlu.yml").write_text(LIBRARY)
    domain = str(tmp_path / "domain.yml")

    taught = ClinicImporter(domain_path=domain, training_data_paths=[str(tmp_path / "nlu.yml")])

    examples = taught.get_nlu_data().training_examples
    known = [
        (one.get("intent_response_key") or one.get("intent"), one.get("text")) for one in examples
    ]
    assert sorted(known) == [
        ("ask_person", "may i ask a person"),
        ("faq/parking", "is there parking"),
        ("faq/parking", "may i ask a person"),
        ("medical/visit", "how do i prepare"),
    ]


def test_the_check_and_the_training_agree_on_what_gives_way():
    root = Path(__file__).resolve().parents[2]
    line = next(
        line
        for line in (root / "faq" / "check.py").read_text().splitlines()
        if line.startswith("GIVES_WAY")
    )

    assert ast.literal_eval(line.partition("frozenset(")[2].removesuffix(")")) == GIVES_WAY
