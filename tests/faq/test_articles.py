from pathlib import Path

import pytest

from faq import articles as articles_module
from faq.articles import BrokenArticle, CurrentArticles, Source, anchor, read_articles

HEALING = """---
title: How skin heals
summary: What happens after a needle has passed.
order: 2
---
A word before the first section.

## The three healing phases
First **inflammation**, then proliferation.

## Collagen & elastin
Two proteins.
"""

BASICS = """---
title: The basics
summary: Where to begin.
order: 1
---
## In short
Very fine needles.
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "healing.md").write_text(HEALING, encoding="utf-8")
    (tmp_path / "zebra-basics.md").write_text(BASICS, encoding="utf-8")
    return tmp_path


def test_an_article_is_read_with_its_sections(directory: Path) -> None:
    article = read_articles(directory).get("healing")

    assert article is not None
    assert (article.title, article.summary) == (
        "How skin heals",
        "What happens after a needle has passed.",
    )
    assert article.intro == "<p>A word before the first section.</p>\n"
    assert [(s.slug, s.heading) for s in article.sections] == [
        ("the-three-healing-phases", "The three healing phases"),
        ("collagen-elastin", "Collagen & elastin"),
    ]
    assert "<strong>inflammation</strong>" in article.sections[0].html


def test_articles_come_in_their_order(directory: Path) -> None:
    articles = read_articles(directory)

    assert [article.slug for article in articles] == ["zebra-basics", "healing"]


def test_a_reference_names_its_article_and_section(directory: Path) -> None:
    articles = read_articles(directory)

    source = articles.source("healing#the-three-healing-phases")

    assert source == Source(
        "How skin heals: The three healing phases", "/articles/healing#the-three-healing-phases"
    )


@pytest.mark.parametrize("reference", ["healing#gone", "gone#in-short", "healing", "#", ""])
def test_a_reference_to_nothing_has_no_source(directory: Path, reference: str) -> None:
    assert read_articles(directory).source(reference) is None


def test_html_in_an_article_is_shown_as_text(directory: Path) -> None:
    text = BASICS.replace("Very fine needles.", "<script>alert(1)</script>")
    (directory / "zebra-basics.md").write_text(text, encoding="utf-8")

    article = read_articles(directory).get("zebra-basics")

    assert article is not None
    assert "<script>" not in article.sections[0].html


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("In short", "in-short"),
        ("Dark spots and sun damage", "dark-spots-and-sun-damage"),
        ("Collagen & elastin?", "collagen-elastin"),
        ("  Who -- should do it  ", "who-should-do-it"),
    ],
)
def test_an_anchor_is_the_heading_made_plain(heading: str, expected: str) -> None:
    assert anchor(heading) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("## In short\nNo front matter.\n", "starts with no front matter"),
        ("---\ntitle: [\n---\n## In short\n", "not YAML"),
        ("---\njust words\n---\n## In short\n", "not a list of"),
        ("---\nsummary: No title.\n---\n## In short\n", "needs a `title`"),
        ("---\ntitle: 7\nsummary: A number.\n---\n## In short\n", "needs a `title`"),
        ("---\ntitle: A\nsummary: ' '\n---\n## In short\n", "needs a `summary`"),
        ("---\ntitle: A\nsummary: B\norder: first\n---\n## In short\n", "whole number"),
        ("---\ntitle: A\nsummary: B\n---\nNo section.\n", "has no `## ` section"),
        ("---\ntitle: A\nsummary: B\n---\n## Sun\nx\n## Sun!\ny\n", "two sections"),
        ("---\ntitle: A\nsummary: B\n---\n## ???\nx\n", "no letters or digits"),
    ],
)
def test_a_broken_article_says_what_to_mend(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "odd.md").write_text(text, encoding="utf-8")

    with pytest.raises(BrokenArticle, match=rf"odd\.md: .*{complaint}"):
        read_articles(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="articles"):
        read_articles(tmp_path / "articles")


def test_an_article_that_is_added_is_there_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articles_module, "SECONDS_BETWEEN_LOOKS", 0.0)
    text = "---\ntitle: {}\nsummary: Short.\n---\n## One\n\nText.\n"
    (tmp_path / "first.md").write_text(text.format("First"))
    articles = CurrentArticles(tmp_path)

    (tmp_path / "second.md").write_text(text.format("Second"))
    assert [article.title for article in articles] == ["First", "Second"]
    assert articles.source("second#one") is not None

    (tmp_path / "third.md").write_text("no front matter")
    assert len(articles) == 2
    (tmp_path / "third.md").unlink()
    (tmp_path / "first.md").unlink()
    assert articles.get("first") is None
