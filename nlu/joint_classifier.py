"""One classifier over full labels (`greet`, `faq/downtime`, ...) for `intent` and
`response_selector`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, fields
from functools import partial
from typing import Any, Dict, List, Optional, Sequence, Text, Type, TypeVar

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data import util
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.calibrated import Calibrated, to_take_over
from nlu.calibration import TrainingSet
from nlu.gate import Assumptions, Gate, NotCalibrated, calibrate
from nlu.joint_model import Hyperparameters, JointModel
from nlu.parse_data import CLAUSES, QUESTIONS, UNDERSTOOD_AS
from nlu.questions import Question, Reader, Understanding
from nlu.ranking import RETRIEVAL_DELIMITER, Ranked, Ranking, base_intent
from nlu.readings import READINGS
from nlu.sentence_features import (
    NORMALISED,
    READING_FEATURES,
    Featurized,
    SentenceFeatures,
    embedding_of,
    names_with_embeddings,
)
from nlu.urgency import Urgency

logger = logging.getLogger(__name__)

GATE_FILE = "gate.json"
RESPONSES_FILE = "responses.json"
RANKING_LENGTH = 10
PARTS = ("questions", "careful", "last")
NO_READINGS = Featurized([], [], np.zeros((0, 0)))

_as_ranked = partial(tuple.__new__, Ranked)

# Lets everything through: the gate of a classifier that could not be calibrated.
OPEN_GATE = Gate(0.0)

Settings = TypeVar("Settings", Hyperparameters, Assumptions)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class JointClassifier(GraphComponent, IntentClassifier):
    """Scores every full label at once and lets the gate decide whether the best one stands.

    Sets `intent` (`nlu_fallback` below the gate), `intent_ranking`, and for each retrieval intent
    what a ResponseSelector would set. A choice that comes as message metadata is obeyed:
    `{"choice": {"intent": "faq/downtime", "entities": {"concern": "acne scars"}}}`.
    """

    @classmethod
    def required_components(cls) -> List[type]:
        return [SentenceFeatures]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            # how the score is made: see nlu.joint_model.Hyperparameters for each
            **asdict(Hyperparameters()),
            # what the gate is calibrated for: see nlu.gate.Assumptions
            **asdict(Assumptions()),
            # which intents play which part in a message: see nlu.questions.Understanding
            **{part: [] for part in PARTS},
            # what is urgent, and the entities that are signs of it: see nlu.urgency.Urgency
            "urgent": [],
            "urgent_certain": [],
            "urgent_evidence": [],
            "urgent_calm": [],
            # retrieval intents whose kinds are answered alike: doubt between them is none
            "alike": [],
            # the intent of "tell me more" and "why?" when all has been told
            "nothing_more": "all_told",
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Optional[JointModel] = None,
        gate: Gate = OPEN_GATE,
        responses: Optional[Dict[Text, List[Dict[Text, Any]]]] = None,
    ) -> None:
        self._settings = _from_config(Hyperparameters, config)
        self._assumptions = _from_config(Assumptions, config)
        self._understanding = Understanding(**{part: frozenset(config[part]) for part in PARTS})
        self._urgency = Urgency.from_config(config)
        self._nothing_more = config["nothing_more"]
        self._alike = config["alike"]
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._kinds_alike = self._columns_alike()
        self._gate = gate
        self._responses = responses or {}
        self._calibrated: Optional[Calibrated] = None

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> JointClassifier:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT)]
        if not examples:
            logger.warning("no intent examples: the classifier stays untrained")
            return self._resource
        rows = [(m.get(NORMALISED), embedding_of(m), m.get_full_intent()) for m in examples]
        rows += [
            (*name, m.get_full_intent()) for m in examples for name in names_with_embeddings(m)
        ]
        texts, vectors, labels = zip(*rows, strict=True)
        earlier = to_take_over(self._configuration, len(examples))
        self._model, training_set = JointModel.fit(
            texts,
            np.stack(vectors),
            labels,
            self._settings,
            is_name=np.arange(len(rows)) >= len(examples),
            earlier=earlier and JointModel.load(earlier.directory),
        )
        self._kinds_alike = self._columns_alike()
        if earlier is not None:
            self._calibrated = earlier.calibrated
            self._gate = Gate(**self._calibrated.gate)
        else:
            self._calibrate(training_set, len(examples))
        self._responses = training_data.responses
        self.persist()
        return self._resource

    def _calibrate(self, training_set: TrainingSet, examples: int) -> None:
        try:
            self._gate = calibrate(training_set, self._settings, self._assumptions)
        except NotCalibrated as error:
            logger.warning("the gate stays open: %s", error)
            return
        self._calibrated = Calibrated(self._configuration, examples, self._gate.as_dict())

    @property
    def _configuration(self) -> Dict[Text, Any]:
        """What the calibration depends on beside the training data."""
        return {**asdict(self._settings), **asdict(self._assumptions)}

    def persist(self) -> None:
        if self._model is None:
            return
        with self._model_storage.write_to(self._resource) as directory:
            self._model.persist(directory)
            (directory / GATE_FILE).write_text(json.dumps(self._gate.as_dict()))
            (directory / RESPONSES_FILE).write_text(json.dumps(self._responses))
            if self._calibrated is not None:
                self._calibrated.write(directory)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> JointClassifier:
        try:
            with model_storage.read_from(resource) as directory:
                model = JointModel.load(directory)
                gate = Gate(**json.loads((directory / GATE_FILE).read_text()))
                responses = json.loads((directory / RESPONSES_FILE).read_text())
        except (ValueError, FileNotFoundError):
            logger.warning("the classifier was never trained: every message is a fallback")
            return cls(config, model_storage, resource)
        return cls(config, model_storage, resource, model, gate, responses)

    def process(self, messages: List[Message]) -> List[Message]:
        readable = [m for m in messages if m.get(TEXT) and m.get(NORMALISED) is not None]
        for message, rankings in zip(readable, self._rank(readable), strict=True):
            choice = (message.get("metadata") or {}).get("choice")
            if choice:
                self._obey(message, choice)
            else:
                self._decide(message, rankings)
        return messages

    def labels_of(self, texts: Sequence[Text], vectors: np.ndarray) -> List[Optional[Text]]:
        """The best label of each normalised text, None below the gate.

        Args:
            texts: n texts.
            vectors: their embeddings, shape (n, 384).
        """
        if self._model is None or not texts:
            return [None] * len(texts)
        scores = np.clip(self._model.score(texts, vectors).combined, 0, 1)
        scores = self._without_doubt_between_kinds(scores)
        best = scores.argmax(axis=1)
        confidences = scores[np.arange(len(best)), best].tolist()
        return [
            self._model.labels[column] if self._gate.accepts(confidence) else None
            for column, confidence in zip(best.tolist(), confidences, strict=True)
        ]

    def _rank(self, messages: List[Message]) -> List[Dict[Text, Ranking]]:
        """For each message the labels of its text and of its other readings, the best first."""
        if self._model is None or not messages:
            return [{} for _ in messages]
        others = [m.get(READING_FEATURES) or NO_READINGS for m in messages]
        both = list(zip(messages, others, strict=True))
        texts = [text for m, other in both for text in [m.get(NORMALISED), *other.normalised]]
        vectors = [vector for m, other in both for vector in [embedding_of(m), *other.vectors]]
        scores = np.clip(self._model.score(texts, np.stack(vectors)).combined, 0, 1)
        ranked = iter(self._ranked(scores))
        return [
            {text: next(ranked) for text in [message.get(TEXT), *other.texts]}
            for message, other in both
        ]

    def _ranked(self, scores: np.ndarray) -> List[Ranking]:
        scores = self._without_doubt_between_kinds(scores)
        order = np.argsort(-scores, axis=1)
        ordered = np.take_along_axis(scores, order, axis=1).tolist()
        names = np.asarray(self._model.labels, dtype=object)[order].tolist()
        # A label each for thousands of messages: made without a call in Python each.
        return [
            list(map(_as_ranked, zip(*both, strict=True)))
            for both in zip(names, ordered, strict=True)
        ]

    def _columns_alike(self) -> List[np.ndarray]:
        """The columns of the scores of each intent whose kinds are alike."""
        if self._model is None:
            return []
        bases = np.asarray([base_intent(label) for label in self._model.labels])
        columns = [np.flatnonzero(bases == intent) for intent in self._alike]
        return [kinds for kinds in columns if len(kinds) > 1]

    def _without_doubt_between_kinds(self, scores: np.ndarray) -> np.ndarray:
        """Gives the best label of each intent whose kinds are alike what they have together."""
        scores, rows = scores.copy(), np.arange(len(scores))
        for columns in self._kinds_alike:
            best = columns[scores[:, columns].argmax(axis=1)]
            scores[rows, best] = np.minimum(1.0, scores[:, columns].sum(axis=1))
        return scores

    def _obey(self, message: Message, choice: Dict[Text, Any]) -> None:
        label = choice["intent"]
        self._set(message, [Ranked(label, 1.0)], label)
        entities = [
            {"entity": name, "value": value, "start": 0, "end": 0, "extractor": type(self).__name__}
            for name, value in (choice.get("entities") or {}).items()
        ]
        message.set("entities", entities, add_to_output=True)

    def _decide(self, message: Message, rankings: Dict[Text, Ranking]) -> None:
        reader = Reader(
            lambda text: rankings.get(text, []),
            self._gate.accepts,
            self._understanding,
            self._urgency,
            self._urgency.signs_of(message),
        )
        readings = message.get(READINGS)
        questions = reader.read(message.get(TEXT), readings)
        first = questions[0]
        if readings:
            message.set(CLAUSES, [_described(one) for one in reader.asked_in(readings)])
        continuations = readings.continuations if readings else {}
        if len(questions) == 1 and first.label in continuations:
            self._continue(message, first, continuations[first.label])
            return
        self._set(message, list(first.ranking), first.label or DEFAULT_NLU_FALLBACK_INTENT_NAME)
        if len(questions) == 1 and first.text != message.get(TEXT):
            message.set(UNDERSTOOD_AS, first.text, add_to_output=True)
        elif len(questions) > 1:
            found = [_described(question) for question in questions]
            message.set(QUESTIONS, found, add_to_output=True)

    def _continue(self, message: Message, asked: Question, label: Optional[Text]) -> None:
        """ "Tell me more" and "why?" come down to another label, or to nothing more to say."""
        meant = label or self._nothing_more
        confidence = asked.ranking[0].confidence
        self._set(message, [Ranked(meant, confidence)], meant)
        message.set(UNDERSTOOD_AS, meant, add_to_output=True)

    def _set(self, message: Message, ranking: List[Ranked], label: Text) -> None:
        intents = _intent_ranking(ranking)
        intent = {
            "name": base_intent(label),
            "confidence": ranking[0].confidence if ranking else 0.0,
        }
        if label == DEFAULT_NLU_FALLBACK_INTENT_NAME:
            intents.insert(0, intent)
        message.set(INTENT, intent, add_to_output=True)
        message.set("intent_ranking", intents[:RANKING_LENGTH], add_to_output=True)
        message.set("response_selector", self._selected(ranking), add_to_output=True)
        thresholds = {"threshold": self._gate.threshold, "clarify": self._gate.clarify}
        message.set("gate", thresholds, add_to_output=True)

    def _selected(self, ranking: List[Ranked]) -> Dict[Text, Any]:
        """What ResponseSelectors would set: by retrieval intent, the best response and the
        ranking.
        """
        by_intent: Dict[Text, List[Ranked]] = {}
        for ranked in ranking:
            if RETRIEVAL_DELIMITER in ranked.label:
                by_intent.setdefault(base_intent(ranked.label), []).append(ranked)
        selected: Dict[Text, Any] = {"all_retrieval_intents": sorted(by_intent)}
        for intent, candidates in by_intent.items():
            best = candidates[0]
            utter_action = util.intent_response_key_to_template_key(best.label)
            selected[intent] = {
                "response": {
                    "responses": self._responses.get(utter_action, []),
                    "confidence": best.confidence,
                    INTENT_RESPONSE_KEY: best.label,
                    "utter_action": utter_action,
                },
                "ranking": [
                    {INTENT_RESPONSE_KEY: c.label, "confidence": c.confidence}
                    for c in candidates[:RANKING_LENGTH]
                ],
            }
        return selected


def _from_config(kind: Type[Settings], config: Dict[Text, Any]) -> Settings:
    return kind(**{field.name: config[field.name] for field in fields(kind)})


def _described(question: Question) -> Dict[Text, Any]:
    label = question.label or DEFAULT_NLU_FALLBACK_INTENT_NAME
    return {
        "text": question.text,
        "intent": base_intent(label),
        INTENT_RESPONSE_KEY: label if RETRIEVAL_DELIMITER in label else None,
        "confidence": question.ranking[0].confidence if question.ranking else 0.0,
    }


def _intent_ranking(ranking: List[Ranked]) -> List[Dict[Text, Any]]:
    """Base intents, best first, each with its best label's confidence."""
    best: Dict[Text, float] = {}
    for ranked in ranking:
        best.setdefault(base_intent(ranked.label), ranked.confidence)
    return [{"name": name, "confidence": confidence} for name, confidence in best.items()]
