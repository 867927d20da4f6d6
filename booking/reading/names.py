"""Find out what a visitor calls themselves.

Better to ask once more than to greet somebody as "Worried": where a name is not asked for, only
clear introductions count, and where it is, what is talk and not a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from booking.details import read_name
from booking.errors import DetailRefused, Refusal
from booking.reading.name_words import (
    DESCRIPTIONS,
    GOES_ON,
    GOES_ON_FROM_CAPITAL,
    NAMES_TOO,
    PARTICLES,
    PLAIN_NAMES_TOO,
    STOPS,
    TALK,
    TITLES,
)
from booking.reading.remarks import says_only_when

Span = tuple[int, int]

# "it's for my mother, Rosa Klein"
RELATION = (
    r"(?:my|our)\s+(?:\w+\s+)?(?:mother|mum|mom|mama|dad|father|husband|wife|hubby|partner"
    r"|boyfriend|girlfriend|fianc[eé]e?|spouse|daughter|son|sister|brother|sis|twin|friend"
    r"|aunt(?:ie|y)?|uncle|niece|nephew|cousin|grand(?:ma|mother|pa|father)|granny|nan|kid|child"
    r"|boss|client)\b"
)
CALLED = r"(?:(?:(?:her|his|their)\s+name\s+is|name\s+is|is|'s|called|named)\s+)?"
IS = (
    r"(?:\s+(?:is|was|(?:should|must|has\s+to)\s+(?:be|read|say))\b|'s\b|\s*[:=])\s*(?:(?:actually|really|just"
    r"|spel(?:led|t))\s+)?"
)
CLEAR = re.compile(
    rf"\b(?:(?:(?:my|the|her|his|their)\s+)?(?:full\s+|first\s+|real\s+|actual\s+)?name{IS}"
    r"|me\s+llamo\s+|mi\s+nombre\s+es\s+|soy\s+|je\s+(?:m'appelle|suis)\s+|ich\s+(?:bin|hei(?:ß"
    r"|ss)e)\s+|mein\s+name\s+ist\s+|mi\s+chiamo\s+|me\s+chamo\s+|меня\s+зовут\s+"
    r"|names\s+(?=[A-Z])|(?<!\w\s)name\s+(?!(?:is|was|should|please)\b)(?=[^\W\d_])|(?:i'm"
    r"|i\s+am)\s+called\s+|i\s+go\s+by\s+|(?:every(?:one|body)|people)\s+calls?\s+me\s+|(?:put"
    r"|book)\s+(?:it|me)\s+(?:down\s+)?(?:under|as)\s+)",
    re.I,
)
UNCLEAR = re.compile(r"\b(?:i'm|i\s+am|im|this\s+is|call\s+me)\s+", re.I)
UNCLEAR_ASKED = re.compile(r"\b(?:i'm|i\s+am|im|this\s+is|call\s+me|it's|its|it\s+is)\s+", re.I)
# These lead to a name only where it has a capital: "my friend recommended you".
RELATED = re.compile(rf"\bfor\s+{RELATION}[\s,:-]*{CALLED}", re.I)
RELATED_ASKED = re.compile(rf"\b{RELATION}[\s,:-]*{CALLED}", re.I)
BOOKED_FOR = re.compile(
    r"\b(?:book(?:ing)?|appointment|consult\w*|slot|one|visit)\s+(?:\w+\s+){0,3}?for\s+", re.I
)
ITS = re.compile(r"\b(?:it's|its|it\s+is)\s+", re.I)
SURNAME = r"(?:(?:last|family)\s*name|surname)"
IN_PARTS = re.compile(
    rf"\bfirst(?:\s+name)?(?:{IS})?\s*(?P<first>[^,;:\n\x00]+?)[,;]?\s+(?:and\s+)?(?:my\s+)?"
    rf"(?:{SURNAME}|last)(?:{IS})?\s*(?P<last>[^,;\n\x00]+)",
    re.I,
)
WITH_SURNAME = re.compile(
    rf"(?P<first>[^\W\d_][\w'.-]*),?\s+(?:and\s+)?(?:my\s+)?{SURNAME}(?:{IS})?\s+"
    r"(?P<last>[^\W\d_][^,;\n\x00]*)",
    re.I,
)
ONE_PART = re.compile(
    rf"\b(?:my|the)\s+(?:(?P<surname>{SURNAME})|first\s*name){IS}\s*"
    r"(?P<name>[^\W\d_][\w'-]*(?:\s+(?-i:[A-ZÀ-Þ])[\w'-]*){0,2})",
    re.I,
)
LAST = re.compile(
    r"^\W*(?P<name>[^,;:\n\x00]{1,60}?)(?:\s+(?P<mark>here|speaking)|(?:'s|\s+is)\s+(?:my"
    r"|the)\s+name)\b",
    re.I,
)
INSTEAD = re.compile(
    r"(?P<after>[^\s,;\n\x00]+),?\s+not\s+(?P<before>[^,;\n\x00]+)$"
    r"|\bnot\s+(?P<old>[^,;\n\x00]+?)\s*[,;]?\s*(?:but\s+|it'?s\s+|[,;]\s*)(?P<new>[^,;\n\x00]+)",
    re.I,
)
# What may stand around a name that answers the question for it.
LEAD = re.compile(
    r"^\W*(?:(?:hi|hello|hey|sure|yes|yeah|yep|okay|ok|of\s+course|certainly|well|no|so|oh|um+|uh+"
    r"|hm+|right|sorry|thanks|thx|and|actually|anyway|fine|alright|it's|its|it\s+is|that's"
    r"|that\s+(?:would|will)\s+be|it\s+should\s+be|i'm|i\s+am|im|this\s+is|call\s+me|just|put|for"
    r"|to|under|as|down|(?:you|u)\s+can\s+(?:put|write)|write|the\s+(?:booking|appointment"
    r"|consultation)\s+is\s+for|(?:my|the)\s+name|name|me)\b[\s,.!:?-]*)+",
    re.I,
)
TAIL = re.compile(
    r"(?:[\s,.]+(?:please|pls|plz|thanks|thank\s+you|thx|lol|haha+|here|speaking|of\s+course"
    r"|obviously|(?:is|would\s+be)\s+(?:fine|ok|okay|good|my\s+name)|btw|again|then|ok|okay|tel"
    r"|phone|e-?mail|mail|number|mobile|cell)|(?:'s|\s+is)\s+(?:my|the)\s+name|(?<=\w)'s\s+fine"
    r"|\s*(?:[:;=]-?[()DP]|<3))[\s.!]*$",
    re.I,
)
# Marks of code, which no name has; digits, dots, quotes, hyphens and apostrophes are in some.
CODE = re.compile(r"[<>{}\[\]$\\=]|--|://|\);|\(\)|\b(?:drop\s+table|select\b.*\bfrom)\b", re.I)
# Where one thing that is said ends: not behind an initial or a title.
TITLE = "(?<!Mrs)(?<!Prof)(?<!Col)(?<!Sgt)(?<!Rev)"
ENDS = re.compile(rf"[,;:\n\x00()!?]+|\s+[-–—]+\s+|(?<=\w\w\w){TITLE}\.+(?=\s|$)|\bre\b:?")
LAUGHTER = re.compile(r"(?:a?(?:ha|he|hi|ja)){2,}h?|lo+l+")
# "lena and i want to ask ..."
OWN = ("and i ", "and i'm ", "and im ", "and my ", "and it", "and we ", "and also ")
SPELLED_OUT = re.compile(r"\w(?:[\s.-]+\w){2,}")

# Endings of words that say how somebody is; only lower-case words are judged by them.
DESCRIBING = re.compile(r"(?:ing|ed|ous|ful|less|able|ible|ive|ish|chy|lly|tic|ic|ally)$")
MOST_WORDS, MOST_PLAIN_WORDS = 8, 4
# From which share of common letters on a name is another spelling of one before it.
ALIKE = 0.7


@dataclass(frozen=True)
class FoundName:
    """A name and the place in the text that gives it, its introduction included."""

    name: str
    span: Span


def find_name(text: str, *, asked: bool, known: str | None = None) -> FoundName | None:
    """The name that `text` introduces, or corrects ("not ana, anna"), wherever it stands."""
    return (
        _corrected(text, known)
        or _in_parts(text, known)
        or _introduced(text, asked, known)
        or _named_last(text)
    )


def answered_name(text: str) -> str:
    """The name in `text`, which answers the question for it.

    Raises `DetailRefused`: no_name, too_long, and not_a_name for talk, code, days and the like.
    """
    if CODE.search(TAIL.sub("", text)):
        raise DetailRefused(Refusal.NOT_A_NAME)
    names = [name for part in ENDS.split(text) if (name := _name_in(part))]
    if not names:
        raise DetailRefused(Refusal.NOT_A_NAME if text.strip() else Refusal.NO_NAME)
    # "Smith, John" is one name in two parts.
    turned = len(names) == 2 and all(len(name.split()) == 1 and _capital(name) for name in names)
    return read_name(", ".join(names) if turned else names[0])


def respelled(name: str, known: str | None) -> str:
    """`known` with the word in it that `name` spells anew ("Jon" for "John"), or else `name`."""
    words = (known or "").split()
    if len(words) < 2 or len(name.split()) > 1:
        return name
    close = get_close_matches(name.casefold(), map(str.casefold, words), n=1, cutoff=ALIKE)
    return " ".join(name if word.casefold() in close else word for word in words) if close else name


def _name_in(part: str) -> str | None:
    """The name that a part of an answer comes down to; None for talk."""
    bare = _bare(part)
    words = [word for word in bare.split() if any(map(str.isalpha, word)) or word == "&"]
    if not words or SPELLED_OUT.fullmatch(bare) or says_only_when(bare):
        return None
    if all(_plain(word) in TITLES for word in words):
        return None
    if len(words) == 1 and _is_name_too(words[0]):
        return words[0]
    if len(words) > 1 and all(_capital(word) or word in PARTICLES for word in words):
        talk = all(_plain(word) in TALK - NAMES_TOO for word in words)
        return None if talk or len(words) > MOST_WORDS else " ".join(words)
    return _before_remark(words)


def _is_name_too(word: str) -> bool:
    plain = _plain(word)
    return plain in PLAIN_NAMES_TOO or (plain in NAMES_TOO and _capital(word))


def _before_remark(words: list[str]) -> str | None:
    """The name in "Kristjan with a K"; None for a sentence."""
    end = next((index for index in range(len(words)) if _ends_answer(words, index)), len(words))
    named = words[:end]
    if not named or len(named) > MOST_PLAIN_WORDS:
        return None
    goes_on = _capital(named[0]) or " ".join(words[end:]).casefold().startswith(OWN)
    may_follow = GOES_ON | GOES_ON_FROM_CAPITAL if goes_on else GOES_ON
    if end < len(words) and not words[end].isdigit() and _plain(words[end]) not in may_follow:
        return None
    return " ".join(named)


def _bare(part: str) -> str:
    """A part of an answer without greetings, thanks, faces and the like around it."""
    text = part.strip()
    while (shorter := TAIL.sub("", text)) != text:
        text = shorter
    text = LEAD.sub("", text, count=1).strip(" ,*-–—") or text
    quoted = text[:1] in "\"'“" and text[-1:] in "\"'”"
    return text.strip("\"'“”") if quoted else text


def _ends_answer(words: list[str], index: int) -> bool:
    """Whether a word is no part of a name in lower case: "maria but", "dev i said"."""
    bare = _plain(words[index])
    if bare == "and" and 0 < index < len(words) - 1:
        # "priya and dev"
        return _plain(words[index + 1]) in TALK or _capital(words[0])
    if index and len(bare) == 1 and bare.isalpha() and bare not in "iu":
        return False
    ends = bare in TALK or bare in GOES_ON_FROM_CAPITAL | GOES_ON or bare.isdigit()
    return ends or LAUGHTER.fullmatch(bare) is not None


def _plain(word: str) -> str:
    return word.casefold().strip(".,!?'\"’")


def looks_like_a_name(text: str, *, lower_case: bool = False) -> bool:
    """Whether a piece between commas can be a name that nobody asked for."""
    words = text.split()
    if not 1 <= len(words) <= 4 or any(map(str.isdigit, text)) or "?" in text or CODE.search(text):
        return False
    if any(_plain(word) in TALK for word in words) or says_only_when(text):
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


def _in_parts(text: str, known: str | None) -> FoundName | None:
    """ "first name Aaliyah, last name Washington", or one of them for the name that is known."""
    both = IN_PARTS.search(text) or WITH_SURNAME.search(text)
    placed = both is not None and (_capital(both["first"]) or not both.start())
    if both is not None and placed and _plain(both["first"]) not in TALK:
        last = TAIL.sub("", both["last"]).strip(" .!")
        return FoundName(f"{both['first'].strip()} {last}", both.span())
    one = ONE_PART.search(text)
    if one is None or _plain(one["name"]) in TALK:
        return None
    words = (known or "").split()
    kept = words[:-1] or words if one["surname"] else words[1:]
    named = [*kept, one["name"]] if one["surname"] else [one["name"], *kept]
    return FoundName(" ".join(named), one.span())


def _introduced(text: str, asked: bool, known: str | None) -> FoundName | None:
    unclear, related = (UNCLEAR_ASKED, RELATED_ASKED) if asked else (UNCLEAR, RELATED)
    for pattern in (CLEAR, unclear):
        clear = pattern is CLEAR
        for match in pattern.finditer(text):
            name = _words_of_name(text[match.end() :], clear=clear, trusted=clear or asked)
            if name and _name_in(name):
                return FoundName(name, (match.start(), match.end() + len(name)))
    if text.isupper():
        return None
    # "almost. its Jon"
    for pattern in (related, BOOKED_FOR, *([ITS] if known and not asked else [])):
        for match in pattern.finditer(text):
            name = _words_of_name(text[match.end() :], clear=False, trusted=False)
            if name and _capital(name):
                return FoundName(name, (match.start(), match.end() + len(name)))
    return None


def _named_last(text: str) -> FoundName | None:
    """ "Kasia here", "Keanu Kahananui is my name"."""
    match = LAST.search(text)
    if match is None:
        return None
    # "tyler here", but not "nobody from around here"
    said_so = match["mark"] is None or len(match["name"].split()) <= 2
    if not looks_like_a_name(match["name"], lower_case=said_so):
        return None
    return FoundName(match["name"], match.span())


def _words_of_name(text: str, *, clear: bool, trusted: bool) -> str | None:
    """The words at the start of `text` that make a name; None when they do not."""
    words: list[str] = []
    for word in re.split(r"[,!?\n\x00]", text, maxsplit=1)[0].split():
        if words and _plain(word) in TALK and not _capital(word):
            break
        if _ends_name(word, clear=clear) or (words and not clear and _turns_plain(words[0], word)):
            break
        words.append(word)
        if _full_stop(word) or len(words) == MOST_WORDS:
            break
    name = " ".join(words).rstrip(" .;")
    return name if name and (trusted or _capital(words[0]) or _plain_name(words)) else None


def _turns_plain(first: str, word: str) -> bool:
    """Whether a capitalised name is over: "Ana looking for" goes on in lower case."""
    return _capital(first) and not _capital(word) and word.casefold() not in PARTICLES


def _ends_name(word: str, *, clear: bool) -> bool:
    bare = word.casefold().strip(".'\"")
    if clear and bare in DESCRIPTIONS and _capital(word):
        # "My name is Karen White"
        return False
    letters_only = any(map(str.isalpha, word)) and not any(map(str.isdigit, word))
    return bare in STOPS or word.endswith(":") or not letters_only


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
