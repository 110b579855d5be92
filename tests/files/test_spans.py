from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.files.bounds import within
from demur.files.reading import Fault, read_blocks
from demur.files.spans import Span, head, identity, read_span, spans_of

ROWS = 1000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("in") / "rows.parquet"
    table = pa.table({"n": range(ROWS), "text": [f"the lamp number {row} of the harbour" for row in range(ROWS)]})
    pq.write_table(table, path, row_group_size=170)
    return str(path)


def read(span: Span, turns: bool = False) -> list[tuple[int, list[int]]]:
    def fail(fault: Fault) -> None:
        pytest.fail(fault.message)

    return [(block.first, block.rows["n"].to_pylist()) for block in read_span(span, fail, turns=turns)]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(most=st.integers(1, 1200), batch=st.integers(200, 60_000))
def test_parts_give_the_batches_of_the_whole(place: str, most: int, batch: int) -> None:
    with within({"batch": batch}):
        whole = [(block.first, block.rows["n"].to_pylist()) for block in read_blocks(Path(place), lambda _: None)]
        spans = spans_of(place, most)
        assert [block for span in spans for block in read(span)] == whole
        assert sum(span.rows or 0 for span in spans) == ROWS
        assert all(span.rows == spans[0].rows for span in spans[:-1])


def test_parts_of_a_url(place: str) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    fs = MemoryFileSystem()
    fs.pipe_file("/spans/rows.parquet", Path(place).read_bytes())
    fs.pipe_file("/spans/rows.jsonl", b'{"n": 1}\n{"n": 2}\n')
    with within({"batch": 4000}):
        spans = spans_of("memory://spans/rows.parquet", 300)
        assert len(spans) > 1
        assert [row for span in spans for _, rows in read(span) for row in rows] == list(range(ROWS))
    assert spans_of("memory://spans/rows.jsonl", 1) == [Span("memory://spans/rows.jsonl")]
    assert read(Span("memory://spans/rows.jsonl")) == [(0, [1, 2])]
    assert identity("memory://spans/rows.jsonl") != identity("memory://spans/rows.parquet")
    fs.rm("/spans", recursive=True)


def test_what_is_no_parquet_or_broken_is_one_part(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    (tmp_path / "rows.csv").write_text("n\n1\n", encoding="utf-8")
    assert spans_of(str(broken), 10) == [Span(str(broken))]
    assert spans_of(str(tmp_path / "rows.csv"), 10) == [Span(str(tmp_path / "rows.csv"))]
    faults: list[Fault] = []
    assert not list(read_span(Span(str(broken)), faults.append))
    assert [fault.kind for fault in faults] == ["unreadable"]


def test_a_file_that_changed_is_told(place: str) -> None:
    faults: list[Fault] = []
    list(read_span(Span(place, 900, 500, 100), faults.append))
    assert [fault.kind for fault in faults] == ["unreadable"]


def test_the_head_is_the_first_batch(place: str) -> None:
    with within({"batch": 4000}):
        spans = spans_of(place, 300)
        begins = head(spans[0], lambda _: None)
        assert begins is not None
        assert (begins.first, begins.rows.num_rows) == (0, spans[0].batch)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rows.parquet")
    (span,) = spans_of(str(tmp_path / "rows.parquet"), 10)
    faults: list[Fault] = []
    assert not list(read_span(span, faults.append))
    assert [fault.kind for fault in faults] == ["unreadable"]
