"""Understand the answer to an offer of times: one of them, or a wish for others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from booking.reading.clocks import Clock, Clocks, name_hours
from booking.reading.dates import OnDate, OnWeekday, Period
from booking.reading.days import name_days
from booking.reading.mentions import NUMBER, WEEKDAY, Scan, number

if TYPE_CHECKING:
    from booking.clinic import Clinic


class Others(StrEnum):
    """Which times are wished for instead of those offered."""

    EARLIER = "earlier"
    LATER = "later"
    OTHER = "other"


_OFFER = r"(?:ones?|options?|slots?|times?|days?|dates?|choices?|appointments?|openings?)"
_PLACES = (
    ("first", r"first|1st|former|top|earliest"),
    ("second", r"second|2nd"),
    ("third", r"third|3rd"),
    ("middle", r"middle"),
    ("last", r"last|latter|bottom|final|latest"),
    ("first", rf"earlier(?=\s+{_OFFER}\b)|sooner(?=\s+{_OFFER}\b)"),
    ("last", rf"later(?=\s+{_OFFER}\b)"),
)
# What may follow "the second", so that it is one of the times.
_PLACE_ENDS = (
    r"(?=\W*$|\W*[,.;!]|\s+(?:ones?|options?|slots?|times?|days?|dates?|choices?|openings?"
    r"|please|pls|works?|is|would|will|sounds|suits|looks|for|then|thanks|thank|on|at|if"
    r"|of\s+(?:those|these|them|the)|and|but|as|though|not|instead|maybe|i)\b)"
)
_PLACE = "|".join(
    rf"(?P<{name}{index}>\b(?:{words})\b{_PLACE_ENDS})"
    for index, (name, words) in enumerate(_PLACES)
)
_NOT_PLACE = rf"\bnot\s+(?:the\s+)?(?:{_PLACE})(?:\s+{_OFFER})?|\binstead\s+of\s+the\s+\w+"
_NUMBERED = rf"(?:\b(?:option|number|choice|no\.?|slot|answer)\s*|#\s*)(?P<number>{NUMBER})\b"
_LETTERED = r"^\W*(?:option\s+)?\(?(?P<letter>[a-c])\)?\W*$"
_ONLY_NUMBER = (
    r"^\W*(?:(?:the|ok|okay|yes|yeah|um|let's|go|with|for|i'll|take|have|please"
    rf"|number)\W+)*(?P<number>{NUMBER})(?:\W+(?:please|pls|thanks|then|is|fine|good|great|works"
    r"|would|be|it))*\W*$"
)
_PRONOUN = r"(?<!\bat )(?<!past )(?<!half )(?<!\bto )(?<=\w )one\b"
_YES = re.compile(
    r"\W*(?:(?:yes|yeah|yep|yup|ya|sure|ok|okay|okey|alright|perfect|great|good|fine|lovely"
    r"|brilliant|excellent|cool|please|pls|thanks|thank\s+you|absolutely|definitely|of\s+course"
    r"|deal|done|that|this|one|it|that's|it's|is|will|do|would|be|works?|suits?|me|for|sounds?"
    r"|i'll|i|can|we|take|have|book|go|with|just|let's|right|then|the|make|am|happy|happy\s+with"
    r"|confirmed?|correct|thing|day|time|slot|\N{THUMBS UP SIGN})\W*)+",
    re.I,
)
_YES_WORD = re.compile(
    r"\b(?:yes|yeah|yep|yup|ya|sure|ok|okay|alright|perfect|great|good|fine|lovely|brilliant"
    r"|excellent|cool|absolutely|definitely|deal|works?|suits?|take|that|this|book|go|it)\b"
    r"|\N{THUMBS UP SIGN}",
    re.I,
)
_ANY = re.compile(
    r"\b(?:either|whichever|any\s+(?:of\s+(?:them|these|those)|one)|any(?=\W*$)|(?:all"
    r"|both)\s+(?:of\s+(?:them|these)\s+)?(?:work|fine|good|suit)\w*|you\s+(?:choose|pick"
    r"|decide)|(?:don't|dont)\s+mind|up\s+to\s+you|no\s+preference|doesn't\s+matter"
    r"|surprise\s+me|anything\s+(?:is\s+)?(?:fine|works|goes|good|suits))\b",
    re.I,
)
_RULED_OUT = re.compile(
    r"\b(?:not|neither|none|nor|can't|cannot|don't|doesn't|won't|isn't|except|but|before|after"
    rf"|later|other|another|until|instead)\b(?!\s+mind)|\bno\b(?!\.?\s*{NUMBER}|\s+(?:problem"
    r"|worries))",
    re.I,
)
# A question of another kind: "what's the second step", "how long is the first one".
_ASKS = re.compile(
    r"\W*(?:how(?!\s+about)|why|what(?!\s+about)|who|where|when|does|will\s+(?:it|i|my)|is\s+(?:it|there|this))\b",
    re.I,
)


def read_choice(
    text: str, offered: Sequence[datetime], now: datetime, clinic: Clinic
) -> datetime | None:
    """Which of the `offered` times `text` takes: "the second one", "10:30", "friday's", "yes".

    "2" is the second one only where none of them is at two. None for anything that leaves it open.
    """
    text = re.sub(_NOT_PLACE, " ", text.replace("\u2019", "'"), flags=re.IGNORECASE)
    if not offered or asks_for_others(text) is not None or _ASKS.match(text):
        return None
    if _ANY.search(text) and not _RULED_OUT.search(text):
        return offered[0]
    place = re.search(_NUMBERED, text, re.IGNORECASE)
    if place:
        return _numbered(number(place["number"]), offered)
    named = _named(text, offered, now, clinic)
    placed = _placed(text, named or offered)
    if placed is not None or named is not None:
        only = named[0] if named is not None and len(named) == 1 else None
        return only or placed
    lone = re.search(_ONLY_NUMBER, text, re.IGNORECASE)
    if lone:
        said = number(lone["number"])
        return _at_the_hour(said, offered, clinic) or _numbered(said, offered)
    agreed = len(offered) == 1 and _YES.fullmatch(text) and _YES_WORD.search(text)
    return offered[0] if agreed else None


def _at_the_hour(hour: int, offered: Sequence[datetime], clinic: Clinic) -> datetime | None:
    local = {start: start.astimezone(clinic.zone) for start in offered}
    found = [one for one in offered if local[one].hour % 12 == hour % 12 and not local[one].minute]
    return found[0] if len(found) == 1 else None


def _numbered(place: int, offered: Sequence[datetime]) -> datetime | None:
    return offered[place - 1] if 1 <= place <= len(offered) else None


def _placed(text: str, offered: Sequence[datetime]) -> datetime | None:
    """The "first", the "last", the "earlier one" of the times offered, which are in order."""
    said = re.search(_PLACE, text, re.IGNORECASE)
    if said is None:
        letter = re.search(_LETTERED, text, re.IGNORECASE)
        return _numbered("abc".index(letter["letter"].lower()) + 1, offered) if letter else None
    name = next(group[:-1] for group, words in said.groupdict().items() if words)
    if name == "middle":
        return offered[len(offered) // 2] if len(offered) % 2 else None
    place = {"first": 1, "second": 2, "third": 3, "last": len(offered)}[name]
    return _numbered(place, offered)


def _named(
    text: str, offered: Sequence[datetime], now: datetime, clinic: Clinic
) -> list[datetime] | None:
    """The offered times at the day and the hour that `text` names; None where it names none."""
    # "The 3pm one" is not one o'clock.
    text = re.sub(_PRONOUN, "   ", text, flags=re.IGNORECASE)
    scan = Scan(text, now.astimezone(clinic.zone), month_first=clinic.writes_month_first)
    name_days(scan)
    name_hours(scan, bare=True)
    if scan.refusal is not None or not scan.terms:
        return None
    days = [term for term in scan.terms.values() if isinstance(term, Period | OnWeekday | OnDate)]
    hours = [term for term in scan.terms.values() if isinstance(term, Clock | Clocks)]
    today = now.astimezone(clinic.zone).date()
    found = [
        start
        for start in offered
        if _on_one_of(start.astimezone(clinic.zone), days, today)
        and _at_one_of(start.astimezone(clinic.zone), hours)
    ]
    if not found and (_is_place(text) or re.search(_ONLY_NUMBER, text, re.IGNORECASE)):
        # "The 3rd" and "2" are a date and an hour only where one of those is offered.
        return None
    return [] if _RULED_OUT.search(text) else found


def _is_place(text: str) -> bool:
    return re.search(_PLACE, text, re.IGNORECASE) is not None


def _on_one_of(local: datetime, days: Iterable[Period | OnWeekday | OnDate], today: date) -> bool:
    said = [_is_on(local, day, today) for day in days]
    return any(said) or not said


def _is_on(local: datetime, day: Period | OnWeekday | OnDate, today: date) -> bool:
    match day:
        case Period(first, last):
            return first <= local.date() <= last
        case OnWeekday(weekdays, which):
            monday = today - timedelta(days=today.weekday())
            this_week = local.date() < monday + timedelta(weeks=1)
            # "Next friday" is none of this week's.
            return local.weekday() in weekdays and not (this_week and "next" in which)
        case OnDate(number_of_day, month, year):
            return (
                local.day == number_of_day
                and month in (None, local.month)
                and year in (None, local.year)
            )


def _at_one_of(local: datetime, hours: Iterable[Clock | Clocks]) -> bool:
    clock = local.time().replace(second=0, microsecond=0)
    said = [
        clock in hour.choices if isinstance(hour, Clock) else hour.start <= clock <= hour.until
        for hour in hours
    ]
    return all(said) or not said


_ASKING = (
    r"(?:any(?:thing|\s+times?|\s+slots?|\s+openings?)?|some(?:thing|\s+time)?|have|got|do|is"
    r"|are|an?|more|much|bit|little|slightly|maybe|perhaps|prefer|rather|want|need|like|try|but"
    r"|even|ok|okay|no|nope|not|yes|be|please|hmm|um|ones|go|about)"
)
_EARLIER = re.compile(
    rf"^\W*(?:earlier|sooner)\b(?!\s+than\b)|\b{_ASKING}\W+(?:(?:a\s+)?(?:bit"
    r"|little)\s+)?(?:earlier|sooner)\b(?!\s+than\s+\d)|\btoo\s+late\b|\bnot\s+so\s+late\b"
    rf"|\bbefore\s+(?:that|those|these|then)\b|\bearlier\s+{_OFFER}s\b",
    re.I,
)
_LATER = re.compile(
    rf"^\W*later\b(?!\s+than\b)|\b{_ASKING}\W+(?:(?:a\s+)?(?:bit"
    r"|little)\s+)?later\b(?!\s+than\s+\d)|\btoo\s+(?:early|soon)\b|\bnot\s+so\s+(?:early"
    r"|soon)\b|\bafter\s+(?:that|those|these|then)\b|\bfurther\s+(?:out|ahead|away|on)\b"
    r"|\blater\s+(?:ones|times|slots|dates|days|options)\b",
    re.I,
)
_OTHER = re.compile(
    r"\b(?:other|another|different|alternative|additional|further|more(?!\s+time\b))\s+(?:ones?"
    r"|options?|slots?|times?|days?|dates?|choices?|appointments?|openings?|availability|hours?"
    r"|week)\b|\b(?:show|see|give)\s+(?:me\s+)?(?:some\s+|any\s+)?(?:more|others)\b|\b(?:none"
    r"|neither)\b|\bnothing\s+(?:works|suits|fits|there)\b|\bnot\s+(?:any\s+of\s+)?(?:those"
    r"|these|them)\b|\bno\s+good\b|\b(?:anything|something|nothing|when|which)\s+else\b"
    r"|\bwhat\s+else(?=\W*$|\s+(?:is|do|have|you|can|could|got|would)\b)|\bany\s+others?\b"
    r"|^\W*(?:(?:no|the|any|some|show|me|see)\W+)*(?:others?|more|next|another"
    r"|alternatives?)\W*(?:please|pls)?\W*$|\b(?:can't|cannot|can\s+not|cant|couldn't"
    r"|won't)\s+(?:do|make|come|manage)?\s*(?:any|either|it|those|these|them|that)\b|\b(?:those"
    r"|these|they|that|it|none)\s+(?:don't|dont|do\s+not|doesn't|doesnt|won't|wont|aren't|arent"
    r"|isn't|isnt|are\s+not|is\s+not)\s+(?:really\s+)?(?:work|suit|do|fit|good|possible|great|ok"
    r"|any\s+good|convenient|for\s+me|going\s+to)\b|\bdoesn't\s+(?:work|suit)\b"
    r"|\bkeep\s+looking\b|\b(?:don't|dont)\s+(?:like|want|fancy)\s+(?:any|those|these|them"
    r"|that)\b|\bis\s+that\s+(?:all|it)\b|\bthat\s+all\b|\balternatives?\b",
    re.I,
)


def asks_for_others(text: str) -> Others | None:
    """Whether `text` wishes for other times than those offered, and which.

    A text that names a day or an hour of its own ("anything later on friday") is a new wish.
    """
    text = text.replace("\u2019", "'")
    if re.search(r"\b(?:the|that)\s+(?:earlier|later|other)\s+one\b(?!s)", text, re.IGNORECASE):
        return None
    named = re.search(
        rf"\b{WEEKDAY}\b|\b(?:to|2)mor+ow\b|\btoday\b|\d|\bweek(?:end)?s?\b", text, re.I
    )
    part = re.search(r"\b(?:morning|afternoon|evening|lunch\w*|noon|weekday)s?\b", text, re.I)
    if named or (part and not re.search(r"\b(?:none|neither|those|these|them)\b", text, re.I)):
        return None
    if _EARLIER.search(text):
        return Others.EARLIER
    if _LATER.search(text):
        return Others.LATER
    return Others.OTHER if _OTHER.search(text) else None
