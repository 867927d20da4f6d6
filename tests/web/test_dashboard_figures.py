"""What is counted of conversations and requests, on both kinds of database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from booking.database import migrate, open_database, run_migrations, writing
from booking.models import ConsultationRequest, RequestEvent, Status
from tests.web.talked import NEW_YORK, Talk
from web import chat_store
from web.staff import dashboard_figures
from web.staff.dashboard_figures import (
    Figures,
    FiguresUnavailable,
    KeptFigures,
    count_figures,
    has_talk,
)
from web.staff.dashboard_period import BadPeriod, Period, read_period, spans_of

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=NEW_YORK)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/all.db"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The tables of the chat and of the requests in one database, as on PostgreSQL."""
    run_migrations(url, chain="chat", metadata=chat_store.metadata)
    migrate(url)
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def talk(engine: Engine) -> Talk:
    return Talk(engine)


def period(first: str, last: str, zone: ZoneInfo = NEW_YORK) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last), zone)


def counted(engine: Engine, first: str = "2026-11-20", last: str = "2026-11-20") -> Figures:
    return count_figures(engine, engine, period(first, last))


def take(
    engine: Engine,
    moment: str,
    status: Status = Status.NEW,
    *,
    conversation: str = "one",
    was_confirmed: bool = False,
) -> None:
    """A request that was sent at a moment (New York's), and stands as it does."""
    at = datetime.fromisoformat(moment).replace(tzinfo=NEW_YORK)
    key = f"{conversation} {moment} {status}"
    history = ["requested", *(["confirmed"] if was_confirmed else [])]
    with writing(engine) as session:
        session.add(
            ConsultationRequest(
                reference=f"NP-{abs(hash(key)) % 10**9}",
                status=status,
                name="Ana Lopez",
                concern="acne scars",
                practitioner="room-1",
                starts_at=at,
                ends_at=at + timedelta(minutes=30),
                preference_text="",
                consent_version="1",
                consent_text="",
                consent_at=at,
                conversation_id=conversation,
                idempotency_key=key,
                created_at=at,
                updated_at=at,
                events=[RequestEvent(at=at, actor="visitor", what=what) for what in history],
            )
        )


# --- what was said ---


@pytest.mark.parametrize(
    ("outcomes", "faq", "counted_as"),
    [
        (["answered"], "downtime", "answered"),
        (["clarified"], None, "clarified"),
        (["declined"], None, "declined"),
        (["professional"], None, "professional"),
        (["urgent"], None, "urgent"),
        ([None], "downtime", "answered"),  # from before outcomes were noted
        (["answered", "declined"], "downtime", "declined"),
        (["answered", "clarified"], "downtime", "clarified"),
        (["professional", "answered"], None, "professional"),
        (["declined", "urgent", None], None, "urgent"),
        (["answered", "answered"], "downtime", "answered"),
    ],
)
def test_a_question_is_counted_once_by_what_weighs_most(
    engine: Engine, talk: Talk, outcomes: list[str | None], faq: str | None, counted_as: str
) -> None:
    talk.ask("2026-11-20 14:30", *outcomes, faq=faq)

    total = counted(engine).total

    assert {which: count for which, count in total.outcomes.items() if count} == {counted_as: 1}
    assert (total.messages, total.questions, total.handed_over) == (1, 1, 0)


def test_small_talk_and_greetings_are_no_questions(engine: Engine, talk: Talk) -> None:
    talk.greet("2026-11-20 14:29")
    talk.ask("2026-11-20 14:30", None, text="thank you")

    total = counted(engine).total

    assert (total.conversations, total.messages, total.questions) == (1, 1, 0)


def test_a_conversation_in_which_nobody_says_anything_is_none(engine: Engine, talk: Talk) -> None:
    talk.greet("2026-11-20 14:29")

    figures = counted(engine)

    assert figures.is_empty
    assert not has_talk(engine)


def test_what_is_handed_over_is_counted_beside_the_questions(engine: Engine, talk: Talk) -> None:
    talk.ask("2026-11-20 14:30", "handed_over", text="yes, send it")
    talk.ask("2026-11-20 14:31", "handed_over", "answered", faq="downtime")

    total = counted(engine).total

    assert (total.handed_over, total.questions, total.outcomes["answered"]) == (2, 1, 1)


