"""Trains the assistant: `python -m nlu.train --data data --out models [--force]`.

Does what `rasa train` does, quicker and safer: nothing when nothing changed, one training at a
time, and a model that appears in the folder whole or not at all. Progress goes to stderr; the last
line of stdout is JSON:
`{"model": "20261120-143000-1a2b3c4d.tar.gz", "seconds": 12.3, "skipped": false}`.
"""

from __future__ import annotations

import argparse
import copy
import fcntl
import gc
import hashlib
import json
import logging
import os
import shutil
import signal
import sys
import tarfile
import tempfile
import time
import warnings
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Text,
    Tuple,
    TypeVar,
)

from nlu.calibrated import taking_over_from
from nlu.processes import in_another_process
from nlu.run import PUT_OFF, put_off
from nlu.without_tensorflow import leave_out

PROJECT = Path(__file__).resolve().parents[1]
SUFFIX = ".tar.gz"
FINGERPRINT_SUFFIX = ".fingerprint"
LOCK_FILE = ".training.lock"
CHECKED_FILE = ".checked.json"
DRAFT_PREFIX = ".draft-"
# The first line of a note where files changed while they were read.
UNKNOWN_CONTENT = "-"
FAQ_PREFIX = "faq/"
# How Rasa names what is in a model's file, and how tightly ours is packed, 1 to 9.
COMPONENTS_FOLDER = "components"
METADATA_FILE = "metadata.json"
PACKING = 1
# Packages whose versions a model depends on.
MODEL_PACKAGES = ("rasa", "spacy", "onnxruntime", "scikit-learn", "numpy", "scipy")
# Rasa warns of these as it can't know that our components read retrieval intents and the lexicon.
EXPECTED_WARNINGS = (
    "does not include a response selector component",
    "consisting of lookup tables",
    "does not include an 'EntitySynonymMapper'",
    "'RulePolicy' is not included in the model's policy configuration",
    *(
        f"Found intent '{intent}' in stories which is not part of the domain"
        for intent in ("faq", "emergency", "medical", "out_of_scope")
    ),
)
# Seconds from which a component's share of the training is told.
WORTH_TELLING = 0.5
# Files and folders beside the components that no model depends on.
NOT_IN_MODELS = {
    "config_check.py",
    "conversation_database.py",
    "evaluation",
    "health_channel.py",
    "model_swap.py",
    "processes.py",
    "quick_loading.py",
    "quick_reading.py",
    "run.py",
    "sentences.py",
    "tracker_store.py",
    "train.py",
    "trial.py",
    "try_model.py",
    "without_tensorflow.py",
}


Result = TypeVar("Result")


class Project(NamedTuple):
    """The files a model is trained from; `clinic` is read by nlu.importer."""

    config: Path
    domain: Path
    clinic: Path
    data: Path

    def missing(self) -> List[Path]:
        return [path for path in self if not path.exists()]

    def resolved(self) -> Project:
        return Project(*(path.resolve() for path in self))


class Trained(NamedTuple):
    """A model's file name, how long its training took, and whether it was there already."""

    model: Text
    seconds: float
    skipped: bool


class TrainingFailed(Exception):
    """No model was made; the text is for whoever started the training."""


def train(
    project: Project,
    out: Path,
    force: bool = False,
    examine: Optional[Examine] = None,
    live: Optional[Path] = None,
) -> Trained:
    """Trains a model into `out`, or names the one that is there for the same content.

    Waits while another training into the same folder runs. `examine` is handed the model before it
    is in the folder. What goes wrong, there too, leaves `out` as it was. The calibration of the
    model `live` is taken over, if that has been made by the same code (see nlu.calibrated).

    Raises:
        TrainingFailed: a file is missing, or Rasa refuses the training data.
    """
    for path in project.missing():
        raise TrainingFailed(f"{path} is missing")
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with _one_at_a_time(out):
        _clear_drafts(out)
        note = Note(fingerprint(project), code_fingerprint())
        known = None if force else model_of(out, note.content)
        with _draft_in(out) as draft:
            if known is not None:
                if examine is not None:
                    read = _with_rasa(lambda: _read(project, out / CHECKED_FILE), project, draft)
                    examine(Candidate(known, read.nlu_data))
                _bring_up_to_date(known, note)
                return Trained(known.name, _since(started), skipped=True)
            name = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{note.content[:8]}{SUFFIX}"
            with taking_over_from(live if live and is_of_this_code(live) else None):
                faqs = _train_into(project, draft / name, out / CHECKED_FILE, examine)
            # Files that were changed meanwhile may be in the model or not: it stands for neither.
            unchanged = fingerprint(project) == note.content
            content = note.content if unchanged else UNKNOWN_CONTENT
            _put_into_place(draft / name, out, Note(content, note.code, faqs))
    return Trained(name, _since(started), skipped=False)


