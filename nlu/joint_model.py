"""The classifier's mathematics, without Rasa: linear head and nearest examples over one set of
labels.

A label's product is P(label) ** trust * nearness(label), where P comes from a multinomial logistic
regression over [embedding, char n-grams] and nearness is the cosine to the label's nearest training
example in a space where directions that vary within labels count less. A product, so that a message
like nothing in training scores low however sure the linear head is of it (docs/understanding.md has
what each part gives).

Its score is the product made a probability: cross-validation shows how products and their distance
to the second best go with being right, for messages of known labels and of labels left out.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Text, Tuple

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

ARRAYS_FILE = "joint_model.npz"
DESCRIPTION_FILE = "joint_model.json"
NEWTON_STEPS = 12
# labels that clarifying offers
NEAR = 3
# L-BFGS: steps remembered, the share of the expected descent that is enough, and where halving ends
MEMORY = 10
SUFFICIENT = 1e-4
SMALLEST_STEP = 1e-3
TINY = 1e-5


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
    # parts that cross-validation leaves out in turn, of the examples and of the labels
    folds: int = 3
    # iterations of the heads that cross-validation fits
    fold_iterations: int = 10
    # how many messages of a hundred no label fits
    unknown_share: float = 0.15


class Scores(NamedTuple):
    """Scores of n messages for k labels, each of shape (n, k).

    `combined` is what to report and to rank by: the best label's is the probability that it is the
    right one, the others' are less in proportion to their products. Where the training data are too
    few to calibrate, it is the product itself.
    """

    combined: np.ndarray
    probability: np.ndarray
    nearness: np.ndarray


class Evidence(NamedTuple):
    """What cross-validation saw of n messages, each of shape (n,)."""

    # probability that the best label is right, by the calibration that the evidence led to
    confidence: np.ndarray
    right: np.ndarray
    # the right label is one of the three best
    near: np.ndarray
    # the message's label was left out
    unknown: np.ndarray
    # how much each counts, 1 in all
    weight: np.ndarray


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


class Calibration(NamedTuple):
    """Logistic regression from what speaks for the best label to the probability that it is right.

    Its inputs are those of `_signs`.
    """

    bias: float
    weights: List[float]

    @classmethod
    def fit(cls, signs: np.ndarray, right: np.ndarray, weight: np.ndarray) -> Calibration:
        """From signs of shape (n, 4), right or not (n,) and how much each counts (n,)."""
        middle, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-6
        design = np.column_stack([np.ones(len(signs)), (signs - middle) / spread])
        weight = weight * len(signs)
        solution = np.zeros(design.shape[1])
        # A small penalty keeps it finite where right and wrong can be parted without a mistake.
        penalty = np.diag([1e-3] + [1.0] * (design.shape[1] - 1))
        for _ in range(NEWTON_STEPS):
            share = 1 / (1 + np.exp(-np.clip(design @ solution, -30, 30)))
            gradient = design.T @ (weight * (share - right)) + penalty @ solution
            curvature = (design.T * (weight * share * (1 - share))) @ design + penalty
            solution -= np.linalg.solve(curvature, gradient)
        weights = solution[1:] / spread
        return cls(float(solution[0] - weights @ middle), weights.tolist())

    def confidence(self, signs: np.ndarray) -> np.ndarray:
        logits = self.bias + signs @ np.asarray(self.weights)
        shares: np.ndarray = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        return shares

    def apply(self, scores: Scores) -> Scores:
        best = scores.combined.max(axis=1)
        factor = self.confidence(_signs(scores)) / np.maximum(best, TINY)
        return scores._replace(combined=scores.combined * factor[:, None])


def _signs(scores: Scores) -> np.ndarray:
    """What speaks for the best label, shape (n, 4): its product, how far the second best is behind,
    its probability and its nearness.
    """
    rows = np.arange(len(scores.combined))
    best = scores.combined.argmax(axis=1)
    first = np.maximum(scores.combined[rows, best], TINY)
    others = scores.combined.copy()
    others[rows, best] = 0
    second = np.maximum(others.max(axis=1), TINY)
    probability = np.clip(scores.probability[rows, best], TINY, 1 - TINY)
    return np.column_stack(
        [
            np.log(first),
            np.log(first / second),
            np.log(probability / (1 - probability)),
            scores.nearness[rows, best],
        ]
    )


class JointModel:
    """Scores messages against every label.

    Args:
        labels: names in column order; at least one.
        calibration: makes scores probabilities; None leaves them as they are.
    """

    def __init__(
        self,
        labels: List[Text],
        ngrams: NgramFeatures,
        head: Head,
        settings: Hyperparameters,
        calibration: Optional[Calibration] = None,
    ) -> None:
        self.labels = labels
        self.settings = settings
        self._ngrams = ngrams
        self._head = head
        self._calibration = calibration

    @classmethod
    def fit(
        cls,
        texts: Sequence[Text],
        embeddings: np.ndarray,
        labels: Sequence[Text],
        settings: Hyperparameters = Hyperparameters(),
    ) -> Tuple[JointModel, TrainingSet]:
        """Fits on n texts with embeddings of shape (n, 384) and calibrates the scores; also returns
        what the gate needs.
        """
        names, label_of = np.unique(np.asarray(labels), return_inverse=True)
        ngrams, columns = NgramFeatures.fit(texts, settings.ngram_dimensions)
        features = np.hstack([embeddings, settings.ngram_weight * columns]).astype(np.float32)
        training_set = TrainingSet(features, embeddings, label_of, [str(n) for n in names])
        head = Head.fit(features, embeddings, label_of, settings)
        calibration, evidence = training_set.cross_validate(settings)
        model = cls(training_set.labels, ngrams, head, settings, calibration)
        return model, training_set._replace(evidence=evidence)

    def score(self, texts: Sequence[Text], embeddings: np.ndarray) -> Scores:
        columns = self._ngrams.transform(texts)
        features = np.hstack([embeddings, self.settings.ngram_weight * columns])
        scores = self._head.score(features, embeddings)
        return scores if self._calibration is None else self._calibration.apply(scores)

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
            "calibration": self._calibration and self._calibration._asdict(),
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
        calibration = description.get("calibration")
        return cls(
            description["labels"],
            ngrams,
            head,
            settings,
            Calibration(**calibration) if calibration else None,
        )


class TrainingSet(NamedTuple):
    """Training examples as the head sees them: features (n, d), embeddings (n, 384), label numbers
    (n,).
    """

    features: np.ndarray
    embeddings: np.ndarray
    label_of: np.ndarray
    labels: List[Text]
    # None before cross-validation, and where the examples are too few for it
    evidence: Optional[Evidence] = None

    def cross_validate(
        self, settings: Hyperparameters
    ) -> Tuple[Optional[Calibration], Optional[Evidence]]:
        """How scores go with being right: messages of known labels, then of labels left out.

        Nothing when fewer than two labels have two examples each.
        """
        if len(self.labels) < 2 or np.sort(np.bincount(self.label_of))[-2] < 2:
            return None, None
        folds = max(2, min(settings.folds, len(self.labels)))
        random = np.random.default_rng(0)
        rough = replace(settings, iterations=settings.fold_iterations)
        left_out = [
            *_example_folds(self.label_of, folds, random),
            *_label_folds(self.label_of, folds, random),
        ]
        # A fold a core, rather than the library's threads in each, which wait for one another.
        with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = list(pool.map(lambda rows: self._score_held_out(rows, rough), left_out))
        signs, right, near, unknown = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        share = settings.unknown_share
        weight = np.where(unknown, share / unknown.sum(), (1 - share) / (~unknown).sum())
        calibration = Calibration.fit(signs, right, weight)
        confidence = calibration.confidence(signs)
        return calibration, Evidence(confidence, right, near, unknown, weight)

    def _score_held_out(
        self, held_out: np.ndarray, settings: Hyperparameters
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Fits without the held-out rows (boolean, shape (n,)) and scores those: signs for the best
        label, whether it is right, whether one of the best is, whether the right one was left out.
        """
        kept, label_of = np.unique(self.label_of[~held_out], return_inverse=True)
        head = Head.fit(self.features[~held_out], self.embeddings[~held_out], label_of, settings)
        scores = head.score(self.features[held_out], self.embeddings[held_out])
        truth = self.label_of[held_out]
        hits = kept[np.argsort(-scores.combined, axis=1)[:, :NEAR]] == truth[:, None]
        return _signs(scores), hits[:, 0], hits.any(axis=1), ~np.isin(truth, kept)


