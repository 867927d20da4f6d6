"""A trained model's NLU graph, asked as the running server asks it."""

from __future__ import annotations

import inspect
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Text

from nlu.evaluation.labels import FALLBACK, base_intent, own_label
from nlu.evaluation.outcomes import (
    Answers,
    Asked,
    AskedSeveral,
    Parsed,
    Replayed,
    part_label,
    read_parse,
)
from nlu.evaluation.questions import BadQuestions, Dialogue, Sets
from nlu.parse_data import QUESTIONS

if TYPE_CHECKING:
    # Rasa is imported after `nlu.train.prepare_rasa`.
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import Event
    from rasa.shared.core.trackers import DialogueStateTracker

    from nlu.embedding_cache import EmbeddingCache
    from nlu.train import Graph

    Parse = Callable[[Text, DialogueStateTracker], Dict[Text, Any]]
    ParseEach = Callable[[Sequence[Text], Sequence[DialogueStateTracker]], List[Dict[Text, Any]]]

Told = Callable[[Text], None]
# Texts scored together: a thousand against ten thousand examples are 40 MB.
TOGETHER = 1000


class Understanding:
    """The NLU graph of a model, loaded as Rasa's agent loads it."""

    def __init__(self, runner: Any, target: Text, domain: Domain) -> None:
        self._runner = runner
        self._target = target
        self.domain = domain

    @classmethod
    def load(cls, model: Path, scratch: Path) -> Understanding:
        """Unpacks a model into the empty folder `scratch`.

        Raises:
            BadQuestions: there is no such model, it has no NLU, or is of other components.
        """
        from rasa.engine.exceptions import GraphComponentException
        from rasa.engine.loader import load_predict_graph_runner
        from rasa.engine.runner.dask import DaskGraphRunner
        from rasa.engine.storage.local_model_storage import LocalModelStorage
        from rasa.shared.exceptions import RasaException

        if not model.is_file():
            raise BadQuestions(f"there is no model {model}")
        try:
            metadata, runner = load_predict_graph_runner(
                scratch, model, LocalModelStorage, DaskGraphRunner
            )
        except (RasaException, GraphComponentException, tarfile.TarError) as error:
            reason = error.__cause__ or error
            raise BadQuestions(f"{model.name} can't be loaded ({reason}): train again") from error
        if metadata.nlu_target is None:
            raise BadQuestions(f"{model.name} was trained without NLU data")
        return cls(runner, metadata.nlu_target, metadata.domain)

    @classmethod
    def of_trained(cls, graph: Graph) -> Understanding:
        """Of components that were trained just now and are not packed into a model yet.

        Raises:
            BadQuestions: they were trained without NLU data.
        """
        from rasa.engine.graph import ExecutionContext
        from rasa.engine.runner.dask import DaskGraphRunner

        schema, target = graph.schemas.predict_schema, graph.schemas.nlu_target
        if target is None:
            raise BadQuestions("the model was trained without NLU data")
        # Neither policies nor the domain, which they read from its file, are asked for anything.
        schema = schema.minimal_graph_schema(targets=[target])
        runner = DaskGraphRunner.create(schema, graph.storage, ExecutionContext(schema))
        return cls(runner, target, graph.domain)

    def parse(self, text: Text, tracker: Optional[DialogueStateTracker] = None) -> Dict[Text, Any]:
        """Parse data of a message, said in a conversation; without one, said first."""
        return self.parse_all([text], tracker)[0]

    def parse_all(
        self, texts: Sequence[Text], tracker: Optional[DialogueStateTracker] = None
    ) -> List[Dict[Text, Any]]:
        """Parse data of messages that all stand at the same point of a conversation."""
        from rasa.core.channels.channel import UserMessage
        from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER

        inputs = {
            PLACEHOLDER_MESSAGE: [UserMessage(text) for text in texts],
            PLACEHOLDER_TRACKER: tracker or conversation(self.domain),
        }
        messages = self._runner.run(inputs=inputs, targets=[self._target])[self._target]
        return [message.as_dict(only_output_properties=True) for message in messages]

    def parse_each(
        self, texts: Sequence[Text], trackers: Sequence[DialogueStateTracker]
    ) -> List[Dict[Text, Any]]:
        """Parse data of messages that each stand in a conversation of their own.

        As the graph does it, but for components that look at the conversation: they get one message
        at a time, all others all of them.
        """
        from rasa.core.channels.channel import UserMessage

        converter, *components = self._steps()
        messages = converter([UserMessage(text) for text in texts])
        for process in components:
            if "tracker" in inspect.signature(process).parameters:
                for number, tracker in enumerate(trackers):
                    [messages[number]] = process([messages[number]], tracker=tracker)
            else:
                messages = process(messages)
        return [message.as_dict(only_output_properties=True) for message in messages]

    def _steps(self) -> List[Callable[..., Any]]:
        """What the graph calls for a message, one after the other."""
        nodes, steps, name = self._runner._instantiated_nodes, [], self._target
        while name is not None:
            node = nodes[name]
            steps.append(getattr(node._component, node._fn_name))
            name = next((before for before in node._inputs.values() if before in nodes), None)
        return steps[::-1]

    def remember_embeddings(self, name: Text) -> Optional[EmbeddingCache]:
        """Takes embeddings from a cache in a file of this name, and adds to it; None where the
        pipeline has none.
        """
        featurizer = self._component("SentenceFeatures")
        if featurizer is None:
            return None
        cache: EmbeddingCache = featurizer.cache_beside_encoder(name, at_once=False)
        featurizer.remember(cache)
        return cache

    def understood_whole(self, texts: Sequence[Text]) -> List[Optional[Text]]:
        """The label that passes the gate for each text as a whole, no other reading looked at."""
        featurizer = self._component("SentenceFeatures")
        classifier = self._component("JointClassifier")
        if featurizer is None or classifier is None:
            return [None] * len(texts)
        found: List[Optional[Text]] = []
        for start in range(0, len(texts), TOGETHER):
            together = texts[start : start + TOGETHER]
            found += classifier.labels_of(*featurizer.encoded(together))
        return found

    def _component(self, name: Text) -> Any:
        """The graph's component of a class; None when it has none."""
        nodes = self._runner._instantiated_nodes.values()
        components = (node._component for node in nodes)
        return next((one for one in components if type(one).__name__ == name), None)

    def gate(self) -> Dict[Text, Any]:
        """The gate's thresholds as stored in the model."""
        gate: Dict[Text, Any] = self.parse("hello").get("gate", {})
        return gate

    def labels(self) -> List[Text]:
        """Intents, and the full labels that have a response."""
        responses = [name[len("utter_") :] for name in self.domain.responses]
        return sorted({*self.domain.intents, *(name for name in responses if "/" in name)})

    def titles(self) -> Dict[Text, Text]:
        """Titles of the FAQs, by label."""
        customs = {
            name[len("utter_") :]: (variations[0].get("custom") or {})
            for name, variations in self.domain.responses.items()
            if "/" in name and variations
        }
        return {label: custom["title"] for label, custom in customs.items() if "title" in custom}


