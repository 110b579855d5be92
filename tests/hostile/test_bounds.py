"""Kilobytes that unpack to gigabytes, lines and cells that fill the memory: told as DMR001, and not read further."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.errors import UsageError
from demur.files.bounds import Bounds
from tests.conftest import PATIENCE

MB = 1 << 20
SAID = "name a lake "


def text(size: int) -> str:
    return SAID * (size // len(SAID))


def arrow(path: Path, table: pa.Table, compression: str | None = None) -> None:
    with ipc.new_file(str(path), table.schema, options=ipc.IpcWriteOptions(compression=compression)) as file:
        file.write_table(table)


def parquet(path: Path, table: pa.Table, *, dictionary: bool = False) -> None:
    pq.write_table(table, path, compression="zstd", use_dictionary=dictionary)


def repeated(rows: int, size: int) -> pa.Table:
    return pa.table({"prompt": pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [text(size)])})


def packed(path: Path, data: str) -> None:
    path.write_bytes(gzip.compress(data.encode(), 1))


def packed_zst(path: Path, data: str) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write(data.encode())


def row(**cells: object) -> str:
    return json.dumps(cells) + "\n"


LARGE: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "line of JSON": ("a.jsonl.gz", "line", lambda path: packed(path, row(prompt=text(17 * MB)))),
    "line of Zstandard": ("a.jsonl.zst", "line", lambda path: packed_zst(path, row(prompt=text(17 * MB)))),
    "line of text": ("a.txt.gz", "line", lambda path: packed(path, text(17 * MB))),
    "line of CSV": ("a.csv.gz", "line", lambda path: packed(path, f"prompt,id\n{text(17 * MB)},1\n")),
    "cell over lines": ("a.csv.gz", "cell", lambda path: packed(path, 'prompt,id\n"' + "lake\n" * MB + '",1\n')),
    "cell of JSON": ("a.jsonl", "cell", lambda path: path.write_text(row(prompt=text(5 * MB)))),
    "cell of a document": ("a.json", "cell", lambda path: path.write_text(json.dumps([{"prompt": text(5 * MB)}]))),
    "cell of Parquet": ("a.parquet", "cell", lambda path: parquet(path, pa.table({"prompt": [text(5 * MB)]}))),
    "cell of Arrow": ("a.arrow", "cell", lambda path: arrow(path, pa.table({"prompt": [text(5 * MB)]}))),
    "all lines": ("a.jsonl.gz", "unpacked", lambda path: packed(path, row(prompt=text(MB)) * 65)),
    "document": ("a.json.gz", "unpacked", lambda path: packed(path, "[" + " " * (65 * MB) + "]")),
    "pages": ("a.parquet", "unpacked", lambda path: parquet(path, pa.table({"prompt": [text(4 * MB)] * 17}))),
    "dictionary": ("a.parquet", "unpacked", lambda path: parquet(path, repeated(1000, 90_000), dictionary=True)),
    "plain dictionary": (
        "a.parquet",
        "unpacked",
        lambda path: parquet(path, pa.table({"prompt": [text(90_000)] * 1000}), dictionary=True),
    ),
    "nested dictionary": (
        "a.parquet",
        "unpacked",
        lambda path: parquet(
            path,
            pa.table({"messages": [[{"role": "user", "content": text(90_000)}] * 10] * 100}),
            dictionary=True,
        ),
    ),
    "buffers": ("a.arrow", "unpacked", lambda path: arrow(path, pa.table({"prompt": [text(4 * MB)] * 17}), "zstd")),
    "dictionary of Arrow": ("a.arrow", "unpacked", lambda path: arrow(path, repeated(1000, 90_000))),
    "rows": ("a.parquet", "rows", lambda path: parquet(path, pa.table({"prompt": pa.nulls(2 * MB, pa.string())}))),
    "columns of CSV": ("a.csv", "columns", lambda path: path.write_text(",".join(map(str, range(5000))) + "\n")),
    "columns of JSON with blanks": (
        "a.jsonl",
        "columns",
        lambda path: path.write_text("".join(f'{{"k{number}"  : 1}}\n' for number in range(5000))),
    ),
    "columns of JSON": (
        "a.jsonl",
        "columns",
        lambda path: path.write_text("".join(row(**{f"k{number}": 1}) for number in range(5000))),
    ),
    "cells": (
        "a.jsonl",
        "cells",
        lambda path: path.write_text(row(**{f"k{key}": None for key in range(4000)}) + row(k0=1) * 20_000),
    ),
    "faults": ("a.jsonl", "faults", lambda path: path.write_text("1\n" * 60_000)),
}


@pytest.mark.parametrize("what", LARGE)
def test_what_is_too_large_is_told_with_the_way_to_raise_it(tmp_path: Path, what: str) -> None:
    name, limit, write = LARGE[what]
    write(tmp_path / name)
    found = [each for each in check(tmp_path, select=["DMR001"], license="mit").findings if each.row is None]
    assert [each.code for each in found] == ["DMR001"]
    assert f"--limit {limit}=N" in found[0].message
    assert SAID not in found[0].message


def demur(*args: str, cpu: int = 60, **more: str) -> subprocess.CompletedProcess[str]:
    """The command, which the system ends if it needs more than so many seconds of a processor."""
    return subprocess.run(
        [sys.executable, "-m", "demur.cli", *args],
        env={**os.environ, "OMP_NUM_THREADS": "1", **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=10 * PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu)),
    )


def test_a_limit_is_raised_by_option_and_by_settings(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(row(prompt=text(5 * MB)))
    assert "--limit cell=N" in demur("check", str(tmp_path), "--select", "DMR001").stdout
    done = demur("check", str(tmp_path), "--select", "DMR001", "--limit", "cell=6000000")
    assert (done.returncode, done.stderr) == (0, "")
    settings = tmp_path / "demur.toml"
    settings.write_text("limits = { cell = 6_000_000 }\n")
    assert demur("check", str(tmp_path), "--select", "DMR001", "--settings", str(settings)).returncode == 0


def test_settings_that_come_with_the_data_raise_no_limit(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(row(prompt=text(5 * MB)))
    (tmp_path / "demur.toml").write_text("limits = { cell = 6_000_000, files = 5 }\n")
    done = demur("check", str(tmp_path), "--select", "DMR001")
    assert done.returncode == 2
    assert "got:      cell\n" in done.stderr
    (tmp_path / "demur.toml").write_text("limits = { cell = 100_000 }\n")
    assert "more than 100,000 bytes" in demur("check", str(tmp_path), "--select", "DMR001").stdout


@pytest.mark.parametrize(("limit", "said"), [("cel=7", "'cell'"), ("cell=0", "above 0"), ("cell", "NAME=N")])
def test_a_limit_that_is_none(tmp_path: Path, limit: str, said: str) -> None:
    (tmp_path / "a.jsonl").write_text(row(prompt="Name a lake"))
    done = demur("check", str(tmp_path), "--limit", limit)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("target", ["pipe", "/dev/zero", "nowhere"])
def test_what_is_no_file_is_told_and_never_waited_for(tmp_path: Path, target: str) -> None:
    (tmp_path / "train.jsonl").write_text(row(prompt="Name a lake"))
    if target == "pipe":
        os.mkfifo(tmp_path / "test.jsonl")
    else:
        (tmp_path / "test.jsonl").symlink_to(target)
    done = demur("check", str(tmp_path), "--select", "DMR001")
    assert done.returncode == 1
    assert "test.jsonl: error DMR001" in done.stdout


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "demur.toml", "manifest.json", "pyproject.toml"])
def test_a_page_that_is_a_pipe_is_never_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "train.jsonl").write_text(row(prompt="Name a lake"))
    os.mkfifo(tmp_path / name)
    done = demur("check", str(tmp_path), "--license", "mit")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1, 2)


def test_many_splits_are_told_and_not_all_compared(tmp_path: Path) -> None:
    rows = (
        row(prompt=f"Name lake number {number} of the north", split=f"s{number % 5000}") for number in range(10_000)
    )
    (tmp_path / "a.jsonl").write_text("".join(rows))
    done = demur("check", str(tmp_path), "--select", "DMR001", "--select", "DMR101")
    assert done.returncode == 1
    assert "--limit splits=N" in done.stdout


def test_too_many_files(tmp_path: Path) -> None:
    for number in range(10_001):
        (tmp_path / f"{number}.jsonl").touch()
    with pytest.raises(UsageError, match="too many files"):
        check(tmp_path)


PAGES = {
    "newlines": "# Lakes\n" + "\n" * 200_000 + "x",
    "blanks": "---\n" + "license: \n" * 50_000 + " " * 500_000 + "\n---",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_blanks_is_read_once(tmp_path: Path, page: str) -> None:
    (tmp_path / "README.md").write_text(PAGES[page])
    (tmp_path / "train.jsonl").write_text(row(prompt="Name a lake"))
    done = demur("check", str(tmp_path), cpu=30)
    assert done.returncode in (0, 1), done.stderr
    built = "import sys, pathlib; from demur.sets.card import built_card; built_card(pathlib.Path(sys.argv[1]))"
    ended = subprocess.run(
        [sys.executable, "-c", built, str(tmp_path)],
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30)),
    )
    assert ended.returncode == 0


def test_rows_of_one_letter_are_bounded_by_the_size(tmp_path: Path) -> None:
    """2.4 million of them in five megabytes took more than a gigabyte."""
    assert Bounds().rows_of(4_800_000) == 1_200_000
    (tmp_path / "a.csv").write_text("prompt\n" + "a\n" * 2_400_000)
    found = [each.message for each in check(tmp_path, select=["DMR001"], license="mit").findings]
    assert any("more than 1,200,001" in message and "--limit rows=N" in message for message in found), found