def _example_folds(
    label_of: np.ndarray, folds: int, random: np.random.Generator
) -> List[np.ndarray]:
    """Boolean masks; each label's examples are spread evenly, and a lone example is never held
    out.
    """
    fold_of = np.full(len(label_of), -1)
    for label in range(int(label_of.max()) + 1):
        rows = np.flatnonzero(label_of == label)
        if len(rows) > 1:
            fold_of[rows] = random.permutation(np.arange(len(rows)) % folds)
    return [fold_of == fold for fold in range(folds) if (fold_of == fold).any()]


def _label_folds(label_of: np.ndarray, folds: int, random: np.random.Generator) -> List[np.ndarray]:
    labels = int(label_of.max()) + 1
    fold_of = random.permutation(np.arange(labels) % folds)[label_of]
    return [fold_of == fold for fold in range(folds) if (fold_of == fold).any()]


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

    solution = back @ minimise(loss, np.zeros((d + 1, k), np.float32), settings.iterations)
    return solution[:-1], solution[-1]


def minimise(
    loss: Callable[[np.ndarray], Tuple[float, np.ndarray]], start: np.ndarray, iterations: int
) -> np.ndarray:
    """L-BFGS (Nocedal and Wright 2006, algorithm 7.4) on a convex loss of unit curvature.

    The steps are those that SciPy's takes, in the loss's own float32 and shape: a third less time.
    """
    here, (value, slope) = start, loss(start)
    past: List[Tuple[np.ndarray, np.ndarray]] = []
    for _ in range(iterations):
        direction = -_times_inverse_curvature(slope, past)
        descent = float(np.vdot(slope, direction))
        step = 1.0
        there, (lower, new_slope) = here + direction, loss(here + direction)
        while lower > value + SUFFICIENT * step * descent and step > SMALLEST_STEP:
            step /= 2
            there, (lower, new_slope) = here + step * direction, loss(here + step * direction)
        if lower >= value:
            break
        past = [*past[1 - MEMORY :], (there - here, new_slope - slope)]
        here, value, slope = there, lower, new_slope
    return here


