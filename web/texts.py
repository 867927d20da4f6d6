"""The words that the web process itself says to visitors, read from texts.yml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml

TEXTS_FILE = Path(__file__).with_name("texts.yml")


class ClinicContact(Protocol):
    """What the texts say about the clinic."""

    def phone_text(self) -> str: ...
    @property
    def email(self) -> str: ...


@dataclass(frozen=True)
class Texts:
    """The texts, with the clinic's phone number and address filled in."""

    no_answer: str
    errors: dict[str, str]

    def error(self, code: str, **facts: object) -> str:
        """The message of an error code; `facts` fill what is particular to one request."""
        text = self.errors[code]
        for name, value in facts.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


def read_texts(clinic: ClinicContact, path: Path = TEXTS_FILE) -> Texts:
    """Read the texts and fill in how to reach the clinic."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))

    def filled(text: str) -> str:
        return text.replace("{phone}", clinic.phone_text()).replace("{email}", clinic.email)

    return Texts(
        no_answer=filled(content["messages"]["no_answer"]),
        errors={code: filled(text) for code, text in content["errors"].items()},
    )
