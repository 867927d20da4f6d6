"""What a visitor typed, made safe to hand on.

Rasa reads text that starts with a slash as an intent with entities, so the public edge must not let
one through, however it is hidden: behind blanks, invisible characters or as one of the slashes that
only look different.
"""

import unicodedata

LONGEST_TEXT = 1000

# Solidus, fullwidth solidus, division slash, fraction slash, big solidus.
_SLASHES = "/\uff0f\u2215\u2044\u29f8"
# Joiners shape emoji and Persian words, so they stay inside a text; in front of one they only hide.
_JOINERS = "\u200c\u200d"


def clean_text(raw: str) -> str:
    """The text without control, invisible and broken characters and without leading slashes.

    Line breaks stay, as visitors put one detail a line; the result is stripped, normalised to NFC
    and may be empty.
    """
    unified = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(c for c in unified if _is_kept(c))
    return _without_leading_slashes(unicodedata.normalize("NFC", kept))


def _is_kept(char: str) -> bool:
    if char == "\n" or char in _JOINERS:
        return True
    if char in "\u2028\u2029\x85":
        return False
    # Control, format (zero-width, direction overrides) and lone surrogates.
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs")


def _without_leading_slashes(text: str) -> str:
    start = 0
    while start < len(text) and (text[start] in _SLASHES + _JOINERS or text[start].isspace()):
        start += 1
    return text[start:].rstrip()
