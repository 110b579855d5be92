"""Bytes of a mirror's files -> canonical rows, strictly: every column declared, every encoding checked.

Nothing is unpickled or executed; YAML is loaded with the safe loader.
"""

from __future__ import annotations

import io
import posixpath
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from demur.errors import FormatError, shown
from demur.files.bounds import TooLarge
from demur.files.digest import canonical
from demur.files.packed import is_packed, unpack
from demur.files.syntax import Broken, csv_records, parse_json
from demur.sources.mirror import Mirror
from demur.sources.source import Raw, Source

_COMPARE = "Compare the pin with upstream."


def read_rows(source: Source, mirror: Mirror, files: Mapping[str, bytes]) -> list[Raw]:
    """Read one mirror's files into the canonical rows of its source.

    Args:
        source: whose ``key``, if declared, orders the rows.
        mirror: says how each file is read.
        files: path as declared -> bytes.

    Raises:
        FormatError: wrong encoding, broken syntax, an empty file, or a column that is missing, renamed or extra.
    """
    rows: list[Raw] = []
    for name in mirror.files:
        where = f"{source.name}: {mirror.id} {mirror.called(name)}"
        native = _native(files[name], name, mirror, where)
        joined = _joined(native, mirror, files, f"{source.name}: {mirror.id}", where)
        rows.extend(
            {**_canonical(row, number, mirror, name, where), **more}
            for number, (row, more) in enumerate(zip(native, joined, strict=True))
        )
    return _in_key_order(rows, source, mirror)


def native_rows(data: bytes, name: str, mirror: Mirror) -> list[Mapping[str, Any]]:
    """The rows of a mirror's file as they stand there, whatever columns are declared."""
    return _native(data, name, mirror, f"{mirror.id} {name}")


def _native(data: bytes, name: str, mirror: Mirror, where: str) -> list[Mapping[str, Any]]:
    native = list(_READERS[mirror.format](_unpack(data, name, where), mirror, where))
    if not native:
        msg = "The file holds no rows"
        raise FormatError(msg, where=where, expected="at least one row", got=0, fix=_COMPARE)
    return native


def _joined(
    native: list[Mapping[str, Any]], mirror: Mirror, files: Mapping[str, bytes], at: str, where: str
) -> list[dict[str, Any]]:
    """What the mirror's further file says of each row.

    Raises:
        FormatError: a key stands twice in the further file, or a row's key not at all.
    """
    join = mirror.join
    if join is None:
        return [{}] * len(native)
    other = Mirror.model_construct(**{**dict(mirror), "files": (join.file,), "columns": join.columns, "optional": ()})
    known: dict[Any, dict[str, Any]] = {}
    for number, row in enumerate(_native(files[join.file], join.file, other, f"{at} {mirror.called(join.file)}")):
        made = dict(
            _canonical(
                row, number, other.model_copy(update={"stem": None}), join.file, f"{at} {mirror.called(join.file)}"
            )
        )
        if row[join.on[1]] in known:
            msg = "A key stands twice"
            raise FormatError(
                msg, where=f"{at} {mirror.called(join.file)}, row {number}", expected=f"one row for every {join.on[1]}"
            )
        known[row[join.on[1]]] = made
    for number, row in enumerate(native):
        if row.get(join.on[0]) not in known:
            msg = "A row's key is not in the joined file"
            raise FormatError(
                msg, where=f"{where}, row {number}", expected=f"a row of {mirror.called(join.file)}", fix=_COMPARE
            )
    return [known[row[join.on[0]]] for row in native]


def _canonical(native: Mapping[str, Any], number: int, mirror: Mirror, name: str, where: str) -> Raw:
    expected, got = set(mirror.columns), set(native)
    if got - expected or expected - got - set(mirror.optional):
        msg = "The columns are not the declared ones"
        raise FormatError(
            msg,
            where=f"{where}, row {number}",
            expected=f"missing: {', '.join(sorted(expected - got - set(mirror.optional))) or 'none'}",
            got=f"extra: {', '.join(sorted(map(shown, got - expected))) or 'none'}",
            fix="Upstream changed its layout: compare the pin, then declare the new columns.",
        )
    row = {new: native.get(old) for old, new in mirror.columns.items() if new is not None}
    if mirror.stem:
        row[mirror.stem] = _stem(name, mirror)
    try:
        canonical(row)
    except (TypeError, ValueError) as error:  # a date from YAML, half a surrogate pair from JSON
        msg = "A cell has no JSON form"
        raise FormatError(
            msg,
            where=f"{where}, row {number}",
            expected="text in UTF-8, a number, a boolean, null, or a list of them",
            got=type(error).__name__,
            fix="Compare the pin with upstream, or declare the column as None.",
        ) from None
    return row


def _stem(name: str, mirror: Mirror) -> str:
    """The path of a file below the folder that all of the mirror's files share, without its endings."""
    shared = posixpath.commonpath([PurePosixPath(file).parent for file in mirror.files])
    return str(PurePosixPath(name.removesuffix(".gz")).relative_to(shared).with_suffix(""))


