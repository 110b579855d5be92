from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from demur.training.fit import fit
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.draws import hashed, uniform
from demur.errors import RowError, UsageError
from demur.kinds.training.laws import LAWS, Law, law
from demur.kinds.training.triples import rows_of
from demur.text.units import count_units, ends, prefix
from demur.tokens.tokenizer import token_ends
from tests.tokens.conftest import bpe, triples

NAMES = sorted(LAWS)
IDS = [f"{number:032x}" for number in range(30_000)]
pytest.importorskip("scipy")


def lengths(count: int, least: int = 3) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(3)).integers(least, 180, count)


def chance(name: str, k: int, n: int) -> float:
    """P(k | n) from the words of the issue, term by term."""
    if name == "derta-paper":
        return 1 / (n + 1) if 0 <= k <= n else 0.0
    if name == "derta-released":
        return (k == 0) / 3 + (2 / 3 / (n - 2) if 1 <= k <= n - 2 else 0.0)
    last = min(100, n)
    return (k == 0) / 2 + (1 / 2 / last if 1 <= k <= last else 0.0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [3, 4, 17, 99, 100, 101, 150])
def test_the_declared_distribution_is_that_of_the_issue(name: str, n: int) -> None:
    k, of = np.arange(-1, n + 2), np.full(n + 3, n)
    cumulative = np.cumsum([chance(name, each, n) for each in range(-1, n + 2)])
    np.testing.assert_allclose(LAWS[name].below(k, of), cumulative, atol=1e-12)
    assert LAWS[name].allows(k, of).tolist() == [chance(name, int(each), n) > 0 for each in k]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [3, 7])
def test_drawn_counts_are_those_of_the_law(name: str, n: int) -> None:
    from scipy import stats

    drawn = LAWS[name].draw_all(IDS, [n] * len(IDS), seed=11)
    counts = np.bincount(drawn, minlength=n + 1)
    expected = np.array([chance(name, k, n) for k in range(n + 1)]) * len(IDS)
    assert counts[expected == 0].sum() == 0
    assert stats.chisquare(counts[expected > 0], expected[expected > 0]).pvalue > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_depends_on_record_and_seed_only(name: str) -> None:
    ids, n = IDS[:500], lengths(500)
    once = LAWS[name].draw_all(ids, n, seed=1)
    order = np.random.Generator(np.random.PCG64(2)).permutation(500).tolist()
    assert LAWS[name].draw_all([ids[each] for each in order], n[order], seed=1).tolist() == once[order].tolist()
    assert LAWS[name].draw_all(ids, n, seed=2).tolist() != once.tolist()


def test_draws_never_move() -> None:
    """Golden: a change of the hash would move every published prefix."""
    drawn = {name: LAWS[name].draw_all(IDS[:8], [50] * 8, seed=7).tolist() for name in NAMES}
    digest = hashlib.sha256(repr(drawn).encode()).hexdigest()
    assert digest == GOLDEN


GOLDEN = "a78d69cd1b44d5f3a48d82e00031dfb56e5a21eececa4e108c3fc0e974c687cf"


@settings(max_examples=100, deadline=None)
@given(size=st.integers(1, 2**64), record=st.text(max_size=8), seed=st.integers(-5, 2**70))
def test_uniform_is_in_range(size: int, record: str, seed: int) -> None:
    assert 0 <= uniform(record, seed, "test", size) < size


