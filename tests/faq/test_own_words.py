from dataclasses import replace
from pathlib import Path

import pytest

from faq import own_words
from faq.articles import read_articles
from faq.library import Faq
from faq.writing import Draft, save_faq

ANSWER = "There is a car park behind our building. It is free while you are with us."


def parking(content: Path, slug: str = "parking", answer: str = ANSWER) -> Faq:
    source = own_words.keep(content, "Can I park?", answer)
    draft = Draft(slug, "Can I park?", ("parking",), answer, source, "Team", "2026-11-21")
    return save_faq(content, draft, expected=None)


def words_of(content: Path, source: str) -> str:
    article = read_articles(content / "articles").get(own_words.SLUG)
    section = article.section(source.partition("#")[2]) if article else None
    return section.html.striptags() if section else ""


def test_an_answer_that_no_article_holds_becomes_a_section(content: Path) -> None:
    faq = parking(content)

    assert faq.source == "from-our-team#can-i-park"
    assert words_of(content, faq.source) == ANSWER
    found = read_articles(content / "articles").source(faq.source)
    assert found
    assert found.title == "Answers from our team: Can I park?"


def test_two_of_one_title_get_sections_of_their_own(content: Path) -> None:
    one, other = parking(content), parking(content, "parking-two", "It is behind the house.")

    assert other.source == "from-our-team#can-i-park-2"
    assert words_of(content, one.source) == ANSWER
    assert words_of(content, other.source) == "It is behind the house."


@pytest.mark.parametrize(
    "answer",
    [
        "# Free *parking* [here](x)",
        "## One\n## two",
        "- a\n- b",
        "Free\n===",
        "Free\n---",
        "1. one",
    ],
)
def test_an_answer_is_kept_as_words_not_as_markdown(content: Path, answer: str) -> None:
    parking(content, answer=answer)

    article = read_articles(content / "articles").get(own_words.SLUG)

    assert article
    assert len(article.sections) == 1
    shown = str(article.sections[0].html)
    assert not any(tag in shown for tag in ("<h", "<em", "<a", "<li", "<hr"))


def test_the_section_follows_its_faq(content: Path) -> None:
    faq, other = parking(content), parking(content, "other", "Another answer of some length.")

    own_words.follow(content, faq, "The car park is closed.\n- and more.")

    assert words_of(content, faq.source) == "The car park is closed. - and more."
    assert words_of(content, other.source) == "Another answer of some length."


def test_a_section_that_somebody_wrote_on_stays_as_it_is(content: Path) -> None:
    faq = parking(content)
    path = content / "articles" / f"{own_words.SLUG}.md"
    path.write_text(path.read_text() + "\nIt closes at ten.\n")
    before = path.read_text()

    own_words.follow(content, faq, "Something else that is said now.")

    assert path.read_text() == before


def test_the_section_goes_with_its_faq(content: Path) -> None:
    faq, other = parking(content), parking(content, "other", "Another answer of some length.")
    faq.path.unlink()

    own_words.forget(content, faq)

    assert words_of(content, faq.source) == ""
    assert words_of(content, other.source) == "Another answer of some length."


def test_the_article_goes_with_its_last_section(content: Path) -> None:
    faq = parking(content)
    faq.path.unlink()

    own_words.forget(content, faq)

    assert not (content / "articles" / f"{own_words.SLUG}.md").exists()


def test_a_section_that_another_faq_rests_on_stays(content: Path) -> None:
    faq = parking(content)
    draft = replace(Draft.of(faq), slug="second")
    save_faq(content, draft, expected=None)
    faq.path.unlink()

    own_words.forget(content, faq)

    assert words_of(content, faq.source) == ANSWER
