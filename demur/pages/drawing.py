"""Small drawings for a page, as SVG in its text; colours come from the page's style, for light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from demur.rates import Rate

COLORS = 4
"""Classes m0 to m3 of the style; a fifth takes the first again, so a series is also told apart by its name."""

STEPS = 7
"""Classes h0 (nothing) to h7 of the style: the colours of heat tables, on all of which text keeps its contrast."""

_LONG, _HIGH = 150, 14  # of an interval


def interval(rate: Rate, color: int) -> Markup:
    """A rate on a line from 0 to 1: its interval, and the share as a point.

    Example:
        >>> print(interval(Rate.of(0, 0), 0))
        <BLANKLINE>
    """
    return span(rate.low, rate.share, rate.high, str(rate), color) if rate.n else Markup()


def span(low: float, value: float, high: float, said: str, color: int = 0) -> Markup:
    """A number and its interval on a line from 0 to 1.

    Args:
        low: of the interval.
        value: the number.
        high: of the interval.
        said: all of it in words.
        color: number of the style's class.

    Example:
        >>> span(0.2, 0.5, 0.8, "0.5").count("<line")
        2
    """
    left, point, right = (round(4 + each * (_LONG - 8), 1) for each in (low, value, high))
    middle = _HIGH / 2
    return Markup(
        '<svg class="bar m{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><line class="track" x1="4" y1="{}" x2="{}"'
        ' y2="{}"/><line class="range" x1="{}" y1="{}" x2="{}" y2="{}"/><circle cx="{}" cy="{}" r="4"/></svg>'
    ).format(color % COLORS, _LONG, _HIGH, said, middle, _LONG - 4, middle, left, middle, right, middle, point, middle)


def stack(counts: Mapping[str, int], classes: Mapping[str, str] | None = None) -> Markup:
    """Counts of classes as parts of one bar.

    Args:
        counts: by name, in the order drawn.
        classes: the style's class of each name; ``g-NAME`` where it is not there.

    Example:
        >>> stack({"refusal": 3, "answer": 1, "empty": 0}).count("<rect")
        2
    """
    total, start = sum(counts.values()), 0.0
    parts = []
    for name, count in counts.items():
        if count:
            width = 100 * count / total
            parts.append(
                Markup(
                    '<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="6"><title>{} {}</title></rect>'
                ).format((classes or {}).get(name, f"g-{name}"), start, width, name, count)
            )
            start += width
    said = ", ".join(f"{name} {count}" for name, count in counts.items())
    return Markup(
        '<svg class="stack" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(said, Markup("").join(parts))


def bar(count: float, most: float, color: str = "m0") -> Markup:
    """One bar of a list; the number stands beside it, so a reader of screens is not told twice.

    Args:
        count: its length.
        most: the longest of the list.
        color: the style's class.

    Example:
        >>> 'width="50.00"' in bar(2, 4)
        True
    """
    width = 100 * count / most if most else 0
    return Markup(
        '<svg class="one" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="{}" x="0" y="0" width="{:.2f}" height="6"/></svg>'
    ).format(color, width)


def heat(count: float, most: float) -> str:
    """The class of a cell of a heat table: by the square root, so that small counts are told from none.

    Example:
        >>> heat(0, 9), heat(1, 100), heat(100, 100)
        ('h0', 'h1', 'h7')
    """
    if count <= 0 or most <= 0:
        return "h0"
    return f"h{max(1, min(STEPS, math.ceil(STEPS * math.sqrt(count / most))))}"


def legend(names: Sequence[str], classes: Mapping[str, str] | None = None) -> Markup:
    """The names of the parts of `stack`, each beside its colour.

    Example:
        >>> print(legend(["refuse"], {"refuse": "m0"}))
        <ul class="key"><li><i class="m0"></i>refuse</li></ul>
    """
    item = Markup('<li><i class="{}"></i>{}</li>')
    parts = [item.format((classes or {}).get(name, f"g-{name}"), name) for name in names]
    return Markup('<ul class="key">{}</ul>').format(Markup("").join(parts))


def worded(parts: Sequence[tuple[str, str]], side: str = "both") -> Markup:
    """A word diff (`demur.curation.worddiff`), with marks that need no colour to be read.

    Args:
        parts: runs of words, each "same", "removed" or "added".
        side: ``first`` leaves out what was added, ``second`` what was removed.

    Example:
        >>> print(worded([("same", "a"), ("removed", "b"), ("added", "<c>")]))
        a <del>b</del> <ins>&lt;c&gt;</ins>
        >>> print(worded([("same", "a"), ("removed", "b"), ("added", "c")], "second"))
        a <ins>c</ins>
    """
    marks = {"same": Markup("{}"), "removed": Markup("<del>{}</del>"), "added": Markup("<ins>{}</ins>")}
    without = {"first": "added", "second": "removed"}.get(side)
    return Markup(" ").join(marks[tag].format(words) for tag, words in parts if tag != without)
