"""Responses that people bring: tables, and what harnesses write. Each file is told apart by what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from demur.audits.score.answers import (
    IDS,
    MODELS,
    PROMPTS,
    RESPONSES,
    SAMPLES,
    Answer,
    Problems,
    Wanted,
    first,
    word,
)
from demur.audits.score.inspect_logs import inspect_log
from demur.audits.score.logs import LAYOUTS
from demur.errors import UsageError, shown
from demur.files.digest import text_sha256
from demur.files.reading import Block, Fault, read_blocks

Blocks: TypeAlias = Callable[[Callable[[Fault], None]], Iterator[Block]]
"""Gives rows, and notes faults."""

TABLES = (".jsonl", ".jsonl.gz", ".ndjson", ".parquet", ".csv", ".csv.gz")
LOGS = (".eval", ".json")
_SHA = "prompt_sha256"
_FIXES = (
    ("without a response", f"Name the column with --response; known names are {', '.join(RESPONSES)}."),
    ("without an id", f"Give every response its {IDS[0]}, or the set's own prompt in a column {PROMPTS[0]}."),
)


def read_answers(paths: Sequence[Path], wanted: Wanted | None = None) -> list[Answer]:
    """All responses of files, and of all such files below folders.

    Args:
        paths: JSON Lines, CSV and Parquet with a row for each response; logs of Inspect (``.eval``, ``.json``); samples
            of lm-eval, reports of garak and outputs of batch requests (JSON Lines, known by their fields).
        wanted: columns of tables, and the name of a model where files have none.

    Raises:
        UsageError: another kind of file, a folder without any, or an ``.eval`` log and no inspect-ai to read it.
        FormatError: files that cannot be read or hold no responses, rows without a response's column, or without an id
            and a prompt. All are told at once.
    """
    wanted, problems = wanted or Wanted(), Problems()
    found: list[Answer] = []
    for path in files_of(paths):
        before, noted = len(found), len(problems.noted)
        found += read_file(path, wanted, problems)
        if len(found) == before and len(problems.noted) == noted:
            problems.add("without rows", f"{path}: holds no responses")
    refuse(problems)
    return found


def refuse(problems: Problems) -> None:
    """Tell all that is wrong with files at once.

    Raises:
        FormatError: something is.
    """
    problems.refuse("The responses cannot be read", "a row for each response, with its record id or its prompt", _FIXES)


def read_file(path: Path, wanted: Wanted, problems: Problems, blocks: Blocks | None = None) -> Iterator[Answer]:
    """The responses of a file, or of those of its rows that are given.

    Args:
        path: of the file.
        wanted: what to read of it.
        problems: what is wrong is noted there.
        blocks: reads a table, or a part of it.
    """
    if path.name.lower().endswith(LOGS):
        return inspect_log(path, wanted, problems)
    return _table(path, wanted, problems, blocks or partial(read_blocks, path))


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files of responses among some paths, and below folders.

    Raises:
        UsageError: another kind of file, or a folder without any.
    """
    found: dict[Path, None] = {}
    endings = (*TABLES, *LOGS)
    for path in paths:
        if path.is_dir():  # other .json files lie beside logs of lm-eval and Inspect
            inside = sorted(each for each in path.rglob("*") if each.name.lower().endswith((*TABLES, LOGS[0])))
        else:
            inside = [path] if path.name.lower().endswith(endings) else []
        if not inside:
            msg = "The folder holds no responses" if path.is_dir() else "Unknown kind of file"
            raise UsageError(msg, where=path, expected=f"a name that ends in {', '.join(endings)}")
        found |= dict.fromkeys(inside)
    return list(found)


def _table(path: Path, wanted: Wanted, problems: Problems, read: Blocks) -> Iterator[Answer]:
    faults: list[Fault] = []
    blocks = list(read(faults.append))
    names = list(dict.fromkeys(name for block in blocks for name in block.rows.schema.names))
    layout = next((read for fields, read in LAYOUTS if fields <= set(names)), None)
    columns = _columns(names, wanted)
    for fault in faults:
        # a log's fields are of many kinds; of a table those columns count that are read
        if fault.column is None or (not layout and fault.column in (columns["response"], columns["prompt"])):
            place = path if fault.row is None else f"{path} row {fault.row}"
            column = f"column {shown(fault.column)} " if fault.column else ""
            problems.add("unreadable", f"{place}: {column}{fault.message}")
    if not blocks or any(fault.kind in ("unreadable", "encoding") for fault in faults):
        return iter(())
    if layout:
        return layout(path, _rows(blocks), problems)
    return _responses(path, blocks, columns, wanted, problems)


def _columns(names: list[str], wanted: Wanted) -> dict[str, str | None]:
    """Which column holds what."""
    return {
        "id": wanted.id or first(names, IDS),
        "prompt": wanted.prompt or first(names, PROMPTS),
        "response": wanted.response or first(names, RESPONSES),
        "model": first(names, MODELS),
        "sample": first(names, SAMPLES),
        "verdict": wanted.verdicts,
        "sha256": _SHA if _SHA in names else None,
        "error": "error" if "error" in names else None,
    }


def _responses(
    path: Path, blocks: list[Block], columns: dict[str, str | None], wanted: Wanted, problems: Problems
) -> Iterator[Answer]:
    names = {name for block in blocks for name in block.rows.schema.names}
    asked = {"id": wanted.id, "prompt": wanted.prompt, "response": wanted.response, "verdict": wanted.verdicts}
    lost = [name for name in asked.values() if name and name not in names]
    for name in lost:
        problems.add("without a column", f"{path}: no column {shown(name)}")
    if columns["response"] is None and columns["verdict"] is None:
        problems.add("without a response", f"{path}: no column with responses")
        return
    if columns["id"] is None and columns["prompt"] is None and columns["sha256"] is None:
        problems.add("without an id", f"{path}: no column with record ids or prompts")
        return
    if lost:
        return
    nested = _nested(blocks, columns["response"])
    for row, cells in _rows(blocks):
        part = {what: cells.get(name) if name else None for what, name in columns.items()}
        text, prompt = part["response"], part["prompt"]
        id, sha256 = word(part["id"]), word(part["sha256"])
        sha256 = sha256 or (text_sha256(prompt) if isinstance(prompt, str) and prompt else None)
        if row in nested or not isinstance(text, str | None):
            problems.add("no text", f"{path} row {row}: the response is no text")
        elif id is None and sha256 is None:
            problems.add("without an id", f"{path} row {row}: has neither an id nor a prompt")
        else:
            yield Answer(
                path, row, text, word(part["model"]), id, sha256, word(part["sample"]) or "", word(part["verdict"]),
                errored=word(part["error"]) is not None,
            )  # fmt: skip


def _nested(blocks: list[Block], column: str | None) -> set[int]:
    """Rows whose cell in JSON is no text, the first of every block: their cells are given as text, too."""
    return {block.first + block.not_text[column][0] for block in blocks if column and column in block.not_text}


def _rows(blocks: list[Block]) -> Iterator[tuple[int, dict[str, Any]]]:
    for block in blocks:
        yield from enumerate(block.rows.to_pylist(), block.first)
