"""The two sides of models as one drawing, as SVG in a page's text; its style gives the colours."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from demur.pages.drawing import COLORS
from demur.rates import Rate

_SIDE, _EDGE = 360, 60  # the plot's square, and the room for its labels


def two_sided(points: Sequence[tuple[Rate, Rate]]) -> Markup:
    """Every model as a numbered point in the box of its two intervals.

    Args:
        points: over-refusal, which goes to the right, and refusal, which goes up.

    Example:
        >>> two_sided([(Rate.of(1, 10), Rate.of(9, 10))]).count("<circle")
        1
    """
    label = Markup('<text x="{}" y="{}" text-anchor="{}">{} %</text>')
    line = Markup('<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>')
    parts = []
    for tick in (0, 25, 50, 75, 100):
        x, y = _x(tick / 100), _y(tick / 100)
        parts += [line.format(x, _y(0), x, _y(1)), line.format(_x(0), y, _x(1), y)]
        parts += [label.format(x, _y(0) + 16, "middle", tick), label.format(_EDGE - 6, y + 4, "end", tick)]
    box = Markup('<rect class="box m{}" x="{}" y="{}" width="{}" height="{}"/>')
    point = Markup(
        '<circle class="point m{0}" cx="{1}" cy="{2}" r="4"/><text class="number m{0}" x="{3}" y="{4}">{5}</text>'
    )
    shown = [(place, *point_of) for place, point_of in enumerate(points) if all(rate.n for rate in point_of)]
    for place, right, up in shown:
        x, y = _x(right.low), _y(up.high)
        parts.append(box.format(place % COLORS, x, y, round(_x(right.high) - x, 1), round(_y(up.low) - y, 1)))
    for place, right, up in shown:
        x, y = _x(right.share), _y(up.share)
        parts.append(point.format(place % COLORS, x, y, round(x + 11, 1), round(y - 7, 1), place + 1))
    words = Markup('<text class="axis" x="{}" y="{}" text-anchor="middle"{}>{}</text>')
    middle, bottom = _x(0.5), _y(0) + 36
    turned = Markup(' transform="rotate(-90 {} {})"').format(14, _y(0.5))
    parts.append(words.format(middle, bottom, "", "over-refusal: less is better"))
    parts.append(words.format(14, _y(0.5), turned, "refusal: more is better"))
    size = f"0 0 {_SIDE + _EDGE + 24} {_SIDE + 54}"
    return Markup(
        '<svg class="plot" viewBox="{}" role="img" aria-label="refusal against over-refusal">{}</svg>'
    ).format(size, Markup("").join(parts))


def _x(share: float) -> float:
    return round(_EDGE + share * _SIDE, 1)


def _y(share: float) -> float:
    return round(12 + (1 - share) * _SIDE, 1)
