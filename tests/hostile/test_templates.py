"""Texts of one template are near all others of it: what is found is the same, and few pairs are in memory at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demur.checks import again
from demur.checks.engine import check
from demur.similarity.joins import Index

SAID = "Write a short and friendly letter about the {} of the old harbour for all who like the sea and the wind"
ROWS = 60


def folder(path: Path) -> Path:
    path.mkdir()
    for split in ("train", "test"):
        rows = [{"prompt": SAID.format(f"{split} lamp{number}"), "id": f"{split}{number}"} for number in range(ROWS)]
        (path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_pairs_are_bounded_and_leaks_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder(tmp_path / "data")
    whole = check(data, license="mit", select=["DMR101"]).findings
    assert [each.row for each in whole] == list(range(ROWS))
    met: list[int] = []
    probe = Index.probe

    def counted(*arguments: Any) -> Any:
        found = probe(*arguments)
        met.append(len(found[0]))
        return found

    monkeypatch.setattr(Index, "probe", counted)
    monkeypatch.setattr(again, "_PAIRS", 4 * ROWS)
    assert check(data, license="mit", select=["DMR101"]).findings == whole
    assert sum(met) == ROWS * ROWS
    assert max(met) <= 4 * ROWS