@contextmanager
def _draft_in(out: Path) -> Iterator[Path]:
    draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=out))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def fingerprint(project: Project) -> Text:
    """sha256 over all that a model is made of: project, data, components, encoder, libraries."""
    digest = hashlib.sha256()
    for path in _files(project.data):
        _add(digest, f"data/{path.relative_to(project.data)}", path)
    for part, path in project._asdict().items():
        if path.is_file():
            _add(digest, part, path)
    digest.update(code_fingerprint().encode())
    return digest.hexdigest()


def code_fingerprint() -> Text:
    """sha256 over what must be the same for a model to be loaded and to answer as when it was
    trained: components, encoder, libraries.
    """
    digest = hashlib.sha256()
    for folder in (PROJECT / "nlu", PROJECT / "encoder"):
        for path in _files(folder):
            _add(digest, f"{folder.name}/{path.relative_to(folder)}", path)
    built = PROJECT / "models" / "encoder" / "built-from"
    if built.is_file():
        _add(digest, "built-from", built)
    for package in MODEL_PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> List[Path]:
    wanted = {".yml", ".yaml", ".py"}
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in wanted and path.is_file() and not _is_beside_the_components(path)
    )


def _is_beside_the_components(path: Path) -> bool:
    components = PROJECT / "nlu"
    if not path.is_relative_to(components):
        return False
    return path.relative_to(components).parts[0] in NOT_IN_MODELS


def _add(digest: Any, name: Text, path: Path) -> None:
    content = path.read_bytes()
    digest.update(f"{name} {len(content)}\n".encode())
    digest.update(content)


class Note(NamedTuple):
    """What lies beside a model: what it was trained from, by which code, and its FAQs.

    `content` is a fingerprint, or `UNKNOWN_CONTENT`; `faqs` has by slug what differs as soon as the
    FAQ's title or phrasings do. Notes of older models have their content's fingerprint only.
    """

    content: Text
    code: Text = ""
    faqs: Mapping[Text, Text] = MappingProxyType({})

    @classmethod
    def read(cls, file: Path) -> Note:
        content, *lines = file.read_text(encoding="utf-8").splitlines() or [UNKNOWN_CONTENT]
        words = [line.split() for line in lines]
        code = next((line[1] for line in words if line[:1] == ["code"]), "")
        faqs = {line[1]: line[2] for line in words if line[:1] == ["faq"] and len(line) == 3}
        return cls(content.strip(), code, faqs)

    def write(self, file: Path) -> None:
        """Writes it whole or not at all."""
        lines = [self.content, f"code {self.code}"]
        lines += [f"faq {slug} {digest}" for slug, digest in sorted(self.faqs.items())]
        draft = file.with_name(f".{file.name}")
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(draft, file)


def note_of(model: Path) -> Path:
    """Where a model's note is."""
    return model.with_name(model.name.replace(SUFFIX, FINGERPRINT_SUFFIX))


def is_of_this_code(model: Path) -> bool:
    """Whether the model was trained by the components, encoder and libraries as they are now."""
    try:
        return Note.read(note_of(model)).code == code_fingerprint()
    except OSError:
        return False


def model_of(out: Path, content: Text) -> Optional[Path]:
    """The newest model in the folder that was trained from content of this fingerprint."""
    for note in sorted(out.glob(f"*{FINGERPRINT_SUFFIX}"), reverse=True):
        model = out / note.name.replace(FINGERPRINT_SUFFIX, SUFFIX)
        if model.is_file() and Note.read(note).content == content:
            return model
    return None


def _bring_up_to_date(known: Path, note: Note) -> None:
    os.utime(known)  # so that the newest model is the one of what is in the files now
    before = Note.read(note_of(known))
    if not before.code:  # the same content was trained by the same code
        before._replace(code=note.code).write(note_of(known))


def _put_into_place(model: Path, out: Path, note: Note) -> None:
    """The note goes first: without a model it means nothing, a model without one trains again."""
    note.write(note_of(model))
    os.replace(note_of(model), note_of(out / model.name))
    with model.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(model, out / model.name)


