"""Saves a FAQ over and over, for a test that kills it meanwhile."""

import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

from faq.library import read_faq
from faq.writing import Draft, digest_of, save_faq


def save_for_ever(content: Path) -> None:
    path = content / "faq" / "downtime.yml"
    for number in count():
        long = tuple(f"{number} of {other} ways to ask it" for other in range(2000))
        draft = replace(Draft.of(read_faq(path)), phrasings=long)
        save_faq(content, draft, expected=digest_of(path))
        print(number, flush=True)


if __name__ == "__main__":
    save_for_ever(Path(sys.argv[1]))
