"""The inbox's pages: the list with its filters, and each thing that one click does."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from faq import inbox
from faq.database import reading, writing
from faq.inbox import Missed, Reason, record_question
from faq.library import read_faqs
from faq.models import AuditEntry, InboxQuestion, StaffBase
from faq.out_of_scope import examples
from tests.web.staffed import MARA, Member, Staffed, console, words_of
from web.chat_store import ChatMessage, Turn, _insert_turn, new_id

DAY = 86_400.0


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Staffed]:
    with console(tmp_path) as staffed:
        yield staffed


@pytest.fixture
def member(desk: Staffed) -> Iterator[Member]:
    with desk.signed_in(role="editor") as member:
        yield member


def ask(desk: Staffed, text: str, reason: Reason = "declined", ago: float = 60, **more: Any) -> str:
    message = str(uuid4())
    missed = Missed(text, reason, message, uuid4().hex, time.time() - ago, **more)
    assert record_question(desk.engine, missed)
    return message


def content_of(desk: Staffed) -> Path:
    return desk.server.settings.content


def phrasings(desk: Staffed) -> tuple[str, ...]:
    return read_faqs(content_of(desk)).get("downtime").phrasings


def fields(member: Member, group: int = 1, path: str = "/staff/inbox") -> dict[str, str]:
    """What the form of a group holds on the list."""
    page = member.get(path).text
    form = re.search(rf'action="/staff/inbox/{group}/\w+">(.*?)</form>', page, re.S)
    assert form, page
    hidden = re.findall(r'name="(\w+)" value="([^"]*)"', form[1])
    return dict(hidden)


def audited(desk: Staffed) -> list[tuple[str, str, str]]:
    with reading(desk.engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.what, row.about, row.detail) for row in rows if "signed" not in row.what]


def states(desk: Staffed) -> dict[str, int]:
    return {state: count for state, count in inbox.count_by_state(desk.engine).items() if count}


def test_an_empty_inbox_says_what_comes_in(member: Member) -> None:
    assert "Nothing is waiting" in member.words("/staff/inbox")


def test_nobody_else_gets_in(desk: Staffed) -> None:
    with desk.browser() as stranger:
        assert stranger.get("/staff/inbox").status_code == 303
        assert stranger.post("/staff/inbox/1/dismiss").status_code == 401


def test_questions_are_listed_by_meaning_with_the_nearest_faq(
    desk: Staffed, member: Member
) -> None:
    ask(desk, "how many days of downtime are there")
    ask(desk, "how many days of downtime will there be", "clarified")
    ask(desk, "My name is Ana <b>Lima</b>, do you sell gift cards")

    words = member.words("/staff/inbox")

    assert "asked 2 times" in words
    assert "not known asked back" in words
    assert "How long is the downtime?" in words
    assert "do you sell gift cards" in words
    assert words.count("No FAQ is near") == 1
    assert "Ana" not in words


def test_filters_and_search_narrow_the_list(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards", ago=40 * DAY)
    ask(desk, "is there parking", "unhelpful")

    assert "gift cards" not in member.words("/staff/inbox?reason=unhelpful")
    assert "gift cards" not in member.words("/staff/inbox?days=30")
    assert "parking" not in member.words("/staff/inbox?q=gift")
    assert "Nothing here fits" in member.words("/staff/inbox?q=gift&days=30")
    assert "1 question in 1 entry" in member.words("/staff/inbox?q=gift")


RUBBISH = "page=99 page=-1 page=x page=² days=1e9 reason=%27 state=nothing order=;drop q=%25_"


@pytest.mark.parametrize("query", [*RUBBISH.split(), "page=" + "9" * 50])
def test_rubbish_in_the_address_is_passed_over(desk: Staffed, member: Member, query: str) -> None:
    ask(desk, "is there parking 50%_off")

    assert "parking" in member.words(f"/staff/inbox?{query}")


def test_a_thousand_questions_have_pages(desk: Staffed, member: Member) -> None:
    with desk.engine.begin() as connection:
        rows = [
            {
                "message_id": str(number),
                "conversation_id": str(number),
                "asked_at": time.time() - number,
                "text": f"do you have {number} of the thing called {number * 7919 % 1000}",
                "reason": "declined",
                "state": "open",
            }
            for number in range(1000)
        ]
        connection.execute(StaffBase.metadata.tables["inbox_questions"].insert(), rows)

    page = member.get("/staff/inbox?page=2")

    assert page.status_code == 200
    assert "To do 1000" in words_of(page)


def test_one_click_adds_every_wording_to_the_suggested_faq(desk: Staffed, member: Member) -> None:
    ask(desk, "how many days of downtime are there")
    ask(desk, "how many days of downtime will there be")

    sent = member.post("/staff/inbox/1/add", fields(member))

    assert sent.status_code == 303
    assert sent.headers["location"] == "/staff/inbox?added=downtime"
    words = member.words(sent.headers["location"])
    assert "Added to “How long is the downtime?”. It is live once you publish." in words
    assert "how many days of downtime are there" in phrasings(desk)
    assert "how many days of downtime will there be" in phrasings(desk)
    assert states(desk) == {"added": 2}
    assert audited(desk) == [("added phrasings from the inbox", "downtime", "2 phrasings")]


def test_where_one_was_on_the_list_is_where_one_comes_back_to(
    desk: Staffed, member: Member
) -> None:
    ask(desk, "is there parking", "unhelpful")
    path = "/staff/inbox?reason=unhelpful"

    sent = member.post("/staff/inbox/1/dismiss", fields(member, path=path))

    assert sent.headers["location"] == path


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/staff/people", ""])
def test_one_is_not_led_elsewhere(desk: Staffed, member: Member, back: str) -> None:
    ask(desk, "is there parking")
    member.get("/staff/inbox")

    sent = member.post("/staff/inbox/1/dismiss", {"back": back})

    assert sent.headers["location"] == "/staff/inbox"


def test_what_the_check_refuses_is_told_in_its_words(desk: Staffed, member: Member) -> None:
    long = "downtime " * 60
    ask(desk, long)

    sent = member.post("/staff/inbox/1/add", {**fields(member), "slug": "downtime"})

    assert sent.status_code == 422
    assert "characters" in words_of(sent)
    assert str(content_of(desk)) not in sent.text
    assert states(desk) == {"open": 1}
    assert audited(desk) == []


def test_another_faq_and_other_words_can_be_chosen(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards")
    assert "do you sell gift cards" in member.words("/staff/inbox")

    page = member.get("/staff/inbox/1")
    sent = member.post(
        "/staff/inbox/1/add", {"slug": "downtime", "phrasings": "can i buy a voucher\n\n"}
    )

    assert '<option value="downtime"' in page.text
    assert sent.status_code == 303
    assert "can i buy a voucher" in phrasings(desk)
    assert "do you sell gift cards" not in phrasings(desk)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"slug": "nothing-such"}, "There is no such FAQ any more"),
        ({"slug": "../../etc"}, "There is no such FAQ any more"),
        ({"slug": "downtime", "phrasings": " \n "}, "There is no wording left"),
        ({}, "There is no such FAQ any more"),
    ],
)
def test_what_can_not_be_added_is_told(
    desk: Staffed, member: Member, form: dict[str, str], told: str
) -> None:
    ask(desk, "do you sell gift cards")
    member.get("/staff/inbox")

    sent = member.post("/staff/inbox/1/add", form)

    assert sent.status_code == 422
    assert told in words_of(sent)
    assert states(desk) == {"open": 1}


def test_a_new_faq_is_begun_with_the_wordings(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards & vouchers")

    link = re.search(r'href="(/staff/faqs/new[^"]+)"', member.get("/staff/inbox").text)
    assert link
    editor = member.get(link[1].replace("&amp;", "&"))

    assert 'value="Do you sell gift cards &amp; vouchers?"' in editor.text
    assert "do you sell gift cards &amp; vouchers</textarea>" in editor.text


def test_saving_a_new_faq_takes_its_questions_off_the_list(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards")
    link = re.search(r'href="(/staff/faqs/new[^"]+)"', member.get("/staff/inbox").text)
    assert link
    editor = member.get(link[1].replace("&amp;", "&"))
    hidden = dict(re.findall(r'name="(group|seen)" value="([^"]*)"', editor.text))
    ask(desk, "do you sell gift cards", ago=-60)  # seen by nobody

    saved = member.post(
        "/staff/faqs/new",
        {
            **hidden,
            "title": "Do you sell gift cards?",
            "answer": "Yes. They are for sale at the front desk, for any sum that you like.",
            "phrasings": "do you sell gift cards\nvouchers\na present for mum\ncards?\ngift her it",
            "source": "own-words",
            "reviewer": MARA,
        },
    )

    assert saved.status_code == 303
    assert states(desk) == {"added": 1, "open": 1}


def test_not_for_us_is_taught_and_can_be_taken_back(desk: Staffed, member: Member) -> None:
    ask(desk, "who won the football match")

    member.post("/staff/inbox/1/out-of-scope", fields(member))
    taught = examples(content_of(desk))
    words = member.words("/staff/inbox?state=out_of_scope")
    member.post("/staff/inbox/1/reopen", fields(member, path="/staff/inbox?state=out_of_scope"))

    assert taught == ("who won the football match",)
    assert "who won the football match" in words
    assert "by Mara Quinn" in words
    assert examples(content_of(desk)) == ()
    assert states(desk) == {"open": 1}
    assert [what for what, _, _ in audited(desk)] == ["taught as out of scope", "reopened"]


def test_what_a_faq_has_can_not_be_taught_as_not_for_us(desk: Staffed, member: Member) -> None:
    ask(desk, "Recovery time?")
    member.get("/staff/inbox")

    sent = member.post("/staff/inbox/1/out-of-scope", {})

    assert sent.status_code == 422
    assert "is a way to ask “How long is the downtime?”" in words_of(sent)


def test_who_comes_second_is_told(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards")
    form = fields(member)
    member.post("/staff/inbox/1/dismiss", form)

    second = member.post("/staff/inbox/1/add", {**form, "slug": "downtime"})

    assert "Somebody has dealt with that question already" in member.words(
        second.headers["location"]
    )
    assert "do you sell gift cards" not in phrasings(desk)


def test_what_nobody_saw_is_not_decided_on(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards")
    form = fields(member)
    ask(desk, "can i buy a gift card")
    member.get("/staff/inbox")

    member.post("/staff/inbox/1/dismiss", form)

    assert states(desk) == {"open": 1, "dismissed": 1}


def test_the_conversation_around_a_question_is_shown_and_noted(
    desk: Staffed, member: Member
) -> None:
    asked = ChatMessage(new_id(), "visitor", "do you sell <i>cards</i>", time.time())
    reply = ChatMessage(new_id(), "assistant", "I don't know.", time.time(), reply_to=asked.id)
    others = [
        Turn("c" * 32, (ChatMessage(new_id(), "visitor", f"said {n}", time.time()),))
        for n in range(20)
    ]
    with desk.server.engine.begin() as connection:
        for turn in (*others, Turn("c" * 32, (asked, reply))):
            _insert_turn(connection, turn)
    missed = Missed(asked.text, "declined", asked.id, "c" * 32, asked.created_at)
    record_question(desk.engine, missed)

    page = member.get("/staff/inbox/questions/1")

    assert "do you sell &lt;i&gt;cards&lt;/i&gt;" in page.text
    assert "I don&#39;t know." in page.text
    assert "said 19" in page.text
    assert "said 13" not in page.text
    assert audited(desk) == [("read a conversation", "inbox question 1", "")]


def test_a_conversation_that_is_deleted_is_told(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards")

    assert "is not kept any more" in member.words("/staff/inbox/questions/1")


@pytest.mark.parametrize("path", ["/staff/inbox/7", "/staff/inbox/questions/7",
                                  f"/staff/inbox/{'9' * 40}", "/staff/inbox/x"])  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(member: Member, path: str) -> None:
    assert member.get(path).status_code == 404


def test_a_missing_content_folder_is_told(desk: Staffed, member: Member) -> None:
    ask(desk, "do you sell gift cards")
    content_of(desk).rename(content_of(desk).with_name("gone"))

    page = member.get("/staff/inbox")

    assert page.status_code == 503
    assert "folder of FAQs and articles is missing" in words_of(page)


def test_no_word_of_a_visitor_reaches_the_log(desk: Staffed, member: Member) -> None:
    for number, text in enumerate(["one is zebra", "who won the zebra match", "zebra downtime"]):
        with writing(desk.engine) as session:
            session.add(
                InboxQuestion(
                    message_id=str(number),
                    conversation_id="c",
                    text=text,
                    asked_at=time.time(),
                    reason="declined",
                    state="open",
                )
            )
    page = member.get("/staff/inbox").text
    groups = sorted(set(re.findall(r'id="group-(\d+)"', page)))

    for group, do in zip(groups, ("dismiss", "out-of-scope", "add"), strict=False):
        member.post(f"/staff/inbox/{group}/{do}", {"slug": "downtime"})

    assert audited(desk)
    assert not [line for line in audited(desk) if "zebra" in " ".join(line)]
