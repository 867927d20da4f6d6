"""Proposes how else a message can be read: clause by clause, and in the light of what was said."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.clauses import Clause, clauses_of
from nlu.context import (
    MEMORY,
    Answered,
    Mention,
    choices_offered,
    labels_told,
    last_answered,
    mentions_in,
)
from nlu.follow_ups import Candidate, Row, Topic, candidates, is_bare
from nlu.offers import chosen
from nlu.ranking import within_intent
from nlu.spacy_text import SENTENCES, SpacyText

READINGS = "readings"
ANSWERS_FILE = "answers.json"
# Words of a label that make no noun: "does-it-hurt" is about what hurts.
NO_NOUNS = set("a after an does for how is it many me of the to what when who why will".split())
SHORTEST_LEFT = 2
# More readings than these cost more time than they are worth.
MOST_READINGS = 20
# "is it safe and painless", "will it leave scars or thin my skin": what stands after the "and"
# takes the place of as many words before it, or of one or two more or fewer.
_PAIR_AT_END = re.compile(
    r"^(?P<left>.+?)\s+(?:and|&|\+)\s+(?P<right>[\w' -]+?)"
    r"(?:\s+(?:please|pls|both|too|as well))*\W*$",
    re.IGNORECASE,
)
_REFERRING = re.compile(r"\b(?:it|its|it's|that|this)\b", re.IGNORECASE)
# What a message said first points to all of: "can it help with those?"
_POINTING = re.compile(
    r"\b(?:these|those|them|either|both|the two|all (?:of )?(?:that|this|it))\b", re.IGNORECASE
)
_JOINING = re.compile(r"\b(?:and|or|plus|also)\b|[&+/]", re.IGNORECASE)
_OPENING = re.compile(r"\W*(?P<opening>\w+(?: [\w']+){1,5})\s*[,.:!?-]+\s*\S")
# "They" and "which one" are of the question before; "it" is mostly the treatment.
_LEANING = re.compile(r"\b(?:they|them|those|these|each|which ones?|both)\b", re.IGNORECASE)
LONGEST_RIGHT = 4
MOST_REPLACED = 3
_LOOSE_ENDS = re.compile(
    r"(?:\s*(?:,|\band\b|\bor\b|&)\s*)+(?=[,.;?!]|$|\s*(?:,|\band\b|\bor\b))", re.IGNORECASE
)


class Unit(NamedTuple):
    """One clause that asks, with the statements around it: `im 52 with acne scars, | is it safe`.

    `conditional`: what is said around it may decide the answer, such as an illness. `leans`: it
    cannot do without the question before it, as in "and what are they called", and `refers`: it may
    be about that, as with "it". `points`: it points to several things said around it, each of which
    `things` puts with it.
    """

    text: Text
    context: Text = ""
    keyword: bool = False
    conditional: bool = False
    leans: bool = False
    refers: bool = False
    points: bool = False
    things: Sequence[Sequence[Text]] = ()

    @property
    def whole(self) -> Text:
        return f"{self.context} {self.text}".strip()


def both(one: Unit, next_one: Unit) -> Text:
    """Two neighbours read as one question."""
    return f"{one.text} {next_one.whole}"


class Readings(NamedTuple):
    """What a message may be made of; each text in it is scored by the classifier.

    `variants` holds, for each unit, what it stands for when it speaks of several things at once:
    "does it help with scars and pores" asks about scars, and about pores. Of the forms that each of
    these may take, the one that is understood best counts.
    """

    units: List[Unit]
    variants: List[List[List[Text]]]
    statements: List[Text]
    # an "and" or "or" stands in it
    joined: bool = False
    # what stands before the first comma or full stop, where more follows
    opening: Text = ""
    follow_ups: Sequence[Candidate] = ()
    # by intent (`ask_more`), the label it comes down to after the last answer, None for none
    continuations: Mapping[Text, Optional[Text]] = MappingProxyType({})

    def texts(self) -> List[Text]:
        """Every text to be scored, without repetition."""
        wanted = [text for unit in self.units for text in (unit.text, unit.whole)]
        wanted += [both(*pair) for pair in zip(self.units, self.units[1:], strict=False)]
        wanted += [form for of_unit in self.variants for forms in of_unit for form in forms]
        wanted += [form for unit in self.units for forms in unit.things for form in forms]
        others = [*self.statements, *([self.opening] if self.opening else [])]
        return list(dict.fromkeys([*wanted, *others]))[:MOST_READINGS]

    def all_texts(self) -> List[Text]:
        """The parts, and what the message may mean after what was said before."""
        return [*self.texts(), *(candidate.text for candidate in self.follow_ups)]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AlternativeReadings(GraphComponent, IntentClassifier):
    """Adds the other readings of a message, for SentenceFeatures to encode and JointClassifier to
    score: its clauses one by one, the things it asks about one by one, and, where the conversation
    is known, what it means after the last answer. A typed answer to "did you mean" becomes the
    choice that it names.
    """

    @classmethod
    def required_components(cls) -> List[type]:
        return [SpacyText]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            # the retrieval intent whose answers a follow-up can be about
            "retrieval_intent": "faq",
            # other intents that a follow-up can go on with: "are you open sunday?", "and monday?"
            "also": [],
            # the intents of "tell me more" and "why?"
            "more": "ask_more",
            "why": "ask_why",
            # what "for how long?" is about, where the last answer's FAQ states no topic
            "general_topic": "the results",
            # entities of which one message may ask about several
            "asked_about": ["concern", "condition"],
            # what everything is about, as a regular expression: no keyword of its own
            "subject": "",
            # entities that, said beside a question, may decide its answer
            "deciding": ["condition"],
            # the response that offers close answers as choices
            "offering": "utter_did_you_mean",
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        answers: Dict[Text, Answer],
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._answers = answers

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> AlternativeReadings:
        return cls(config, model_storage, resource, {})

    def train(self, training_data: TrainingData) -> Resource:
        self._answers = answers_of(training_data, self._config["retrieval_intent"])
        self.persist()
        return self._resource

    def persist(self) -> None:
        with self._model_storage.write_to(self._resource) as directory:
            described = {label: answer._asdict() for label, answer in self._answers.items()}
            (directory / ANSWERS_FILE).write_text(json.dumps(described), encoding="utf-8")

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> AlternativeReadings:
        with model_storage.read_from(resource) as directory:
            described = json.loads((directory / ANSWERS_FILE).read_text(encoding="utf-8"))
        answers = {label: Answer(**of_label) for label, of_label in described.items()}
        return cls(config, model_storage, resource, answers)

    def process(
        self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None
    ) -> List[Message]:
        offered = choices_offered(tracker, self._config["offering"])
        intents = [self._config["retrieval_intent"], *self._config["also"]]
        answered = last_answered(tracker, intents)
        told = labels_told(tracker, self._config["retrieval_intent"])
        for message in messages:
            text = message.get(TEXT)
            if not text or (message.get(METADATA) or {}).get("choice"):
                continue
            choice = chosen(text, offered)
            if choice:
                label = choice.label or DEFAULT_NLU_FALLBACK_INTENT_NAME
                message.set(
                    METADATA, {**(message.get(METADATA) or {}), "choice": {"intent": label}}
                )
                continue
            readings = self._readings(message, answered, told)
            if readings:
                message.set(READINGS, readings)
        return messages

    def _row(self, told: Sequence[Text]) -> Row:
        """What one of the answers told lists, and where in it the last answer stands."""
        recent = [label for label in told[:MEMORY] if label in self._answers]
        lists = (self._answers[label].lists for label in recent)
        listed = next(filter(None, lists), [])
        nouns = [self._answers[label].topic for label in listed]
        return Row(nouns, listed.index(told[0]) if told and told[0] in listed else None)

    def _readings(
        self, message: Message, answered: Optional[Answered], told: Sequence[Text]
    ) -> Optional[Readings]:
        mentions = mentions_in(message.get(TEXT), message.get(ENTITIES, []))
        asked_about = [m for m in mentions if m.entity in self._config["asked_about"]]
        deciding = [m for m in mentions if m.entity in self._config["deciding"]]
        sentences = message.get(SENTENCES) or []
        readings = readings_of(sentences, asked_about, deciding, self._config["subject"])
        if answered is None:
            return readings
        about = self._answers.get(answered.label, NOTHING_KNOWN)
        general = self._config["general_topic"]
        topic = Topic(about.topic, about.topic_stated)
        return (readings or Readings([], [], []))._replace(
            follow_ups=candidates(
                message.get(TEXT), mentions, answered, topic, general, self._row(told)
            ),
            continuations={
                self._config["more"]: next((n for n in about.following if n not in told), None),
                self._config["why"]: about.why,
            },
        )


class Answer(NamedTuple):
    """What a FAQ's metadata, or failing that its label and source, says of it.

    `topic`: what it is about, as a noun; `why`: the label that gives its reason; `following`: the
    labels to go on with, the best first; `lists`: the labels of what it lists, in order.
    """

    topic: Text
    topic_stated: bool
    why: Optional[Text]
    following: Sequence[Text]
    lists: Sequence[Text] = ()


NOTHING_KNOWN = Answer("", False, None, [])


def answers_of(training_data: TrainingData, retrieval_intent: Text) -> Dict[Text, Answer]:
    """What follow-ups need to know of each answer."""
    about: Dict[Text, Dict[Text, Any]] = {}
    for example in training_data.intent_examples:
        if example.get(INTENT) == retrieval_intent:
            metadata = (example.get(METADATA) or {}).get("intent") or {}
            about.setdefault(example.get_full_intent(), metadata)
    known = {within_intent(label): label for label in about}
    return {label: _answer(label, about, known) for label in about}


def _answer(label: Text, about: Dict[Text, Dict[Text, Any]], known: Dict[Text, Text]) -> Answer:
    metadata = about[label]
    stated = [known[slug] for slug in metadata.get("next") or [] if slug in known]
    beside = [other for other in _closest(label, about) if other not in stated]
    topic = metadata.get("topic")
    return Answer(
        topic or noun_of(label),
        bool(topic),
        known.get(metadata.get("why", "")),
        stated + beside,
        [known[slug] for slug in metadata.get("lists") or [] if slug in known],
    )


def _closest(label: Text, about: Dict[Text, Dict[Text, Any]]) -> List[Text]:
    """The labels that rest on the same article, those of the same section first."""
    source = str(about[label].get("source") or "")
    article = source.split("#")[0]
    sources = {other: str(metadata.get("source") or "") for other, metadata in about.items()}
    near = [o for o, at in sources.items() if article and o != label and at.startswith(article)]
    return sorted(near, key=lambda other: sources[other] != source)


def noun_of(label: Text) -> Text:
    """`faq/redness-and-swelling` -> `redness and swelling`."""
    words = re.split(r"[-_\s]+", within_intent(label))
    return " ".join(word for word in words if word not in NO_NOUNS)


def readings_of(
    sentences: Sequence[Text],
    asked_about: Sequence[Mention],
    deciding: Sequence[Mention],
    subject: Text = "",
) -> Optional[Readings]:
    """How a message can be read beside as a whole; None when there is no other way.

    Args:
        sentences: the message's sentences.
        asked_about: what it mentions of which one may ask about several.
        deciding: what it mentions that may decide an answer.
        subject: regular expression of a keyword that asks nothing, as everything is about it.
    """
    clauses = [c for c in clauses_of(sentences) if not (c.keyword and _names(subject, c.text))]
    units = [_marked(unit, deciding) for unit in _units(clauses)]
    variants = [_variants(unit, asked_about) for unit in units]
    statements = [clause.text for clause in clauses if not clause.asks]
    joined = any(_JOINING.search(sentence) for sentence in sentences)
    opening = _opening(" ".join(sentences))
    if len(clauses) < 2 and not any(variants) and not joined and not opening:
        return None
    return Readings(units, variants, statements, joined, opening)


def leans(text: Text) -> bool:
    """Whether a clause cannot do without the one before it: "and for how long"."""
    return bool(_LEANING.search(text) or is_bare(text))


def _opening(text: Text) -> Text:
    found = _OPENING.match(text)
    return found.group("opening") if found else ""


def _names(subject: Text, text: Text) -> bool:
    return bool(subject and re.fullmatch(rf"\W*(?:{subject})\W*", text, re.IGNORECASE))


def _units(clauses: Sequence[Clause]) -> List[Unit]:
    """Each asking clause with the statements before it; the last one takes those after it, too."""
    units: List[Unit] = []
    context: List[Text] = []
    for clause in clauses:
        if clause.asks:
            units.append(_unit(clause, context, bool(units)))
            context = []
        else:
            context.append(clause.text)
    if units and context:
        last = units[-1]
        units[-1] = last._replace(context=" ".join([last.context, *context]).strip())
    return units


def _unit(clause: Clause, context: Sequence[Text], goes_on: bool) -> Unit:
    things = [[thing, f"{thing} {clause.text}"] for thing in context] if len(context) > 1 else []
    return Unit(
        clause.text,
        " ".join(context),
        clause.keyword,
        leans=goes_on and not context and leans(clause.text),
        refers=bool(_REFERRING.search(clause.text)),
        points=bool(context) and bool(_POINTING.search(clause.text)),
        things=things,
    )


def _marked(unit: Unit, deciding: Sequence[Mention]) -> Unit:
    return unit._replace(conditional=any(mention.text in unit.context for mention in deciding))


def _variants(unit: Unit, mentions: Sequence[Mention]) -> List[List[Text]]:
    """For each thing that the unit asks about its text, in one form or several; none for one."""
    surfaces: Dict[Text, Text] = {}
    for mention in mentions:
        if re.search(rf"(?<!\w){re.escape(mention.text)}(?!\w)", unit.whole):
            surfaces.setdefault(mention.value, mention.text)
    if len(surfaces) > 1:
        each = list(surfaces.values())
        return [[_only(unit.whole, kept, each)] for kept in each]
    return _pair_variants(unit.text)


def _pair_variants(text: Text) -> List[List[Text]]:
    """`is it safe and painless` -> `is it safe`, and `is it painless` in one of its forms."""
    pair = _PAIR_AT_END.match(text)
    if pair is None:
        return []
    left, right = pair.group("left").split(), pair.group("right").split()
    if len(left) < SHORTEST_LEFT or len(right) > LONGEST_RIGHT:
        return []
    most = min(MOST_REPLACED, len(left) - 1)
    forms = [" ".join([*left[: len(left) - count], *right]) for count in range(1, most + 1)]
    return [[" ".join(left)], forms]


def _only(text: Text, kept: Text, mentioned: Sequence[Text]) -> Text:
    for surface in mentioned:
        if surface != kept:
            text = re.sub(rf"(?<!\w){re.escape(surface)}(?!\w)", "", text)
    return re.sub(r"\s+", " ", _LOOSE_ENDS.sub(" ", text)).strip(" ,")
