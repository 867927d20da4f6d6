"""How the console's pages write dates and lists."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.staffed import Member, Staffed, console

# A date that ends a line in its middle is hard to read.
REVIEWED = "20\N{NO-BREAK SPACE}Nov\N{NO-BREAK SPACE}2026"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Staffed]:
    with console(tmp_path) as staffed:
        yield staffed


@pytest.fixture
def mara(desk: Staffed) -> Iterator[Member]:
    with desk.signed_in() as member:
        yield member


def test_a_review_is_dated_as_people_write_and_stays_on_one_line(mara: Member) -> None:
    for path in ("/staff/faqs", "/staff/faqs/edit/downtime", "/staff/faqs/delete/downtime"):
        assert REVIEWED in mara.get(path).text, path


def test_a_date_that_is_none_is_shown_as_it_stands(desk: Staffed, mara: Member) -> None:
    path = desk.server.settings.content / "faq" / "downtime.yml"
    path.write_text(path.read_text().replace('"2026-11-20"', '"in <spring>"'))

    assert "in &lt;spring&gt;" in mara.get("/staff/faqs").text


def test_what_was_never_measured_has_no_column(mara: Member) -> None:
    page = mara.words("/staff/faqs")

    assert "Ways to ask" in page
    assert "Found" not in page
