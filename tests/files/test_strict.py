"""Files that have to be what somebody says they are."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.errors import DemurError, FormatError, UsageError
from demur.files.strict import read_column, read_table


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("x.txt", b"prompt\nlighthouse", UsageError, "Unknown kind of file"),
        ("x.csv", b"id,promt\n1,lighthouse", UsageError, "Did you mean 'promt'?"),
        ("x.csv", b"the lighthouse of old,more\n1,lighthouse", UsageError, "No such column"),
        ("x.csv", b'prompt\n"lighthouse', FormatError, "a broken row"),
        ("x.csv", b'prompt\nold\n\n"lighthouse', FormatError, "line 4"),
        ("x.csv", b"prompt,prompt\nlighthouse,lighthouse", FormatError, "a column name stands twice"),
        ("x.csv", b"prompt\nlighthouse \xff", FormatError, "UTF-8"),
        ("x.jsonl", b'{"prompt": "a"}\n{"prompt": lighthouse', FormatError, "line 2"),
        ("x.jsonl", b'["lighthouse"]', FormatError, "got:      list"),
        ("x.jsonl", b'{"prompt": ["lighthouse"]}', FormatError, "text or null in 'prompt'"),
        ("x.jsonl", b'{"prompt": null}\n\n{"prompt": 7}\n{"prompt": "lighthouse"}', FormatError, "line 3"),
        ("x.jsonl", b'{"prompt": "a"}\n{"prompt": {"a": 1}}', FormatError, "got:      dict"),
        ("x.jsonl", b'{"prompt": "lighthouse\\ud800"}', FormatError, "half a surrogate pair"),
        ("x.jsonl", b'{"promt": "lighthouse"}', UsageError, "Did you mean 'promt'?"),
        ("x.parquet", b"lighthouse", FormatError, "a Parquet file"),
    ],
)
def test_files_that_cannot_be_read(
    tmp_path: Path, name: str, content: bytes, error: type[DemurError], message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error) as raised:
        list(read_column(path, "prompt"))
    assert message in str(raised.value)
    assert "lighthouse" not in str(raised.value).replace(str(path), "")


def test_a_column_that_is_no_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": [1, 2]}), tmp_path / "x.parquet")
    with pytest.raises(FormatError, match="a column of strings"):
        list(read_column(tmp_path / "x.parquet", "prompt"))
    with pytest.raises(UsageError, match="No such column"):
        list(read_column(tmp_path / "x.parquet", "text"))


def test_rows_of_csv_that_are_short_or_long_have_the_cells_that_they_have(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,prompt,,\n1\n2,a,b,c,d\n3,b,,\n")
    assert [part.to_pylist() for part in read_column(tmp_path / "x.csv", "prompt")] == [[None, "a", "b"]]


def test_a_table(tmp_path: Path) -> None:
    made = pa.table({"n": [1, 2], "t": ["a", None]})
    for name, table in (("rows", made), ("none.parquet", made.slice(0, 0))):
        pq.write_table(table, tmp_path / name)
        assert read_table(tmp_path / name).equals(table)
    (tmp_path / "x.parquet").write_text("n\n1\n")
    with pytest.raises(FormatError, match="got:      ArrowInvalid"):
        read_table(tmp_path / "x.parquet")
