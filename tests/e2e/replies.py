"""Names the responses behind the texts that visitors see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from needlepoint.settings import PROJECT_ROOT


class Replies:
    """Every response of the domain and the FAQs, found by its text.

    Two may read the same, such as a question of both forms.
    A response is named without `utter_`; a variation under a condition carries the slot's value:
    `ask_consultation_form_preferred_time[past_time]`.
    """

    def __init__(self) -> None:
        files = [
            PROJECT_ROOT / "domain.yml",
            *sorted((PROJECT_ROOT / "data" / "faq").glob("*.yml")),
        ]
        self._patterns = [found for file in files for found in _responses(file)]

    def named(self, texts: list[str], expected: list[str]) -> list[str]:
        """Each text's name: the expected one where the text fits it."""
        wanted = [*expected, *[""] * len(texts)]
        return [self._name(text, want) for text, want in zip(texts, wanted, strict=False)]

    def _name(self, text: str, wanted: str) -> str:
        names = [name for name, pattern in self._patterns if pattern.fullmatch(text)]
        assert names, f"no response reads: {text}"
        return wanted if wanted in names else names[0]


def _responses(file: Path) -> Iterator[tuple[str, re.Pattern[str]]]:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, variations in content["responses"].items():
        for variation in variations:
            yield name.removeprefix("utter_") + _condition(variation), _pattern(variation["text"])


def _condition(variation: dict[str, Any]) -> str:
    conditions = variation.get("condition") or []
    return f"[{conditions[0]['value']}]".lower() if conditions else ""


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", text)
    return re.compile(".+".join(map(re.escape, parts)), re.DOTALL)
