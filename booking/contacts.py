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
    # The spaced form asks for a whole domain, or "see me @ 3pm" would look like an address.
    r"[^\s,;<>()@:]+\s*@\s*[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b|[^\s,;<>()@:]+@[^\s,;<>()]*",
    re.I,
)
# No address, but an attempt at one: "ana.example.com", "ana at gmail".
HALF_EMAIL = re.compile(
    r"\b[\w.+-]+\.(?:com|net|org|info|edu|co|io|example)\b"
    r"|\b[\w.+-]+\s+at\s+(?:gmail|hotmail|outlook|yahoo|icloud)\b",
    re.I,
)
# "m dot rossi at example dot com"; it needs its "dot" behind the "at".
DOT = r"\s*[\[(]?\s*\bdot\b\s*[\])]?\s*"
AT = r"\s*[\[(]?\s*\bat\b\s*[\])]?\s*"
# Its counts are bounded, or "dot at dot at ..." would keep the matching busy for ever.
SPOKEN_EMAIL = re.compile(
    rf"\b[\w+-]{{1,64}}(?:(?:{DOT}|\.)[\w+-]{{1,64}}){{0,3}}{AT}"
    rf"[\w-]{{1,63}}(?:{DOT}[\w-]{{1,63}}){{1,3}}\b",
    re.I,
)
PHONE_LIKE = re.compile(r"(?:\+|\b)\(?\d[\d\s().\-/\u2010-\u2015]*\d")
PHONE_WORDS = re.compile(
    r"\b(?:call|ring|text|phone|mobile|cell|number|tel|whatsapp)\b[^\d\n]{0,20}$", re.I
)
RULED_OUT = re.compile(r"\b(?:not|isn't|instead\s+of|rather\s+than|from)\s*$", re.I)
# Anything shorter was hardly meant as a number that the clinic could call.
FEWEST_DIGITS, FEWEST_ASKED = 7, 3


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
    emails = list(_emails(text))
    email = _first_valid(text, emails, _read_written_email)
    left = blanked(text, emails)
    phones = list(_phones(left, region, asked=asked and not emails))
    phone = _first_valid(left, phones, lambda written: read_phone(written, region))
    found = FoundContact(Contact(email, phone), spans=emails + phones)
    if not found.contact and found.spans:
        found.refusal = Refusal.INVALID_EMAIL if emails else Refusal.INVALID_PHONE
    elif not found.contact and asked and HALF_EMAIL.search(text):
        found.refusal = Refusal.INVALID_EMAIL
    return found


def blanked(text: str, spans: Iterable[Span], mark: str = "\x00") -> str:
    """`text` with every character of `spans` replaced by `mark`, so that positions stay."""
    characters = list(text)
    for start, end in spans:
        characters[start:end] = mark * (end - start)
    return "".join(characters)


def _first_valid(text: str, spans: list[Span], read: Callable[[str], str]) -> str | None:
    """The first one that can be read and is not ruled out, as in "not ana@x.com, anna@x.com"."""
    wanted = [span for span in spans if not RULED_OUT.search(text[: span[0]])]
    for start, end in wanted:
        try:
            return read(text[start:end])
        except DetailRefused:
            continue
    return None


def _read_written_email(written: str) -> str:
    if "@" not in written:
        written = re.sub(AT, "@", re.sub(DOT, ".", written, flags=re.I), flags=re.I)
    return read_email(re.sub(r"\s", "", written))


def _emails(text: str) -> Iterator[Span]:
    for pattern in (EMAIL_LIKE, SPOKEN_EMAIL):
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
    for match in PHONE_LIKE.finditer(left):
        digits = sum(map(str.isdigit, match[0]))
        named = PHONE_WORDS.search(text[: match.start()])
        tried = digits >= FEWEST_ASKED if asked else digits >= FEWEST_DIGITS and named
        if tried or (digits >= FEWEST_DIGITS and match[0].lstrip("(").startswith(("+", "00"))):
            yield match.span()
