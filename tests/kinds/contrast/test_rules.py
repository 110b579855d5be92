from __future__ import annotations

import pyarrow as pa

from demur.kinds.contrast.facts import BaselineEntry, ScoreEntry, TextOnly
from demur.kinds.contrast.rules import above_ceiling, unpaired

TABLE = pa.table(
    {
        "pair_id": ["a", "a", "b", "b"],
        "side": ["harmful", "safe", "safe", "harmful"],
    }
)


def entry(naive: float, nested: float | None, ceiling: float = 0.7, pairs: int = 2) -> BaselineEntry:
    def families(value: float) -> dict[str, TextOnly]:
        score = ScoreEntry(value=value, low=value - 0.05, high=value + 0.05)
        return {"combined": TextOnly(accuracy=score, auroc=score)}

    return BaselineEntry(
        pairs=pairs,
        folds=5,
        seed=0,
        ceiling=ceiling,
        naive=families(naive),
        nested=None if nested is None else families(nested),
    )


def changed(column: str, row: int, value: str) -> pa.Table:
    values = TABLE[column].to_pylist()
    values[row] = value
    return TABLE.set_column(TABLE.column_names.index(column), column, pa.array(values))


def test_a_sound_config() -> None:
    assert unpaired(TABLE) == above_ceiling(entry(0.6, 0.7), TABLE) == []
    assert above_ceiling(entry(0.7, None), TABLE) == []


def test_rows_without_their_other_side() -> None:
    assert unpaired(TABLE.slice(0, 3)) == ["pair 'b' has 0 harmful and 1 safe rows, not one of each"]
    assert unpaired(changed("side", 0, "safe")) == ["pair 'a' has 0 harmful and 2 safe rows, not one of each"]
    assert unpaired(pa.concat_tables([TABLE, TABLE.slice(0, 1)]))[0].startswith("pair 'a' has 2 harmful and 1 safe")
    many = pa.table({"pair_id": [str(row) for row in range(9)], "side": ["safe"] * 9})
    assert len(unpaired(many)) == 6
    assert unpaired(many)[-1] == "and 4 more"


def test_the_ceiling_holds_for_both_numbers() -> None:
    (nested,) = above_ceiling(entry(0.6, 0.71), TABLE)
    assert nested == (
        "text alone tells the sides apart: nested AUROC 0.710 (95 % interval 0.660-0.760, 2 pairs) is above the "
        "ceiling of 0.7"
    )
    assert "naive AUROC 0.720" in above_ceiling(entry(0.72, 0.6), TABLE)[0]
    assert len(above_ceiling(entry(0.8, 0.8), TABLE)) == 2


def test_a_baseline_of_another_set_or_without_its_headline() -> None:
    assert above_ceiling(entry(0.6, 0.6, pairs=3), TABLE) == [
        "the text-only baseline was measured on 3 pairs, and there are 2"
    ]
    bare = entry(0.6, None).model_copy(update={"naive": {}})
    assert above_ceiling(bare) == ["the naive baseline does not say what all text features give together"]
