"""The FAQs in the console: the list, the editor, conflicts, bad input, drafts from articles."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from faq.database import reading
from faq.library import Faq, read_faq, read_faqs
from faq.models import AuditEntry
from tests.faq.content import ANSWER, faq_text
from tests.web.staffed import JONAS, MARA, Member, Staffed, console, words_of

FAQS = "/staff/faqs"
EDIT = f"{FAQS}/edit/downtime"

NUMBING: dict[str, str] = {
    "title": "Is my skin numbed first?",
    "slug": "numbing",
    "answer": "Yes. A numbing cream usually goes on first and is given some time to work before "
    "the treatment begins. Tell us about allergies at your consultation.",
    "phrasings": "is my skin numbed\ndo you put cream on before\nanaesthetic?\n"
    "will I feel the needles\nwhat takes the pain away",
    "source": "your-treatment#numbing-cream",
    "reviewer": MARA,
    "expected": "",
}

ARTICLE = """# LED light therapy

## Recovery time

Most people have very little downtime. Redness and swelling tend to settle within a few hours.

## Parking

Our car park is behind the building. You can stay for two hours.
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Staffed]:
    with console(tmp_path) as staffed:
        yield staffed


@pytest.fixture
def mara(desk: Staffed) -> Iterator[Member]:
    with desk.signed_in(MARA, "editor") as member:
        yield member


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return tmp_path / "content"


def the_faq(content: Path, slug: str = "downtime") -> Faq:
    return read_faq(content / "faq" / f"{slug}.yml")


def field(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)
    assert found, name
    return unescape(found[1])


def form_of(member: Member) -> dict[str, Any]:
    """The editor's form for the FAQ there is, as it is opened."""
    page = member.get(EDIT)
    assert page.status_code == 200
    return {
        "title": "How long is the downtime?",
        "slug": "downtime",
        "answer": ANSWER,
        "phrasings": "\r\n".join(
            [
                "how long is the downtime",
                "can i go back to work the next day",
                "recovery time",
                "when will i look normal again",
                "do i have to take days off",
            ]
        ),
        "source": "your-treatment#downtime",
        "reviewer": field(page, "reviewer"),
        "expected": field(page, "expected"),
    }


def logged(desk: Staffed) -> list[tuple[str, str, str]]:
    with reading(desk.engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.who, row.what, row.about) for row in rows if row.what != "signed in"]


def test_the_list_shows_each_faq_with_its_health(mara: Member, content: Path) -> None:
    (content / "faq" / "broken.yml").write_text("nlu: [", encoding="utf-8")

    words = mara.words(FAQS)

    assert "How long is the downtime?" in words
    assert "few phrasings" in words
    assert "broken.yml can’t be read" in words
    assert "No FAQ matches" in mara.words(f"{FAQS}?q=parking")
    assert "How long is the downtime?" in mara.words(f"{FAQS}?q=swelling+hours&health=amiss")


def test_a_folder_that_is_not_there_is_told_with_where_it_should_be(
    mara: Member, content: Path
) -> None:
    content.rename(content.with_name("elsewhere"))

    response = mara.get("/staff/faqs")

    assert response.status_code == 503
    assert f"The folder of the FAQs is not there: {content / 'faq'}" in words_of(response)


@pytest.mark.parametrize("path", ["/staff/faqs", "/staff/faqs/new", "/staff/drafts"])
def test_drafts_belong_to_the_faqs_in_the_navigation(mara: Member, path: str) -> None:
    assert '<a href="/staff/faqs" aria-current="page">FAQs</a>' in mara.get(path).text


def test_a_new_faq_is_saved_with_who_reviewed_it_and_when(
    desk: Staffed, mara: Member, content: Path
) -> None:
    saved = mara.post(f"{FAQS}/new", NUMBING)

    assert saved.status_code == 303
    faq = the_faq(content, "numbing")
    assert faq.title == NUMBING["title"]
    assert faq.reviewer == MARA
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", faq.reviewed)
    assert "is saved" in mara.words(saved.headers["location"])
    assert logged(desk)[-1] == (MARA, "wrote FAQ", "numbing")


def test_a_short_name_is_made_from_the_title(mara: Member, content: Path) -> None:
    assert mara.post(f"{FAQS}/new", {**NUMBING, "slug": ""}).status_code == 303

    assert the_faq(content, "is-my-skin-numbed-first").title == NUMBING["title"]


def test_a_new_phrasing_is_no_new_review(mara: Member, content: Path) -> None:
    form = form_of(mara)
    form["phrasings"] += "\r\nhow soon can I see people"

    assert mara.post(EDIT, form).status_code == 303

    faq = the_faq(content)
    assert faq.phrasings[-1] == "how soon can I see people"
    assert (faq.reviewer, faq.reviewed) == ("Clinic content team", "2026-11-20")


