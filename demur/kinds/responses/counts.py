"""What the rows of a set of responses say of themselves: kinds, lengths of the two sides, and what the queries are."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from demur.kinds.responses.facts import LengthAlone, Lengths, Longer
from demur.rates import DRAWS, score_of, weighted_auroc

UPPER = {"safe": "harmful", "preferred": "rejected"}
"""Kind of the upper response to a query -> that of the lower one."""

NONE = "none"


def counted(rows: pa.Table) -> dict[str, Any]:
    """The counts of `demur.kinds.responses.facts.ComparisonCounts` that rows can tell, all but the queries.

    Example:
        >>> rows = {"query_id": ["a", "a"], "kind": ["safe", "harmful"], "response": ["No, thank you.", "Yes."]}
        >>> rows |= {"basis": ["readers"] * 2, "behaviour": ["refuse"] * 2}
        >>> found = counted(pa.table(rows))
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
    longer, alone = {}, {}
    for upper, lower in UPPER.items():
        pairs = [each for each in of_query.values() if upper in each and lower in each]
        if pairs:
            longer[upper] = Longer(count=sum(each[upper] > each[lower] for each in pairs), n=len(pairs))
            alone[upper] = _alone([(each[upper], each[lower]) for each in pairs])
    return {
        "kinds": dict(sorted(Counter(rows["kind"].to_pylist()).items())),
        "lengths": {kind: _lengths(each) for kind, each in sorted(lengths.items())},
        "longer": longer,
        "length_alone": alone,
        "bases": dict(sorted(Counter(basis for basis, _ in said.values()).items())),
        "behaviours": dict(sorted(Counter(behaviour for _, behaviour in said.values()).items())),
    }


def _alone(pairs: list[tuple[int, int]]) -> LengthAlone:
    """AUROC of the length for the lower side; queries are drawn as wholes, always with the same seed."""
    upper, lower = np.array(sorted(pairs), np.float64).T
    n = len(pairs)
    draws = np.vstack([np.ones(n), np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), DRAWS)])
    low_side = np.repeat([False, True], n)
    score = score_of(weighted_auroc(np.concatenate([upper, lower]), low_side, np.hstack([draws, draws])))
    return LengthAlone(auroc=score.value, low=score.low, high=score.high, n=n)


def _lengths(characters: list[int]) -> Lengths:
    low, middle, high = np.quantile(characters, [0.25, 0.5, 0.75], method="lower").tolist()
    return Lengths(n=len(characters), lower_quartile=int(low), median=int(middle), upper_quartile=int(high))
