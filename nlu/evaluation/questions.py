"""Sets of questions: folders of files that staff write, read with an eye for slips.

A set holds `several.yml` (messages of several questions), `follow_ups.yml` (dialogues), and any
number of Rasa NLU files, whose intents are the labels expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Text, Tuple

import yaml

from nlu.evaluation.labels import FAQ, base_intent, is_faq

SEVERAL_FILE = "several.yml"
FOLLOW_UPS_FILE = "follow_ups.yml"
# Beside sets: the names of those whose messages nobody should look at, one a line.
HELD_OUT_FILE = "held_out.txt"

# Safe, and in a tenth of the time where PyYAML has it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_LABEL = re.compile(r"[a-z][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)?")
_ALLOWED_LABEL = "a label is faq/<slug> or the name of an intent"

# The labels that would all be right.
Alternatives = Tuple[Text, ...]


class BadQuestions(Exception):
    """There are no questions to ask, or a file of them is not as it should be."""


class Set(NamedTuple):
    """A set's name, and whether its messages are to stay unseen."""

    name: Text
    held_out: bool = False


@dataclass(frozen=True)
class Question:
    """A visitor's message and the label that it should get."""

    set: Set
    text: Text
    expected: Text


@dataclass(frozen=True)
class Several:
    """A message with the answers that it should get, in order; one where it asks one thing."""

    set: Set
    text: Text
    answers: Tuple[Alternatives, ...]

    @property
    def single(self) -> bool:
        return len(self.answers) == 1


class Turn(NamedTuple):
    """What a visitor says next in a dialogue, and the labels that would all be right."""

    user: Text
    expects: Alternatives


@dataclass(frozen=True)
class Dialogue:
    """A conversation's turns."""

    set: Set
    turns: Tuple[Turn, ...]


@dataclass
class Sets:
    """What all sets ask."""

    questions: List[Question] = field(default_factory=list)
    several: List[Several] = field(default_factory=list)
    dialogues: List[Dialogue] = field(default_factory=list)

    def names(self) -> List[Set]:
        """The sets, by name."""
        return sorted({one.set for one in [*self.questions, *self.several, *self.dialogues]})

    def labels(self) -> List[Text]:
        """Every label that is expected somewhere."""
        found = {question.expected for question in self.questions}
        for message in self.several:
            found.update(label for answer in message.answers for label in answer)
        for dialogue in self.dialogues:
            found.update(label for turn in dialogue.turns for label in turn.expects)
        return sorted(found)


def read_sets(folders: Sequence[Path]) -> Sets:
    """The questions of folders that are sets, or hold sets as folders.

    Raises:
        BadQuestions: a folder holds no questions, or a file is not as it should be.
    """
    sets = Sets()
    for folder in folders:
        files = sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")])
        if not files:
            raise BadQuestions(f"no questions in {folder}")
        for file in files:
            _read_file(file, sets)
    return sets


def _read_file(file: Path, sets: Sets) -> None:
    of_set = Set(file.parent.name, is_held_out(file.parent))
    content = _mapping(file)
    if file.name == SEVERAL_FILE:
        sets.several += _entries(file, content, "several", lambda one: _several(of_set, one))
    elif file.name == FOLLOW_UPS_FILE:
        sets.dialogues += _entries(file, content, "dialogues", lambda one: _dialogue(of_set, one))
    else:
        for found in _entries(file, content, "nlu", lambda one: list(_questions(of_set, one))):
            sets.questions += found


def is_held_out(folder: Path) -> bool:
    """Whether the folder, or one that it lies in, is named in the list beside it."""
    inside = folder.resolve()
    return any(
        one.name in _names_in(one.parent / HELD_OUT_FILE) for one in [inside, *inside.parents]
    )


def _names_in(file: Path) -> List[Text]:
    if not file.is_file():
        return []
    lines = [
        line.split("#", 1)[0].strip() for line in file.read_text(encoding="utf-8").splitlines()
    ]
    return [line for line in lines if line]


class _Wrong(ValueError):
    """What is wrong with an entry, in words for whoever wrote it. Never quotes a message: the set
    may be held out.
    """


