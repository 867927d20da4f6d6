"""Fixtures for Rasa's side; these tests run in .venv-rasa."""

import warnings
from pathlib import Path
from typing import Callable, Iterator

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from rasa.engine.graph import ExecutionContext, GraphSchema
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.storage.resource import Resource
    from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.sentence_features import SentenceFeatures
from nlu.spacy_text import SpacyText
from tests.nlu.channel_server import ChannelServer, serving_channels

SMALL = """
version: "3.1"
nlu:
  - intent: greet
    examples: |
      - hello
      - hi there
      - good morning
      - hey
  - intent: faq/does-it-hurt
    examples: |
      - does it hurt
      - is microneedling painful
      - how bad is the pain
      - will I feel the needles
  - intent: faq/downtime
    examples: |
      - how long is the recovery
      - when can I go back to work
      - what is the downtime
      - how many days off do I need
  - lookup: concern
    examples: |
      - acne scars
      - melasma
  - synonym: acne scars
    examples: |
      - pock marks
  - synonym: microneedling
    examples: |
      - micro needeling
responses:
  utter_faq/does-it-hurt:
    - text: Many people feel little.
  utter_faq/downtime:
    - text: Very little.
"""


@pytest.fixture
def training_data() -> TrainingData:
    return RasaYAMLReader().reads(SMALL)


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage.create(tmp_path)


@pytest.fixture
def context() -> ExecutionContext:
    return ExecutionContext(GraphSchema({}), "test", node_name="node")


class Pipeline:
    """Trains components one after another on the same data, as Rasa's graph does."""

    def __init__(self, storage: LocalModelStorage, context: ExecutionContext) -> None:
        self.storage, self.context = storage, context
        self.trained: list = []

    def train(self, data: TrainingData, *kinds: type, **config: object) -> "Pipeline":
        for kind in kinds:
            settings = {
                **kind.get_default_config(),
                **{k: v for k, v in config.items() if k in kind.get_default_config()},
            }
            component = kind.create(settings, self.storage, Resource(kind.__name__), self.context)
            component.train(data)
            if hasattr(component, "process_training_data"):
                data = component.process_training_data(data)
            self.trained.append((kind, settings, component))
        return self

    def reloaded(self) -> "Pipeline":
        again = Pipeline(self.storage, self.context)
        for kind, settings, _ in self.trained:
            component = kind.load(settings, self.storage, Resource(kind.__name__), self.context)
            again.trained.append((kind, settings, component))
        return again

    def parse(self, text: str, metadata: object = None) -> Message:
        message = Message(data={"text": text, "metadata": metadata})
        for _, _, component in self.trained:
            component.process([message])
        return message


@pytest.fixture
def pipeline(storage: LocalModelStorage, context: ExecutionContext) -> Pipeline:
    return Pipeline(storage, context)


@pytest.fixture
def featurized(pipeline: Pipeline) -> Callable[[TrainingData], Pipeline]:
    return lambda data: pipeline.train(data, SpacyText, SentenceFeatures, cache=False)


@pytest.fixture(scope="session")
def channels() -> Iterator[ChannelServer]:
    with serving_channels() as server:
        yield server
