"""Anybody's files as Parquet with one column of texts, for what groups the rows of such files and reads no others."""

from __future__ import annotations

import hashlib
import posixpath
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from demur import __version__
from demur.checks.located import of_files
from demur.checks.speech import rows_as_texts
from demur.errors import BusyError, FormatError, OutputError, UsageError
from demur.files.parquet import is_text
from demur.files.reading import kind_of
from demur.files.remote import fetched, is_url

_TEXT = "text"


@contextmanager
def as_parquet(paths: Sequence[str], column: str | None, work: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Paths of Parquet files that have the column, in the same order.

    A file of another format, or whose column holds turns, is written once more, a text a row: a good end removes it,
    and a run after one that was killed finds it again.

    Args:
        paths: files and folders, local or URLs.
        column: with texts or turns, or a path to them; by default ``text``, else all that a row says.
        work: a folder for what is written, which all workers see.

    Yields:
        The paths, and what each written file was made of.

    Raises:
        FormatError: a file cannot be read.
        UsageError: no such file or column.
    """
    from fsspec.core import url_to_fs

    fs, top = url_to_fs(work)
    folder = posixpath.join(top, "_texts")
    found, called = list[str](), dict[str, str]()
    try:
        with ExitStack() as opened:
            for path in paths:
                if _stays(path, column):
                    found.append(path)
                    continue
                for file, name in _files(path, opened):
                    place = posixpath.join(folder, f"{_digest(file, column)}.parquet")
                    if not fs.exists(place):
                        _write(fs, place, file, column, name)
                    made = str(fs.unstrip_protocol(place)) if is_url(work) else place
                    found.append(made)
                    called[made] = name
        yield found, called
    except BusyError:
        raise  # the other run reads what is there
    except (FormatError, OutputError, UsageError):
        _remove(fs, folder)  # what another run cannot mend is nothing to go on from
        raise
    _remove(fs, folder)


def _remove(fs: Any, folder: str) -> None:
    if fs.exists(folder):
        fs.rm(folder, recursive=True)


def _stays(path: str, column: str | None) -> bool:
    """Whether a run reads a path as it is, or tells what is wrong with it."""
    from fsspec.core import url_to_fs

    try:
        fs, place = url_to_fs(path)
    except (ImportError, ValueError):
        return True
    if fs.isdir(place):
        inside = sorted(each for each in fs.ls(place, detail=False) if each.endswith(".parquet"))
        if not inside:
            return False
        place = inside[0]
    if not fs.exists(place):
        return True
    if kind_of(Path(place)) != ".parquet":
        return False
    try:
        with fs.open(place, "rb") as file:
            schema = pq.read_schema(file)
    except pa.ArrowInvalid:
        return True
    wanted = column or _TEXT
    if wanted not in schema.names:
        return column is not None and not {".", "["} & {*column}
    kind = schema.field(wanted).type
    return is_text(kind.value_type if pa.types.is_dictionary(kind) else kind)


def _files(path: str, opened: ExitStack) -> list[tuple[Path, str]]:
    """The data files of a path, and what each is called."""
    (place,), names = opened.enter_context(fetched([path]))
    return [(file.path, names.get(file.path, str(file.path))) for file in of_files([place], None, {})[1]]


def _digest(path: Path, column: str | None) -> str:
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    said = f"{__version__} {content} {path.name} {column}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(said).hexdigest()[:32]


def _write(fs: Any, place: str, file: Path, column: str | None, called: str) -> None:
    fs.makedirs(posixpath.dirname(place), exist_ok=True)
    part = f"{place}.{uuid.uuid4().hex}"
    schema = pa.schema([(column or _TEXT, pa.large_string())])
    with fs.open(part, "wb") as target, pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for texts in rows_as_texts(file, column, called):
            writer.write_table(pa.table([texts], schema))
    fs.mv(part, place)
