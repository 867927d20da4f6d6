"""Asks models everything that their FAQs must not lose: what decides whether a model goes live.

Beside the questions of sets, that is what staff settled in the inbox, and each FAQ's own title and
phrasings. Messages are parsed many at a time, shared out among the cores, with the gate on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Text, Tuple

from nlu.evaluation.labels import EMERGENCY, FALLBACK, FAQ, ORDINARY, is_faq, meets
from nlu.evaluation.outcomes import Parsed, read_parse
from nlu.evaluation.questions import Alternatives, Dialogue, Sets
from nlu.evaluation.understanding import Understanding, parses_together
from nlu.processes import WORKERS, share_out
from nlu.train import FAQ_PREFIX

CLARIFIED = "clarified"
DECLINED = "declined"
# Messages parsed together: more take memory, for no less time.
TOGETHER = 100
# As dialogue decides (actions/clarification.py): from which share of the clarifying bar it asks
# "did you mean".
FLOOR_SHARE = 0.5
KINDS = {
    EMERGENCY: "emergency",
    ORDINARY: "ordinary",
    "out_of_scope": "out_of_scope",
    "medical": "medical",
    "ask_price": "price",
}
# Of these it is as good to be told that nothing is known, and no harm to be asked back.
MAY_BE_DECLINED = ("out_of_scope", "medical", "price")

Key = Tuple[Text, Text, Text]


class Row(NamedTuple):
    """What a model made of a question; see faq.gate.Judged, whose fields these are."""

    text: Text
    kind: Text
    wanted: Text
    got: Text
    right: bool
    nearest: Text = ""

    @property
    def key(self) -> Key:
        return self.kind, self.text, self.wanted


@dataclass(frozen=True)
class Query:
    """A message that is said first in a conversation, and the answers it should get, in order."""

    kind: Text
    text: Text
    answers: Tuple[Alternatives, ...]

    @property
    def wanted(self) -> Text:
        return ", ".join(" or ".join(labels) for labels in self.answers)

    @property
    def key(self) -> Key:
        return self.kind, self.text, self.wanted


@dataclass(frozen=True)
class Asked:
    """All that models are asked. `own` are the FAQs' titles and phrasings."""

    queries: Tuple[Query, ...]
    dialogues: Tuple[Dialogue, ...]
    own: Tuple[Query, ...] = ()


def queries_of(sets: Sets, settled: Iterable[Tuple[Text, Text]]) -> Asked:
    """What sets ask (those that are held out stay unseen) and what was settled, nothing twice."""
    found = [
        Query(kind_of(one.expected), one.text, ((one.expected,),))
        for one in sets.questions
        if not one.set.held_out
    ]
    found += [
        Query("several", one.text, one.answers) for one in sets.several if not one.set.held_out
    ]
    found += [Query("settled", text, ((FAQ_PREFIX + slug,),)) for text, slug in settled]
    dialogues = {one.turns: one for one in sets.dialogues if not one.set.held_out}
    return Asked(tuple(dict.fromkeys(found)), tuple(dialogues.values()))


def kind_of(label: Text) -> Text:
    """Which kind of question expects a label."""
    return FAQ if is_faq(label) else KINDS.get(label, "conversation")


def own_words(nlu_data: Any) -> List[Query]:
    """Each FAQ's title and phrasings, the FAQs in alphabetical order."""
    titles: Dict[Text, Text] = {}
    phrasings: List[Query] = []
    for message in nlu_data.intent_examples:
        label = message.get_full_intent()
        if is_faq(label) and message.get("text"):
            title = ((message.get("metadata") or {}).get("intent") or {}).get("title")
            if title:
                titles.setdefault(label, str(title))
            phrasings.append(Query("phrasing", message.get("text"), ((label,),)))
    found = [Query("title", title, ((label,),)) for label, title in titles.items()]
    return sorted(
        dict.fromkeys(found + phrasings), key=lambda one: (one.wanted, one.kind, one.text)
    )


def judge(query: Query, parse_data: Dict[Text, Any], titles: Dict[Text, Text]) -> Row:
    """What became of a message that was said first."""
    parsed = read_parse(parse_data)
    got = got_labels(parsed, parse_data, titles)
    right = _is_right(query, parsed, got)
    wanted = {label for labels in query.answers for label in labels}
    nearest = "" if right else nearest_beside(parse_data, wanted)
    return Row(query.text, query.kind, query.wanted, ", ".join(got), right, nearest)


def _is_right(query: Query, parsed: Parsed, got: Sequence[Text]) -> bool:
    if query.kind == "several":
        return len(got) == len(query.answers) and all(map(meets, parsed.labels, query.answers))
    expected = query.answers[0]
    if EMERGENCY in expected:
        return parsed.label == EMERGENCY  # the dialogue goes by the message's own
    declined_well = query.kind in MAY_BE_DECLINED and list(got) in ([DECLINED], [CLARIFIED])
    return declined_well or all(meets(label, expected) for label in parsed.labels)


