"""Trains a model and tries it beside the live one: `python -m nlu.trial --live MODEL ...`.

One process does both, so that what is trained is asked without being packed and unpacked. The model
is in the folder once it has been tried, whatever came out. Progress goes to stderr; the last line
of stdout is JSON: `trained` as `python -m nlu.train` has it, the rows `now` and `before` (the live
model's; as in `nlu.evaluation.trying.Row`), the FAQs that `changed`, `titles`, `compared_with`,
`notes` and `seconds`. What to think of it is for faq/gate.py.

What a model answered is kept beside it (`.answers.json`): the live model is asked what it was not
asked before, and a later trial asks nothing twice. Nor is the new model asked in full what it
understands, as a whole, as the live one does: most questions about other FAQs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Text, Tuple

from nlu.evaluation.questions import BadQuestions, Sets, read_sets
from nlu.evaluation.trying import (
    Asked,
    Key,
    Query,
    Row,
    Trier,
    own_words,
    queries_of,
    queries_of_turns,
)
from nlu.evaluation.understanding import Understanding
from nlu.processes import Failed
from nlu.train import (
    FAQ_PREFIX,
    PROJECT,
    SUFFIX,
    Candidate,
    Note,
    Project,
    TrainingFailed,
    collect_no_garbage,
    faq_digests,
    is_of_this_code,
    note_of,
    train,
)

QUESTIONS = PROJECT / "tests" / "questions"
ANSWERS_SUFFIX = ".answers.json"
CACHE_FILE = "trial-embeddings.npz"
# Single questions of which nobody's safety hangs.
MAY_BE_TAKEN_OVER = frozenset("faq settled conversation medical out_of_scope price".split())


class Wanted(NamedTuple):
    """What to train from, into which folder, and what to try it with; `live` is a file's name."""

    project: Project
    out: Path
    questions: List[Path]
    settled: List[Tuple[Text, Text]]
    live: Optional[Text] = None


class EvaluationFailed(Exception):
    """The model was trained but could not be tried; the text says why."""


def try_out(wanted: Wanted) -> Dict[Text, Any]:
    """Trains, asks and compares; returns what is printed.

    Raises:
        TrainingFailed, EvaluationFailed: the folder of models is as it was.
    """
    started = time.monotonic()
    asked = _asked(wanted)
    tried: List[Tuple[Tried, Record]] = []

    def examine(candidate: Candidate) -> None:
        try:
            trial = _Trial(candidate, asked, wanted)
            tried.append((trial.run(), trial.record))
        except (BadQuestions, Failed) as error:
            raise EvaluationFailed(str(error)) from error

    live = wanted.out / wanted.live if wanted.live else None
    trained = train(wanted.project, wanted.out, examine=examine, live=live)
    [(found, record)] = tried
    record.write(wanted.out / trained.model)
    return {
        **found._asdict(),
        "trained": trained._asdict(),
        "compared_with": wanted.live if found.before else None,
        "seconds": round(time.monotonic() - started, 1),
    }


def _asked(wanted: Wanted) -> Asked:
    try:
        return queries_of(_sets(wanted.questions), wanted.settled)
    except BadQuestions as error:
        raise EvaluationFailed(str(error)) from error


def _sets(folders: Sequence[Path]) -> Sets:
    """The sets of those folders that are there: a clinic may have none of its own."""
    return read_sets([folder for folder in folders if folder.is_dir()])


class Record(NamedTuple):
    """What a model answered, kept beside it, and as what it understood messages as a whole."""

    rows: Dict[Key, Row]
    whole: Mapping[Key, Optional[Text]] = MappingProxyType({})

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Record:
        return cls({row.key: row for row in rows})

    @classmethod
    def read(cls, model: Path) -> Record:
        """Empty when there is none, or one of another file of that name."""
        try:
            kept = json.loads(_record_file(model).read_text(encoding="utf-8"))
            if kept["size"] != model.stat().st_size:
                return cls({})
            whole = {tuple(key): label for *key, label in kept["whole"]}
            return cls.of(Row(*row) for row in kept["rows"])._replace(whole=whole)
        except (OSError, ValueError, KeyError, TypeError):
            return cls({})

    def write(self, model: Path) -> None:
        """Beside the model, whole or not at all; without it the next trial takes longer."""
        file = _record_file(model)
        draft = file.with_name(f".{file.name}")
        try:
            whole = [[*key, label] for key, label in self.whole.items()]
            kept = {"size": model.stat().st_size, "rows": [*self.rows.values()], "whole": whole}
            draft.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
            os.replace(draft, file)
        except OSError as error:
            _say(f"what the model answered can't be kept: {error.strerror}")


