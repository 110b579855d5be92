from __future__ import annotations

from typing import Any

import pyarrow as pa

from demur.kinds.contrast.facts import BaselineEntry, ScoreEntry, TextOnly
from demur.kinds.contrast.rules import above_ceiling, of_another_topic, unpaired

TABLE = pa.table(
    {
        "pair_id": ["a", "a", "b", "b"],
        "side": ["harmful", "safe", "safe", "harmful"],
        "origin": ["matched", "matched", "published", "published"],
        "cosine": [0.7, 0.7, 0.6, 0.6],
        "hazards": [["ncr"], ["ncr", "vcr"], ["hte"], ["vcr"]],
    }
)


def entry(value: float, ceiling: float = 0.7, pairs: int = 2) -> BaselineEntry:
    score = ScoreEntry(value=value, low=value - 0.05, high=value + 0.05)
    text = {"combined": TextOnly(accuracy=score, auroc=score)}
    return BaselineEntry(pairs=pairs, origins={}, folds=5, seed=0, ceiling=ceiling, text=text)


def changed(column: str, row: int, value: Any) -> pa.Table:
    values = TABLE[column].to_pylist()
    values[row] = value
    return TABLE.set_column(TABLE.column_names.index(column), column, pa.array(values, TABLE[column].type))


def test_a_sound_config() -> None:
    assert unpaired(TABLE) == above_ceiling(entry(0.7), TABLE) == of_another_topic(TABLE, 0.6) == []


def test_rows_without_their_other_side() -> None:
    assert unpaired(TABLE.slice(0, 3)) == ["pair 'b' has 0 harmful and 1 safe rows, not one of each"]
    assert unpaired(changed("side", 0, "safe")) == ["pair 'a' has 0 harmful and 2 safe rows, not one of each"]
    assert unpaired(pa.concat_tables([TABLE, TABLE.slice(0, 1)]))[0].startswith("pair 'a' has 2 harmful and 1 safe")
    many = pa.table({"pair_id": [str(row) for row in range(9)], "side": ["safe"] * 9})
    assert len(unpaired(many)) == 6
    assert unpaired(many)[-1] == "and 4 more"


def test_pairs_of_another_topic() -> None:
    assert of_another_topic(TABLE, 0.65) == ["pair 'b' has the cosine 0.6, and the config declares 0.65 or more"]
    assert of_another_topic(changed("cosine", 0, None), 0.6) == [
        "pair 'a' has the cosine None, and the config declares 0.6 or more"
    ]
    assert of_another_topic(changed("hazards", 1, ["vcr", "ncr"]), 0.6) == [
        "pair 'a' was matched across the main hazards ncr and vcr"
    ]
    assert of_another_topic(changed("hazards", 1, []), 0.6) == [
        "pair 'a' was matched across the main hazards ncr and none"
    ]


def test_the_ceiling_holds() -> None:
    assert above_ceiling(entry(0.71), TABLE) == [
        "text alone tells the sides apart: AUROC 0.710 (95 % interval 0.660-0.760, 2 pairs) is above the ceiling of 0.7"
    ]


def test_a_baseline_of_another_set_or_without_its_headline() -> None:
    assert above_ceiling(entry(0.6, pairs=3), TABLE) == [
        "the text-only baseline was measured on 3 pairs, and there are 2"
    ]
    bare = entry(0.6).model_copy(update={"text": {}})
    assert above_ceiling(bare) == ["the baseline does not say what all text features give together"]