def _in_key_order(rows: list[Raw], source: Source, mirror: Mirror) -> list[Raw]:
    if source.key is None:
        return rows
    first: dict[Any, int] = {}
    for number, row in enumerate(rows):
        id = row[source.key]
        usable = isinstance(id, str | int) and type(id) is type(rows[0][source.key])
        if not usable or id in first:
            raise FormatError(
                "A native id stands twice" if usable else "A native id is missing or of another type",
                where=f"{source.name}: {mirror.id}, row {number}",
                expected=f"one {source.key!r} a row, all text or all whole numbers",
                got=f"{shown(id)}, also in row {first[id]}" if usable else type(id).__name__,
                fix="Ask upstream which row is meant; do not guess.",
            )
        first[id] = number
    return [rows[first[id]] for id in sorted(first)]


def _unpack(data: bytes, name: str, where: str) -> bytes:
    if not is_packed(name):
        return data
    try:
        return unpack(data)
    except TooLarge as error:
        msg = "The gzip file unpacks to too much"
        raise FormatError(msg, where=where, expected=f"at most {error.most} bytes") from None
    except (OSError, EOFError, zlib.error) as error:
        msg = "The gzip file is truncated or broken"
        raise FormatError(msg, where=where, got=error, fix=_COMPARE) from error


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = "The file is not UTF-8"
        got = f"0x{data[error.start]:02x}"
        raise FormatError(msg, where=f"{where}, byte {error.start}", got=got, fix=_COMPARE) from None


def _broken(kind: str, where: str, detail: str) -> FormatError:
    return FormatError(f"The {kind} is broken", where=where, got=detail, fix=_COMPARE)


def _csv(data: bytes, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    lines = io.StringIO(_text(data, where), newline="")
    start = skipped = 0
    while skipped < mirror.comments and lines.readline().startswith("#"):
        start, skipped = lines.tell(), skipped + 1
    lines.seek(start)
    try:
        records = csv_records(lines)
        _, names = next(records, (0, []))
        if len(names) != len(set(names)):
            msg = "CSV header"
            raise _broken(msg, where, "a column name stands twice")
        for line, cells in records:
            if len(cells) != len(names):
                msg = "CSV"
                detail = f"{'more' if len(cells) > len(names) else 'fewer'} cells than columns"
                raise _broken(msg, f"{where}, line {line + skipped}", detail)
            yield dict(zip(names, cells, strict=True))
    except Broken as error:
        msg = "CSV"
        raise _broken(msg, f"{where}, line {(error.line or 1) + skipped}", error.what) from None


def _parse_json(text: str, where: str) -> Any:
    try:
        return parse_json(text)
    except Broken as error:
        msg = "JSON"
        raise _broken(msg, where, str(error)) from None


def _jsonl(data: bytes, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(io.StringIO(_text(data, where))):
        if line.strip():
            yield _mapping(_parse_json(line, f"{where}, line {number + 1}"), f"{where}, line {number + 1}")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        msg = "A row is not an object"
        raise FormatError(msg, where=where, expected="an object", got=type(value).__name__)
    return value


def _records(document: Any, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    """Rows of a JSON or YAML document: objects as they are, bare strings as ``{"value": text}``."""
    if mirror.records is not None:
        document = _mapping(document, where).get(mirror.records)
    if not isinstance(document, list):
        msg = "There is no list of rows"
        raise FormatError(msg, where=where, expected=f"a list at {mirror.records or 'the top'}")
    for number, row in enumerate(document):
        yield {"value": row} if isinstance(row, str) else _mapping(row, f"{where}, row {number}")


def _json(data: bytes, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    return _records(_parse_json(_text(data, where), where), mirror, where)


def _yaml(data: bytes, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    import yaml  # a slow import that only one format needs

    text = _text(data, where)
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2024-13-01
        mark = getattr(error, "problem_mark", None)  # its own text would quote the file
        msg = "YAML"
        raise _broken(msg, where, f"line {mark.line + 1}" if mark else type(error).__name__) from None
    return _records(document, mirror, where)


def _lines(data: bytes, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    return ({"value": line} for line in io.StringIO(_text(data, where), newline=None).read().split("\n") if line)


def _nested(data: bytes, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    """Rows of a nested JSON object whose leaves are lists of strings: keys become ``level0``, ``level1`` ..."""

    def walk(node: Any, path: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        if isinstance(node, dict):
            for key, child in node.items():
                yield from walk(child, (*path, key))
        elif isinstance(node, list):
            for text in node:
                yield {**{f"level{depth}": key for depth, key in enumerate(path)}, "value": text}
        else:
            msg = "A nested leaf is not a list"
            raise FormatError(msg, where=where, expected="a list", got=type(node).__name__)

    return walk(_parse_json(_text(data, where), where), ())


def _parquet(data: bytes, mirror: Mirror, where: str) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return iter(pq.ParquetFile(pa.BufferReader(data)).read().to_pylist())
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        msg = "Parquet file"
        raise _broken(msg, where, type(error).__name__) from None


_READERS = {
    "csv": _csv,
    "jsonl": _jsonl,
    "json": _json,
    "yaml": _yaml,
    "lines": _lines,
    "nested": _nested,
    "parquet": _parquet,
}
