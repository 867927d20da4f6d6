"""Takes personal data out of what visitors wrote, before it is kept for people to learn from.

What tells who somebody is goes: addresses of e-mail, web and post, numbers by which one can be
reached or billed, names that are given as such, days of birth. What a question lives on stays:
"I'm 45", "3 months", "session 2 of 4". A word too many costs a reader less than one too few.
"""

from __future__ import annotations

import re

MASK = "[…]"

# --- addresses and numbers: these go as a whole ---

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
_STREET = (
    r"(?:street|str|st|road|rd|avenue|ave|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl"
    r"|square|sq|terrace|way|highway|hwy|close|crescent|parkway|pkwy|gardens|mews|alley)"
)
_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"

_WHOLE = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"\b(?:https?://|www\.)\S+", re.I),
        (r"[\w.+%'-]+@[\w-]+(?:\.\w+)+", re.I),
        # ana (at) mail (dot) example, ana at mail dot com
        (r"[\w.+-]+\s?[(\[]at[)\]]\s?[\w-]+(?:\s?(?:\.|[(\[]dot[)\]])\s?\w+)+", re.I),
        (r"\b[\w.+-]+ at [\w-]+ dot [a-z]{2,6}\b", re.I),
        (r"(?<![\w.])@\w[\w.]{2,}", re.I),
        (r"\bNP-?(?=\w*\d)[0-9A-Z]{6}\b", re.I),
        # 12 Elm Street, apt 4
        (
            rf"\b\d{{1,5}}[a-z]?,?\s+(?!(?:down|up|on|in|at|of|and|or|to)\b)(?:[nsew]\.?\s+)?(?:[a-z][\w'’.-]*\s+){{1,3}}{_STREET}\b\.?"
            r"(?:,?\s*(?:apt|apartment|flat|unit|suite|#)\.?\s*\w+)?",
            re.I,
        ),
        (r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", 0),  # postcodes as in SW1A 1AA
        (r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b", 0),  # and as in NY 10001
        # A day with its year; one without ("march 3rd") is asked about for a visit.
        (
            rf"\b(?:\d{{1,2}}[./-]\d{{1,2}}[./-](?:{_YEAR}|\d\d)|{_YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}}"
            rf"|{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}|{_MONTH}\s+{_DAY},?\s+{_YEAR})\b",
            re.I,
        ),
        # Seven digits or more, with what people put between them: phones, cards, insurances.
        (r"(?<![\w.])\+?\(?\d(?:[\s().\-–/]{0,3}\d){6,}(?!\w)", 0),
        (rf"\b{_DIGIT}(?:[\s-]+{_DIGIT}){{6,}}\b", re.I),
        (r"\b(?=\w*\d\w*\d\w*\d)(?=\d*[a-z])\w{8,}\b", re.I),
    )
)

# --- what is given as personal: its `lead` stays ---

_BIRTH = re.compile(
    r"(?P<lead>\b(?:born(?:\s+(?:on|in))?|d\.?o\.?b\.?|date\s+of\s+birth|birth\s?da(?:y|te))"
    r"(?:\s+(?:is|was)|\s*[:=])?(?:\s+(?:on|in))?(?:\s+the)?\s+)"
    rf"(?:(?:{_DAY}\s+(?:of\s+)?)?{_MONTH}(?:\s+{_DAY})?(?:,?\s+{_YEAR})?\b|{_YEAR}\b(?![-./]\d)"
    rf"|\d{{1,2}}[./-]\d{{1,2}}(?:[./-]\d{{2,4}})?)",
    re.I,
)
_HOME = re.compile(
    r"(?P<lead>\b(?i:(?:i|we)\s+live|(?:i'?m|i’m|i\s+am)\s+living|my\s+address\s+is)"
    r"(?i:\s+(?:at|in|on|near))?\s+)(?:(?:the\s+)?[A-Z\d][\w'’.-]*,?\s?)+(?<!\s)"
)
_ZIP = re.compile(
    r"(?P<lead>\b(?:zip(?:\s*code)?|post\s?code|postal\s+code)(?:\s+is|\s*:)?\s+)"
    r"(?=\w*\d)\w[\w-]{2,9}(?:\s\d[A-Z]{2}\b)?",
    re.I,
)

# --- names ---