def got_labels(parsed: Parsed, parse_data: Dict[Text, Any], titles: Dict[Text, Text]) -> List[Text]:
    """The labels of a message's questions, with what dialogue does below the gate."""
    alone = len(parsed.labels) == 1
    below = CLARIFIED if alone and asks_back(parse_data, titles) else DECLINED
    return [below if label == FALLBACK else label for label in parsed.labels]


def asks_back(parse_data: Dict[Text, Any], titles: Dict[Text, Text]) -> bool:
    """Whether the dialogue would offer FAQs to choose from, were the message not understood."""
    bar = (parse_data.get("gate") or {}).get("clarify")
    ranking = _faq_ranking(parse_data)
    if bar is None or not ranking or ranking[0]["intent_response_key"] not in titles:
        return False
    best = ranking[0]["confidence"]
    others = [
        one["confidence"]
        for one in parse_data.get("intent_ranking") or []
        if one["name"] not in (FALLBACK, FAQ)
    ]
    return bool(best >= FLOOR_SHARE * bar and best >= max(others, default=0.0))


def nearest_beside(parse_data: Dict[Text, Any], wanted: Set[Text]) -> Text:
    """The FAQ that came closest, beside those wanted."""
    ranked = (one["intent_response_key"] for one in _faq_ranking(parse_data))
    return next((label for label in ranked if label not in wanted), "")


def _faq_ranking(parse_data: Dict[Text, Any]) -> List[Dict[Text, Any]]:
    selected = (parse_data.get("response_selector") or {}).get(FAQ) or {}
    ranking: List[Dict[Text, Any]] = selected.get("ranking") or []
    return ranking


def queries_of_turns(dialogue: Dialogue) -> List[Query]:
    """A dialogue's turns, each with all that was said up to it as its text."""
    said = [turn.user for turn in dialogue.turns]
    return [
        Query("follow_up", " / ".join(said[: number + 1]), (turn.expects,))
        for number, turn in enumerate(dialogue.turns)
    ]


class Trier:
    """Asks a model, with the embeddings of earlier trials at hand.

    `cache` names the file that they are kept in, beside the encoder; `keep` writes it.
    """

    def __init__(self, understanding: Understanding, cache: Text) -> None:
        self._understanding = understanding
        self._cache = understanding.remember_embeddings(cache)
        self._titles = understanding.titles()

    def keep(self) -> None:
        """Keeps the embeddings for the next trial."""
        if self._cache is not None:
            self._cache.keep()

    def ask(self, queries: Sequence[Query], dialogues: Sequence[Dialogue]) -> List[Row]:
        """Rows in the order given, those of the dialogues' turns last."""
        # Long messages take longest: dealt out in turn, each process gets its share of them.
        by_length = sorted(range(len(queries)), key=lambda i: len(queries[i].text))
        shares = [([queries[i] for i in part], []) for part in _dealt(by_length)]
        for share, part in zip(shares, _dealt(list(dialogues)), strict=True):
            share[1].extend(part)
        found = share_out(self._ask_share, shares)
        rows: List[Optional[Row]] = [None] * len(queries)
        turns: List[List[Row]] = [[] for _ in dialogues]
        for number, (of_queries, of_dialogues, vectors) in enumerate(found):
            for i, row in zip(by_length[number :: len(shares)], of_queries, strict=True):
                rows[i] = row
            turns[number :: len(shares)] = of_dialogues
            if self._cache is not None:
                self._cache.add(vectors)
        return [*(row for row in rows if row is not None), *(row for of in turns for row in of)]

    def _ask_share(self, share: Tuple[List[Query], List[Dialogue]]) -> Tuple[Any, Any, Any]:
        queries, dialogues = share
        rows = []
        for together in _parts(queries, TOGETHER):
            parses = self._understanding.parse_all([one.text for one in together])
            rows += [
                judge(query, parse, self._titles)
                for query, parse in zip(together, parses, strict=True)
            ]
        turns = []
        for some in _parts(dialogues, TOGETHER):
            turns += self._replay(some)
        return rows, turns, self._cache.found_anew if self._cache is not None else {}

    def _replay(self, dialogues: Sequence[Dialogue]) -> List[List[Row]]:
        asked = self._understanding
        parses = parses_together(dialogues, asked.parse_each, asked.domain)
        return [
            [
                judge(query, parse, self._titles)
                for query, parse in zip(queries_of_turns(dialogue), of_turns, strict=True)
            ]
            for dialogue, of_turns in zip(dialogues, parses, strict=True)
        ]

    def understood_whole(self, queries: Sequence[Query]) -> List[Optional[Text]]:
        """The label that each message as a whole is understood as; None below the gate.

        Quicker than asking: neither clauses nor other readings are looked at.
        """
        parts = _dealt(list(queries))
        work = self._understanding.understood_whole
        found = share_out(lambda part: work([one.text for one in part]), parts)
        labels: List[Optional[Text]] = [None] * len(queries)
        for number, of_part in enumerate(found):
            labels[number :: len(parts)] = of_part
        return labels


def _parts(given: Sequence[Any], size: int) -> List[Sequence[Any]]:
    return [given[start : start + size] for start in range(0, len(given), size)]


def _dealt(given: List[Any]) -> List[List[Any]]:
    return [given[number::WORKERS] for number in range(WORKERS)]