def test_thumbs_are_counted_up_and_down(engine: Engine, talk: Talk) -> None:
    for thumb in ("up", "up", "up", "down", None):
        talk.ask("2026-11-20 14:30", "answered", faq="downtime", thumb=thumb)

    total = counted(engine).total

    assert (total.thumbs_up, total.thumbs_down, total.satisfaction) == (3, 1, 0.75)


def test_a_conversation_over_midnight_is_one_though_each_day_has_it(
    engine: Engine, talk: Talk
) -> None:
    talk.ask("2026-11-19 23:58", "answered")
    talk.ask("2026-11-20 00:02", "answered")

    figures = counted(engine, "2026-11-19", "2026-11-20")

    assert [day.conversations for day in figures.days.values()] == [1, 1]
    assert figures.total.conversations == 1


# --- days ---


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-20 00:00:00", 20),
        ("2026-11-19 23:59:59.999", 19),
        ("2026-11-20 23:59:59.999", 20),
        ("2026-11-21 00:00:00", None),
        ("2026-11-18 23:59:59.999", None),
        ("2026-11-20T04:59:59+00:00", 19),
        ("2026-11-20T05:00:00+00:00", 20),
    ],
)
def test_a_message_belongs_to_the_day_that_the_clinics_clocks_have(
    engine: Engine, talk: Talk, moment: str, day: int | None
) -> None:
    talk.ask(moment, "answered", thumb="up")

    days = counted(engine, "2026-11-19", "2026-11-20").days

    said = {date.day: (one.messages, one.questions, one.thumbs_up) for date, one in days.items()}
    assert said == {19: (0, 0, 0), 20: (0, 0, 0)} | ({day: (1, 1, 1)} if day else {})


@pytest.mark.parametrize(
    ("first", "hours"),
    [("2026-11-01", 25), ("2026-03-08", 23), ("2026-06-10", 24)],
)
def test_a_day_on_which_the_clocks_change_has_all_its_hours_and_no_other(
    engine: Engine, talk: Talk, first: str, hours: int
) -> None:
    day = date.fromisoformat(first)
    start = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(UTC)
    for hour in range(-24, 48):
        talk.ask((start + timedelta(hours=hour, minutes=30)).isoformat(), "answered")

    days = counted(engine, (day - timedelta(days=1)).isoformat(), first).days

    assert [one.messages for one in days.values()] == [24, hours]


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("America/New_York", "2026-01-01", "2026-12-31"),
        ("Europe/Berlin", "2026-03-01", "2026-04-10"),
        ("Australia/Lord_Howe", "2026-03-30", "2026-04-10"),  # half an hour
        ("Africa/Casablanca", "2026-02-01", "2026-04-01"),  # two changes in a month
        ("Asia/Beirut", "2026-03-20", "2026-04-05"),  # no midnight on one day
        ("America/Havana", "2026-10-25", "2026-11-05"),  # a midnight twice
        ("Asia/Kathmandu", "2026-11-01", "2026-11-10"),
        ("Pacific/Kiritimati", "2026-11-01", "2026-11-10"),
    ],
)
def test_each_moment_falls_on_the_day_of_its_zone(
    tmp_path: Path, zone: str, first: str, last: str
) -> None:
    url = f"sqlite:///{tmp_path}/chat.db"
    run_migrations(url, chain="chat", metadata=chat_store.metadata)
    migrate(url)
    engine, there = open_database(url), ZoneInfo(zone)
    wanted = period(first, last, there)
    moments = range(int(wanted.since) - 7200, int(wanted.until) + 7200, 1800)
    Talk(engine, there)
    expected = dict.fromkeys(wanted.days, 0)
    rows = []
    for number, moment in enumerate(moments):
        day = datetime.fromtimestamp(moment, there).date()
        if day in expected:
            expected[day] += 1
        row = {"id": str(number), "conversation_id": "one", "role": "visitor", "text": "x"}
        rows.append({**row, "created_at": float(moment)})
    with engine.begin() as connection:
        connection.execute(chat_store.messages_table.insert(), rows)

    found = count_figures(engine, engine, wanted)

    engine.dispose()
    assert {day: count.messages for day, count in found.days.items()} == expected


def test_days_on_which_nobody_talked_are_there_as_well(engine: Engine, talk: Talk) -> None:
    talk.ask("2026-11-20 10:00", "answered")

    days = counted(engine, "2026-11-14", "2026-11-20").days

    assert [one.messages for one in days.values()] == [0, 0, 0, 0, 0, 0, 1]
    assert next(iter(days)) == date(2026, 11, 14)


