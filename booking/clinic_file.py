"""Reads a YAML file of facts into a model, and tells each mistake with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.reader import ReaderError

type Place = tuple[int | str, ...]
"""Where in the file: names of facts, and counts from 0 within lists."""

FROM_A_FILE: dict[str, Any] = {}
"""The validation context of what is read here, for validators that judge how it is written."""

# What pydantic says in its own terms, told to somebody who writes YAML.
_IN_PLAIN_WORDS = {
    "string_type": "needs text; put numbers, days and yes or no in quotes",
    "tuple_type": 'needs a list such as ["one", "another"]',
    "too_short": "needs at least one entry",
    "missing": "is missing",
}


class ClinicMistake(ValueError):
    """clinic.yml cannot be used; the message names each line and what is allowed there."""


def misplaced(text: str, *place: int | str) -> PydanticCustomError:
    """A mistake for validators to raise that lies at `place` within what is being validated."""
    return PydanticCustomError("misplaced", "{text}", {"text": text, "place": place})


def read_facts[Model: BaseModel](path: Path, model: type[Model]) -> Model:
    """Read and check a file; raises `ClinicMistake` with a line for each mistake."""
    facts = _read_yaml(path)
    try:
        return model.model_validate(facts, context=FROM_A_FILE)
    except ValidationError as refused:
        told = {_line_and_words(facts, model, mistake): None for mistake in refused.errors()}
        lines = [f"{path.name}, line {line}: {words}" for line, words in sorted(told)]
        raise ClinicMistake("\n".join(lines)) from refused


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        # Windows' editors put a byte order mark before the text.
        text = path.read_text(encoding="utf-8-sig")
        facts = YAML(typ="rt").load(text)
    except OSError as missing:
        raise ClinicMistake(f"{path} cannot be read: {missing.strerror}") from missing
    except UnicodeDecodeError as garbled:
        raise ClinicMistake(f"{path.name} is not UTF-8 text") from garbled
    except ReaderError as unprintable:
        line = text.count("\n", 0, unprintable.position) + 1
        raise ClinicMistake(
            f"{path.name}, line {line}: has a character that cannot be shown; take it out"
        ) from unprintable
    except YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise ClinicMistake(f"{path.name}, line {line}: {_yaml_problem(broken)}") from broken
    if not isinstance(facts, Mapping):
        raise ClinicMistake(f"{path.name}, line 1: needs facts such as `name: Linden Skin Clinic`")
    return facts


def _yaml_problem(broken: YAMLError) -> str:
    problem: str = getattr(broken, "problem", None) or "this is not YAML"
    if "'\\t'" in problem:
        return "has a tab; indent with spaces"
    # The first line names the key; what follows quotes values and explains a library.
    return problem.partition("\n")[0].partition(" with value")[0]


def _line_and_words(facts: Any, model: type[BaseModel], mistake: Any) -> tuple[int, str]:
    place: Place = mistake["loc"]
    if mistake["type"] == "invalid_key":
        return _line(facts, place), f"{place[-1]} is a number; names of facts are words"
    if mistake["type"] == "misplaced":
        place += mistake["ctx"]["place"]
    return _line(facts, place), f"{_told_place(place)} {_told(model, place, mistake)}".strip()


def _told_place(place: Place) -> str:
    """Such as "practitioners no. 2: hours.monday no. 1"; people count from one."""
    told = ""
    for before, step in zip((None, *place), place, strict=False):
        if isinstance(step, int):
            told += f" no. {step + 1}"
        else:
            told += ("" if before is None else ": " if isinstance(before, int) else ".") + step
    return told


def _told(model: type[BaseModel], place: Place, mistake: Any) -> str:
    """What is wrong at `place`, and what is allowed there."""
    if mistake["type"] == "extra_forbidden":
        return f"is not known here; allowed are {', '.join(_allowed(model, place[:-1]))}"
    if mistake["type"] in ("model_type", "model_attributes_type"):
        return f"needs lines of its own below it: {', '.join(_allowed(model, place))}"
    said: str = mistake["msg"].removeprefix("Value error, ")
    return _IN_PLAIN_WORDS.get(mistake["type"], said)


def _allowed(model: type[BaseModel], place: Place) -> list[str]:
    """The names that the part of the file at `place` may hold."""
    part = model
    for step in place:
        if isinstance(step, str):
            part = next(_models_in(part.model_fields[step].annotation))
    return list(part.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models an annotation such as `tuple[Practitioner, ...]` is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _line(node: Any, place: Place) -> int:
    """The line (from 1) of the innermost part of `place` that the file has."""
    line = 1
    for step in place:
        marks = getattr(getattr(node, "lc", None), "data", None) or {}
        # pydantic tells a key that YAML reads as a number as text.
        key = next((key for key in marks if str(key) == str(step)), None)
        if key is None:
            break
        line = marks[key][0] + 1
        node = node[key]
    return line
