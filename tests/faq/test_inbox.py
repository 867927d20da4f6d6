"""The inbox: what comes in, how it is grouped, and what staff do with it."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select

from booking.database import open_database, run_migrations
from faq import inbox
from faq.database import StaffDatabaseUnavailable, reading
from faq.inbox import Missed, Reason, UnknownGroup, Wanted, record_question
from faq.library import UnknownFaq, read_faqs
from faq.meaning import Meanings
from faq.models import InboxGroup, StaffBase
from faq.out_of_scope import FILE, examples
from faq.writing import DraftRefused
from tests.faq.content import faq_text

ENCODER = Path(__file__).parents[2] / "models" / "encoder"
DAY = 86_400.0
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def meanings() -> Meanings:
    return Meanings(ENCODER)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty staff database, once on each kind that a clinic may use."""
    yield from _opened(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def quick(sqlite_url: str) -> Iterator[Engine]:
    yield from _opened(sqlite_url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/staff.db"


def _opened(url: str) -> Iterator[Engine]:
    run_migrations(url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(url)
    yield engine
    engine.dispose()


def ask(
    engine: Engine,
    *texts: str,
    reason: Reason = "declined",
    ago: float = 0,
    conversation: str | None = None,
    answered_by: str | None = None,
) -> list[str]:
    """Ask questions that are missed; the later, the newer. Returns the messages' ids."""
    ids = [str(uuid4()) for _ in texts]
    for number, (message, text) in enumerate(zip(ids, texts, strict=True)):
        at = NOW - ago + number
        where = conversation or uuid4().hex
        assert record_question(engine, Missed(text, reason, message, where, at, answered_by))
    return ids


class Desk:
    """Somebody who works through an inbox."""

    def __init__(self, engine: Engine, content: Path, meanings: Meanings) -> None:
        self.engine, self.content, self.meanings = engine, content, meanings

    def page(self, page: int = 1, size: int = 20, wanted: Wanted | None = None) -> inbox.Page:
        return inbox.list_groups(
            *(self.engine, self.meanings),
            content=self.content,
            wanted=wanted or Wanted(),
            page=page,
            size=size,
        )

    def titles(self, wanted: Wanted | None = None) -> list[str]:
        return [group.title for group in self.page(wanted=wanted).groups]

    def only(self) -> inbox.Group:
        (group,) = self.page().groups
        return group

    def add(self, group: inbox.Group, slug: str = "downtime", **more: object) -> inbox.Added:
        return inbox.add_to_faq(
            *(self.engine, self.meanings),
            content=self.content,
            group_id=group.id,
            slug=slug,
            by="Mara",
            now=NOW,
            **more,  # type: ignore[arg-type]
        )

    def not_for_us(self, group: inbox.Group) -> tuple[str, ...]:
        return inbox.teach_out_of_scope(
            *(self.engine, self.meanings),
            content=self.content,
            group_id=group.id,
            by="Mara",
            now=NOW,
        )

    def dismiss(self, group: inbox.Group, upto: int | None = None) -> int:
        return inbox.dismiss(self.engine, group_id=group.id, by="Mara", now=NOW, upto=upto)


@pytest.fixture
def desk(quick: Engine, content: Path, meanings: Meanings) -> Desk:
    return Desk(quick, content, meanings)


# --- what comes in ---


def test_a_question_is_kept_without_personal_data(engine: Engine, content: Path,
                                                  meanings: Meanings) -> None:  # fmt: skip
    ask(engine, "I'm Ana, ana@mail.example. Do you sell gift cards?")

    group = Desk(engine, content, meanings).only()

    assert [one.text for one in group.questions] == ["I'm […], […]. Do you sell gift cards?"]
    assert group.wordings == ("Do you sell gift cards?",)


def test_a_message_comes_in_once(engine: Engine) -> None:
    missed = Missed("do you sell gift cards", "declined", "m1", "c1", NOW)

    assert record_question(engine, missed)
    assert not record_question(engine, missed)
    assert inbox.count_by_state(engine)["open"] == 1


@pytest.mark.parametrize("text", ["ana@mail.example", "?!", "", "+1 202 555 0143"])
def test_what_holds_no_word_does_not_come_in(quick: Engine, text: str) -> None:
    assert not record_question(quick, Missed(text, "declined", "m1", "c1", NOW))


def test_one_conversation_does_not_fill_the_inbox(quick: Engine) -> None:
    texts = [f"do you sell {number} gift cards" for number in range(40)]

    kept = [
        record_question(quick, Missed(text, "declined", text, "c1", NOW)) for text in texts
    ]  # fmt: skip

    assert kept.count(True) == inbox.MOST_OF_A_CONVERSATION


def test_a_thumb_that_is_taken_back_is_forgotten(engine: Engine) -> None:
    [unhelpful] = ask(engine, "is it red for long", reason="unhelpful")
    [declined] = ask(engine, "do you sell gift cards")

    assert inbox.take_back(engine, unhelpful)
    assert not inbox.take_back(engine, declined)
    assert inbox.count_by_state(engine)["open"] == 1


def test_a_locked_database_is_told_as_such(quick: Engine, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "staff.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StaffDatabaseUnavailable):
            ask(quick, "do you sell gift cards")


# --- groups ---


def test_what_means_the_same_is_one_group(desk: Desk) -> None:
    ask(desk.engine, "do you sell gift cards", "can i buy a gift card", "is there parking")
    ask(desk.engine, "where can i park my car", "Do you sell gift cards?")

    groups = {group.title: group for group in desk.page().groups}

    gifts = groups["Do you sell gift cards?"]
    assert gifts.count == 3
    assert gifts.wordings == ("Do you sell gift cards?", "can i buy a gift card")


def test_a_group_keeps_its_number_when_more_comes_in(engine: Engine, content: Path,
                                                     meanings: Meanings) -> None:  # fmt: skip
    desk = Desk(engine, content, meanings)
    ask(engine, "do you sell gift cards")
    before = desk.only().id
    ask(engine, "can i buy a gift card", ago=-60)

    group = desk.only()

    assert (group.id, group.count) == (before, 2)


def test_the_newest_group_comes_first_or_the_one_asked_most(desk: Desk) -> None:
    ask(desk.engine, "do you sell gift cards", "can i buy a gift card", ago=DAY)
    ask(desk.engine, "is there parking")

    assert desk.titles() == ["is there parking", "can i buy a gift card"]
    assert desk.titles(Wanted(order="most"))[0] == "can i buy a gift card"


def test_the_nearest_faq_is_suggested(desk: Desk) -> None:
    ask(desk.engine, "how many days of downtime are there")

    suggestion = desk.only().suggestion

    assert suggestion is not None
    assert (suggestion.slug, suggestion.chosen) == ("downtime", 0)
    assert 0.6 < suggestion.likeness < 1.0


def test_what_visitors_chose_is_suggested_before_what_is_nearest(desk: Desk) -> None:
    other = faq_text("numbing", "Is there a numbing cream?").replace("downtime", "cream")
    for old in ("how long is the", "can i go", "recovery", "when will i", "do i have"):
        other = other.replace(f"- {old}", f"- numbing {old}")
    (desk.content / "faq" / "numbing.yml").write_text(other)
    [message] = ask(desk.engine, "how many days of downtime are there", reason="clarified")

    assert inbox.settle(desk.engine, message, "numbing")

    suggestion = desk.only().suggestion
    assert suggestion is not None
    assert (suggestion.slug, suggestion.chosen) == ("numbing", 1)
    assert inbox.settled_questions(desk.engine) == [
        ("how many days of downtime are there", "numbing")
    ]


def test_filters_find_questions(desk: Desk) -> None:
    ask(desk.engine, "do you sell gift cards", ago=3 * DAY)
    ask(desk.engine, "is there parking", reason="unhelpful")

    assert desk.titles(Wanted(reason="unhelpful")) == ["is there parking"]
    assert desk.titles(Wanted(since=NOW - DAY)) == ["is there parking"]
    assert desk.titles(Wanted(until=NOW - DAY)) == ["do you sell gift cards"]
    assert desk.titles(Wanted(search="GIFT sell")) == ["do you sell gift cards"]
    assert desk.titles(Wanted(search="50% of_it")) == []
    assert desk.titles(Wanted(state="dismissed")) == []


def test_pages_hold_so_many_groups(desk: Desk) -> None:
    ask(desk.engine, "do you sell gift cards", "is there parking", "who is the president")

    first, second = desk.page(1, size=2), desk.page(2, size=2)

    assert (len(first.groups), len(second.groups)) == (2, 1)
    assert (first.of_groups, first.of_questions) == (3, 3)


def test_a_thousand_questions_are_listed_quickly(desk: Desk) -> None:
    with desk.engine.begin() as connection:
        rows = [
            {
                "message_id": str(number),
                "conversation_id": str(number),
                "asked_at": NOW + number,
                "text": f"do you have {number} of the thing called {number * 7919 % 1000}",
                "reason": "declined",
                "state": "open",
            }
            for number in range(1000)
        ]
        connection.execute(StaffBase.metadata.tables["inbox_questions"].insert(), rows)
    desk.page()
    began = time.perf_counter()

    page = desk.page(2)

    assert time.perf_counter() - began < 1.0
    assert page.of_questions == 1000


# --- add to a FAQ ---


def test_one_click_makes_every_wording_a_phrasing(engine: Engine, content: Path,
                                                  meanings: Meanings) -> None:  # fmt: skip
    desk = Desk(engine, content, meanings)
    ask(engine, "will my face look odd at work", "will my face look odd in the office")

    added = desk.add(desk.only())

    faq = read_faqs(content).get("downtime")
    assert set(added.added) <= set(faq.phrasings)
    assert len(added.added) == 2
    assert desk.page().groups == ()
    assert inbox.count_by_state(engine)["added"] == 2
    assert set(inbox.settled_questions(engine)) == {(text, "downtime") for text in added.added}


def test_what_the_check_refuses_leaves_the_group_open(desk: Desk) -> None:
    other = faq_text("redness", "How long am I red?").replace("downtime", "redness")
    for old in ("how long is the", "can i go", "recovery", "when will i", "do i have"):
        other = other.replace(f"- {old}", f"- red {old}")
    (desk.content / "faq" / "redness.yml").write_text(
        other.replace("your-treatment#redness", "your-treatment#downtime")
    )
    ask(desk.engine, "recovery time?")

    added = desk.add(desk.only(), "redness")

    [(text, findings)] = added.refused
    assert text == "recovery time?"
    assert "also belongs to faq/" in findings[0].what
    assert desk.only().state == "open"
    assert inbox.settled_questions(desk.engine) == []


def test_a_wording_that_staff_rewrite_is_added_as_they_wrote_it(desk: Desk) -> None:
    ask(
        desk.engine,
        "will my face look odd in the ofice",
        "will my face look odd in the office then",
    )

    added = desk.add(desk.only(), phrasings=["will my face look odd at work", "", "  "])

    assert added.added == ("will my face look odd at work",)
    assert desk.page().groups == ()
    # The check of a new model asks what is a phrasing anyway, and not what staff left out.
    assert inbox.settled_questions(desk.engine) == []


def test_what_came_in_meanwhile_stays_open(desk: Desk) -> None:
    ask(desk.engine, "do you sell gift cards")
    seen = desk.only()
    ask(desk.engine, "can i buy a gift card")
    desk.page()

    desk.add(seen, upto=seen.last_id)

    assert desk.only().wordings == ("can i buy a gift card",)


def test_an_unknown_faq_or_group_is_told(desk: Desk) -> None:
    ask(desk.engine, "do you sell gift cards")
    group = desk.only()

    with pytest.raises(UnknownFaq):
        desk.add(group, "nothing-such")
    desk.dismiss(group)

    with pytest.raises(UnknownGroup):
        desk.add(group)
    with pytest.raises(UnknownGroup):
        desk.dismiss(group)


# --- not for us, dismissed, open again ---


def test_what_is_not_for_us_is_taught_and_stays_closed(engine: Engine, content: Path,
                                                       meanings: Meanings) -> None:  # fmt: skip
    desk = Desk(engine, content, meanings)
    ask(engine, "who won the football match", "who won the soccer match")

    taught = desk.not_for_us(desk.only())
    ask(engine, "who won the football game", ago=-60)

    assert set(examples(content)) == set(taught)
    assert desk.page().groups == ()
    assert inbox.count_by_state(engine)["out_of_scope"] == 3


def test_a_phrasing_of_a_faq_is_not_taught_as_out_of_scope(desk: Desk) -> None:
    ask(desk.engine, "Recovery time?")

    with pytest.raises(DraftRefused, match="is a way to ask “How long is the downtime"):
        desk.not_for_us(desk.only())

    assert not (desk.content / FILE).exists()
    assert desk.only().state == "open"


def test_one_that_means_the_same_as_a_phrasing_is_not_taught_either(desk: Desk) -> None:
    ask(desk.engine, "how long is the down time?", "how long is downtime")

    with pytest.raises(DraftRefused, match=r"downtime"):
        desk.not_for_us(desk.page().groups[0])

    assert not (desk.content / FILE).exists()


def test_comments_in_the_file_of_staff_are_kept(desk: Desk) -> None:
    (desk.content / FILE).write_text(
        'version: "3.1"\n\n# ours\nnlu:\n  - intent: out_of_scope/off-topic  # declined\n'
        "    examples: |\n      - will it rain\n"
    )
    ask(desk.engine, "who won the football match")

    desk.not_for_us(desk.only())

    assert (desk.content / FILE).read_text() == (
        'version: "3.1"\n\n# ours\nnlu:\n  - intent: out_of_scope/off-topic  # declined\n'
        "    examples: |\n      - will it rain\n      - who won the football match\n"
    )


def test_the_check_finds_a_phrasing_that_staff_taught_as_out_of_scope(desk: Desk) -> None:
    ask(desk.engine, "will i look odd at work")
    desk.not_for_us(desk.only())
    ask(desk.engine, "will i look odd at work", ago=-60)
    inbox.reopen(desk.engine, content=desk.content, group_id=1)
    assert examples(desk.content) == ()
    desk.not_for_us(desk.only())
    ask(desk.engine, "how do i find you on the map")

    added = desk.add(desk.only(), phrasings=["Will I look odd at work?"])

    assert "also belongs to out_of_scope/off-topic" in added.refused[0][1][0].what


def test_a_dismissed_group_stays_dismissed_until_it_is_opened_again(desk: Desk) -> None:
    ask(desk.engine, "do you sell gift cards")
    group = desk.only()

    assert desk.dismiss(group) == 1
    ask(desk.engine, "can i buy a gift card", ago=-60)
    assert desk.page().groups == ()
    assert inbox.reopen(desk.engine, content=desk.content, group_id=group.id) == 2

    ask(desk.engine, "can i buy gift cards", ago=-90)
    assert desk.only().count == 3


# --- what must go ---


def test_what_is_old_goes_but_for_words_that_staff_taught(desk: Desk) -> None:
    ask(desk.engine, "will my face look odd at work", ago=9 * DAY)
    desk.add(desk.only())
    ask(desk.engine, "do you sell gift cards", ago=9 * DAY)
    ask(desk.engine, "is there parking")
    desk.page()

    assert inbox.purge_before(desk.engine, NOW - DAY) == 1

    assert desk.titles() == ["is there parking"]
    assert inbox.settled_questions(desk.engine) == [("will my face look odd at work", "downtime")]
    assert inbox.find_question(desk.engine, 1).conversation_id is None  # type: ignore[union-attr]


def test_what_somebody_asked_is_found_and_erased(engine: Engine, content: Path,
                                                 meanings: Meanings) -> None:  # fmt: skip
    desk = Desk(engine, content, meanings)
    ask(engine, "who won the football match", conversation="c1")
    desk.not_for_us(desk.only())
    ask(engine, "is there parking", conversation="c2")
    desk.page()

    found = inbox.conversations_in_which(engine, lambda text: "football" in text)
    exported = inbox.export_conversations(engine, found)
    gone = inbox.erase_conversations(engine, found)

    assert found == {"c1"}
    assert [one.text for one in exported] == ["who won the football match"]
    assert gone == 1
    assert desk.titles() == ["is there parking"]
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(InboxGroup)) == 1
