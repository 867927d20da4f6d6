from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from booking.database import migrate, open_database
from booking.details import Contact
from booking.messages import leave_message
from booking.models import ConsultationRequest, Status
from tests.cli.running import Installation
from tests.web.running import listening

ASKED_AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def make_request(needlepoint: Installation, reference: str = "NP-7KQ4MX") -> None:
    migrate(needlepoint.database_url)
    engine = open_database(needlepoint.database_url)
    with Session(engine) as session, session.begin():
        session.add(
            ConsultationRequest(
                reference=reference,
                status=Status.NEW,
                name="Ana Lima",
                email="ana@linden-skin.example",
                phone="+12025550143",
                concern="acne scars",
                starts_at=datetime(2026, 11, 24, 20, 0, tzinfo=UTC),
                preference_text="tuesday at 3",
                consent_version="1",
                consent_at=ASKED_AT,
                conversation_id="one",
                idempotency_key=reference,
                created_at=ASKED_AT,
                updated_at=ASKED_AT,
            )
        )
    engine.dispose()


def test_requests_are_listed_as_json_in_the_clinics_time(needlepoint: Installation) -> None:
    make_request(needlepoint)

    listed = needlepoint.start("requests", "list", "--json").json

    assert listed == [
        {
            "reference": "NP-7KQ4MX",
            "status": "new",
            "name": "Ana Lima",
            "email": "ana@linden-skin.example",
            "phone": "+12025550143",
            "concern": "acne scars",
            "starts_at": "2026-11-24T15:00:00-05:00",
            "created_at": "2026-11-20T10:00:00-05:00",
            "notes": None,
        }
    ]


def test_a_request_is_confirmed_once_and_its_history_tells(needlepoint: Installation) -> None:
    make_request(needlepoint)

    confirmed = needlepoint.run("requests", "confirm", "np-7kq4mx", "--json").json
    again = needlepoint.run("requests", "confirm", "NP-7KQ4MX")

    assert confirmed["status"] == "confirmed"
    assert [event["what"] for event in confirmed["history"]] == ["confirmed"]
    assert (again.code, again.out) == (1, "")
    assert again.err == "NP-7KQ4MX is confirmed and cannot become confirmed\n"


def test_requests_are_listed_by_status(needlepoint: Installation) -> None:
    make_request(needlepoint)
    make_request(needlepoint, "NP-AAAAAA")
    needlepoint.run("requests", "cancel", "NP-AAAAAA")

    cancelled = needlepoint.run("requests", "list", "--status", "cancelled", "--json").json

    assert [request["reference"] for request in cancelled] == ["NP-AAAAAA"]


def test_messages_are_listed(needlepoint: Installation) -> None:
    migrate(needlepoint.database_url)
    message = leave_message(
        open_database(needlepoint.database_url),
        text="Please call me back",
        contact=Contact(phone="+12025550143"),
        conversation_id="one",
        idempotency_key="one",
        now=ASKED_AT,
    )

    listed = needlepoint.run("messages", "list", "--json").json

    assert [(found["reference"], found["text"]) for found in listed] == [
        (message.reference, "Please call me back")
    ]


def test_faqs_are_listed_and_shown(needlepoint: Installation) -> None:
    listed = needlepoint.run("faq", "list", "--json").json
    shown = needlepoint.run("faq", "show", "downtime").out

    assert [(faq["slug"], faq["phrasings"]) for faq in listed] == [("downtime", 5)]
    assert "Usually very little." in shown
    assert "- recovery time" in shown


def test_checking_fails_for_an_error_and_says_how_to_mend_it(needlepoint: Installation) -> None:
    faq = needlepoint.folder / "content" / "faq" / "downtime.yml"
    sound = needlepoint.run("faq", "check")
    faq.write_text(faq.read_text().replace("faq: downtime", "faq: healing"))

    broken = needlepoint.run("faq", "check", str(faq))

    assert (sound.code, sound.out) == (0, "0 errors, 0 warnings\n")
    assert broken.code == 1
    assert "Write downtime, after the file's name." in broken.out


