"""What is measured: stock Rasa, our Rasa alone, and the whole of Needlepoint."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import yaml

from bench.processes import PYTHON, RASA_PYTHON, ROOT, Server, free_port, run, serving
from needlepoint.settings import read_settings

CACHE = ROOT / ".bench-cache"
TRAINING_SECONDS = 3600.0  # Stock Rasa needs minutes, and many on a busy machine.

# Intents that Rasa answers with actions of its own.
BUILT_IN = {"restart", "back", "session_start"}

# The pipeline and policies that Rasa 3.6.21 writes into the project of `rasa init` when it trains
# it (rasa/engine/recipes/config_files/default_config.yml).
STOCK_CONFIG = """\
recipe: default.v1
assistant_id: stock
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - {name: CountVectorsFeaturizer, analyzer: char_wb, min_ngram: 1, max_ngram: 4}
  - {name: DIETClassifier, epochs: 100, constrain_similarities: true}
  - name: EntitySynonymMapper
  - {name: ResponseSelector, epochs: 100, constrain_similarities: true}
  - {name: FallbackClassifier, threshold: 0.3, ambiguity_threshold: 0.1}
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
  - {name: UnexpecTEDIntentPolicy, max_history: 5, epochs: 100}
  - {name: TEDPolicy, max_history: 5, epochs: 100, constrain_similarities: true}
"""


def stock_project() -> dict[str, str]:
    """The FAQs as a project of `rasa init` would hold them: file names and their contents."""
    files = sorted((ROOT / "data" / "faq").glob("*.yml"))
    entries: list[dict[str, Any]] = []
    answers: dict[str, Any] = {}
    for file in [*files, ROOT / "data" / "small_talk.yml"]:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
        entries += [
            {"intent": entry["intent"], "examples": entry["examples"]}
            for entry in read.get("nlu", [])
            if "intent" in entry
        ]
        answers |= {
            name: [{"text": variant["text"]} for variant in variants]
            for name, variants in read.get("responses", {}).items()
        }
    entries = [entry for entry in entries if entry["intent"] not in BUILT_IN]
    talk = sorted({entry["intent"] for entry in entries if "/" not in entry["intent"]})
    answers |= {f"utter_{intent}": [{"text": "What would you like to know?"}] for intent in talk}
    answers["utter_default"] = [{"text": "Could you put that in other words?"}]
    rules = [("faq", "utter_faq"), ("nlu_fallback", "utter_default")]
    rules += [(intent, f"utter_{intent}") for intent in talk]
    domain = {"version": "3.1", "intents": talk, "responses": answers}
    dialogue = {
        "version": "3.1",
        "rules": [{"rule": name, "steps": _steps(name, answer)} for name, answer in rules],
        "stories": [
            {
                "story": f"{intent}, then a question",
                "steps": _steps(intent, f"utter_{intent}") + _steps("faq", "utter_faq"),
            }
            for intent in talk
        ],
    }
    return {
        "config.yml": STOCK_CONFIG,
        "domain.yml": _yaml(domain),
        "data/nlu.yml": _yaml({"version": "3.1", "nlu": entries}),
        "data/dialogue.yml": _yaml(dialogue),
        "credentials.yml": "rest:\n",
    }


def _steps(intent: str, action: str) -> list[dict[str, str]]:
    return [{"intent": intent}, {"action": action}]


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)


def trained_stock() -> tuple[Path, float]:
    """Stock Rasa's project with its model, and the seconds its training took.

    Kept in .bench-cache by the hash of its content, with the time that was measured then.
    """
    files = stock_project()
    name = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:12]
    project = CACHE / f"stock-{name}"
    measured = project / "seconds"
    if not measured.exists():
        shutil.rmtree(project, ignore_errors=True)
        for path, content in files.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(content, encoding="utf-8")
        began = time.monotonic()
        options = ["--config", f"{project}/config.yml", "--domain", f"{project}/domain.yml"]
        options += ["--data", f"{project}/data", "--out", f"{project}/models", "--force"]
        rasa = [str(RASA_PYTHON), "-m", "rasa", "train", *options]
        run([*rasa, "--fixed-model-name", "stock"], TRAINING_SECONDS)
        measured.write_text(f"{time.monotonic() - began:.1f}")
    return project, float(measured.read_text())


def stock(project: Path, folder: Path) -> AbstractContextManager[Server]:
    """`rasa run` with the stock project, its conversations in a SQLite file."""
    port = free_port()
    conversations = {"type": "SQL", "dialect": "sqlite", "db": str(folder / "conversations.db")}
    (folder / "endpoints.yml").write_text(_yaml({"tracker_store": conversations}))
    command = [str(RASA_PYTHON), "-m", "rasa", "run", "--model", f"{project}/models/stock.tar.gz"]
    command += ["--endpoints", f"{folder}/endpoints.yml"]
    command += ["--credentials", f"{project}/credentials.yml", "-i", "127.0.0.1", "-p", str(port)]
    return serving("rest", f"http://127.0.0.1:{port}", command, folder, {})


def trained_ours(folder: Path) -> float:
    """Train our assistant into the folder, live at once. Returns the seconds it took."""
    command = [str(PYTHON), "-m", "needlepoint", "train", "--force", "--json"]
    began = time.monotonic()
    run(command, TRAINING_SECONDS, _ours(folder))
    return time.monotonic() - began


def ours_alone(folder: Path) -> AbstractContextManager[Server]:
    """Our Rasa process as `needlepoint run` starts it, without the others."""
    port = free_port()
    conversations = f"sqlite:///{folder}/conversations-alone.db"
    store = {"type": "nlu.tracker_store.LiveTrackerStore", "url": conversations}
    (folder / "endpoints.yml").write_text(_yaml({"tracker_store": store}))
    environment = {
        **_ours(folder),
        "NEEDLEPOINT_RASA_PORT": str(port),
        "NEEDLEPOINT_RASA_TOKEN": "bench",
        "NEEDLEPOINT_RASA_ENDPOINTS": f"{folder}/endpoints.yml",
    }
    command = [str(RASA_PYTHON), "-m", "nlu.run"]
    return serving("rest", f"http://127.0.0.1:{port}", command, folder, environment)


@contextlib.contextmanager
def ours_whole(folder: Path) -> Iterator[Server]:
    """All processes of Needlepoint, asked over its chat API."""
    port = free_port()
    environment = {
        **_ours(folder),
        "NEEDLEPOINT_HOST": "127.0.0.1",
        "NEEDLEPOINT_PORT": str(port),
        "NEEDLEPOINT_RASA_PORT": str(free_port()),
        "NEEDLEPOINT_ACTIONS_PORT": str(free_port()),
        "NEEDLEPOINT_RATE_LIMIT": "off",
    }
    command = [str(PYTHON), "-m", "needlepoint", "run"]
    with serving("chat", f"http://127.0.0.1:{port}", command, folder, environment) as server:
        yield server


def models_of(folder: Path) -> Path:
    """Where our models are kept in a folder that is measured in."""
    return folder / "models"


def live_pointer(folder: Path) -> Path:
    """The file that names the live one of them."""
    return read_settings(state_dir=folder / "state").live_model_pointer


def _ours(folder: Path) -> dict[str, str]:
    return {
        "NEEDLEPOINT_MODELS_DIR": f"{models_of(folder)}",
        "NEEDLEPOINT_STATE_DIR": f"{folder}/state",
        "NEEDLEPOINT_DATABASE_URL": f"sqlite:///{folder}/needlepoint.db",
    }
