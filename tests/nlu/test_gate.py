import numpy as np
import pytest

from nlu.gate import Assumptions, Gate, NotCalibrated, calibrate
from nlu.joint_model import Hyperparameters, JointModel, TrainingSet


def clusters(labels: int, each: int, noise: float, seed: int = 0) -> TrainingSet:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(labels, 384))
    rows = np.repeat(centres, each, axis=0) + noise * random.normal(size=(labels * each, 384))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return TrainingSet(
        rows, rows, np.repeat(np.arange(labels), each), [str(i) for i in range(labels)]
    )


def test_the_threshold_parts_known_from_unknown_where_they_can_be_parted():
    gate = calibrate(clusters(12, 8, noise=0.3), Hyperparameters(), Assumptions())

    assert gate.known_right > 0.95
    assert gate.unknown_rejected > 0.95
    assert 0 < gate.clarify < gate.threshold < 1


def test_a_higher_price_of_wrong_answers_raises_the_threshold():
    data = clusters(12, 8, noise=4.0)

    careless = calibrate(data, Hyperparameters(), Assumptions(wrong_cost=0.0))
    careful = calibrate(data, Hyperparameters(), Assumptions(wrong_cost=3.0))

    assert careful.threshold > careless.threshold
    assert careful.known_wrong < careless.known_wrong


def test_calibration_gives_the_same_threshold_each_time():
    data = clusters(6, 5, noise=0.8)

    first = calibrate(data, Hyperparameters(), Assumptions())

    assert calibrate(data, Hyperparameters(), Assumptions()) == first


@pytest.mark.parametrize(("labels", "each"), [(1, 9), (5, 1)])
def test_too_little_data_is_said(labels, each):
    with pytest.raises(NotCalibrated):
        calibrate(clusters(labels, each, noise=0.3), Hyperparameters(), Assumptions())


def test_the_gate_accepts_from_the_threshold_on():
    gate = Gate(threshold=0.5)

    assert [gate.accepts(score) for score in (0.49, 0.5, 0.51)] == [False, True, True]


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


def test_a_score_is_nearness_weighed_by_probability():
    data = clusters(4, 6, noise=0.5)
    texts = [f"text {i}" for i in range(24)]
    labels = [data.labels[i] for i in data.label_of]
    model, _ = JointModel.fit(texts, data.embeddings, labels, Hyperparameters(trust=0.25))

    scores = model.score(texts[:3], data.embeddings[:3])

    expected = scores.probability**0.25 * scores.nearness
    np.testing.assert_allclose(scores.combined, expected, rtol=1e-5)
    np.testing.assert_allclose(scores.probability.sum(axis=1), 1, atol=1e-5)