def test_uniform_has_no_remainder_bias(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 4 hashed bits and 5 values, a plain remainder would favour 0: sixteen numbers do not go into five."""
    import demur.training.laws as module

    monkeypatch.setattr(module, "_BITS", 4)
    monkeypatch.setattr(module, "hashed", lambda *each: hashed(*each) % 16)
    counts = np.bincount([module.uniform(each, 0, "test", 5) for each in IDS], minlength=5)
    assert counts.max() - counts.min() < 0.02 * len(IDS), counts
    with pytest.raises(UsageError, match="Nothing to draw from"):
        uniform("a", 0, "test", 0)


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


# --- the test of fit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_rows_fit_the_law_they_were_drawn_from(name: str) -> None:
    n = lengths(6000)
    for seed in range(5):
        found = fit(LAWS[name].draw_all(IDS[:6000], n, seed), n, LAWS[name])
        assert found.holds(), str(found)
        assert found.zero.low <= found.zero_expected <= found.zero.high or found.zero_p > 0.01


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", NAMES)
def test_rows_of_another_law_do_not_fit(name: str, other: str) -> None:
    n = lengths(600)
    found = fit(LAWS[other].draw_all(IDS[:600], n, 1), n, LAWS[name])
    assert found.holds() == (name == other), str(found)


def test_p_values_are_uniform_under_the_law() -> None:
    """A test that always says yes, or says no too often, is none."""
    low = sum(fit(LAWS["derta-paper"].draw_all(IDS[:300], n, seed), n, LAWS["derta-paper"]).ks_p < 0.1
              for seed in range(200) for n in [lengths(300)])  # fmt: skip
    assert 6 <= low <= 38  # 20 expected; bounds at about 1 in 2,000 each


@pytest.mark.parametrize("drift", ["off_by_one", "no_zeros", "short", "beyond"])
def test_a_drifted_law_is_found(drift: str) -> None:
    n = lengths(2000)
    k = LAWS["derta-released"].draw_all(IDS[:2000], n, 5)
    if drift == "off_by_one":
        k = k + 1
    elif drift == "no_zeros":
        k = np.where((k == 0) & (np.arange(2000) % 4 > 0), 1, k)
    elif drift == "short":
        k = k // 2
    else:
        k[7] = n[7] + 1
    found = fit(k, n, LAWS["derta-released"])
    assert not found.holds(), str(found)
    if drift == "beyond":
        assert found.impossible == 1


def test_fit_of_nothing_or_of_nothing_possible() -> None:
    with pytest.raises(RowError, match="No rows to test"):
        fit(np.array([]), np.array([]), LAWS["derta-paper"])
    with pytest.raises(RowError, match="2 k, 1 n"):
        fit(np.array([1, 2]), np.array([3]), LAWS["derta-paper"])
    found = fit(np.array([9]), np.array([3]), LAWS["derta-paper"])
    assert found.impossible == found.rows == 1
    assert not found.holds()


def test_a_handful_of_rows_is_not_condemned() -> None:
    found = fit(np.array([0, 2, 1]), np.array([3, 3, 3]), LAWS["derta-paper"])
    assert found.chi2_p == 1.0
    assert found.holds()
    assert "3 rows" in str(found)


# --- units --------------------------------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from("ab .!?\"'\n\t。é漢🙂…)"), max_size=40)


@settings(max_examples=200, deadline=None)
@given(text=TEXT, unit=st.sampled_from(["word", "sentence"]), data=st.data())
def test_the_first_k_units_are_k_units(text: str, unit: str, data: st.DataObject) -> None:
    places = ends(text, unit)  # type: ignore[arg-type]
    assert places == sorted(set(places))
    if not places:
        assert not text.strip()
        return
    k = data.draw(st.integers(0, len(places)))
    cut = prefix(text, k, places)
    assert text.startswith(cut)
    assert count_units(cut, unit) == k  # type: ignore[arg-type]
    assert prefix(text, len(places), places).strip() == text.strip()


@settings(max_examples=100, deadline=None)
@given(text=TEXT)
def test_tokens_end_at_whole_characters(text: str) -> None:
    (places,) = token_ends([text], bpe())
    assert len(places) == len(bpe()(text)["input_ids"])
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


def test_words_are_those_of_split() -> None:
    text = "  The colour\nis  out. \n"
    assert [text[:end].split()[-1] for end in ends(text, "word")] == text.split()


def test_sentences() -> None:
    text = 'Blue is out. "Why?" Because!\nA list:\n1.5 litres\n青です。赤です'
    found = [0, *ends(text, "sentence")]
    assert [text[a:b].strip() for a, b in pairwise(found)] == [
        "Blue is out.", '"Why?"', "Because!", "A list:", "1.5 litres", "青です。", "赤です",
    ]  # fmt: skip


def test_k_beyond_n_and_an_empty_response() -> None:
    with pytest.raises(RowError, match="k lies outside the response") as error:
        prefix("Blue is out.", 4, ends("Blue is out.", "word"), where="ab12")
    assert "0 <= k <= n = 3" in str(error.value)
    assert "ab12" in str(error.value)
    assert "Blue" not in str(error.value)
    with pytest.raises(RowError, match="k lies outside"):
        prefix("Blue", -1, [4])
    with pytest.raises(RowError, match="no units"):
        prefix(" ", 0, ends(" ", "word"))
    with pytest.raises(UsageError, match="counted by a tokenizer"):
        ends("Blue", "token")


# --- rows of triples ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_rows_hold_the_first_k_units_byte_for_byte(name: str) -> None:
    table = triples(60)
    rows = rows_of(table, LAWS[name], seed=1, tokenizer=bpe())
    assert rows["kind"].to_pylist() == ["refusal_mle", "prefix_mle", "rto"] * 60
    for row in rows.to_pylist():
        harmful, safe = table["harmful"][row["triple"]].as_py(), table["safe"][row["triple"]].as_py()
        assert row["target"] == (harmful if row["kind"] == "rto" else safe)
        assert harmful.startswith(row["context_prefix"])
        if row["kind"] == "prefix_mle":
            assert (row["k"] == 0) == (row["context_prefix"] == "")
            units = bpe()(harmful, return_offsets_mapping=True)["offset_mapping"]
            places = [end for _, end in units] if LAWS[name].unit == "token" else ends(harmful, "word")
            assert row["n"] == len(places)
            assert row["context_prefix"] == harmful[: places[row["k"] - 1] if row["k"] else 0]
        else:
            assert (row["context_prefix"], row["k"], row["n"]) == ("", None, None)


def test_rows_are_the_same_in_any_order() -> None:
    table = triples(40)
    one = {row["record_id"]: row for row in rows_of(table, LAWS["derta-released"], 1).to_pylist()}
    two = {
        row["record_id"]: row
        for row in rows_of(table.take(list(range(39, -1, -1))), LAWS["derta-released"], 1).to_pylist()
    }
    assert len(one) == 120
    for key, row in one.items():
        assert {**row, "triple": 0} == {**two[key], "triple": 0}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("", "Sorry.", "Blue is out."), "the prompt is empty"),
        (("Which?", " ", "Blue is out."), "the safe response is empty"),
        (("Which?", "Sorry.", "\n"), "the harmful response is empty"),
        (("Which?", "Blue is out.", "blue  is OUT!"), "the safe and the harmful response are equal"),
    ],
)
def test_what_is_no_triple(texts: tuple[str, str, str], message: str) -> None:
    table = triples(2)
    columns = dict(zip(("prompt", "safe", "harmful"), ([text] for text in texts), strict=True))
    import pyarrow as pa

    with pytest.raises(RowError, match=message) as error:
        rows_of(pa.concat_tables([table, pa.table(columns)]), LAWS["derta-paper"].counted_in("word"), 1)
    assert "triple 2" in str(error.value)


def test_a_law_is_a_value() -> None:
    assert LAWS["derta-paper"].counted_in("word") == Law(
        "derta-paper", "word", 0, 1, 0, 0, None, LAWS["derta-paper"].source
    )
