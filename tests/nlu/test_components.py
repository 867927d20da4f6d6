"""The graph components, trained and loaded through Rasa's own model storage."""

import json
from pathlib import Path

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema, SchemaNode
from rasa.nlu.extractors.regex_entity_extractor import RegexEntityExtractor
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message

from nlu.joint_classifier import JointClassifier
from nlu.readings import AlternativeReadings
from nlu.sentence_features import NORMALISED, SentenceFeatures, embedding_of
from nlu.spacy_text import SENTENCES, SpacyText
from tests.nlu.conftest import Pipeline

ALL = (SpacyText, SentenceFeatures, JointClassifier)


@pytest.fixture
def trained(pipeline, training_data):
    return pipeline.train(training_data, *ALL, cache=False)


def test_tokens_carry_their_place_in_the_text(pipeline, training_data):
    pipeline.train(training_data, SpacyText)

    tokens = pipeline.parse("Hi, does it hurt?").get("text_tokens")

    assert [(t.text, t.start) for t in tokens] == [
        ("Hi", 0), (",", 2), ("does", 4), ("it", 9), ("hurt", 12), ("?", 16),
    ]  # fmt: skip


def test_training_data_get_tokens_where_a_component_may_read_them(training_data, storage):
    foreign = SchemaNode({}, RegexEntityExtractor, "load", "process", {})
    context = ExecutionContext(GraphSchema({"foreign": foreign}), "test", node_name="node")

    Pipeline(storage, context).train(training_data, SpacyText)

    assert training_data.training_examples[0].get("text_tokens")


def test_training_data_get_no_tokens_where_all_components_are_ours(pipeline, training_data):
    pipeline.train(training_data, *ALL, cache=False)

    assert not any(m.get("text_tokens") for m in training_data.training_examples)


def test_sentences_are_split(pipeline, training_data):
    pipeline.train(training_data, SpacyText)

    message = pipeline.parse("I have acne scars. Does it hurt?")

    assert message.get(SENTENCES) == ["I have acne scars.", "Does it hurt?"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("my Acne Scars bother me", [("concern", "acne scars", 3, 13)]),
        ("these pock marks", [("concern", "acne scars", 6, 16)]),
        (
            "melasma and acne scars",
            [("concern", "melasma", 0, 7), ("concern", "acne scars", 12, 22)],
        ),
        ("nothing of the kind", []),
    ],
)
def test_the_lexicon_gives_entities_with_canonical_values(pipeline, training_data, text, found):
    pipeline.train(training_data, SpacyText)

    entities = pipeline.parse(text).get("entities") or []

    assert [(e["entity"], e["value"], e["start"], e["end"]) for e in entities] == found


def test_spelling_variants_are_unified_before_encoding(featurized, training_data):
    parsed = featurized(training_data).parse("is  Micro Needeling safe")

    assert parsed.get(NORMALISED) == "is microneedling safe"


