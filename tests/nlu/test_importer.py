import pytest

from nlu.importer import ClinicImporter, opening_hours_text

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