def ask(sets: Sets, understanding: Understanding, tell: Told = lambda line: None) -> Answers:
    """Asks everything one by one, which is how the server gets it."""

    def parsed(text: Text) -> Parsed:
        started = time.perf_counter()
        parse_data = understanding.parse(text)
        return read_parse(parse_data, 1000 * (time.perf_counter() - started))

    tell(f"asking {len(sets.questions)} questions")
    questions = [Asked(one, parsed(one.text)) for one in sets.questions]
    if sets.several:
        tell(f"asking {len(sets.several)} messages that may ask several things")
    several = [AskedSeveral(one, parsed(one.text)) for one in sets.several]
    if sets.dialogues:
        tell(f"replaying {len(sets.dialogues)} dialogues")
    replayed = [replay(one, understanding.parse, understanding.domain) for one in sets.dialogues]
    return Answers(questions, several, replayed)


def conversation(domain: Domain) -> DialogueStateTracker:
    """A conversation that has just begun, with the events that the server begins it with."""
    from rasa.shared.core.events import ActionExecuted, SessionStarted
    from rasa.shared.core.trackers import DialogueStateTracker

    opening = [ActionExecuted("action_session_start"), SessionStarted(), _listen()]
    return DialogueStateTracker.from_events("evaluation", opening, domain.slots, domain=domain)


