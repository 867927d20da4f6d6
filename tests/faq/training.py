"""A trainer that makes models of a few bytes, for tests of jobs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from faq.gate import Change, Verdict
from faq.jobs import Workshop
from faq.rasa_project import Progress, TrainedModel, Trial
from web.live_model import Live

REFUSAL = (
    "‘Does it hurt?’ loses 4 questions that it answered: ‘is it sore’ used to be answered with "
    "‘Does it hurt?’, now gets ‘How long is the downtime?’."
)
TITLES = {"faq/downtime": "How long is the downtime?", "faq/does-it-hurt": "Does it hurt?"}


def verdict(**more: Any) -> Verdict:
    """A trial in which a question became right."""
    right = Change("days off?", "faq", "faq/downtime", "declined", "faq/downtime")
    counts = {"faq": {"asked": 40, "right": 39, "asked_live": 40, "right_live": 38}}
    facts = {"newly_right": [right], "compared_with": "a.tar.gz", "titles": TITLES, **more}
    return Verdict(counts, **facts)


def bad_verdict() -> Verdict:
    wrong = Change("is it sore", "faq", "faq/does-it-hurt", "faq/does-it-hurt", "faq/downtime")
    moved = Change("bread recipe", "out_of_scope", "out_of_scope", "declined", "out_of_scope")
    return verdict(newly_wrong=[wrong], moved=[moved], refusals=[REFUSAL])


@dataclass
class FakeTrainer:
    """Notes what it was given; `meanwhile` is done while it trains, with its `tell`."""

    live: Live
    found: Verdict = field(default_factory=verdict)
    meanwhile: Callable[[Progress], object] = lambda tell: None
    failure: Exception | None = None
    given: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def train_and_evaluate(
        self,
        *,
        content: Path,
        live: str | None,
        questions: Sequence[Path],
        settled: Sequence[tuple[str, str]] = (),
        tell: Progress,
    ) -> Trial:
        self.given.append({"live": live, "settled": list(settled), "content": content})
        tell("  reading the training data")
        tell("  train_nlu.spacy_text.SpacyText0: 0.9 s")
        self.meanwhile(tell)
        self.texts.append((content / "faq" / "downtime.yml").read_text(encoding="utf-8"))
        if self.failure is not None:
            raise self.failure
        name = f"trained-{len(self.given)}.tar.gz"
        (self.live.models_dir / name).write_bytes(b"model")
        return Trial(TrainedModel(name, 1.0, False), self.found, 2.0)


def make_workshop(engine: Engine, content: Path, live: Live, trainer: FakeTrainer) -> Workshop:
    """Where jobs are done, without the encoder."""
    clinic = content.parent / "clinic.yml"
    clinic.write_text("name: Linden\n")
    return Workshop(
        engine=engine,
        content=content,
        clinic=clinic,
        folder=content.parent / "snapshots",
        trainer=lambda clinic: trainer,
        live=live,
        meanings=None,
        questions=[],
        settled=lambda: [("days off?", "downtime")],
    )
