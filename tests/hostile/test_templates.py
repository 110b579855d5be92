"""Texts of one template are near all others of it: few are compared, and one pair of each is kept."""

from __future__ import annotations

import json
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from demur.checks.engine import check
from demur.similarity import joins, match
from demur.similarity.joins import Index
from demur.similarity.sets import build

SAID = "Write a short and friendly letter about the {} of the old harbour for all who like the sea and the wind"
ROWS = 60


def folder(path: Path, asked: str, **more: str) -> Path:
    path.mkdir()
    for split in ("train", "test"):
        rows = [
            {asked: SAID.format(f"{split} lamp{number}"), "id": f"{split}{number}", **more} for number in range(ROWS)
        ]
        (path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


ASKED = {"asked": "prompt"}
TOLD = {"asked": "instruction", "context": "a sail", "response": "Dear sea!", "category": "open_qa"}


@pytest.mark.parametrize("names", [ASKED, TOLD], ids=["prompts", "in contexts"])
def test_pairs_are_bounded(names: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a row one pair is kept, the most similar, though it is near all rows of the other split."""
    data = folder(tmp_path / "data", **names)
    met: list[int] = []
    probe = Index.probe

    def counted(*arguments: Any, **others: Any) -> Any:
        found = probe(*arguments, **others)
        met.append(len(found[0]))
        return found

    monkeypatch.setattr(Index, "probe", counted)
    assert [each.row for each in check(data, license="mit", select=["DMR101"]).findings] == list(range(ROWS))
    assert sum(met) == ROWS


@pytest.mark.parametrize("same", [False, True], ids=["near", "equal"])
def test_of_a_template_few_texts_are_compared(same: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a twin is found, others are compared only if they can be more similar, or as similar and earlier."""
    lamps, kites = ([SAID.format(f"{thing}{number}") for number in range(ROWS)] for thing in ("lamp", "kite"))
    index = Index.of(build(pa.array(lamps, pa.large_string()), "token"), 0.8)
    asked = build(pa.array(lamps[::-1] if same else kites, pa.large_string()), "token")
    compared: list[int] = []

    def counted(one: NDArray[np.uint64], two: NDArray[np.uint64], need: int) -> int:
        compared.append(need)
        return match.overlap(one, two, need)

    plain = FunctionType(match.probe.__wrapped__.__code__, vars(match) | {"overlap": counted})  # type: ignore[attr-defined]
    monkeypatch.setattr(joins, "interpreted", lambda: False)
    monkeypatch.setattr(joins, "probe", plain)
    with np.errstate(over="ignore"):
        rows, twins, near = index.probe(0, asked, best=True)
    assert rows.tolist() == list(range(ROWS))
    assert twins.tolist() == (list(range(ROWS))[::-1] if same else [0] * ROWS)
    assert (near == 1).all() == same
    assert len(compared) == ROWS
