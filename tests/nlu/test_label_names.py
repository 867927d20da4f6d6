"""What labels are called, as further examples."""

import numpy as np
import pytest
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader

from nlu.head import Head, Hyperparameters
from nlu.label_names import names_of
from nlu.sentence_features import SentenceFeatures, names_with_embeddings
from nlu.spacy_text import SpacyText
from tests.nlu.test_gate import clusters

TITLED = """
version: "3.1"
nlu:
  - intent: faq/downtime
    metadata:
      title: How long is the  Micro Needeling recovery?
    examples: |
      - days off work
      - back at my desk when
  - intent: faq/does-it-hurt
    examples: |
      - is it painful
      - will I feel the needles
  - intent: "42"
    examples: |
      - hello
      - hi there
  - synonym: microneedling
    examples: |
      - micro needeling
"""


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("faq/does-it-hurt", "does it hurt"),
        ("bench/card_arrival-11", "card arrival"),
        ("cardArrival", "card arrival"),
        ("greet", "greet"),
        ("faq/wie-groß-ist-die-wunde", "wie groß ist die wunde"),
        ("42", None),
        ("a", None),
        ("faq/q7", None),
    ],
)
def test_the_words_of_a_label_are_its_name(label, name):
    assert names_of([label]).get(label) == name


def test_a_name_that_several_labels_share_is_none():
    assert names_of(["class_1", "class_2", "other"]) == {"other": "other"}


def test_a_label_is_called_by_its_words_and_its_title(featurized):
    data = RasaYAMLReader().reads(TITLED)

    featurized(data)

    called = {m.get_full_intent(): names_with_embeddings(m) for m in data.training_examples[::2]}
    assert {label: [name for name, _ in of_label] for label, of_label in called.items()} == {
        "faq/downtime": ["downtime", "How long is the microneedling recovery?"],
        "faq/does-it-hurt": ["does it hurt"],
        "42": [],
    }
    assert np.linalg.norm(called["faq/downtime"][1][1]) == pytest.approx(1, abs=1e-5)


def test_names_are_not_encoded_when_they_are_not_wanted(pipeline):
    data = RasaYAMLReader().reads(TITLED)

    pipeline.train(data, SpacyText, SentenceFeatures, cache=False, label_names=False)

    assert not any(names_with_embeddings(m) for m in data.training_examples)


def test_cross_validation_asks_messages_alone():
    data = clusters(4, 6, noise=0.3)
    is_name = np.arange(24) % 6 == 0

    _, _, evidence = data._replace(is_name=is_name).cross_validate(Hyperparameters())

    assert (~evidence.unknown).sum() == evidence.unknown.sum() == 20


def test_a_name_teaches_the_weights_and_is_no_nearest_example():
    data = clusters(3, 4, noise=0.2)
    is_name = np.array([False] * 11 + [True])
    settings = Hyperparameters()

    head = Head.fit(data.features, data.embeddings, data.label_of, is_name, settings)

    without = Head.fit(
        data.features[:11], data.embeddings[:11], data.label_of[:11], is_name[:11], settings
    )
    assert head.examples.shape == (11, 384)
    assert np.allclose(head.examples, without.examples)
    assert not np.allclose(head.weights, without.weights)
