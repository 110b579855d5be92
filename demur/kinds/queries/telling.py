"""How well the text alone tells the sides of the drawn sets: what any other score on them has to beat."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.queries.declared import Declaration
from demur.kinds.queries.facts import TextAlone
from demur.text.surface import baseline

FOLDS = 5


def text_alone(declared: Declaration, rows: pa.Table) -> Mapping[str, TextAlone]:
    """By set; those whose other side is nowhere are not there, nor are those with fewer groups than folds.

    Args:
        declared: the sets.
        rows: of one config.
    """
    found = {}
    for name in sorted({*rows["set"].to_pylist()}):
        mine, against = rows.filter(pc.equal(rows["set"], name)), declared.sets[name].against
        if against:
            mine = pa.concat_tables([mine, rows.filter(pc.equal(rows["set"], against))])
        harmful = [side == "harmful" for side in mine["side"].to_pylist()]
        groups = mine["group_id"].to_pylist()
        if len({*harmful}) < 2 or len({*groups}) < 2 * FOLDS:
            continue
        measured = baseline(mine["prompt"].to_pylist(), harmful, groups, FOLDS)
        score = measured.auroc
        found[name] = TextAlone(
            against=against, rows=measured.rows, groups=measured.pairs, folds=FOLDS,
            auroc=score.value, low=score.low, high=score.high,
        )  # fmt: skip
    return found
