"""Labels with their confidence, the best first."""

from __future__ import annotations

from typing import NamedTuple, Sequence, Text

RETRIEVAL_DELIMITER = "/"


class Ranked(NamedTuple):
    """A label with its confidence (0 to 1)."""

    label: Text
    confidence: float


Ranking = Sequence[Ranked]


def base_intent(label: Text) -> Text:
    """`faq/downtime` -> `faq`."""
    return label.split(RETRIEVAL_DELIMITER, 1)[0]


def within_intent(label: Text) -> Text:
    """`faq/downtime` -> `downtime`; a label that is no retrieval intent's stays as it is."""
    return label.split(RETRIEVAL_DELIMITER, 1)[-1]


def put_first(ranked: Ranked, ranking: Ranking) -> Ranking:
    """The ranking with one of its labels at its head."""
    return [ranked, *(other for other in ranking if other != ranked)]