def _record_file(model: Path) -> Path:
    return model.with_name(model.name.replace(SUFFIX, ANSWERS_SUFFIX))


class Tried(NamedTuple):
    """What came out; see the module."""

    now: List[Row]
    before: List[Row]
    changed: Dict[Text, List[Text]]
    titles: Dict[Text, Text]
    notes: List[Text]


class _Trial:
    """A candidate and what it is asked, beside the live model."""

    def __init__(self, candidate: Candidate, asked: Asked, wanted: Wanted) -> None:
        self._candidate = candidate
        self._asked = asked
        self._live = wanted.out / wanted.live if wanted.live else None
        self._faqs = faq_digests(candidate.nlu_data)
        self._own = own_words(candidate.nlu_data)
        self._titles: Dict[Text, Text] = {}
        self._notes: List[Text] = []
        self._live_record = Record({})
        # What the candidate answered.
        self.record = Record({})

    def run(self) -> Tried:
        changed = self._changed()
        if self._live is not None:
            self._live_record = Record.read(self._live)
        with tempfile.TemporaryDirectory() as scratch:
            now = self._ask_candidate(changed, Path(scratch))
        with tempfile.TemporaryDirectory() as scratch:
            before = self._ask_live(now, changed, Path(scratch))
        return Tried(now, before, changed, self._titles, self._notes)

    def _changed(self) -> Dict[Text, List[Text]]:
        before = _faqs_of(self._live) if self._live else {}
        if before is None:
            self._notes.append("What has changed since the live version is not known.")
            return {"added": [], "edited": [], "removed": []}
        return {
            "added": sorted(self._faqs.keys() - before.keys()),
            "edited": sorted(s for s in self._faqs.keys() & before if self._faqs[s] != before[s]),
            "removed": sorted(before.keys() - self._faqs.keys()),
        }

    def _ask_candidate(self, changed: Dict[Text, List[Text]], scratch: Path) -> List[Row]:
        graph = self._candidate.graph
        understanding = (
            Understanding.of_trained(graph)
            if graph
            else Understanding.load(self._candidate.model, scratch)
        )
        self._titles.update(understanding.titles())
        trier = Trier(understanding, CACHE_FILE)
        # On a first publish all is new: what is understood as a whole is not asked in full then.
        touched = {FAQ_PREFIX + slug for slug in [*changed["added"], *changed["edited"]]}
        in_full = touched if self._live else set()
        left_alone = [
            one for one in self._own if one.kind == "phrasing" and one.wanted not in in_full
        ]
        singles = [one for one in self._asked.queries if one.kind in MAY_BE_TAKEN_OVER]
        _say(f"asking {len(left_alone) + len(singles)} phrasings and questions as they stand")
        labels = trier.understood_whole([*left_alone, *singles])
        reached = {
            one
            for one, label in zip(left_alone, labels[: len(left_alone)], strict=True)
            if label == one.wanted
        }
        whole = {
            one.key: label for one, label in zip(singles, labels[len(left_alone) :], strict=True)
        }
        rows = {one: Row(one.text, one.kind, one.wanted, one.wanted, True) for one in reached}
        rows.update(self._taken_over(singles, whole))
        queries = [one for one in [*self._asked.queries, *self._own] if one not in rows]
        turns = sum(len(one.turns) for one in self._asked.dialogues)
        _say(f"asking {len(queries) + turns} questions")
        found = [*trier.ask(queries, self._asked.dialogues), *rows.values()]
        trier.keep()
        self.record = Record.of(found)._replace(whole=whole)
        return found

    def _taken_over(
        self, singles: Sequence[Query], whole: Mapping[Key, Optional[Text]]
    ) -> Dict[Query, Row]:
        """The live model's rows of what both models understand, as a whole, as the same."""
        if self._live is None or not is_of_this_code(self._live):
            return {}
        live = self._live_record
        return {
            one: live.rows[one.key]
            for one in singles
            if one.key in live.rows
            and whole[one.key] is not None
            and live.whole.get(one.key) == whole[one.key]
        }

    def _ask_live(
        self, now: Sequence[Row], changed: Dict[Text, List[Text]], scratch: Path
    ) -> List[Row]:
        """The live model's rows of what can be compared, out of its record as far as it goes."""
        if self._live is None:
            return []
        record = self._live_record
        queries, dialogues = self._not_asked_yet(record, now, changed)
        if queries or dialogues:
            rows = self._ask_of_live(queries, dialogues, scratch)
            record = record._replace(rows={**record.rows, **Record.of(rows).rows})
            if rows:
                record.write(self._live)
        return [record.rows[row.key] for row in now if row.key in record.rows]

    def _not_asked_yet(
        self, record: Record, now: Sequence[Row], changed: Dict[Text, List[Text]]
    ) -> Tuple[List[Query], List[Any]]:
        new = {FAQ_PREFIX + slug for slug in [*changed["added"], *changed["edited"]]}
        wrong = {row.key for row in now if not row.right}
        own = [
            one
            for one in self._own
            if one.wanted not in new and (one.kind == "title" or one.key in wrong)
        ]
        queries = [one for one in [*self._asked.queries, *own] if one.key not in record.rows]
        dialogues = [
            one
            for one in self._asked.dialogues
            if any(query.key not in record.rows for query in queries_of_turns(one))
        ]
        return queries, dialogues

    def _ask_of_live(
        self, queries: Sequence[Query], dialogues: Sequence[Any], scratch: Path
    ) -> List[Row]:
        assert self._live is not None
        if not is_of_this_code(self._live):
            self._notes.append(
                "The live version was trained by another release and can't be asked any more: "
                "what it was not asked before is not compared."
            )
            return []
        try:
            understanding = Understanding.load(self._live, scratch)
        except BadQuestions as error:
            self._notes.append(f"The live version can't be asked: {error}.")
            return []
        _say("asking the live model what it was not asked before")
        self._titles = {**understanding.titles(), **self._titles}
        trier = Trier(understanding, CACHE_FILE)
        rows = trier.ask(queries, dialogues)
        trier.keep()
        return rows