def _times_inverse_curvature(
    slope: np.ndarray, past: List[Tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """The slope times the inverse curvature that past steps and their changes of slope suggest."""
    result = slope.copy()
    shares = []
    for moved, changed in reversed(past):
        shares.append(float(np.vdot(moved, result)) / float(np.vdot(moved, changed)))
        result -= shares[-1] * changed
    if past:
        moved, changed = past[-1]
        result *= float(np.vdot(moved, changed)) / float(np.vdot(changed, changed))
    for (moved, changed), share in zip(past, reversed(shares), strict=True):
        back = float(np.vdot(changed, result)) / float(np.vdot(moved, changed))
        result += (share - back) * moved
    return result


def within_label_metric(
    embeddings: np.ndarray, label_of: np.ndarray, shrinkage: float
) -> np.ndarray:
    """A root of the shrunk within-label covariance's inverse, shape (384, 384): (x @ it) is
    whitened.
    """
    members = np.equal.outer(np.arange(int(label_of.max()) + 1), label_of).astype(np.float32)
    means = (members @ embeddings) / members.sum(axis=1, keepdims=True)
    residuals = embeddings - means[label_of]
    covariance = (residuals.T @ residuals).astype(np.float64) / len(embeddings)
    spread = np.trace(covariance) / len(covariance)
    identity = np.eye(len(covariance))
    if spread <= 0:  # one example a label: nothing varies within labels
        return identity.astype(np.float32)
    root = np.linalg.cholesky((1 - shrinkage) * covariance + shrinkage * spread * identity)
    metric: np.ndarray = np.linalg.inv(root).T
    return metric.astype(np.float32)


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    rows: np.ndarray = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    return rows


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares
