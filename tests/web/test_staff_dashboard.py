"""The dashboard's page and its files, as staff get them from a running server."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from faq.inbox import Missed, record_question
from tests.web.booked import Book, open_book
from tests.web.staffed import JONAS, MARA, Member, Staffed, console
from tests.web.talked import Talk, moment_now

PAGE = "/staff/dashboard"
NOVEMBER = "from=2024-11-01&to=2024-11-10"
TABLES = ("days", "faqs", "bookings", "not-known")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = open_book(tmp_path)
    yield book
    book.engine.dispose()


@pytest.fixture
def desk(tmp_path: Path, book: Book) -> Iterator[Staffed]:
    with console(tmp_path, now=book.now) as staffed:
        yield staffed


@pytest.fixture
def talk(desk: Staffed) -> Talk:
    return Talk(desk.server.engine)


@pytest.fixture
def jonas(desk: Staffed) -> Iterator[Member]:
    with desk.signed_in(JONAS, "editor") as member:
        yield member


def rows(response: httpx.Response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


def miss(desk: Staffed, text: str, at: float, number: int = 0) -> None:
    """Bring a question that was declined to the inbox."""
    assert record_question(desk.engine, Missed(text, "declined", f"{text}{number}", "one", at))


# --- the page ---


def test_the_page_tells_what_became_of_the_questions(jonas: Member, talk: Talk) -> None:
    for outcome in ("answered", "answered", "clarified", "declined", "professional", "urgent"):
        talk.ask("2024-11-05 10:00", outcome, faq="downtime" if outcome == "answered" else None)
    talk.ask("2024-10-25 10:00", "answered", faq="downtime")

    words = jonas.words(f"{PAGE}?{NOVEMBER}")

    assert "1 to 10 November 2024 , compared with 22 to 31 October 2024" in words
    assert "Questions 6 +500 % (1 before)" in words
    assert "Answered 33 % −67 points (100 % before)" in words
    assert "Not known no approved answer, or not about the clinic 1 17 % 0" in words
    assert "How long is the downtime? 2 +100 % (1 before)" in words


def test_each_bar_says_its_numbers_to_who_points_at_it(jonas: Member, talk: Talk) -> None:
    talk.ask("2024-11-05 10:00", "answered")
    talk.ask("2024-11-05 11:00", "declined")

    page = jonas.get(f"{PAGE}?{NOVEMBER}").text

    assert "<title>Tue 5 Nov: 2 questions (1 answered, 1 not known)</title>" in page
    assert "<title>Wed 6 Nov: 0 questions</title>" in page


class Ids(HTMLParser):
    """The ids of a page, and what refers to one."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.referred: set[str] = set()
        self.styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("aria-labelledby", "aria-describedby", "for"):
                self.referred |= set((value or "").split())
            if name == "fill" and value:
                self.referred |= set(re.findall(r"url\(#([^)]+)\)", value))
            if name == "style" or name.startswith("on"):
                self.styles.append(f"{tag} {name}")


def test_every_plot_is_named_and_nothing_is_styled_inline(jonas: Member, talk: Talk) -> None:
    for outcome in ("answered", "clarified", "declined", "professional", "urgent"):
        talk.ask("2024-11-05 10:00", outcome, thumb="up")

    page = jonas.get(f"{PAGE}?{NOVEMBER}").text
    found = Ids()
    found.feed(page)

    assert len(found.ids) == len(set(found.ids))
    assert found.referred <= set(found.ids)
    assert found.styles == []
    assert "<style" not in page
    for svg in re.findall(r"<svg[^>]*>", page):
        assert 'aria-hidden="true"' in svg or ('role="img"' in svg and "aria-labelledby" in svg)


def test_the_plots_numbers_are_in_a_table(jonas: Member, talk: Talk) -> None:
    talk.ask("2024-11-05 10:00", "answered", conversation="one")
    talk.ask("2024-11-05 10:00", "declined", conversation="two")
    talk.ask("2024-10-26 10:00", "declined", conversation="three")

    page = jonas.get(f"{PAGE}?{NOVEMBER}").text

    (row,) = re.findall(r"<tr><th scope=\"row\">Tue 5 Nov</th>(.*?)</tr>", page)
    assert re.findall(r"<td>(\d+)</td>", row) == ["2", "1", "0", "0", "1", "0", "0", "2", "1"]


