"""What a second reading finds is what comparing every two rows finds."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from demur.checks.engine import check

WORDS = ["kite", "lamp", "soup", "bell", "drum", "tea", "harbour", "wind", "sea", "old", "friend"]
TOLD = re.compile(r":(\d+) in 'test' \(token Jaccard ([\d.]+)\)")


@pytest.mark.parametrize(("seed", "least"), [(0, 0), (1, 0), (2, 1), (3, 0)])
def test_leaks_are_told_with_the_most_similar_prompt_that_no_context_tells_apart(
    seed: int, least: int, tmp_path: Path
) -> None:
    """An instruction about one text is none about another; one about no text is near either."""
    draw = random.Random(seed)  # noqa: S311 - not a secret
    rows: dict[str, list[tuple[str, str]]] = {}
    for split in ("train", "test"):
        rows[split] = [
            (" ".join(draw.choices(WORDS, k=7)), ["", "a sail", "a mast"][draw.randrange(least, 3)]) for _ in range(120)
        ]
        made = [
            {
                "instruction": asked,
                "context": about,
                "response": "Dear sea!",
                "category": "open_qa",
                "id": f"{split}{at}",
            }
            for at, (asked, about) in enumerate(rows[split])
        ]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    expected: dict[int, tuple[float, int]] = {}
    for here, (asked, about) in enumerate(rows["train"]):
        words = set(asked.split())
        for there, (other, subject) in enumerate(rows["test"]):
            share = len(words & set(other.split())) / len(words | set(other.split()))
            if share >= 0.8 and (about == subject or not about or not subject):
                expected[here] = max(expected.get(here, (0.0, 0)), (share, -there))
    found = check(tmp_path, license="mit", select=["DMR101"]).findings
    told = {each.row: TOLD.search(each.message) for each in found}
    assert {row: (each[2], each[1]) for row, each in told.items() if each} == {
        row: (f"{share:.3f}", str(1 - there)) for row, (share, there) in expected.items()
    }
    assert len(expected) > 20
