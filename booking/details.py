"""The details of a consultation request, and the readers that check each of them.

A reader takes what the visitor typed and returns the cleaned value, or raises `DetailRefused`
with a code from `booking.errors.Refusal`. When they would like to come is read by
`booking.reading.wishes`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from booking.errors import DetailRefused, Refusal
from booking.windows import Wish

LONGEST_NAME = 120
LONGEST_CONCERN = 300
LONGEST_PREFERENCE = 200
# Digits of a phone number: E.164 allows 15, and hardly any country's has fewer than 7.
SHORTEST_NUMBER, LONGEST_NUMBER = 7, 15

# Zero-width and direction-changing characters that can make a text read as something it is not.
# The two joiners stay: Persian and Hindi names are misspelt without them.
INVISIBLE = frozenset("\u00ad\u200b\u200e\u200f\u2060\ufeff") | frozenset(
    map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
)
LINK = re.compile(r"https?://|\bwww\.|\b[\w-]+\.(?:com|net|org|io|co|info|biz)\b", re.I)


class Slot(StrEnum):
    """What a consultation request needs from the visitor, in the order it is asked for."""

    NAME = "name"
    CONTACT = "contact"
    CONCERN = "concern"
    TIME = "time"


@dataclass(frozen=True)
class Contact:
    """How to reach the visitor: an e-mail address, a phone number in E.164, or both."""

    email: str | None = None
    phone: str | None = None

    def __bool__(self) -> bool:
        return self.email is not None or self.phone is not None


@dataclass(frozen=True)
class PreferredTime:
    """When the visitor would like to come: an aware moment, and their own words for it."""

    starts_at: datetime
    text: str


@dataclass(frozen=True)
class Details:
    """Everything known so far.

    `time` is a start that was chosen, `wish` what was said before a free one was.
    """

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    concern: str | None = None
    time: PreferredTime | None = None
    notes: str | None = None
    wish: Wish | None = None

    def missing(self) -> tuple[Slot, ...]:
        """The slots still open, in the order they are asked for."""
        given = {
            Slot.NAME: self.name,
            Slot.CONTACT: self.email or self.phone,
            Slot.CONCERN: self.concern,
            Slot.TIME: self.time,
        }
        return tuple(slot for slot, value in given.items() if value is None)

    def as_json(self) -> dict[str, Any]:
        """Strings (ISO 8601 for times) and the wish as an object, such as JSON can hold."""
        return {
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "concern": self.concern,
            "starts_at": self.time.starts_at.isoformat() if self.time else None,
            "time_text": self.time.text if self.time else None,
            "notes": self.notes,
            "wish": self.wish.as_json() if self.wish else None,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> Details:
        """The details that `as_json` wrote; unknown keys are ignored, missing ones are None."""
        kept = values or {}
        starts_at, words = kept.get("starts_at"), kept.get("time_text") or ""
        return cls(
            name=kept.get("name"),
            email=kept.get("email"),
            phone=kept.get("phone"),
            concern=kept.get("concern"),
            time=PreferredTime(datetime.fromisoformat(starts_at), words) if starts_at else None,
            notes=kept.get("notes"),
            wish=Wish.from_json(kept["wish"]) if kept.get("wish") else None,
        )


def clean_text(text: str, *, lines: bool = False) -> str:
    """The text in composed Unicode, without control characters and stray space.

    With `lines` its line breaks stay; otherwise they become spaces.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    shown = "".join(
        character if not character.isspace() else "\n" if character == "\n" else " "
        for character in composed
        if character.isspace() or not _hidden(character)
    )
    if not lines:
        return " ".join(shown.split())
    return "\n".join(" ".join(line.split()) for line in shown.split("\n")).strip()


def _hidden(character: str) -> bool:
    # Control characters, halves of surrogate pairs, private and unassigned code points.
    return character in INVISIBLE or unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}


def read_name(text: str) -> str:
    """The name as written, any script; refused: no_name, not_a_name, too_long (over 120)."""
    name = clean_text(text)
    if not name:
        raise DetailRefused(Refusal.NO_NAME)
    if len(name) > LONGEST_NAME:
        raise DetailRefused(Refusal.TOO_LONG)
    if not any(map(str.isalpha, name)) or "@" in name or LINK.search(name):
        raise DetailRefused(Refusal.NOT_A_NAME)
    return name


def read_email(text: str) -> str:
    """The address, its domain normalised; refused: invalid_email. Asks no name server."""
    address = re.sub(r"^<?(?:mailto:)?|>$", "", clean_text(text), flags=re.I)
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError as refused:
        raise DetailRefused(Refusal.INVALID_EMAIL) from refused


def read_phone(text: str, region: str) -> str:
    """The number in E.164; `region` (ISO 3166) is for one without +.

    Refused: invalid_phone; needs_country_code where it may be a number of another region.
    """
    written = clean_text(text)
    # 00 is how most of the world dials out; where it means something else (011 in the USA),
    # the number as it stands is tried first.
    for attempt in (written, re.sub(r"^\s*00", "+", written)):
        try:
            number = phonenumbers.parse(attempt, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or _is_likely_abroad(number, region):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    foreign = _may_be_foreign(written, region)
    raise DetailRefused(Refusal.NEEDS_COUNTRY_CODE if foreign else Refusal.INVALID_PHONE)


def _is_likely_abroad(number: phonenumbers.PhoneNumber, region: str) -> bool:
    """Whether a number of another country has the right length; which are in use is its affair."""
    if number.country_code == phonenumbers.country_code_for_region(region):
        return False
    possible = phonenumbers.is_possible_number_with_reason(number)
    return possible == phonenumbers.ValidationResult.IS_POSSIBLE


def _may_be_foreign(written: str, region: str) -> bool:
    """Whether digits that are no number here may be one elsewhere: "07700 900456" in the USA."""
    digits = sum(map(str.isdigit, written))
    if written.startswith(("+", "(+", "00")) or not SHORTEST_NUMBER <= digits <= LONGEST_NUMBER:
        return False
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return True
    # A local number that only lacks its area code is none of another country.
    possible = phonenumbers.is_possible_number_with_reason(number)
    return possible != phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY


def read_concern(text: str) -> str:
    """What the visitor would like to talk about; refused: no_concern, too_long (over 300)."""
    concern = clean_text(text)
    if not any(map(str.isalpha, concern)):
        raise DetailRefused(Refusal.NO_CONCERN)
    if len(concern) > LONGEST_CONCERN:
        raise DetailRefused(Refusal.TOO_LONG)
    return concern
