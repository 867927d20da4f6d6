import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import retention
from booking.database import migrate, open_database, run_migrations
from booking.models import ClinicMessage, ConsultationRequest, RequestEvent, Status
from tests.cli.running import ROOT, Installation
from web import chat_store

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=400)
RECENTLY = NOW - timedelta(days=20)


def make_request(key: str, *, starts_at: datetime, updated_at: datetime) -> ConsultationRequest:
    return ConsultationRequest(
        reference=key,
        status=Status.NEW,
        name="Ana Lima",
        email="ana@linden-skin.example",
        concern="acne scars",
        starts_at=starts_at,
        preference_text="then",
        consent_version="1",
        consent_at=LONG_AGO,
        conversation_id=key,
        idempotency_key=key,
        created_at=LONG_AGO,
        updated_at=updated_at,
        events=[RequestEvent(at=LONG_AGO, actor="visitor", what="requested")],
    )


def make_message(key: str, created_at: datetime) -> ClinicMessage:
    return ClinicMessage(
        reference=key,
        text="Please call",
        contact_phone="+12025550143",
        conversation_id=key,
        idempotency_key=key,
        created_at=created_at,
    )


def test_what_is_over_goes_and_what_is_not_stays(needlepoint: Installation) -> None:
    migrate(needlepoint.database_url)
    engine = open_database(needlepoint.database_url)
    with Session(engine) as session, session.begin():
        session.add(make_request("over", starts_at=LONG_AGO, updated_at=LONG_AGO))
        session.add(make_request("to-come", starts_at=RECENTLY, updated_at=LONG_AGO))
        session.add(make_request("changed", starts_at=LONG_AGO, updated_at=RECENTLY))
        session.add(make_message("old", LONG_AGO))
        session.add(make_message("new", RECENTLY))

    purged = retention.purge_before(engine, NOW - timedelta(days=365))

    assert purged == retention.Purged(requests=1, messages=1)
    with Session(engine) as session:
        assert set(session.scalars(sa.select(ConsultationRequest.reference))) == {
            "to-come",
            "changed",
        }
        assert session.scalar(sa.select(sa.func.count(RequestEvent.id))) == 2
        assert session.scalars(sa.select(ClinicMessage.reference)).all() == ["new"]


def make_conversations(needlepoint: Installation) -> sa.Engine:
    """Rasa's table of events: one conversation long over, one that began then and goes on."""
    url = needlepoint.database_url.replace(".db", "-conversations.db")
    engine = open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE events (sender_id TEXT, timestamp FLOAT)")
        for sender, said_at in [
            ("over", LONG_AGO),
            ("over", LONG_AGO),
            ("going-on", LONG_AGO),
            ("going-on", RECENTLY),
        ]:
            connection.exec_driver_sql(
                "INSERT INTO events VALUES (?, ?)", (sender, said_at.timestamp())
            )
    return engine


def make_chat(needlepoint: Installation) -> sa.Engine:
    url = needlepoint.database_url.replace(".db", "-chat.db")
    engine = open_database(url)
    run_migrations(url, chain="chat", metadata=chat_store.metadata)
    with engine.begin() as connection:
        for key, said_at in [("over", LONG_AGO), ("new", RECENTLY)]:
            connection.execute(
                sa.insert(chat_store.messages_table).values(
                    id=key,
                    conversation_id=key,
                    role="visitor",
                    text="hello",
                    created_at=said_at.timestamp(),
                )
            )
    return engine


def test_the_worker_purges_at_its_start_and_stops_at_once(needlepoint: Installation) -> None:
    conversations, chat = make_conversations(needlepoint), make_chat(needlepoint)

    worker = subprocess.Popen(
        [sys.executable, "-m", "needlepoint", "worker"],
        cwd=ROOT,
        env=needlepoint.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stderr is not None
        told = [worker.stderr.readline(), worker.stderr.readline()]
        told_to_stop = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(timeout=5)
    finally:
        worker.kill()
        worker.communicate()

    assert code == 0
    assert time.monotonic() - told_to_stop < 3
    assert "1 chat messages" in told[0]
    assert "2 events of conversations" in told[1]
    with conversations.connect() as connection:
        left = connection.exec_driver_sql("SELECT sender_id FROM events").scalars().all()
    assert left == ["going-on", "going-on"]
    with chat.connect() as connection:
        assert connection.scalars(sa.select(chat_store.messages_table.c.id)).all() == ["new"]
