from __future__ import annotations

from collections import Counter

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from demur.groups.sampling import balance

rows = st.lists(
    st.fixed_dictionaries(
        {
            "split": st.sampled_from(["test", "validation"]),
            "expected": st.sampled_from(["refuse", "comply"]),
            "optional": st.booleans(),
        }
    ),
    min_size=1,
    max_size=60,
)


def table(drawn: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([{**row, "record_id": f"{number:032x}"} for number, row in enumerate(drawn)])


@given(rows)
def test_required_rows_stay_and_optional_ones_never_exceed_them(drawn: list[dict[str, object]]) -> None:
    items = table(drawn)
    kept = balance(items, "expected", seed=1)
    assert all(keep for keep, row in zip(kept, drawn, strict=True) if not row["optional"])
    required = Counter((row["split"], row["expected"]) for row in drawn if not row["optional"])
    chosen = Counter((row["split"], row["expected"]) for row, keep in zip(drawn, kept, strict=True) if keep)
    available = Counter((row["split"], row["expected"]) for row in drawn)
    for split in ("test", "validation"):
        most = max(required[split, value] for value in ("refuse", "comply"))
        for value in ("refuse", "comply"):
            assert chosen[split, value] == max(required[split, value], min(most, available[split, value]))


@given(rows, st.randoms(use_true_random=False))
def test_order_never_matters(drawn: list[dict[str, object]], random: object) -> None:
    items = table(drawn)
    order = list(range(len(drawn)))
    random.shuffle(order)  # type: ignore[attr-defined]
    kept = balance(items, "expected", seed=1)
    shuffled = balance(items.take(order), "expected", seed=1)
    assert [kept[row] for row in order] == shuffled


def test_the_seed_decides_which_rows_are_drawn() -> None:
    drawn: list[dict[str, object]] = [{"split": "test", "expected": "refuse", "optional": False}] * 10
    drawn += [{"split": "test", "expected": "comply", "optional": True}] * 200
    assert balance(table(drawn), "expected", seed=1) == balance(table(drawn), "expected", seed=1)
    assert balance(table(drawn), "expected", seed=1) != balance(table(drawn), "expected", seed=2)
