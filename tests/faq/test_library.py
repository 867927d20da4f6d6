from pathlib import Path

import pytest

from faq.library import BrokenFaq, UnknownFaq, read_faq, read_faqs
from tests.faq.content import ANSWER, faq_text

ROOT = Path(__file__).resolve().parents[2]


def test_a_faq_is_read_with_the_places_of_its_parts(content: Path) -> None:
    faq = read_faq(content / "faq" / "downtime.yml")

    assert (faq.slug, faq.title, faq.answer) == ("downtime", "How long is the downtime?", ANSWER)
    assert (faq.source, faq.reviewer) == ("your-treatment#downtime", "Clinic content team")
    assert faq.reviewed == "2026-11-20"
    assert len(faq.phrasings) == 5
    lines = faq.path.read_text(encoding="utf-8").splitlines()
    assert lines[faq.line_of_phrasing(2) - 1].strip() == "- recovery time"
    assert lines[faq.lines["text"] - 1].strip().startswith("- text:")


def test_the_library_finds_a_faq_by_its_slug(content: Path) -> None:
    library = read_faqs(content)

    assert library.get("downtime").slug == "downtime"
    with pytest.raises(UnknownFaq, match="did you mean downtime"):
        library.get("down-time")


def test_a_broken_file_does_not_hide_the_others(content: Path) -> None:
    (content / "faq" / "numbing.yml").write_text("nlu: [", encoding="utf-8")

    library = read_faqs(content)

    assert [faq.slug for faq in library] == ["downtime"]
    assert [broken.path.name for broken in library.broken] == ["numbing.yml"]
    with pytest.raises(BrokenFaq):
        library.get("numbing")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder of FAQs"):
        read_faqs(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ('reviewed: "2026-11-20"', "reviewed: 2026-11-20", 8, "'reviewed' is not text"),
        ("title: How", "title: [How", 6, "not YAML"),
        ("responses:", "answers:", 1, "'responses' is missing"),
        ("    examples: |", "    examples:", 9, "'examples' is missing or no text"),
        ("      - recovery time", "      recovery time", 12, "no phrasing after"),
        ("  - intent: faq/downtime", "  - greet", 4, "not YAML"),
        (
            "    - text: ",
            '    - text: "Another answer."\n    - text: ',
            16,
            "a list of one, not 2",
        ),
        ("      title: How", "      title: x\n      title: How", 6, "duplicate key"),
    ],
)
def test_a_broken_faq_says_where_and_how_to_mend_it(
    content: Path, old: str, new: str, line: int, complaint: str
) -> None:
    path = content / "faq" / "downtime.yml"
    path.write_text(faq_text().replace(old, new, 1), encoding="utf-8")

    with pytest.raises(BrokenFaq, match=complaint) as refused:
        read_faq(path)

    assert refused.value.line == line
    assert refused.value.how
    assert f"{path}, line {line}" in str(refused.value)


def test_a_file_that_is_not_utf8_is_told_with_its_line(content: Path) -> None:
    path = content / "faq" / "downtime.yml"
    path.write_bytes(faq_text().replace("How long", "Wie länge").encode("latin-1"))

    with pytest.raises(BrokenFaq, match="not UTF-8") as refused:
        read_faq(path)

    assert refused.value.line == 5


def test_every_faq_of_the_project_can_be_read() -> None:
    library = read_faqs(ROOT / "data")

    assert library.broken == ()
    assert len(library) >= 60
