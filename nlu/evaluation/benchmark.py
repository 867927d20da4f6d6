"""The pipeline of a configuration on public data sets: is it good, or only used to our clinic?

A folder holds `<data set>-<sample>-train.csv` files and a `<data set>-test.csv` for each data set,
with the columns `sentence` and `label`. The label NO_NODES_DETECTED stands for out-of-scope.
"""

from __future__ import annotations

import csv
import hashlib
import re
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Text

import numpy as np

from nlu.evaluation.labels import FALLBACK, own_label
from nlu.evaluation.outcomes import best_label
from nlu.evaluation.questions import BadQuestions
from nlu.evaluation.understanding import Told, Understanding
from nlu.parse_data import QUESTIONS
from nlu.train import Project, fingerprint
from nlu.without_tensorflow import leave_out

if TYPE_CHECKING:
    from rasa.shared.importers.importer import TrainingDataImporter

TRAIN_SUFFIX = "-train.csv"
TEST_SUFFIX = "-test.csv"
OUT_OF_SCOPE = "NO_NODES_DETECTED"
RETRIEVAL_INTENT = "bench"
OUT_OF_SCOPE_INTENT = "out_of_scope"
# Messages at once: more is no quicker. How long one takes is told from a sample asked one by one.
BATCH = 64
TIMED = 200


class Example(NamedTuple):
    sentence: Text
    label: Text


class Bench(NamedTuple):
    """A data set: samples to train on, by name, and what to ask."""

    name: Text
    samples: Dict[Text, List[Example]]
    test: List[Example]


class Predicted(NamedTuple):
    """A test message's label, by the gate, and were the gate open."""

    expected: Text
    got: Text
    best: Text
    split: bool


def read_benches(folder: Path) -> List[Bench]:
    """The data sets of a folder, by name.

    Raises:
        BadQuestions: there are none, or a file is not as it should be.
    """
    benches = []
    tests = sorted(folder.glob(f"*{TEST_SUFFIX}"))
    for test in tests:
        name = test.name[: -len(TEST_SUFFIX)]
        files = sorted(folder.glob(f"{name}-*{TRAIN_SUFFIX}"))
        if not files:
            raise BadQuestions(f"{test}: there is no {name}-...{TRAIN_SUFFIX} to train on")
        samples = {file.name[: -len(TRAIN_SUFFIX)]: _read(file) for file in files}
        benches.append(Bench(name, samples, _read(test)))
    if not benches:
        raise BadQuestions(f"{folder} holds no benchmark: no file ends in {TEST_SUFFIX}")
    return benches


def _read(file: Path) -> List[Example]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        if not {"sentence", "label"} <= {*(rows.fieldnames or ())}:
            raise BadQuestions(f"{file}: the columns must be 'sentence' and 'label'")
        examples = [Example(row["sentence"] or "", row["label"] or "") for row in rows]
    for number, example in enumerate(examples, start=1):
        if not example.sentence.strip() or not example.label.strip():
            raise BadQuestions(f"{file}: row {number} lacks its sentence or its label")
    if not examples:
        raise BadQuestions(f"{file} is empty")
    return examples


def bench_fingerprint(folder: Path, config: Path) -> Text:
    """sha256 over all that the benchmark's numbers depend on: data, pipeline, components."""
    digest = hashlib.sha256(fingerprint(Project(config, config, config, folder)).encode())
    for path in [Path(__file__), *sorted(folder.glob("*.csv"))]:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def run_benches(
    benches: Sequence[Bench], config: Path, tell: Told = lambda line: None
) -> List[Dict[Text, Any]]:
    """Trains on every sample and asks the test; numbers are means over a data set's samples."""
    results = []
    for bench in benches:
        runs = []
        for name, sample in bench.samples.items():
            tell(f"benchmark: {name}")
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", r"\[W036\]")  # spaCy: there is no lexicon
                runs.append(_run(sample, bench.test, config))
        means = {key: round(float(np.mean([run[key] for run in runs])), 4) for key in runs[0]}
        about = {"n": len(bench.test), "runs": len(runs)}
        results.append({"name": bench.name, **about, **means})
    return results


