"""How well a model understands: `python -m nlu.evaluate --model FILE [--questions DIR...]`.

Each question goes through the model's NLU graph alone, as the running server would parse the first
message of a conversation: with the gate on, without history. A set is a folder of Rasa NLU files
whose intents are the labels expected (`faq/<slug>`, an intent, or `ordinary_after_effect`: anything
but an emergency).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Text, Tuple

import numpy as np

from nlu.train import prepare_rasa

PROJECT = Path(__file__).resolve().parents[1]
FAQ = "faq"
FALLBACK = "nlu_fallback"
EMERGENCY = "emergency"
# No intent: what treated skin usually does, and what must not be taken for an emergency.
ORDINARY = "ordinary_after_effect"
# Intents of questions that no approved article answers.
UNANSWERED = ("out_of_scope", "medical", "ask_price")
WORST_SHOWN = 12
MESSAGES_SHOWN = 3


class BadQuestions(Exception):
    """There are no questions to ask, or no model to ask them."""


class Question(NamedTuple):
    """A visitor's message and the label that it should get."""

    set: Text
    text: Text
    expected: Text


@dataclass(frozen=True)
class Parsed:
    """What the model made of a message: a label (an intent, or `faq/<slug>`) and its score."""

    label: Text
    best_faq: Optional[Text]
    score: float
    clarified: bool
    milliseconds: float


@dataclass(frozen=True)
class Asked:
    """A question with what became of it."""

    question: Question
    parsed: Parsed

    @property
    def outcome(self) -> Text:
        """For a FAQ's question: right, wrong_faq, other_intent, clarified or declined."""
        label = self.parsed.label
        if label == FALLBACK:
            return "clarified" if self.parsed.clarified else "declined"
        if label == self.question.expected:
            return "right"
        return "wrong_faq" if is_faq(label) else "other_intent"

    @property
    def right(self) -> bool:
        if self.question.expected == ORDINARY:
            return self.parsed.label != EMERGENCY
        return self.parsed.label == self.question.expected


@dataclass
class Report:
    """Shares are of 1, each beside the number of questions `n` it is a share of."""

    model: Text
    gate: Dict[Text, float]
    sets: Dict[Text, Dict[Text, Any]] = field(default_factory=dict)
    total: Dict[Text, Any] = field(default_factory=dict)
    milliseconds: Dict[Text, float] = field(default_factory=dict)
    confusions: List[Dict[Text, Any]] = field(default_factory=list)
    mistakes: List[Dict[Text, Any]] = field(default_factory=list)


def is_faq(label: Text) -> bool:
    return label.startswith(f"{FAQ}/")


def read_questions(folders: Sequence[Path]) -> List[Question]:
    """The questions of folders that are sets, or hold sets as folders.

    Raises:
        BadQuestions: a folder holds no Rasa NLU file with an intent.
    """
    questions: List[Question] = []
    for folder in folders:
        files = sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")])
        found = [question for file in files for question in _questions_of(file)]
        if not found:
            raise BadQuestions(f"no questions in {folder}")
        questions += found
    return questions


def _questions_of(file: Path) -> List[Question]:
    from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader

    data = RasaYAMLReader().read(str(file))
    return [
        Question(file.parent.name, message.get("text"), message.get_full_intent())
        for message in data.intent_examples
    ]


def load_parser(model: Path, scratch: Path) -> Callable[[Text], Dict[Text, Any]]:
    """The model's NLU graph, loaded as Rasa's agent loads it, as text -> parse data.

    Raises:
        BadQuestions: the model has no NLU, or is of other components than those here.
    """
    from rasa.core.channels.channel import UserMessage
    from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
    from rasa.engine.loader import load_predict_graph_runner
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.shared.core.trackers import DialogueStateTracker
    from rasa.shared.exceptions import RasaException

    try:
        metadata, runner = load_predict_graph_runner(
            scratch, model, LocalModelStorage, DaskGraphRunner
        )
    except RasaException as error:
        reason = error.__cause__ or error
        raise BadQuestions(f"{model.name} can't be loaded ({reason}): train again") from error
    target = metadata.nlu_target
    if target is None:
        raise BadQuestions(f"{model.name} was trained without NLU data")

    def parse(text: Text) -> Dict[Text, Any]:
        tracker = DialogueStateTracker.from_events("evaluation", [])
        inputs = {PLACEHOLDER_MESSAGE: [UserMessage(text)], PLACEHOLDER_TRACKER: tracker}
        message = runner.run(inputs=inputs, targets=[target])[target][0]
        parsed: Dict[Text, Any] = message.as_dict(only_output_properties=True)
        return parsed

    return parse


