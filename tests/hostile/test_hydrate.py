"""What a publisher of references cannot do to whoever hydrates them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.errors import ManifestError
from demur.sets.manifest_file import read_manifest
from tests.conftest import Tiny
from tests.release.test_commands import closed  # noqa: F401 - fixture


def shards(tiny: Tiny) -> list[Path]:
    return sorted((tiny.out / "closed").glob("*.parquet"))


def rewritten(tiny: Tiny, change: Callable[[pa.Table], pa.Table]) -> None:
    for path in shards(tiny):
        pq.write_table(change(pq.read_table(path)), path)


def split_named(name: str) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index("split")
        return table.set_column(place, table.schema.field(place), pa.array([name] * len(table), pa.string()))

    return change


def test_honest_references_come_back(tiny: Tiny, closed: list[str]) -> None:  # noqa: F811
    assert tiny.build().returncode == 0
    done = tiny.run("hydrate", str(tiny.out), "--to", str(tiny.root / "whole"))
    assert done.returncode == 0, done.stderr
    rows = [
        row for path in (tiny.root / "whole" / "closed").glob("*.parquet") for row in pq.read_table(path).to_pylist()
    ]
    assert sorted(row["prompt"] for row in rows) == sorted(closed)


@pytest.mark.parametrize("name", ["../../away/test", "/away", "other"])
def test_a_split_is_no_path(tiny: Tiny, closed: list[str], name: str) -> None:  # noqa: F811
    assert tiny.build().returncode == 0
    before = sorted(tiny.root.rglob("*"))
    rewritten(tiny, split_named(name))
    done = tiny.run("hydrate", str(tiny.out), "--to", str(tiny.root / "whole"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "refer" in done.stderr
    assert not [path for path in sorted(tiny.root.rglob("*")) if path not in before and path.suffix == ".parquet"]


def test_a_prompt_that_comes_along_is_refused(tiny: Tiny, closed: list[str]) -> None:  # noqa: F811
    assert tiny.build().returncode == 0
    rewritten(tiny, lambda table: table.append_column("prompt", pa.array(["Another text"] * len(table), pa.string())))
    done = tiny.run("hydrate", str(tiny.out), "--to", str(tiny.root / "whole"))
    assert done.returncode == 2
    assert "other columns than their schema" in done.stderr
    assert "Another text" not in done.stderr + done.stdout
    assert not (tiny.root / "whole").exists()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("config", "../away"),
        ("config", "/away"),
        ("config", "a/b"),
        ("split", "../test"),
        ("file", "../away.parquet"),
        ("file", "/etc/away"),
        ("file", "default/../../away"),
        ("file", ".hidden"),
    ],
)
def test_names_of_a_manifest_are_no_ways_out(built: Tiny, tmp_path: Path, place: str, value: str) -> None:
    document: dict[str, Any] = json.loads((built.out / "manifest.json").read_text(encoding="utf-8"))
    if place == "config":
        document["configs"][0]["name"] = value
    elif place == "split":
        document["configs"][0]["rows"] = {value: 1}
    else:
        document["files"][value] = next(iter(document["files"].values()))
    (tmp_path / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ManifestError, match="broken"):
        read_manifest(tmp_path)
