"""Read what a text says about when somebody would like to come.

The grammar of days and hours is our own; a date in another language is left to dateparser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dateparser

from booking.errors import Refusal
from booking.reading.clocks import Clock, Clocks, name_hours, shifted
from booking.reading.days import name_days
from booking.reading.hours import Hours, alike, read_hours
from booking.reading.mentions import (
    CLOCK_MARK,
    CLOCK_TERM,
    COUNT,
    DAY_TERM,
    FILL,
    PART_MARK,
    PART_TERM,
    READ,
    Scan,
    Span,
    counted,
)
from booking.reading.periods import Days, read_days
from booking.windows import LAST_MINUTE, Window

# Characters; a longer text is no mere date.
LONGEST_FOREIGN_DATE = 40
# All that dateparser knows would take seconds to load.
LANGUAGES = (
    "es fr de it pt nl pl ru uk tr ar zh ja ko vi hi el cs sv da fi ro hu he th id tl fa bn".split()
)
# What stands before a time in some of them, once the time itself is read.
FOREIGN_AT = r"\s+(?:à|a\s+las?|um|alle|às|om|в|o|kl)\.?$"

SOONEST = (
    r"\ba\.?s\.?a\.?p\b\.?|\b(?:as\s+)?(?:soon|early)(?:est)?\s+as\s+(?:possible|poss|you\s+can"
    r"|i\s+can|convenient)\b|\b(?:right|straight)\s+away\b|\bimmediately\b"
    r"|\bthe\s+sooner\s+the\s+better\b|\bsooner\s+the\s+better\b"
    r"|(?<!at the )(?<!\bat )\b(?:the\s+|your\s+)?(?:very\s+)?(?:earliest"
    r"|soonest)(?:\s+(?:possible|available|free))?(?:\s+(?:slot|time|appointment|opening|date"
    r"|one|day|availability))?\b|\b(?:the\s+|your\s+)?(?:first|next)\s+(?:available|free|open"
    r"|possible|opening|slot|availability)(?:\s+(?:slot|time|appointment|opening|date|one"
    r"|day))?\b"
)
# Said alone, in answer to "when?".
SOON = (
    r"^\W*(?:(?:some\s?time|very|pretty|quite|as)\s+)*(?:soon|(?:right\s+)?now)\b(?=\W*(?:please"
    r"|pls|if\s+possible)?\W*$)"
)
ANY_DAY = (
    r"\b(?:any|every)\s?day(?:s)?(?:\s+(?:at\s+all|of\s+the\s+week|is\s+fine|works))?\b"
    r"|\bany\s+date\b|\bdaily\b"
)
ANY_TIME = (
    r"\bany\s?times?\b(?:\s+(?:at\s+all|of\s+(?:the\s+)?day|is\s+(?:fine|good|ok)|works))?"
    r"|\ball\s+day\b|\bany\s+(?:hour|slot|appointment|opening)\b|\bwhat\s?ever\s+time\b"
)
WHENEVER = (
    r"\bwhen\s?ever\b|\bno\s+preference\b|\b(?:don't|dont|do\s+not)\s+(?:really\s+)?(?:mind"
    r"|care)\b|\b(?:doesn't|doesnt|does\s+not)\s+matter\b|\bflexible\b|\bup\s+to\s+you\b"
    r"|\byou\s+(?:choose|pick|decide)\b|\bwhat\s?ever\b(?:'?s|\s+is|\s+you)?"
    r"|\banything\s+(?:works|goes|is\s+fine|is\s+good|suits)\b|\bsurprise\s+me\b|\bi'?m\s+easy\b"
    r"|\bsome\s?times?\b(?=\W*$)|\bany(?:thing|\s+of\s+them)\b(?=\W*$)"
)
# "What have you got?" wishes for nothing in particular.
WHAT_IS_FREE = (
    r"\bwhat(?:'s|\s+is|\s+are)?\s+(?:(?:your|the|my)\s+)?(?:times?\s+|days?\s+|slots?\s+"
    r"|dates?\s+|else\s+)?(?:do\s+you\s+have|have\s+you(?:\s+got)?|you\s+(?:have|got)"
    r"|can\s+you\s+(?:do|offer)|are\s+(?:there|available|free)|is\s+(?:there|available|free"
    r"|open)|available|free|open|availability|options|slots|times)\b|\bwhen\s+(?:are\s+you"
    r"|do\s+you\s+have|is|can\s+(?:i|you)|could\s+(?:i|you)|would\s+be)\b|\b(?:do\s+you\s+have"
    r"|have\s+you\s+got|got|is\s+there|are\s+there)\s+(?:any\s?thing|any|some|a)\b"
    r"|\bany\s+(?:availability|openings|slots|appointments|times|vacanc\w+|spaces?)\b"
    r"|\byou\s+tell\s+me\b|\bshow\s+me\b"
)


_HOUR = rf"(?:{CLOCK_TERM}|{PART_TERM})"
_WITH_HOUR = (
    rf"(?:{DAY_TERM}[\s,]*(?:(?:at|in|the|around|after|before|from)\s+)*{_HOUR}"
    rf"|{_HOUR}\s*(?:(?:on|the)\s+)*{DAY_TERM})"
)
TWO_DAYS_WITH_HOURS = rf"({_WITH_HOUR})[\s,{READ}]*(?:or\b|and\b|,|otherwise\b)\s*({_WITH_HOUR})"
IN_HOURS = (
    rf"\bin\s+(?:about\s+|around\s+)?(?P<count>half\s+an?|{COUNT})\s+(?P<unit>hours?|hrs?"
    r"|minutes?|mins?)\b(?:'?\s+time)?"
)

HOURS_LATER = (
    rf"\b(?P<count>half\s+an?|{COUNT})\s+(?P<unit>hours?|hrs?|minutes?|mins?)\s+"
    r"(?P<way>later|earlier)\b"
)


@dataclass(frozen=True)
class Mention:
    """What a text says about a time; `spans` are the places in the text that say it.

    `any_day` and `any_time` are said in so many words; with `soonest` any will do as well.
    """

    days: Days | None = None
    hours: Hours | None = None
    refusal: Refusal | None = None
    soonest: bool = False
    any_day: bool = False
    any_time: bool = False
    spans: tuple[Span, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(
            self.days or self.hours or self.refusal or self.soonest or self.any_day or self.any_time
        )


def find_time(
    text: str, now: datetime, *, month_first: bool, known: Window | None = None, bare: bool = False
) -> Mention:
    """Read the days and the hours that `text` speaks of; `now` is local.

    `month_first` says what 3/4 means, `known` is the window that earlier messages gave. With
    `bare`, the text answers "when?", so that a lone number is an hour.
    """
    scan = Scan(text, now, month_first=month_first, known=known)
    soonest = bool(scan.take(SOONEST) or (bare and scan.take(SOON)))
    soon = _in_hours(scan) if bare else None
    if soon is not None:
        return replace(soon, spans=tuple(scan.spans))
    moved = _moved_hours(scan)
    name_days(scan, bare=bare)
    name_hours(scan, bare=bare)
    _leave_one_hour(scan)
    hours = moved or read_hours(scan)
    days = read_days(scan)
    any_day = scan.take(ANY_DAY) is not None
    any_time = scan.take(ANY_TIME) is not None
    if bare and scan.take(WHENEVER if scan.find(WHENEVER) else WHAT_IS_FREE):
        any_time = True
    if bare and not (days or soonest or any_time or any_day or scan.refusal):
        days = _in_other_languages(scan)
    return Mention(days, hours, scan.refusal, soonest, any_day, any_time, tuple(scan.spans))


def _leave_one_hour(scan: Scan) -> None:
    """Of "tuesday afternoon or thursday morning" take the first: hours are those of each day."""
    while match := scan.find(TWO_DAYS_WITH_HOURS):
        (day, hour), (other_day, other_hour) = (
            _day_and_hour(scan, match.span(group)) for group in (1, 2)
        )
        if day == other_day or alike(hour, other_hour):
            return
        scan.drop(match.span(2))


def _day_and_hour(scan: Scan, span: Span) -> tuple[Any, Clock | Clocks]:
    terms = [term for at, term in scan.terms.items() if span[0] <= at < span[1]]
    hour = next(term for term in terms if isinstance(term, Clock | Clocks))
    return next(term for term in terms if term is not hour), hour


def _in_hours(scan: Scan) -> Mention | None:
    """ "in 2 hours", "in half an hour": from that time on, for an hour."""
    match = scan.take(IN_HOURS)
    if match is None:
        return None
    moment = (scan.now.astimezone(UTC) + _length(match)).astimezone(scan.now.tzinfo)
    moment = moment.replace(second=0, microsecond=0)
    day, clock = moment.date(), moment.time()
    until = (moment + timedelta(hours=1)).time()
    hours = Hours((Clocks(clock, until if until > clock else LAST_MINUTE, clock),), sure=True)
    return Mention(Days(day, day), hours)


def _moved_hours(scan: Scan) -> Hours | None:
    """ "An hour later" than the time known before."""
    known = scan.known
    match = scan.find(HOURS_LATER)
    if match is None or known is None or known.around is None:
        return None
    scan.blank(match.span())
    ahead = _length(match) if match["way"].lower() == "later" else -_length(match)
    clock = shifted(known.around, round(ahead / timedelta(minutes=1)))
    return Hours((Clocks(clock, clock, clock),), sure=True)


def _length(match: re.Match[str]) -> timedelta:
    said = match["count"].lower()
    many = 0.5 if said.startswith("half") else counted(said)
    return many * timedelta(**{"hours" if match["unit"].lower().startswith("h") else "minutes": 1})


def _in_other_languages(scan: Scan) -> Days | None:
    """ "24 décembre", "вторник": an answer of which nothing else is left than a date."""
    words = re.sub(rf"[{READ}{CLOCK_MARK}{PART_MARK}{FILL}\s]+", " ", scan.left)
    words = re.sub(FOREIGN_AT, "", words.strip(" .,;!?"), flags=re.IGNORECASE).strip()
    if len(words) > LONGEST_FOREIGN_DATE or not re.search(r"[^\W\d_]{3}|[^\x00-\x7f]", words):
        return None
    day = _foreign_day(words, scan, ["day"])
    if day is None and " " not in words:
        # A weekday is no day of the month; what is far off would be a month.
        day = _foreign_day(words, scan, [])
        day = day if day and day - scan.today <= timedelta(days=7) and len(words) > 3 else None
    if day is None:
        return None
    scan.spans.append((0, len(scan.text)))
    if day < scan.today:
        scan.refuse(Refusal.PAST_TIME)
    return Days(day, day)


def _foreign_day(words: str, scan: Scan, parts: list[str]) -> date | None:
    found = dateparser.parse(
        words,
        languages=LANGUAGES,
        settings={
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": datetime.combine(scan.today, time()),
            "REQUIRE_PARTS": parts,
            "DATE_ORDER": "MDY" if scan.month_first else "DMY",
        },
    )
    return found.date() if found else None
