"""The pages on which staff train, publish and roll back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faq import versions
from faq.contents import contents_of
from faq.library import read_faq
from faq.rasa_project import RasaProject
from faq.trying import Answer, NotTried, Part
from faq.versions import publish
from faq.writing import digest_of
from tests.faq.live import make_live
from tests.faq.training import REFUSAL, bad_verdict
from tests.web.publishing import Desk
from tests.web.staffed import JONAS, MARA, Member, console, words_of

A, B = "a.tar.gz", "b.tar.gz"
PUBLISH = "/staff/publish"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    # Models of a few bytes have no note of the code that trained them.
    monkeypatch.setattr(RasaProject, "is_loadable", lambda self, model: True)
    with console(tmp_path) as staffed:
        desk = Desk(staffed, make_live(tmp_path, A, B))
        desk.note(A)
        publish(staffed.engine, desk.live, A, by="command line", why="The first")
        yield desk


@pytest.fixture
def mara(desk: Desk) -> Iterator[Member]:
    with desk.staffed.signed_in(MARA, "admin") as mara:
        yield mara


@pytest.fixture
def jonas(desk: Desk) -> Iterator[Member]:
    with desk.staffed.signed_in(JONAS, "editor") as jonas:
        yield jonas


def train(member: Member, **form: str) -> str:
    """Ask for a training; the address of its page."""
    response = member.post(PUBLISH, form)
    assert response.status_code == 303
    return response.headers["location"]


def test_what_waits_to_go_live_is_told(desk: Desk, jonas: Member) -> None:
    assert "Nothing waits" in jonas.words(PUBLISH)

    desk.edit("Is there downtime?")

    told = jonas.words(PUBLISH)
    assert "1 change waits to go live" in told
    assert "edited Is there downtime?" in told
    assert "Version 1" in told


def test_one_click_leads_from_saved_to_live(desk: Desk, jonas: Member) -> None:
    desk.edit("Is there downtime?")

    page = train(jonas, why="Asked often", at_once="yes")
    waiting = jonas.words(page)
    desk.work()
    told = jonas.words(page)

    assert "Waiting for its turn" in waiting
    assert "It begins within seconds" in waiting
    assert "Version 2 is live" in told
    assert "1 newly right" in told
    assert desk.live.name() == "trained-1.tar.gz"
    version = versions.version(desk.staffed.engine, 2)
    assert (version.by, version.why) == (JONAS, "Asked often")
    assert ("asked to train", "training 1", "Asked often") in desk.logged()
    assert "Nothing waits" in jonas.words(PUBLISH)


def test_a_report_waits_for_a_decision_when_that_is_wished(desk: Desk, jonas: Member) -> None:
    page = train(jonas)
    desk.work()

    told = jonas.words(page)
    assert "Ready to publish" in told
    assert desk.live.name() == A
    response = jonas.post(f"{page}/publish")

    assert response.status_code == 303
    assert "Version 2 is live" in jonas.words(page)
    assert ("published", "version 2", "") in desk.logged()


def test_a_report_says_in_plain_words_what_changes(desk: Desk, jonas: Member) -> None:
    desk.trainer.found = bad_verdict()
    page = train(jonas, at_once="yes")
    desk.work()

    told = jonas.words(page)

    assert "Better not publish this" in told
    assert REFUSAL in told
    assert "1 newly wrong" in told
    assert "is it sore ‘Does it hurt?’ ‘Does it hurt?’ ‘How long is the downtime?’" in told
    assert "1 newly right" in told
    assert "1 with another reply" in told
    assert "questions about FAQs 40 38 39" in told
    assert desk.live.name() == A


def test_an_editor_is_told_to_mend_or_ask_and_cannot_publish_against_the_trial(
    desk: Desk, jonas: Member
) -> None:
    desk.trainer.found = bad_verdict()
    page = train(jonas)
    desk.work()

    told = jonas.words(page)
    refused = jonas.post(f"{page}/publish", {"reason": "I want this to be live"})

    assert "Only an admin may publish it all the same" in told
    assert "Mend the phrasings that are named above" in told
    assert refused.status_code == 403
    assert "only an admin may publish against the trial" in words_of(refused)
    assert desk.live.name() == A


def test_an_admin_publishes_against_the_trial_with_a_reason_which_is_kept(
    desk: Desk, mara: Member
) -> None:
    desk.trainer.found = bad_verdict()
    page = train(mara)
    desk.work()

    without = mara.post(f"{page}/publish", {"reason": " why "})
    assert without.status_code == 422
    assert "write why it is to go live" in words_of(without)
    assert desk.live.name() == A

    response = mara.post(f"{page}/publish", {"reason": "That question is no longer asked"})

    assert response.status_code == 303
    assert desk.live.name() == "trained-1.tar.gz"
    logged = ("published against the trial", "version 2", "That question is no longer asked")
    assert logged in desk.logged()
    told = mara.words(f"{PUBLISH}/versions/2")
    assert "That question is no longer asked" in told
    assert REFUSAL in told


def test_findings_of_the_check_lead_to_the_editor(desk: Desk, jonas: Member) -> None:
    path = desk.content / "faq" / "downtime.yml"
    path.write_text(path.read_text().replace("      - recovery time\n", ""))
    page = train(jonas, at_once="yes")
    desk.work()

    response = jonas.get(page)

    assert "It did not work out" in words_of(response)
    assert "there are only 4 phrasings" in words_of(response)
    assert 'href="/staff/faqs/edit/downtime"' in response.text


def test_edits_since_the_training_began_are_told(desk: Desk, jonas: Member) -> None:
    page = train(jonas, at_once="yes")
    desk.trainer.meanwhile = lambda tell: desk.edit("Is there downtime?")
    desk.work()

    told = jonas.words(page)

    assert "doesn’t hold the latest edits" in told
    assert "1 FAQ edited" in told


def test_progress_is_a_piece_of_the_page_that_tells_the_place_in_the_queue(
    desk: Desk, jonas: Member
) -> None:
    pages = [train(jonas), train(jonas, why="Again")]

    waiting = jonas.get(f"{pages[1]}/progress")
    desk.work()
    moved_up = jonas.get(f"{pages[1]}/progress")
    over = jonas.get(f"{pages[0]}/progress")

    assert "1 training is before it" in words_of(waiting)
    assert "It begins within seconds" in words_of(moved_up)
    assert 'data-state="done"' in over.text
    assert "Reading the training data" in words_of(over)
    assert "<html" not in over.text


def test_a_page_without_script_is_loaded_anew_only_while_it_runs(desk: Desk, jonas: Member) -> None:
    page = train(jonas)
    refresh = '<noscript><meta http-equiv="refresh"'

    while_waiting = jonas.get(page).text
    desk.work()

    assert refresh in while_waiting
    assert refresh not in jonas.get(page).text


def test_a_second_press_of_the_button_queues_no_second_training(desk: Desk, jonas: Member) -> None:
    assert train(jonas, at_once="yes") == train(jonas, at_once="yes")
    assert train(jonas) == f"{PUBLISH}/jobs/2"  # another wish


def test_a_training_is_taken_out_of_the_queue(desk: Desk, jonas: Member) -> None:
    page = train(jonas)

    response = jonas.post(f"{page}/cancel")

    assert response.status_code == 303
    told = jonas.words(page)
    assert "It is taken out of the queue" in told
    assert "Nothing was changed" in told
    assert ("stopped", "training 1", "") in desk.logged()


def test_what_is_not_there_is_a_page_that_says_so(jonas: Member) -> None:
    huge = "9" * 20
    for path in (f"jobs/{huge}", f"versions/{huge}", f"versions/{huge}/roll-back"):
        assert jonas.get(f"{PUBLISH}/{path}").status_code == 404, path
    for path in ("jobs/99", "jobs/99/progress", "versions/99", "versions/99/roll-back"):
        assert jonas.get(f"{PUBLISH}/{path}").status_code == 404, path
    assert jonas.get(f"{PUBLISH}/versions/1?beside=x").status_code == 404
    assert jonas.post(f"{PUBLISH}/jobs/99/publish").status_code == 404


# --- whether visitors have it ---


def test_the_page_tells_when_visitors_are_answered_by_it(desk: Desk, jonas: Member) -> None:
    on_its_way = jonas.get(f"{PUBLISH}/live").json()
    told = jonas.words(PUBLISH)

    desk.live.put(B)
    (desk.live.models_dir / "live.tar.gz").write_bytes(b"model")
    publish(desk.staffed.engine, desk.live, "live.tar.gz", by=MARA)

    # The fake Rasa has live.tar.gz.
    assert on_its_way == {"live": A, "loaded": "live.tar.gz", "taken_up": False}
    assert "On its way" in told
    assert jonas.get(f"{PUBLISH}/live").json()["taken_up"]
    assert "Live now" in jonas.words(PUBLISH)


# --- versions ---


@pytest.fixture
def two_versions(desk: Desk) -> Desk:
    desk.edit("Is there downtime?")
    desk.note(B)
    publish(desk.staffed.engine, desk.live, B, by=MARA, why="A better title")
    return desk


def test_the_history_tells_who_when_why_and_what(two_versions: Desk, jonas: Member) -> None:
    told = jonas.words(f"{PUBLISH}/versions")

    assert "Version 2 live" in told
    assert "Mara Quinn" in told
    assert "A better title" in told
    assert "1 FAQ edited" in told
    assert "Roll back to version 1" in told
    assert "Roll back to version 2" not in told


def test_versions_are_compared_with_each_other_and_with_the_files(
    two_versions: Desk, jonas: Member
) -> None:
    page = f"{PUBLISH}/versions/2"

    beside_first = jonas.words(page)
    beside_files = jonas.words(f"{page}?beside=files")
    two_versions.edit("How soon am I well?")
    beside_edited = jonas.words(f"{page}?beside=files")

    assert "before: How long is the downtime? now: Is there downtime?" in beside_first
    assert "There is no difference" in beside_files
    assert "before: Is there downtime? now: How soon am I well?" in beside_edited


def test_one_goes_back_after_seeing_what_visitors_get_instead(
    two_versions: Desk, jonas: Member
) -> None:
    page = f"{PUBLISH}/versions/1/roll-back"
    files = contents_of(two_versions.content, two_versions.staffed.server.settings.clinic)

    asked = jonas.words(page)
    response = jonas.post(page, {"why": "The old title was better"})

    assert "before: Is there downtime? now: How long is the downtime?" in asked
    assert response.status_code == 303
    assert response.headers["location"] == f"{PUBLISH}/versions/3"
    assert two_versions.live.name() == A
    assert ("rolled back", "to version 1", "The old title was better") in two_versions.logged()
    assert "from version 2 back to version 1" in jonas.words(f"{PUBLISH}/versions/3")
    clinic = two_versions.staffed.server.settings.clinic
    assert contents_of(two_versions.content, clinic) == files
    assert "1 change waits to go live" in jonas.words(PUBLISH)


def test_one_cannot_go_back_to_a_version_whose_model_is_gone(
    two_versions: Desk, jonas: Member
) -> None:
    (two_versions.live.models_dir / A).unlink()
    page = f"{PUBLISH}/versions/1/roll-back"

    told, response = jonas.words(page), jonas.post(page)

    assert "no longer kept" in told
    assert response.status_code == 409
    assert "Nothing was changed" in words_of(response)
    assert two_versions.live.name() == B


def test_one_cannot_go_back_to_what_an_earlier_release_trained(
    two_versions: Desk, jonas: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RasaProject, "is_loadable", lambda self, model: False)

    response = jonas.post(f"{PUBLISH}/versions/1/roll-back")

    assert response.status_code == 409
    assert "trained by an earlier release" in words_of(response)
    assert two_versions.live.name() == B


# --- trying questions ---


class FakeTrial:
    """Answers each question alike."""

    def __init__(self, problem: str | None = None) -> None:
        self.asked: list[tuple[list[str], str]] = []
        self._problem = problem

    def ask(self, models: list[Path], text: str) -> list[Answer | None]:
        self.asked.append(([model.name for model in models], text))
        if self._problem:
            raise NotTried(self._problem)
        source = "your-treatment#downtime"
        faq = Part("faq/downtime", "Is there downtime?", "<b>Little</b>.", source)
        declined = Part("nlu_fallback", "not understood", "I don't have that.", None)
        return [
            Answer("answered", (faq,), (), 0.9, "Numbing cream", 0.2),
            Answer("declined", (declined,), (), 0.2, None, 0.0),
        ]

    def close(self) -> None:
        pass


def trying(desk: Desk, monkeypatch: pytest.MonkeyPatch, trial: FakeTrial) -> None:
    monkeypatch.setattr("web.staff.console.Console.trial", trial)


def test_a_question_is_tried_beside_what_visitors_have(
    desk: Desk, jonas: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = FakeTrial()
    trying(desk, monkeypatch, trial)
    page = train(jonas)
    desk.work()

    response = jonas.post(f"{page}/try", {"question": "  any\ndowntime? "})

    told = words_of(response)
    assert trial.asked == [(["trained-1.tar.gz", A], "any downtime?")]
    assert "&lt;b&gt;Little" in response.text
    assert "Source: Your treatment: Downtime" in told
    assert "FAQ: Is there downtime?" in told
    assert "Runner-up: Numbing cream (20 % likely)" in told
    assert "What visitors have not answered I don't have that." in told


def test_a_question_that_cannot_be_tried_says_why(
    desk: Desk, jonas: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    trying(desk, monkeypatch, FakeTrial("Somebody else is trying a question just now."))
    page = train(jonas)
    desk.work()

    assert "Somebody else" in words_of(jonas.post(f"{page}/try", {"question": "any downtime?"}))


def test_an_empty_question_asks_nothing(
    desk: Desk, jonas: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = FakeTrial()
    trying(desk, monkeypatch, trial)
    page = train(jonas)
    desk.work()

    assert jonas.post(f"{page}/try", {"question": "  "}).status_code == 303
    assert trial.asked == []


def test_a_clinic_that_published_nothing_yet_is_told_what_to_do(tmp_path: Path) -> None:
    with console(tmp_path) as staffed, staffed.signed_in() as mara:
        assert "Nothing is live yet" in mara.words(PUBLISH)
        assert "Nothing was published yet" in mara.words(f"{PUBLISH}/versions")


def test_what_is_saved_leads_to_where_it_is_published(desk: Desk, jonas: Member) -> None:
    page = "/staff/faqs/edit/downtime"
    faq = read_faq(desk.content / "faq" / "downtime.yml")
    form = {
        "expected": digest_of(faq.path),
        "title": "Is there downtime?",
        "answer": faq.answer,
        "phrasings": "\n".join(faq.phrasings),
        "source": faq.source,
        "reviewer": faq.reviewer,
    }

    assert jonas.post(page, form).status_code == 303

    response = jonas.get(page)
    assert "is saved. Visitors have it once you publish." in words_of(response)
    assert '<a href="/staff/publish">Publish it</a>' in response.text
