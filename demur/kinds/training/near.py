"""Which training prompts are near a protected evaluation set: the one place where training meets decontamination."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from demur.protected import prompts as protected
from demur.protected.near import Judge, Rules, best_reasons, judge_all
from demur.text.arrays import Texts

_STRICT = Rules(key_word=False)
"""A row that is left out costs less than one that leaks, so another key word saves none."""


def near_protected(prompts: Texts) -> dict[int, dict[str, object]]:
    """Row -> its best reason (``record_id`` and ``source`` of the protected prompt, ``rule``, ``similarity``)."""
    evidence = [judge_all(Judge.of(each, _STRICT), prompts, best=True) for each in protected.for_training()]
    found = best_reasons(pa.concat_tables(evidence))
    return {reason["row"]: reason for reason in found.to_pylist()}


def with_near(records: pa.Table) -> pa.Table:
    """The records with a column ``near``: the best reason of each that is near a protected prompt, else null."""
    near = near_protected(records["prompt"])
    kind = pa.struct([("record_id", pa.string()), ("source", pa.string()), ("rule", pa.string()),
                      ("similarity", pa.float64())])  # fmt: skip
    reasons = [near.get(row) and {field.name: near[row][field.name] for field in kind} for row in range(len(records))]
    return records.append_column("near", pa.array(reasons, kind))


def protected_prompts() -> dict[str, int]:
    """Protected prompts by source."""
    return dict(sorted(Counter(name for each in protected.for_training() for name in each.sources).items()))
