"""The frontier: how many mined pairs are left, and what text alone still gives on them, threshold by threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from demur.audits import plots
from demur.errors import UsageError
from demur.kinds.contrast.kind import Contrast
from demur.rates import Score
from demur.text.surface import baseline


@dataclass(frozen=True)
class Point:
    """One threshold: the pairs at or below it, and the AUROC of text alone on them, naive and nested."""

    threshold: float
    pairs: int
    naive: Score
    nested: Score


def frontier(items: pa.Table, declared: Contrast, thresholds: Sequence[float]) -> list[Point]:
    """Measure a set of mined pairs at several thresholds of the filter.

    Args:
        items: items of one config, built with a threshold above all of these, so that their pairs are still there.
        declared: folds, seed and halves.
        thresholds: predictabilities (0-1).

    Returns:
        A point for every threshold that leaves enough pairs for the folds of both halves, the highest first.

    Raises:
        UsageError: items that were not mined.
    """
    if items["predictability"].null_count or not len(items):
        msg = "A frontier is one of mined pairs"
        raise UsageError(msg, got=f"{items['predictability'].null_count} of {len(items)} rows without predictability")
    points = []
    for threshold in sorted(set(thresholds), reverse=True):
        left = items.filter(pc.less_equal(items["predictability"], threshold))
        columns = [left[name].to_pylist() for name in ("prompt", "side", "pair_id")]
        sides = [side == "harmful" for side in columns[1]]
        halves = [declared.half(split) for split in left["split"].to_pylist()]
        if min(halves.count(half) for half in ("held-out", declared.apart)) < 2 * declared.folds:
            continue
        naive, nested = (
            baseline(columns[0], sides, columns[2], declared.folds, declared.settings.seed, parts=parts)
            for parts in (None, halves)
        )
        points.append(Point(threshold, len(left) // 2, naive.auroc, nested.auroc))
    return points


def plot(frontiers: Mapping[str, Sequence[Point]], path: Path) -> None:
    """Draw frontiers into an SVG or PNG file; the same points give the same bytes.

    Raises:
        UsageError: another kind of file, or matplotlib is not installed.
    """
    plots.check_path(path)
    figure, (axes,) = plots.panels(1, 1, (7, 4.2))
    for (name, points), color in zip(sorted(frontiers.items()), cycle(plots.COLORS), strict=False):
        pairs, nested = [point.pairs for point in points], [point.nested for point in points]
        axes.plot(pairs, [score.value for score in nested], "o-", color=color, markersize=4, label=f"{name}: nested")
        axes.fill_between(
            pairs, [score.low for score in nested], [score.high for score in nested], color=color, alpha=0.12, lw=0
        )
        naive = [point.naive.value for point in points]
        axes.plot(pairs, naive, "x:", color=color, markersize=4, label=f"{name}: naive (flatters)")
    axes.axhline(0.5, color="#999999", linewidth=0.8)
    axes.set(xlabel="pairs kept", ylabel="AUROC of text alone", ylim=(0.4, 0.9))
    axes.legend(fontsize=8, frameon=False)
    plots.save(figure, path)
