"""Rows have the same hash of letters if they are spelt the same, but for blanks at the edges of their texts."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pyarrow as pa

from demur.checks.batch import Batch, File, layout_for
from demur.checks.engine import check
from demur.checks.letters import letters
from demur.checks.rules import splits
from demur.checks.speech import _Alone


def test_letters_count_and_blanks_at_the_edges_do_not() -> None:
    rows = pa.RecordBatch.from_pydict({
        "prompt": ["A lake", " A lake\u3000", "A Lake", None, "", "A"],
        "response": ["Garda", "Garda", "Garda", "Garda", "Garda", " lakeGarda"],
    })  # fmt: skip
    batch = Batch(_Alone(), File(Path("a.csv"), "a.csv"), layout_for(rows, None), 0, rows)
    made = letters(batch)
    assert made[0] == made[1]
    assert made[3] == made[4]
    assert len(set(made.tolist())) == 4


def lines(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_rows_of_their_own_are_told_apart_by_letters(tmp_path: Path) -> None:
    prompts = ["Name a lake", "name a LAKE", "Name a lake ", "Name a river", "name a LAKE"]
    lines(tmp_path / "part-0.jsonl", [{"id": str(number), "prompt": each} for number, each in enumerate(prompts)])
    with mock.patch.object(splits, "marked", side_effect=AssertionError("read again")):
        found = check(tmp_path, select=["DMR102"]).findings
    # as its first row is: the second is spelt otherwise, and so is the last
    assert [(each.file, each.row) for each in found] == [("part-0.jsonl", 2)]
    lines(tmp_path / "part-1.jsonl", [{"prompt": "NAME a lake"}, {"prompt": "Name a lake"}])  # no ids: read again
    found = check(tmp_path, select=["DMR102"]).findings
    assert [(each.file, each.row) for each in found] == [("part-0.jsonl", 2), ("part-1.jsonl", 1)]
    lines(tmp_path / "part-0.jsonl", [{"prompt": each} for each in prompts])
    found = check(tmp_path / "part-0.jsonl", select=["DMR102"]).findings
    assert [each.row for each in found] == [1, 2, 4]
