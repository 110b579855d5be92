"""Where refusals begin in the responses of a file, or in a built training set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from demur.audits.position.positions import Positions, refusal_positions
from demur.audits.position.report import Part, RefusalPositions
from demur.errors import FormatError, UsageError
from demur.kinds.training import Training
from demur.protected.screen import read_column
from demur.sets.manifest_file import read_manifest

_KINDS = {"refusal_mle": ("refusal_mle",), "refusal_mle and prefix_mle": ("refusal_mle", "prefix_mle")}
"""What is measured of a training set: its plain refusals, which all begin an answer, and what prefixes make of them."""


def measure(
    path: Path,
    column: str = "response",
    prefix: str | None = None,
    where: Mapping[str, str] | None = None,
    tokenizer: Any = None,
    called: str | None = None,
) -> RefusalPositions:
    """Measure a Parquet, JSON Lines or CSV file, or a folder that ``demur build`` wrote.

    Args:
        path: the file or folder. Of a folder the refusals of every config are measured: those of plain rows, and those
            of plain and prefix rows together, where a refusal's position counts the prefix that stands before it.
            ``where`` may name one kind instead.
        column: the responses of a file; missing ones count as empty.
        prefix: column with the part of an answer that was written before the response.
        where: column -> the value that a row needs to be measured.
        tokenizer: a fast tokenizer; None counts words.
        called: the tokenizer's name, for the result.

    Raises:
        FormatError: the file cannot be read or holds no rows.
        UsageError: no such column, no row fits ``where``, or a folder without training rows.
        ManifestError: a folder that ``demur build`` did not write.
    """
    where = dict(where or {})
    if not path.is_dir():
        part = Part(path.name, _measured([path], column, prefix, [where], tokenizer))
        return RefusalPositions(str(path), called, (part,))
    manifest = read_manifest(path)
    if manifest.kind != Training.name:
        msg = "The set holds no responses"
        raise UsageError(msg, where=path, expected="a set of training rows", got=manifest.kind)
    asked = {where["kind"]: (where["kind"],)} if "kind" in where else _KINDS
    parts = []
    for config in manifest.configs:
        files = sorted((path / config.name).glob("*.parquet"))
        for name, kinds in asked.items():
            wanted = [{**where, "kind": kind} for kind in kinds]
            found = _measured(files, "target", "context_prefix", wanted, tokenizer)
            parts.append(Part(f"{config.name}: {name}", found))
    return RefusalPositions(str(path), called, tuple(parts))


def _measured(
    files: Sequence[Path], column: str, prefix: str | None, wanted: Sequence[Mapping[str, str]], tokenizer: Any
) -> Positions:
    names = list(dict.fromkeys([column, *([prefix] if prefix else []), *wanted[0]]))
    rows = fitting = 0

    def answers() -> Iterator[tuple[str, str]]:
        nonlocal rows, fitting
        for row in chain.from_iterable(_rows(file, names) for file in files):
            rows += 1
            if any(all(row[name] == value for name, value in each.items()) for each in wanted):
                fitting += 1
                yield (row[prefix] or "" if prefix else ""), row[column] or ""

    found = refusal_positions(answers(), tokenizer)
    if not rows:
        msg = "The file holds no rows"
        raise FormatError(msg, where=files[0] if files else None, expected="at least one row", got=0)
    if not fitting:
        msg = "No row fits"
        asked = " or ".join(", ".join(f"{name}={value}" for name, value in each.items()) for each in wanted)
        raise UsageError(msg, where=files[0], expected=asked, got=f"none of {rows} rows")
    return found


def _rows(path: Path, names: Sequence[str]) -> Iterator[dict[str, str | None]]:
    """The rows of a file; a few thousand of them are in memory."""
    columns = (chain.from_iterable(batch.to_pylist() for batch in read_column(path, name)) for name in names)
    return (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))
