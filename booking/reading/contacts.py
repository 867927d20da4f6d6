"""Find e-mail addresses and phone numbers anywhere in a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import phonenumbers

from booking.details import Contact, read_email, read_phone
from booking.errors import DetailRefused, Refusal

Span = tuple[int, int]

EMAIL_LIKE = re.compile(
    # The spaced form asks for a whole domain, or "see me @ 3pm" would look like an address, and
    # "instagram @mia.skin" is none.
    r"(?<![^\s,;<>()@:])(?!(?:insta(?:gram)?|ig|twitter|tiktok|snap(?:chat)?|facebook|fb|telegram"
    r"|handle)\s)[^\s,;<>()@:]+\s*@\s*[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b|[^\s,;<>()@:]+@[^\s,;<>()]*",
    re.I,
)
# No address, but an attempt at one: "ana.example.com", "ana at gmail".
HALF_EMAIL = re.compile(
    r"\b[\w.+-]+\.(?:com|net|org|info|edu|co|io|example)\b|\b[\w.+-]+\s+at\s+(?:gmail|hotmail"
    r"|outlook|yahoo|icloud)\b",
    re.I,
)
# "ana(at)example.com"; with a bare "at", only where an address is asked for
BRACKETED_EMAIL = re.compile(r"\b[\w.+-]+\s*[\[(]\s*at\s*[\])]\s*[\w-]+(?:\.[\w-]+)+\b", re.I)
# "ana@gmail. com", as telephones like to write it
SPACED_EMAIL = re.compile(
    r"\b[\w.+-]+\s*@\s*[\w-]+(?:\s+\.\s*|\.\s+)(?:com|net|org|edu|info|io|co\.uk|de|fr|es)\b", re.I
)
HALF_SPOKEN_EMAIL = re.compile(
    r"\b(?!(?:but|and|or|is|it's|its|me|mail|email|just|also|name)\s)[\w.+-]+\s+at\s+[\w-]+\.[a-z]{2,}(?:\.[a-z]{2,})?\b",
    re.I,
)
# "m dot rossi at example dot com"; it needs its "dot" behind the "at".
DOT = r"\s*[\[(]?\s*\bdot\b\s*[\])]?\s*"
AT = r"\s*[\[(]?\s*\bat\b\s*[\])]?\s*"
# Its counts are bounded, or "dot at dot at ..." would keep the matching busy for ever.
SPOKEN_EMAIL = re.compile(
    rf"\b[\w+-]{{1,64}}(?:(?:{DOT}|\.)[\w+-]{{1,64}}){{0,3}}{AT}[\w-]{{1,63}}"
    rf"(?:{DOT}[\w-]{{1,63}}){{1,3}}\b",
    re.I,
)
PHONE_LIKE = re.compile(r"(?:\+|\b)\(?\d[\d\s().\-/\u2010-\u2015]*\d")
PHONE_WORDS = re.compile(
    r"\b(?:call|ring|text|phone|mobile|cell|number|tel|whatsapp)\b[^\d\n]{0,20}$", re.I
)
RULED_OUT = re.compile(
    r"\bold\s+(?:\w+\s+)?(?:is|was)\s*$|\b(?:not|isn't|instead\s+of|rather\s+than|from|change|replace|swap|wrong)\s*[:(]?\s*$",
    re.I,
)
DATE = re.compile(r"\d{4}-\d\d-\d\d\b|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)\b")
# What looks like a short number where a contact is asked for: "call me at 4:30", "10/12".
TIME_BEFORE = re.compile(r"\b(?:at|on\s+the|after|before|until|around)\s*$", re.I)
TIME_BEHIND = re.compile(r"\s*(?::|[ap]\.?m\b|o'?clock|hrs?\b|hours?\b|years?\b|%)", re.I)
# Anything shorter was hardly meant as a number that the clinic could call.
FEWEST_DIGITS, FEWEST_ASKED, FEWEST_UNASKED = 7, 3, 9


@dataclass
class FoundContact:
    """The contact a text gives, where it stands, and why it cannot be taken when it cannot."""

    contact: Contact
    refusal: Refusal | None = None
    spans: list[Span] = field(default_factory=list)


def find_contact(text: str, region: str, *, asked: bool) -> FoundContact:
    """Read e-mail and phone out of `text`; `asked` says that it answers the question for them.

    Asked, whatever has digits counts as a try at a number; unasked, only what is called one.
    """
    emails = list(_emails(text, asked=asked))
    email, email_refused = _first_valid(text, emails, _read_written_email)
    left = blanked(text, emails)
    phones = list(_phones(left, region, asked=asked and not emails))
    phone, phone_refused = _first_valid(left, phones, lambda written: read_phone(written, region))
    found = FoundContact(Contact(email, phone), spans=emails + phones)
    if not found.contact and found.spans:
        found.refusal = email_refused or phone_refused
    elif not found.contact and asked and HALF_EMAIL.search(text):
        found.refusal = Refusal.INVALID_EMAIL
    return found


def shown_phone(e164: str) -> str:
    """The number as people read it, with its country code: "+1 202-555-0164"."""
    number = phonenumbers.parse(e164, None)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def blanked(text: str, spans: Iterable[Span], mark: str = "\x00") -> str:
    """`text` with every character of `spans` replaced by `mark`, so that positions stay."""
    characters = list(text)
    for start, end in spans:
        characters[start:end] = mark * (end - start)
    return "".join(characters)


def _first_valid(
    text: str, spans: list[Span], read: Callable[[str], str]
) -> tuple[str | None, Refusal | None]:
    """The first one that can be read and is not ruled out, as in "not ana@x.com, anna@x.com".

    Where there is none, also why the first one was refused.
    """
    refused = None
    for start, end in spans:
        if RULED_OUT.search(text[:start]):
            continue
        try:
            return read(text[start:end]), None
        except DetailRefused as error:
            refused = refused or error.code
    return None, refused


def _read_written_email(written: str) -> str:
    if "@" not in written:
        written = re.sub(AT, "@", re.sub(DOT, ".", written, flags=re.I), flags=re.I)
    return read_email(re.sub(r"\s", "", written))


def _emails(text: str, *, asked: bool) -> Iterator[Span]:
    patterns = [EMAIL_LIKE, BRACKETED_EMAIL, SPOKEN_EMAIL]
    if asked:
        patterns = [SPACED_EMAIL, *patterns, HALF_SPOKEN_EMAIL]
    for pattern in patterns:
        for match in pattern.finditer(text):
            trimmed = match[0].strip("\"'.!?:")
            start = match.start() + match[0].index(trimmed)
            yield start, start + len(trimmed)
        if pattern.search(text):
            return


def _phones(text: str, region: str, *, asked: bool) -> Iterator[Span]:
    valid = [(one.start, one.end) for one in phonenumbers.PhoneNumberMatcher(text, region)]
    yield from valid
    left = blanked(text, valid)
    yield from (
        match.span() for match in PHONE_LIKE.finditer(left) if _is_tried(text, match, asked=asked)
    )


def _is_tried(text: str, match: re.Match[str], *, asked: bool) -> bool:
    """Whether digits are meant as a number to call, right or wrong."""
    digits = sum(map(str.isdigit, match[0]))
    if DATE.match(match[0]):
        return False
    if asked and digits < FEWEST_DIGITS:
        return digits >= FEWEST_ASKED and not _is_about_time(text, match)
    named = PHONE_WORDS.search(text[: match.start()]) or match[0].lstrip("(").startswith(
        ("+", "00")
    )
    return digits >= (FEWEST_DIGITS if asked or named else FEWEST_UNASKED)


def _is_about_time(text: str, match: re.Match[str]) -> bool:
    before = TIME_BEFORE.search(text[: match.start()])
    return bool(before or "/" in match[0] or TIME_BEHIND.match(text, match.end()))
