"""Read what a visitor wants with a request that they have sent: move it, cancel it, hear of it."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from booking.storing import ALPHABET, REFERENCE_LENGTH


class Change(StrEnum):
    """What is wished for a request that is stored."""

    MOVE = "move"
    CANCEL = "cancel"
    # whether it arrived, is confirmed, still stands
    STATUS = "status"
    # its day and time
    WHEN = "when"


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b", re.I)


# Misspelt as often as not.
VISIT = (
    r"(?:app?o\w{1,3}ments?|app?ts?|bookings?|consult(?:ation)?s?|consulation|visit|slots?|request"
    r"|reservation|session|meeting)"
)
CANCEL_WORD = r"(?:cancel(?:l?ing)?|cancell|cancle|cansel|canel)"
RESCHEDULE = r"re-?\s?(?:sch|sh|sc)edul(?:e|ed|ing)|postpon(?:e|ing)|re-?(?:arrange|book)"
OWN = rf"(?:my|the|that|this|our)\s+(?:\w+\s+){{0,2}}?{VISIT}"
IT = rf"(?:{OWN}|(?:an?\s+)?{VISIT}|it|that|this|me|things|everything)"
OTHER = r"(?:an?other|different|new|later|earlier)"
TIMES = r"(?:times?|days?|dates?|slots?|hour)"
DAYS = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?|today|tomorrow|tmrw"
    r"|weekend|week|month|morning|noon|afternoon|evening|\d{1,2}(?::\d\d)?\s*(?:am|pm)?)"
)
CANNOT = (
    r"(?:can'?t|cannot|can\s+not|couldn'?t|won'?t|will\s+not|unable\s+to|not\s+able\s+to"
    r"|don'?t\s+think\s+i\s+can|not\s+going\s+to(?:\s+be\s+able\s+to)?|not\s+gonna)"
)
NOT_WANTED = r"(?:don'?t|do\s+not|no\s+longer|not)\s+(?:want|need|require|care\s+for)"

# What is not to be done goes out before the rest is read: "don't cancel it, just move it".
RULED_OUT = _any_of(
    r"(?:don'?t|do\s+not|didn'?t|did\s+not|haven'?t|not|never|no\s+need\s+to|without|rather\s+than"
    r"|instead\s+of)\s+(?:(?:want|wish|mean|have|need|trying|here)\s+to\s+)?"
    rf"(?:cancel\w*|mov(?:e|ing)|{RESCHEDULE}|chang(?:e|ing)|call(?:ing)?\s+it\s+off)",
    rf"keep(?:ing)?\s+(?:{OWN}|it)",
)
# Asked about in general: "what is your policy".
IN_GENERAL = _any_of(
    r"polic(?:y|ies)|fees?|charged?|penalt(?:y|ies)|refund(?:s|ed)?|deposit|what\s+happens|what\s+if"
    r"|in\s+case|suppose|ever|how\s+(?:late|long|far|soon|often|much|many)"
)
# "change my email" is about what was said in it.
OF_DETAILS = _any_of(
    r"(?:chang(?:e|ing)|move|switch|swap|alter|update|correct)\s+(?:my|the)\s+(?:e-?mail|mail|phone"
    r"|mobile|cell|number|name|surname|address|topic|concern|contact|details)",
    r"wrong\s+(?:e-?mail|mail|phone|mobile|number|name|topic|details)",
    r"(?:e-?mail|mail|phone|mobile|number|name|surname|spelling|details)\s+(?:address\s+)?(?:is|was|are"
    r"|were|should\s+be)\b.{0,20}\b(?:wrong|misspel\w+|incorrect|not\s+right|changed)",
    r"(?:typo|mistake)\s+in\s+(?:my|the)\s+(?:e-?mail|mail|phone|number|name|details)",
)
CALLED_OFF = _any_of(
    rf"{CANCEL_WORD}",
    rf"(?:scrap|drop|delete|remove|withdraw|void|forget(?:\s+about)?|bin|annul|undo)\s+{IT}",
    rf"(?:never\s?mind|nvm)\s+(?:about\s+)?(?:{OWN}|coming)",
    rf"call(?:ing)?\s+(?:{IT}\s+off|off\s+{IT})",
    r"take\s+(?:me|it|us)\s+off",
    rf"{NOT_WANTED}\s+(?:to\s+(?:come|go|attend|be\s+seen)|{OWN}|(?:an?\s+)?{VISIT}"
    # not "i don't want it to hurt"
    r"|(?:it|that|this)(?=\s*(?:any\s?more|after\s+all|now|[,.!;]|$)))",
    r"(?:not|won'?t\s+be)\s+(?:coming|attending|going\s+ahead)|(?:won'?t|will\s+not)\s+come",
    rf"changed\s+my\s+mind\s+about\s+(?:{OWN}|it|coming|booking)",
)
ASKED_WHETHER_OFF = _any_of(r"(?:did|have|has)\s+(?:you|it|they|the\s+clinic)\s+cancel")
# "cancel friday and book monday": what is called off is wanted at another time.
MOVED_ON = _any_of(
    RESCHEDULE,
    r"(?:book|move|change|put)\s+(?:me|it|in|that)?\b.{0,20}\b(?:for|to|on|instead)",
    rf"{OTHER}\s+{TIMES}",
    "instead",
)
MOVED = _any_of(
    RESCHEDULE,
    rf"(?:move|moving|shift|push|delay|swap|switch|chang(?:e|ing)|alter|bring|put|pull)\s+"
    rf"(?:(?:back|forward|up|out)\s+)?(?:{IT}|(?:the\s+|my\s+|to\s+)?(?:{OTHER}\s+)?{TIMES}"
    rf"|(?:to|till|until)\s+(?:next\s+|the\s+)?{DAYS})",
    rf"{VISIT}\s+(?:to\s+)?be\s+(?:moved|changed|pushed|brought|shifted)",
    rf"{CANNOT}\s+(?:actually\s+|now\s+)?(?:make|do|come|attend|manage|(?:get|be)\s+there)",
    rf"{OTHER}\s+(?:{TIMES}|{VISIT})",
    r"(?:later|earlier)\s+(?:(?:on|in)\s+)?(?:the\s+|that\s+)?(?:day|week|month)",
    rf"{DAYS}\b.{{0,12}}\b(?:instead|better)|instead\b.{{0,12}}\b{DAYS}",
    r"(?:make|do|have|come|come\s+in)\s+(?:it\s+)?(?:(?:on|at|for|a\s+bit)\s+)?(?:(?:next|this)\s+)?"
    r"(?:later|earlier|sooner)",
    rf"make\s+it\s+(?:(?:on|at|for)\s+)?(?:(?:next|this)\s+)?{DAYS}",
    r"something\s+(?:has\s+|have\s+)?c[oa]me\s+up",
    r"(?:an?|half\s+an|one|two|three|\d+)\s+(?:hours?|minutes?|days?|weeks?)\s+(?:later|earlier)",
)
ASKED_WHEN = _any_of(
    rf"(?:when|what\s+(?:time|day|date)|which\s+(?:time|day|date))(?:'?s)?\s+(?:(?:is|was|are|were"
    rf"|am|did|do|does|have|had|should)\s+)?(?:{OWN}|(?:am\s+)?i\s+(?:booked|scheduled|due|down"
    r"|coming|expected|meant|supposed|book|pick|choose|ask|say|request|come"
    r"|(?:need|have)\s+to\s+(?:come|be)|be\s+there)|it\b.*\bagain)",
    r"remind\s+me\s+(?:when|what|of)|what\s+(?:did|have)\s+i\s+(?:book|request)(?:ed)?",
    rf"(?:date|time|details)\s+of\s+(?:my|the)\s+{VISIT}",
)
BOOKED_ALREADY = _any_of(r"when\s+i\s+(?:book|request|ask)ed")
STANDS = (
    r"(?:still\s+(?:on|there|valid|good|booked|happening|standing|going\s+ahead|have)|confirm\w*"
    r"|moved|changed|rescheduled"
    r"|booked|gone?\s+through|go\s+through|sent|received?|stored|saved|arrived?|accept(?:ed)?"
    r"|approved|cancel(?:l?ed)?|scheduled|in\s+the\s+(?:book|diary|system)|on\s+the\s+list|go(?:ing)?"
    rf"\s+ahead|book\s+(?:it|me)|(?:have|get|got|see|find|made?|heard?|repl(?:y|ied)|respond\w*)\b"
    rf"(?=.*\b(?:{VISIT}|it|that|this|back|reply|yet)\b))"
)
ASKED_HOW_IT_STANDS = _any_of(
    rf"(?:is|was|has|did|are|am|have|will|does|do)(?:n'?t)?\s+(?:{OWN}|it|that|this|i|you|u|we|they"
    r"|my\s+(?:message|form|details)|the\s+(?:clinic|team)|(?:any|some)(?:one|body))\s+"
    rf"(?:(?:all|been|even|really|actually|already)\s+)*{STANDS}",
    r"did\s+(?:it|that)\s+work",
    rf"(?:status|state|progress|news|updates?)\s+(?:of|on|about|for|with|regarding)\s+{IT}",
    rf"(?:check|look\s+up|find|see|show|view|track)\s+(?:on\s+)?(?:me\s+)?(?:{OWN}|np)",
    rf"if\s+i\s+(?:have|had|got|made)\s+(?:an?|any|my)\s+{VISIT}",
    r"(?:haven'?t|have\s+not|not|never|nothing|no\s?one|nobody|hasn'?t|didn'?t|no)\s+(?:(?:yet|has)\s+)?"
    r"(?:heard?|had|got(?:ten)?|get|received?|been\s+contacted|contacted|repl\w+|confirm\w+)",
    r"wait(?:ing)?\s+(?:to\s+hear|for\s+(?:an?|the|your|my|any))",
    rf"what(?:'?s|\s+is|\s+was|\s+has)?\s+(?:happen(?:ed|ing)|going\s+on|up)\s+(?:with|to)\s+{IT}",
    r"(?:my|the)\s+ref(?:erence)?|booked\s+twice",
    r"am\s+i\s+(?:all\s+)?(?:booked|confirmed|down|set|in)",
)


def read_wish_to_change(text: str) -> Change | None:
    """What `text` wants with the visitor's request; None when it wants nothing with it.

    Meant for messages of somebody who may have one: "friday instead" is a move.
    """
    # A reference stands for what it is of: "move NP-7KQ4MX to friday".
    words = RULED_OUT.sub(" ", _replaced(_plain(text), "my booking"))
    if IN_GENERAL.search(words):
        return None
    if CALLED_OFF.search(words) and not ASKED_WHETHER_OFF.search(words):
        return Change.MOVE if MOVED_ON.search(words) else Change.CANCEL
    if OF_DETAILS.search(words):
        return None
    if MOVED.search(words):
        return Change.MOVE
    if ASKED_WHEN.search(words) and not BOOKED_ALREADY.search(words):
        return Change.WHEN
    return Change.STATUS if ASKED_HOW_IT_STANDS.search(words) else None


REFERENCE = re.compile(
    # A few strokes may stand between the parts, as people copy it from a mail or a note.
    rf"(?<![^\W_])n\s?p(?P<between>[\s.:#_-]*)"
    rf"(?P<code>(?:[{ALPHABET}][\s._-]?){{{REFERENCE_LENGTH - 1}}}[{ALPHABET}])(?![^\W_])",
    re.I,
)
BARE_REFERENCE = re.compile(
    rf"(?:^|\b(?:ref(?:erence)?|number|code|it'?s|is|no)\b[\s.:#]*)"
    rf"(?P<code>[{ALPHABET}]{{{REFERENCE_LENGTH}}})(?![^\W_])",
    re.I,
)


def find_reference(text: str, *, asked: bool = False) -> str | None:
    """The reference in `text` as it was given out ("NP-7KQ4MX"), however it was typed.

    `asked` says that it answers the question for one: letters alone may then be its code.
    """
    found = _reference(_plain(text), asked=asked)
    return f"NP-{found[0]}" if found else None


def without_reference(text: str, *, asked: bool = False) -> str:
    """`text` without the reference in it, whose digits are no phone number and no time."""
    words = _plain(text)
    return _replaced(words, " ", asked=asked) if _reference(words, asked=asked) else text


def _replaced(words: str, by: str, *, asked: bool = False) -> str:
    found = _reference(words, asked=asked)
    return f"{words[: found[1]]}{by}{words[found[2] :]}" if found else words


def _reference(words: str, *, asked: bool = False) -> tuple[str, int, int] | None:
    """The code of the reference in a text, and from where to where it stands."""
    for match in REFERENCE.finditer(words):
        code = re.sub(r"[\s._-]", "", match["code"]).upper()
        together = len(code) == len(match["code"])
        # "np, the cat ..." is "no problem".
        sure = asked or match["between"] in {"", "-"}
        if (together and sure) or any(map(str.isdigit, code)):
            return code, *match.span()
    for match in BARE_REFERENCE.finditer(words):
        code = match["code"].upper()
        has_digits = any(map(str.isdigit, code))
        # Neither a word nor a number of another kind.
        mixed = has_digits and not code.isdigit()
        if mixed or (asked and not has_digits and match["code"].isupper()):
            return code, *match.span("code")
    return None


def _plain(text: str) -> str:
    """`text` with the apostrophes, dashes and digits of a typewriter."""
    folded = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    return " ".join(re.sub(r"[\u2010-\u2015\u2212]", "-", folded).split())
