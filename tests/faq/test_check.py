from pathlib import Path

import pytest

from faq.check import (
    DECLINED_BY_STAFF,
    GIVES_WAY,
    Finding,
    check_file,
    check_library,
    has_errors,
    normalised,
)
from tests.faq.content import ANSWER, faq_text

ROOT = Path(__file__).resolve().parents[2]

SMALL_TALK = """version: "3.1"
nlu:
  - intent: ask_person
    examples: |
      - can I talk to someone
      - Recovery time!
"""


def findings_of(content: Path, text: str, name: str = "downtime") -> list[Finding]:
    path = content / "faq" / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    return check_library(content)


def test_a_sound_library_has_no_findings(content: Path) -> None:
    assert check_library(content) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (f'"{ANSWER}"', '""', "the answer is empty"),
        (ANSWER, "Very little.", "the answer has 12 characters"),
        (ANSWER, "x" * 1201, "the answer has 1201 characters"),
        (ANSWER, f"<b>No.</b> {ANSWER}", "holds HTML"),
        (ANSWER, f"<script>alert(1)</script> {ANSWER}", "holds HTML"),
        (ANSWER, f"No.\\n \\n{ANSWER}", "has a blank line"),
        (ANSWER, f"{{name}}, {ANSWER}", "holds { or }"),
        ("- intent: faq/downtime", "- intent: faq/down-time", "the intent is 'faq/down-time'"),
        ("utter_faq/downtime", "utter_faq/healing", "the answer is 'utter_faq/healing'"),
        ("faq: downtime\n", "faq: healing\n", "`faq` under `custom` is 'healing'"),
        ("      reviewer: Clinic content team\n", "", "the reviewer is missing"),
        ('"2026-11-20"', '"20 November 2026"', "reviewed is '20 November 2026'"),
        ('"2026-11-20"', '"2026-02-30"', "reviewed is '2026-02-30'"),
        ('"2026-11-20"', "2026-11-20", "'reviewed' is not text"),
        ("      title: How long", "      title: How very long", "the title under `custom`"),
        ("recovery time", "[recovery](topic) time", "square brackets"),
        ("recovery time", "/recovery time", "starts with a slash"),
        ("recovery time", "?!", "has no words"),
        ("      - recovery time\n", "", "only 4 phrasings"),
        ("    examples: |", "      why: healing\n    examples: |", "lead to 'healing'"),
        ("    examples: |", "      next: [healing]\n    examples: |", "lead to 'healing'"),
        ("    examples: |", "      next: healing\n    examples: |", "'next' is no list of FAQs"),
    ],
)
def test_a_mistake_is_found_with_its_cure(
    content: Path, old: str, new: str, complaint: str
) -> None:
    assert old in faq_text()

    findings = findings_of(content, faq_text().replace(old, new, 1))

    found = [finding for finding in findings if complaint in finding.what]
    assert len(found) == 1
    assert (found[0].severity, found[0].slug) == ("error", "downtime")
    assert found[0].how
    path, _, line = found[0].where.rpartition(":")
    assert path == str(content / "faq" / "downtime.yml")
    assert line.isdecimal()


@pytest.mark.parametrize(
    ("source", "complaint", "cure"),
    [
        ("gone#downtime", "there is no article 'gone'", "your-treatment"),
        ("your-treatment#gone", "names no section", "downtime, numbing-cream"),
        ("your-treatment", "names no section", "downtime, numbing-cream"),
        ('""', "the source is missing", "your-treatment"),
    ],
)
def test_a_source_that_is_not_there_is_found(
    content: Path, source: str, complaint: str, cure: str
) -> None:
    findings = findings_of(content, faq_text().replace("your-treatment#downtime", source))

    assert [finding.severity for finding in findings] == ["error"]
    assert complaint in findings[0].what
    assert cure in findings[0].how


@pytest.mark.parametrize("name", ["Downtime", "down_time", "down--time", "down time"])
def test_a_file_name_that_is_no_slug_is_found(content: Path, name: str) -> None:
    (content / "faq" / "downtime.yml").unlink()

    findings = findings_of(content, faq_text(name), name)

    assert [finding.what for finding in findings] == [f"{name!r} can't name a FAQ"]


def test_a_short_answer_is_a_warning(content: Path) -> None:
    findings = findings_of(content, faq_text().replace(ANSWER, "x" * 60))

    assert [finding.severity for finding in findings] == ["warning"]
    assert not has_errors(findings)


