from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.audits.position.positions import EDGES, refusal_positions
from demur.errors import UsageError
from demur.rates import Rate
from tests.tokens.conftest import bpe

LATE = "Brush the next layer. " * 10 + "I cannot help with the rest."


def test_positions_in_words() -> None:
    found = refusal_positions(["Sorry, but no.", "Blue it is. I can't help more.", LATE, "Mix it.", " "])
    assert found.starts == (0, 3, 40)
    assert (found.refusals.count, found.refusals.n, found.empty) == (3, 4, 1)
    assert (found.early.count, found.late.count, found.late.n) == (2, 1, 3)
    assert "begin in the first 5 words: 66.7 % (2 of 3, 95 % interval" in str(found)


@settings(max_examples=30)
@given(before=st.integers(0, 40))
def test_positions_in_tokens_are_the_tokens_before(before: int) -> None:
    filler = "Brush it, naïve façade. " * before
    found = refusal_positions([filler + "I cannot help with that."], bpe())
    expected = sum(
        end <= len(filler.rstrip()) for _, end in bpe()(filler, return_offsets_mapping=True)["offset_mapping"]
    )
    assert found.unit == "token"
    assert abs(found.starts[0] - expected) <= 1  # the white space before the sentence may be a token of its own
    if not before:
        assert found.starts == (0,)


def test_the_bounds_of_early_and_late() -> None:
    texts = ["word " * before + "\nI cannot help." for before in (4, 5, 29, 30)]
    found = refusal_positions(texts)
    assert found.starts == (4, 5, 29, 30)
    assert (found.early.count, found.late.count) == (1, 1)


def test_the_histogram_counts_every_refusal_once() -> None:
    found = refusal_positions([*["Sorry, but no."] * 97, LATE, LATE, LATE])
    table = found.histogram()
    assert sum(table["count"].to_pylist()) == 100
    assert table["count"][0].as_py() == 97
    assert table["first"].to_pylist() == list(EDGES)
    assert table["last"].to_pylist()[-1] is None
    assert table["share"][0].as_py() == 0.97
    assert table["low"][0].as_py() == pytest.approx(Rate.of(97, 100).low)
    for wrong in ([], [1, 2], [0, 2, 2]):
        with pytest.raises(UsageError, match="rise from 0"):
            found.histogram(wrong)


def test_what_refuses_and_then_complies_is_counted_apart() -> None:
    texts = [
        "Sorry, but no.",
        "I can't recommend that colour. However, here is how it is mixed: two parts of blue.",
        "[ONE]: I cannot help with the gate.\n[TWO]: Take the wide brush and begin at the top.",
        LATE,
        "Blue.",
    ]
    found = refusal_positions(texts)
    assert (found.refusals.count, found.refusals.n) == (4, 5)
    assert (found.complying.count, found.complying.n) == (2, 4)
    assert "refuse, then comply: 50.0 % (2 of 4, 95 % interval 15.0-85.0 %)" in str(found)


def test_many_responses_are_read_in_batches() -> None:
    found = refusal_positions(text for _ in range(1500) for text in ("Sorry, but no.", "Blue."))
    assert found.refusals.count == 1500
    assert found.refusals.n == 3000


def test_no_refusals_at_all() -> None:
    found = refusal_positions(["Blue."])
    assert found.early.n == 0
    assert found.histogram()["count"].to_pylist() == [0] * len(EDGES)
    assert "0 of 0" in str(found.early)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(1, 50, 0.0035, 0.1050), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_wilson_intervals(count: int, n: int, low: float, high: float) -> None:
    found = Rate.of(count, n)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@settings(max_examples=60)
@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipy_s(pair: tuple[int, int]) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(*pair).proportion_ci(method="wilson")
    found = Rate.of(*pair)
    assert found.low == pytest.approx(expected.low, abs=1e-9)
    assert found.high == pytest.approx(expected.high, abs=1e-9)


def test_a_count_beyond_its_total() -> None:
    with pytest.raises(UsageError, match="out of range"):
        Rate.of(3, 2)
