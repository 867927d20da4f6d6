"""From a saved FAQ to its being live: `python -m bench --teaching [--quick] [--without-stock]`.

Measured with the shipped data and with 1,000 generated FAQs of 10 phrasings: a FAQ is added to a
running Needlepoint, trained, tried on all evaluation questions with the gate on beside the live
model, published, and taken up by Rasa, which polls. Beside it stands what stock Rasa needs to train
the same FAQs; where that takes too long it is reckoned from a few epochs, and marked.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from bench.candidates import stock_project, trained_stock
from bench.processes import PYTHON, RASA_PYTHON, ROOT, BenchFailed, Server, free_port, run, serving
from bench.report import aligned
from faq.rasa_project import RasaProject, Trial
from needlepoint.settings import read_settings
from web.live_model import set_live_model

QUESTIONS = ROOT / "tests" / "questions"
LIVE_WITHIN = 60.0
STOCK_EPOCHS = 100
# Trainings of so many epochs tell what one takes, and what comes before the first.
FEW_EPOCHS = (1, 3)
STOCK_SECONDS = 7200.0

# 1,000 FAQs: so many things times what can be asked of each, and ten ways to ask it. No clinic's.
THINGS = (
    "locker umbrella kettle blanket printer elevator staircase garden terrace library "
    "piano fountain bicycle scooter trolley suitcase lantern heater radiator curtain "
    "carpet mirror armchair cushion bookshelf aquarium canteen kitchen freezer oven "
    "workshop studio gallery balcony attic cellar garage gatehouse pavilion greenhouse"
).split()
ASPECTS = (
    "price colour size weight origin age owner repair cleaning insurance warranty rental "
    "delivery storage lighting noise temperature key schedule capacity material permit "
    "history painting replacement"
).split()
WAYS = (
    "what about the {aspect} of the {thing}",
    "tell me about {thing} {aspect}",
    "who knows the {thing}'s {aspect}",
    "{aspect} of your {thing}?",
    "i have a question on the {aspect} for the {thing}",
    "is there anything to know about {aspect} when it comes to the {thing}",
    "my friend asked about {thing} {aspect}",
    "{thing} {aspect}",
    "could you explain the {aspect}, i mean of the {thing}",
    "where do i find the {aspect} for a {thing}",
)
# What is measured: how many FAQs are generated, 0 for the shipped ones.
FULL = [("shipped data", 0), ("1,000 FAQs of 10", 1000)]
QUICK = [("20 FAQs of 10", 20)]
# What is saved and has to be live.
SAVED = ("bench-saved-faq", "Is there a cloakroom for guests?")
SAVED_PHRASINGS = (
    "is there a cloakroom for guests",
    "where do visitors hang their coats",
    "can somebody look after our jackets",
    "coat hangers for guests?",
    "a place to leave an overcoat",
    "cloakroom",
)


@dataclass
class Figures:
    """Seconds; `live` is from the save until Rasa answers with it, `stock` a stock training."""

    name: str
    faqs: int
    phrasings: int
    asked: int
    trial: float
    live: float
    stock: float | None = None
    stock_is_reckoned: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def bench(with_stock: bool, quick: bool = False) -> list[Figures]:
    """Measure both; `quick` measures twenty generated FAQs instead."""
    found = []
    for name, generated in QUICK if quick else FULL:
        with tempfile.TemporaryDirectory(prefix="needlepoint-bench-") as temporary:
            folder = Path(temporary)
            content = make_content(folder / "content", generated)
            figures = _measure(name, folder, content)
            if with_stock:
                say(f"{name}: stock Rasa")
                figures.stock, figures.stock_is_reckoned = _stock(folder, content, generated)
            found.append(figures)
    return found


def make_content(content: Path, generated: int) -> Path:
    """A copy of the shipped content, with so many made-up FAQs in place of its own, if any."""
    shutil.copytree(ROOT / "data", content)
    if generated:
        shutil.rmtree(content / "faq")
        (content / "faq").mkdir()
        for thing, aspect in list(product(THINGS, ASPECTS))[:generated]:
            phrasings = [way.format(thing=thing, aspect=aspect) for way in WAYS]
            _save(content, f"{thing}-{aspect}", f"The {thing}'s {aspect}?", phrasings)
    return content


def _save(content: Path, slug: str, title: str, phrasings: list[str]) -> None:
    source = "your-treatment-and-aftercare#downtime"
    metadata = {"title": title, "source": source, "reviewer": "bench", "reviewed": "2026-11-21"}
    shown = {"faq": slug, "title": title, "source": source}
    examples = "".join(f"- {phrasing}\n" for phrasing in phrasings)
    answer = {"text": f"Ask at the desk: {title}", "custom": shown}
    described = {
        "version": "3.1",
        "nlu": [{"intent": f"faq/{slug}", "metadata": metadata, "examples": examples}],
        "responses": {f"utter_faq/{slug}": [answer]},
    }
    text = yaml.safe_dump(described, sort_keys=False, default_style=None)
    (content / "faq" / f"{slug}.yml").write_text(text, encoding="utf-8")


def _measure(name: str, folder: Path, content: Path) -> Figures:
    project = RasaProject(ROOT, RASA_PYTHON, content, ROOT / "clinic.yml", folder / "models")
    pointer = read_settings(state_dir=folder / "state").live_model_pointer
    say(f"{name}: the first model")
    live = _trial(project, None).trained.model
    set_live_model(pointer, project.models, live)
    with _needlepoint(folder, content) as server:
        say(f"{name}: a FAQ is saved")
        _save(content, *SAVED, list(SAVED_PHRASINGS))
        began = time.monotonic()
        trial = _trial(project, live)
        set_live_model(pointer, project.models, trial.trained.model)
        _wait_until_live(server, trial.trained.model)
        seconds = time.monotonic() - began
    counts = trial.verdict.counts
    return Figures(
        name,
        faqs=len(list((content / "faq").glob("*.yml"))),
        phrasings=counts["phrasing"]["asked"],
        asked=sum(of_kind["asked"] for of_kind in counts.values()),
        trial=trial.seconds,
        live=seconds,
    )


def _trial(project: RasaProject, live: str | None) -> Trial:
    return project.train_and_evaluate(content=project.content, live=live, questions=[QUESTIONS])


@contextmanager
def _needlepoint(folder: Path, content: Path) -> Iterator[Server]:
    port = free_port()
    environment = {
        "NEEDLEPOINT_MODELS_DIR": f"{folder}/models",
        "NEEDLEPOINT_STATE_DIR": f"{folder}/state",
        "NEEDLEPOINT_DATABASE_URL": f"sqlite:///{folder}/needlepoint.db",
        "NEEDLEPOINT_CONTENT": str(content),
        "NEEDLEPOINT_HOST": "127.0.0.1",
        "NEEDLEPOINT_PORT": str(port),
        "NEEDLEPOINT_RASA_PORT": str(free_port()),
        "NEEDLEPOINT_ACTIONS_PORT": str(free_port()),
    }
    command = [str(PYTHON), "-m", "needlepoint", "run"]
    with serving("chat", f"http://127.0.0.1:{port}", command, folder, environment) as server:
        yield server


def _wait_until_live(server: Server, model: str) -> None:
    until = time.monotonic() + LIVE_WITHIN
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=5) as response:
            if json.load(response)["model"] == model:
                return
        time.sleep(0.1)
    raise BenchFailed(f"{model} was not live within {LIVE_WITHIN:.0f} s")


def _stock(folder: Path, content: Path, generated: int) -> tuple[float, bool]:
    """Seconds of a stock training, and whether they are reckoned from a few epochs."""
    if not generated:
        return trained_stock()[1], False
    few, some = (_stock_seconds(folder, content, epochs) for epochs in FEW_EPOCHS)
    an_epoch = (some - few) / (FEW_EPOCHS[1] - FEW_EPOCHS[0])
    return few + an_epoch * (STOCK_EPOCHS - FEW_EPOCHS[0]), True


def _stock_seconds(folder: Path, content: Path, epochs: int) -> float:
    project = folder / f"stock-{epochs}"
    for path, text in _stock_files(content, epochs).items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")
    options = ["--config", f"{project}/config.yml", "--domain", f"{project}/domain.yml"]
    options += ["--data", f"{project}/data", "--out", f"{project}/models", "--force"]
    began = time.monotonic()
    run([str(RASA_PYTHON), "-m", "rasa", "train", *options], STOCK_SECONDS)
    return time.monotonic() - began


def _stock_files(content: Path, epochs: int) -> dict[str, str]:
    """Stock Rasa's project (see `stock_project`) with the FAQs of this content."""
    files = stock_project()
    nlu, domain = yaml.safe_load(files["data/nlu.yml"]), yaml.safe_load(files["domain.yml"])
    nlu["nlu"] = [one for one in nlu["nlu"] if not one["intent"].startswith("faq/")]
    answers = domain["responses"]
    domain["responses"] = {n: a for n, a in answers.items() if not n.startswith("utter_faq/")}
    for file in sorted((content / "faq").glob("*.yml")):
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
        entries = read["nlu"]
        nlu["nlu"] += [{"intent": e["intent"], "examples": e["examples"]} for e in entries]
        for name, variants in read["responses"].items():
            domain["responses"][name] = [{"text": one["text"]} for one in variants]
    config = files["config.yml"].replace(f"epochs: {STOCK_EPOCHS}", f"epochs: {epochs}")
    written = {"data/nlu.yml": yaml.safe_dump(nlu), "domain.yml": yaml.safe_dump(domain)}
    return {**files, **written, "config.yml": config}


def told(measured: list[Figures]) -> str:
    """The figures side by side."""
    rows = [
        ["From a saved FAQ to its being live", *(one.name for one in measured)],
        ["FAQs", *(str(one.faqs) for one in measured)],
        ["questions and phrasings tried", *(str(one.asked) for one in measured)],
        ["training and trial, s", *(f"{one.trial:.1f}" for one in measured)],
        ["saved to live, s", *(f"{one.live:.1f}" for one in measured)],
    ]
    if any(one.stock is not None for one in measured):
        rows.append(["stock Rasa, training alone, s", *(_stock_told(one) for one in measured)])
    lines = aligned(rows)
    if any(one.stock_is_reckoned for one in measured):
        lines = [*lines, f"* reckoned from trainings of {FEW_EPOCHS[0]} and {FEW_EPOCHS[1]} epochs"]
    return "\n".join(lines)


def _stock_told(one: Figures) -> str:
    if one.stock is None:
        return "-"
    return f"{one.stock:.0f}{'*' if one.stock_is_reckoned else ''}"


def say(text: str) -> None:
    print(f"  {text} ...", file=sys.stderr, flush=True)