def test_each_message_gets_one_unit_vector(featurized, training_data):
    vector = embedding_of(featurized(training_data).parse("does it hurt"))

    assert vector.shape == (384,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_an_unknown_precision_is_refused_by_name(pipeline, training_data):
    with pytest.raises(InvalidConfigException, match="float16"):
        pipeline.train(training_data, SpacyText, SentenceFeatures, precision="float16")


def test_a_retrieval_intent_and_its_response_come_from_one_score(trained):
    message = trained.parse("is it very painful")

    selected = message.get("response_selector")["faq"]
    assert message.get("intent")["name"] == "faq"
    assert selected["response"]["intent_response_key"] == "faq/does-it-hurt"
    assert selected["response"]["utter_action"] == "utter_faq/does-it-hurt"
    assert selected["response"]["responses"] == [{"text": "Many people feel little."}]
    assert message.get("intent")["confidence"] == selected["response"]["confidence"]


def test_a_plain_intent_is_recognised_beside_retrieval_intents(trained):
    assert trained.parse("hello there").get("intent")["name"] == "greet"


def test_what_scores_below_the_gate_is_a_fallback_with_its_ranking_kept(trained):
    message = trained.parse("zqx vbn wpl")

    assert message.get("intent")["name"] == "nlu_fallback"
    assert message.get("response_selector")["faq"]["ranking"]
    assert {"greet", "faq"} <= {r["name"] for r in message.get("intent_ranking")}


def test_a_choice_is_obeyed_whatever_the_text(trained):
    metadata = {"choice": {"intent": "faq/downtime", "entities": {"concern": "melasma"}}}

    message = trained.parse("hello", metadata)

    assert message.get("intent") == {"name": "faq", "confidence": 1.0}
    response = message.get("response_selector")["faq"]["response"]
    assert response["intent_response_key"] == "faq/downtime"
    assert [(e["entity"], e["value"]) for e in message.get("entities")] == [("concern", "melasma")]


def test_a_loaded_pipeline_answers_as_the_trained_one(trained):
    again = trained.reloaded()

    for text in ("is it painful", "pock marks", "when may i work", "good day", "zqx vbn"):
        before, after = trained.parse(text), again.parse(text)
        assert after.get("intent")["name"] == before.get("intent")["name"]
        assert after.get("entities") == before.get("entities")
        for was, now in zip(ranking(before), ranking(after), strict=True):
            assert now["intent_response_key"] == was["intent_response_key"]
            assert now["confidence"] == pytest.approx(was["confidence"], abs=1e-5)


def ranking(message):
    return message.get("response_selector")["faq"]["ranking"]


def test_the_threshold_is_stored_in_the_model(trained, storage):
    from rasa.engine.storage.resource import Resource

    with storage.read_from(Resource("JointClassifier")) as directory:
        gate = json.loads((Path(directory) / "gate.json").read_text())

    assert 0 < gate["threshold"] < 1
    assert trained.parse("hello").get("gate")["threshold"] == gate["threshold"]


def test_it_trains_on_any_nlu_file_without_labels_or_lexicon_of_ours(pipeline):
    data = RasaYAMLReader().reads(
        'version: "3.1"\nnlu:\n'
        "- intent: a\n  examples: |\n    - the weather is fine\n    - sunny today\n"
        "- intent: b\n  examples: |\n    - my card was stolen\n    - I lost my bank card\n"
    )

    pipeline.train(data, *ALL, cache=False)

    assert pipeline.parse("my bank card is gone").get("intent_ranking")[0]["name"] in {
        "b",
        "nlu_fallback",
    }
    assert pipeline.parse("I lost my bank card").get("intent")["name"] == "b"


def test_one_example_is_enough_to_train(pipeline):
    data = RasaYAMLReader().reads('version: "3.1"\nnlu:\n- intent: a\n  examples: |\n    - hello\n')

    pipeline.train(data, *ALL, cache=False)

    assert pipeline.parse("hello").get("intent")["name"] == "a"


def test_an_empty_message_is_left_alone(trained):
    assert trained.parse("").get("intent") is None


TALK = """
version: "3.1"
nlu:
  - intent: faq/does-it-hurt
    metadata: {why: numbing, next: [numbing]}
    examples: |
      - does it hurt
      - is it painful
      - how bad is the pain
      - will I feel the needles
      - is the treatment painful
      - does needling hurt a lot
  - intent: faq/numbing
    metadata: {topic: the numbing cream}
    examples: |
      - do you numb the skin
      - is there a numbing cream
      - do I get an anaesthetic
      - what is the numbing cream made of
      - how long does the numbing cream work
      - how long does the numbing cream last
  - intent: faq/downtime
    examples: |
      - how long is the recovery
      - when can I go back to work
      - what is the downtime
      - how many days off do I need
      - how long is the downtime
      - how much time off work do I need
  - intent: greet
    examples: |
      - hello
      - hi there
      - good morning
      - hey
      - good evening to you
  - intent: ask_more
    examples: |
      - tell me more
      - more please
      - go on
      - more about that
      - what else can you tell me
  - intent: ask_why
    examples: |
      - why
      - why is that
      - how come
      - for what reason
      - what is the reason for that
  - intent: emergency
    examples: |
      - I can't breathe
      - my throat is closing
      - she fainted
      - it won't stop bleeding
      - I have chest pain
  - lookup: alarm
    examples: |
      - can't breathe
"""


@pytest.fixture
def talk(pipeline):
    """A pipeline that reads a message's parts, and what was said before."""
    kinds = (SpacyText, AlternativeReadings, SentenceFeatures, JointClassifier)
    signs = {"urgent": ["emergency"], "urgent_certain": ["alarm"], "urgent_evidence": ["alarm"]}
    return pipeline.train(RasaYAMLReader().reads(TALK), *kinds, cache=False, **signs)


def said_after(talk, text, *labels):
    """A message after questions with these answers."""
    tracker = DialogueStateTracker.from_events("visitor", [answered(label) for label in labels])
    message = Message(data={"text": text})
    for kind, _, component in talk.trained:
        after = [tracker] if kind is AlternativeReadings else []
        component.process([message], *after)
    return message


def answered(label):
    intent = {"name": "faq"}
    parse_data = {
        "text": "does it?",
        "intent": intent,
        "entities": [],
        "response_selector": {"faq": {"response": {"intent_response_key": label}}},
    }
    return UserUttered("does it?", intent, parse_data=parse_data)


def label_of(message):
    if message.get("intent")["name"] != "faq":
        return message.get("intent")["name"]
    return message.get("response_selector")["faq"]["response"]["intent_response_key"]


def test_several_questions_come_out_in_order(talk):
    message = talk.parse("Does it hurt and how long is the downtime?")

    questions = message.get("questions")
    assert [(question["text"], question["intent_response_key"]) for question in questions] == [
        ("Does it hurt", "faq/does-it-hurt"),
        ("how long is the downtime?", "faq/downtime"),
    ]
    assert {question["intent"] for question in questions} == {"faq"}
    assert all(0 < question["confidence"] <= 1 for question in questions)
    assert label_of(message) == "faq/does-it-hurt"
    assert message.as_dict_nlu()["questions"] == questions


def test_a_single_question_has_no_list_of_questions(talk):
    message = talk.parse("does it hurt")

    assert not message.get("questions")
    assert message.get("understood_as") is None


def test_each_clause_that_asks_is_understood_whatever_the_message_comes_to(talk):
    message = talk.parse("I'm Ana. Does it hurt?")

    clauses = message.get("clauses")
    assert [(one["text"], one["intent_response_key"]) for one in clauses] == [
        ("Does it hurt?", "faq/does-it-hurt")
    ]
    assert "clauses" not in message.as_dict(only_output_properties=True)


def test_what_is_urgent_is_all_there_is_to_a_message(talk):
    message = talk.parse("how long is the downtime? I can't breathe. does it hurt?")

    assert message.get("intent")["name"] == "emergency"
    assert not message.get("questions")


def test_a_follow_up_says_what_it_was_understood_as(talk):
    message = said_after(talk, "how long does that last?", "faq/numbing")

    assert label_of(message) == "faq/numbing"
    assert message.get("understood_as") == "how long does the numbing cream last?"


@pytest.mark.parametrize("text", ["tell me more", "why?"])
def test_more_and_why_go_on_from_the_last_answer(talk, text):
    message = said_after(talk, text, "faq/does-it-hurt")

    assert label_of(message) == "faq/numbing"
    assert message.get("understood_as") == "faq/numbing"


def test_more_than_all_is_not_to_be_told(talk):
    more = said_after(talk, "tell me more", "faq/numbing", "faq/does-it-hurt")
    why = said_after(talk, "why?", "faq/numbing")

    assert more.get("intent")["name"] == "all_told"
    assert why.get("intent")["name"] == "all_told"


def test_without_an_answer_before_more_and_why_stay_what_they_are(talk):
    assert said_after(talk, "tell me more").get("intent")["name"] == "ask_more"
    assert talk.parse("why is that").get("intent")["name"] == "ask_why"


def test_a_new_question_leaves_the_last_answer(talk):
    message = said_after(talk, "how long is the downtime?", "faq/numbing")

    assert label_of(message) == "faq/downtime"
    assert message.get("understood_as") is None


def test_what_is_read_into_a_message_survives_loading(talk):
    again = talk.reloaded()

    questions = again.parse("does it hurt and how long is the downtime?").get("questions")
    assert [question["text"] for question in questions] == [
        "does it hurt",
        "how long is the downtime?",
    ]
    assert label_of(said_after(again, "why?", "faq/does-it-hurt")) == "faq/numbing"
