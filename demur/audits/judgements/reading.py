"""Judgements that users bring: the files are read, and every row is checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from demur.audits.judgements.artifacts import read_artifact
from demur.audits.judgements.inspect_log import DEFAULT, is_log, read_log
from demur.audits.judgements.measure import listed
from demur.audits.judgements.vocabularies import NOTHING, Declared, resolved
from demur.errors import FormatError, UsageError, issues, nearest, shown
from demur.files.reading import SUFFIXES, Fault, kind_of, read_blocks, read_document

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".parquet", ".json", ".eval")
"""Of files that are read below a folder, where tables may be anything; a file that is named may be any table."""

TEXTS = ("prompt", "response")
"""Columns that may stand beside judgements, and are not read."""


def read_judgements(
    paths: Sequence[Path], model: type[BaseModel], declared: Declared = NOTHING
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of any table that `demur check` reads, of logs of Inspect and artifact files, or of files below folders.

    Args:
        paths: files and folders.
        model: the schema of a judgement.
        declared: what is declared of judges beside their rows.

    Returns:
        The rows, without the judges' own words, and the file and row number of each.

    Raises:
        UsageError: another kind of file, or a folder without any.
        FormatError: files that cannot be read or hold no rows, columns that nobody declared or that are missing, rows
            that break the schema. All issues are collected, the first ten shown.
    """
    rows: list[dict[str, Any]] = []
    places: list[str] = []
    wrong: list[str] = []
    for path in _files(paths):
        log, words = is_log(path), kind_of(path) in (".csv", ".tsv")
        for number, row in _found(path, model, wrong, log=log):
            try:
                judgement = _validated(model, row, words=words).model_dump()
                said = list(resolved(judgement, declared, DEFAULT if log else "harm"))
                rows += [{name: value for name, value in each.items() if name not in ("raw", "score")} for each in said]
                places += [f"{path} row {number}"] * len(said)
            except ValidationError as error:
                wrong += [f"{path} row {number}: {issue}" for issue in issues(error)]
            except ValueError as error:
                wrong.append(f"{path} row {number}: {error}")
    if wrong:
        msg = f"{len(wrong):,} {'issue' if len(wrong) == 1 else 'issues'} in the judgements"
        raise FormatError(
            msg,
            where=listed(wrong),
            expected=f"at least one row, and rows of kind {model.__name__}",
            fix="Correct the files; where the judge's answer says none of its words, the verdict is 'unparsed'.",
        )
    return rows, places


def _found(path: Path, model: type[BaseModel], wrong: list[str], *, log: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    if log:
        return read_log(path, wrong.append)
    return read_artifact(path, wrong.append) if _is_artifact(path) else _rows(path, model, wrong)


def _is_artifact(path: Path) -> bool:
    """Whether a file of JSON is meant to be one: all are, but a list of rows."""
    if kind_of(path) != ".json":
        return False
    document = read_document(path, lambda _: None)
    return not (isinstance(document, list) and document and all(isinstance(row, dict) for row in document))


def _validated(model: type[BaseModel], row: dict[str, Any], *, words: bool) -> BaseModel:
    """A row as the model has it; CSV has words only, and an empty one is nothing."""
    if not words:
        return model.model_validate(row)
    return model.model_validate_strings({name: cell for name, cell in row.items() if cell}, strict=False)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if _ends(each, ENDINGS)) if path.is_dir() else [path]
        if path.is_dir() and not inside:
            msg = "The folder holds no judgements"
            raise UsageError(msg, where=path, expected=f"a name that ends in {', '.join(ENDINGS)}")
        if not path.is_dir() and not path.name.lower().endswith(".eval") and kind_of(path) in (None, ".txt"):
            msg = "Unknown kind of file"
            expected = ", ".join(each for each in (*SUFFIXES, ".eval") if each != ".txt")
            raise UsageError(msg, where=path, expected=f"a name that ends in {expected}")
        found |= dict.fromkeys(inside)
    return list(found)


def _ends(path: Path, endings: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(endings)


def _rows(path: Path, model: type[BaseModel], wrong: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows that could be read, with the model's columns; what is wrong with the others, or the file, is noted."""
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    before, unread, told = len(wrong), set[int](), set[str]()
    empty = True

    def note(fault: Fault) -> None:
        if fault.column in TEXTS:
            return
        if fault.kind == "unreadable" and fault.row is not None:
            unread.add(fault.row)
        column = "" if fault.column is None else f"column {shown(fault.column)} "
        wrong.append(f"{_place(path, fault.row)}: {column}{fault.message}")

    for block in read_blocks(path, note):
        empty = False
        numbers = range(block.first, block.first + len(block.rows))
        if unread.issuperset(numbers):
            continue  # their columns are not theirs
        names = [name for name in block.rows.schema.names if name not in TEXTS]
        known = [name for name in names if name in model.model_fields]
        needed = required if {"score", "vocabulary"} & {*known} else [*required, "verdict"]
        said = [f"unknown column {shown(name)}. {nearest(name, model.model_fields)}" for name in names
                if name not in known and names != [""]]  # fmt: skip
        said += [f"no column {name!r}" for name in needed if name not in known]
        wrong += [f"{path}: {each}" for each in said if each not in told]
        told.update(said)
        if set(needed) <= set(known):
            rows = zip(numbers, block.rows.select(known).to_pylist(), strict=True)
            yield from ((number, row) for number, row in rows if number not in unread)
    if empty and len(wrong) == before:
        wrong.append(f"{path}: holds no rows")


def _place(path: Path, row: int | None) -> str:
    return str(path) if row is None else f"{path} row {row}"
