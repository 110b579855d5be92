"""`demur group` of files that are no Parquet, or whose rows are turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from demur.checks.tables import as_parquet
from demur.cli import main
from demur.errors import BusyError, OutputError, UsageError

LAKE = "Which of the lakes in the north of Italy is the deepest one"
HILL = "How many steps lead up to the church on the hill of Montmartre"


def turns(question: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": "I have to look that up first."}]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["group", *map(str, arguments)])


def labels(out: Path) -> list[tuple[int, int]]:
    return [(row["row"], row["group"]) for row in pq.read_table(out).to_pylist()]


def test_rows_of_any_shape_are_grouped_in_the_order_of_the_files(tmp_path: Path) -> None:
    talk = lines(tmp_path / "a.jsonl", [{"messages": turns(LAKE)}, {"messages": turns(HILL)}])
    pq.write_table(pa.table({"text": [f"{LAKE}?\nI have to look that up first!", "none"]}), tmp_path / "b.parquet")
    pq.write_table(pa.Table.from_pylist([{"conversations": turns(HILL.upper())}]), tmp_path / "c.parquet")
    done = run(talk, tmp_path / "b.parquet", tmp_path / "c.parquet", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert labels(tmp_path / "out") == [(0, 0), (1, 1), (2, 0), (4, 1)]
    sources = [pq.read_schema(path).metadata[b"source"].decode() for path in sorted((tmp_path / "out").iterdir())]
    assert sources == [str(talk), str(tmp_path / "b.parquet"), str(tmp_path / "c.parquet")]
    assert [path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith("labels-")] == []


def test_one_column_or_a_path(tmp_path: Path) -> None:
    rows = [{"q": LAKE, "of": {"q": HILL}}, {"q": HILL, "of": {"q": HILL}}, {"q": LAKE, "of": {"q": "?"}}]
    path = lines(tmp_path / "a.jsonl", rows)
    for column, found in (("q", [(0, 0), (2, 0)]), ("of.q", [(0, 0), (1, 0)])):
        assert run(path, "--column", column, "--out", tmp_path / "out").exit_code == 0
        assert labels(tmp_path / "out") == found
    done = run(path, "--column", "qq", "--out", tmp_path / "none")
    assert (done.exit_code, "Did you mean 'q'?" in done.output) == (2, True)
    assert not list((tmp_path / "none").rglob("*.parquet"))


def test_a_folder_without_parquet_gives_its_data_files(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.csv").write_text(f"prompt\n{LAKE}\n")
    (tmp_path / "in" / "deep" / "b.txt").write_text(f"{HILL}\n{LAKE}\n")
    assert run(tmp_path / "in", "--out", tmp_path / "out").exit_code == 0
    assert labels(tmp_path / "out") == [(0, 0), (2, 0)]


def test_a_url(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/tables/a.jsonl", "".join(json.dumps({"prompt": each}) + "\n" for each in (LAKE, HILL, LAKE)).encode())
    try:
        assert run("memory://tables/a.jsonl", "--out", tmp_path / "out").exit_code == 0
    finally:
        system.rm("/tables", recursive=True)
    assert labels(tmp_path / "out") == [(0, 0), (2, 0)]
    (label,) = (tmp_path / "out").iterdir()
    assert pq.read_schema(label).metadata[b"source"] == b"memory:///tables/a.jsonl"


def test_what_was_written_is_found_again_after_a_kill_and_gone_after_a_good_end(tmp_path: Path) -> None:
    path, work = lines(tmp_path / "a.jsonl", [{"prompt": LAKE}]), str(tmp_path / "work")
    with pytest.raises(KeyboardInterrupt), as_parquet([str(path)], None, work) as ((first,), _):
        raise KeyboardInterrupt
    stamp = Path(first).stat().st_mtime_ns
    with as_parquet([str(path)], None, work) as ((again,), called):
        assert (again, Path(again).stat().st_mtime_ns, called) == (first, stamp, {first: str(path)})
    assert not Path(first).exists()
    with pytest.raises(UsageError), as_parquet([str(path)], "no", work):
        pass
    assert not list(Path(work).rglob("*.parquet"))


def test_what_another_run_reads_stays(tmp_path: Path) -> None:
    """A run that is refused, since another one writes the folder, takes nothing away from it."""
    path, work = lines(tmp_path / "a.jsonl", [{"prompt": "Name a lake."}]), tmp_path / "work"

    def refused(error: type[OutputError]) -> list[str]:
        with as_parquet([str(path)], None, str(work)) as (theirs, _):
            places.extend(theirs)
            msg = "Another run is writing this folder"
            raise error(msg)

    places: list[str] = []
    with as_parquet([str(path)], None, str(work)) as (mine, _):
        for error, stays in ((BusyError, True), (OutputError, False)):
            with pytest.raises(error):
                refused(error)
            assert Path(mine[0]).exists() == stays
        assert places == [*mine, *mine]
