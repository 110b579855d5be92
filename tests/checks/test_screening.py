"""Screening a table at a time, and files in parts: the evidence of one process, by digest."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.checks.screening import Screening, screen_sharded
from demur.checks.speech import asked
from demur.cli import main
from demur.errors import FormatError, UsageError
from demur.files.bounds import limits_said, within
from demur.files.digest import content_digest
from demur.protected.near import EVIDENCE
from demur.protected.screen import Screened, screen
from demur.shards import opened_work
from tests.shards.samples import SMALL, Stopped, cuts, here, protected, rows, write

TABLE = pa.Table.from_pylist(rows())


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("in")
    lines = "".join(json.dumps(row) + "\n" for row in rows(90, seed=6))
    (folder / "b.jsonl").write_text(lines, encoding="utf-8")
    return [str(write(folder, rows(), name="a.parquet")), str(folder / "b.jsonl"),
            str(write(folder, rows(150, seed=8), name="c.parquet"))]  # fmt: skip


@pytest.fixture(scope="module")
def single(paths: list[str]) -> Screened:
    parts = [part for path in paths for part in asked(Path(path))]
    return screen(parts, protected())


def digest(found: Screened) -> str:
    return content_digest(found.evidence)


@pytest.mark.parametrize("size", [1, 200, 100_000])
def test_parts_give_the_evidence_of_one_process(paths: list[str], single: Screened, size: int, tmp_path: Path) -> None:
    with within(limits_said([SMALL])):
        work = here(tmp_path / "work", size)
        found = screen_sharded(paths, Screening(protected=protected()), work)
    assert found.evidence.num_rows > 40
    assert (found.rows, digest(found)) == (640, digest(single))
    assert found.evidence.equals(single.evidence)
    assert (work.tasks > 3) == (size < 300)


@pytest.mark.parametrize(("seed", "parts"), [(1, 1), (2, 3), (3, 50)])
def test_tables_in_any_order_give_it_too(seed: int, parts: int) -> None:
    screening = pickle.loads(pickle.dumps(Screening(row="n", protected=protected())))  # noqa: S301
    evidence = [screening.map(part) for part in cuts(TABLE, seed, parts)]
    assert all(each.schema.equals(EVIDENCE) for each in evidence)
    found = screening.combine(evidence, len(TABLE))
    (batch,) = TABLE.to_batches()
    whole = Screening("prompt", protected=protected()).map(batch)
    assert whole.num_rows > 40
    assert digest(found) == content_digest(whole)


def test_a_run_that_stops_anywhere_goes_on_there(paths: list[str], single: Screened, tmp_path: Path) -> None:
    screening = Screening(protected=protected())
    with within(limits_said([SMALL])):
        for most in (0, 1, 3):
            with pytest.raises(Stopped):
                screen_sharded(paths, screening, here(tmp_path / str(most), 100, most))
            again = here(tmp_path / str(most), 100)
            assert digest(screen_sharded(paths, screening, again)) == digest(single)
            assert again.resumed == most


def test_what_columns_are_follows_from_the_first_rows(tmp_path: Path) -> None:
    """Where a later part has no text at all, its columns are still those of the file."""
    table = TABLE.select(["prompt"]).rename_columns(["question"])
    empty = pa.table({"question": pa.nulls(len(table), pa.string())})
    pq.write_table(pa.concat_tables([table, empty, table]), tmp_path / "a.parquet", row_group_size=100)
    with within(limits_said([SMALL])):
        one = screen(asked(tmp_path / "a.parquet"), protected())
        two = screen_sharded([str(tmp_path / "a.parquet")], Screening(protected=protected()), here(tmp_path / "w", 1))
    assert one.evidence.num_rows > 40
    assert two.evidence.equals(one.evidence)


def test_what_cannot_be_read_is_an_error_in_parts_too(paths: list[str], tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"prompt": "a lamp"}\nno JSON\n', encoding="utf-8")
    with pytest.raises(FormatError, match="cannot be read"):
        screen_sharded([str(tmp_path / "b.jsonl")], Screening(protected=protected()), here(tmp_path / "work"))
    with pytest.raises(UsageError, match="No such column"):
        screen_sharded(paths[:1], Screening("prompts", protected=protected()), here(tmp_path / "work"))
    with pytest.raises(FormatError, match="no rows"):
        Screening(protected=protected()).combine([], 0)


def test_the_command(paths: list[str], single: Screened, tmp_path: Path) -> None:
    protected().write(tmp_path / "sketch.parquet")
    how = ["decontaminate", *paths, "--against", str(tmp_path / "sketch.parquet"), "--json"]
    for out, more in (("one", []), ("two", ["--work", str(tmp_path / "work"), "--shard-rows", "100"])):
        done = CliRunner().invoke(main, [*how, "--out", str(tmp_path / out), *more])
        assert done.exit_code == 1, done.output
        assert json.loads(done.stdout) == single.summary()
        assert pq.read_table(tmp_path / out).equals(single.evidence)


def test_on_a_cluster(paths: list[str], single: Screened, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the distributed engine is in the 'scale' extra")
    with within(limits_said([SMALL])), opened_work("dask", workers=2, work=str(tmp_path), shard_rows=100) as work:
        assert digest(screen_sharded(paths, Screening(protected=protected()), work)) == digest(single)
    assert work.tasks > 3
