"""Rules about query sets, on rows of the tests' own."""

from __future__ import annotations

import pyarrow as pa
import pytest

from demur.kinds.queries.rules import FARTHEST, LEAST, length_auroc


def rows(harmful: list[str], safe: list[str]) -> pa.Table:
    return pa.table({"side": ["harmful"] * len(harmful) + ["safe"] * len(safe), "prompt": [*harmful, *safe]})


@pytest.mark.parametrize(("longer", "told"), [(0, 0.5), (30, 0.5 + 0.5 * 30 / LEAST)])
def test_the_auroc_of_the_length_is_what_it_is_by_hand(longer: int, told: float) -> None:
    harmful = ["a longer one"] * longer + ["short"] * (LEAST - longer)
    found = length_auroc(rows(harmful, ["short"] * LEAST))
    assert found == pytest.approx(told)
    assert (abs(told - 0.5) > FARTHEST) == (longer > 0)


def test_a_side_with_few_rows_is_not_judged() -> None:
    assert length_auroc(rows(["a longer one"] * (LEAST - 1), ["short"] * LEAST)) is None
    assert length_auroc(rows(["a longer one"] * LEAST, [])) is None
