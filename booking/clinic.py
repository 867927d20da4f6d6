"""The clinic's own facts, read from clinic.yml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class ClinicMistake(ValueError):
    """clinic.yml cannot be used; the message names each line and what is allowed there."""


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


def _emergency_number(value: str) -> str:
    if not re.fullmatch(r"\d{2,6}", value):
        raise ValueError('needs a quoted number of 2 to 6 digits such as "911"')
    return value


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError('needs a name of the IANA database such as "America/New_York"')
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
    wanted = 'needs quoted hours such as "09:00-17:00", the later one last'
    if isinstance(value, Opening):
        return value
    clock = r"([01]\d|2[0-3]):([0-5]\d)"
    written = re.fullmatch(f"{clock}-{clock}", value) if isinstance(value, str) else None
    if written is None:
        raise ValueError(wanted)
    opens = time(int(written[1]), int(written[2]))
    closes = time(int(written[3]), int(written[4]))
    if closes <= opens:
        raise ValueError(wanted)
    return Opening(opens=opens, closes=closes)


def _in_order(openings: tuple[Opening, ...]) -> tuple[Opening, ...]:
    if any(later.opens < earlier.closes for earlier, later in pairwise(openings)):
        raise ValueError("needs its hours in order and without overlap")
    return openings


class Fact(BaseModel):
    """Base of everything clinic.yml may hold: nothing unknown, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Opening(Fact):
    """One stretch of a day in which consultations may start; `closes` is no longer in it."""

    opens: time
    closes: time


Line = Annotated[str, AfterValidator(_one_line)]
Day = Annotated[date, BeforeValidator(_day)]
DayOpenings = Annotated[
    # pydantic would take only tuples here in strict mode, and YAML gives lists.
    tuple[Annotated[Opening, BeforeValidator(_opening)], ...],
    Field(strict=False),
    AfterValidator(_in_order),
]


class OpeningHours(Fact):
    """The hours of each weekday; every day is named, a closed one has an empty list."""

    monday: DayOpenings
    tuesday: DayOpenings
    wednesday: DayOpenings
    thursday: DayOpenings
    friday: DayOpenings
    saturday: DayOpenings
    sunday: DayOpenings

    def by_weekday(self) -> tuple[tuple[Opening, ...], ...]:
        """Monday's openings first."""
        return tuple(getattr(self, weekday) for weekday in WEEKDAYS)


