"""The classifier's mathematics, without Rasa: linear head and nearest examples over one set of
labels.

Score of a label = P(label) ** trust * nearness(label), where P comes from a multinomial logistic
regression
over [embedding, char n-grams] and nearness is the cosine to the label's nearest training example
in a space
where directions that vary within labels count less. A product, so that a message like nothing in
training
scores low however sure the linear head is of it (docs/understanding.md has what each part gives).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence, Text, Tuple

import numpy as np
from scipy.optimize import minimize
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

ARRAYS_FILE = "joint_model.npz"
DESCRIPTION_FILE = "joint_model.json"


@dataclass(frozen=True)
class Hyperparameters:
    """What the model is trained with; the values were found on BANKING77 and CLINC150 training
    data.
    """

    # how much the linear head's probability counts beside the nearest example's cosine: its
    # exponent
    trust: float = 0.5
    # inverse strength of the linear head's L2 penalty, per example
    c: float = 30.0
    # L-BFGS iterations; past these the score no longer moves
    iterations: int = 20
    # weight of the n-grams beside the embedding, and to how many dimensions they are reduced
    ngram_weight: float = 0.6
    ngram_dimensions: int = 128
    # how much the examples of small labels count against those of large ones: 0 not, 1 in full
    balance: float = 0.5
    # how far the within-label covariance is shrunk towards a sphere, 0 to 1
    shrinkage: float = 0.7


class Scores(NamedTuple):
    """Scores of n messages for k labels, each of shape (n, k)."""

    combined: np.ndarray
    probability: np.ndarray
    nearness: np.ndarray


class NgramFeatures:
    """Character n-grams (2 to 5, within words) as TF-IDF, reduced by truncated SVD."""

    def __init__(self, vectorizer: TfidfVectorizer, components: np.ndarray) -> None:
        self._vectorizer = vectorizer
        self._components = components  # (dimensions, vocabulary)
        # Contiguous, or the sparse product copies it for each message.
        self._projection = np.ascontiguousarray(components.T)

    @classmethod
    def fit(cls, texts: Sequence[Text], dimensions: int) -> Tuple[NgramFeatures, np.ndarray]:
        """The fitted features, and the features of `texts`, shape (n, dimensions)."""
        vectorizer = cls._make_vectorizer()
        counts = vectorizer.fit_transform(texts)
        dimensions = min(dimensions, min(counts.shape) - 1)
        if dimensions < 1:
            return cls(vectorizer, np.zeros((0, counts.shape[1]), np.float32)), np.zeros(
                (len(texts), 0), np.float32
            )
        reduced = TruncatedSVD(dimensions, n_iter=2, random_state=0)
        features = reduced.fit_transform(counts).astype(np.float32)
        return cls(vectorizer, reduced.components_.astype(np.float32)), features

    def transform(self, texts: Sequence[Text]) -> np.ndarray:
        features: np.ndarray = self._vectorizer.transform(texts) @ self._projection
        return features.astype(np.float32)

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


class Head(NamedTuple):
    """The part that cross-validation fits anew: linear weights and the whitened examples."""

    weights: np.ndarray  # (features, k)
    bias: np.ndarray  # (k,)
    metric: np.ndarray  # (384, 384)
    examples: np.ndarray  # (n, 384), length 1 after the metric
    label_of: np.ndarray  # (n,), ascending label numbers
    trust: float

    @classmethod
    def fit(
        cls,
        features: np.ndarray,
        embeddings: np.ndarray,
        label_of: np.ndarray,
        settings: Hyperparameters,
    ) -> Head:
        order = np.argsort(label_of, kind="stable")
        features, embeddings, label_of = features[order], embeddings[order], label_of[order]
        weights, bias = fit_softmax(features, label_of, settings)
        metric = within_label_metric(embeddings, label_of, settings.shrinkage)
        examples = unit_rows(embeddings @ metric).astype(np.float32)
        return cls(weights, bias, metric, examples, label_of, settings.trust)

    def score(self, features: np.ndarray, embeddings: np.ndarray) -> Scores:
        probability = softmax(features @ self.weights + self.bias)
        cosines = unit_rows(embeddings @ self.metric) @ self.examples.T
        starts = np.searchsorted(self.label_of, np.arange(self.weights.shape[1]))
        nearness = np.maximum(np.maximum.reduceat(cosines, starts, axis=1), 0)
        return Scores(probability**self.trust * nearness, probability, nearness)


class JointModel:
    """Scores messages against every label.

    Args:
        labels: names in column order; at least one.
    """

    def __init__(
        self, labels: List[Text], ngrams: NgramFeatures, head: Head, settings: Hyperparameters
    ) -> None:
        self.labels = labels
        self.settings = settings
        self._ngrams = ngrams
        self._head = head

    @classmethod
    def fit(
        cls,
        texts: Sequence[Text],
        embeddings: np.ndarray,
        labels: Sequence[Text],
        settings: Hyperparameters = Hyperparameters(),
    ) -> Tuple[JointModel, TrainingSet]:
        """Fits on n texts with embeddings of shape (n, 384); also returns what cross-validation
        needs.
        """
        names, label_of = np.unique(np.asarray(labels), return_inverse=True)
        ngrams, columns = NgramFeatures.fit(texts, settings.ngram_dimensions)
        features = np.hstack([embeddings, settings.ngram_weight * columns]).astype(np.float32)
        training_set = TrainingSet(features, embeddings, label_of, [str(n) for n in names])
        head = Head.fit(features, embeddings, label_of, settings)
        return cls(training_set.labels, ngrams, head, settings), training_set

    def score(self, texts: Sequence[Text], embeddings: np.ndarray) -> Scores:
        columns = self._ngrams.transform(texts)
        features = np.hstack([embeddings, self.settings.ngram_weight * columns])
        return self._head.score(features, embeddings)

    def persist(self, directory: Path) -> None:
        vocabulary, idf, components = self._ngrams.state()
        np.savez(
            directory / ARRAYS_FILE,
            idf=idf,
            components=components,
            weights=self._head.weights,
            bias=self._head.bias,
            metric=self._head.metric,
            examples=self._head.examples,
            label_of=self._head.label_of,
        )
        description = {
            "labels": self.labels,
            "vocabulary": vocabulary,
            "settings": asdict(self.settings),
        }
        (directory / DESCRIPTION_FILE).write_text(json.dumps(description), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> JointModel:
        description: Any = json.loads((directory / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        settings = Hyperparameters(**description["settings"])
        with np.load(directory / ARRAYS_FILE) as arrays:
            ngrams = NgramFeatures.from_state(
                description["vocabulary"], arrays["idf"], arrays["components"]
            )
            head = Head(
                arrays["weights"],
                arrays["bias"],
                arrays["metric"],
                arrays["examples"],
                arrays["label_of"],
                settings.trust,
            )
        return cls(description["labels"], ngrams, head, settings)


class TrainingSet(NamedTuple):
    """Training examples as the head sees them: features (n, d), embeddings (n, 384), label numbers
    (n,).
    """

    features: np.ndarray
    embeddings: np.ndarray
    label_of: np.ndarray
    labels: List[Text]

    def score_held_out(
        self, held_out: np.ndarray, settings: Hyperparameters
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Fits without the held-out rows (boolean, shape (n,)) and scores those.

        Returns:
            Best combined score and the predicted label's number, each of shape (held_out.sum(),).
        """
        kept, label_of = np.unique(self.label_of[~held_out], return_inverse=True)
        head = Head.fit(self.features[~held_out], self.embeddings[~held_out], label_of, settings)
        scores = head.score(self.features[held_out], self.embeddings[held_out]).combined
        return scores.max(axis=1), kept[scores.argmax(axis=1)]