def test_a_period_is_compared_with_as_many_days_before_it(engine: Engine, talk: Talk) -> None:
    for moment in ("2026-11-13 00:00", "2026-11-12 23:59", "2026-11-19 23:59", "2026-11-20 00:00"):
        talk.ask(moment, "answered", faq="downtime", conversation=moment)

    figures = counted(engine, "2026-11-20", "2026-11-26")

    assert (figures.total.messages, figures.total_before.messages) == (1, 2)
    assert (figures.total.conversations, figures.total_before.conversations) == (1, 2)
    assert [(use.uses, use.before) for use in figures.faqs] == [(1, 2)]
    assert figures.is_comparable


# --- FAQs ---


def test_faqs_come_by_use_with_their_thumbs(engine: Engine, talk: Talk) -> None:
    talk.ask("2026-11-20 10:00", "answered", faq="rare")
    for thumb in ("up", "down", "down"):
        talk.ask("2026-11-20 10:00", "answered", faq="frequent", thumb=thumb)
    talk.ask("2026-11-19 10:00", "answered", faq="frequent", thumb="up")
    talk.ask("2026-11-19 10:00", "answered", faq="forgotten")

    faqs = counted(engine).faqs

    assert [(use.slug, use.uses, use.before) for use in faqs] == [
        ("frequent", 3, 1),
        ("rare", 1, 0),
    ]
    assert (faqs[0].thumbs_up, faqs[0].thumbs_down) == (1, 2)


# --- bookings ---


def test_each_step_from_talk_to_consultation_counts_conversations(
    engine: Engine, talk: Talk
) -> None:
    day = "2026-11-20 10:00"
    talk.greet(day)
    talk.ask(day, "answered", conversation="only asks")
    talk.ask(day, conversation="clicks", text="Book a consultation")
    talk.ask(
        day, conversation="types", text="i want to come", offers='/inform{"concern": "redness"}'
    )
    talk.ask(day, conversation="writes", text="book me in", form="consultation_form")
    talk.ask(day, conversation="leaves a message", form="message_form")
    for name in ("reads back", "sends", "is confirmed"):
        talk.ask(day, conversation=name, text="Book a consultation")
        talk.ask(day, conversation=name, offers="/change_details")
    take(engine, day, Status.NEW, conversation="sends")
    take(engine, day, Status.DECLINED, conversation="sends")
    take(engine, day, Status.CONFIRMED, conversation="is confirmed", was_confirmed=True)

    found = counted(engine).bookings

    steps = (found.conversations, found.begun, found.read_back, found.sent, found.confirmed)
    assert steps == (8, 6, 3, 2, 1)
    assert found.requests == {Status.NEW: 1, Status.DECLINED: 1, Status.CONFIRMED: 1}


def test_looking_after_a_request_is_no_new_one(engine: Engine, talk: Talk) -> None:
    talk.ask("2026-11-20 10:00", offers='/inform{"slot": "2026-11-27T10:00:00-05:00"}')
    talk.ask("2026-11-20 10:00", offers='/manage_request{"change": "move"}')

    assert counted(engine).bookings.begun == 0


def test_a_confirmed_request_that_was_cancelled_was_confirmed(engine: Engine, talk: Talk) -> None:
    take(engine, "2026-11-20 10:00", Status.CANCELLED, was_confirmed=True)
    take(engine, "2026-11-20 11:00", Status.CANCELLED, conversation="two")

    found = counted(engine).bookings

    assert (found.sent, found.confirmed) == (2, 1)
    assert found.requests == {Status.CANCELLED: 2}


def test_requests_count_on_the_day_they_were_sent(engine: Engine) -> None:
    take(engine, "2026-11-19 23:59", conversation="before")
    take(engine, "2026-11-20 00:00", conversation="first")
    take(engine, "2026-11-20 23:59", conversation="last")
    take(engine, "2026-11-21 00:00", conversation="after")

    figures = counted(engine)

    assert (figures.bookings.sent, figures.bookings_before.sent) == (2, 1)


# --- periods ---