def ask(questions: Iterable[Question], parse: Callable[[Text], Dict[Text, Any]]) -> List[Asked]:
    """Parses the questions one by one, which is how the server gets them."""
    asked = []
    for question in questions:
        started = time.perf_counter()
        parse_data = parse(question.text)
        milliseconds = 1000 * (time.perf_counter() - started)
        asked.append(Asked(question, read_parse(parse_data, milliseconds)))
    return asked


def read_parse(parse_data: Dict[Text, Any], milliseconds: float = 0.0) -> Parsed:
    """What a visitor would be answered by: the retrieval intent in full where the intent is one."""
    intent = parse_data["intent"]
    selected = parse_data.get("response_selector", {}).get(FAQ, {}).get("response", {})
    best_faq = selected.get("intent_response_key")
    name = intent["name"] or FALLBACK
    clarify = parse_data.get("gate", {}).get("clarify", 0.0)
    return Parsed(
        label=best_faq if name == FAQ and best_faq else name,
        best_faq=best_faq,
        score=intent["confidence"],
        clarified=name == FALLBACK and intent["confidence"] >= clarify > 0,
        milliseconds=milliseconds,
    )


def report_on(model: Text, gate: Dict[Text, float], asked: Sequence[Asked]) -> Report:
    by_set: Dict[Text, List[Asked]] = defaultdict(list)
    for one in asked:
        by_set[one.question.set].append(one)
    times = [one.parsed.milliseconds for one in asked]
    return Report(
        model=model,
        gate=gate,
        sets={name: shares(of_set) for name, of_set in sorted(by_set.items())},
        total=shares(asked),
        milliseconds={
            "median": round(float(np.median(times)), 2),
            "p95": round(float(np.percentile(times, 95)), 2),
        },
        confusions=confusions(asked),
        mistakes=[_mistake(one) for one in asked if not one.right],
    )


def shares(asked: Sequence[Asked]) -> Dict[Text, Any]:
    """What became of the questions, by their kind; kinds without a question are left out."""
    expected: Dict[Text, List[Asked]] = defaultdict(list)
    for one in asked:
        expected[FAQ if is_faq(one.question.expected) else one.question.expected].append(one)
    result: Dict[Text, Any] = {"questions": len(asked)}
    if FAQ in expected:
        result[FAQ] = _faq_shares(expected.pop(FAQ))
    for label in UNANSWERED:
        if label in expected:
            result[label] = _unanswered_shares(expected.pop(label))
    if EMERGENCY in expected:
        result[EMERGENCY] = _share("recall", expected.pop(EMERGENCY), lambda one: one.right)
    if ORDINARY in expected:
        result[ORDINARY] = _share("false_alarms", expected.pop(ORDINARY), lambda one: not one.right)
    conversation = [one for of_label in expected.values() for one in of_label]
    if conversation:
        result["conversation"] = _share("right", conversation, lambda one: one.right)
    return result


def _faq_shares(asked: Sequence[Asked]) -> Dict[Text, Any]:
    count = Counter(one.outcome for one in asked)
    outcomes = ("right", "wrong_faq", "other_intent", "clarified", "declined")
    return {"n": len(asked), **{outcome: count[outcome] / len(asked) for outcome in outcomes}}


def _unanswered_shares(asked: Sequence[Asked]) -> Dict[Text, Any]:
    return {
        **_share("not_answered", asked, lambda one: not is_faq(one.parsed.label)),
        **_share("right_intent", asked, lambda one: one.right),
    }


