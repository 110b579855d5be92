"""Workbooks of Excel: rows of every sheet that has the columns of the first; lines are rows of their sheet."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import chain
from pathlib import Path
from typing import Any

from demur.errors import UsageError, shown
from demur.files._block import Block, Fault, Names, Note, has_columns
from demur.files._json import objects
from demur.files.bounds import TooLarge, bounds
from demur.files.header import header
from demur.files.packed import read_whole
from demur.files.splits import split_of
from demur.files.syntax import Broken

_Rows = Iterator[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class _Sheet:
    name: str
    columns: list[str]
    rows: _Rows


def read_xlsx(path: Path, note: Note, columns: Names) -> Iterator[Block]:
    """The rows; where sheets are called as splits are, ``split`` says which. A sheet with other columns is noted.

    Raises:
        UsageError: what reads workbooks is not installed.
        Broken: it is no workbook.
        TooLarge: it unpacks to more than fits.
    """
    workbook = _opened(path)
    try:
        sheets = [each for sheet in workbook.worksheets if (each := _sheet(sheet, columns, note))]
        alike = [each for each in sheets if {*each.columns} == {*sheets[0].columns}]
        for each in sheets:
            if each not in alike:
                message = f"the sheet {shown(each.name)} has other columns than the first, and is not read"
                note(Fault("header", message, got="a sheet with other columns"))
        names = sheets[0].columns if sheets else []
        splits = {each.name: split_of(each.name) for each in alike}
        told = len(alike) > 1 and None not in splits.values() and "split" not in names
        known = [*names, "split"] if told else names
        if not sheets or not has_columns(known, columns, note, "a column name stands twice in the header"):
            return
        rows = (
            (line, dict(zip(each.columns, cells, strict=False)) | ({"split": splits[each.name]} if told else {}))
            for each in alike
            for line, cells in each.rows
        )
        yield from objects(_read(rows), note, columns)
    finally:
        workbook.close()


def _opened(path: Path) -> Any:
    try:
        from openpyxl import load_workbook
    except ModuleNotFoundError as error:
        msg = "No way to read .xlsx"
        raise UsageError(msg, where=path, got=error.msg, fix="Run `pip install 'demur[xlsx]'`.") from error
    source = io.BytesIO(read_whole(path))
    try:
        with zipfile.ZipFile(source) as packed:
            most = bounds().unpacked_of(path.stat().st_size)
            if sum(each.file_size for each in packed.infolist()) > most:
                msg = "it unpacks to"
                raise TooLarge(msg, "unpacked", most)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and drawings
            return load_workbook(source, read_only=True, data_only=True, keep_links=False)
    except TooLarge:
        raise
    except Exception as error:  # whatever a broken archive makes of its readers
        msg = f"it is no workbook ({type(error).__name__})"
        raise Broken(msg) from error


def _sheet(sheet: Any, columns: Names, note: Note) -> _Sheet | None:
    """A sheet with its header read; None if it is blank."""
    sheet.reset_dimensions()  # some writers state wrong ones
    rows = _read(_filled(sheet))
    line, cells = next(rows, (0, ()))
    if not cells:
        return None
    names, is_row = header(["" if cell is None else str(cell) for cell in cells], columns, note, line)
    return _Sheet(sheet.title, names, chain([(line, cells)], rows) if is_row else rows)


def _filled(sheet: Any) -> _Rows:
    """Every row that is not blank, without the blank cells behind it."""
    for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        made = [_cell(each) for each in cells]
        while made and made[-1] is None:
            made.pop()
        if made:
            yield line, made


def _cell(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell.replace("_x000D_", "\r") if cell.strip() else None
    if isinstance(cell, date | time):
        return cell.isoformat()
    return cell if cell is None or isinstance(cell, bool | int | float) else str(cell)


def _read(rows: Iterator[Any]) -> Iterator[Any]:
    """The same rows; whatever breaks in the archive on the way is one error."""
    while True:
        try:
            row = next(rows, None)
        except Exception as error:
            msg = f"a sheet is broken ({type(error).__name__})"
            raise Broken(msg) from error
        if row is None:
            return
        yield row
