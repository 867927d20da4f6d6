"""FAQs are taught to the shipped data with real trainings, as the console does it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from faq.gate import TOLERATED, TOLERATED_SHARE, Verdict
from faq.rasa_project import RasaProject, Trial

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = ROOT / "tests" / "questions"
TWENTY = yaml.safe_load((Path(__file__).parent / "twenty_faqs.yml").read_text(encoding="utf-8"))
# What another FAQ answers: how long the redness lasts.
COLLIDING = {
    "slug": "how-long-am-i-red",
    "title": "How long am I red?",
    "answer": "That differs from person to person; there is a leaflet about it at the front desk.",
    "phrasings": [
        "how long am i red",
        "how many days does the redness stay",
        "when does the swelling go down",
        "how long until my face stops being red",
        "is it normal to be red and swollen afterwards",
        "how long will i look flushed",
        "will my face be red after the session",
        "red for how long",
    ],
}


@pytest.fixture
def project(tmp_path: Path) -> RasaProject:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "data", content)
    python = ROOT / ".venv-rasa" / "bin" / "python"
    return RasaProject(ROOT, python, content, ROOT / "clinic.yml", tmp_path / "models")


def save(project: RasaProject, faq: Mapping[str, Any]) -> None:
    slug, title = faq["slug"], faq["title"]
    source = "your-treatment-and-aftercare#downtime"
    metadata = {"title": title, "source": source, "reviewer": "Test", "reviewed": "2026-11-21"}
    examples = "".join(f"- {phrasing}\n" for phrasing in faq["phrasings"])
    shown = {"faq": slug, "title": title, "source": source}
    described = {
        "version": "3.1",
        "nlu": [{"intent": f"faq/{slug}", "metadata": metadata, "examples": examples}],
        "responses": {f"utter_faq/{slug}": [{"text": faq["answer"], "custom": shown}]},
    }
    file = project.content / "faq" / f"{slug}.yml"
    file.write_text(yaml.safe_dump(described, sort_keys=False), encoding="utf-8")


def trial(project: RasaProject, live: str | None, questions: Path = QUESTIONS) -> Trial:
    return project.train_and_evaluate(content=project.content, live=live, questions=[questions])


def lost_in_all(first: Verdict, last: Verdict) -> dict[str, int]:
    """By kind, how many fewer are right than at first, of what is asked of both."""
    kinds = [kind for kind in first.counts if kind not in ("title", "phrasing")]
    return {kind: first.counts[kind]["right"] - last.counts[kind]["right"] for kind in kinds}


def test_a_faq_that_is_made_to_collide_is_refused(project: RasaProject) -> None:
    some = QUESTIONS / "first"
    live = trial(project, None, some)
    assert live.verdict.may_go_live
    save(project, COLLIDING)

    verdict = trial(project, live.trained.model, some).verdict

    assert not verdict.may_go_live
    assert verdict.compared_with == live.trained.model
    assert any("‘How long am I red?’" in refusal for refusal in verdict.refusals)


@pytest.mark.soak
def test_twenty_new_faqs_keep_every_old_answer_within_tolerance(project: RasaProject) -> None:
    first = live = trial(project, None)
    assert len(TWENTY) == 20

    for faq in TWENTY:
        save(project, faq)
        tried = trial(project, live.trained.model)
        assert tried.verdict.refusals == [], faq["slug"]
        live = tried

    asked = {kind: counts["asked"] for kind, counts in first.verdict.counts.items()}
    lost = lost_in_all(first.verdict, live.verdict)
    assert lost["faq"] <= TOLERATED_SHARE * asked["faq"]
    assert lost["emergency"] <= 0
    # Each publish may lose what is tolerated; all twenty together no more than twice that.
    for kind, fewer in lost.items():
        assert fewer <= 2 * max(TOLERATED, TOLERATED_SHARE * asked[kind]), kind
    assert live.verdict.counts["title"]["right"] == live.verdict.counts["title"]["asked"]
