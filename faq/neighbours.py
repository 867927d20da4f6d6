"""What is near a FAQ that is being written: other FAQs, and its own phrasings among each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faq.library import read_faqs
from faq.meaning import Meanings
from faq.writing import Draft

NEAREST = 3
# Cosines from which another FAQ is worth a look, and from which one's own phrasings add nothing.
WORTH_A_LOOK = 0.6
NEAR, VERY_NEAR = 0.75, 0.88
ADDS_NOTHING = 0.96


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another FAQ, with the two phrasings that are most alike."""

    slug: str
    title: str
    likeness: float
    own: str
    theirs: str

    @property
    def in_words(self) -> str:
        if self.likeness >= VERY_NEAR:
            return "very near"
        return "near" if self.likeness >= NEAR else "some way off"


@dataclass(frozen=True, slots=True)
class Nearness:
    """The FAQs nearest to a draft, and pairs of its own phrasings that say the same."""

    neighbours: tuple[Neighbour, ...]
    twins: tuple[tuple[str, str], ...]


def nearness(content: Path, draft: Draft, meanings: Meanings) -> Nearness:
    """Raises `encoder.EncoderNotBuilt`."""
    phrasings = [text for text in draft.phrasings if text.strip()]
    own = [*([draft.title] if draft.title.strip() else []), *phrasings]
    if not own:
        return Nearness((), ())
    vectors = meanings.of(own, remember=False)
    others = [faq for faq in read_faqs(content) if faq.slug != draft.slug]
    texts = [(faq, text) for faq in others for text in (faq.title, *faq.phrasings)]
    cosines = vectors @ meanings.of([text for _, text in texts]).T
    best: dict[str, Neighbour] = {}
    for place in np.argsort(-cosines.max(axis=0)) if texts else []:
        faq, theirs = texts[place]
        row = int(cosines[:, place].argmax())
        likeness = float(cosines[row, place])
        if likeness < WORTH_A_LOOK or len(best) == NEAREST:
            break
        best.setdefault(faq.slug, Neighbour(faq.slug, faq.title, likeness, own[row], theirs))
    untitled = len(own) - len(phrasings)
    twins = _twins(phrasings, vectors[untitled:])
    return Nearness(tuple(best.values()), twins)


def _twins(phrasings: list[str], vectors: np.ndarray) -> tuple[tuple[str, str], ...]:
    """Pairs of phrasings; the title may be one of them, word for word."""
    cosines = np.triu(vectors @ vectors.T, 1)
    return tuple(
        (phrasings[row], phrasings[column]) for row, column in np.argwhere(cosines > ADDS_NOTHING)
    )
