"""spaCy pipeline built from the training data: tokens, sentences and the lexicon's entities."""

from __future__ import annotations

import logging
from typing import Any, Dict, List, Text

import spacy
from rasa.core.featurizers.precomputation import CoreFeaturizationInputConverter
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.language import Language
from spacy.tokens import Doc

logger = logging.getLogger(__name__)

SENTENCES = "sentences"
OURS = f"{__package__}."


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class SpacyText(Tokenizer):
    """Tokenizer and entity ruler in one blank spaCy pipeline, kept inside the model.

    `lookup:` tables of the training data become entities (the table's name is the entity's type);
    `synonym:`
    entries map a surface form to the value an entity carries. No pretrained spaCy model is needed.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            # spaCy's code of the language whose rules split words
            "language": "en",
            # part of Rasa's tokenizer contract: retrieval intents are not split
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        nlp: Language,
        training_tokens: bool = True,
    ) -> None:
        super().__init__(config)
        self._model_storage = model_storage
        self._resource = resource
        self._nlp = nlp
        self._training_tokens = training_tokens

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpacyText:
        nlp = spacy.blank(config["language"])
        return cls(config, model_storage, resource, nlp, _tokens_are_read(execution_context))

    def train(self, training_data: TrainingData) -> Resource:
        self._nlp = spacy.blank(self._config["language"])
        self._nlp.add_pipe("sentencizer")
        patterns = entity_patterns(training_data)
        if patterns:
            ruler = self._nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
            ruler.add_patterns(patterns)
        self.persist()
        return self._resource

    def persist(self) -> None:
        with self._model_storage.write_to(self._resource) as directory:
            self._nlp.to_disk(directory)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SpacyText:
        with model_storage.read_from(resource) as directory:
            nlp = spacy.load(directory)
        if nlp.has_pipe("entity_ruler"):
            # It has patterns: counting them for each message takes as long as looking for them.
            nlp.get_pipe("entity_ruler")._require_patterns = lambda: None
        return cls(config, model_storage, resource, nlp, _tokens_are_read(execution_context))

    def tokenize(self, message: Message, attribute: Text) -> List[Token]:
        return _tokens_of(self._nlp.make_doc(message.get(attribute)))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Tokens for the training data, where there is a component that reads them."""
        return (
            super().process_training_data(training_data) if self._training_tokens else training_data
        )

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds tokens, sentences (list of texts) and entities to each message."""
        # What has no text is of a story that is trained on end to end.
        super().process([message for message in messages if not message.get(TEXT)])
        for message in messages:
            doc = self._nlp(message.get(TEXT) or "")
            if message.get(TEXT):
                message.set(TOKENS_NAMES[TEXT], _tokens_of(doc))
            message.set(SENTENCES, [s.text.strip() for s in doc.sents if s.text.strip()])
            found = [
                {
                    "entity": span.label_,
                    "start": span.start_char,
                    "end": span.end_char,
                    "value": span.ent_id_ or span.text,
                    "extractor": type(self).__name__,
                }
                for span in doc.ents
            ]
            if found:
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages


def _tokens_of(doc: Doc) -> List[Token]:
    return [Token(token.text, token.idx) for token in doc if not token.is_space]


def _tokens_are_read(context: ExecutionContext) -> bool:
    """Whether the graph has a component that may want the training data's tokens: ours don't."""
    kinds = (
        Featurizer,
        EntityExtractorMixin,
        IntentClassifier,
        CoreFeaturizationInputConverter,  # for policies that are trained end to end
    )
    used = [node.uses for node in context.graph_schema.nodes.values()]
    return any(issubclass(kind, kinds) and not kind.__module__.startswith(OURS) for kind in used)


def entity_patterns(training_data: TrainingData) -> List[Dict[Text, Text]]:
    """Entity ruler patterns from lookup tables, and from the synonyms of what they list."""
    patterns: Dict[Text, Dict[Text, Text]] = {}
    entity_of: Dict[Text, Text] = {}
    synonyms = {surface.lower(): value for surface, value in training_data.entity_synonyms.items()}
    for table in training_data.lookup_tables:
        elements = table["elements"]
        if not isinstance(elements, list):
            logger.warning("lookup '%s' names a file: list its values instead", table["name"])
            continue
        for element in elements:
            surface = element.lower()
            entity_of.setdefault(surface, table["name"])
            patterns.setdefault(
                surface,
                {"label": table["name"], "pattern": element, "id": synonyms.get(surface, element)},
            )
    for surface, value in synonyms.items():
        entity = entity_of.get(value.lower())
        if entity and surface not in patterns:
            patterns[surface] = {"label": entity, "pattern": surface, "id": value}
    return list(patterns.values())


def spelling_variants(training_data: TrainingData) -> Dict[Text, Text]:
    """Synonyms whose value no lookup lists: spellings of one term, rather than entities."""
    listed = {
        element.lower()
        for table in training_data.lookup_tables
        if isinstance(table["elements"], list)
        for element in table["elements"]
    }
    return {
        surface: value
        for surface, value in training_data.entity_synonyms.items()
        if value.lower() not in listed and surface.lower() != value.lower()
    }
