from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from bench.frontier import frontier, plot
from demur.errors import UsageError
from demur.kinds.contrast import Contrast
from schemas.contrast_item import ContrastItem

DECLARED = Contrast(row=ContrastItem, ceilings={"default": 0.7}, mined={"default": 0.6}, folds=2)
THINGS = ["fence", "door", "gate", "roof", "wall", "shed", "barn", "porch"]


def items(predictability: list[float] | None = None) -> pa.Table:
    """Sixteen pairs: the safe side of the first eight differs by a word, the others are told by nothing."""
    texts = [text for thing in THINGS for text in (f"Burn the {thing}", f"Paint the {thing}")]
    texts += [text for thing in THINGS for text in (f"the {thing}", f"the {thing}")]
    scores = predictability or [0.9] * 16 + [0.5] * 16
    return pa.table(
        {
            "prompt": texts,
            "side": ["harmful", "safe"] * 16,
            "pair_id": [f"p{row // 2}" for row in range(32)],
            "split": ["train" if row // 2 % 2 else "test" for row in range(32)],
            "predictability": pa.array(scores, pa.float64()),
        }
    )


def test_a_lower_threshold_keeps_fewer_pairs_and_less_to_go_by() -> None:
    high, low = frontier(items(), DECLARED, [0.6, 1.0, 0.6, 0.1])
    assert (high.threshold, high.pairs, low.threshold, low.pairs) == (1.0, 16, 0.6, 8)
    assert high.nested.value > 0.7
    assert low.nested.value == low.naive.value == 0.5


def test_a_threshold_that_leaves_fewer_pairs_than_folds_has_no_point() -> None:
    scores = [0.5 if row < 6 else 0.9 for row in range(32)]
    assert [point.pairs for point in frontier(items(scores), DECLARED, [0.6, 1.0])] == [16]


def test_published_pairs_have_no_frontier() -> None:
    with pytest.raises(UsageError, match="one of mined pairs"):
        frontier(items().set_column(4, "predictability", pa.nulls(32, pa.float64())), DECLARED, [0.6])


def test_the_plot_is_the_same_twice(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    points = frontier(items(), DECLARED, [0.6, 1.0])
    for name in ("a.svg", "b.svg"):
        plot({"tiny": points}, tmp_path / name)
    made = (tmp_path / "a.svg").read_bytes()
    assert made == (tmp_path / "b.svg").read_bytes()
    assert b"pairs kept" in made
