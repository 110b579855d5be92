"""Counts on the published files, where ``DEMUR_MIRROR`` has them. No text of theirs is kept or shown.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import csv
import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from demur.similarity import components, self_join
from demur.text.normalise import normalise

MIRROR = os.environ.get("DEMUR_MIRROR")
pytestmark = pytest.mark.skipif(not MIRROR, reason="DEMUR_MIRROR names no mirror")

COLUMNS = {
    "advbench": ("goal", ["advbench"]),
    "strongreject": ("forbidden_prompt", ["strongreject"]),
    "jailbreakbench": ("Goal", ["jbb_harmful"]),
    "harmbench": ("Behavior", ["harmbench_text_test", "harmbench_text_val"]),
    "tdc": (None, ["tdc2023_dev", "tdc2023_test"]),
    "catqa_zh": (None, ["catqa_zh"]),
}


@cache
def prompts(name: str) -> list[str]:
    column, parts = COLUMNS[name]
    root = Path(MIRROR or "")
    catalog = {entry["id"]: entry for entry in json.loads((root / "catalog.json").read_text("utf-8"))}
    found: list[str] = []
    for part in parts:
        path = root / catalog[part]["mirror_path"]
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as lines:
                found += [row[column or ""] for row in csv.DictReader(lines)]
        else:
            content = json.loads(path.read_text("utf-8"))
            if isinstance(content, dict):
                found += [text for block in content.values() for texts in block.values() for text in texts]
            else:
                found += [entry if column is None else entry[column] for entry in content]
    return found


def test_advbench_groups() -> None:
    texts = prompts("advbench")
    assert len(texts) == len(set(map(normalise, texts))) == 520
    assert len(np.unique(components(520, self_join(texts, view="token", threshold=0.7)))) == 469


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("advbench", "strongreject", 25),
        ("advbench", "jailbreakbench", 11),
        ("harmbench", "tdc", 39),
        ("harmbench", "jailbreakbench", 9),
        ("jailbreakbench", "tdc", 16),
    ],
)
def test_exact_overlaps(one: str, two: str, expected: int) -> None:
    shared = len(set(map(normalise, prompts(one))) & set(map(normalise, prompts(two))))
    assert shared == expected


def test_chinese_prompts_group_sensibly() -> None:
    texts = prompts("catqa_zh")
    groups = len(np.unique(components(len(texts), self_join(texts, view="token", threshold=0.7))))
    assert len(texts) == 550
    assert 0.9 * 550 <= groups <= len(set(map(normalise, texts)))
