"""Has Rasa read a project in half the time, for a training in which nobody else reads it."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Set, Text, Tuple

from rasa.shared.nlu.constants import INTENT, RESPONSE, TEXT
from rasa.shared.nlu.training_data import training_data as rasa_training_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils import validation


@contextmanager
def quick_reading(checked: Path) -> Iterator[None]:
    """While it lasts, files that were found in order before are not checked again, and messages are
    neither copied nor hashed each time that training data are merged.

    Rasa checks a file against a schema with a parser that keeps the place of every word for its
    messages. A file that passed passes again, as long as it and Rasa are the same: the file
    `checked` keeps the digests of what passed, and is brought up to date unless reading fails.
    """
    known, passed = _read(checked), set()
    check, copying, sanitize = (
        validation.validate_yaml_schema,
        rasa_training_data.copy,
        TrainingData.sanitize_examples,
    )
    validation.validate_yaml_schema = _checked_once(check, known, passed)
    rasa_training_data.copy = _NoCopies
    TrainingData.sanitize_examples = staticmethod(without_duplicates)
    try:
        yield
    finally:
        validation.validate_yaml_schema = check
        rasa_training_data.copy = copying
        TrainingData.sanitize_examples = staticmethod(sanitize)
    if passed != known:
        checked.write_text(json.dumps(sorted(passed)))


def without_duplicates(examples: List[Message]) -> List[Message]:
    """As Rasa's `sanitize_examples`; only what has the same text and intent is compared in full."""
    kept: Dict[Tuple[Any, ...], List[Message]] = {}
    found = []
    for example in examples:
        for name in (INTENT, RESPONSE):
            value = example.get(name)
            if value and value != value.strip():
                example.set(name, value.strip())
        alike = kept.setdefault((example.get(TEXT), example.get(INTENT)), [])
        if example not in alike:
            alike.append(example)
            found.append(example)
    return found


class _NoCopies:
    """Stands for the module `copy` where training data are merged: the parts are not used again."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        return value.copy()


def _checked_once(
    check: Callable[..., None], known: Set[Text], passed: Set[Text]
) -> Callable[..., None]:
    def check_if_new(content: Text, schema: Text, *others: Any, **more: Any) -> None:
        about = f"{version('rasa')} {schema} {others} {sorted(more.items())}\n{content}"
        digest = hashlib.sha256(about.encode()).hexdigest()
        if digest not in known | passed:
            check(content, schema, *others, **more)
        passed.add(digest)

    return check_if_new


def _read(checked: Path) -> Set[Text]:
    try:
        return set(json.loads(checked.read_text()))
    except (OSError, ValueError, TypeError):  # none yet, or damaged: everything is checked
        return set()
