"""Find a request by what somebody remembers of it."""

from __future__ import annotations

import re
from typing import Protocol

PHONE_CHARACTERS = "0123456789+()-./"
FEWEST_DIGITS = 4  # of a phone number


class Searched(Protocol):
    """A request, or a row of the database with as much of it."""

    @property
    def reference(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def concern(self) -> str: ...
    @property
    def notes(self) -> str | None: ...


def has_words(request: Searched, search: str) -> bool:
    """Whether each word is in the reference, name, e-mail, phone, concern or notes.

    A phone number may be typed in any way, also without its country, or only its end. Not left to
    the database: SQLite knows upper and lower case of ASCII letters only.
    """
    words = search.casefold().split()
    numbers = [word for word in words if not word.strip(PHONE_CHARACTERS)]
    digits = re.sub(r"\D", "", "".join(numbers))
    # As it is stored, or with the zeros that stand for its country, which are not stored.
    typed = {one for one in (digits, digits.lstrip("0")) if len(one) >= FEWEST_DIGITS}
    if any(one in (request.phone or "") for one in typed):
        words = [word for word in words if word not in numbers]
    kept = (request.reference, request.name, request.email, request.concern, request.notes)
    text = "\n".join(part for part in kept if part).casefold()
    return all(word in text for word in words)
