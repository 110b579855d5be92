"""What the rows of a set of responses say of themselves: kinds, lengths of the two sides, and what the queries are."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from demur.kinds.responses.facts import Lengths, Longer

UPPER = {"safe": "harmful", "preferred": "rejected"}
"""Kind of the upper response to a query -> that of the lower one."""

NONE = "none"


def counted(rows: pa.Table) -> dict[str, Any]:
    """The counts of `demur.kinds.responses.facts.ComparisonCounts` that rows can tell, all but the queries.

    Example:
        >>> rows = {"query_id": ["a", "a"], "kind": ["safe", "harmful"], "response": ["No, thank you.", "Yes."]}
        >>> found = counted(pa.table(rows | {"basis": ["readers"] * 2, "behaviour": ["refuse"] * 2}))
        >>> found["longer"]["safe"], found["bases"]
        (Longer(count=1, n=1), {'readers': 1})
    """
    lengths: defaultdict[str, list[int]] = defaultdict(list)
    of_query: defaultdict[str, dict[str, int]] = defaultdict(dict)
    said: dict[str, tuple[str, str]] = {}
    for row in rows.select(["query_id", "kind", "response", "basis", "behaviour"]).to_pylist():
        lengths[row["kind"]].append(len(row["response"]))
        of_query[row["query_id"]][row["kind"]] = len(row["response"])
        said[row["query_id"]] = row["basis"], row["behaviour"] or NONE
    longer = {}
    for upper, lower in UPPER.items():
        pairs = [each for each in of_query.values() if upper in each and lower in each]
        if pairs:
            longer[upper] = Longer(count=sum(each[upper] > each[lower] for each in pairs), n=len(pairs))
    return {
        "kinds": dict(sorted(Counter(rows["kind"].to_pylist()).items())),
        "lengths": {kind: _lengths(each) for kind, each in sorted(lengths.items())},
        "longer": longer,
        "bases": dict(sorted(Counter(basis for basis, _ in said.values()).items())),
        "behaviours": dict(sorted(Counter(behaviour for _, behaviour in said.values()).items())),
    }


def _lengths(characters: list[int]) -> Lengths:
    low, middle, high = np.quantile(characters, [0.25, 0.5, 0.75], method="lower").tolist()
    return Lengths(n=len(characters), lower_quartile=int(low), median=int(middle), upper_quartile=int(high))
