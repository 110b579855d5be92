from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.draws import position
from demur.errors import UsageError
from demur.groups import splits as split_module
from demur.groups.splits import assign, assign_codes, read_lock, unbalanced, write_lock

FRACTIONS: dict[str, float | int | None] = {"test": 0.8, "validation": 0.2}
keys_of_groups = st.lists(st.lists(st.integers(0, 10_000).map(str), min_size=1, max_size=4), min_size=1, max_size=30)


def flatten(groups: list[list[str]]) -> tuple[list[str], np.ndarray]:
    keys = [key for members in groups for key in members]
    return keys, np.repeat(np.arange(len(groups)), [len(members) for members in groups])


def test_fractions_hold_within_three_standard_deviations() -> None:
    keys = [f"key {number}" for number in range(20_000)]
    splits, _ = assign(keys, np.arange(len(keys)), FRACTIONS)
    share = Counter(splits)["test"] / len(keys)
    assert abs(share - 0.8) < 3 * (0.8 * 0.2 / len(keys)) ** 0.5


@given(keys_of_groups)
def test_a_group_never_straddles(groups: list[list[str]]) -> None:
    keys, labels = flatten(groups)
    splits, _ = assign(keys, labels, FRACTIONS)
    for label in set(labels.tolist()):
        assert len({split for split, mine in zip(splits, labels.tolist(), strict=True) if mine == label}) == 1


@given(keys_of_groups, keys_of_groups)
def test_adding_groups_moves_nothing(groups: list[list[str]], more: list[list[str]]) -> None:
    keys, labels = flatten(groups)
    both, both_labels = flatten(groups + more)
    assert assign(both, both_labels, FRACTIONS)[0][: len(keys)] == assign(keys, labels, FRACTIONS)[0]


@given(st.lists(st.integers(0, 10_000).map(str), min_size=2, max_size=8, unique=True), st.integers(1, 7))
def test_where_groups_merge_the_evaluation_side_wins(keys: list[str], cut: int) -> None:
    cut = min(cut, len(keys) - 1)
    apart = np.array([0] * cut + [1] * (len(keys) - cut))
    before, _ = assign(keys, apart, FRACTIONS)
    after, _ = assign(keys, np.zeros(len(keys), int), FRACTIONS)
    assert set(after) == {"test" if "test" in before else "validation"}


def test_the_lock_pins_and_a_merge_is_reported() -> None:
    keys = [f"{number:032x}" for number in range(50)]
    flipped = {key: "validation" if position(key) < 0.8 else "test" for key in keys}
    splits, moves = assign(keys, np.arange(50), FRACTIONS, lock=flipped)
    assert dict(zip(keys, splits, strict=True)) == flipped
    assert moves == []
    one = next(key for key in keys if flipped[key] == "test")
    two = next(key for key in keys if flipped[key] == "validation")
    labels = np.array([0 if key in (one, two) else number + 1 for number, key in enumerate(keys)])
    splits, moves = assign(keys, labels, FRACTIONS, lock=flipped)
    assert [(move.record_id, move.was, move.now) for move in moves] == [(two, "validation", "test")]


def test_a_lock_with_an_unknown_split_is_refused() -> None:
    with pytest.raises(UsageError, match="train"):
        assign(["a"], np.array([0]), FRACTIONS, lock={"a": "train"})


def test_lock_round_trip(tmp_path: Path) -> None:
    ids = [f"{number:032x}" for number in (3, 1, 2, 1)]
    path = tmp_path / "splits.lock"
    path.write_text(write_lock(ids, ["test", "validation", "test", "validation"]))
    assert read_lock(path) == {ids[1]: "validation", ids[2]: "test", ids[0]: "test"}


@pytest.mark.parametrize("text", ["short test\n", "0" * 32 + "\n", f"{'0' * 32} test\n{'0' * 32} validation\n"])
def test_a_broken_lock_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "splits.lock"
    path.write_text(text)
    with pytest.raises(UsageError, match="line"):
        read_lock(path)


@given(st.lists(st.integers(1, 3), min_size=20, max_size=40), st.integers(1, 8), st.integers(1, 8))
def test_numbers_of_rows_are_filled_exactly_where_single_rows_allow_it(
    sizes: list[int], test: int, validation: int
) -> None:
    sizes = [*sizes, *[1] * 20]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    keys = [f"{row}" for row in range(len(groups))]
    splits, _ = assign(keys, groups, {"test": test, "validation": validation, "train": None})
    counts = Counter(splits)
    assert (counts["test"], counts["validation"]) == (test, validation)
    for label in range(len(sizes)):
        assert len({split for split, mine in zip(splits, groups.tolist(), strict=True) if mine == label}) == 1


