from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pytest

from demur.errors import RowError, UsageError
from demur.kinds.training.laws import LAWS, Law, law

NAMES = sorted(LAWS)
IDS = [f"{number:032x}" for number in range(30_000)]
pytest.importorskip("scipy")


def lengths(count: int, least: int = 3) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(3)).integers(least, 180, count)


def draw_all(name: str, ids: Iterable[str], n: Iterable[int], seed: int) -> list[int]:
    return [LAWS[name].draw(id, int(units), seed) for id, units in zip(ids, n, strict=True)]


def chance(name: str, k: int, n: int) -> float:
    """P(k | n) from the words of the issue, term by term."""
    if name == "derta-paper":
        return 1 / (n + 1) if 0 <= k <= n else 0.0
    if name == "derta-released":
        return (k == 0) / 3 + (2 / 3 / (n - 2) if 1 <= k <= n - 2 else 0.0)
    last = min(100, n)
    return (k == 0) / 2 + (1 / 2 / last if 1 <= k <= last else 0.0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [3, 7, 102])
def test_drawn_counts_are_those_of_the_law(name: str, n: int) -> None:
    from scipy import stats

    drawn = draw_all(name, IDS, [n] * len(IDS), seed=11)
    counts = np.bincount(drawn, minlength=n + 1)
    expected = np.array([chance(name, k, n) for k in range(n + 1)]) * len(IDS)
    assert counts[expected == 0].sum() == 0
    assert stats.chisquare(counts[expected > 0], expected[expected > 0]).pvalue > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_depends_on_record_and_seed_only(name: str) -> None:
    ids, n = IDS[:500], lengths(500)
    once = draw_all(name, ids, n, seed=1)
    order = np.random.Generator(np.random.PCG64(2)).permutation(500).tolist()
    assert draw_all(name, [ids[each] for each in order], n[order], seed=1) == [once[each] for each in order]
    assert draw_all(name, ids, n, seed=2) != once


def test_draws_never_move() -> None:
    """Golden: a change of the hash would move every published prefix."""
    drawn = {name: draw_all(name, IDS[:8], [50] * 8, seed=7) for name in NAMES}
    digest = hashlib.sha256(repr(drawn).encode()).hexdigest()
    assert digest == GOLDEN


GOLDEN = "a78d69cd1b44d5f3a48d82e00031dfb56e5a21eececa4e108c3fc0e974c687cf"


@pytest.mark.parametrize(("name", "n"), [("derta-paper", 0), ("derta-released", 2), ("shallow-vs-deep", 0)])
def test_a_response_too_short_for_its_law(name: str, n: int) -> None:
    with pytest.raises(RowError, match="too short for its prefix law") as error:
        LAWS[name].draw("ab" * 16, n, seed=0)
    assert "abab" in str(error.value)
    assert f"got:      {n}" in str(error.value)


def test_one_unit_is_enough_for_the_other_laws() -> None:
    assert {LAWS["derta-paper"].draw(each, 1, 0) for each in IDS[:99]} == {0, 1}
    assert {LAWS["shallow-vs-deep"].draw(each, 1, 0) for each in IDS[:99]} == {0, 1}


def test_an_unknown_law() -> None:
    assert law("derta-paper") is LAWS["derta-paper"]
    with pytest.raises(UsageError, match="Did you mean 'derta-paper'"):
        law("derta-papers")


def test_a_law_is_a_value() -> None:
    assert LAWS["derta-paper"].counted_in("word") == Law(
        "derta-paper", "word", 0, 1, 0, 0, None, LAWS["derta-paper"].source
    )
