"""Find out what a visitor calls themselves.

Better to ask once more than to greet somebody as "Worried": where a name is not asked for, only
clear introductions count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from booking.details import read_name
from booking.errors import DetailRefused, Refusal

Span = tuple[int, int]

CLEAR = re.compile(
    r"\b(?:my\s+(?:full\s+|first\s+|real\s+)?name(?:\s+is|'s)\s+(?:spel(?:led|t)\s+)?"
    r"|(?:full\s+|the\s+)?name(?:\s+is|'s)\s+|(?:full\s+)?name\s*[:=]\s*|names\s+(?=[A-Z])"
    r"|(?:i'm|i\s+am)\s+called\s+|i\s+go\s+by\s+|(?:put|book)\s+(?:it|me)\s+(?:down\s+)?under\s+)",
    re.I,
)
UNCLEAR = re.compile(r"\b(?:i'm|i\s+am|im|this\s+is|call\s+me)\s+", re.I)
UNCLEAR_ASKED = re.compile(r"\b(?:i'm|i\s+am|im|this\s+is|call\s+me|it's|its|it\s+is)\s+", re.I)
WHEN_ASKED = re.compile(
    r"^(?:(?:hi|hello|hey|sure|yes|yeah|okay|ok|of course|certainly|well|no)\b[\s,.!]+)*"
    r"(?:(?:it's|its|it\s+is|that's|that\s+would\s+be|it\s+should\s+be|i'm|i\s+am|im|this\s+is"
    r"|call\s+me|just|for|to)\s+)*",
    re.I,
)
IN_PARTS = re.compile(
    r"\bfirst\s+name(?:\s+is|:)?\s+(?P<first>[^,;\n\x00]+?)[,;]?\s+(?:and\s+)?(?:my\s+)?"
    r"(?:last\s*name|surname|family\s+name)(?:\s+is|:)?\s+(?P<last>[^,;\n\x00]+)",
    re.I,
)
LAST = re.compile(
    r"^\W*(?P<name>[^,;:\n\x00]{1,60}?)\s+(?P<mark>here|speaking|is\s+my\s+name)\b", re.I
)
INSTEAD = re.compile(
    r"(?P<after>[^\s,;\n\x00]+),?\s+not\s+(?P<before>[^,;\n\x00]+)$|"
    r"\bnot\s+(?P<old>[^,;\n\x00]+?)\s*[,;]?\s*(?:but\s+|it'?s\s+|[,;]\s*)(?P<new>[^,;\n\x00]+)",
    re.I,
)
POLITE_END = re.compile(r"[\s,]+(?:please|pls|thanks|thank\s+you|thx)[\s.!]*$", re.I)

# Where a name ends, or what it cannot be.
STOPS = frozenset(
    "a about after all also am an and any are as asking at available back because before being but "
    "by can cannot can't could currently did do does done don't else ever every feeling fine for "
    "free from get getting glad going good got great had happy has have having he hello here hi "
    "hoping how i i'd i'll i'm i've if in interested into is isn't it it's its just keen late like "
    "looking maybe me more my need new next no not now of off ok okay on only or our out over "
    "please pretty quite ready really sad she so some sorry still sure tell thanks that that's "
    "the their there they thinking this to today tomorrow tonight too trying unable under until "
    "unsure up urgent very waiting want wanting was we what when where which who why will wish "
    "with would yes yesterday yet you your years instead actually anytime later "
    # Said of oneself to a clinic far more often than as a name.
    "worried nervous scared anxious afraid concerned curious confused embarrassed pregnant "
    "breastfeeding nursing allergic diabetic sensitive prone pale dark fair oily dry itchy red "
    "sore tired sick ill old young male female black white asian hispanic latina indian african "
    "mixed trans single married busy broke desperate unhappy upset bleeding swollen bored lost "
    "stuck flexible open easy useless ridiculous annoying stupid".split()
)
# Endings of words that say how somebody is; only lower-case words are judged by them.
DESCRIBING = re.compile(r"(?:ing|ed|ous|ful|less|able|ible|ive|ish|chy|lly|tic|ic|ally)$")
PARTICLES = frozenset(
    "al ap bin bint da das de del della den der di dos du e el ibn la las le lo los san st ten ter "
    "van von y zu zur 't b. o'".split()
)
NO_ANSWER = frozenset(
    "yes yeah yep no nope nah ok okay sure maybe why what who how when where skip none nothing n/a "
    "na idk dunno later help hello hi hey thanks please stop cancel name anonymous nobody "
    "whatever".split()
)
SENTENCE_WORDS = frozenset(
    "a an the is are am was do does don't did have has had want would could can can't should will "
    "to for in on with about this that it's my your you me i i'm it not rather give say need know "
    "tell there but if what how why when which who".split()
)
MOST_WORDS = 6


@dataclass(frozen=True)
class FoundName:
    """A name and the place in the text that gives it, its introduction included."""

    name: str
    span: Span


def find_name(text: str, *, asked: bool, known: str | None = None) -> FoundName | None:
    """The name that `text` introduces, or corrects ("not ana, anna"), wherever it stands."""
    return (
        _corrected(text, known) or _in_parts(text) or _introduced(text, asked) or _named_last(text)
    )


def answered_name(text: str) -> str:
    """The name in `text`, which answers the question for it; refused like `read_name`."""
    bare = POLITE_END.sub("", WHEN_ASKED.sub("", text.strip(), count=1)).strip(" ,")
    name = read_name(bare)
    words = [word.strip(".,!") for word in name.casefold().split()]
    sentence = sum(word in SENTENCE_WORDS for word in words) >= 2 or words[0] == "i"
    counted = any(word.isdigit() for word in words)
    if "?" in name or counted or _answers_otherwise(name, words):
        raise DetailRefused(Refusal.NOT_A_NAME)
    return _before_remark(name) if sentence else name


def _answers_otherwise(name: str, words: list[str]) -> bool:
    """ "idk" or "worried", but not "Will Young"."""
    written_out = len(words) > 1 and all(map(_capital, name.split()))
    known = NO_ANSWER | {"not"} if written_out else NO_ANSWER | STOPS
    return all(word in known for word in words) or (written_out and words[0] in {"no", "not"})


def _before_remark(text: str) -> str:
    """The name in "Kristjan with a K"; a whole sentence has none."""
    match = re.match(r"(.+?),?\s+(?:with|and|but|from|as)\s", text, re.I)
    if match is None or not looks_like_a_name(match[1]):
        raise DetailRefused(Refusal.NOT_A_NAME)
    return match[1]


def looks_like_a_name(text: str, *, lower_case: bool = False) -> bool:
    """Whether a piece between commas can be a name that nobody asked for."""
    words = text.split()
    if not 1 <= len(words) <= 4 or any(map(str.isdigit, text)) or "?" in text:
        return False
    if any(word.casefold().strip(".,!") in STOPS | NO_ANSWER for word in words):
        return False
    if lower_case:
        return all(word[0].isalpha() for word in words)
    return all(_capital(word) or word in PARTICLES for word in words)


def _corrected(text: str, known: str | None) -> FoundName | None:
    """ "not ana, anna": only where the first one is, or is part of, the name we have."""
    match = INSTEAD.search(text)
    if match is None or known is None:
        return None
    old = (match["old"] or match["before"]).strip(" .!")
    new = (match["new"] or match["after"]).strip(" .!")
    whole = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)", re.I)
    part = whole.search(known)
    if part is None or not new:
        return None
    if part[0][0].isupper() and new.islower():
        new = new.title() if " " in new else new[0].upper() + new[1:]
    # Somebody who spells out the whole name again does not want its rest twice.
    rest = len(new.split()) == len(old.split())
    return FoundName(whole.sub(lambda _: new, known, count=1) if rest else new, match.span())


def _in_parts(text: str) -> FoundName | None:
    match = IN_PARTS.search(text)
    if match is None:
        return None
    return FoundName(f"{match['first'].strip()} {match['last'].strip(' .!')}", match.span())


def _introduced(text: str, asked: bool) -> FoundName | None:
    for pattern, clear in ((CLEAR, True), (UNCLEAR_ASKED if asked else UNCLEAR, False)):
        for match in pattern.finditer(text):
            name = _words_of_name(text[match.end() :], clear=clear, trusted=clear or asked)
            if name:
                return FoundName(name, (match.start(), match.end() + len(name)))
    return None


def _named_last(text: str) -> FoundName | None:
    """ "Kasia here", "Keanu Kahananui is my name"."""
    match = LAST.search(text)
    if match is None:
        return None
    said_so = "name" in match["mark"].lower()
    if not looks_like_a_name(match["name"], lower_case=said_so):
        return None
    return FoundName(match["name"], match.span())


def _words_of_name(text: str, *, clear: bool, trusted: bool) -> str | None:
    """The words at the start of `text` that make a name; None when they do not."""
    words: list[str] = []
    for word in re.split(r"[,!?\n\x00]", text, maxsplit=1)[0].split():
        if _ends_name(word) or (words and not clear and _turns_plain(words[0], word)):
            break
        words.append(word)
        if _full_stop(word) or len(words) == MOST_WORDS:
            break
    name = " ".join(words).rstrip(" .;")
    return name if name and (trusted or _capital(words[0]) or _plain_name(words)) else None


def _turns_plain(first: str, word: str) -> bool:
    """Whether a capitalised name is over: "Ana looking for" goes on in lower case."""
    return _capital(first) and not _capital(word) and word.casefold() not in PARTICLES


def _ends_name(word: str) -> bool:
    bare = word.casefold().strip(".'\"")
    return bare in STOPS or any(map(str.isdigit, word)) or not any(map(str.isalpha, word))


def _full_stop(word: str) -> bool:
    """Whether the stop behind a word ends the sentence, as it does not in "J." or "Dr."."""
    return word.endswith(".") and len(word) > 3


def _plain_name(words: list[str]) -> bool:
    """A lower-case name that nobody asked for: short, and no word for how somebody feels."""
    return len(words) <= 3 and not any(DESCRIBING.search(word) for word in words)


def _capital(word: str) -> bool:
    """Capitalised, or in a script that has no capitals."""
    first = next((character for character in word if character.isalpha()), "")
    return bool(first) and (first.isupper() or not first.islower())
