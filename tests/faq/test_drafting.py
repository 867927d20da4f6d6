from pathlib import Path

import pytest

from faq import drafting
from faq.article_text import UnreadableArticle, blocks_of_text
from faq.articles import read_articles
from faq.drafting import NewArticle, SectionDraft, UnknownDraft
from faq.meaning import Meanings
from faq.sentences import SentenceReader

ROOT = Path(__file__).resolve().parents[2]
READER = SentenceReader(ROOT, ROOT / ".venv-rasa" / "bin" / "python")
ENCODER = ROOT / "models" / "encoder"

ARTICLE = """LED light therapy

LED light bathes the skin in coloured light. You lie on a couch and wear goggles over your eyes.

Recovery time

Most people have very little downtime. Redness and swelling tend to settle within a few hours, and
most go on with their day and back to work.

Parking *here* [free] # 1

1. Our car park is behind the building.

- It is free.
- You can stay for two hours.
"""


@pytest.fixture(scope="module")
def meanings() -> Meanings:
    return Meanings(ENCODER)


def read(content: Path, meanings: Meanings, text: str = ARTICLE) -> NewArticle:
    return drafting.read_new_article(content, blocks_of_text(text, "a.txt"), meanings, READER)


def drafts_of(content: Path, meanings: Meanings) -> dict[str, SectionDraft]:
    drafts = drafting.draft_sections(content, read(content, meanings), meanings)
    return {draft.section.anchor: draft for draft in drafts}


def test_lines_that_look_like_headings_part_a_plain_text(content: Path, meanings: Meanings) -> None:
    article = read(content, meanings)

    assert (article.slug, article.title) == ("led-light-therapy", "LED light therapy")
    assert [section.heading for section in article.sections] == [
        "LED light therapy",
        "Recovery time",
        "Parking *here* [free] # 1",
    ]
    assert article.sections[0].sentences == (
        "LED light bathes the skin in coloured light.",
        "You lie on a couch and wear goggles over your eyes.",
    )


def test_what_a_faq_answers_is_found_covered_and_the_rest_is_new(
    content: Path, meanings: Meanings
) -> None:
    drafts = drafts_of(content, meanings)

    assert drafts["recovery-time"].state == "covered"
    assert drafts["recovery-time"].near[0].slug == "downtime"
    assert drafts["parking-here-free-1"].state == "new"
    assert drafts["parking-here-free-1"].near == ()


def test_a_draft_has_questions_and_a_passage_but_no_answer(
    content: Path, meanings: Meanings
) -> None:
    draft = drafts_of(content, meanings)["parking-here-free-1"]

    assert "can I stay for two hours" in draft.questions
    assert draft.section.passage.endswith("• It is free.\n\n• You can stay for two hours.")
    assert draft.slug == "parking-here-free-1"


def test_an_article_joins_the_clinics_word_for_word(content: Path, meanings: Meanings) -> None:
    article = read(content, meanings)

    drafting.add_article(content, article)

    added = read_articles(content / "articles").get("led-light-therapy")
    assert added is not None
    assert [section.slug for section in added.sections] == [
        section.anchor for section in article.sections
    ]
    assert added.sections[2].heading == "Parking *here* [free] # 1"
    assert "1. Our car park" not in added.sections[2].html
    assert "<li>It is free.</li>" in added.sections[2].html
    assert read(content, meanings).known


def test_another_article_of_the_same_title_gets_a_name_of_its_own(
    content: Path, meanings: Meanings
) -> None:
    drafting.add_article(content, read(content, meanings))

    other = read(content, meanings, ARTICLE.replace("Recovery time", "Costs"))

    assert (other.slug, other.known) == ("led-light-therapy-2", False)


def test_an_article_with_html_in_it_shows_it_as_text(content: Path, meanings: Meanings) -> None:
    text = ARTICLE.replace("coloured light", "<script>alert(1)</script> & [a](javascript:b)")

    html = drafting.parsed(read(content, meanings, text)).sections[0].html

    assert "<script" not in html
    assert "<a " not in html


def test_text_without_headings_is_parted_by_topic(content: Path, meanings: Meanings) -> None:
    light = "The coloured light of the lamp is gentle. The lamp is warm and the light is even."
    cars = "Cars can stay behind the building. Parking costs nothing for visitors with cars."

    article = read(content, meanings, f"{light}\n\n{cars}\n")

    assert len(article.sections) == 2
    assert [len(section.blocks) for section in article.sections] == [1, 1]


def test_headings_without_text_are_told(content: Path, meanings: Meanings) -> None:
    text = "\n\n".join(f"# Heading number {number} of the article" for number in range(12))

    with pytest.raises(UnreadableArticle, match="no text below"):
        drafting.read_new_article(content, blocks_of_text(text, "a.md"), meanings, READER)


def test_an_article_is_kept_until_it_is_dropped(
    content: Path, meanings: Meanings, tmp_path: Path
) -> None:
    article, folder = read(content, meanings), tmp_path / "drafts"

    name = drafting.keep_article(folder, article)

    assert drafting.kept_article(folder, name) == article
    assert drafting.kept_articles(folder) == [(name, article)]
    drafting.drop_article(folder, name)
    assert drafting.kept_articles(folder) == []
    for gone in (name, "../secret", ""):
        with pytest.raises(UnknownDraft):
            drafting.kept_article(folder, gone)