@pytest.mark.parametrize(("query", "bars"), [("days=7", 7), ("", 30), ("days=90", None)])
def test_the_last_days_are_a_click_away(
    jonas: Member, talk: Talk, query: str, bars: int | None
) -> None:
    talk.ask(moment_now().isoformat(), "answered")

    page = jonas.get(f"{PAGE}?{query}").text

    assert "Today counts as far as it has gone." in page
    if bars:
        wide = page[page.index("drawn-wide") : page.index("drawn-middle")]
        assert wide.count('class="column"') == bars
        assert page.count('aria-current="page"') == 2  # the period, and the place in the navigation


def test_a_quarter_of_a_year_is_shown_in_weeks(jonas: Member, talk: Talk) -> None:
    talk.ask(moment_now().isoformat(), "answered")

    words = jonas.words(f"{PAGE}?days=90")

    assert "Questions a week" in words
    assert "Weeks begin on Monday" in words


def test_words_and_slugs_from_outside_are_shown_and_never_run(
    desk: Staffed, jonas: Member, talk: Talk
) -> None:
    talk.ask("2024-11-05 10:00", "answered", faq='"><script>alert(1)</script>')
    miss(desk, "<img src=x onerror=alert(2)> do you sell this", talk.at("2024-11-05 10:00"))

    page = jonas.get(f"{PAGE}?{NOVEMBER}").text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "no longer among the FAQs" in page


def test_what_was_asked_and_not_known_comes_from_the_inbox(
    desk: Staffed, jonas: Member, talk: Talk
) -> None:
    for day, text in (
        (3, "do you have parking"),
        (4, "do you have parking"),
        (5, "long downtime?"),
    ):
        talk.ask(f"2024-11-0{day} 10:00", "declined", text=text)
        miss(desk, text, talk.at(f"2024-11-0{day} 10:00"), day)
    miss(desk, "what about tattoos", talk.at("2024-10-31 23:59"))

    words = jonas.words(f"{PAGE}?{NOVEMBER}")
    told = rows(jonas.get(f"{PAGE}/not-known.csv?{NOVEMBER}"))

    assert "3 questions wait in the inbox" in words
    assert "tattoos" not in words
    assert [(row["question"], row["times"]) for row in told] == [
        ("do you have parking", "2"),
        ("long downtime?", "1"),
    ]
    assert told[0]["last_asked"] == "2024-11-04T10:00-05:00"
    # Nothing comes near parking, so nothing is named.
    assert [row["nearest_faq"] for row in told] == ["", "How long is the downtime?"]


# --- nothing to show ---


def test_on_its_first_day_a_clinic_is_told_what_the_page_is_for(jonas: Member) -> None:
    words = jonas.words(PAGE)

    assert "Nobody has talked with the assistant yet." in words
    assert "0 %" not in words


def test_days_without_talk_are_told_from_a_first_day(jonas: Member, talk: Talk) -> None:
    talk.ask("2024-08-05 10:00", "answered")

    words = jonas.words(f"{PAGE}?{NOVEMBER}")

    assert "Nobody talked with the assistant in these days." in words


def test_without_days_before_nothing_is_compared(jonas: Member, talk: Talk) -> None:
    talk.ask("2024-11-05 10:00", "answered")

    words = jonas.words(f"{PAGE}?{NOVEMBER}")

    assert "there is nothing from 22 to 31 October 2024 to compare with" in words
    assert "before)" not in words


def test_what_is_deleted_by_now_is_not_taken_for_silence(jonas: Member, talk: Talk) -> None:
    today = moment_now().date()
    talk.ask(moment_now().isoformat(), "answered")

    long = jonas.words(f"{PAGE}?from={today - timedelta(days=300)}&to={today}")
    short = jonas.words(PAGE)

    assert "Conversations are kept for 365 days: what is older is not counted." in long
    assert "are kept for" not in short


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2024-11-20&to=2024-11-01", "The last day, 1 November 2024, is before the first"),
        ("from=1826-11-20&to=2024-11-01", "choose 366 days at most"),
        ("days=banana", "Choose 7, 30 or 90 days"),
        ("from=%3Cscript%3E", "“&lt;script&gt;” is no day"),
    ],
)
def test_a_bad_period_gets_a_sentence_on_the_page_and_in_place_of_a_file(
    jonas: Member, query: str, said: str
) -> None:
    addresses = [PAGE, *(f"{PAGE}/{table}.csv" for table in TABLES)]

    told = {address: jonas.get(f"{address}?{query}") for address in addresses}

    assert {response.status_code for response in told.values()} == {422}
    assert all(said in response.text for response in told.values())
    assert not any("<script>" in response.text for response in told.values())


# --- files ---