_LETTERS = r"[^\W\d_][^\W\d_]*(?:['’.-][^\W\d_]+)*"
_UP_TO_FOUR = rf"(?P<rest>{_LETTERS}(?:\s+{_LETTERS}){{0,3}})"
# After these comes a name, however it is written.
_GIVEN = re.compile(
    r"(?P<lead>\b(?:(?:my|her|his)\s+(?:(?:full|first|last|sur|middle|maiden)\s*)?name"
    r"(?:\s+is|\s+was|['’]?s|\s*[:=])|(?:i\s+am|i['’]?m)\s+(?:called|named)|call\s+me(?!\s+(?:back|at|on|when|if|in|about|tomorrow|today|later|asap|after|before|by))"
    r"|(?:sur)?name\s*[:=]|(?:kind|best|warm)?\s*regards,?|sincerely,?)\s+)" + _UP_TO_FOUR,
    re.I,
)
# After these comes all kinds of things: a name when nothing else is known of that spelling.
_INTRODUCED = re.compile(
    r"(?P<lead>\b(?:i\s+am|i['’]?m|this\s+is|name['’]s|it['’]s\s+me,?|here\s+is)\s+)" + _UP_TO_FOUR,
    re.I,
)
_TITLED = re.compile(
    rf"(?P<lead>\b(?:[Mm]rs?|[Mm]s|[Mm]iss|[Mm]x|[Dd]r|[Pp]rof)\b\.?\s+)(?P<rest>[A-Z]{_LETTERS})"
)
_SIGNED = re.compile(
    r"(?P<lead>(?:[.!?,]|\n)\s*(?:(?i:thanks|thank\s+you|thx|best|cheers|love)\b[,!.]?\s+|[-–—]\s*))"
    r"(?P<rest>[A-Z][a-z]+(?:\s+[A-Z][a-z]+)?)(?=\s*[.!]?\s*$)"
)
# In the middle of a sentence a word in small letters after "I'm" is a name only where a pause or
# another part of an introduction follows.
_PAUSE = re.compile(r"\s*(?:[,.!;?\n–—-]|$|(?:and|from|here|by the way)\b)", re.I)
_PARTICLES = frozenset("van von de del della da di la le der den el al bin st".split())

# What ends a name.
_LITTLE_WORDS = frozenset(
    """
    a about after all also am an and any are as at before been being but by can cause could did do
    does doing for from get getting got had has have having he her here hers his how i i'm i've i'd
    if im in into is it its just know let like may me might mine my need needed no nor not now of
    on or our please she should since so than thank thanks that the their them then there these
    they think this to too u us very want wanted was we well were what when where which while who
    why will with wondering would yes yet you your hello hi hey
    """.split()
)
# What people say they are, or that something is, beside what the endings below tell.
_STATES = frozenset(
    """
    above abroad across afraid again against alarmed allergic almost alone already alright always
    angry asian away awkward back bad bald based beautiful behind best better between beyond big
    bit black blonde both brand bright broke brown busy caucasian certain cheap clear close cold
    common confident cool correct crazy curious cute dark dead deaf deep dehydrated desperate
    difficult different disabled down dry due early easy eighteen eighty either eleven else enough
    even ever every exact fair false far fat fed female few fifteen fifty fine first fit five forty
    four fourteen free fresh from full fun further gay glad gonna gone good great half handsome
    happy hard here high home hot ill important incorrect inside keen kind kinda late less
    level light literally local long loose lost low lucky mad male man many married mature maybe
    mean medium middle mixed more most mum mom dad mostly mother much near never new next nice
    nineteen ninety none normal nothing numb oily ok okay old olive once one only open opposite out
    outside over overweight pale past perfect perhaps pink plain poor post pre pretty private
    probably prone proud purple quick quiet quite rather raw ready real recent red right rosy rough
    round rude sad safe same scar scars second self sensitive serious seventeen seventy short shy
    sick simple single six sixteen sixty skeptic slow small smooth so soft some somebody someone
    something somewhat soon sore sorry still straight strange strong stuck such super sure tall tan
    ten terrible thick thin third thirteen thirty three tight tiny top torn totally tough trans true
    twelve twenty twice twin two unclear under unfair unhappy unsure until
    unwell up upset useless usual vegan warm weak weird whether white whole wide wild woman women
    wrong young younger older worse worst student teacher nurse doctor patient client customer
    mother father model bride groom
    runner swimmer smoker beginner newbie person human guy girl lady parent member pensioner
    breastfeeding diabetic pregnant tourist gardener hiv fever
    another off done blotchy dizzy itchy flaky spotty puffy honest murder stupid bullshit rubbish
    accutane acne aftercare bleeding botox bruises collagen dermaroller eczema elastin fillers
    infected keloid laser melasma microneedle microneedling needle needles pain pen psoriasis
    radiofrequency redness retinol roller rosacea scar scars serum serums skin spf spots sun
    treatment wrinkles pores face neck body test
    african american arab brazilian british chinese dutch english european filipino filipina french
    german greek hispanic indian iranian irish italian japanese jewish korean latin latina latino
    mediterranean mexican muslim pakistani persian polish portuguese russian scottish spanish
    swedish turkish welsh london paris
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december christmas easter
    fitzpatrick type
    """.split()
)
_STATE_ENDING = re.compile(
    r"(?:ing|ed|ly|ful|less|ous|ish|ive|able|ible|some|ant|ent|ient|ic|ical|tic|zed|sed|ward|wards"
    r"|n['’]t|['’](?:ve|re|ll|d)|er than)$",
    re.I,
)


