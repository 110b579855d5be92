"""Sides, form and what is taught: what the rules about whole sets count while the rows stream by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.checks.engine import check
from demur.checks.gathered import verdicts
from demur.checks.sides import HARMFUL, SAFE, Forms, form_cells, length_codes
from demur.rates import auroc_of_counts
from tests.checks.fixtures import NO, PLACES, THINGS, Rows, sided

PLAIN = [row["prompt"] for row in sided("Draw the {} of the {}", "Draw the {} of the {}")][:50]


def codes(tmp_path: Path, rows: Rows, **how: Any) -> list[str]:
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return [finding.code for finding in check(path, license="mit", **how).findings]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_auroc_of_counts_is_the_share_of_pairs_in_order(cases: list[tuple[int, bool]]) -> None:
    yes, no = ([score for score, side in cases if side is wanted] for wanted in (True, False))
    counts = [np.bincount(np.array(each, np.int64), minlength=6) for each in (yes, no)]
    score = auroc_of_counts(np.arange(6.0), *counts)
    if not yes or not no:
        assert np.isnan(score.value)
        return
    assert score.value == pytest.approx(
        sum((one > two) + (one == two) / 2 for one in yes for two in no) / len(yes) / len(no)
    )
    assert 0 <= score.low <= score.value <= score.high <= 1


def test_form_is_counted_the_same_in_any_batches() -> None:
    texts = pa.array([*PLAIN, "How old is it?", "", "ALL OF IT."], pa.large_string())
    sides = np.array([HARMFUL, SAFE] * 26 + [0], np.int8)
    hashes = np.arange(1, 54, dtype=np.uint64) << np.uint64(31)
    whole, parts = Forms(), Forms()
    whole.add(texts, sides, hashes)
    for start in range(0, 53, 7):
        parts.add(texts.slice(start, 7), sides[start : start + 7], hashes[start : start + 7])
    assert np.array_equal(whole.counts, parts.counts)
    assert whole.prompts == (26, 26)
    assert len(set(form_cells(texts).tolist())) > 3
    assert length_codes(pa.array([0, 1, None, 10**9])).tolist() == [0, 4, 0, 63]


def test_sides_that_are_drawn_from_one_form_are_near_one_half() -> None:
    forms = Forms()
    rng = np.random.default_rng(0)
    texts = pa.array(PLAIN * 20, pa.large_string())
    sides = rng.integers(1, 3, len(texts)).astype(np.int8)
    forms.add(texts, sides, rng.integers(1, 1 << 62, len(texts)).astype(np.uint64))
    assert forms.together().value == pytest.approx(0.5, abs=0.06)
    assert 0.5 <= forms.length().value < 0.56


@pytest.mark.parametrize(
    ("harmful", "safe", "told"),
    [
        ({"label": "unsafe"}, {"label": "safe"}, True),
        ({"is_safe": False}, {"is_safe": True}, True),
        ({"harmful": 1}, {"harmful": 0}, True),
        ({"label": 1}, {"label": 0}, False),  # 1 and 0 do not say which is which
        ({"label": "unsafe", "answer": "x"}, {"label": "safe", "answer": "y"}, False),  # perhaps of the answer
        ({"expected": "refuse", "answer": "x"}, {"expected": "comply", "answer": "y"}, True),
    ],
)
def test_sides_are_read_where_a_column_says_them(
    tmp_path: Path, harmful: dict[str, Any], safe: dict[str, Any], told: bool
) -> None:
    rows = sided("Hide the {} of the {}", "How old is the {} that people visit in the {}?")
    said = {"harmful": harmful, "safe": safe}
    rows = [{"prompt": row["prompt"], **said[row["side"]]} for row in rows]
    assert codes(tmp_path, rows, select=["DMR205"]) == ["DMR205"] * told


def test_a_rule_about_sides_is_silent_below_thirty_prompts_a_side(tmp_path: Path) -> None:
    rows = sided("Hide the {} of the {}", "How old is the {} that people visit in the {}?")
    assert codes(tmp_path, [*rows[:29], *rows[50:]], select=["DMR205"]) == []
    assert codes(tmp_path, [*rows[:30], *rows[50:]], select=["DMR205"]) == ["DMR205"]


def test_most_rows_to_refuse_name_a_hazard(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"Hide the {thing} of the {place}", "side": "harmful", "hazards": ["noise"] if n < 20 else []}
        for n, (thing, place) in enumerate((thing, place) for thing in THINGS for place in PLACES)
    ]
    assert codes(tmp_path, rows, select=["DMR206"]) == ["DMR206"]
    assert codes(tmp_path, [{**row, "hazards": ["noise"]} for row in rows], select=["DMR206"]) == []


def test_a_hazard_of_few_rows_may_be_told_on_the_card(tmp_path: Path) -> None:
    rows = [{"prompt": f"Tea {n}", "category": "noise" if n < 57 else "ice"} for n in range(60)]
    assert codes(tmp_path, rows, select=["DMR206"]) == ["DMR206"]
    (tmp_path / "README.md").write_text("# Tea\n\nSo far `ice` has fewer rows than the others.\n")
    assert codes(tmp_path, rows, select=["DMR206"]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [(NO, HARMFUL), ("It is brass.", SAFE), ("It is brass. " * 80 + NO, SAFE), (" ...", 0), (None, 0)],
)
def test_a_refusal_refuses_at_once(text: str | None, said: int) -> None:
    assert verdicts(pa.array([text], pa.large_string())).tolist() == [said]


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("All prompts were decontaminated.", True),
        ("There is no overlap with the test set.", True),
        ("All prompts were decontaminated: no 13-gram is shared.", False),
        ("The tap no longer leaks.", False),
        ("Near-duplicates are in the file dup.csv.", False),
    ],
)
def test_a_claim_needs_its_test(tmp_path: Path, claim: str, told: bool) -> None:
    (tmp_path / "README.md").write_text(f"---\nlicense: mit\n---\n# Tea\n\n{claim}\n")
    assert codes(tmp_path, [{"prompt": "Tea?"}], select=["DMR606"]) == ["DMR606"] * told