@contextmanager
def _one_at_a_time(out: Path) -> Iterator[None]:
    """Holds the folder's lock, which the system frees even when this process is killed."""
    with (out / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another training is running: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _clear_drafts(out: Path) -> None:
    """Removes what a killed training left; only under the lock is it certain that it is dead."""
    for draft in out.glob(f"{DRAFT_PREFIX}*"):
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)


def _train_into(
    project: Project, model: Path, checked: Path, examine: Optional[Examine]
) -> Dict[Text, Text]:
    """Trains into the file `model`, with Rasa's own temporary folders beside it; returns the FAQs
    as in a `Note`.

    `checked` keeps which files are known to be in order.

    Raises:
        TrainingFailed: Rasa refuses the training data.
    """
    # What an examination raises is no fault of the training data: it goes its own way.
    read, graph = _with_rasa(lambda: _read_and_run(project, model, checked), project, model.parent)
    with in_another_process(lambda: _pack(graph, model)) as packing:
        if examine is not None:
            examine(Candidate(model, read.nlu_data, graph))
        if packing.failure():
            raise TrainingFailed(f"the model can't be written: {packing.failure()}")
    return faq_digests(read.nlu_data)


def _with_rasa(work: Callable[[], Result], project: Project, folder: Path) -> Result:
    """Does something that needs Rasa, which puts its temporary files into the folder.

    Raises:
        TrainingFailed: Rasa refuses the training data.
    """
    _say("loading Rasa")
    prepare_rasa()
    from rasa.shared.exceptions import RasaException

    os.environ["NEEDLEPOINT_CLINIC"] = str(project.clinic)  # nlu.importer reads it there
    tempfile.tempdir = str(folder)
    try:
        return work()
    except (RasaException, ImportError) as error:
        # What a component raises comes wrapped into "Error running graph component".
        raise TrainingFailed(str(error.__cause__ or error)) from error
    finally:
        tempfile.tempdir = None


class _Read(NamedTuple):
    """A project as Rasa's importer gives it."""

    importer: Any
    domain: Any
    stories: Any
    config: Dict[Text, Any]
    nlu_data: Any
    only_rules_and_memory: bool


class Graph(NamedTuple):
    """A trained model's components, in `storage`, and how they are put together."""

    storage: Any
    schemas: Any
    domain: Any


class Candidate(NamedTuple):
    """A model to be examined: where its file is (or will be) and its training data.

    `graph` is what was trained just now; None for a model that is in the folder already.
    """

    model: Path
    nlu_data: Any
    graph: Optional[Graph] = None


Examine = Callable[[Candidate], None]


def _read(project: Project, checked: Path) -> _Read:
    from rasa.shared.utils.io import read_config_file

    only_rules_and_memory = leave_out(read_config_file(str(project.config)))
    from rasa.shared.importers.importer import TrainingDataImporter

    from nlu.quick_reading import quick_reading

    _say("reading the training data")
    with quick_reading(checked):
        importer = TrainingDataImporter.load_from_config(
            str(project.config), str(project.domain), [str(project.data)]
        )
        domain, stories, config = (
            importer.get_domain(),
            importer.get_stories(),
            importer.get_config(),
        )
        nlu_data = importer.get_nlu_data(config.get("language"))
    # Rasa merges the files' data anew for each component that asks.
    importer.get_nlu_data = lambda language=None: nlu_data
    return _Read(importer, domain, stories, config, nlu_data, only_rules_and_memory)


def _read_and_run(project: Project, model: Path, checked: Path) -> Tuple[_Read, Graph]:
    read = _read(project, checked)
    return read, _run_training_graph(read, model.parent / "components")


def _run_training_graph(read: _Read, components: Path) -> Graph:
    """What rasa.model_training.train does, without its cache.

    That cache fingerprints every message after every component, which takes longer than our
    components do; whether to train at all is decided by `fingerprint` already.
    """
    import rasa.engine.validation
    from rasa.engine.constants import PLACEHOLDER_IMPORTER
    from rasa.engine.graph import ExecutionContext
    from rasa.engine.recipes.recipe import Recipe
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.model_training import get_unresolved_slots
    from rasa.shared.data import TrainingType

    unknown = get_unresolved_slots(read.domain, read.stories)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise TrainingFailed(f"rules or stories set slots that the domain lacks: {names}")
    schemas = Recipe.recipe_for_name(read.config.get("recipe")).graph_config_for_recipe(
        read.config,
        # Stories glued together are for policies that learn; the others leave them out.
        {"augmentation_factor": 0} if read.only_rules_and_memory else {},
        training_type=TrainingType.BOTH,
        is_finetuning=False,
    )
    rasa.engine.validation.validate(schemas)
    domain = copy.deepcopy(read.domain)  # components may change the one that they are handed
    components.mkdir()
    storage = LocalModelStorage(components)
    runner = DaskGraphRunner.create(
        graph_schema=schemas.train_schema,
        model_storage=storage,
        execution_context=ExecutionContext(graph_schema=schemas.train_schema),
        hooks=[_Progress()],
    )
    runner.run(inputs={PLACEHOLDER_IMPORTER: read.importer})
    return Graph(storage, schemas, domain)


