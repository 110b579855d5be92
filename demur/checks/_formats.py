"""Files whose rows are mended in their own format: JSON Lines line by line, the others as a whole."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from demur.checks._mending import Hand
from demur.files.header import is_data
from demur.files.numeric import with_numbers
from demur.files.syntax import Broken, csv_records


class Left(ValueError):
    """Why a file is left as it is."""


def _jsonl(path: Path, out: Path, hand: Hand) -> None:
    with path.open("rb") as lines, out.open("wb") as written:
        for raw in lines:
            said, end = _parts(_decoded(raw))
            row = _parsed(said.lstrip("\ufeff"))
            if isinstance(row, dict):
                made = hand.row(row)
                if made is None:
                    continue
                if not _same(made, row):
                    bom = "\ufeff" if said.startswith("\ufeff") else ""
                    raw = f"{bom}{_said(made, said)}{end}".encode()
            written.write(raw)


def _json(path: Path, out: Path, hand: Hand) -> None:
    text = _decoded(path.read_bytes())
    document = _parsed(text.lstrip("\ufeff"))
    lists = [name for name, value in document.items() if isinstance(value, list)] if isinstance(document, dict) else []
    rows = document[lists[0]] if len(lists) == 1 else document
    if not isinstance(rows, list) or not all(isinstance(row, dict | str) for row in rows):
        msg = "it is no list of rows"
        raise Left(msg)
    made = []
    for row in rows:
        new = hand.row(row if isinstance(row, dict) else {"value": row})
        if new is not None:
            made.append(new if isinstance(row, dict) else new["value"])
    if not hand.changed:
        shutil.copyfile(path, out)
        return
    whole = document | {lists[0]: made} if lists else made
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    out.write_bytes(f"{bom}{_laid_out(whole, rows, text)}{text[len(text.rstrip()) :]}".encode())


def _csv(path: Path, out: Path, hand: Hand) -> None:
    text = _decoded(path.read_bytes())
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        records = [cells for _, cells in csv_records(io.StringIO(text.lstrip("\ufeff"), newline=""), separator)]
    except Broken:
        msg = "a quoted cell is broken"
        raise Left(msg) from None
    bare = bool(records) and is_data(records[0])
    names: Sequence[str] = [] if bare or not records else records[0]
    made = [] if bare else records[:1]
    for cells in records[len(made) :]:
        hand.rows += 1
        fits = len(cells) == len(names)
        new = [hand.cell(name, cell) for name, cell in zip(names, cells, strict=True)] if fits else cells
        if not hand.stood(new):
            made.append(new)
    if not hand.changed:
        shutil.copyfile(path, out)
        return
    end = "\r\n" if "\r\n" in text else "\n"
    with out.open("w", encoding="utf-8-sig" if text.startswith("\ufeff") else "utf-8", newline="") as written:
        csv.writer(written, delimiter=separator, lineterminator=end).writerows(made)


def _parquet(path: Path, out: Path, hand: Hand) -> None:
    try:
        with pq.ParquetFile(path) as file:
            table, meta = file.read(), file.metadata
    except (pa.ArrowException, OSError):
        msg = "it cannot be read"
        raise Left(msg) from None
    groups = [meta.row_group(number) for number in range(meta.num_row_groups)]
    made = table
    for place, field in enumerate(table.schema):
        if field.name in hand.texts and _may_say(field.type):
            cells = [hand.cell(field.name, cell) for cell in table.column(place).to_pylist()]
            made = made.set_column(place, field, pa.chunked_array([pa.array(cells, field.type)]))
    try:
        kept = [not hand.stood(row) for row in with_numbers(made).to_pylist()]
    except (ArithmeticError, LookupError, ValueError):
        msg = "lists or objects in it hold days or times that Python has not"
        raise Left(msg) from None
    hand.rows += len(kept)
    made = made.filter(pa.array(kept, pa.bool_()))
    if not hand.changed:
        shutil.copyfile(path, out)
        return
    packed = groups[0].column(0).compression.lower() if groups and groups[0].num_columns else "snappy"
    most = max((group.num_rows for group in groups), default=0) or None
    pq.write_table(made, out, compression="none" if packed == "uncompressed" else packed, row_group_size=most)


FORMATS: dict[str, Callable[[Path, Path, Hand], None]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
}
"""How a file is mended, by its ending: from a path, to a path, by a hand."""


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeError:
        msg = "it is not UTF-8"
        raise Left(msg) from None


def _parsed(text: str) -> Any:
    """A value; None for what is no JSON, or has a key twice in one object, of which one would be lost."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError
    return made


def _same(one: Any, two: Any) -> bool:
    """Whether two values are the same in all their texts, and in the order of their keys."""
    return json.dumps(one) == json.dumps(two)


def _parts(line: str) -> tuple[str, str]:
    said = line.rstrip("\r\n")
    return said, line[len(said) :]


def _said(value: Any, like: str, indent: str | None = None) -> str:
    """A value as JSON is written here: its spaces, and whether letters beyond ASCII stand for themselves."""
    between = (", " if indent is None else ",", ": ") if '": ' in like else (",", ":")
    made = json.dumps(value, ensure_ascii=like.isascii(), separators=between, indent=indent)
    try:
        made.encode()
    except UnicodeError:  # half of a pair of surrogates, which JSON can escape alone
        return json.dumps(value, separators=between, indent=indent)
    return made


def _laid_out(document: Any, rows: list[Any], text: str) -> str:
    """A document in the lines of the old one: all on one, a row on each, or indented."""
    lines = text.count("\n")
    if isinstance(document, list) and len(rows) <= lines <= len(rows) + 2:
        return "[\n" + ",\n".join(_said(row, text) for row in document) + "\n]"
    indent = re.search(r"\n([ \t]+)\S", text)
    return _said(document, text, indent[1] if indent and lines > 1 else None)


def _may_say(kind: pa.DataType) -> bool:
    """Whether cells are texts, or may be turns."""
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    return any(test(inner) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_struct))
