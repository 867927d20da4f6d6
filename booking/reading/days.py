"""Mark what names days in a text: "tomorrow", "the 3rd", "next tuesday", "24/12", "next week".

What the days mean together ("not before the 10th", "mon or wed") is read in
`booking.reading.periods`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from booking.reading.dates import Day, OnDate
from booking.reading.day_readers import (
    NTH,
    beside_known,
    feast,
    gone,
    in_a_while,
    last_of_month,
    midweek,
    month_named,
    month_or_year,
    nth_of_month,
    numeric,
    of_the_month,
    on_today,
    on_weekday,
    or_two,
    overmorrow,
    part_of_period,
    tomorrow,
    week,
    weekday_in_weeks,
    weekdays,
    weekend,
    weeks_from,
    within,
    written,
    year,
    year_first,
)
from booking.reading.mentions import (
    COUNT,
    DAY_MARK,
    FILL,
    MERIDIEM,
    MONTH,
    ORDINAL,
    PART,
    READ,
    WEEKDAY,
    Scan,
)

Namer = tuple[str, Callable[[Scan, re.Match[str]], Day | None]]


_YEAR = r"(?:,?\s+(?P<year>20\d\d)\b(?!\s*(?:hrs|hours|h)\b))?"
_NUMBER = rf"\d{{1,2}}(?:st|nd|rd|th)?|{ORDINAL}"
# What makes "3rd" or "first" no day of the month.
_NO_DAY = (
    r"(?!\s+(?:time|session|treatment|visit|appointment|consult\w*|one|option|slot|degree|floor"
    r"|thing|available|free|opening|choice|round|course|week|weekend|person|party|name|half|try"
    r"|area|avenue|ave|street|of\s+(?:these|those|them|the\s+(?:three|two)))\b)"
)
_MONTHS_OF = r"(?:the|this|next|that)\s+month"
_OF_MONTH = rf"(\s+of\s+{_MONTHS_OF})"
_SUFFIXED = r"\d{1,2}(?:st|nd|rd|th)"
_BEFORE_ORDINAL = "|".join(rf"(?<=\b{w}\s)" for w in ("on", "before", "until", "by", "between"))

DATES: tuple[Namer, ...] = (
    (r"\b(20\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?=\b|T)T?", year_first),
    (
        r"(?<![\d/.$])\b(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d\d))?\b(?!/|\s*(?:an?\s+)?hour|\s+of\b)",
        numeric,
    ),
    (r"\b(\d{1,2})[.-](\d{1,2})[.-](\d{4})\b", numeric),
    # 24.12 can only be a date; 10.30 is a time.
    (r"(?<![\d.$])\b(2[4-9]|3[01])\.(0?[1-9]|1[0-2])\b\.?()(?!\d|\s*(?:mm|%))", numeric),
    (r"(?<![\d.$])\b(\d{1,2})\.(\d{1,2})\.()(?=\s|$|,)(?!\s*(?:mm|%))", numeric),
    (
        rf"\b(?:on\s+)?(?:the\s+)?last\s+day\s+(?:of|in)\s+(?P<month>{MONTH}"
        rf"|{_MONTHS_OF})\b{_YEAR}",
        last_of_month,
    ),
    (
        rf"\b(?P<month>{MONTH})\s+(?:of\s+)?next\s+year\b"
        rf"|\bnext\s+year,?\s+(?:in\s+)?(?P<month_behind>{MONTH})\b(?!\s*\d)",
        year,
    ),
    (r"^\W*(?:(?:in|some\s?time\s+in)\s+)?(?P<year>20[2-4]\d)\W*$", year),
    (
        rf"\b(?:on\s+)?(?:the\s+)?(?P<nth>{'|'.join(NTH)})\s+(?P<what>{WEEKDAY}|week"
        rf"|weekend)\s+(?:of|in)\s+(?P<month>{MONTH}|{_MONTHS_OF})\b{_YEAR}",
        nth_of_month,
    ),
    (
        rf"\b(?:on\s+)?(?:the\s+)?(?P<day>{_NUMBER})\s+(?:of\s+)?(?P<month>{MONTH})\b\.?{_YEAR}",
        written,
    ),
    (
        rf"\b(?:on\s+)?(?P<month>{MONTH})\.?\s+(?:the\s+)?(?P<behind>{_NUMBER})(?!\s*(?:{MERIDIEM}"
        rf"|:\d|o'?clock))\b{_YEAR}",
        written,
    ),
)

_WHICH = (
    r"(?:(?P<which>the\s+next|the\s+coming|the\s+following|this\s+coming|next|nxt|this|coming"
    r"|following|upcoming|every(?:\s+other)?|each|any|on\s+an?|an?|(?<!\bat\s)one|some|most)\s+)?"
)
_EACH = r"(?:any|every|each|an?|one|some|most)"
_THIS = r"(?:this|next|nxt|(?:the\s+|this\s+)?coming|(?:the\s+)?following)"
_MONTH_ALONE = rf"(?!may\s+(?:i|you|we|it|not|be|have|need|want)\b){MONTH}\b(?!'|\.?\s*\d{{1,2}}\b)"
_MONTH_LEAD = "".join(
    rf"|(?<=\b{word}\s)" for word in "before after until till from by or to not except".split()
)
# "sat" and "sun" are days only where a day is looked for.
_FOLLOWED = (
    rf"(?=\s*(?:$|[,.;!?{READ}{DAY_MARK}@/&-]|at\b|\d|{PART}\b|noon|after|before|around|or\b"
    r"|and\b|to\b|till|until|please|pls|is\b|would|works?\b|suits?\b|then|instead|if\b|early"
    r"|late|not\b|the\b))"
)
_SAT_LEAD = (
    rf"(?:^\W*|(?<=[{DAY_MARK}{FILL}])\s*(?:or|and|to|till|until|not|,|/|&|-)\s*(?:on\s+)?"
    r"|\b(?:on|this|next|coming|any|every|till|until|do|free|available|about|between|either"
    r"|make\s+it|book|not|maybe|come)\s+|(?<=[,;\n\x00])\s*(?=\w+\s*(?:at\b|@|\d)))"
)
# "Wednesdays", "wednesday mornings"
_PLURAL = (
    r"(?P<plural>s|(?=\s+(?:(?:early|late|mid)[\s-]+)?(?:mornings|afternoons|evenings"
    r"|nights)\b))?(?:-?ish)?\b"
)
_UNIT = "day|week|month|year|fortnight"

LONE_DAY: Namer = (r"^\W*(?:the\s+)?(2[4-9]|3[01])()\W*$", of_the_month)
OTHER_DAYS: tuple[Namer, ...] = (
    (
        r"\b(?:(?:at|in|towards?|around)\s+)?(?:the\s+)?(?:very\s+)?(?P<part>early|earlier|later|late"
        r"|mid|middle|beginning|start|end)(?:\s+on)?[\s-]+(?:of\s+"
        rf"|in\s+)?(?P<what>the\s+week\s+after\s+next|(?:{_THIS}\s+|the\s+)?(?:week|month|year)"
        rf"|{_MONTH_ALONE})(?!-?\s?end){_YEAR}\b",
        part_of_period,
    ),
    (rf"\b(?:on\s+)?(?:the\s+)?({_SUFFIXED})\b{_NO_DAY}{_OF_MONTH}?", of_the_month),
    (rf"(?:{_BEFORE_ORDINAL})the\s+({ORDINAL})\b{_NO_DAY}{_OF_MONTH}?", of_the_month),
    (rf"\bthe\s+(?!(?:first|second|third)\b)({ORDINAL})\b{_NO_DAY}()", of_the_month),
    (
        rf"(?:{_BEFORE_ORDINAL})the\s+(\d{{1,2}})\b(?!:|\.\d|\s*{MERIDIEM}){_NO_DAY}()",
        of_the_month,
    ),
    (rf"\b(?:the\s+)?({ORDINAL}){_OF_MONTH}", of_the_month),
    (rf"(?<=day\s)the\s+({ORDINAL})\b{_NO_DAY}()", of_the_month),
    (
        rf"\byesterday\b|\b(?:last|past)\s+(?:{COUNT}\s+)?(?:{WEEKDAY}|week|month|year|night"
        rf"|weekend|summer|winter|spring)s?\b|\b{COUNT}\s+(?:day|week|month|year)s?\s+(?:ago"
        r"|back)\b|\bthe\s+other\s+(?:day|week|night)\b|\bearlier\s+this\s+(?:week|month|year)\b",
        gone,
    ),
    (
        rf"\b(?P<count>{COUNT})\s+weeks?\s+(?:on\s+|from\s+|after\s+|(?=to))(?P<day>{WEEKDAY}"
        rf"|today|tomorrow)\b|\bweek\s+(?:on|from)\s+(?P<behind>{WEEKDAY}|today|tomorrow)\b",
        weeks_from,
    ),
    (
        rf"\b(?:on\s+)?(?P<day>{WEEKDAY}|today|tomorrow)\s+(?:week|(?P<fortnight>fortnight))\b",
        weeks_from,
    ),
    (
        rf"\b(?:on\s+)?(?P<weekday>{WEEKDAY})\s+in\s+(?P<count>{COUNT})\s+weeks?(?:'?\s+time)?\b",
        weekday_in_weeks,
    ),
    (
        r"\b(?:with)?in\s+(?:the\s+)?(?P<next>(?:next|coming)\s+)?(?:a\s+)?(?P<unit>week"
        r"|month)\s+or\s+(?:two|so)\b",
        or_two,
    ),
    (
        rf"\bin\s+(?P<count>{COUNT})(?:\s*(?:-|to"
        rf"|or)\s*(?P<most>{COUNT}))?\s+(?P<unit>{_UNIT})s?\b(?:'?\s+time\b)?"
        rf"|\b(?P<behind>{COUNT})\s+(?P<behind_unit>{_UNIT})s?\s+(?:from\s+(?:now|today)|away)\b",
        in_a_while,
    ),
    (
        r"\b(?:within\s+(?:the\s+)?(?:next\s+|coming\s+)?|(?:(?:in|over"
        rf"|during)\s+)?(?:the\s+)?(?:next|coming)\s+)(?P<count>{COUNT}\s+)?(?P<unit>day|week"
        rf"|month)s\b|\bwithin\s+(?P<behind>{COUNT})\s+(?P<behind_unit>{_UNIT})\b",
        within,
    ),
    (
        r"\b(?:the|a|one)\s+(?P<unit>day|week)\s+(?P<way>after|before|later"
        r"|earlier)\b(?!\s+(?:tom|next\b|that\s+\w|the\b|my\b|i\b))|\bthe\s+(?P<way_on>next"
        r"|following)\s+(?P<unit_on>day|week)\b",
        beside_known,
    ),
    (
        r"\bsame\s+(?:(?:time|day|and)\s+)+(?:the\s+)?(?P<way_on>next|following)\s+(?P<unit_on>week)\b"
        r"(?P<unit>)(?P<way>)",
        beside_known,
    ),
    (r"\b(?:the\s+)?day\s+after\s+tom+[ao]r+[ao]w?\b", overmorrow),
    (r"\b(?:tom+[ao]r+[ao]w?|tomorrw|tommorw|tmrw?|tmrow|tmw|2mor+ow|2moro|tomoz)\b", tomorrow),
    # "this afternoon" and "tonight" are today; the part of the day is read as an hour.
    (
        rf"\b(?:later\s+(?:on\s+)?)?(?:today|2day)\b|\bthis(?=\s+(?:late\s+|early\s+)?{PART}\b)"
        r"|\bto(?=ni(?:gh)?te?\b)|\bnow\b(?=\s+(?:and|to|until|till)\b)",
        on_today,
    ),
    (
        r"\b(?:christmas|xmas|new\s+year'?s?)\s+eve\b|\b(?:christmas|xmas)(?:\s+day)?\b"
        r"|\bboxing\s+day\b|(?<!\bin\sthe\s)\bnew\s+year'?s?(?:\s+day)?\b|\bhallowe'?en\b"
        r"|\bvalentine'?s(?:\s+day)?\b|\bthanksgiving(?:\s+day)?\b",
        feast,
    ),
    (
        rf"\b(?:the\s+)?weekend\s+after\s+next\b|\b(?:(?:on|at|over)\s+)?(?:(?:{_THIS}|the"
        rf"|{_EACH})\s+)?week-?\s?ends?\b",
        weekend,
    ),
    (
        rf"\b(?:{_EACH}\s+)?(?:week-?\s?|working\s+|work)days?\b|\b(?:during"
        r"|in)\s+the\s+week\b(?!\s+(?:of|after|before|commencing))",
        weekdays,
    ),
    (r"\bmid-?\s?week\b", midweek),
    (
        rf"\bthe\s+week\s+after(?:\s+(?:next|that))?\b|\b{_THIS}\s+(?:week|wk)\b",
        week,
    ),
    (
        r"(?:\b(?:in|during|for|this|next|any\s?time\s+in|some\s?time\s+in"
        rf"|of)\s+(?:the\s+month\s+of\s+)?{_MONTH_LEAD})(?P<month>{_MONTH_ALONE}){_YEAR}",
        month_named,
    ),
    (rf"^\W*(?P<month>{_MONTH_ALONE}){_YEAR}(?=\W*$)", month_named),
    (
        r"\b(?P<month>january|february|september|october|november"
        rf"|december)\b(?!\.?\s*\d{{1,2}}\b){_YEAR}",
        month_named,
    ),
    (rf"\b{_THIS}\s+(?:month|year)\b|\b(?:in\s+)?the\s+new\s+year\b", month_or_year),
    (rf"\b(?:on\s+)?{_WHICH}(?P<weekday>(?!(?:sat|sun)\b){WEEKDAY}){_PLURAL}", on_weekday),
    (rf"{_SAT_LEAD}{_WHICH}(?P<weekday>sat|sun){_PLURAL}{_FOLLOWED}", on_weekday),
)


def name_days(scan: Scan, *, bare: bool = False) -> None:
    """Mark each name of a day or of days, the more precise ways of saying it first.

    With `bare`, a lone number that is no hour is a day of the month.
    """
    scan.take(r"\b24/7\b")
    _name(scan, DATES)
    _name_listed_days(scan)
    _name(scan, (*OTHER_DAYS, LONE_DAY) if bare else OTHER_DAYS)


def _name(scan: Scan, names: tuple[Namer, ...]) -> None:
    for pattern, read in names:
        for match in scan.each(pattern):
            day = read(scan, match)
            if day is not None:
                scan.mark(match.span(), DAY_MARK, day)


def _name_listed_days(scan: Scan) -> None:
    """The "3" of "3-7 december" and the "7" of "december 3-7", which stand beside a date."""
    dated = {place: term for place, term in scan.terms.items() if isinstance(term, OnDate)}
    joined = r"\s*(?:-|to|and|or|until|till|through|&{})\s*(?:the\s+)?"
    between, listed = joined.format(""), joined.format("|,")
    day = r"(?P<day>0?[1-9]|[12]\d|3[01])(?P<suffix>st|nd|rd|th)?\b"
    clock = rf"(?!:|\.\d|\s*(?:{MERIDIEM}|o'?clock))"
    for place in sorted(dated, reverse=True):
        beside, link = dated[place], between
        while match := re.search(rf"\b(?:the\s+)?{day}{link}$", scan.left[:place], re.I):
            if not re.match(r"(?:on\s+)?(?:the\s+)?\d", scan.text[place:], re.I):
                break
            beside, link = _beside(beside, int(match["day"]), earlier=True), listed
            place = match.start()
            end = max(match.end("day"), match.end("suffix"))
            scan.mark((place, end), DAY_MARK, beside)
    for place, beside in dated.items():
        end = scan.end_of(place)
        match = re.match(rf"{between}{day}{clock}", scan.left[end:], re.I)
        if match and not scan.text[place].isdigit():
            start, stop = match.start("day"), max(match.end("day"), match.end("suffix"))
            later = _beside(beside, int(match["day"]), earlier=False)
            scan.mark((end + start, end + stop), DAY_MARK, later)


def _beside(named: OnDate, day: int, *, earlier: bool) -> OnDate:
    """The day of a list that ends or starts with the date `named`."""
    month, year = named.month or 1, named.year
    if earlier and day > named.day:
        month, year = (month - 1, year) if month > 1 else (12, year and year - 1)
    elif not earlier and day < named.day:
        month, year = (month + 1, year) if month < 12 else (1, year and year + 1)
    return OnDate(day, month, year)
