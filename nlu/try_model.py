"""Says what models would answer: `python -m nlu.try_model --model FILE [--beside FILE]`.

Reads a JSON object a line, `{"text": "does it hurt"}`, and writes one for each:
`{"answers": [...]}`, an answer for each model in the order given (see `answer_to`), None for one
that can't be loaded. The first line says when they are loaded, and why one is not:
`{"ready": true, "problems": [null, "..."]}`.

Only understanding and responses are asked: no action is run and no conversation kept, so nothing
that is tried here can book, change or store anything.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Text

from nlu.evaluation.labels import FALLBACK, base_intent, is_faq, own_label
from nlu.evaluation.outcomes import part_label
from nlu.evaluation.questions import BadQuestions
from nlu.evaluation.understanding import Understanding
from nlu.parse_data import QUESTIONS
from nlu.train import prepare_rasa

if TYPE_CHECKING:
    from rasa.shared.core.domain import Domain

ANSWERED, CLARIFIED, DECLINED, OTHER = "answered", "clarified", "declined", "other"
# As actions/clarification.py offers them.
MOST_CHOICES = 3
FLOOR_SHARE = 0.5
OTHERS_SHARE = 0.2
# Of intents whose responses don't say what became of the question.
OUTCOMES = {
    "emergency": "urgent",
    "medical": "professional",
    "out_of_scope": DECLINED,
    "ask_price": DECLINED,
    FALLBACK: DECLINED,
}
_SLOT = re.compile(r"\{(\w+)\}")


def answer_to(parse_data: Dict[Text, Any], domain: Domain) -> Dict[Text, Any]:
    """What is said to a message: `outcome`, `parts` (each `label`, `title`, `text` and `source`),
    and `runner_up` with the `title` and `confidence` of what came next; None where nothing did.

    `outcome` is what the response's `custom` says, `answered` for an FAQ, `clarified` or `declined`
    below the gate, and `other` for small talk and what begins a request.
    """
    asked = [part_label(part) for part in parse_data.get(QUESTIONS) or []]
    parts = [_part(label, domain) for label in asked or [own_label(parse_data)]]
    choices = _choices(parse_data, domain) if parts[0]["label"] == FALLBACK else []
    if choices:
        parts = [_said("did_you_mean", FALLBACK, domain)]
    outcome = CLARIFIED if choices else parts[0]["outcome"]
    return {
        "outcome": outcome,
        "parts": [{k: v for k, v in part.items() if k != "outcome"} for part in parts],
        "choices": choices,
        "confidence": parse_data["intent"]["confidence"],
        "runner_up": _runner_up(parse_data, {part["label"] for part in parts}, domain),
    }


def _part(label: Text, domain: Domain) -> Dict[Text, Any]:
    return _said("not_understood" if label == FALLBACK else label, label, domain)


def _said(response: Text, label: Text, domain: Domain) -> Dict[Text, Any]:
    """What a response says; for small talk and actions without one, no text."""
    variations = domain.responses.get(f"utter_{response}") or [{}]
    said = variations[0]
    custom = said.get("custom") or {}
    known = ANSWERED if is_faq(label) else OUTCOMES.get(base_intent(label), OTHER)
    return {
        "label": label,
        "outcome": custom.get("outcome") or known,
        "title": custom.get("title") or _plain(label),
        "text": _filled(said.get("text") or "", domain),
        "source": custom.get("source"),
    }


def _filled(text: Text, domain: Domain) -> Text:
    """A response with the clinic's facts in it, as at the beginning of a conversation."""
    facts = {slot.name: slot.initial_value for slot in domain.slots}
    return _SLOT.sub(lambda found: str(facts.get(found[1]) or found[0]), text)


def _choices(parse_data: Dict[Text, Any], domain: Domain) -> List[Text]:
    """Titles that "did you mean" would offer; none where it would not be asked."""
    floor = (parse_data.get("gate") or {}).get("clarify")
    ranking = _faqs(parse_data)
    if not floor or not ranking or ranking[0]["confidence"] < FLOOR_SHARE * floor:
        return []
    best = ranking[0]["confidence"]
    if any(
        one["confidence"] > best
        for one in parse_data.get("intent_ranking") or []
        if base_intent(one["name"]) not in ("faq", FALLBACK)
    ):
        return []
    near = [one for one in ranking[:MOST_CHOICES] if one["confidence"] >= OTHERS_SHARE * floor]
    return [_title(one["intent_response_key"], domain) for one in near]


def _faqs(parse_data: Dict[Text, Any]) -> List[Dict[Text, Any]]:
    selected = (parse_data.get("response_selector") or {}).get("faq") or {}
    ranking: List[Dict[Text, Any]] = selected.get("ranking") or []
    return ranking


def _runner_up(
    parse_data: Dict[Text, Any], said: set[Text], domain: Domain
) -> Optional[Dict[Text, Any]]:
    """What came next: the FAQ or the kind of reply with the highest score beside those said."""
    kinds = {base_intent(label) for label in said}
    rivals = [
        (one["confidence"], _title(one["intent_response_key"], domain))
        for one in _faqs(parse_data)
        if one["intent_response_key"] not in said
    ]
    rivals += [
        (one["confidence"], _plain(one["name"]))
        for one in parse_data.get("intent_ranking") or []
        if one["name"] not in {*kinds, "faq", FALLBACK}
    ]
    if not rivals:
        return None
    confidence, title = max(rivals)
    return {"title": title, "confidence": confidence}


def _title(label: Text, domain: Domain) -> Text:
    variations = domain.responses.get(f"utter_{label}") or [{}]
    return (variations[0].get("custom") or {}).get("title") or _plain(label)


def _plain(label: Text) -> Text:
    return label.split("/")[-1].replace("_", " ").replace("-", " ")


class Tried:
    """A model that is tried, or why it can't be."""

    def __init__(self, model: Path, scratch: Path) -> None:
        self.problem: Optional[Text] = None
        self._understanding: Optional[Understanding] = None
        try:
            self._understanding = Understanding.load(model, scratch)
        except BadQuestions as problem:
            self.problem = str(problem)

    def answer(self, text: Text) -> Optional[Dict[Text, Any]]:
        known = self._understanding
        return answer_to(known.parse(text), known.domain) if known else None


def serve(models: Sequence[Tried], lines: Any, out: Any) -> None:
    """Answer each line until there is none any more."""
    _write(out, {"ready": True, "problems": [model.problem for model in models]})
    for line in lines:
        text = json.loads(line)["text"]
        _write(out, {"answers": [model.answer(text) for model in models]})


def _write(out: Any, found: Dict[Text, Any]) -> None:
    print(json.dumps(found), file=out, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m nlu.try_model", description="Tries models.")
    parser.add_argument("--model", type=Path, required=True, help="the model to try")
    parser.add_argument("--beside", type=Path, help="another one, answering beside it")
    asked = parser.parse_args()
    prepare_rasa()
    with contextlib.ExitStack() as stack:
        models = []
        for model in filter(None, (asked.model, asked.beside)):
            scratch = stack.enter_context(tempfile.TemporaryDirectory())
            models.append(Tried(model, Path(scratch)))
        out = sys.stdout
        # What libraries print is no answer.
        with contextlib.redirect_stdout(sys.stderr):
            serve(models, sys.stdin, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