def replay(dialogue: Dialogue, parse: Parse, domain: Domain) -> Replayed:
    """Parses each turn after what was said and answered before it."""
    times: List[float] = []

    def timed(text: Text, tracker: DialogueStateTracker) -> Dict[Text, Any]:
        started = time.perf_counter()
        parse_data = parse(text, tracker)
        times.append(1000 * (time.perf_counter() - started))
        return parse_data

    parses = parses_of(dialogue, timed, domain)
    return Replayed(dialogue, tuple(map(read_parse, parses, times)))


def parses_of(dialogue: Dialogue, parse: Parse, domain: Domain) -> List[Dict[Text, Any]]:
    """Parse data of each turn, said after what was said and answered before it."""
    tracker = conversation(domain)
    parses: List[Dict[Text, Any]] = []
    for turn in dialogue.turns:
        parses.append(parse(turn.user, tracker))
        _go_on(tracker, turn.user, parses[-1], domain)
    return parses


def parses_together(
    dialogues: Sequence[Dialogue], parse_each: ParseEach, domain: Domain
) -> List[List[Dict[Text, Any]]]:
    """As `parses_of` for each dialogue: all their first turns at once, then all second ones ..."""
    trackers = [conversation(domain) for _ in dialogues]
    parses: List[List[Dict[Text, Any]]] = [[] for _ in dialogues]
    for number in range(max((len(one.turns) for one in dialogues), default=0)):
        going_on = [i for i, one in enumerate(dialogues) if number < len(one.turns)]
        texts = [dialogues[i].turns[number].user for i in going_on]
        found = parse_each(texts, [trackers[i] for i in going_on])
        for i, text, parse_data in zip(going_on, texts, found, strict=True):
            parses[i].append(parse_data)
            _go_on(trackers[i], text, parse_data, domain)
    return parses


def _go_on(
    tracker: DialogueStateTracker, text: Text, parse_data: Dict[Text, Any], domain: Domain
) -> None:
    for event in [_said(text, parse_data), *answer(parse_data, domain), _listen()]:
        tracker.update(event, domain)


def _listen() -> Event:
    from rasa.shared.core.events import ActionExecuted

    return ActionExecuted("action_listen")


def _said(text: Text, parse_data: Dict[Text, Any]) -> Event:
    """The message as the server stores it: a retrieval intent is named in full, too."""
    from rasa.shared.core.events import UserUttered

    stored = {**parse_data, "intent": {**parse_data["intent"]}}
    label = own_label(parse_data)
    if "/" in label:
        stored["intent"]["full_retrieval_intent_name"] = label
    entities = stored.get("entities") or []
    return UserUttered(
        text, stored["intent"], entities, stored, metadata=stored.get("metadata") or {}
    )


def answer(parse_data: Dict[Text, Any], domain: Domain) -> List[Event]:
    """What is said to the visitor then: each question's response. No policy is asked."""
    from rasa.shared.core.events import ActionExecuted, BotUttered

    parts = [part_label(part) for part in parse_data.get(QUESTIONS) or []]
    events: List[Event] = []
    for label in parts or [own_label(parse_data)]:
        known = label != FALLBACK
        action = f"utter_{base_intent(label)}" if known else "action_not_understood"
        utterance = f"utter_{label}" if known else "utter_not_understood"
        variations = domain.responses.get(utterance) or [{}]
        said = variations[0]
        data = {"buttons": said.get("buttons"), "custom": said.get("custom")}
        events.append(ActionExecuted(action))
        events.append(BotUttered(said.get("text"), data, {"utter_action": utterance}))
    return events
