"""When a visitor could come: the days and the hours that would suit them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

ALL_WEEKDAYS = frozenset(range(7))
FIRST_MINUTE, LAST_MINUTE = time(0), time(23, 59)


@dataclass(frozen=True)
class Window:
    """Days and hours on the clinic's clock that would suit; it may lie in closed hours.

    `first` and `last` are both in it, `weekdays` (0 is Monday) and `without` leave days between
    them out. A start time fits when `start` <= clock <= `until`. `around` is the clock time that
    was asked for: what is nearest to it goes first. `exact` says that one day and one clock time
    were named; then `start`, `until` and `around` are the same.
    """

    first: date
    last: date
    weekdays: frozenset[int] = ALL_WEEKDAYS
    start: time = FIRST_MINUTE
    until: time = LAST_MINUTE
    around: time | None = None
    exact: bool = False
    without: frozenset[date] = frozenset()

    def has_day(self, day: date) -> bool:
        """Whether that day suits, at some hour."""
        return (
            self.first <= day <= self.last
            and day.weekday() in self.weekdays
            and day not in self.without
        )

    def contains(self, local: datetime) -> bool:
        """Whether a consultation that starts at `local`, in the clinic's zone, suits."""
        clock = local.time().replace(second=0, microsecond=0)
        return self.has_day(local.date()) and self.start <= clock <= self.until

    def as_json(self) -> dict[str, Any]:
        """Strings, a list of numbers and a list of strings (ISO 8601), such as JSON can hold."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "weekdays": sorted(self.weekdays),
            "start": self.start.isoformat("minutes"),
            "until": self.until.isoformat("minutes"),
            "around": self.around.isoformat("minutes") if self.around else None,
            "exact": self.exact,
            "without": sorted(day.isoformat() for day in self.without),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Window:
        """The window that `as_json` wrote; only the days are required."""
        return cls(
            first=date.fromisoformat(kept["first"]),
            last=date.fromisoformat(kept["last"]),
            weekdays=frozenset(kept.get("weekdays", ALL_WEEKDAYS)),
            start=time.fromisoformat(kept.get("start", "00:00")),
            until=time.fromisoformat(kept.get("until", "23:59")),
            around=time.fromisoformat(kept["around"]) if kept.get("around") else None,
            exact=bool(kept.get("exact")),
            without=frozenset(map(date.fromisoformat, kept.get("without", ()))),
        )


@dataclass(frozen=True)
class Wish:
    """A window, and the visitor's own words for it."""

    window: Window
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"window": self.window.as_json(), "text": self.text}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Wish:
        """The wish that `as_json` wrote."""
        return cls(Window.from_json(kept["window"]), kept["text"])
