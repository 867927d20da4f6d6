import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.cli.running import Installation
from tests.web.running import listening


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
