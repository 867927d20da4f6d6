import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.gate import Assumptions, Gate, NotCalibrated, calibrate
from nlu.head import LEAST_NEARNESS, Blend, Parts
from nlu.joint_model import Evidence, Hyperparameters, JointModel, NgramFeatures, TrainingSet
from nlu.logistic import minimise


def clusters(labels: int, each: int, noise: float, seed: int = 0) -> TrainingSet:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(labels, 384))
    rows = np.repeat(centres, each, axis=0) + noise * random.normal(size=(labels * each, 384))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return TrainingSet(
        rows,
        rows,
        np.repeat(np.arange(labels), each),
        np.zeros(len(rows), bool),
        [str(i) for i in range(labels)],
    )


def validated(*args: float, **kwargs: float) -> TrainingSet:
    data = clusters(*args, **kwargs)
    found = data.cross_validate(Hyperparameters())
    return data._replace(evidence=found and found[2])


def evidence(confidence, right, near=None, unknown=None) -> TrainingSet:
    """A training set of which cross-validation saw just this."""
    right = np.array(right, dtype=bool)
    near = right if near is None else np.array(near, dtype=bool)
    unknown = np.zeros(len(right), bool) if unknown is None else np.array(unknown, dtype=bool)
    seen = Evidence(np.array(confidence), right, near, unknown, np.full(len(right), 1 / len(right)))
    return clusters(2, 2, noise=0.1)._replace(evidence=seen)


def test_the_threshold_parts_known_from_unknown_where_they_can_be_parted():
    gate = calibrate(validated(12, 8, noise=0.3), Hyperparameters(), Assumptions())

    assert gate.known_right > 0.95
    assert gate.unknown_rejected > 0.95
    assert 0 < gate.clarify <= gate.threshold < 1


def test_a_confidence_is_the_share_that_is_right():
    seen = validated(20, 20, noise=5.0).evidence

    for low, high in [(0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)]:
        rows = (seen.confidence >= low) & (seen.confidence < high)
        assert rows.sum() > 20
        share = np.average(seen.right[rows], weights=seen.weight[rows])
        assert share == pytest.approx(seen.confidence[rows].mean(), abs=0.12)


def test_a_higher_price_of_wrong_answers_raises_the_threshold():
    data = validated(12, 8, noise=4.0)

    careless = calibrate(data, Hyperparameters(), Assumptions(wrong_cost=0.0))
    careful = calibrate(data, Hyperparameters(), Assumptions(wrong_cost=3.0))

    assert careful.threshold > careless.threshold
    assert careful.known_wrong < careless.known_wrong


def test_it_answers_clarifies_and_declines_where_each_is_worth_most():
    data = evidence(
        [0.9, 0.8, 0.6, 0.5, 0.2, 0.1],
        right=[1, 1, 0, 0, 0, 0],
        near=[1, 1, 1, 1, 0, 0],
        unknown=[0, 0, 0, 0, 1, 1],
    )

    gate = calibrate(data, Hyperparameters(), Assumptions())

    assert (gate.threshold, gate.clarify) == (0.8, 0.5)
    assert (gate.known_right, gate.known_wrong, gate.unknown_rejected) == (0.5, 0.0, 1.0)


def test_calibration_gives_the_same_threshold_each_time():
    first = calibrate(validated(6, 5, noise=0.8), Hyperparameters(), Assumptions())

    again = calibrate(validated(6, 5, noise=0.8), Hyperparameters(), Assumptions())

    assert again == first


@pytest.mark.parametrize(("labels", "each"), [(1, 9), (5, 1)])
def test_too_little_data_is_said(labels, each):
    with pytest.raises(NotCalibrated):
        calibrate(validated(labels, each, noise=0.3), Hyperparameters(), Assumptions())


def test_the_gate_accepts_from_the_threshold_on_and_clarifies_below():
    gate = Gate(threshold=0.5, clarify=0.3)

    assert [gate.accepts(score) for score in (0.49, 0.5, 0.51)] == [False, True, True]
    assert [gate.clarifies(score) for score in (0.29, 0.3, 0.5)] == [False, True, False]


