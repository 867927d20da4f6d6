"""A trained model is asked as the server asks it, dialogues turn by turn."""

from pathlib import Path
from typing import Any, Dict, List

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.evaluation.__main__ import Wanted, evaluate
from nlu.evaluation.questions import BadQuestions, Dialogue, Set, Turn
from nlu.evaluation.understanding import Understanding, replay
from nlu.train import fingerprint, train
from tests.nlu.small_project import make_project
from tests.nlu.test_evaluation_sets import QUESTIONS, write

FIRST = Set("first")
SEVERAL = """
several:
  - {text: "what is the downtime", answers: [faq/downtime]}
  - {text: "does it hurt, and what is the downtime", answers: [faq/pain, faq/downtime]}
"""
FOLLOW_UPS = """
dialogues:
  - - {user: "hello", expects: greet}
    - {user: "is it painful", expects: [faq/pain, faq/unheard-of]}
"""
DOMAIN = """
responses:
  utter_faq/pain: [{text: Hardly., custom: {faq: pain}}]
  utter_greet: [{text: Hello., buttons: [{title: Book, payload: /book}]}]
"""


class Parser:
    """Answers with what it was given, and keeps what was said before each turn."""

    def __init__(self, *parses: Dict[str, Any]) -> None:
        self._parses = [*parses]
        self.said_before: List[List[Any]] = []

    def __call__(self, text: str, tracker: DialogueStateTracker) -> Dict[str, Any]:
        self.said_before.append([*tracker.events])
        return {"text": text, "entities": [], **self._parses.pop(0)}


def of_intent(name: str, **more: Any) -> Dict[str, Any]:
    response = {"response": {"intent_response_key": "faq/pain"}}
    return {
        "intent": {"name": name, "confidence": 0.9},
        "response_selector": {"all_retrieval_intents": ["faq"], "faq": response},
        **more,
    }


def replayed(parser: Parser, *expected: str) -> Any:
    turns = tuple(Turn(f"turn {number}", (label,)) for number, label in enumerate(expected, 1))
    return replay(Dialogue(FIRST, turns), parser, Domain.from_yaml(DOMAIN))


def test_each_turn_is_parsed_after_what_was_said_and_answered_before_it() -> None:
    parser = Parser(of_intent("greet"), of_intent("faq", topic="pain"), of_intent("faq"))

    result = replayed(parser, "greet", "faq/pain", "greet")

    first, second, third = parser.said_before
    assert [event.type_name for event in first] == ["action", "session_started", "action"]
    said = [event for event in third if isinstance(event, UserUttered)]
    assert [event.text for event in said] == ["turn 1", "turn 2"]
    assert said[1].parse_data["topic"] == "pain"
    assert said[1].intent["full_retrieval_intent_name"] == "faq/pain"
    assert said[1].parse_data["response_selector"]["all_retrieval_intents"] == ["faq"]
    answers = [event for event in third if isinstance(event, BotUttered)]
    assert [event.metadata["utter_action"] for event in answers] == [
        "utter_greet",
        "utter_faq/pain",
    ]
    assert answers[0].data["buttons"] == [{"title": "Book", "payload": "/book"}]
    assert answers[1].text == "Hardly."
    actions = [event.action_name for event in second if isinstance(event, ActionExecuted)]
    assert actions[-2:] == ["utter_greet", "action_listen"]
    assert result.turns_right == [True, True, False]


def test_each_of_several_questions_is_answered() -> None:
    parts = [
        {"text": "a", "intent": "faq", "intent_response_key": "faq/pain"},
        {"text": "b", "intent": "nlu_fallback", "intent_response_key": None},
    ]
    parser = Parser(of_intent("faq", questions=parts), of_intent("greet"))

    result = replayed(parser, "faq/pain", "greet")

    answers = [event for event in parser.said_before[1] if isinstance(event, BotUttered)]
    assert [event.metadata["utter_action"] for event in answers] == [
        "utter_faq/pain",
        "utter_not_understood",
    ]
    assert result.turns_right == [False, True]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluated")
    trained = train(make_project(folder / "project"), folder / "models")
    return folder / "models" / trained.model


def test_a_trained_model_is_asked_everything(model: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "first", faq=QUESTIONS, several=SEVERAL, follow_ups=FOLLOW_UPS)

    report = evaluate(Wanted(model, [folder], tmp_path / "reports"))

    assert report.model == model.name
    assert report.gate["threshold"] > 0
    assert report.total["messages"] == 3 + 2 + 2
    assert report.total["faq"]["right"] > 0
    assert report.total["ordinary_after_effect"]["n"] == 1
    assert (report.total["several"]["n"], report.total["single"]["n"]) == (1, 1)
    assert report.total["dialogues"] == {"n": 1, "right": 1.0}
    assert report.total["turns"] == {"n": 2, "right": 1.0}
    assert report.milliseconds["median"] > 0
    assert report.notes == ["the model knows no faq/unheard-of: misspelt, or not trained yet?"]


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "first", faq=QUESTIONS)

    with pytest.raises(BadQuestions, match="there is no model"):
        evaluate(Wanted(tmp_path / "gone.tar.gz", [folder], tmp_path / "reports"))


def test_a_model_of_other_components_is_told(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_another_time(_: Path) -> None:
        raise KeyError("weights is not a file in the archive")

    monkeypatch.setattr("nlu.joint_classifier.JointModel.load", of_another_time)

    with pytest.raises(BadQuestions, match=r"can't be loaded \('weights is not .*\): train again"):
        Understanding.load(model, tmp_path)


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "note.tar.gz").write_text("no model")
    (tmp_path / "scratch").mkdir()

    with pytest.raises(BadQuestions, match=r"note.tar.gz can't be loaded"):
        Understanding.load(tmp_path / "note.tar.gz", tmp_path / "scratch")


def test_no_model_depends_on_the_evaluation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path / "project")
    (tmp_path / "nlu" / "evaluation").mkdir(parents=True)
    monkeypatch.setattr("nlu.train.PROJECT", tmp_path)
    before = fingerprint(project)

    (tmp_path / "nlu" / "evaluation" / "page.py").write_text("")
    with_evaluation = fingerprint(project)
    (project.data / "evaluation").mkdir()
    (project.data / "evaluation" / "nlu.yml").write_text("")

    assert with_evaluation == before
    assert fingerprint(project) != before