def test_a_phrasing_of_two_faqs_is_an_error(content: Path) -> None:
    twin = faq_text("recovery", "How do I recover?")

    findings = findings_of(content, twin, "recovery")

    assert {finding.slug for finding in findings} == {"recovery"}
    assert len(findings) == 5
    assert "also belongs to faq/downtime" in findings[0].what


def test_a_phrasing_of_another_intent_is_an_error(content: Path) -> None:
    (content / "small_talk.yml").write_text(SMALL_TALK, encoding="utf-8")

    findings = check_library(content)

    assert [finding.severity for finding in findings] == ["error"]
    assert f"ask_person ({content / 'small_talk.yml'}:6)" in findings[0].what


@pytest.mark.parametrize("label", sorted(GIVES_WAY))
def test_what_has_been_declined_so_far_may_become_a_faq(content: Path, label: str) -> None:
    declined = SMALL_TALK.replace("ask_person", label)
    (content / "safety.yml").write_text(declined, encoding="utf-8")

    [finding] = check_library(content)

    assert finding.severity == "warning"
    assert f"'recovery time' has been declined so far, as {label}" in finding.what
    assert finding.how == "It gets this answer once it is published."


@pytest.mark.parametrize("label", ["emergency/medical", "medical/diagnosis"])
def test_what_safety_rests_on_gives_way_to_no_faq(content: Path, label: str) -> None:
    declined = SMALL_TALK.replace("ask_person", label)
    (content / "safety.yml").write_text(declined, encoding="utf-8")

    assert [finding.severity for finding in check_library(content)] == ["error"]


def test_what_staff_declined_themselves_is_opened_again_first(content: Path) -> None:
    declined = SMALL_TALK.replace("ask_person", "out_of_scope/off-topic")
    (content / DECLINED_BY_STAFF).write_text(declined, encoding="utf-8")

    [finding] = check_library(content)

    assert finding.severity == "error"
    assert "Open it again in the inbox" in finding.how


def test_a_phrasing_that_stands_twice_is_a_warning(content: Path) -> None:
    twice = "- recovery time\n      - Recovery time?"

    findings = findings_of(content, faq_text().replace("- recovery time", twice))

    assert [finding.severity for finding in findings] == ["warning"]


def test_phrasings_that_mean_the_same_are_an_error(content: Path) -> None:
    other = faq_text("recovery", "How do I recover?")
    for old, new in [
        ("how long is the downtime", "how long is downtime"),
        ("can i go back to work the next day", "what should I put on my face"),
        ("recovery time", "will a cream help"),
        ("when will i look normal again", "may I swim"),
        ("do i have to take days off", "is there anything to avoid"),
    ]:
        other = other.replace(old, new)
    (content / "faq" / "recovery.yml").write_text(other, encoding="utf-8")

    findings = check_library(content, ROOT / "models" / "encoder")

    assert [finding.severity for finding in findings] == ["error"]
    assert "means the same as 'how long is the downtime'" in findings[0].what


def test_without_the_encoder_the_rest_is_checked(content: Path, tmp_path: Path) -> None:
    assert check_library(content, tmp_path / "not-built") == []


def test_a_broken_file_is_one_finding(content: Path) -> None:
    findings = findings_of(content, "nlu: [", "numbing")

    assert [(finding.slug, finding.severity) for finding in findings] == [("numbing", "error")]


def test_a_file_outside_is_checked_as_if_it_were_in_the_library(
    content: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "recovery.yml"
    draft.write_text(faq_text("recovery", "How do I recover?"), encoding="utf-8")

    findings = check_file(content, draft)

    assert {finding.slug for finding in findings} == {"recovery"}
    assert all(str(draft) in finding.where for finding in findings)
    assert has_errors(findings)


def test_a_new_version_of_a_faq_is_no_twin_of_the_old_one(content: Path, tmp_path: Path) -> None:
    draft = tmp_path / "downtime.yml"
    draft.write_text(faq_text(), encoding="utf-8")

    assert check_file(content, draft) == []


def test_case_and_punctuation_make_no_other_phrasing() -> None:
    assert normalised(" Does it — HURT?! ") == normalised("does it hurt")


def test_the_projects_library_has_no_errors() -> None:
    assert not has_errors(check_library(ROOT / "data"))