def test_the_days_are_a_file_with_a_line_for_each(jonas: Member, talk: Talk) -> None:
    talk.ask("2024-11-05 10:00", "answered", thumb="down")
    talk.ask("2024-11-05 10:05", "handed_over")

    response = jonas.get(f"{PAGE}/days.csv?{NOVEMBER}")
    told = rows(response)

    assert response.content.startswith(b"\xef\xbb\xbfday,conversations,messages,questions,")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-disposition"] == (
        'attachment; filename="assistant-days-2024-11-01-to-2024-11-10.csv"'
    )
    assert [row["day"] for row in told] == [f"2024-11-{day:02}" for day in range(1, 11)]
    assert told[4] == {
        "day": "2024-11-05",
        "conversations": "1",
        "messages": "2",
        "questions": "1",
        "answered": "1",
        "clarified": "0",
        "professional": "0",
        "declined": "0",
        "urgent": "0",
        "handed_over": "1",
        "thumbs_up": "0",
        "thumbs_down": "1",
    }


def test_the_file_of_faqs_has_more_than_the_page(jonas: Member, talk: Talk) -> None:
    for number in range(12):
        talk.ask("2024-11-05 10:00", "answered", faq=f"faq-{number}")
    talk.ask("2024-11-05 10:00", "answered", faq="downtime")
    talk.ask("2024-11-05 10:00", "answered", faq="downtime")

    told = rows(jonas.get(f"{PAGE}/faqs.csv?{NOVEMBER}"))
    words = jonas.words(f"{PAGE}?{NOVEMBER}")

    assert len(told) == 13
    assert (told[0]["faq"], told[0]["title"]) == ("downtime", "How long is the downtime?")
    assert (told[0]["uses"], told[1]["title"]) == ("2", "")
    assert "3 more were used" in words


def test_the_steps_to_a_consultation_are_a_file(jonas: Member, book: Book, talk: Talk) -> None:
    book.time = book.at("2024-11-05T10:00-05:00")
    talk.ask("2024-11-05 10:00", "handed_over")
    book.take("2024-11-12T15:00-05:00")

    told = rows(jonas.get(f"{PAGE}/bookings.csv?{NOVEMBER}"))

    counts = {row["step"]: row["count"] for row in told}
    assert counts["conversations"] == counts["sent_a_request"] == counts["requests_new"] == "1"
    assert counts["clinic_confirmed"] == "0"


@pytest.mark.parametrize(
    "text", ["=1+1 parking", "+1 parking spaces", "-2 parking", "@SUM(A1) parking", "=cmd|'/C'!A0"]
)
def test_no_cell_of_a_file_is_a_formula(
    desk: Staffed, jonas: Member, talk: Talk, text: str
) -> None:
    miss(desk, text, talk.at("2024-11-05 10:00"))
    talk.ask("2024-11-05 10:00", "answered", faq=text)

    unknown = rows(jonas.get(f"{PAGE}/not-known.csv?{NOVEMBER}"))
    faqs = rows(jonas.get(f"{PAGE}/faqs.csv?{NOVEMBER}"))

    assert len(unknown) == 1
    assert not unknown[0]["question"].startswith(tuple("=+-@"))
    assert [row["faq"] for row in faqs] == [f"'{text}"]


def test_there_are_no_other_files(jonas: Member) -> None:
    assert jonas.get(f"{PAGE}/people.csv").status_code == 404


# --- who may see it, and failures ---


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/days.csv?days=7"])
def test_nobody_sees_it_without_signing_in(desk: Staffed, address: str) -> None:
    with desk.browser() as visitor:
        response = visitor.get(address)

    assert response.status_code == 303
    assert response.headers["location"].startswith("/staff/sign-in?next=/staff/dashboard")


@pytest.mark.parametrize("role", ["admin", "editor"])
def test_admins_and_editors_have_it_in_the_navigation(desk: Staffed, role: str) -> None:
    with desk.signed_in(MARA, role) as member:  # type: ignore[arg-type]
        page = member.get(PAGE).text

    assert '<a href="/staff/dashboard" aria-current="page">Dashboard</a>' in page


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/days.csv?days=7"])
def test_when_the_conversations_cannot_be_read_that_is_said(
    desk: Staffed, jonas: Member, address: str
) -> None:
    with desk.server.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE chat_messages RENAME TO gone")

    response = jonas.get(address)

    assert response.status_code == 503
    assert "Retry-After" in response.headers
    assert "no such table" not in response.text


def test_without_the_folder_of_faqs_their_slugs_are_shown(
    desk: Staffed, jonas: Member, talk: Talk
) -> None:
    talk.ask("2024-11-05 10:00", "answered", faq="downtime")
    folder = desk.server.settings.content
    folder.rename(folder.with_name("elsewhere"))

    words = jonas.words(f"{PAGE}?{NOVEMBER}")

    assert "downtime no longer among the FAQs 1" in words