@pytest.mark.parametrize("change", [{"answer": f"{ANSWER} Ask us."}, {"reviewed_now": "yes"}])
def test_a_changed_answer_is_reviewed_by_who_changed_it(
    mara: Member, content: Path, change: dict[str, str]
) -> None:
    form = form_of(mara)
    assert form["reviewer"] == MARA

    assert mara.post(EDIT, {**form, **change}).status_code == 303

    assert the_faq(content).reviewer == MARA


def test_two_people_never_overwrite_each_other_unnoticed(
    desk: Staffed, mara: Member, content: Path
) -> None:
    with desk.signed_in(JONAS, "editor") as jonas:
        of_mara, of_jonas = form_of(mara), form_of(jonas)
        jonas.post(EDIT, {**of_jonas, "answer": f"Theirs. {ANSWER}"})

        refused = mara.post(EDIT, {**of_mara, "answer": f"Mine. {ANSWER}"})

    assert refused.status_code == 409
    words = words_of(refused)
    assert "Somebody else saved this FAQ while you wrote" in words
    assert f"Theirs. {ANSWER}" in words
    assert f"Mine. {ANSWER}</textarea>" in refused.text
    assert the_faq(content).answer.startswith("Theirs.")

    meant = {**of_mara, "answer": f"Mine. {ANSWER}", "expected": field(refused, "expected")}
    assert mara.post(EDIT, meant).status_code == 303
    assert the_faq(content).answer.startswith("Mine.")


def test_a_faq_deleted_meanwhile_can_be_saved_anew(mara: Member, content: Path) -> None:
    form = form_of(mara)
    (content / "faq" / "downtime.yml").unlink()

    refused = mara.post(EDIT, form)

    assert refused.status_code == 409
    assert "deleted this FAQ while you wrote" in words_of(refused)
    assert mara.post(f"{FAQS}/new", {**form, "expected": ""}).status_code == 303
    assert the_faq(content).slug == "downtime"


BAD = [
    ("an empty answer", {"answer": ""}, "the answer is empty", "An answer has 40 to 1200"),
    ("a tiny answer", {"answer": "Yes."}, "the answer has 4 characters", "An answer has"),
    ("a huge answer", {"answer": "x " * 700}, "the answer has 1399 characters", "An answer has"),
    ("HTML", {"answer": f"<p>{ANSWER}</p>"}, "holds HTML", "Write plain text"),
    ("a script", {"answer": f"{ANSWER} <script>x()</script>"}, "holds HTML", "Write plain text"),
    ("broken letters", {"answer": b"R\xe9dness. " + ANSWER.encode()}, "can't be read", "Type that"),
    ("what YAML can't hold", {"title": "Is it\x00 numbed?"}, "can't be read", "Write the question"),
    ("a bad slug", {"slug": "../Numbing"}, "can't name a FAQ", "Use small letters"),
    ("four phrasings", {"phrasings": "a\nb\nc\nd"}, "only 4 phrasings", "Add ways to ask it"),
    (
        "another's phrasing",
        {"phrasings": NUMBING["phrasings"] + "\nRecovery time!"},
        "also belongs to faq/downtime",
        "Keep it where it fits better",
    ),
    (
        "nearly another's phrasing",
        {"phrasings": NUMBING["phrasings"] + "\nhow long is downtime"},
        "means the same as",
        "Keep one of the two",
    ),
    ("no such section", {"source": "your-treatment#gone"}, "names no section", "from the list"),
    ("no such article", {"source": "gone#x"}, "there is no article", "from the list"),
    ("no source", {"source": ""}, "the source is missing", "Choose the section"),
    ("no reviewer", {"reviewer": ""}, "the reviewer is missing", "who approved the answer"),
]


def send_raw(member: Member, path: str, form: dict[str, Any]) -> httpx.Response:
    """Send a form whose fields may be bytes that are no UTF-8."""
    body = urlencode({"csrf": member.csrf(), **form})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return member.http.post(path, content=body, headers=kind)


@pytest.mark.parametrize(("kind", "change", "complaint", "cure"), BAD, ids=[one[0] for one in BAD])
def test_bad_input_is_refused_with_what_to_do(
    mara: Member, content: Path, kind: str, change: dict[str, Any], complaint: str, cure: str
) -> None:
    form = {**NUMBING, **change}

    refused = send_raw(mara, f"{FAQS}/new", form)
    fragment = send_raw(mara, f"{FAQS}/findings", form)

    assert refused.status_code == 422
    for page in (refused, fragment):
        assert complaint in words_of(page)
        assert cure in words_of(page)
    assert "<script>x()" not in refused.text
    assert [faq.slug for faq in read_faqs(content)] == ["downtime"]


