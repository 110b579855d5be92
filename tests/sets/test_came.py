"""Rejects and conflicts that came and went, and the terms of sources."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.files.parquet import write_parquet
from demur.groups.duplicates import CONFLICTS
from demur.records.rejects import REJECTS
from demur.records.terms import Terms
from demur.sets.came import UNSAID, sources
from demur.sets.diff import diff
from demur.sets.manifest_file import read_manifest
from tests.conftest import TEXTS, Tiny

ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture
def folders(built: Tiny, tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of a built set."""
    for name in ("old", "new"):
        shutil.copytree(built.out, tmp_path / name)
    return tmp_path / "old", tmp_path / "new"


def edit(path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    table = pq.read_table(path)
    write_parquet(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)


def reject(**values: Any) -> dict[str, Any]:
    known = {"config": "default", "source": "tiny-refuse", "row": 3, "record_id": ONE, "reason": "near-duplicate"}
    return {**dict.fromkeys(REJECTS.names), **known, **values}


def test_rejects_that_came_and_went_by_reason(folders: tuple[Path, Path]) -> None:
    old, new = folders
    more = [reject(), reject(config="noncommercial"), reject(record_id=None, reason="no-label"), reject(record_id=TWO)]
    edit(new / "rejects.parquet", lambda rows: [*rows, *more])
    found = {move.name: move for move in diff(old, new).of("reject-came")}
    assert found["near-duplicate"].record_ids == (ONE, TWO)
    assert found["near-duplicate"].whose[0].configs == ("default", "noncommercial")
    assert found["near-duplicate"].whose[0].said is None
    assert found["no-label"].record_ids == ("tiny-refuse row 3",)
    assert diff(old, new).of("reject-went") == []
    assert {move.name for move in diff(new, old).of("reject-went")} == found.keys()


def test_a_reject_whose_row_moved_in_its_source_is_the_same(folders: tuple[Path, Path]) -> None:
    edit(folders[0] / "rejects.parquet", lambda rows: [*rows, reject()])
    edit(folders[1] / "rejects.parquet", lambda rows: [*rows, reject(row=4)])
    assert diff(*folders).moves == ()


def test_conflicts_that_came_and_went_name_both_rows(folders: tuple[Path, Path]) -> None:
    pair = {**dict.fromkeys(CONFLICTS.names), "record_id": ONE, "twin": TWO, "source": "beds", "twin_source": "ponds"}
    edit(folders[1] / "conflicts.parquet", lambda rows: [*rows, pair])
    (came,), (went,) = diff(*folders).of("conflict-came"), diff(*folders[::-1]).of("conflict-went")
    assert (came.name, came.record_ids) == (went.name, went.record_ids) == ("beds ~ ponds", (f"{ONE} ~ {TWO}",))


def test_a_row_that_no_reject_names_is_told_so(folders: tuple[Path, Path]) -> None:
    (path,) = (folders[1] / "default").glob("test-*.parquet")
    gone = pq.read_table(path)["record_id"][0].as_py()
    edit(path, lambda rows: rows[1:])
    (move,) = diff(*folders).of("removed")
    assert (move.name, move.record_ids) == (UNSAID, (gone,))


def test_the_terms_of_sources(folders: tuple[Path, Path]) -> None:
    manifest = read_manifest(folders[0])
    first, second, *others = manifest.sources
    tea = {"LicenseRef-Tea": Terms(redistribution=True)}
    now = first.model_copy(update={"license": "cc-by-sa-4.0", "use_limits": ("no_sft",), "terms": tea})
    found = {str(each) for each in sources(manifest, manifest.model_copy(update={"sources": (now, *others)}))}
    assert found == {
        f"{second.name}: gone",
        f"{first.name}: license {first.license} -> cc-by-sa-4.0",
        f"{first.name}: use limit no_sft none -> yes",
        f"{first.name}: terms of LicenseRef-Tea none -> {tea['LicenseRef-Tea']}",
    }
    assert [each.as_dict() for each in sources(manifest, manifest)] == []


def test_rows_that_moved_between_splits_are_told_loudly(folders: tuple[Path, Path]) -> None:
    old, new = folders
    assert "no row moved to another split" not in diff(old, old).lines()
    for name, to in (("test", "validation"), ("validation", "test")):
        (path,) = (new / "default").glob(f"{name}-*.parquet")
        edit(path, lambda rows, to=to: [{**rows[0], "split": to}, *rows[1:]])  # type: ignore[misc]
    found = diff(old, new)
    assert "ROWS MOVED BETWEEN SPLITS: 2" in found.lines()
    assert {move.title for move in found.of("split")} == {"split: test -> validation", "split: validation -> test"}
    assert {id for move in found.of("split") for id in move.record_ids} == {
        row["record_id"] for row in found.rows.to_pylist()
    }


def test_no_text_stands_in_any_of_it(folders: tuple[Path, Path]) -> None:
    old, new = folders
    shutil.rmtree(new / "noncommercial")
    shutil.copytree(new / "default", new / "noncommercial")
    found = diff(old, new)
    said = json.dumps([found.summary(), [*found.lines()]])
    assert found.counts()["removed"]
    assert not any(text in said for text in TEXTS)
