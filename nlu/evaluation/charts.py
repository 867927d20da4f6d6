"""Two charts as inline SVG. They draw numbers only: no word of a visitor gets in here."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Text

from markupsafe import Markup

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 14, 46
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
# Among the first few messages one mistake is a great share: the scale is not made for those.
SETTLED = 0.05


def coverage_chart(curve: Dict[Text, Any]) -> Markup:
    """Share answered against share of the answered that is wrong, with the live gate marked."""
    live = curve["live"]
    settled = [point["risk"] for point in curve["points"] if point["coverage"] >= SETTLED]
    top = _ceiling(max([*settled, live["risk"], 0.01]))
    line = " ".join(
        f"{_x(point['coverage']):.1f},{_y(min(point['risk'] / top, 1)):.1f}"
        for point in curve["points"]
    )
    x, y = _x(live["coverage"]), _y(live["risk"] / top)
    label = f"live gate: {live['coverage']:.1%} answered, {live['risk']:.1%} of them wrong"
    anchor = "end" if live["coverage"] > 0.5 else "start"
    return _svg(
        label,
        [
            *_grid(top),
            f'<polyline class="curve" points="{line}"/>',
            f'<line class="guide" x1="{x:.1f}" y1="{_y(0):.1f}" x2="{x:.1f}" y2="{y:.1f}"/>',
            f'<circle class="live" cx="{x:.1f}" cy="{y:.1f}" r="6"/>',
            f'<text class="mark" x="{x:.1f}" y="{max(y - 12, TOP + 12):.1f}" '
            f'text-anchor="{anchor}">live gate</text>',
            *_axes("share of messages answered", "answered wrongly"),
        ],
    )


def calibration_chart(calibration: Dict[Text, Any]) -> Markup:
    """Share right by score; on the dotted line a score says how often it is right."""
    bins = calibration["bins"]
    parts = [*_grid(1.0)]
    for one in bins:
        left, right = _x(one["from"]), _x(one["to"])
        middle = (left + right) / 2
        if one["n"]:
            top = _y(one["right"])
            parts.append(
                f'<rect class="bar" x="{left + 2:.1f}" y="{top:.1f}" width="{right - left - 4:.1f}"'
                f' height="{_y(0) - top:.1f}"/>'
            )
        inside = f'x="{middle:.1f}" y="{_y(0) - 5:.1f}" text-anchor="middle"'
        parts.append(f'<text class="count" {inside}>{one["n"]}</text>')
    diagonal = f'x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"'
    parts.append(f'<line class="ideal" {diagonal}/>')
    described = f"share right by score, in {len(bins)} bins of {calibration['n']} messages"
    return _svg(described, [*parts, *_axes("score of the best label", "share right")])


def _svg(described: Text, parts: List[Text]) -> Markup:
    begin = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{described}">'
    return Markup("".join([begin, *parts, "</svg>"]))


def _x(share: float) -> float:
    return LEFT + share * PLOT_WIDTH


def _y(share: float) -> float:
    """Where a share of the vertical axis is; the axis starts below."""
    return TOP + (1 - share) * PLOT_HEIGHT


def _ceiling(value: float) -> float:
    """The next round number up: 0.023 -> 0.03."""
    power: float = 10.0 ** math.floor(math.log10(value))
    steps = (1, 1.5, 2, 3, 4, 6, 8, 10)
    return min(1.0, next(step * power for step in steps if step * power >= value * 0.999))


def _grid(top: float) -> List[Text]:
    """Lines with their percentages at quarters of the vertical axis, and ticks of the other."""
    parts = []
    for quarter in range(5):
        y = _y(quarter / 4)
        parts.append(
            f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">')
        parts.append(f"{100 * top * quarter / 4:.3g}%</text>")
    for fifth in range(6):
        x = _x(fifth / 5)
        parts.append(f'<text x="{x:.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{20 * fifth}%')
        parts.append("</text>")
    return parts


def _axes(across: Text, up: Text) -> List[Text]:
    middle = TOP + PLOT_HEIGHT / 2
    return [
        f'<line class="axis" x1="{LEFT}" y1="{_y(0)}" x2="{WIDTH - RIGHT}" y2="{_y(0)}"/>',
        f'<text class="name" x="{LEFT + PLOT_WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{across}</text>",
        f'<text class="name" transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">'
        f"{up}</text>",
    ]
