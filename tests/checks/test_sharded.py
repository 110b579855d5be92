"""A check in parts finds what one process finds: by every rule, in any cut, after a kill, and on a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.checks.engine import check
from demur.checks.finding import Report
from demur.checks.sharded import check_sharded
from demur.cli import main
from demur.errors import UsageError
from demur.files.bounds import limits_said, within
from demur.protected.prompts import Protected
from demur.shards import Work, opened_work
from tests.checks.fixtures import CASES
from tests.conftest import Tiny
from tests.shards.samples import SMALL, Stopped, here, protected, rows, write


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    with within(limits_said([SMALL])):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training file of Parquet in parts, a test file with some of its prompts, and lines."""
    folder = tmp_path_factory.mktemp("set")
    every = rows()
    write(folder, every)
    write(folder, rows(200, seed=4), name="test.parquet")
    lines = "".join(json.dumps(row) + "\n" for row in rows(60, seed=5))
    (folder / "more.jsonl").write_text(lines + "no JSON\n", encoding="utf-8")
    (folder / "README.md").write_text("---\nlicense: mit\nlanguage: de\n---\nRows.\n", encoding="utf-8")
    protected().write(folder.parent / "sketch.parquet")
    return folder


@pytest.fixture(scope="module")
def against(folder: Path) -> list[str]:
    return [str(folder.parent / "sketch.parquet")]


@pytest.fixture(scope="module")
def single(folder: Path, against: list[str]) -> Report:
    with within(limits_said([SMALL])):
        return check(folder, against=against)


def test_the_samples_are_worth_a_check(single: Report) -> None:
    assert {"DMR001", "DMR101", "DMR102", "DMR104", "DMR316"} <= single.counts.keys()
    assert single.total > 100


@pytest.mark.parametrize("size", [1, 130, 20_000])
def test_parts_give_the_report_of_one_process(
    folder: Path, against: list[str], single: Report, size: int, tmp_path: Path
) -> None:
    work = here(tmp_path / "work", size)
    assert check_sharded([folder], work, against=against) == single
    assert (work.tasks > 8) == (size == 1)


@pytest.mark.parametrize("code", CASES)
def test_every_rule_says_in_parts_what_it_says(code: str, tmp_path: Path) -> None:
    case = CASES[code][0]
    if case.how.keys() & {"how_against", "mapping"}:
        pytest.skip("its case brings more than files")
    place = case.write(tmp_path / "in")
    for path in [*place.rglob("*.jsonl")]:  # rows of lines, in a file of many parts
        table = read_lines(path)
        if table is not None:
            pq.write_table(table, path.with_suffix(".parquet"), row_group_size=3)
            path.unlink()
    with within(limits_said(["batch=300"])):
        one = check(place, **case.how)
        two = check_sharded([place], here(tmp_path / "work"), **case.how)
    assert two == one


def read_lines(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201
    import pyarrow as pa

    try:
        return pa.Table.from_pylist([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
    except (ValueError, pa.ArrowException):
        return None


def test_ids_texts_and_marks_come_along(folder: Path, tmp_path: Path) -> None:
    def whole(report: Report) -> list[tuple[object, ...]]:
        return [(each, each.text, each.mark) for each in report.findings]

    one = check(folder, show_text=True, marked=True)
    two = check_sharded([folder], here(tmp_path / "work"), show_text=True, marked=True)
    assert whole(two) == whole(one)
    assert any(each.record_id and each.text and each.mark for each in two.findings)


def test_more_than_is_listed_is_counted(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from demur.checks import engine, parts

    for module in (engine, parts):
        monkeypatch.setattr(module, "LISTED", 7)
    one = check(folder)
    assert one.more
    assert check_sharded([folder], here(tmp_path / "work")) == one


def test_a_run_that_stops_anywhere_goes_on_there(
    folder: Path, against: list[str], single: Report, tmp_path: Path
) -> None:
    every = here(tmp_path / "all", 130)
    check_sharded([folder], every, against=against)
    for most in range(0, every.tasks, 2):
        first, second = (here(tmp_path / str(most), 130, many) for many in (most, 1_000))
        with pytest.raises(Stopped):
            check_sharded([folder], first, against=against)
        assert check_sharded([folder], second, against=against) == single
        assert second.resumed == most
        assert first.engine.done + second.engine.done == [*range(every.tasks)]  # type: ignore[attr-defined]


def test_files_at_urls_are_read_where_tasks_run(
    folder: Path, single: Report, against: list[str], tmp_path: Path
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    fs = MemoryFileSystem()
    for path in folder.iterdir():
        fs.pipe_file(f"/checked/{path.name}", path.read_bytes())
    try:
        one = check("memory://checked", against=against)
        two = check_sharded(["memory://checked"], here(tmp_path / "work", 130), against=against)
    finally:
        fs.rm("/checked", recursive=True)
    assert two == one
    assert two.counts == single.counts


def test_a_broken_part_ends_its_file(folder: Path, tmp_path: Path) -> None:
    """Bytes that are no text in the middle: rows before them are judged, and none behind."""
    place = tmp_path / "train.parquet"
    table = pq.read_table(folder / "train.parquet")
    pq.write_table(table, place, row_group_size=90, compression="none", use_dictionary=False, write_statistics=False)
    content = bytearray(place.read_bytes())
    at = content.find(b"r200")
    content[at : at + 1] = b"\xff"
    place.write_bytes(content)
    work = here(tmp_path / "work", 1)
    one, two = check(place), check_sharded([place], work)
    assert 0 < one.rows <= 200
    assert work.tasks > 4
    assert two == one


def test_a_built_folder_is_no_matter_of_parts(built: Tiny, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in one process"):
        check_sharded([built.out], here(tmp_path / "work"))


def test_the_command(folder: Path, tmp_path: Path, against: list[str]) -> None:
    how = ["check", str(folder), "--json", "--against", *against, "--limit", SMALL]
    one = CliRunner().invoke(main, how)
    two = CliRunner().invoke(main, [*how, "--work", str(tmp_path / "work"), "--shard-rows", "130"])
    assert (two.exit_code, json.loads(two.stdout)) == (one.exit_code, json.loads(one.stdout))


def test_on_a_cluster(folder: Path, against: list[str], single: Report, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the distributed engine is in the 'scale' extra")
    with opened_work("dask", workers=2, work=str(tmp_path / "work"), shard_rows=130) as work:
        assert isinstance(work, Work)
        found = check_sharded([folder], work, against=against)
    assert replace(found, seconds={}) == replace(single, seconds={})
    assert work.tasks > 4


def test_the_sketch_of_the_samples_is_one(against: list[str]) -> None:
    assert len(Protected.read(Path(against[0]))) == 3
