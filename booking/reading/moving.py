"""Find the new time in a wish to move a consultation, apart from the time that it has."""

from __future__ import annotations

import re
from datetime import datetime

from booking.reading.changes import CANNOT, VISIT
from booking.windows import Window

TIME_WORDS = (
    r"(?:\d|(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?\b|(?:jan|feb|mar|apr|may"
    r"|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|ember|ober)?\b|today|tonight|tomor"
    r"|tmr|yesterday|weekend|weekday|weeks?\b|months?\b|fortnight|noon|midday|lunch|mornings?\b"
    r"|afternoons?\b|evenings?\b|christmas|easter|asap|soon|earl|later?\b|same\b)"
)
# Behind "to", a number in words or a word for any time will do.
TIME_LIKE = (
    rf"(?:{TIME_WORDS}|any|half|quarter|one\b|two\b|three\b|four\b|five\b|six\b|seven\b|eight\b"
    r"|nine\b|ten\b|eleven\b|twelve\b|first|second|third|end)"
)
DIFFERENTLY = (
    r"\b(?:mov(?:e|ed|ing)|shift(?:ed)?|push(?:ed)?|postpone[d]?|delay(?:ed)?|re-?schedul\w+"
    r"|re-?book(?:ed)?|re-?arrang\w+|chang(?:e|ed|ing)|swap(?:ped)?|switch(?:ed)?|br(?:ing|ought)"
    r"|put|pull(?:ed)?|book)\b"
)
AMOUNT = (
    r"(?:an?|one|two|three|half\s+an|a\s+few|a\s+couple\s+of|\d+)\s+(?:hours?|hrs?|minutes?|mins?"
    r"|days?|weeks?)"
)
# "push it back an hour", "two hours earlier", "delay it by a day"
SHIFTED = re.compile(
    rf"\b(?P<way>back|forward|later|earlier|sooner)\s+(?:by\s+)?(?P<amount>{AMOUNT})\b"
    rf"|\b(?P<amount_first>{AMOUNT})\s+(?P<way_behind>back|forward|later|earlier|sooner)\b"
    rf"|\b(?:push|postpon|delay)\w*\b.*\bby\s+(?P<amount_alone>{AMOUNT})\b",
    re.I,
)
EARLIER = frozenset({"forward", "earlier", "sooner"})
GREETINGS = re.compile(r"\bgood\s+(?:morning|afternoon|evening|day)\b", re.I)
CLAUSES = re.compile(r"[,;.!?\n]+(?=\s|$)|\b(?:but|so|because|cos|coz|cuz)\b", re.I)
# "move my appointment from 3 on tuesday to friday": the last "to" has it.
NEW_TIME = re.compile(
    rf"{DIFFERENTLY}.*\b(?:to|2(?=\s+[a-z])|for|until|till)\s+"
    rf"(?P<new>(?:\w+\s+){{0,3}}?{TIME_LIKE}.*)$",
    re.I | re.S,
)
# What is said of the time it has, or of why that one will not do.
AS_IT_IS = re.compile(
    rf"\b{CANNOT}\b|\b(?:i|we)(?:'ve|'m|\s+(?:have|had|am|was|were|did))?\s+(?:an?\s+|already\s+|got\s+)*"
    rf"(?:booked|scheduled|down|due|{VISIT})\b|\b{VISIT}(?:'s|\s+(?:is|was))\b"
    r"|\bc[oa]me\s+up\b|\b(?:sick|ill|unwell|away|busy|working|stuck|travelling|traveling"
    r"|out\s+of\s+town|on\s+holiday|on\s+vacation|double[\s-]booked|clash\w*)\b"
    r"|\b(?:doesn'?t|does\s+not|isn'?t|won'?t|no\s+longer)\s+(?:work|suit|fit|good|do)\b",
    re.I,
)
# "my tuesday appointment", "the appointment on friday at 3"
ITS_OWN = re.compile(
    rf"\b(?:my|the|our|this|that)\s+(?:\S+\s+){{0,4}}?{VISIT}\b(?!.*\binstead\b).*$"
    rf"|\b(?:my|the|our|this|that)\s+(?:\S+\s+){{0,4}}?{VISIT}\b",
    re.I | re.S,
)


# Said of the time that it has: "an hour later", "the same day".
SEEN_FROM_IT = re.compile(
    r"\b(?:later|earlier|sooner|same\s+(?:day|time|hour)|that\s+day|in\s+the\s+day"
    r"|next\s+day"
    r"|following\s+day|day\s+(?:before|after)(?!\s+tomorrow))\b",
    re.I,
)


# "The week after" says nothing of the hour.
SEEN_FROM_ITS_DAY = re.compile(r"\b(?:following\s+week|week\s+after(?!\s+next))\b", re.I)


def seen_from(words: str, start: datetime) -> Window | None:
    """What completes words that tell a new time by the one it has, `start` on the clinic's clock.

    None where they tell it by itself.
    """
    day, clock = start.date(), start.time()
    if SEEN_FROM_IT.search(words):
        return Window(day, day, start=clock, until=clock, around=clock, exact=True)
    return Window(day, day) if SEEN_FROM_ITS_DAY.search(words) else None


def words_for_new_time(text: str) -> str:
    """The words of a wish to move that are about when to come instead; "" where there are none.

    They may say no time at all: whoever reads times tells.
    """
    words = GREETINGS.sub(" ", text.replace("\u2019", "'"))
    wished = (_wished(clause) for clause in CLAUSES.split(words))
    return ", ".join(part for part in wished if part)


def _wished(clause: str) -> str:
    shifted = SHIFTED.search(clause)
    if shifted:
        way = (shifted["way"] or shifted["way_behind"] or "").lower()
        amount = shifted["amount"] or shifted["amount_first"] or shifted["amount_alone"]
        return f"{amount} {'earlier' if way in EARLIER else 'later'}"
    moved = NEW_TIME.search(clause)
    if moved and not AS_IT_IS.search(moved["new"]):
        return moved["new"].strip()
    if AS_IT_IS.search(clause):
        return ""
    left = ITS_OWN.sub(" ", clause).strip()
    return left if re.search(rf"\b{TIME_WORDS}", left, re.I) else ""
