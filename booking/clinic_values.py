"""What single values of clinic.yml may be: each reads one as written, or says what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from itertools import pairwise
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from booking.clinic_file import FROM_A_FILE

STEP_MINUTES = 5
"""Everything on the clinic's clock lies on this grid, so that stored steps tell free from taken."""

_HOURS_WANTED = 'needs quoted hours such as "09:00-17:00", the later one last'


class Fact(BaseModel):
    """Base of everything clinic.yml may hold: nothing unknown, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Opening(Fact):
    """One stretch of a day, on the clinic's clock; `closes` is no longer in it."""

    opens: time
    closes: time

    @property
    def minutes(self) -> int:
        """Its length on the clock."""
        return _minute_of(self.closes) - _minute_of(self.opens)

    def within(self, other: Opening) -> Opening | None:
        """The part that both have; None when they have none."""
        opens, closes = max(self.opens, other.opens), min(self.closes, other.closes)
        return Opening(opens=opens, closes=closes) if opens < closes else None


def _minute_of(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _one_line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("needs some text on one line")
    return value.strip()


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValueError('needs an international number such as "+12025550143"')
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(value: str) -> str:
    try:
        # ".example" addresses are what a demo clinic has; they are reserved, not deliverable.
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as mistake:
        raise ValueError(f"needs an e-mail address: {mistake}") from mistake


def _website(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError('needs an address such as "https://linden-skin.example"')
    return value.rstrip("/")


def _page(value: str) -> str:
    if not re.fullmatch(r"(https?://[^\s/]+)?/\S*", value):
        raise ValueError('needs a path such as "/privacy" or a whole https:// address')
    return value


def _endpoint(value: str) -> str:
    """The address of another system, which a password never is a part of."""
    wanted = 'needs a whole address such as "https://clinic.example/path"'
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(wanted) from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("needs no name and password in it; passwords are settings")
    written = re.fullmatch(r"https?://[^\s#]+", value) and value.isprintable()
    if not written or not parts.hostname:
        raise ValueError(wanted)
    return value


def _collection(value: str) -> str:
    """A CalDAV collection, whose address ends with a slash (RFC 4918, 5.2)."""
    address = _endpoint(value)
    if "?" in address:
        raise ValueError("needs the address of a calendar, without a question mark")
    return address.rstrip("/") + "/"


def _emergency_number(value: str) -> str:
    if not re.fullmatch(r"[0-9]{2,6}", value):
        raise ValueError('needs a quoted number of 2 to 6 digits such as "911"')
    return value


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError('needs a name of the IANA database such as "America/New_York"')
    return value


def _practitioner_id(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,40}", value):
        raise ValueError("needs 1 to 40 small letters, digits and dashes, such as room-1")
    return value


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif type(value) is date and not isinstance(value, datetime):
        raise ValueError(f'needs quotes: "{value.isoformat()}"')
    raise ValueError('needs a quoted day such as "2026-12-25"')


def _opening(value: object) -> object:
    """One "opens-closes" pair as written in the file."""
    if isinstance(value, Opening):
        return value
    clock = r"([01][0-9]|2[0-3]):([0-5][0-9])"
    written = re.fullmatch(f"{clock}-{clock}", value) if isinstance(value, str) else None
    if written is None:
        raise ValueError(_HOURS_WANTED)
    opens = time(int(written[1]), int(written[2]))
    closes = time(int(written[3]), int(written[4]))
    if closes <= opens:
        raise ValueError(_HOURS_WANTED)
    if opens.minute % STEP_MINUTES or closes.minute % STEP_MINUTES:
        raise ValueError(f"needs times on {STEP_MINUTES} minutes, such as 09:05 or 17:30")
    return Opening(opens=opens, closes=closes)


def _in_order(openings: tuple[Opening, ...]) -> tuple[Opening, ...]:
    if any(later.opens < earlier.closes for earlier, later in pairwise(openings)):
        raise ValueError("needs its hours in order and without overlap")
    return openings


def _list_of_hours(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError('needs a list such as ["09:00-17:00"], or [] for a closed day')
    return value


def _whole(low: int, high: int, step: int) -> Callable[[object], object]:
    wanted = f"needs a whole number from {low} to {high}"
    if step > 1:
        wanted += f" in steps of {step}"

    def check(value: object) -> object:
        # True is an int to Python.
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(wanted)
        if not low <= value <= high or value % step:
            raise ValueError(wanted)
        return int(value)

    return check


def whole(low: int, high: int, *, step: int = 1) -> Any:
    """What to annotate an int with: from `low` to `high`, a multiple of `step`."""
    return BeforeValidator(_whole(low, high, step))


def _written(value: object, info: ValidationInfo) -> object:
    # Read from a file, that is: in Python None says that there is none.
    if value is None and info.context is FROM_A_FILE:
        raise ValueError("has nothing after it; fill it in or take the line out")
    return value


def _nothing_is_none_of_them(value: object) -> object:
    return () if value is None else value


def _nothing_is_the_defaults(value: object) -> object:
    return {} if value is None else value


# A name with nothing after it is None to YAML. With its list's or section's lines all commented
# out it means none of them; for a single fact it was forgotten.
Written = BeforeValidator(_written)
MayBeEmpty = BeforeValidator(_nothing_is_none_of_them)
MayBeBlank = BeforeValidator(_nothing_is_the_defaults)

Line = Annotated[str, AfterValidator(_one_line)]
Phone = Annotated[str, AfterValidator(_phone)]
Email = Annotated[str, AfterValidator(_email)]
Website = Annotated[str, AfterValidator(_website)]
Page = Annotated[str, AfterValidator(_page)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Collection = Annotated[str, AfterValidator(_collection)]
EmergencyNumber = Annotated[str, AfterValidator(_emergency_number)]
TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
PractitionerId = Annotated[str, AfterValidator(_practitioner_id)]
Day = Annotated[date, BeforeValidator(_day)]
# pydantic would take only tuples in strict mode, and YAML gives lists.
Days = Annotated[tuple[Day, ...], Field(strict=False), MayBeEmpty]
DayOpenings = Annotated[
    tuple[Annotated[Opening, BeforeValidator(_opening)], ...],
    Field(strict=False),
    AfterValidator(_in_order),
    BeforeValidator(_list_of_hours),
]