def _mapping(file: Path) -> Dict[Text, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)
    except UnicodeDecodeError as error:
        raise BadQuestions(f"{file}: not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise BadQuestions(f"{file}: can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise BadQuestions(f"{file}: not valid YAML{_where(error)}") from error
    if not isinstance(content, dict):
        raise BadQuestions(f"{file}: must start with a key such as 'nlu:'")
    return content


def _where(error: yaml.YAMLError) -> Text:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return f"{place}: {problem}" if problem else place


def _entries(
    file: Path, content: Dict[Text, Any], key: Text, read: Callable[[Any], Any]
) -> List[Any]:
    unknown = sorted(str(name) for name in content if name not in (key, "version"))
    if unknown:
        raise BadQuestions(f"{file}: unknown key '{unknown[0]}': only '{key}' is allowed here")
    entries = content.get(key)
    if not isinstance(entries, list) or not entries:
        raise BadQuestions(f"{file}: '{key}' must be a list with at least one entry")
    found = []
    for number, entry in enumerate(entries, start=1):
        try:
            found.append(read(entry))
        except _Wrong as problem:
            raise BadQuestions(f"{file}: entry {number} of '{key}': {problem}") from None
    return found


def _questions(of_set: Set, entry: Any) -> Iterator[Question]:
    fields = _fields(entry, ("intent", "examples"))
    label = _label("intent", fields["intent"])
    examples = fields["examples"]
    if not isinstance(examples, str):
        raise _Wrong("'examples' must be a block ('examples: |') of lines that start with '- '")
    for number, line in enumerate(examples.splitlines(), start=1):
        if line.strip():
            if not line.startswith("- ") or not line[2:].strip():
                raise _Wrong(f"line {number} of 'examples' must be '- ' and a message")
            yield Question(of_set, line[2:].strip(), label)


def _several(of_set: Set, entry: Any) -> Several:
    fields = _fields(entry, ("text", "answers"))
    answers = fields["answers"]
    if not isinstance(answers, list) or not answers:
        raise _Wrong("'answers' must be a list of labels, in the order asked")
    return Several(
        of_set,
        _message("text", fields["text"]),
        tuple(_alternatives("answers", answer) for answer in answers),
    )


def _dialogue(of_set: Set, entry: Any) -> Dialogue:
    if not isinstance(entry, list) or not entry:
        raise _Wrong('must be a list of turns such as {user: "...", expects: faq/<slug>}')
    return Dialogue(of_set, tuple(_turn(number, turn) for number, turn in enumerate(entry, 1)))


def _turn(number: int, entry: Any) -> Turn:
    try:
        fields = _fields(entry, ("user", "expects"))
        return Turn(_message("user", fields["user"]), _alternatives("expects", fields["expects"]))
    except _Wrong as problem:
        raise _Wrong(f"turn {number}: {problem}") from None


def _fields(entry: Any, allowed: Sequence[Text]) -> Dict[Text, Any]:
    """An entry that has these fields and no others."""
    named = " and ".join(f"'{name}'" for name in allowed)
    if not isinstance(entry, dict):
        raise _Wrong(f"must have {named}")
    unknown = sorted(str(name) for name in entry if name not in allowed)
    if unknown:
        raise _Wrong(f"unknown '{unknown[0]}': only {named} are allowed")
    missing = [name for name in allowed if name not in entry]
    if missing:
        raise _Wrong(f"'{missing[0]}' is missing: it must have {named}")
    return entry


def _message(name: Text, value: Any) -> Text:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"'{name}' must be a text: put it in quotes")
    return value.strip()


def _alternatives(name: Text, value: Any) -> Alternatives:
    labels = value if isinstance(value, list) else [value]
    if not labels:
        raise _Wrong(f"'{name}' has an empty list of alternatives")
    return tuple(_label(name, label) for label in labels)


def _label(name: Text, value: Any) -> Text:
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise _Wrong(f"'{name}': {value!r} is no label: {_ALLOWED_LABEL}")
    if value == FAQ:
        raise _Wrong(f"'{name}': 'faq' lacks its slug: {_ALLOWED_LABEL}")
    if "/" in value and not is_faq(value):
        raise _Wrong(
            f"'{name}': '{value}' is too narrow: '{base_intent(value)}' stands for all its kinds"
        )
    return value