def mask(text: str) -> str:
    """The text with what tells who wrote it replaced by `MASK`; the rest stays as it is."""
    # Names first: a mask in their place would hide where one ends.
    text = _GIVEN.sub(lambda found: _without_name(found, surely=True), text)
    text = _INTRODUCED.sub(lambda found: _without_name(found, surely=False), text)
    for pattern in (_TITLED, _SIGNED):
        text = pattern.sub(_unless_ordinary, text)
    for pattern in (_BIRTH, _HOME, _ZIP):
        text = pattern.sub(rf"\g<lead>{MASK}", text)
    for pattern in _WHOLE:
        text = pattern.sub(MASK, text)
    return text


def without_masks(text: str) -> str:
    """What a masked text asks, fit to be a phrasing: introductions go with their masks."""
    rest = _INTRODUCTION.sub(" ", text).replace(MASK, " ")
    rest = " ".join(_LONELY_MARKS.sub(" ", rest).split())
    return rest.lstrip(" ,;.:-–—")


_INTRODUCTION = re.compile(
    r"(?:\b(?:hi|hello|hey)\b[\s,!]*)?\b(?:my\s+name\s+is|i\s+am|i['’]?m|this\s+is|thanks|regards),?\s+"
    rf"{re.escape(MASK)}[,.;!]?(?:\s+(?:here|and)\b)?",
    re.I,
)
_LONELY_MARKS = re.compile(r"(?<=\s)[,;.:](?=\s|$)")


def _without_name(found: re.Match[str], *, surely: bool) -> str:
    words = list(re.finditer(r"\S+", found["rest"]))
    name = words[: _length(found, words, surely)]
    if not name:
        return found[0]
    return f"{found['lead']}{MASK}{found['rest'][name[-1].end() :]}"


def _length(found: re.Match[str], words: list[re.Match[str]], surely: bool) -> int:
    """How many of the words that follow are a name."""
    if not surely and not _may_be_name(found, words[0]):
        return 0
    length = 0
    for word in words:
        plain = word[0].casefold()
        if length and (plain in _LITTLE_WORDS or (_is_ordinary(plain) and word[0].islower())):
            break
        if not length and plain in _LITTLE_WORDS:
            break
        length += 1
    while length and words[length - 1][0].casefold() in _PARTICLES - {"st"} and length < len(words):
        length -= 1
    return length


def _may_be_name(found: re.Match[str], first: re.Match[str]) -> bool:
    plain = first[0].casefold()
    if plain in _LITTLE_WORDS or _is_ordinary(plain):
        return False
    if first[0][0].isupper() and not found.string.isupper():
        return True
    whole = found.string
    ends = [found.start("rest") + word.end() for word in re.finditer(r"\S+", found["rest"])][:2]
    return any(_PAUSE.match(whole, end) for end in ends)


def _is_ordinary(plain: str) -> bool:
    return plain in _STATES or plain.split("-")[0] in _STATES or bool(_STATE_ENDING.search(plain))


def _unless_ordinary(found: re.Match[str]) -> str:
    first = found["rest"].split()[0].casefold()
    ordinary = first in _LITTLE_WORDS or _is_ordinary(first)
    return found[0] if ordinary else f"{found['lead']}{MASK}"
