"""Featurizer: one sentence embedding per message."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Text, Tuple

import numpy as np
import rasa.shared.utils.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    FEATURE_TYPE_SEQUENCE,
    METADATA,
    TEXT,
)
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from encoder import SentenceEncoder
from encoder.sentence_encoder import GRAPH_FILES, fingerprint
from nlu.embedding_cache import EmbeddingCache
from nlu.label_names import names_of
from nlu.normalisation import Spellings, normalise
from nlu.rarity import rarity_weights
from nlu.readings import READINGS
from nlu.spacy_text import SpacyText, spelling_variants

PROJECT = Path(__file__).resolve().parents[1]
NORMALISED = "normalised_text"
READING_FEATURES = "reading_features"
# What a label is called (list of texts, sequence features), on the label's first training example.
LABEL_NAMES = "label_names"
CACHE_FILE = "training-embeddings.npz"
SPELLINGS_FILE = "spellings.json"
WEIGHTS_FILE = "token-weights.npy"


class Featurized(NamedTuple):
    """Other readings of a message: as proposed, normalised, and encoded, shape (n, 384)."""

    texts: List[Text]
    normalised: List[Text]
    vectors: np.ndarray


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceFeatures(DenseFeaturizer, GraphComponent):
    """Adds the normalised text and its sentence embedding (1 x 384, length 1) to each message.

    What it learns from the training data are the spelling variants (see `nlu.spacy_text`) and how
    rare each token is. In training it also encodes the labels' names, for `nlu.joint_classifier`.
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
            # blocks, float32 (twice the time for a message, and no better on any data set tried),
            # or int8 (half the time, and a little worse): see encoder.sentence_encoder
            "precision": "blocks",
            # how much more a token counts that is rare in the training data: 0 not
            "rarity": 1.0,
            # encode what labels are called as well, as further examples: the words of their name,
            # and the `title` in their metadata
            "label_names": True,
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
        token_weights: Optional[np.ndarray] = None,
    ) -> None:
        super().__init__(execution_context.node_name or type(self).__name__, config)
        self._model_storage = model_storage
        self._resource = resource
        self._spellings = spellings
        self._token_weights = token_weights
        self._encoder = SentenceEncoder(PROJECT / config["encoder"], config["precision"])
        self._cache: Optional[EmbeddingCache] = None

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
        messages = [m for m in training_data.training_examples if m.get(TEXT)]
        self._token_weights = rarity_weights(
            self._encoder.token_ids(self._normalised(messages)),
            self._encoder.vocabulary_size,
            self._config["rarity"],
        )
        self.persist()
        return self._resource

    def persist(self) -> None:
        with self._model_storage.write_to(self._resource) as directory:
            rasa.shared.utils.io.dump_obj_as_json_to_file(
                directory / SPELLINGS_FILE, self._spellings.variants
            )
            np.save(directory / WEIGHTS_FILE, self._token_weights)

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
            variants = rasa.shared.utils.io.read_json_file(directory / SPELLINGS_FILE)
            weights = np.load(directory / WEIGHTS_FILE)
        return cls(config, model_storage, resource, execution_context, Spellings(variants), weights)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        messages = [m for m in training_data.training_examples if m.get(TEXT)]
        called = self._called(training_data) if self._config["label_names"] else []
        texts = self._normalised(messages)
        names = [name for _, of_label in called for name in of_label]
        vectors = iter(self._encode_for_training([*texts, *names]))
        for message, text in zip(messages, texts, strict=True):
            self._add_features(message, text, next(vectors))
        for message, of_label in called:
            message.set(LABEL_NAMES, of_label)
            rows = np.stack([next(vectors) for _ in of_label])
            message.add_features(
                Features(rows, FEATURE_TYPE_SEQUENCE, LABEL_NAMES, self._identifier)
            )
        return training_data

    def _normalised(self, messages: Sequence[Message]) -> List[Text]:
        return [normalise(message.get(TEXT), self._spellings) for message in messages]

    def _called(self, training_data: TrainingData) -> List[Tuple[Message, List[Text]]]:
        """The first message of each label that is called anything, with what it is called."""
        first: Dict[Text, Message] = {}
        for message in training_data.intent_examples:
            if message.get(TEXT):
                first.setdefault(message.get_full_intent(), message)
        names = names_of(first)
        called = []
        for label, message in first.items():
            title = ((message.get(METADATA) or {}).get("intent") or {}).get("title")
            texts = [
                normalise(str(text), self._spellings) for text in (names.get(label), title) if text
            ]
            if texts:
                called.append((message, texts))
        return called

    def process(self, messages: List[Message]) -> List[Message]:
        """Featurizes each message, and with it the other readings it may have."""
        with_text = [message for message in messages if message.get(TEXT)]
        readings = [message.get(READINGS) for message in with_text]
        others = [of_message.all_texts() if of_message else [] for of_message in readings]
        texts = [[m.get(TEXT), *more] for m, more in zip(with_text, others, strict=True)]
        normalised = [[normalise(text, self._spellings) for text in row] for row in texts]
        vectors = self._encode([text for row in normalised for text in row])
        start = 0
        for message, other, row in zip(with_text, others, normalised, strict=True):
            of_message = vectors[start : start + len(row)]
            start += len(row)
            self._add_features(message, row[0], of_message[0])
            message.set(READING_FEATURES, Featurized(other, row[1:], of_message[1:]))
        return messages

    def remember(self, cache: EmbeddingCache) -> None:
        """Takes embeddings of messages from a cache of this encoder from now on, and adds to it."""
        self._cache = cache

    def encoded(self, texts: Sequence[Text]) -> Tuple[List[Text], np.ndarray]:
        """Texts as they are, without other readings: normalised, and encoded, shape (n, 384)."""
        normalised = [normalise(text, self._spellings) for text in texts]
        return normalised, self._encode_for_training(normalised)

    def cache_beside_encoder(self, name: Text, at_once: bool = True) -> EmbeddingCache:
        """A cache of this encoder's embeddings in a file of this name."""
        directory = PROJECT / self._config["encoder"]
        key = fingerprint(directory, self._config["precision"])
        return EmbeddingCache(directory / name, key, at_once)

    def _encode(self, texts: List[Text]) -> np.ndarray:
        if self._cache is None:
            return self._encoder.encode(texts, self._token_weights)
        return self._cache.encode(texts, self._encoder, self._token_weights)

    def _encode_for_training(self, texts: List[Text]) -> np.ndarray:
        if not self._config["cache"]:
            return self._encoder.encode(texts, self._token_weights)
        cache = self.cache_beside_encoder(CACHE_FILE)
        return cache.encode(texts, self._encoder, self._token_weights)

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


def names_with_embeddings(message: Message) -> List[Tuple[Text, np.ndarray]]:
    """What a training example's label is called, where this is the one to say so."""
    names = message.get(LABEL_NAMES) or []
    sequence, _ = message.get_dense_features(LABEL_NAMES)
    return list(zip(names, sequence.features, strict=True)) if sequence is not None else []
