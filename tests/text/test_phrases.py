"""The pattern against the rule: on sentences put together, and on published responses.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published responses.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.rates import Rate
from demur.text.phrases import EMPTY, REFUSAL, javascript, python
from demur.text.refusal import OPENING, judge
from tests.text.refusal.test_first import ANSWERS, REFUSALS

_REFUSAL, _EMPTY = re.compile(python(REFUSAL)), re.compile(python(EMPTY))
PIECES = [*REFUSALS, *ANSWERS, "", " ", "\n", "...", "_", "1", "\u00e9", "Brush it on twice.", "SORRY, BUT", "as an AI"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join)


def verdict(text: str) -> str:
    return "empty" if _EMPTY.search(text) else "refusal" if _REFUSAL.search(text) else "answer"


@settings(max_examples=300)
@given(TEXTS)
def test_the_pattern_is_the_rule_on_short_texts(text: str) -> None:
    assert verdict(text[:OPENING]) == judge(text[:OPENING])


@settings(max_examples=150)
@given(before=st.integers(0, 60), piece=st.sampled_from(PIECES))
def test_a_statement_is_found_at_any_depth_and_an_opening_only_at_the_start(before: int, piece: str) -> None:
    text = "Brush the next layer. " * before + piece
    assert verdict(text) == judge(text) or abs(len(text) - len(piece) - OPENING) < len(piece)


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_what_is_found_has_no_characters(number: int) -> None:
    """So that a filter of lm-eval can map it."""
    assert _REFUSAL.findall(REFUSALS[number]) == [""]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_says_the_same(tmp_path: Path) -> None:
    texts = [f"{one} {two}".strip() for one in PIECES for two in PIECES]
    assert by_node(texts, tmp_path) == [judge(text) for text in texts]


def by_node(texts: list[str], folder: Path) -> list[str]:
    given = {"texts": texts, "refusal": javascript(REFUSAL), "empty": javascript(EMPTY)}
    (folder / "given.json").write_text(json.dumps(given))
    (folder / "run.js").write_text(
        "const given = require('./given.json');"
        "const [refusal, empty] = [given.refusal, given.empty].map(each => new RegExp(each, 'iu'));"
        "const said = text => empty.test(text) ? 'empty' : refusal.test(text) ? 'refusal' : 'answer';"
        "console.log(JSON.stringify(given.texts.map(said)));"
    )
    done = subprocess.run(["node", str(folder / "run.js")], capture_output=True, text=True, check=True)
    said: list[str] = json.loads(done.stdout)
    return said


@pytest.mark.skipif("DEMUR_MIRROR" not in os.environ, reason="needs the real files: DEMUR_MIRROR")
def test_on_published_responses_the_pattern_says_what_the_rule_says() -> None:
    texts = []
    for path in sorted(Path(os.environ["DEMUR_MIRROR"]).rglob("xstest_v2_completions_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            texts += [row["completion"] for row in csv.DictReader(file)]
    said = Counter((judge(text), verdict(text)) for text in texts)
    same = Rate.of(sum(count for (one, two), count in said.items() if one == two), len(texts))
    assert same.n >= 900, same
    assert same.share >= 0.998, same
    assert {one for one, _ in said} >= {"refusal", "answer"}
