"""One e-mail address in all the ways it may stand in what is kept."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from booking.details import read_email

# What goes on before or behind would make it another address: j.ana@..., ...example.org. A
# backslash and a letter is how JSON writes a line break.
BEFORE = r"(?:(?<=\\[nrt])|(?<![\w+%~-])(?<!\w\.))"
# A full stop and a capital begin a sentence.
BEHIND = r"(?![\w-])(?!(?-i:\.[a-z0-9]))"

# In place of an address; no longer than the shortest one, so that it fits wherever that did.
ERASED = "[…]"


class Address:
    """An e-mail address to look for; upper and lower case are alike."""

    def __init__(self, typed: str) -> None:
        """Raises `DetailRefused` (invalid_email)."""
        self.email = read_email(typed)
        self._spellings = {typed.strip().lower(), *map(str.lower, _spellings(self.email))}
        any_of = "|".join(map(re.escape, sorted(self._spellings)))
        self._pattern = re.compile(f"{BEFORE}(?:{any_of}){BEHIND}", re.I)

    @property
    def traces(self) -> list[str]:
        """For a database to look for, in any case: one of them is in each text that has it.

        ASCII only: SQLite knows no other upper and lower case, and JSON may escape all else.
        """
        return [max(re.findall(r"[\x20-\x7e]+", one), key=len) for one in self._spellings]

    def is_that_of(self, email: str | None) -> bool:
        return email is not None and email.lower() in self._spellings

    def is_in(self, text: str | None) -> bool:
        """Whether it stands in a text as a whole; ana@... is not in diana@..."""
        return text is not None and self._pattern.search(text) is not None

    def blanked(self, text: str | None) -> str | None:
        """The text without it."""
        return None if text is None else self._pattern.sub(ERASED, text)


def _spellings(email: str) -> set[str]:
    """As it is stored, and with a domain in other scripts written in ASCII."""
    try:
        read = validate_email(email, check_deliverability=False)
    except EmailNotValidError:
        return {email}
    return {email, f"{read.local_part}@{read.domain}", f"{read.local_part}@{read.ascii_domain}"}