def _faqs_of(model: Path) -> Optional[Mapping[Text, Text]]:
    """The digests of a model's FAQs; None where its note has none."""
    try:
        return Note.read(note_of(model)).faqs or None
    except OSError:
        return None


def _say(text: Text) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> int:
    asked = _parser().parse_args()
    collect_no_garbage()
    # A trial that is told to stop cleans up after itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        settled = json.loads(asked.settled.read_text(encoding="utf-8")) if asked.settled else []
        project = Project(asked.config, asked.domain, asked.clinic, asked.data)
        wanted = Wanted(
            project.resolved(),
            asked.out.resolve(),
            asked.questions,
            [(text, slug) for text, slug in settled],
            asked.live,
        )
        found = try_out(wanted)
    except TrainingFailed as error:
        return _failed("training", error)
    except EvaluationFailed as error:
        return _failed("evaluation", error)
    print(json.dumps(found, ensure_ascii=False))
    return 0


def _failed(what: Text, error: Exception) -> int:
    print(f"{what} failed: {error}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nlu.trial", description="Trains and tries.")
    parser.add_argument("--data", type=Path, default=PROJECT / "data", help="training data")
    parser.add_argument(
        "--out", type=Path, default=PROJECT / "models", help="where models are kept"
    )
    parser.add_argument("--config", type=Path, default=PROJECT / "config.yml")
    parser.add_argument("--domain", type=Path, default=PROJECT / "domain.yml")
    clinic = Path(os.environ.get("NEEDLEPOINT_CLINIC") or PROJECT / "clinic.yml")
    parser.add_argument("--clinic", type=Path, default=clinic, help="the clinic's facts")
    parser.add_argument("--live", help="file name of the model to compare with")
    parser.add_argument("--questions", type=Path, nargs="*", default=[QUESTIONS])
    parser.add_argument("--settled", type=Path, help="JSON: a list of [text, slug of a FAQ]")
    return parser


if __name__ == "__main__":
    sys.exit(main())