def _run(sample: Sequence[Example], test: Sequence[Example], config: Path) -> Dict[Text, float]:
    names = _intents({example.label for example in sample})
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        model = _train(sample, names, config, Path(folder))
        seconds = time.perf_counter() - started
        (Path(folder) / "unpacked").mkdir()
        understanding = Understanding.load(model, Path(folder) / "unpacked")
        milliseconds = _milliseconds(understanding, test[:: max(1, len(test) // TIMED)][:TIMED])
        predicted = _predict(
            understanding, test, {intent: label for label, intent in names.items()}
        )
    return {**scores(predicted), "train_seconds": seconds, "milliseconds": milliseconds}


def scores(predicted: Sequence[Predicted]) -> Dict[Text, float]:
    """Accuracies (shares of 1) and Matthews correlation (out-of-scope as a class of its own).

    Without the gate nothing is out-of-scope: that accuracy is over the messages that aren't.
    """
    from sklearn.metrics import matthews_corrcoef

    inside = [one for one in predicted if one.expected != OUT_OF_SCOPE]
    expected, got = [one.expected for one in predicted], [one.got for one in predicted]
    return {
        "accuracy": sum(one.got == one.expected for one in predicted) / len(predicted),
        "accuracy_open": sum(one.best == one.expected for one in inside) / max(1, len(inside)),
        "matthews": float(matthews_corrcoef(expected, got)),
        "split": sum(one.split for one in predicted) / len(predicted),
    }


def _predict(
    understanding: Understanding, test: Sequence[Example], labels: Dict[Text, Text]
) -> List[Predicted]:
    predicted = []
    for begin in range(0, len(test), BATCH):
        batch = test[begin : begin + BATCH]
        parses = understanding.parse_all([example.sentence for example in batch])
        for example, parse_data in zip(batch, parses, strict=True):
            got, best = own_label(parse_data), best_label(parse_data)
            predicted.append(
                Predicted(
                    example.label,
                    OUT_OF_SCOPE if got == FALLBACK else labels.get(got, got),
                    labels.get(best, best),
                    bool(parse_data.get(QUESTIONS)),
                )
            )
    return predicted


def _milliseconds(understanding: Understanding, sample: Sequence[Example]) -> float:
    """The median time of a message, asked one by one as a server is asked."""
    times = []
    understanding.parse(sample[0].sentence)
    for example in sample:
        started = time.perf_counter()
        understanding.parse(example.sentence)
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))


def _intents(labels: Iterable[Text]) -> Dict[Text, Text]:
    """A retrieval intent for each label; Rasa takes no second slash, and words can be alike."""
    intents: Dict[Text, Text] = {}
    for number, label in enumerate(sorted(labels)):
        words = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
        intents[label] = f"{RETRIEVAL_INTENT}/{words}-{number}"
    if OUT_OF_SCOPE in intents:
        intents[OUT_OF_SCOPE] = OUT_OF_SCOPE_INTENT
    return intents


def _train(
    sample: Sequence[Example], intents: Dict[Text, Text], config: Path, folder: Path
) -> Path:
    """Trains the NLU part of the configuration as `nlu.train` does. Returns the model's file."""
    from rasa.shared.utils.io import read_config_file

    content = read_config_file(str(config))
    leave_out(content)
    from rasa.engine.constants import PLACEHOLDER_IMPORTER
    from rasa.engine.graph import ExecutionContext
    from rasa.engine.recipes.recipe import Recipe
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.shared.data import TrainingType

    importer = _importer(sample, intents, content)
    graphs = Recipe.recipe_for_name(content.get("recipe")).graph_config_for_recipe(
        _uncached(content), {}, training_type=TrainingType.NLU, is_finetuning=False
    )
    (folder / "components").mkdir()
    storage = LocalModelStorage(folder / "components")
    runner = DaskGraphRunner.create(
        graph_schema=graphs.train_schema,
        model_storage=storage,
        execution_context=ExecutionContext(graph_schema=graphs.train_schema),
    )
    runner.run(inputs={PLACEHOLDER_IMPORTER: importer})
    model = folder / "bench.tar.gz"
    storage.create_model_package(model, graphs, importer.get_domain())
    return model


def _uncached(config: Dict[Text, Any]) -> Dict[Text, Any]:
    """Without the memory of earlier trainings, which would make a second benchmark look quicker."""
    pipeline = [
        {**part, "cache": False} if part["name"].endswith(".SentenceFeatures") else part
        for part in config["pipeline"]
    ]
    return {**config, "pipeline": pipeline}


def _importer(
    sample: Sequence[Example], intents: Dict[Text, Text], config: Dict[Text, Any]
) -> TrainingDataImporter:
    """Hands the sample to Rasa as it is: in a file, brackets would have a meaning."""
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.training_data.structures import StoryGraph
    from rasa.shared.importers.importer import TrainingDataImporter
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

    answers = {
        f"utter_{intent}": [{"text": intent}] for intent in intents.values() if "/" in intent
    }
    examples = [Message.build(one.sentence, intent=intents[one.label]) for one in sample]

    class Sample(TrainingDataImporter):
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def get_domain(self) -> Domain:
            return Domain.from_dict({"responses": answers})

        def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
            return StoryGraph([])

        def get_conversation_tests(self) -> StoryGraph:
            return StoryGraph([])

        def get_config(self) -> Dict[Text, Any]:
            return config

        def get_config_file_for_auto_config(self) -> Optional[Text]:
            return None

        def get_nlu_data(self, language: Optional[Text] = "en") -> TrainingData:
            return TrainingData([*examples], responses=answers)

    return Sample()