class Consent(Fact):
    """What a visitor agrees to; `version` is kept with each request."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    text: Line


class Privacy(Fact):
    """Where the privacy notice is, and after how many days old data is deleted."""

    url: Annotated[str, AfterValidator(_page)]
    retention_days: Annotated[int, Field(ge=1, le=3650)]


class Clinic(Fact):
    """What the clinic says about itself; `phone` is E.164, times are in its own zone."""

    name: Line
    tagline: Line
    phone: Annotated[str, AfterValidator(_phone)]
    email: Annotated[str, AfterValidator(_email)]
    address: Annotated[tuple[Line, ...], Field(strict=False, min_length=1)]
    website: Annotated[str, AfterValidator(_website)]
    emergency_number: Annotated[str, AfterValidator(_emergency_number)]
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    opening_hours: OpeningHours
    holidays: Annotated[tuple[Day, ...], Field(strict=False)] = ()
    consent: Consent
    privacy: Privacy

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def writes_month_first(self) -> bool:
        """Whether 3/4 is the fourth of March: so in North America, which shares the code +1."""
        return self.phone.startswith("+1")

    def opening_hours_text(self) -> str:
        """Such as "Monday to Friday 9:00-18:00, Saturday 10:00-15:00"; closed days left out."""
        return ", ".join(
            f"{_days_text(first, last)} {_openings_text(openings)}"
            for first, last, openings in _runs(self.opening_hours.by_weekday())
            if openings
        )

    def phone_text(self) -> str:
        """The phone number for reading, such as "+1 202-555-0143"."""
        return phonenumbers.format_number(
            phonenumbers.parse(self.phone), phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )

    def openings_on(self, day: date) -> tuple[Opening, ...]:
        """The hours on that day, none on a closed day or a holiday."""
        if day in self.holidays:
            return ()
        return self.opening_hours.by_weekday()[day.weekday()]

    def is_open(self, moment: datetime) -> bool:
        """Whether a consultation could start at that (aware) moment."""
        local = moment.astimezone(self.zone)
        clock = local.time()
        return any(hours.opens <= clock < hours.closes for hours in self.openings_on(local.date()))


def read_clinic(path: Path) -> Clinic:
    """Read and check clinic.yml; raises `ClinicMistake` with a line for each mistake."""
    facts = _read_yaml(path)
    try:
        return Clinic.model_validate(facts)
    except ValidationError as refused:
        lines = [
            f"{path.name}, line {_line(facts, mistake['loc'])}: {_told(mistake)}"
            for mistake in refused.errors()
        ]
        raise ClinicMistake("\n".join(lines)) from refused


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        facts = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as missing:
        raise ClinicMistake(f"{path} cannot be read: {missing.strerror}") from missing
    except UnicodeDecodeError as garbled:
        raise ClinicMistake(f"{path.name} is not UTF-8 text") from garbled
    except YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(broken, "problem", None) or "this is not YAML"
        raise ClinicMistake(f"{path.name}, line {line}: {problem}") from broken
    if not isinstance(facts, Mapping):
        raise ClinicMistake(f"{path.name}, line 1: needs facts such as `name: Linden Skin Clinic`")
    return facts


def _line(node: Any, place: tuple[int | str, ...]) -> int:
    """The line (from 1) of the innermost part of `place` that the file has."""
    line = 1
    for step in place:
        marks = getattr(node, "lc", None)
        if marks is None or marks.data is None or not _has(node, step):
            break
        line = marks.data[step][0] + 1
        node = node[step]
    return line


def _has(node: Any, step: int | str) -> bool:
    return step in node if isinstance(node, Mapping) else isinstance(step, int) and step < len(node)


def _told(mistake: Any) -> str:
    """One mistake in words: where in the file, and what is allowed there."""
    place = ".".join(str(step) for step in mistake["loc"])
    if mistake["type"] == "missing":
        return f"{place} is missing"
    if mistake["type"] == "extra_forbidden":
        return f"{place} is not known here; allowed are {', '.join(_allowed(mistake['loc'][:-1]))}"
    return f"{place} {mistake['msg'].removeprefix('Value error, ')}"


def _allowed(place: tuple[int | str, ...]) -> list[str]:
    """The names that the part of the file at `place` may hold."""
    part: type[BaseModel] = Clinic
    for step in place:
        kind = part.model_fields[str(step)].annotation
        inner = [kind, *get_args(kind)]
        part = next(one for one in inner if isinstance(one, type) and issubclass(one, BaseModel))
    return list(part.model_fields)


def _runs(
    week: tuple[tuple[Opening, ...], ...],
) -> Iterator[tuple[int, int, tuple[Opening, ...]]]:
    """Neighbouring weekdays with the same hours: first day, last day, hours."""
    first = 0
    for day in range(1, len(week) + 1):
        if day == len(week) or week[day] != week[first]:
            yield first, day - 1, week[first]
            first = day


def _days_text(first: int, last: int) -> str:
    names = [WEEKDAYS[day].capitalize() for day in (first, last)]
    if first == last:
        return names[0]
    return f" {'and' if last == first + 1 else 'to'} ".join(names)


def _openings_text(openings: tuple[Opening, ...]) -> str:
    return " and ".join(f"{_clock(one.opens)}-{_clock(one.closes)}" for one in openings)


def _clock(moment: time) -> str:
    return f"{moment.hour}:{moment.minute:02}"
