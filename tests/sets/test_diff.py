"""The difference of two folders, the version that it makes, and that no text stands in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.errors import ManifestError, UsageError
from demur.files.parquet import write_parquet
from demur.records.terms import Terms
from demur.release.version import Version, bump_of, first_change, next_change
from demur.sets.diff import ROWS, Diff, diff
from demur.sets.manifest_file import read_manifest, write_manifest
from tests.conftest import TEXTS, Tiny, files_of

CONFIG = "noncommercial"
Rows = list[dict[str, Any]]


@pytest.fixture
def folders(built: Tiny, tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of a built set."""
    for name in ("old", "new"):
        shutil.copytree(built.out, tmp_path / name)
    return tmp_path / "old", tmp_path / "new"


def edit(folder: Path, change: Callable[[Rows], Rows], config: str = CONFIG) -> None:
    """Change the rows of a config, whichever files they lie in."""
    paths = sorted((folder / config).glob("*.parquet"))
    tables = [pq.read_table(path) for path in paths]
    rows = change([row for table in tables for row in table.to_pylist()])
    for path, table in zip(paths, tables, strict=True):
        split = path.name.partition("-")[0]
        mine = [row for row in rows if row["split"] == split]
        write_parquet(pa.Table.from_pylist(mine, schema=table.schema), path)


