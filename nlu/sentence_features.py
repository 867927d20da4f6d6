"""Featurizer: one sentence embedding per message."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Text

import numpy as np
import rasa.shared.utils.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from encoder import SentenceEncoder
from encoder.sentence_encoder import GRAPH_FILES, fingerprint
from nlu.embedding_cache import EmbeddingCache
from nlu.normalisation import Spellings, normalise
from nlu.readings import READINGS
from nlu.spacy_text import SpacyText, spelling_variants

PROJECT = Path(__file__).resolve().parents[1]
NORMALISED = "normalised_text"
READING_FEATURES = "reading_features"
CACHE_FILE = "training-embeddings.npz"


class Featurized(NamedTuple):
    """Other readings of a message: as proposed, normalised, and encoded, shape (n, 384)."""

    texts: List[Text]
    normalised: List[Text]
    vectors: np.ndarray


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceFeatures(DenseFeaturizer, GraphComponent):
    """Adds the normalised text and its sentence embedding (1 x 384, length 1) to each message.

    What it learns from the training data are the spelling variants (see `nlu.spacy_text`).
    """

    @classmethod
    def required_components(cls) -> List[type]:
        return [SpacyText]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            **DenseFeaturizer.get_default_config(),
            # folder of the built encoder, relative to the project
            "encoder": "models/encoder",
            # float32, or int8 (about a third of the time, a little less exact)
            "precision": "float32",
            # remember the training data's embeddings beside the encoder, for the next training
            "cache": True,
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        spellings: Spellings,
    ) -> None:
        super().__init__(execution_context.node_name or type(self).__name__, config)
        self._model_storage = model_storage
        self._resource = resource
        self._spellings = spellings
        self._encoder = SentenceEncoder(PROJECT / config["encoder"], config["precision"])

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeatures:
        return cls(config, model_storage, resource, execution_context, Spellings({}))

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        if config["precision"] not in GRAPH_FILES:
            raise InvalidConfigException(
                f"precision: '{config['precision']}' is none of {', '.join(GRAPH_FILES)}"
            )

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Text | None:
        """The encoder's files are read beside config and input, so they count for Rasa's cache."""
        settings = {**cls.get_default_config(), **config}
        return fingerprint(PROJECT / settings["encoder"], settings["precision"])

    def train(self, training_data: TrainingData) -> Resource:
        self._spellings = Spellings(spelling_variants(training_data))
        self.persist()
        return self._resource

    def persist(self) -> None:

        with self._model_storage.write_to(self._resource) as directory:
            rasa.shared.utils.io.dump_obj_as_json_to_file(
                directory / "spellings.json", self._spellings.variants
            )

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceFeatures:

        with model_storage.read_from(resource) as directory:
            variants = rasa.shared.utils.io.read_json_file(directory / "spellings.json")
        return cls(config, model_storage, resource, execution_context, Spellings(variants))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        encode = self._encode_from_cache if self._config["cache"] else self._encoder.encode
        self._featurize([m for m in training_data.training_examples if m.get(TEXT)], encode)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Featurizes each message, and with it the other readings it may have."""
        for message in messages:
            if message.get(TEXT):
                self._featurize_with_readings(message)
        return messages

    def _featurize_with_readings(self, message: Message) -> None:
        readings = message.get(READINGS)
        others = readings.all_texts() if readings else []
        texts = [normalise(text, self._spellings) for text in [message.get(TEXT), *others]]
        vectors = self._encoder.encode(texts)
        self._add_features(message, texts[0], vectors[0])
        message.set(READING_FEATURES, Featurized(others, texts[1:], vectors[1:]))

    def _encode_from_cache(self, texts: List[Text]) -> np.ndarray:
        directory = PROJECT / self._config["encoder"]
        key = fingerprint(directory, self._config["precision"])
        return EmbeddingCache(directory / CACHE_FILE, key).encode(texts, self._encoder)

    def _featurize(
        self, messages: List[Message], encode: Callable[[List[Text]], np.ndarray]
    ) -> None:
        texts = [normalise(message.get(TEXT), self._spellings) for message in messages]
        for message, text, vector in zip(messages, texts, encode(texts), strict=False):
            self._add_features(message, text, vector)

    def _add_features(self, message: Message, text: Text, vector: np.ndarray) -> None:
        message.set(NORMALISED, text)
        message.add_features(
            Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
        )


def embedding_of(message: Message) -> np.ndarray:
    """The sentence embedding of a featurized message, shape (384,).

    Raises:
        ValueError: the message has none; the pipeline lacks `SentenceFeatures`.
    """
    _, sentence = message.get_dense_features(TEXT)
    if sentence is None:
        raise ValueError("no sentence embedding: put nlu.sentence_features.SentenceFeatures before")
    vector: np.ndarray = sentence.features[0]
    return vector