def test_numbers_of_rows_stay_with_the_lock_when_rows_are_added() -> None:
    keys = [f"{number:032x}" for number in range(60)]
    sizes: dict[str, float | int | None] = {"test": 10, "train": None}
    first, _ = assign(keys[:40], np.arange(40), sizes)
    lock = dict(zip(keys[:40], first, strict=True))
    again, moves = assign(keys, np.arange(60), sizes, lock=lock)
    assert (again[:40], moves) == (first, [])


def test_an_evaluation_only_set_has_one_split() -> None:
    assert set(assign(["a", "b"], np.arange(2), {"test": 1.0})[0]) == {"test"}


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"test": 0.5},
        {"test": 0.5, "train": None},
        {"test": 1.0, "train": 0.0},
        {"test": 5},
        {"a": None, "b": None},
        {"test": 0, "b": None},
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, float | int | None]) -> None:
    with pytest.raises(UsageError, match="do not fit together"):
        assign(["a"], np.array([0]), sizes)


def test_a_split_that_cannot_be_filled_says_how_many_rows_are_missing() -> None:
    with pytest.raises(UsageError, match="test: 3 rows short"):
        assign(["a", "b"], np.arange(2), {"test": 5, "train": None})


SHARES = {"test": 0.8, "validation": 0.2}


def test_strata_get_their_shares_and_a_skewed_one_is_named() -> None:
    keys = [f"key {number}" for number in range(5000)]
    strata = ["vcr" if number % 7 else "prv" for number in range(5000)]
    splits, _ = assign(keys, np.arange(5000), FRACTIONS)
    assert unbalanced(strata, splits, SHARES) == []
    skewed = [*splits, *["validation"] * 40]
    assert [(name, split) for name, split, _ in unbalanced([*strata, *["iwp"] * 40], skewed, SHARES)] == [
        ("iwp", "test"),
        ("iwp", "validation"),
    ]


def test_merged_groups_may_lie_on_the_evaluation_side_and_on_no_other() -> None:
    shares = {"test": 0.8, "validation": 0.2}
    more = ["test"] * 880 + ["validation"] * 120
    less = ["test"] * 720 + ["validation"] * 280
    assert unbalanced(["a"] * 1000, more, shares) != []
    assert unbalanced(["a"] * 1000, more, shares, merged=0.1) == []
    assert unbalanced(["a"] * 1000, less, shares, merged=0.1) != []


def test_many_keys_are_hashed_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel gives the numbers of hashlib, whatever the lengths of the keys and wherever a thread's range ends."""
    keys = [f"{number:x}" * (1 + number % 9) for number in range(9000)] + ["é" * 64, "a" * 128, "b"]
    wanted = [position(key) for key in keys]
    monkeypatch.setattr(split_module, "MANY", 0)
    assert split_module._positions(keys).tolist() == wanted
    assert split_module._positions([*keys, "a" * 129]).tolist() == [*wanted, position("a" * 129)]
    assert split_module._positions([*keys, ""]).tolist() == [*wanted, position("")]


@given(keys_of_groups)
def test_keys_of_arrow_and_labels_of_any_kind_give_the_same(groups: list[list[str]]) -> None:
    keys, labels = flatten([*groups, ["alone"]])
    sizes: dict[str, float | int | None] = {"test": 1, "validation": None}
    for asked in (FRACTIONS, sizes):
        wanted = assign(keys, labels, asked)[0]
        for other in (labels, labels + 10**6, np.array([f"g{label:04d}" for label in labels])):
            codes, moves = assign_codes(pa.chunked_array([keys]), other, asked)
            assert ([[*asked][code] for code in codes], moves) == (wanted, [])


def test_a_lock_reads_keys_of_arrow() -> None:
    keys = [f"{number:032x}" for number in range(20)]
    lock = dict.fromkeys(keys[:5], "validation")
    codes, moves = assign_codes(pa.array(keys), np.zeros(20, int), FRACTIONS, lock=lock)
    assert codes.tolist() == [1] * 20
    assert not moves
