"""Packed files: unpacked as they are read, and bounded where they are read as a whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from demur.errors import UsageError
from demur.files import packed
from demur.files.bounds import TooLarge, within
from demur.files.packed import open_file, read_whole, unpack
from demur.files.reading import Fault, read_blocks


def test_a_file_is_the_same_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"rows\n" * 9)
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"rows\n" * 9))
    (tmp_path / "a.zst").write_bytes(zstandard.compress(b"rows\n" * 9))
    for name in ("a", "a.gz", "a.zst"):
        with open_file(tmp_path / name) as file:
            assert file.read() == read_whole(tmp_path / name) == b"rows\n" * 9


def test_the_bound_is_of_what_comes_out() -> None:
    bomb = gzip.compress(bytes(1 << 20))
    with within({"unpacked": 1 << 18}):
        assert len(unpack(bomb)) == 1 << 20
    with within({"unpacked": (1 << 18) - 1}), pytest.raises(TooLarge, match="more than 1,048,572 bytes"):
        unpack(bomb)


ROWS = {
    "a.tsv": b"prompt\tid\nName a lake.\t1\n",
    "a.json": b'[{"prompt": "Name a lake.", "id": "1"}]',
    "a.jsonl": b'{"prompt": "Name a lake.", "id": "1"}\n',
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".zst", zstandard.compress)])
def test_every_format_is_read_packed(tmp_path: Path, name: str, ending: str, pack: Callable[[bytes], bytes]) -> None:
    path, faults = tmp_path / f"{name}{ending}", list[Fault]()
    path.write_bytes(pack(ROWS[name]))
    rows = [row for block in read_blocks(path, faults.append) for row in block.rows.to_pylist()]
    assert (rows, faults) == ([{"prompt": "Name a lake.", "id": "1"}], [])


def test_a_pyarrow_without_zstandard_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.compress(b"{}"))
    monkeypatch.setattr(packed, "has_zstandard", lambda: False)
    with pytest.raises(UsageError, match="no Zstandard"):
        list(read_blocks(tmp_path / "a.jsonl.zst", lambda fault: None))


@pytest.mark.parametrize("cut", [5, 15, -4])
def test_a_truncated_file(cut: int) -> None:
    with pytest.raises((OSError, EOFError, zlib.error)):
        unpack(gzip.compress(b"rows" * 100)[:cut])


def test_a_document_that_unpacks_to_too_much_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"[" + b" " * (1 << 12) + b"]"))
    faults: list[Fault] = []
    with within({"unpacked": 1 << 10}):
        assert list(read_blocks(tmp_path / "a.json.gz", faults.append)) == []
    assert [fault.message for fault in faults] == [
        "cannot be read: it unpacks to more than 1,024 bytes "
        "(--limit unpacked=N of demur check, or DEMUR_LIMITS=unpacked=N, raises that)"
    ]