def send_file(member: Member, text: bytes, name: str = "numbing.yml") -> httpx.Response:
    data, files = {"csrf": member.csrf()}, {"file": (name, text)}
    return member.http.post(f"{FAQS}/upload", data=data, files=files)


def test_a_faq_is_added_from_a_file(mara: Member, content: Path) -> None:
    text = faq_text("numbing", "Is my skin numbed?")
    for number, line in enumerate(the_faq(content).phrasings):
        text = text.replace(f"- {line}", f"- {NUMBING['phrasings'].splitlines()[number]}")

    assert send_file(mara, text.encode()).status_code == 303
    assert the_faq(content, "numbing").title == "Is my skin numbed?"
    assert "There is a FAQ of this name" in words_of(send_file(mara, text.encode()))


@pytest.mark.parametrize(
    ("text", "complaint", "cure"),
    [
        (b"nlu: [", "line 1: this is not YAML", "Compare its indentation"),
        (faq_text().encode("utf-16"), "this is not UTF-8", "Save the file as UTF-8"),
        (faq_text().replace("days off", "d\xe9j\xe0 vu").encode("latin-1"), "line 14", "as UTF-8"),
        (b"[" * 5000, "this is not YAML", "Compare it"),
        (b"x" * 300_000, "no FAQ needs", "Keep it below"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(
    mara: Member, content: Path, text: bytes, complaint: str, cure: str
) -> None:
    refused = send_file(mara, text)

    assert refused.status_code == 422
    assert complaint in words_of(refused)
    assert cure in words_of(refused)
    assert [faq.slug for faq in read_faqs(content)] == ["downtime"]


def test_what_is_near_is_told_while_typing(mara: Member) -> None:
    form = {**NUMBING, "phrasings": "how much downtime would there be\nis it numbed\nis it numbed?"}

    words = words_of(mara.post(f"{FAQS}/findings", form))

    assert "Nearest other FAQs How long is the downtime?" in words
    assert "“is it numbed” and “is it numbed?”" in words
    assert "From our article: Your treatment: Numbing cream" in words


def test_checking_saves_nothing(mara: Member, content: Path) -> None:
    checked = mara.post(f"{FAQS}/new", {**NUMBING, "do": "check"})

    assert checked.status_code == 200
    assert "Nothing stands in the way of saving" in words_of(checked)
    assert [faq.slug for faq in read_faqs(content)] == ["downtime"]


def test_words_from_an_address_are_filled_in(mara: Member) -> None:
    page = mara.get(f"{FAQS}/new?title=Can+I+park%3F&phrasing=parking&phrasing=%3Cb%3Ecar").text

    assert 'value="Can I park?"' in page
    assert "parking\n&lt;b&gt;car</textarea>" in page


def test_a_broken_file_is_shown_and_written_anew(mara: Member, content: Path) -> None:
    (content / "faq" / "numbing.yml").write_text("nlu: [ # mine", encoding="utf-8")

    page = mara.get(f"{FAQS}/edit/numbing")
    saved = mara.post(f"{FAQS}/edit/numbing", {**NUMBING, "expected": field(page, "expected")})

    assert "nlu: [ # mine" in words_of(page)
    assert saved.status_code == 303
    assert the_faq(content, "numbing").title == NUMBING["title"]


def test_deleting_asks_first(desk: Staffed, mara: Member, content: Path) -> None:
    asked = mara.get(f"{FAQS}/delete/downtime")
    assert "Delete “How long is the downtime?”?" in words_of(asked)
    stale = mara.post(f"{FAQS}/delete/downtime", {"expected": "another"})
    assert stale.status_code == 409
    assert (content / "faq" / "downtime.yml").exists()

    gone = mara.post(f"{FAQS}/delete/downtime", {"expected": field(asked, "expected")})

    assert gone.status_code == 303
    assert not (content / "faq" / "downtime.yml").exists()
    assert logged(desk)[-1] == (MARA, "deleted FAQ", "downtime")


@pytest.mark.parametrize("path", ["edit/gone", "edit/..%2Fx", "delete/gone", "edit/Bad%20Slug"])
def test_what_is_not_there_has_no_page(mara: Member, path: str) -> None:
    assert mara.get(f"{FAQS}/{path}").status_code == 404


@pytest.mark.parametrize("path", [FAQS, f"{FAQS}/new", EDIT, "/staff/drafts"])
def test_nobody_looks_who_is_not_signed_in(desk: Staffed, path: str) -> None:
    with desk.browser() as stranger:
        for response in (stranger.get(path), stranger.post(path, data=NUMBING)):
            assert "csrf" not in response.text
            assert response.status_code in (303, 401, 405)


def test_a_form_from_elsewhere_changes_nothing(mara: Member, content: Path) -> None:
    without = mara.http.post(f"{FAQS}/new", data=NUMBING)
    foreign = mara.post(f"{FAQS}/new", NUMBING, Origin="https://elsewhere.example")

    assert (without.status_code, foreign.status_code) == (403, 403)
    assert [faq.slug for faq in read_faqs(content)] == ["downtime"]


def test_an_article_becomes_a_faq(mara: Member, content: Path) -> None:
    read = mara.post("/staff/drafts", {"article": ARTICLE})
    assert read.status_code == 303
    drafts = mara.get(read.headers["location"])
    assert "1 section is new, 0 come close to a FAQ, 1 is answered already" in words_of(drafts)
    found = re.search(r'href="(/staff/faqs/new\?draft=[^"]+section=parking)"', drafts.text)
    assert found

    editor = mara.get(unescape(found[1]))
    assert "You can stay for two hours." in words_of(editor)
    assert "can I stay for two hours" in editor.text
    name = field(editor, "draft")
    form = {
        **NUMBING,
        "title": "Where can I park?",
        "slug": "parking",
        "source": "led-light-therapy#parking",
        "phrasings": "parking\nwhere can I park\nis there a car park\nfree parking?\nmy car",
        "draft": name,
        "section": "parking",
    }
    assert mara.post(f"{FAQS}/new", {**form, "answer": ""}).status_code == 422
    assert not (content / "articles" / "led-light-therapy.md").exists()

    assert mara.post(f"{FAQS}/new", form).status_code == 303

    assert the_faq(content, "parking").source == "led-light-therapy#parking"
    assert "## Parking" in (content / "articles" / "led-light-therapy.md").read_text()
    again = words_of(mara.get(read.headers["location"]))
    assert "Answered by Where can I park?" in again


def test_an_article_that_cannot_be_read_is_told(mara: Member) -> None:
    data, files = {"csrf": mara.csrf()}, {"file": ("a.pdf", b"%PDF-1.7")}

    for refused in (
        mara.http.post("/staff/drafts", data=data, files=files),
        mara.post("/staff/drafts", {"article": "Too short."}),
    ):
        assert refused.status_code == 422
    assert "only 2 words" in words_of(refused)
    assert "Too short.</textarea>" in refused.text


def test_drafts_are_put_away(mara: Member) -> None:
    where = mara.post("/staff/drafts", {"article": ARTICLE}).headers["location"]
    assert "LED light therapy" in mara.words("/staff/drafts")

    mara.post(f"{where}/delete")

    assert mara.get(where).status_code == 404


PARKING = {
    "title": "Can I park?",
    "slug": "",
    "answer": "There is a car park behind our building. It is free while you are with us.",
    "phrasings": "parking\ncan i leave my car somewhere\na garage?\nwhere do cars go\nby car",
    "source": "own-words",
    "reviewer": MARA,
    "expected": "",
}


def test_an_answer_that_no_article_holds_brings_its_own_source(mara: Member, content: Path) -> None:
    checked = mara.post(f"{FAQS}/new", {**PARKING, "do": "check"})
    assert "Nothing stands in the way" in words_of(checked)
    assert "Answers from our team: Can I park?" in words_of(checked)
    assert not (content / "articles" / "from-our-team.md").exists()

    assert mara.post(f"{FAQS}/new", PARKING).status_code == 303

    faq = the_faq(content, "can-i-park")
    assert faq.source == "from-our-team#can-i-park"
    assert faq.answer in (content / "articles" / "from-our-team.md").read_text()


def test_another_answer_is_the_words_of_its_own_source(mara: Member, content: Path) -> None:
    mara.post(f"{FAQS}/new", PARKING)
    edit = f"{FAQS}/edit/can-i-park"
    page = mara.get(edit)
    new = "The car park is closed until spring. The station is five minutes away."
    form = {**PARKING, "answer": new, "expected": field(page, "expected")}

    assert mara.post(edit, {**form, "source": "from-our-team#can-i-park"}).status_code == 303

    assert new in (content / "articles" / "from-our-team.md").read_text()


def test_what_somebody_else_saved_first_leaves_the_article_alone(
    mara: Member, content: Path
) -> None:
    mara.post(f"{FAQS}/new", PARKING)
    before = (content / "articles" / "from-our-team.md").read_text()

    second = mara.post(f"{FAQS}/new", {**PARKING, "slug": "can-i-park"})

    assert second.status_code in (409, 422)
    assert (content / "articles" / "from-our-team.md").read_text() == before


def test_a_deleted_faq_takes_its_own_source_along(mara: Member, content: Path) -> None:
    mara.post(f"{FAQS}/new", PARKING)
    expected = field(mara.get(f"{FAQS}/delete/can-i-park"), "expected")

    mara.post(f"{FAQS}/delete/can-i-park", {"expected": expected})

    assert not (content / "articles" / "from-our-team.md").exists()