def _pack(graph: Graph, model: Path) -> None:
    """Writes the model's file, as Rasa does: less tightly, in a fifth of the time."""
    metadata = graph.storage._create_model_metadata(graph.domain, graph.schemas)
    graph.storage._persist_metadata(metadata, model.parent)
    with tarfile.open(model, "w:gz", compresslevel=PACKING) as archive:
        archive.add(graph.storage._storage_path, arcname=COMPONENTS_FOLDER)
        archive.add(model.parent / METADATA_FILE, arcname=METADATA_FILE)


def faq_digests(nlu_data: Any) -> Dict[Text, Text]:
    """By slug, what differs as soon as a FAQ's title or phrasings do."""
    parts: Dict[Text, List[Text]] = {}
    for message in nlu_data.intent_examples:
        label = message.get_full_intent()
        if label.startswith(FAQ_PREFIX):
            metadata = (message.get("metadata") or {}).get("intent") or {}
            said = parts.setdefault(label[len(FAQ_PREFIX) :], [str(metadata.get("title") or "")])
            said.append(message.get("text") or "")
    return {
        slug: hashlib.sha256("\n".join([said[0], *sorted(said[1:])]).encode()).hexdigest()[:16]
        for slug, said in parts.items()
    }


class _Progress:
    """A hook of Rasa's graph that tells which component took how long."""

    def on_before_node(self, node_name: Text, *_: Any, **__: Any) -> Dict[Text, Any]:
        return {"started": time.monotonic()}

    def on_after_node(
        self, node_name: Text, *_: Any, input_hook_data: Dict[Text, Any], **__: Any
    ) -> None:
        seconds = _since(input_hook_data["started"])
        if seconds >= WORTH_TELLING:
            _say(f"{node_name}: {seconds:.1f} s")


def collect_no_garbage() -> None:
    """For programs that end soon: hardly anything they make is garbage, and to look for it among
    hundreds of thousands of examples and scores takes longer than to make them."""
    gc.set_threshold(0)  # spaCy undoes `gc.disable()` whenever it reads a file


def prepare_rasa() -> None:
    """To be called before importing Rasa: no TensorFlow unless a component needs it, no chatter."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    # Filters would not do: libraries set their own while they are imported.
    warnings.showwarning = _show_warning
    for module in PUT_OFF:
        put_off(module)
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(logging.ERROR)
    configure_structlog(logging.ERROR)


def _show_warning(message: Any, category: Any, *_: Any, **__: Any) -> None:
    text = " ".join(str(message).split())
    if category is UserWarning and not any(part in text for part in EXPECTED_WARNINGS):
        _say(f"warning: {text}")


def _say(text: Text) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m nlu.train", description="Trains the assistant."
    )
    parser.add_argument("--data", type=Path, default=PROJECT / "data", help="training data")
    parser.add_argument(
        "--out", type=Path, default=PROJECT / "models", help="where models are kept"
    )
    parser.add_argument("--config", type=Path, default=PROJECT / "config.yml")
    parser.add_argument("--domain", type=Path, default=PROJECT / "domain.yml")
    clinic = Path(os.environ.get("NEEDLEPOINT_CLINIC") or PROJECT / "clinic.yml")
    parser.add_argument("--clinic", type=Path, default=clinic, help="the clinic's facts")
    parser.add_argument("--force", action="store_true", help="train even when nothing changed")
    parser.add_argument("--code", action="store_true", help="print the code's fingerprint only")
    asked = parser.parse_args()
    if asked.code:
        print(code_fingerprint())
        return 0
    collect_no_garbage()
    # A training that is told to stop cleans up after itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        project = Project(asked.config, asked.domain, asked.clinic, asked.data)
        trained = train(project.resolved(), asked.out.resolve(), asked.force)
    except TrainingFailed as error:
        print(f"training failed: {error}", file=sys.stderr)
        return 1
    print(json.dumps(trained._asdict()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