@pytest.mark.parametrize(
    ("days", "first", "last", "expected"),
    [
        ("", "", "", ("2026-10-23", "2026-11-21")),
        ("7", "", "", ("2026-11-15", "2026-11-21")),
        ("90", "", "", ("2026-08-24", "2026-11-21")),
        ("7", "2026-11-01", "2026-11-02", ("2026-11-01", "2026-11-02")),
        ("", "2026-11-01", "", ("2026-11-01", "2026-11-21")),
        ("", "", "2026-11-01", ("2026-10-03", "2026-11-01")),
        ("", " 2026-11-21 ", "2030-01-01", ("2026-11-21", "2026-11-21")),
        ("", "2025-11-21", "2026-11-21", ("2025-11-21", "2026-11-21")),
    ],
)
def test_a_period_is_read(days: str, first: str, last: str, expected: tuple[str, str]) -> None:
    found = read_period(days, first, last, now=NOW, zone=NEW_YORK)

    assert (found.first.isoformat(), found.last.isoformat()) == expected


@pytest.mark.parametrize(
    ("days", "first", "last", "said"),
    [
        ("", "2026-11-20", "2026-11-01", "The last day, 1 November 2026, is before the first"),
        ("", "1826-11-20", "2026-11-01", "Those are 73,031 days: choose 366 days at most."),
        ("", "2025-11-20", "2026-11-21", "Those are 367 days"),
        ("", "2026-11-22", "", "22 November 2026 is still to come"),
        ("", "1999-12-31", "2000-01-05", "There is nothing from before 2000"),
        ("", "0001-01-01", "0001-01-02", "There is nothing from before 2000"),
        ("", "", "0001-01-02", "There is nothing from before 2000"),
        ("", "", "2000-01-05", "choose a later first day"),
        ("", "2026-02-30", "", "“2026-02-30” is no day such as 2026-11-25."),
        ("", "yesterday", "", "“yesterday” is no day"),
        ("", "2026-11-01", "<script>", "“<script>” is no day"),
        ("banana", "", "", "Choose 7, 30 or 90 days, or a first and a last day."),
        ("-7", "", "", "Choose 7, 30 or 90 days"),
        ("9" * 6000, "", "", "Choose 7, 30 or 90 days"),
        ("７", "", "", "Choose 7, 30 or 90 days"),
        ("8", "", "", "Choose 7, 30 or 90 days"),
    ],
)
def test_what_is_no_period_is_told_in_a_sentence(
    days: str, first: str, last: str, said: str
) -> None:
    with pytest.raises(BadPeriod) as refused:
        read_period(days, first, last, now=NOW, zone=NEW_YORK)

    assert said in str(refused.value)


def test_today_is_the_clinics_not_the_servers() -> None:
    late = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # still the 21st in New York

    found = read_period("7", "", "", now=late, zone=NEW_YORK)

    assert found.last == date(2026, 11, 21)


def test_the_bars_of_a_long_period_are_weeks_from_monday_on() -> None:
    spans = spans_of(period("2026-10-01", "2026-11-21"))

    assert [span.title for span in spans[:3]] == ["1 to 4 Oct", "5 to 11 Oct", "12 to 18 Oct"]
    assert [span.title for span in spans[-3:]] == ["2 to 8 Nov", "9 to 15 Nov", "16 to 21 Nov"]
    assert spans[4].title == "26 Oct to 1 Nov"


# --- slow or gone ---


class Clock:
    """A clock on which each look takes `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.time, self.seconds = 0.0, seconds

    def __call__(self) -> float:
        self.time += self.seconds
        return self.time


@pytest.mark.parametrize(("seconds", "messages"), [(0.1, 2), (2.0, 1)])
def test_only_what_took_long_is_kept_and_only_for_a_moment(
    engine: Engine, talk: Talk, seconds: float, messages: int
) -> None:
    clock = Clock(seconds)
    kept, wanted = KeptFigures(clock), period("2026-11-20", "2026-11-20")
    talk.ask("2026-11-20 10:00", "answered")
    kept.get(engine, engine, wanted)
    talk.ask("2026-11-20 10:01", "answered")

    again = kept.get(engine, engine, wanted)
    clock.time += dashboard_figures.KEPT_SECONDS
    later = kept.get(engine, engine, wanted)

    assert again.total.messages == messages
    assert later.total.messages == 2


def test_conversations_that_cannot_be_counted_are_told(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/nothing.db")

    with pytest.raises(FiguresUnavailable):
        counted(engine)

    engine.dispose()
