from pathlib import Path

import numpy as np

from faq.neighbours import nearness
from faq.writing import Draft


class OneHot:
    """Meanings in which texts of the same words mean the same, and all others nothing alike."""

    def of(self, texts: list[str], *, remember: bool = True) -> np.ndarray:
        places = [sum(text.lower().strip("?!").encode()) % 997 for text in texts]
        return np.eye(997, dtype=np.float32)[places]


def draft(*phrasings: str) -> Draft:
    return Draft("parking", "Can I park?", phrasings, "", "", "", "")


def test_a_title_that_is_a_phrasing_too_is_no_pair(content: Path) -> None:
    assert nearness(content, draft("Can I park?", "parking"), OneHot()).twins == ()  # type: ignore[arg-type]


def test_two_phrasings_that_say_the_same_are_a_pair(content: Path) -> None:
    found = nearness(content, draft("parking", "Parking!", "a garage"), OneHot())  # type: ignore[arg-type]

    assert found.twins == (("parking", "Parking!"),)
