"""The classifier's mathematics, without Rasa: linear head and nearest examples over one set of
labels.

Three things speak for a label: its probability by a multinomial logistic regression over
[embedding, char n-grams]; the cosine to its nearest training example, in a space where directions
that vary within labels count less; and the n-grams shared with one of its examples. A label's
product is each of these to a power that cross-validation finds. A product, so that a message like
nothing in training scores low however sure the linear head is of it (docs/understanding.md has what
each part gives). Last, the product is made a probability (nlu.calibration).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence, Text, Tuple

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.calibration import Calibration, Evidence, TrainingSet, signs
from nlu.head import Blend, Head, Hyperparameters

__all__ = ["Evidence", "Hyperparameters", "JointModel", "Scores", "TrainingSet"]

ARRAYS_FILE = "joint_model.npz"
DESCRIPTION_FILE = "joint_model.json"
DEFAULTS = Hyperparameters()
SVD_ROUNDS = 4
# Texts from which on n-grams of a single one are left out: half of them all, for nothing lost.
MANY = 500


class Scores(NamedTuple):
    """Scores of n messages for k labels, each of shape (n, k).

    `combined` is what to report and to rank by: the best label's is the probability that it is the
    right one, the others' are less by the odds against them. Where the training data are too few to
    calibrate, it is the product itself.
    """

    combined: np.ndarray
    probability: np.ndarray
    nearness: np.ndarray


class NgramFeatures:
    """Character n-grams (2 to 5, within words) as TF-IDF, reduced by truncated SVD."""

    def __init__(self, vectorizer: TfidfVectorizer, components: np.ndarray) -> None:
        self._vectorizer = vectorizer
        self._components = components  # (dimensions, vocabulary)
        self._ngrams_of = vectorizer.build_analyzer()
        # What an n-gram adds, before the text's length is taken out: (vocabulary, dimensions).
        self._projection = np.ascontiguousarray(components.T)
        self._idf = vectorizer.idf_.astype(np.float32)

    @classmethod
    def fit(cls, texts: Sequence[Text], dimensions: int) -> Tuple[NgramFeatures, np.ndarray]:
        """The fitted features, and the features of `texts`, shape (n, dimensions)."""
        vectorizer = cls._make_vectorizer()
        if len(texts) >= MANY:
            vectorizer.set_params(min_df=2)
        counts = vectorizer.fit_transform(texts)
        dimensions = min(dimensions, min(counts.shape) - 1)
        if dimensions < 1:
            return cls(vectorizer, np.zeros((0, counts.shape[1]), np.float32)), np.zeros(
                (len(texts), 0), np.float32
            )
        # With fewer rounds the directions depend on chance: a FAQ more would move every score.
        reduced = TruncatedSVD(dimensions, n_iter=SVD_ROUNDS, random_state=0)
        features = reduced.fit_transform(counts).astype(np.float32)
        return cls(vectorizer, reduced.components_.astype(np.float32)), features

    def transform(self, texts: Sequence[Text]) -> np.ndarray:
        """What the fitted vectorizer and SVD make of texts, in a quarter of the time for a few."""
        features = np.zeros((len(texts), len(self._components)), np.float32)
        column_of = self._vectorizer.vocabulary_.get
        for row, text in enumerate(texts):
            counts = Counter(map(column_of, self._ngrams_of(text)))
            counts.pop(None, None)
            if counts:
                columns = np.fromiter(counts, np.intp, len(counts))
                found = np.fromiter(counts.values(), np.float32, len(counts))
                weights = (1 + np.log(found)) * self._idf[columns]
                weights /= np.linalg.norm(weights)
                features[row] = weights @ self._projection[columns]
        return features

    @staticmethod
    def _make_vectorizer(vocabulary: Optional[List[Text]] = None) -> TfidfVectorizer:
        return TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(2, 5),
            sublinear_tf=True,
            dtype=np.float32,
            vocabulary=vocabulary,
        )

    def state(self) -> Tuple[List[Text], np.ndarray, np.ndarray]:
        """Vocabulary in column order, inverse document frequencies, SVD components."""
        vocabulary = self._vectorizer.vocabulary_
        return sorted(vocabulary, key=vocabulary.get), self._vectorizer.idf_, self._components

    @classmethod
    def from_state(
        cls, vocabulary: List[Text], idf: np.ndarray, components: np.ndarray
    ) -> NgramFeatures:
        vectorizer = cls._make_vectorizer(vocabulary)
        vectorizer.idf_ = idf
        return cls(vectorizer, components)


class JointModel:
    """Scores messages against every label.

    Args:
        labels: names in column order; at least one.
        blend: how much each part of a score counts.
        calibration: makes scores probabilities; None leaves them as they are.
    """

    def __init__(
        self,
        labels: List[Text],
        ngrams: NgramFeatures,
        head: Head,
        settings: Hyperparameters,
        blend: Blend,
        calibration: Optional[Calibration] = None,
    ) -> None:
        self.labels = labels
        self.settings = settings
        self._ngrams = ngrams
        self._head = head
        self._blend = blend
        self._calibration = calibration

    @classmethod
    def fit(
        cls,
        texts: Sequence[Text],
        embeddings: np.ndarray,
        labels: Sequence[Text],
        settings: Hyperparameters = DEFAULTS,
        is_name: Optional[np.ndarray] = None,
        earlier: Optional[JointModel] = None,
    ) -> Tuple[JointModel, TrainingSet]:
        """Fits on n texts with embeddings of shape (n, 384) and calibrates the scores; also returns
        what the gate needs.

        An `earlier` model's n-grams, blend and calibration are taken over where it is given.
        `is_name` (n,) tells which texts are no message but their label's name, None for none. A
        label with a name must have a message, too.
        """
        names, label_of = np.unique(np.asarray(labels), return_inverse=True)
        if earlier is not None:
            ngrams, columns = earlier._ngrams, earlier._ngrams.transform(texts)
        else:
            ngrams, columns = NgramFeatures.fit(texts, settings.ngram_dimensions)
        features = np.hstack([embeddings, settings.ngram_weight * columns]).astype(np.float32)
        if is_name is None:
            is_name = np.zeros(len(texts), bool)
        training_set = TrainingSet(features, embeddings, label_of, is_name, [str(n) for n in names])
        head = Head.fit(features, embeddings, label_of, is_name, settings)
        if earlier is not None:
            blend, calibration = earlier._blend, earlier._calibration
            model = cls(training_set.labels, ngrams, head, settings, blend, calibration)
            return model, training_set
        found = training_set.cross_validate(settings)
        blend, calibration, evidence = found or (Blend(settings.trust), None, None)
        model = cls(training_set.labels, ngrams, head, settings, blend, calibration)
        return model, training_set._replace(evidence=evidence)

    def score(self, texts: Sequence[Text], embeddings: np.ndarray) -> Scores:
        columns = self._ngrams.transform(texts)
        features = np.hstack([embeddings, self.settings.ngram_weight * columns])
        parts = self._head.score(features, embeddings)
        product = self._blend.log_product(parts)
        combined = np.exp(product)
        if self._calibration is not None:
            odds = np.exp(product - product.max(axis=1, keepdims=True))
            combined = self._calibration.confidence(signs(product, parts))[:, None] * odds
        return Scores(combined, np.exp(parts.log_probability), parts.nearness)

    def persist(self, directory: Path) -> None:
        vocabulary, idf, components = self._ngrams.state()
        np.savez(directory / ARRAYS_FILE, idf=idf, components=components, **self._head._asdict())
        description = {
            "labels": self.labels,
            "vocabulary": vocabulary,
            "settings": asdict(self.settings),
            "blend": self._blend._asdict(),
            "calibration": self._calibration and self._calibration._asdict(),
        }
        (directory / DESCRIPTION_FILE).write_text(json.dumps(description), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> JointModel:
        description: Any = json.loads((directory / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        calibration = description["calibration"]
        with np.load(directory / ARRAYS_FILE) as arrays:
            ngrams = NgramFeatures.from_state(
                description["vocabulary"], arrays["idf"], arrays["components"]
            )
            head = Head(**{name: arrays[name] for name in Head._fields})
        return cls(
            description["labels"],
            ngrams,
            head,
            Hyperparameters(**description["settings"]),
            Blend(**description["blend"]),
            Calibration(**calibration) if calibration else None,
        )