def fit_softmax(
    features: np.ndarray, label_of: np.ndarray, settings: Hyperparameters
) -> Tuple[np.ndarray, np.ndarray]:
    """Multinomial logistic regression by L-BFGS: weights of shape (d, k) and bias (k,).

    In float32 with a dense design, and in coordinates in which the loss is about as curved in every
    direction where the search starts (all labels equally probable): a quarter of the steps do.
    """
    n, d = features.shape
    k = int(label_of.max()) + 1
    design = np.hstack([features, np.ones((n, 1), np.float32)])
    truth = np.arange(n), label_of
    counts = np.bincount(label_of)[label_of]
    weight = (settings.c * (counts.mean() / counts) ** settings.balance).astype(np.float32)
    curvature = design.T @ (weight[:, None] * design) / k + np.eye(d + 1, dtype=np.float32)
    # weights = back @ coordinates; `penalty` is what |weights|^2 is in the coordinates.
    back = np.linalg.inv(np.linalg.cholesky(curvature)).T.astype(np.float32)
    design = design @ back
    penalty = back.T @ back

    def loss(coordinates: np.ndarray) -> Tuple[float, np.ndarray]:
        logits = design @ coordinates
        logits -= logits.max(axis=1, keepdims=True)
        likelihood = logits[truth]
        shares = np.exp(logits, out=logits)
        totals = shares.sum(axis=1, keepdims=True)
        value = float(weight @ (np.log(totals[:, 0]) - likelihood))
        shares *= weight[:, None] / totals
        shares[truth] -= weight
        pull = penalty @ coordinates
        return value + 0.5 * float((coordinates * pull).sum()), design.T @ shares + pull

    # The first step's length is 1, so the unit is that of a Newton step.
    unit = float(np.linalg.norm(loss(np.zeros((d + 1, k), np.float32))[1])) or 1.0

    def in_units(flat: np.ndarray) -> Tuple[float, np.ndarray]:
        value, gradient = loss((unit * flat).reshape(d + 1, k).astype(np.float32))
        return value, unit * gradient.ravel().astype(np.float64)

    result = minimize(
        in_units,
        np.zeros((d + 1) * k),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": settings.iterations},
    )
    solution = back @ (unit * result.x).reshape(d + 1, k).astype(np.float32)
    return solution[:-1], solution[-1]


def within_label_metric(
    embeddings: np.ndarray, label_of: np.ndarray, shrinkage: float
) -> np.ndarray:
    """Inverse square root of the shrunk within-label covariance, shape (384, 384): (x @ it) is
    whitened.
    """
    sums = np.zeros((int(label_of.max()) + 1, embeddings.shape[1]))
    np.add.at(sums, label_of, embeddings)
    means = sums / np.bincount(label_of)[:, None]
    residuals = embeddings - means[label_of]
    covariance = residuals.T @ residuals / len(embeddings)
    spread = np.trace(covariance) / len(covariance)
    identity = np.eye(len(covariance))
    if spread <= 0:  # one example a label: nothing varies within labels
        return identity.astype(np.float32)
    values, vectors = np.linalg.eigh((1 - shrinkage) * covariance + shrinkage * spread * identity)
    metric: np.ndarray = (vectors / np.sqrt(values)) @ vectors.T
    return metric.astype(np.float32)


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    rows: np.ndarray = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    return rows


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares
