"""Which days and hours a window holds, and that it can be kept as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from booking.windows import Window, Wish

NEW_YORK = ZoneInfo("America/New_York")
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)
WEEK = Window(MONDAY, FRIDAY)
AFTER_THREE_ON_TUESDAY_OR_THURSDAY = Window(
    MONDAY, FRIDAY, weekdays=frozenset({1, 3}), start=time(15)
)
NOT_THE_24TH = Window(MONDAY, FRIDAY, without=frozenset({date(2026, 11, 24)}))
AT_TEN = Window(MONDAY, MONDAY, start=time(10), until=time(10), around=time(10, 0), exact=True)


@pytest.mark.parametrize(
    ("window", "local", "fits"),
    [
        (WEEK, "2026-11-23 00:00", True),
        (WEEK, "2026-11-27 23:59", True),
        (WEEK, "2026-11-22 23:59", False),
        (WEEK, "2026-11-28 00:00", False),
        (AFTER_THREE_ON_TUESDAY_OR_THURSDAY, "2026-11-24 15:00", True),
        (AFTER_THREE_ON_TUESDAY_OR_THURSDAY, "2026-11-24 14:45", False),
        (AFTER_THREE_ON_TUESDAY_OR_THURSDAY, "2026-11-25 15:00", False),
        (AFTER_THREE_ON_TUESDAY_OR_THURSDAY, "2026-11-26 17:30", True),
        (NOT_THE_24TH, "2026-11-24 10:00", False),
        (NOT_THE_24TH, "2026-11-25 10:00", True),
        (AT_TEN, "2026-11-23 10:00", True),
        (AT_TEN, "2026-11-23 10:15", False),
    ],
)
def test_a_start_fits_when_day_and_clock_do(window: Window, local: str, fits: bool) -> None:
    assert window.contains(datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)) is fits


def test_both_hours_of_a_night_that_has_one_twice_fit() -> None:
    window = Window(date(2026, 11, 1), date(2026, 11, 1), start=time(1), until=time(1, 30))
    first = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK)

    assert window.contains(first)
    assert window.contains(first.replace(fold=1))


@pytest.mark.parametrize("window", [WEEK, AFTER_THREE_ON_TUESDAY_OR_THURSDAY, NOT_THE_24TH, AT_TEN])
def test_a_wish_survives_being_kept_as_json(window: Window) -> None:
    wish = Wish(window, "tuesday, \u201cafter 3\u201d")

    kept = json.loads(json.dumps(wish.as_json()))

    assert Wish.from_json(kept) == wish


def test_a_window_needs_only_its_days() -> None:
    kept = {"first": "2026-11-23", "last": "2026-11-27"}

    assert Window.from_json(kept) == WEEK
