"""What the pages that teach work with, made once in the process: see `Console.teaching`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread

from faq.library import read_faqs
from faq.meaning import Meanings
from faq.sentences import SentenceReader

log = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Teaching:
    """The meanings of phrasings, who reads sentences, and the folder of articles to draft from.

    `reports` is the folder of evaluation reports.
    """

    content: Path
    meanings: Meanings
    reader: SentenceReader
    drafts: Path
    reports: Path
    _warm: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, content: Path, state: Path) -> Teaching:
        return cls(
            content=content,
            meanings=Meanings(PROJECT / "models" / "encoder", state / "meanings.npz"),
            reader=SentenceReader(PROJECT, PROJECT / ".venv-rasa" / "bin" / "python"),
            drafts=state / "drafts",
            reports=state / "reports",
        )

    def warm_up(self) -> None:
        """Encode the library meanwhile, so that the first findings need not wait for it. Once."""
        if self._warm.acquire(blocking=False):
            Thread(target=self._encode_library, name="meanings", daemon=True).start()

    def _encode_library(self) -> None:
        try:
            self.meanings.of([text for faq in read_faqs(self.content) for text in faq.phrasings])
        except OSError as error:
            log.warning("phrasings are not compared by meaning: %s", error)

    def recall(self) -> Mapping[str, float]:
        """How many of a FAQ's evaluation questions reached it, by slug, in the latest report."""
        reports = sorted(self.reports.glob("*/report.json"), key=lambda path: path.stat().st_mtime)
        if not reports:
            return {}
        try:
            rows = json.loads(reports[-1].read_text(encoding="utf-8"))["faqs"]
            return {
                row["label"].removeprefix("faq/"): float(row["recall"])
                for row in rows
                if row["recall"] is not None
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s can't be read: %r", reports[-1], error)
            return {}
