"""The dashboard's plots as numbers: where each bar, line and label is. The templates draw them.

Three sizes of each, for wide pages, tablets and phones, so that letters keep their size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Room beside the bars for the numbers, above them, and below for the days.
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 6.0, 12.0, 30.0
_MOST_STEPS = 4
_GAP = 1.5  # between the parts of a bar, so that they need not differ from each other by colour


@dataclass(frozen=True)
class Size:
    """A drawing, in units that are CSS pixels when it is as wide as meant; `dates` fit below."""

    name: str
    width: float
    height: float
    dates: int


WIDE = Size("wide", 1120, 280, 8)
MIDDLE = Size("middle", 720, 260, 6)
NARROW = Size("narrow", 350, 240, 3)
SIZES = (WIDE, MIDDLE, NARROW)


@dataclass(frozen=True)
class Tick:
    """A line across the plot with its number; `y` from above."""

    y: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A date below the plot."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Part:
    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """A stack; `title` tells it to whoever points at it, over the place from `left`."""

    x: float
    width: float
    left: float
    step: float
    parts: tuple[Part, ...]
    title: str


@dataclass(frozen=True)
class Frame:
    """What is around bars or lines."""

    size: Size
    left: float
    right: float
    top: float
    base: float
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Bars:
    frame: Frame
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    left: float
    step: float
    title: str


@dataclass(frozen=True)
class Lines:
    """`path` and `path_before` are SVG path data; `dots` lie on the first."""

    frame: Frame
    path: str
    path_before: str
    dots: tuple[Dot, ...]


def bars(
    size: Size,
    rows: Sequence[Mapping[str, int]],
    titles: Sequence[str],
    dates: Sequence[str],
) -> Bars:
    """A bar for each of `rows`, its parts stacked in their order, the first one at the bottom."""
    frame, highest = _frame(size, [sum(row.values()) for row in rows], dates)
    step = (frame.right - frame.left) / len(rows)
    width = max(1.5, min(step * 0.72, 34))
    drawn = []
    for at, (row, title) in enumerate(zip(rows, titles, strict=True)):
        left = frame.left + at * step
        parts = tuple(_parts(row, frame, highest))
        x = round(left + (step - width) / 2, 2)
        drawn.append(Bar(x, round(width, 2), round(left, 2), round(step, 2), parts, title))
    return Bars(frame, tuple(drawn))


def _parts(row: Mapping[str, int], frame: Frame, highest: int) -> list[Part]:
    unit = (frame.base - frame.top) / highest
    parts, foot = [], frame.base
    for kind, count in row.items():
        if not count:
            continue
        height = count * unit
        # A single question among thousands is still to be seen.
        shown = max(height - (_GAP if foot < frame.base else 0), min(height, 1.0))
        parts.append(Part(kind, round(foot - height, 2), round(shown, 2)))
        foot -= height
    return parts


def lines(
    size: Size,
    now: Sequence[int],
    before: Sequence[int],
    titles: Sequence[str],
    dates: Sequence[str],
) -> Lines:
    """This period and the one before it, one over the other, from their first days on."""
    frame, highest = _frame(size, [*now, *before], dates)
    step = (frame.right - frame.left) / len(now)
    unit = (frame.base - frame.top) / highest

    def point(at: int, count: int) -> tuple[float, float]:
        return round(frame.left + (at + 0.5) * step, 2), round(frame.base - count * unit, 2)

    dots = tuple(
        Dot(*point(at, count), round(frame.left + at * step, 2), round(step, 2), title)
        for at, (count, title) in enumerate(zip(now, titles, strict=True))
    )
    return Lines(frame, _path(now, point), _path(before[: len(now)], point), dots)


def _path(counts: Sequence[int], point: object) -> str:
    assert callable(point)
    points = (point(at, count) for at, count in enumerate(counts))
    return " ".join(f"{'L' if at else 'M'}{x:g} {y:g}" for at, (x, y) in enumerate(points))


def _frame(size: Size, totals: Sequence[int], dates: Sequence[str]) -> tuple[Frame, int]:
    """What is around the plot, and the number at its upper edge."""
    step = _step(max(totals, default=0))
    highest = step * max(1, -(-max(totals, default=0) // step))
    top, base = _TOP, size.height - _BOTTOM
    left, right = _LEFT, size.width - _RIGHT
    ticks = tuple(
        Tick(round(base - (base - top) * count / highest, 2), f"{count:,}")
        for count in range(0, highest + 1, step)
    )
    marks = tuple(_marks(size, left, right, dates))
    return Frame(size, left, right, top, base, ticks, marks), highest


def _step(highest: int) -> int:
    """A round number that parts the height into four at most."""
    step, factors = 1, (2, 5, 10)
    power = 1
    while True:
        for factor in factors:
            if highest <= step * _MOST_STEPS:
                return step
            step = factor * power
        power *= 10


def _marks(size: Size, left: float, right: float, dates: Sequence[str]) -> list[Mark]:
    """Some of the dates, evenly; the first and the last ones stay inside the drawing."""
    every = max(1, -(-len(dates) // size.dates))
    step = (right - left) / len(dates)
    marks = []
    for at in range(0, len(dates), every):
        middle = left + (at + 0.5) * step
        anchor = "start" if middle - left < 24 else "end" if right - middle < 24 else "middle"
        x = left if anchor == "start" else right if anchor == "end" else middle
        marks.append(Mark(round(x, 2), dates[at], anchor))
    return marks
