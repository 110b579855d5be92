"""The benchmark of engines: all rows are read, and no difference goes unseen."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import engines, parts
from bench.engines import FILES, ONE, installed, keep, measured, numbered
from bench.process import ProcessFailed


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    table = pa.table({"text": [f"How do tides work on beach {row}?" for row in range(1003)], "kind": ["x"] * 1003})
    pq.write_table(table, tmp_path / "corpus.parquet", row_group_size=70)
    return str(tmp_path / "corpus.parquet")


def test_rows_are_numbered_through_all_files(corpus: str, tmp_path: Path) -> None:
    files = sorted(numbered("decontaminate", corpus, tmp_path).iterdir())
    table = pa.concat_tables([pq.read_table(path) for path in files])
    assert len(files) == FILES
    assert table.column_names == ["prompt", "n"]
    assert table["n"].to_pylist() == list(range(1003))
    assert table["prompt"].equals(pq.read_table(corpus)["text"])
    (tmp_path / "all").mkdir()
    assert pq.read_table(numbered("check", corpus, tmp_path / "all")).column_names == ["text", "kind", "n"]


def test_findings_are_compared_however_the_file_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"prompt": [f"How do tides work on beach {row % 900}?" for row in range(1003)]})
    pq.write_table(table, tmp_path / "rows.parquet")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for number, path in enumerate(("../rows.parquet", str(tmp_path / "rows.parquet"))):
        (tmp_path / str(number)).mkdir()
        rows = numbered("check", path, tmp_path / str(number))
        command, combined = engines.check(path, rows)
        found = combined([command.map(pq.read_table(file)) for file in rows.iterdir()])
        assert found == parts.check(path, None)
        assert "DMR102" in found


def runs(**digests: str) -> Any:
    """Of one process and engines, each with its digest."""

    def watched(python: str, command: str, engine: str, path: str, rows: Path) -> dict[str, Any]:
        if engine not in digests and engine != ONE:
            msg = f"{engine} broke"
            raise ProcessFailed(msg)
        costs = dict.fromkeys(["seconds", "start", "combine", "cpu", "memory", "worker", "driver", "together"], 2.0)
        return {**costs, "digest": digests.get(engine, "same"), "version": "1"}

    return watched


def test_a_difference_is_kept_and_shown(corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- measured engines -->\n\n<!-- end of measured engines -->\n")
    monkeypatch.setattr(engines, "PAGE", page)
    monkeypatch.setattr(engines, "RESULTS", tmp_path)
    there = dict.fromkeys(["ray", "spark", "datatrove"], sys.executable)
    monkeypatch.setattr(engines, "watched", runs(ray="same", spark="other"))
    found = measured("decontaminate", corpus, 1003, 2, there)
    assert [(row["engine"], row["equal"], row["ratio"]) for row in found] == [("ray", True, 1), ("spark", False, 1)]
    keep(found)
    monkeypatch.setattr(engines, "watched", runs(datatrove="same"))
    keep(measured("decontaminate", corpus, 1003, 1, {"datatrove": sys.executable}))
    kept = json.loads((tmp_path / "engines.json").read_text())
    assert [row["engine"] for row in kept] == ["ray", "spark", "datatrove"]
    lines = [line for line in page.read_text().splitlines() if "1,003" in line]
    assert ["not equal" in line for line in lines] == [False, True, False]


def test_an_engine_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(engines, "MODULES", {"ray": "json", "spark": "no_such_engine"})
    assert installed("ray", [sys.executable]) == sys.executable
    assert installed("spark", [sys.executable]) is None
    monkeypatch.setattr(sys, "argv", ["engines", "--engines", "spark"])
    with pytest.raises(SystemExit) as ended:
        engines.main()
    assert ended.value.code == 0
    assert capsys.readouterr().err == "Spark is not installed: left out\n"
