"""Reads an article's blocks with spaCy: `python -m nlu.sentences`, for drafting FAQs from it.

stdin: JSON list of texts, a paragraph, list item or line each. stdout: JSON list of as many
`{"sentences": [...], "heading": true, "about": "..."}`: the block's sentences, whether it looks
like a heading, and what it speaks of most (empty when of nothing in particular).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any, Dict, List, Text

import spacy
from spacy.tokens import Doc

LONGEST_HEADING = 9  # words
LONGEST_TOPIC = 3


def main() -> None:
    blocks = json.load(sys.stdin)
    json.dump(read_blocks(blocks), sys.stdout)


def read_blocks(blocks: List[Text]) -> List[Dict[Text, Any]]:
    """What spaCy finds in each block; see the module's description."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return [
        {"sentences": _sentences(doc), "heading": _is_heading(doc), "about": _topic(doc)}
        for doc in nlp.pipe(blocks)
    ]


def _sentences(doc: Doc) -> List[Text]:
    return [sentence.text.strip() for sentence in doc.sents if sentence.text.strip()]


def _is_heading(doc: Doc) -> bool:
    """A short line that begins with a capital or a digit and does not end as a sentence does."""
    words = [token for token in doc if not token.is_punct and not token.is_space]
    if not 0 < len(words) <= LONGEST_HEADING or len(list(doc.sents)) > 1:
        return False
    first = words[0].text[0]
    ends = doc.text.rstrip()[-1]
    return (first.isupper() or first.isdigit()) and (ends.isalnum() or ends in "?)’'\"")


def _topic(doc: Doc) -> Text:
    """The run of content words that comes most often; of equals, the longer, then the earlier."""
    runs: Counter[Text] = Counter()
    for sentence in doc.sents:
        run: List[Text] = []
        for token in [*sentence, None]:
            if token is not None and token.is_alpha and not token.is_stop:
                run.append(token.lower_)
                continue
            for length in range(1, min(len(run), LONGEST_TOPIC) + 1):
                for start in range(len(run) - length + 1):
                    runs[" ".join(run[start : start + length])] += 1
            run = []
    if not runs:
        return ""
    # A word said once is no topic, but a lone block has nothing better.
    best = max(runs, key=lambda words: (runs[words], len(words.split())))
    return best


if __name__ == "__main__":
    main()
