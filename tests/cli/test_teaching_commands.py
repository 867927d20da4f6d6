from pathlib import Path

import pytest

from faq.library import read_faqs
from tests.cli.running import Installation
from tests.faq.content import ANSWER, faq_text

SOUND = {
    "how long is the downtime": "is my skin numbed",
    "can i go back to work the next day": "do you put cream on before",
    "recovery time": "anaesthetic?",
    "when will i look normal again": "will I feel the needles",
    "do i have to take days off": "what takes the pain away",
}


def numbing() -> str:
    text = faq_text("numbing", "Is my skin numbed first?")
    for old, new in SOUND.items():
        text = text.replace(old, new)
    return text.replace("your-treatment#downtime", "your-treatment#numbing-cream")


def written(folder: Path, text: str | bytes, name: str = "numbing.yml") -> str:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def slugs(needlepoint: Installation) -> list[str]:
    return [faq.slug for faq in read_faqs(needlepoint.folder / "content")]


def test_a_faq_is_added_and_removed(needlepoint: Installation) -> None:
    file = written(needlepoint.folder, numbing())

    added = needlepoint.run("faq", "add", file, "--json").json
    assert added["slug"] == "numbing"
    assert slugs(needlepoint) == ["downtime", "numbing"]

    removed = needlepoint.run("faq", "remove", "numbing", "--json").json
    assert removed == {"removed": "numbing", "changed": []}
    assert slugs(needlepoint) == ["downtime"]


def test_a_faq_takes_anothers_place_only_when_told_to(needlepoint: Installation) -> None:
    file = written(needlepoint.folder, faq_text(title="Is there downtime?"), "downtime.yml")

    refused = needlepoint.run("faq", "add", file)
    replaced = needlepoint.run("faq", "add", file, "--replace")

    assert (refused.code, refused.out) == (1, "")
    assert "'downtime' is there already" in refused.err
    assert replaced.code == 0
    assert (
        needlepoint.run("faq", "show", "downtime", "--json").json["title"] == "Is there downtime?"
    )


@pytest.mark.parametrize(
    ("kind", "old", "new", "complaint", "cure"),
    [
        ("an empty answer", ANSWER, "", "the answer is empty", "An answer has 40 to 1200"),
        ("a tiny answer", ANSWER, "Yes.", "the answer has 4 characters", "An answer has 40"),
        ("a huge answer", ANSWER, "x " * 700, "the answer has 1399 characters", "An answer has"),
        ("HTML", ANSWER, f"<p>{ANSWER}</p>", "holds HTML", "Write plain text"),
        ("a script", ANSWER, f"<script>x()</script> {ANSWER}", "holds HTML", "Write plain text"),
        ("no YAML", "responses:", "responses", "not YAML", "Compare its indentation"),
        ("Latin-1", "Redness", b"R\xe9dness", "not UTF-8", "Save the file as UTF-8"),
        ("four phrasings", "      - anaesthetic?\n", "", "only 4 phrasings", "Add ways to ask"),
        (
            "another's phrasing",
            "anaesthetic?",
            "Recovery time!",
            "also belongs to faq/downtime",
            "Keep it where it fits better",
        ),
        (
            "nearly another's phrasing",
            "anaesthetic?",
            "how long is downtime",
            "means the same as 'how long is the downtime'",
            "Keep one of the two",
        ),
        ("no such section", "#numbing-cream", "#gone", "names no section", "Its sections are"),
        ("no such article", "your-treatment#", "gone#", "there is no article", "your-treatment"),
        (
            "no reviewer",
            "      reviewer: Clinic content team\n",
            "",
            "the reviewer is missing",
            "Write who approved",
        ),
    ],
)
def test_bad_input_is_refused_with_what_to_do(
    needlepoint: Installation, kind: str, old: str, new: str | bytes, complaint: str, cure: str
) -> None:
    assert old in numbing(), kind
    bad = new if isinstance(new, bytes) else new.encode()
    file = written(needlepoint.folder, numbing().encode().replace(old.encode(), bad))

    checked = needlepoint.run("faq", "check", file)
    added = needlepoint.run("faq", "add", file)

    for ended in (checked, added):
        assert ended.code == 1
        told = [line for line in ended.out.splitlines() if complaint in line]
        assert told
        assert cure in told[0]
        assert told[0].startswith(f"error: {file}:")
    assert slugs(needlepoint) == ["downtime"]


def test_a_bad_slug_is_refused_with_what_to_do(needlepoint: Installation) -> None:
    file = written(needlepoint.folder, numbing(), "Numbing cream.yml")

    added = needlepoint.run("faq", "add", file)

    assert added.code == 1
    assert "'Numbing cream' can't name a FAQ" in added.out
    assert "small letters, digits and single hyphens" in added.out
    assert slugs(needlepoint) == ["downtime"]


ARTICLE = """# LED light therapy

## Recovery time

Most people have very little downtime. Redness and swelling tend to settle within a few hours.

## Parking

Our car park is behind the building. You can stay for two hours.
"""


def test_an_article_is_drafted_from_what_no_faq_answers(needlepoint: Installation) -> None:
    article = written(needlepoint.folder, ARTICLE, "light.md")
    out = needlepoint.folder / "drafts"

    drafted = needlepoint.run("faq", "draft", article, "--output", str(out), "--json").json

    states = {section["heading"]: section["state"] for section in drafted["sections"]}
    assert states == {"Recovery time": "covered", "Parking": "new"}
    assert [path.name for path in out.iterdir()] == ["parking.yml"]
    assert "can I stay for two hours" in (out / "parking.yml").read_text()
    assert not (needlepoint.folder / "content" / "articles" / "led-light-therapy.md").exists()


def test_a_draft_without_answer_and_reviewer_is_refused(needlepoint: Installation) -> None:
    article = written(needlepoint.folder, ARTICLE, "light.md")
    out = needlepoint.folder / "drafts"
    needlepoint.run("faq", "draft", article, "--output", str(out), "--add-article")

    added = needlepoint.run("faq", "add", str(out / "parking.yml"))

    assert added.code == 1
    assert "the answer is empty" in added.out
    assert "the reviewer is missing" in added.out
    assert "no article" not in added.out
    assert slugs(needlepoint) == ["downtime"]


def test_an_article_that_cannot_be_read_is_told_in_a_line(needlepoint: Installation) -> None:
    pdf = written(needlepoint.folder, b"%PDF-1.7", "light.pdf")

    drafted = needlepoint.run("faq", "draft", pdf)

    assert (drafted.code, drafted.out) == (1, "")
    assert drafted.err.startswith("This is a PDF; save it as .docx")
