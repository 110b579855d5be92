"""Files -> canonical rows: each format reads what it should, and each broken file has its message."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.errors import FormatError
from demur.files.bounds import within
from demur.files.digest import rows_digest
from demur.sources.formats import read_rows
from demur.sources.mirror import Mirror, github
from demur.sources.source import Raw, Source
from tests.conftest import REFUSE, TEXTS, make_csv

TEXT = "Which herbs go well with a tomato soup?"
BOTH = {"q": "prompt", "n": "number"}


def a_source(mirror: Mirror, key: str | None = None) -> Source:
    return Source(
        name="demo",
        title="Demo",
        homepage="https://example.org",
        license="mit",
        citation="demo",
        languages=("en",),
        kind="prompt",
        key=key,
        mirrors=(mirror,),
        to_records=lambda row: row,
    )


def read(name: str, *data: bytes, key: str | None = None, **declared: Any) -> list[Raw]:
    names = [name] if len(data) == 1 else [f"{n}/{name}" for n in range(len(data))]
    mirror = github("demo/demo", *names, **{"columns": BOTH, **declared})
    return read_rows(a_source(mirror, key), mirror, dict(zip(names, data, strict=True)))


def refused(name: str, *data: bytes, **declared: Any) -> FormatError:
    with pytest.raises(FormatError) as caught:
        read(name, *data, **declared)
    assert not any(text in str(caught.value) for text in TEXTS)
    return caught.value


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


ROW: dict[str, Any] = {"q": TEXT, "n": "1"}
SAME: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "csv": ("a.csv", make_csv(("q", "n"), [(TEXT, "1")]), {}),
    "csv-bom": ("a.csv", b"\xef\xbb\xbf" + make_csv(("q", "n"), [(TEXT, "1")]), {}),
    "csv-crlf": ("a.csv", make_csv(("q", "n"), [(TEXT, "1")]).replace(b"\n", b"\r\n"), {}),
    "csv-comment": ("a.csv", b"# version 2\n" + make_csv(("q", "n"), [(TEXT, "1")]), {"comments": 1}),
    "csv-no-comment": ("a.csv", make_csv(("q", "n"), [(TEXT, "1")]), {"comments": 1}),
    "csv-gz": ("a.csv.gz", gzip.compress(make_csv(("q", "n"), [(TEXT, "1")])), {}),
    "jsonl": ("a.jsonl", json.dumps(ROW).encode() + b"\n\n", {}),
    "json": ("a.json", json.dumps([ROW]).encode(), {}),
    "json-records": ("a.json", json.dumps({"rows": [ROW]}).encode(), {"records": "rows"}),
    "yaml": ("a.prompt", f'rows:\n - q: "{TEXT}"\n   n: "1"\n'.encode(), {"format": "yaml", "records": "rows"}),
    "parquet": ("a.parquet", parquet(pa.table({"q": [TEXT], "n": ["1"]})), {}),
}


@pytest.mark.parametrize("form", SAME)
def test_every_format_gives_the_same_row(form: str) -> None:
    name, data, declared = SAME[form]
    assert read(name, data, **declared) == [{"prompt": TEXT, "number": "1"}]


def test_lines_end_where_lines_end_and_nowhere_else() -> None:
    """U+2028 and U+0085 stand inside prompts; `str.splitlines` would cut there."""
    data = "one\u2028still one\r\ntwo\x85\n\nthree".encode()
    rows = read("a.txt", data, columns={"value": "prompt"})
    assert [row["prompt"] for row in rows] == ["one\u2028still one", "two\x85", "three"]


def test_nested_lists_and_bare_strings() -> None:
    nested = read(
        "a.json", b'{"a": {"b": ["x"]}}', format="nested", columns={"level0": "l", "level1": None, "value": "v"}
    )
    assert nested == [{"l": "a", "v": "x"}]
    assert read("a.json", b'["x"]', columns={"value": "v"}) == [{"v": "x"}]


def test_files_follow_one_another_and_their_names_can_be_a_column() -> None:
    one, two = (make_csv(("q", "n"), [(text, "1")]) for text in ("x", "y"))
    assert [(row["prompt"], row["file"]) for row in read("a.csv", one, two, stem="file")] == [
        ("x", "0/a"),
        ("y", "1/a"),
    ]


def test_an_optional_column_may_be_absent() -> None:
    assert read("a.csv", b"q\nx\n", optional=("n",)) == [{"prompt": "x", "number": None}]


def test_rows_come_in_the_order_of_their_ids() -> None:
    data = b"".join(json.dumps({"q": "x", "n": n}).encode() + b"\n" for n in (10, 9, 2))
    assert [row["number"] for row in read("a.jsonl", data, key="number")] == [2, 9, 10]


BROKEN: dict[str, tuple[str, bytes, dict[str, Any], str, str]] = {
    "empty": ("a.csv", b"", {}, "The file holds no rows", "0"),
    "header-only": ("a.csv", b"q,n\n", {}, "The file holds no rows", "0"),
    "renamed": ("a.csv", b"question,n\nx,1\n", {}, "The columns are not the declared ones", "extra: 'question'"),
    "extra": ("a.csv", b"q,n,m\nx,1,2\n", {}, "The columns are not the declared ones", "extra: 'm'"),
    "headless": (
        "a.csv",
        make_csv(REFUSE[0], REFUSE[1:]),
        {},
        "The columns are not the declared ones",
        f"extra: 'blame', <{len(REFUSE[0][0])} characters>",
    ),
    "twice": ("a.csv", b"q,q\nx,1\n", {}, "The CSV header is broken", "a column name stands twice"),
    "short-row": ("a.csv", b"q,n\nx\n", {}, "The CSV is broken", "fewer cells than columns"),
    "long-row": ("a.csv", b"q,n\nx,1,2\n", {}, "The CSV is broken", "more cells than columns"),
    "open-quote": ("a.csv", b'q,n\n"x,1\n', {}, "The CSV is broken", "unexpected end of data"),
    "utf8": ("a.csv", b"q,n\n\xff,1\n", {}, "The file is not UTF-8", "0xff"),
    "latin1": ("a.jsonl", b'{"q": "caf\xe9", "n": 1}', {}, "The file is not UTF-8", "0xe9"),
    "json": ("a.json", b'[{"q": "x"', {}, "The JSON is broken", "line 1, column 11: Expecting ',' delimiter"),
    "jsonl": ("a.jsonl", b'{"q": "x", "n": 1}\nx', {}, "The JSON is broken", "line 1, column 1: Expecting value"),
    "deep": ("a.json", b"[" * 100_000, {}, "The JSON is broken", "it is nested too deeply"),
    "no-object": ("a.jsonl", b"[1]\n", {}, "A row is not an object", "list"),
    "no-list": ("a.json", b'{"q": 1}', {"records": "rows"}, "There is no list of rows", "None"),
    "surrogate": ("a.jsonl", b'{"q": "\\ud800", "n": 1}', {}, "A cell has no JSON form", "UnicodeEncodeError"),
    "yaml": ("a.yaml", f'- q: "{TEXT}\n  n: ['.encode(), {"format": "yaml"}, "The YAML is broken", "line 2"),
    "yaml-object": ("a.yaml", b"- !!python/name:os.system x", {"format": "yaml"}, "The YAML is broken", "line 1"),
    "yaml-date": ("a.yaml", b"- {q: x, n: 2024-13-01}", {"format": "yaml"}, "The YAML is broken", "ValueError"),
    "yaml-day": ("a.yaml", b"- {q: x, n: 2024-12-01}", {"format": "yaml"}, "A cell has no JSON form", "TypeError"),
    "nested": ("a.json", b'{"a": 1}', {"format": "nested"}, "A nested leaf is not a list", "int"),
    "parquet": ("a.parquet", b"PAR1", {}, "The Parquet file is broken", "ArrowInvalid"),
    "parquet-text": (
        "a.parquet",
        parquet(pa.table({"q": pa.array([b"\xff"]).view(pa.string()), "n": ["1"]})),
        {},
        "The Parquet file is broken",
        "UnicodeDecodeError",
    ),
    "not-gzip": ("a.csv.gz", b"q,n\nx,1\n", {}, "The gzip file is truncated or broken", "Not a gzipped file (b'q,')"),
    "id-twice": ("a.csv", b"q,n\nx,1\ny,1\n", {"key": "number"}, "A native id stands twice", "'1', also in row 0"),
    "id-text": (
        "a.csv",
        b"q,n\na b,1\na b,2\n",
        {"key": "prompt"},
        "A native id stands twice",
        "<3 characters>, also in",
    ),
    "id-null": (
        "a.jsonl",
        b'{"q": "x", "n": null}',
        {"key": "number"},
        "A native id is missing or of another type",
        "NoneType",
    ),
    "id-mixed": (
        "a.jsonl",
        b'{"q": "x", "n": 1}\n{"q": "y", "n": "2"}',
        {"key": "number"},
        "A native id is missing or of another type",
        "str",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_has_its_message(fault: str) -> None:
    name, data, declared, what, got = BROKEN[fault]
    error = refused(name, data, **declared)
    assert error.what == what
    assert str(error.got).startswith(got)
    assert str(error.where).startswith("demo: github:demo/demo")


@pytest.mark.parametrize(
    ("data", "line"),
    [(b'# old\nq,n\n"x\ny",1\nx\n', 5), (b'# old\nq,n\n\n"x\ny",1,2\n', 4), (b'q,n\nx,1\n"x\n\n', 3)],
)
def test_broken_csv_is_told_with_the_line_its_record_begins_on(data: bytes, line: int) -> None:
    assert str(refused("a.csv", data, comments=1).where).endswith(f"a.csv, line {line}")


@pytest.mark.parametrize("length", [1, 9, 15, 30])
def test_a_truncated_gzip_is_refused(length: int) -> None:
    whole = gzip.compress(make_csv(("q", "n"), [(TEXT, "1")]), mtime=0)
    assert refused("a.csv.gz", whole[:-length]).what == "The gzip file is truncated or broken"


def test_a_gzip_bomb_is_refused() -> None:
    with within({"unpacked": 2**18}):  # a source's file may have four times that
        assert refused("a.csv.gz", gzip.compress(b"\0" * (2**20 + 1))).what == "The gzip file unpacks to too much"


def test_yaml_in_pure_python_does_not_quote_the_file_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("yaml.CSafeLoader")
    name, data, declared, what, got = BROKEN["yaml"]
    error = refused(name, data, **declared)
    assert (error.what, error.got) == (what, got)


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), min_size=1))
def test_csv_and_jsonl_give_the_same_rows_for_any_text(pairs: list[tuple[str, str]]) -> None:
    lines = b"".join(json.dumps({"q": q, "n": n}).encode() + b"\n" for q, n in pairs)
    quoted = "".join(f'"{q}","{n}"\n' for q, n in [tuple(c.replace('"', '""') for c in pair) for pair in pairs])
    one, two = read("a.jsonl", lines), read("a.csv", f"q,n\n{quoted}".encode())
    assert one == two == [{"prompt": q, "number": n} for q, n in pairs]
    assert rows_digest(one) == rows_digest(two)
