"""Which training prompts are near a protected evaluation set: the one place where training meets decontamination."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from demur import protected
from demur.decontaminate import best_reasons, decontaminate
from demur.similarity.arrays import Texts


def near_protected(prompts: Texts) -> dict[int, dict[str, object]]:
    """Row -> its best reason (``record_id`` and ``source`` of the protected prompt, ``rule``, ``similarity``)."""
    evidence = [decontaminate(prompts, each) for each in protected.for_training()]
    found = best_reasons(pa.concat_tables(evidence))
    return {reason["row"]: reason for reason in found.to_pylist()}


def near_records(records: pa.Table) -> dict[str, dict[str, object]]:
    """The same by record id, for a table of records or rows."""
    ids = records["record_id"].to_pylist()
    return {ids[row]: reason for row, reason in near_protected(records["prompt"]).items()}


def protected_prompts() -> dict[str, int]:
    """Protected prompts by source."""
    return dict(sorted(Counter(name for each in protected.for_training() for name in each.sources).items()))