def with_first(**values: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [{**rows[0], **values}, *rows[1:]]


def bump(found: Diff) -> str:
    return bump_of(found)[0]


def test_a_folder_does_not_differ_from_its_copy(folders: tuple[Path, Path]) -> None:
    found = diff(*folders)
    assert found.empty
    assert list(found.lines()) == ["no difference"]


@pytest.mark.parametrize(
    ("change", "counts", "weight"),
    [
        (lambda rows: rows[1:], {"removed": 1}, "minor"),
        (lambda rows: [*rows, {**rows[0], "record_id": "f" * 32}], {"added": 1}, "minor"),
        (with_first(borderline=True), {"changed": 1}, "major"),
        (with_first(hazards=["hte"]), {"changed": 1}, "major"),
        (with_first(group_id="0" * 32), {"relabelled": 1}, "patch"),
        (lambda rows: [{**rows[0], "split": {"test": "validation", "validation": "test"}[rows[0]["split"]]}, *rows[1:]],
         {"moved": 1}, "major"),
    ],
    ids=["removed", "added", "meaning", "label", "bookkeeping", "moved"],
)  # fmt: skip
def test_rows_by_record_id(
    folders: tuple[Path, Path], change: Callable[[Rows], Rows], counts: dict[str, int], weight: str
) -> None:
    old, new = folders
    edit(new, change)
    found = diff(old, new)
    assert {kind: count for kind, count in found.counts().items() if count} == counts
    assert found.counts("default") == dict.fromkeys(found.counts(), 0)
    assert bump(found) == weight
    assert found.rows.schema.equals(ROWS)
    back = diff(new, old)
    mirror = {"added": "removed", "removed": "added"}
    assert {kind: count for kind, count in back.counts().items() if count} == {
        mirror.get(kind, kind): count for kind, count in counts.items()
    }


def test_row_order_and_shards_do_not_count(folders: tuple[Path, Path]) -> None:
    old, new = folders
    edit(new, lambda rows: rows[::-1])
    assert diff(old, new).rows.num_rows == 0


def test_a_changed_row_names_its_columns_and_no_text(folders: tuple[Path, Path]) -> None:
    old, new = folders
    edit(new, lambda rows: [{**rows[0], "prompt": rows[0]["prompt"].upper(), "language": "und"}, *rows[1:]])
    found = diff(old, new)
    assert found.rows["columns"].to_pylist() == [["prompt", "language"]]
    said = json.dumps([found.summary(), found.rows.to_pylist(), list(found.lines())])
    assert not any(text.lower() in said.lower() for text in TEXTS)


def test_a_config_that_comes_is_minor_and_one_that_goes_is_major(folders: tuple[Path, Path]) -> None:
    old, new = folders
    manifest = read_manifest(new)
    write_manifest(manifest.model_copy(update={"configs": manifest.configs[:1]}), new)
    shutil.rmtree(new / CONFIG)
    gone, come = diff(old, new), diff(new, old)
    assert (gone.configs_removed, come.configs_added) == ((CONFIG,), (CONFIG,))
    assert (bump(gone), bump(come)) == ("major", "minor")


@pytest.mark.parametrize(
    ("update", "weight"),
    [
        ({"license": "cc-by-nc-sa-4.0"}, "major"),
        ({"license": "cc-by-4.0"}, "patch"),
        ({"use_limits": ("eval_only", "no_sft")}, "major"),
        ({"use_limits": ()}, "patch"),
        ({"license": "cc-by-nc-4.0 AND LicenseRef-Tea", "terms": Terms(redistribution=True)}, "major"),
        ({"terms": Terms(redistribution=True)}, "major"),
        ({"terms": Terms(redistribution=True, commercial=True)}, "patch"),
    ],
    ids=["stricter-license", "looser-license", "another-limit", "no-limit", "own-license", "less", "as-much"],
)
def test_stricter_terms_are_major(folders: tuple[Path, Path], update: dict[str, Any], weight: str) -> None:
    old, new = folders
    manifest = read_manifest(new)
    configs = (manifest.configs[0], manifest.configs[1].model_copy(update=update))
    own = {"LicenseRef-Tea": Terms(redistribution=True)}
    sources = (manifest.sources[0].model_copy(update={"terms": own}), *manifest.sources[1:])
    write_manifest(manifest.model_copy(update={"configs": configs, "sources": sources}), new)
    assert bump(diff(old, new)) == weight


def test_a_schema_break_is_major_and_a_new_column_minor(folders: tuple[Path, Path]) -> None:
    old, new = folders
    schema = json.loads((new / "schema.json").read_bytes())
    (new / "schema.json").write_text(json.dumps({**schema, "properties": {**schema["properties"], "more": {}}}))
    assert bump(diff(old, new)) == "minor"
    assert bump(diff(new, old)) == "major"


def test_metadata_alone_is_a_patch(folders: tuple[Path, Path]) -> None:
    old, new = folders
    (new / "README.md").write_text((new / "README.md").read_text() + "\nMore.\n")
    found = diff(old, new)
    assert bump_of(found) == ("patch", ("metadata only: README.md",))


def test_two_different_sets_are_not_compared(folders: tuple[Path, Path]) -> None:
    old, new = folders
    write_manifest(read_manifest(new).model_copy(update={"name": "another"}), new)
    with pytest.raises(ManifestError, match="different data sets"):
        diff(old, new)


def test_an_id_that_stands_twice_is_an_error(folders: tuple[Path, Path]) -> None:
    old, new = folders
    edit(new, lambda rows: [rows[0], *rows])
    with pytest.raises(ManifestError, match="stands twice"):
        diff(old, new)


def test_the_changelog_grows_by_one_entry(folders: tuple[Path, Path]) -> None:
    old, new = folders
    edit(new, lambda rows: rows[2:])
    first = first_change(read_manifest(old), "2026-01-02")
    change = next_change(read_manifest(new), first, diff(old, new), "2026-02-03")
    assert (first.version, change.version, change.bump, change.removed) == ("v1.0.0", "v1.1.0", "minor", 2)
    assert change.reasons == (f"{CONFIG}: 2 rows were removed",)


@pytest.mark.parametrize("text", ["1.0.0", "v1", "v1.2", "main", "v1.2.3.4", ""])
def test_a_version_has_one_form(text: str) -> None:
    with pytest.raises(UsageError, match="Not a version"):
        Version.parse(text)


def test_versions_order_by_number() -> None:
    texts = ["v1.10.0", "v1.9.0", "v2.0.0", "v1.9.1"]
    assert sorted(texts, key=Version.parse) == ["v1.9.0", "v1.9.1", "v1.10.0", "v2.0.0"]


def test_the_command_finds_writes_rows_and_says_the_weight(built: Tiny, folders: tuple[Path, Path]) -> None:
    old, new = folders
    edit(new, lambda rows: rows[1:])
    rows = new.parent / "rows.parquet"
    done = built.run("diff", str(old), str(new), "--rows", str(rows))
    assert done.returncode == 1, done.stderr
    assert "a minor version" in done.stdout
    assert pq.read_table(rows)["change"].to_pylist() == ["removed"]
    before = files_of(old)
    same = built.run("diff", str(old), str(old), "--json")
    assert (same.returncode, json.loads(same.stdout)["bump"]) == (0, None)
    assert files_of(old) == before
    wrong = built.run("diff", str(old), "no-such-folder")
    assert wrong.returncode == 2
    assert "owner/name@vMAJOR.MINOR.PATCH" in wrong.stderr