def _share(name: Text, asked: Sequence[Asked], counts: Callable[[Asked], bool]) -> Dict[Text, Any]:
    return {"n": len(asked), name: sum(map(counts, asked)) / len(asked)}


def confusions(asked: Sequence[Asked]) -> List[Dict[Text, Any]]:
    """The pairs of labels confused most often, with the messages; what was declined is none."""
    pairs: Dict[Tuple[Text, Text], List[Text]] = defaultdict(list)
    for one in asked:
        if not one.right and one.parsed.label != FALLBACK:
            pairs[one.question.expected, one.parsed.label].append(one.question.text)
    return [
        {"expected": expected, "got": got, "count": len(messages), "messages": messages}
        for (expected, got), messages in sorted(pairs.items(), key=lambda item: -len(item[1]))
    ]


def _mistake(one: Asked) -> Dict[Text, Any]:
    parsed = one.parsed
    return {
        **one.question._asdict(),
        "got": parsed.label,
        "best_faq": parsed.best_faq,
        "score": round(parsed.score, 4),
        "clarified": parsed.clarified,
    }


def table(report: Report) -> Text:
    """The report for people."""
    sets = [*report.sets.items(), ("all", report.total)]
    lines = [f"Model {report.model}, gate at {report.gate.get('threshold', 0.0):.3f}", ""]
    lines.append(f"{'':34}" + "".join(f"{name:>16}" for name, _ in sets))
    for title, kind, share in _rows():
        if any(share in figures.get(kind, {}) for _, figures in sets):
            cells = "".join(_cell(figures.get(kind, {}), share) for _, figures in sets)
            lines.append(f"{title:34}{cells}")
    times = report.milliseconds
    lines.append("")
    lines.append(f"A message takes {times['median']} ms (median), {times['p95']} ms (95 of 100).")
    if report.confusions:
        lines += ["", "Confused most often:"]
    for pair in report.confusions[:WORST_SHOWN]:
        lines.append(f"  {pair['count']} x {pair['expected']} taken for {pair['got']}")
        lines += [f"      {message}" for message in pair["messages"][:MESSAGES_SHOWN]]
    return "\n".join(lines)


def _rows() -> List[Tuple[Text, Text, Text]]:
    """Title, kind of question and share of each row."""
    return [
        ("FAQ answered rightly", FAQ, "right"),
        ("  with the wrong answer", FAQ, "wrong_faq"),
        ("  taken for something else", FAQ, "other_intent"),
        ("  asked back", FAQ, "clarified"),
        ("  declined", FAQ, "declined"),
        *[(f"{label}: not answered", label, "not_answered") for label in UNANSWERED],
        *[(f"{label}: recognised", label, "right_intent") for label in UNANSWERED],
        ("Conversation recognised", "conversation", "right"),
        ("Emergencies recognised", EMERGENCY, "recall"),
        ("False alarms", ORDINARY, "false_alarms"),
    ]


def _cell(figures: Dict[Text, Any], share: Text) -> Text:
    if share not in figures:
        return f"{'-':>16}"
    return f"{figures[share]:8.1%} of {figures['n']:>4}"


def evaluate(model: Path, folders: Sequence[Path]) -> Report:
    """Asks the model every question of the folders.

    Raises:
        BadQuestions: the model or the questions are missing.
    """
    if not model.is_file():
        raise BadQuestions(f"there is no model {model}")
    questions = read_questions(folders)
    with tempfile.TemporaryDirectory() as scratch:
        parse = load_parser(model, Path(scratch))
        gate = parse(questions[0].text).get("gate", {})  # also warms the graph up
        return report_on(model.name, gate, ask(questions, parse))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m nlu.evaluate", description="Tests a model.")
    parser.add_argument("--model", type=Path, required=True, help="a trained model's file")
    parser.add_argument("--questions", type=Path, nargs="+", default=[PROJECT / "tests/questions"])
    parser.add_argument("--json", type=Path, help="file that the whole report is written to")
    asked = parser.parse_args()
    prepare_rasa()
    try:
        report = evaluate(asked.model, asked.questions)
    except BadQuestions as error:
        print(f"evaluation failed: {error}", file=sys.stderr)
        return 1
    print(table(report))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
