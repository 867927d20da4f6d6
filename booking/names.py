"""Find out what a visitor calls themselves.

Better to ask once more than to greet somebody as "Worried": where a name is not asked for, only
clear introductions count, and where it is, what is talk and not a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from booking.details import read_name
from booking.errors import DetailRefused, Refusal
from booking.remarks import says_only_when

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
    r"(?:\s+(?:is|was|should\s+(?:be|read|say))\b|'s\b|\s*[:=])\s*(?:(?:actually|really|just"
    r"|spel(?:led|t))\s+)?"
)
CLEAR = re.compile(
    rf"\b(?:(?:(?:my|the|her|his|their)\s+)?(?:full\s+|first\s+|real\s+|actual\s+)?name{IS}"
    r"|names\s+(?=[A-Z])|(?:i'm|i\s+am)\s+called\s+|i\s+go\s+by\s+|(?:every(?:one|body)"
    r"|people)\s+calls?\s+me\s+|(?:put|book)\s+(?:it|me)\s+(?:down\s+)?(?:under|as)\s+)",
    re.I,
)
UNCLEAR = re.compile(r"\b(?:i'm|i\s+am|im|this\s+is|call\s+me)\s+", re.I)
UNCLEAR_ASKED = re.compile(r"\b(?:i'm|i\s+am|im|this\s+is|call\s+me|it's|its|it\s+is)\s+", re.I)
# These lead to a name only where it has a capital: "my friend recommended you".
RELATED = re.compile(rf"\bfor\s+{RELATION}[\s,:-]*{CALLED}", re.I)
RELATED_ASKED = re.compile(rf"\b{RELATION}[\s,:-]*{CALLED}", re.I)
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
    rf"\bmy\s+(?:(?P<surname>{SURNAME})|first\s*name){IS}\s*(?P<name>[^\W\d_][\w'-]*)", re.I
)
LAST = re.compile(
    r"^\W*(?P<name>[^,;:\n\x00]{1,60}?)\s+(?P<mark>here|speaking|is\s+my\s+name)\b", re.I
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
    r"|to|under|as|(?:my|the)\s+name|name|me)\b[\s,.!:?-]*)+",
    re.I,
)
TAIL = re.compile(
    r"(?:[\s,.]+(?:please|pls|plz|thanks|thank\s+you|thx|lol|haha+|here|speaking|of\s+course"
    r"|obviously|(?:is|would\s+be)\s+(?:fine|ok|okay|good|my\s+name)|btw|again|then|ok|okay)"
    r"|(?<=\w)'s\s+fine|\s*(?:[:;=]-?[()DP]|<3))[\s.!]*$",
    re.I,
)
# Marks of code, which no name has; digits, dots, quotes, hyphens and apostrophes are in some.
CODE = re.compile(r"[<>{}\[\]$\\=]|--|://|\);|\(\)|\b(?:drop\s+table|select\b.*\bfrom)\b", re.I)
# Where one thing that is said ends: not behind an initial or a title.
ENDS = re.compile(r"[,;:\n\x00()!?]+|\s+[-–—]+\s+|(?<=\w\w\w)(?<!Mrs)(?<!Prof)\.+(?=\s|$)")
LAUGHTER = re.compile(r"(?:a?(?:ha|he|hi|ja)){2,}h?|lo+l+")
SPELLED_OUT = re.compile(r"\w(?:[\s.-]+\w){2,}")

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
# What people write where a name is asked for, and no name: only "Melody Book" is one all the same.
TALK = STOPS | frozenset(
    "k y n u r ur idk dunno yep yeah yea nope nah none nothing nobody someone somebody anyone "
    "everyone skip whatever whoever anonymous name names thank thx ty cheers stop cancel help "
    "hey hiya bye goodbye brb rather prefer lol lmao omg wtf hmm hm um uh er wait hang hold "
    "moment sec second minute let lemme think guess ask asked answer question questions know "
    "knows knew told say said says see mean means don't dont doesnt didnt isnt wont cant im ive "
    "whats thats hows whos theres youre were be been should shouldn't might must may could've "
    "book booking booked appointment consultation consult visit come coming call email phone "
    "number contact mail address message human person robot bot agent operator reception catch "
    "joke ignore previous instructions prompt system admin password first last same already "
    "before again never mind forget business necessary required something anything everything "
    "nevermind private personal confidential secret unknown undecided n/a na tbd tbc "
    "microneedling needling needles derma dermaroller treatment treatments session sessions "
    "skin face scar scars scarring acne wrinkle wrinkles pores pigmentation melasma rosacea "
    "redness swelling downtime pain hurt hurts price prices cost costs results recovery healing "
    "aftercare benefits safe safety risk risks side effects hours parking location open opening "
    "friday weekend week month morning afternoon evening noon o'clock am pm better best works "
    "work much many long often soon how's which's right wrong yours mine ours hola bonjour "
    "salut ciao hallo danke merci gracias quiero cita si oui ja nein buenos dias por favor ich "
    "je yo mi una der das ist".split()
)
# Some of these are names as well, said alone.
NAMES_TOO = frozenset("will may young white black fair price long best don first rich".split())
# What may go on behind a name in the same breath, and what may do so behind a capital only.
GOES_ON = frozenset("not but with like aka who".split())
GOES_ON_FROM_CAPITAL = frozenset("and or as from for in on at is was because since".split())
# Endings of words that say how somebody is; only lower-case words are judged by them.
DESCRIBING = re.compile(r"(?:ing|ed|ous|ful|less|able|ible|ive|ish|chy|lly|tic|ic|ally)$")
PARTICLES = frozenset(
    "al ap bin bint da das de del della den der di dos du e el ibn la las le lo los san st ten ter "
    "van von y zu zur 't b. o'".split()
)
MOST_WORDS, MOST_PLAIN_WORDS = 8, 4


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


def _name_in(part: str) -> str | None:
    """The name that a part of an answer comes down to; None for talk."""
    bare = _bare(part)
    words = [word for word in bare.split() if any(map(str.isalnum, word))]
    if not words or SPELLED_OUT.fullmatch(bare) or says_only_when(bare):
        return None
    if len(words) == 1 and _plain(words[0]) in NAMES_TOO:
        return words[0]
    if len(words) > 1 and all(_capital(word) or word in PARTICLES for word in words):
        talk = all(_plain(word) in TALK - NAMES_TOO for word in words)
        return None if talk or len(words) > MOST_WORDS else " ".join(words)
    return _before_remark(words)


def _before_remark(words: list[str]) -> str | None:
    """The name in "Kristjan with a K"; None for a sentence."""
    end = next((index for index, word in enumerate(words) if _is_talk(word)), len(words))
    named = words[:end]
    if not named or len(named) > MOST_PLAIN_WORDS:
        return None
    may_follow = GOES_ON | GOES_ON_FROM_CAPITAL if _capital(named[0]) else GOES_ON
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


def _is_talk(word: str) -> bool:
    """Whether no name has this word; said alone, or with a capital beside others, some do."""
    bare = _plain(word)
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
    if both is not None and _plain(both["first"]) not in TALK:
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
            if name:
                return FoundName(name, (match.start(), match.end() + len(name)))
    # "almost. its Jon"
    for pattern in (related, ITS) if known and not asked else (related,):
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