def test_a_persisted_model_scores_as_before(tmp_path):
    random = np.random.default_rng(1)
    texts = [f"sentence number {i} about {'cats' if i % 2 else 'dogs'}" for i in range(20)]
    vectors = random.normal(size=(20, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    model, _ = JointModel.fit(texts, vectors, ["cats" if i % 2 else "dogs" for i in range(20)])

    model.persist(tmp_path)
    again = JointModel.load(tmp_path)

    assert again.labels == model.labels
    for before, after in zip(
        model.score(texts, vectors), again.score(texts, vectors), strict=False
    ):
        np.testing.assert_allclose(after, before, atol=1e-6)


def small_model(**settings: float) -> tuple:
    data = clusters(4, 6, noise=0.5)
    texts = [f"text {i}" for i in range(24)]
    labels = [data.labels[i] for i in data.label_of]
    model, _ = JointModel.fit(texts, data.embeddings, labels, Hyperparameters(**settings))
    return model, model.score(texts, data.embeddings)


def test_ngrams_are_weighed_as_the_vectorizer_weighs_them():
    texts = [f"text number {i} is about cats and cats" for i in range(24)]
    ngrams, fitted = NgramFeatures.fit(texts, 8)
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    counts = vectorizer.fit_transform(texts)
    components = ngrams.state()[2]

    for features in (
        ngrams.transform(texts),
        NgramFeatures.from_state(*ngrams.state()).transform(texts),
    ):
        np.testing.assert_allclose(features, fitted, atol=1e-5)
        np.testing.assert_allclose(features, counts @ components.T, atol=1e-5)
        assert features.dtype == np.float32
    assert not ngrams.transform(["", "zzqq"]).any()


def test_what_cannot_be_calibrated_scores_by_nearness_weighed_with_probability():
    data = clusters(5, 1, noise=0.5)
    texts = [f"text {i}" for i in range(5)]
    model, _ = JointModel.fit(texts, data.embeddings, data.labels, Hyperparameters(trust=0.25))

    scores = model.score(texts, data.embeddings)

    product = scores.probability**0.25 * np.maximum(scores.nearness, LEAST_NEARNESS)
    np.testing.assert_allclose(scores.combined, product, rtol=1e-4)
    np.testing.assert_allclose(scores.probability.sum(axis=1), 1, atol=1e-5)


def test_a_label_is_ranked_by_its_best_example_whichever_label_has_more():
    data = clusters(3, 4, noise=0.2)
    kept = np.array([0, 4, 5, 8, 9, 10])
    texts = [f"text {i}" for i in kept]
    labels = [data.labels[i] for i in data.label_of[kept]]
    model, _ = JointModel.fit(texts, data.embeddings[kept], labels)

    best = model.score(["one", "two", "three"], data.embeddings[[3, 7, 11]]).combined.argmax(axis=1)

    assert [model.labels[i] for i in best] == ["0", "1", "2"]


def test_the_part_that_tells_labels_apart_counts_and_the_other_does_not():
    random = np.random.default_rng(0)
    truth = random.integers(0, 4, 400)
    noise = random.uniform(size=(3, 400, 4)).astype(np.float32)
    telling = noise[1].copy()
    telling[np.arange(400), truth] += 0.7
    parts = Parts(np.log(noise[0]), np.clip(telling, 0, 1), noise[2])

    blend = Blend.fit(parts, truth, Blend(0.5), chance=np.arange(len(truth)))

    assert blend.nearness > 1
    assert blend.probability < 0.2
    assert blend.likeness < 0.5


def test_the_minimiser_finds_the_least_of_a_lopsided_bowl():
    scale = np.array([1.0, 30.0, 0.1])
    target = np.array([3.0, -2.0, 5.0])

    found = minimise(
        lambda x: (0.5 * (scale * (x - target) ** 2).sum(), scale * (x - target)), np.zeros(3), 60
    )

    np.testing.assert_allclose(found, target, atol=1e-2)


def test_scores_stay_between_0_and_1():
    model, scores = small_model()
    nothing = model.score([""], np.zeros((1, 384), np.float32))

    assert scores.combined.min() >= 0
    assert 0.5 < scores.combined.max() <= 1
    assert 0 <= nothing.combined.min() <= nothing.combined.max() < 0.5
