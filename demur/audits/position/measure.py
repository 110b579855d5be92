"""Where refusals begin in the responses of a file, or in a built training set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from demur.audits.position.positions import Positions, refusal_positions
from demur.audits.position.report import Part, RefusalPositions
from demur.checks.batch import Batch
from demur.checks.layouts import Layout
from demur.checks.speech import ANSWERED, answers, batches
from demur.errors import FormatError, UsageError
from demur.files.strict import read_column
from demur.kinds.training import Training
from demur.sets.manifest_file import read_manifest

_Answer: TypeAlias = tuple[bool, tuple[str, str]]
"""Whether an answer is asked for; what was written before it, and the answer."""

_KINDS = {"refusal_mle": ("refusal_mle",), "refusal_mle and prefix_mle": ("refusal_mle", "prefix_mle")}
"""What is measured of a training set: its plain refusals, which all begin an answer, and what prefixes make of them."""


def measure(
    path: Path,
    column: str | None = None,
    prefix: str | None = None,
    where: Mapping[str, str] | None = None,
    tokenizer: Any = None,
    called: str | None = None,
) -> RefusalPositions:
    """Measure a file of any shape that `demur check` reads, or a folder that ``demur build`` wrote.

    Args:
        path: the file or folder. Of a folder the refusals of every config are measured: those of plain rows, and those
            of plain and prefix rows together, where a refusal's position counts the prefix that stands before it.
            ``where`` may name one kind instead.
        column: the responses of a file, as texts or turns, or a path to them; missing ones count as empty. By default
            as a check finds them: a response, every turn of the assistant in a conversation, or each side of
            preferences, which are parts of their own.
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
        return RefusalPositions(str(path), called, _of_file(path, column, prefix, where, tokenizer))
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
            found = _measured(_of_set(files, wanted), files[0] if files else None, wanted, tokenizer)
            parts.append(Part(f"{config.name}: {name}", found))
    return RefusalPositions(str(path), called, tuple(parts))


def _of_file(
    path: Path, column: str | None, prefix: str | None, where: Mapping[str, str], tokenizer: Any
) -> tuple[Part, ...]:
    given = Layout(columns={"response": column}) if column else None
    also = [*([prefix] if prefix else []), *where]
    first = next(batches(path, given, ANSWERED, also), None)
    sides = [name for name in ("chosen", "rejected") if first and first.native(name)]
    response = next((name for name in ("response", "messages") if first and first.native(name)), "response")

    def answers_of(name: str) -> Iterator[_Answer]:
        for batch in batches(path, given, ANSWERED, also):
            before = batch.rows.column(prefix).to_pylist() if prefix in batch.rows.schema.names else None
            fits = [
                all(cells[row] == value for cells, value in conditions)
                for conditions in [[(_cells(batch, each), value) for each, value in where.items()]]
                for row in range(batch.rows.num_rows)
            ]
            for row, text in answers(batch, name):
                yield fits[row], (before[row] or "" if before else "", text)

    return tuple(
        Part(f"{path.name}: {name}" if sides else path.name, _measured(answers_of(name), path, [where], tokenizer))
        for name in sides or [response]
    )


def _cells(batch: Batch, column: str) -> list[Any]:
    names = batch.rows.schema.names
    return batch.rows.column(column).to_pylist() if column in names else [None] * batch.rows.num_rows


def _of_set(files: Sequence[Path], wanted: Sequence[Mapping[str, str]]) -> Iterator[_Answer]:
    """The targets of a training set's rows."""
    names = list(dict.fromkeys(["target", "context_prefix", *wanted[0]]))
    for row in chain.from_iterable(_rows(file, names) for file in files):
        fits = any(all(row[name] == value for name, value in each.items()) for each in wanted)
        yield fits, (row["context_prefix"] or "", row["target"] or "")


def _measured(
    found: Iterator[_Answer], path: Path | None, wanted: Sequence[Mapping[str, str]], tokenizer: Any
) -> Positions:
    rows = fitting = 0

    def fit() -> Iterator[tuple[str, str]]:
        nonlocal rows, fitting
        for fits, answer in found:
            rows += 1
            fitting += fits
            if fits:
                yield answer

    positions = refusal_positions(fit(), tokenizer)
    if not rows:
        msg = "The file holds no rows"
        raise FormatError(msg, where=path, expected="at least one row", got=0)
    if not fitting:
        msg = "No row fits"
        asked = " or ".join(", ".join(f"{name}={value}" for name, value in each.items()) for each in wanted)
        raise UsageError(msg, where=path, expected=asked, got=f"none of {rows} rows")
    return positions


def _rows(path: Path, names: Sequence[str]) -> Iterator[dict[str, str | None]]:
    """The rows of a file; a few thousand of them are in memory."""
    columns = (chain.from_iterable(batch.to_pylist() for batch in read_column(path, name)) for name in names)
    return (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))