def test_a_question_is_answered_with_its_source_and_choices(needlepoint: Installation) -> None:
    heard = []

    async def webhook(request: Request) -> JSONResponse:
        heard.append(await request.json())
        return JSONResponse(
            [
                {"text": "Usually very little."},
                {"custom": {"faq": "downtime", "source": "your-treatment#downtime"}},
                {"text": "Anything else?", "buttons": [{"title": "Book", "payload": "/book"}]},
            ]
        )

    rasa = Starlette(routes=[Route("/webhooks/rest/webhook", webhook, methods=["POST"])])
    with listening(rasa) as url:
        asked = needlepoint.run("ask", "/downtime?", "--json", RASA_URL=url).json
        told = needlepoint.run("ask", "downtime?", RASA_URL=url).out

    assert [message["message"] for message in heard] == ["downtime?", "downtime?"]
    assert heard[0]["sender"] != heard[1]["sender"]
    assert asked["replies"] == [
        {
            "text": "Usually very little.",
            "source": {
                "title": "Your treatment: Downtime",
                "url": "/articles/your-treatment#downtime",
            },
            "choices": [],
        },
        {"text": "Anything else?", "source": None, "choices": ["Book"]},
    ]
    assert "Source: Your treatment: Downtime" in told


def test_models_are_listed_with_the_live_one(needlepoint: Installation) -> None:
    for name in ("one.tar.gz", "two.tar.gz"):
        (needlepoint.folder / "models" / name).write_bytes(b"model")

    published = needlepoint.run("publish", "one.tar.gz", "--json").json
    listed = needlepoint.run("models", "list", "--json").json

    assert published == {"live": "one.tar.gz", "before": None}
    assert {model["model"]: model["live"] for model in listed} == {
        "one.tar.gz": True,
        "two.tar.gz": False,
    }


def test_settings_are_shown_without_secrets(needlepoint: Installation) -> None:
    told = needlepoint.run(
        "settings",
        SECRET="very-secret",
        DATABASE_URL="postgresql://clinic:very-secret@localhost/needlepoint",
    )

    assert told.code == 0
    assert "NEEDLEPOINT_SECRET" in told.out
    assert "very-secret" not in told.out


@pytest.mark.parametrize(
    ("command", "settings", "code", "complaint"),
    [
        ("requests show NP-1", {}, 1, "no consultation request NP-1"),
        ("faq show downtme", {}, 1, "there is no FAQ 'downtme' (did you mean downtime?)"),
        ("faq list", {"CONTENT": "/nowhere"}, 1, "there is no folder of FAQs at /nowhere/faq"),
        ("faq check nowhere.yml", {}, 1, "No such file or directory: nowhere.yml"),
        ("publish gone.tar.gz", {}, 1, "there is no model gone.tar.gz"),
        ("evaluate", {}, 1, "there is no model in"),
        ("ask hello", {"RASA_URL": "http://127.0.0.1:9"}, 1, "Rasa does not answer at"),
        ("settings", {"PORT": "x"}, 2, "NEEDLEPOINT_PORT: should be a valid integer"),
        (
            "requests list",
            {"DATABASE_URL": "postgresql://clinic@127.0.0.1:9/needlepoint"},
            1,
            "the booking database does not answer",
        ),
    ],
)
def test_what_goes_wrong_is_told_in_a_line(
    needlepoint: Installation, command: str, settings: dict[str, str], code: int, complaint: str
) -> None:
    ended = needlepoint.run(*command.split(), **settings)

    assert (ended.code, ended.out) == (code, "")
    assert complaint in ended.err
    assert ended.err.count("\n") == 1


def test_the_program_itself_tells_an_error_without_a_traceback(needlepoint: Installation) -> None:
    ended = needlepoint.start("faq", "show", "downtme")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "there is no FAQ 'downtme' (did you mean downtime?)\n"


@pytest.mark.parametrize("command", ["requests list --status lost", "unknown", "faq show"])
def test_wrong_usage_exits_with_2(needlepoint: Installation, command: str) -> None:
    assert needlepoint.run(*command.split()).code == 2
