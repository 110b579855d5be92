"""Figures that are files: SVG with a ground and a style of their own, for light and dark, the same bytes every time."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence

_WIDTH, _NAMES, _EDGE = 780, 316, 16
_COLORS = (("#0072b2", "#56b4e9"), ("#e69f00", "#e6a93c"), ("#007a59", "#3fc59b"), ("#a8487d", "#e39ac0"))
_BAR, _GAP, _HEAD = 11, 9, 62
_RIDGE = 58  # height of one side's histogram

_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1c2024}"
    ".t{font-size:15px;font-weight:650}.s{fill:#57606a;font-size:12px}.g{fill:#fff}.l{stroke:#dfe3e8}.m{stroke:#1c2024}"
    + "".join(f".c{number}{{fill:{light}}}" for number, (light, _) in enumerate(_COLORS))
    + "@media(prefers-color-scheme:dark){text{fill:#e8eaed}.s{fill:#a2abb5}.g{fill:#14171a}.l{stroke:#333a42}"
    ".m{stroke:#e8eaed}" + "".join(f".c{number}{{fill:{dark}}}" for number, (_, dark) in enumerate(_COLORS)) + "}"
)


def bars(title: str, rows: Mapping[str, Mapping[str, int]], sides: Sequence[str]) -> str:
    """Counts as bars, one beside the other for every side.

    Args:
        title: what is counted.
        rows: name -> side -> count.
        sides: in the order drawn.

    Example:
        >>> bars("Lamps", {"old": {"lit": 3}, "new": {"lit": 1, "dark": 2}}, ["lit", "dark"]).count('class="c1"')
        2
    """
    most = max((count for counts in rows.values() for count in counts.values()), default=0)
    room, step = _WIDTH - _NAMES - 70, _BAR * len(sides) + _GAP
    parts = [*_legend(sides)]
    for place, (name, counts) in enumerate(rows.items()):
        top = _HEAD + place * step
        parts.append(_text(_NAMES - 10, top + _BAR * len(sides) / 2 + 4, name, "end"))
        for number, side in enumerate(sides):
            if count := counts.get(side, 0):
                y, width = top + number * _BAR, round(max(1.0, room * count / most), 1)
                parts.append(_rect(number, _NAMES, y, width, _BAR - 2))
                parts.append(_text(_NAMES + width + 6, y + _BAR - 2, f"{count:,}", kind="s"))
    said = "; ".join(
        f"{name}: " + ", ".join(f"{side} {counts[side]}" for side in sides if counts.get(side))
        for name, counts in rows.items()
    )
    return _file(title, said, parts, _HEAD + step * len(rows) + _EDGE)


def ridges(title: str, unit: str, values: Mapping[str, Sequence[int]]) -> str:
    """How values are spread, a row of columns for every side; all share one logarithmic axis.

    Args:
        title: what is measured.
        unit: in which.
        values: side -> its values; those that have none are left out.

    Example:
        >>> print(ridges("Words", "words", {"short": [3, 4], "long": [40]})[:4])
        <svg
    """
    shown = {side: sorted(each) for side, each in values.items() if each}
    every = [value for each in shown.values() for value in each]
    low, high = math.log(max(1, min(every, default=1))), math.log(max(2, *every, 2))
    room, bins = _WIDTH - _NAMES - 40, 36
    span = max(high - low, 1e-9)

    def x(value: float) -> float:
        return round(_NAMES + room * min(1.0, max(0.0, (math.log(max(value, 1)) - low) / span)), 1)

    parts: list[str] = []
    for number, (side, each) in enumerate(shown.items()):
        base = _HEAD - 22 + (number + 1) * _RIDGE
        counts = [0] * bins
        for value in each:
            counts[min(bins - 1, int(bins * (math.log(max(value, 1)) - low) / span))] += 1
        for place, count in enumerate(counts):
            if count:
                tall = round(max(1.0, (_RIDGE - 16) * count / max(counts)), 1)
                parts.append(
                    _rect(number % 4, round(_NAMES + room * place / bins, 1), base - tall, room / bins - 1, tall)
                )
        middle = each[(len(each) - 1) // 2]
        parts += [
            _line("l", _NAMES, base, _NAMES + room, base),
            _line("m", x(middle), base - _RIDGE + 16, x(middle), base),
        ]
        parts.append(_text(_NAMES - 10, base - 16, side, "end"))
        parts.append(_text(_NAMES - 10, base - 1, f"{len(each):,} rows, median {middle:,}", "end", "s"))
    bottom = _HEAD - 22 + len(shown) * _RIDGE
    for tick in (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000):
        if low <= math.log(tick) <= high:
            parts += [
                _line("l", x(tick), bottom, x(tick), bottom + 5),
                _text(x(tick), bottom + 19, f"{tick:,}", "middle", "s"),
            ]
    parts.append(_text(_NAMES + room, bottom + 36, unit, "end", "s"))
    said = "; ".join(
        f"{side}: {len(each)} rows, median {each[(len(each) - 1) // 2]} {unit}" for side, each in shown.items()
    )
    return _file(title, said, parts, bottom + 36 + _EDGE)


def _legend(sides: Sequence[str]) -> Iterator[str]:
    x = float(_EDGE)
    for number, side in enumerate(sides):
        yield _rect(number % 4, x, 36, 11, 11)
        yield _text(x + 16, 46, side, kind="s")
        x += 34 + 7 * len(side)


def _rect(color: int, x: float, y: float, width: float, height: float) -> str:
    left, top, wide, high = (f"{round(each, 1):g}" for each in (x, y, width, height))
    return f'<rect class="c{color % len(_COLORS)}" x="{left}" y="{top}" width="{wide}" height="{high}" rx="1.5"/>'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    said = f' class="{kind}"' if kind else ""
    return f'<text{said} x="{round(x, 1):g}" y="{round(y, 1):g}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _file(title: str, said: str, parts: Sequence[str], height: float) -> str:
    name, told = html.escape(title), html.escape(said)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}" '
        f'height="{height:g}" role="img" aria-labelledby="t d"><title id="t">{name}</title><desc id="d">{told}</desc>'
        f'<style>{_STYLE}</style><rect class="g" width="100%" height="100%" rx="8"/>'
        f'<text class="t" x="{_EDGE}" y="26">{name}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )
