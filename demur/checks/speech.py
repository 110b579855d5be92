"""What rows of anybody's files say, for commands that are no check: they read what `demur check` reads, and strictly.

The first thing that cannot be read is an error, never a row that is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from demur.checks.batch import Batch, File, layout_for
from demur.checks.habits import Habits
from demur.checks.layouts import Layout, layout_of
from demur.checks.paths import Reached
from demur.checks.shapes import opened, texts_of
from demur.errors import UsageError, nearest, shown
from demur.files.reading import SUFFIXES, Block, Fault, kind_of, read_blocks
from demur.files.strict import refuse
from demur.protected.near import Judge
from demur.protected.screen import Asked
from demur.sets.kind import Kind

Blocks: TypeAlias = Callable[[Callable[[Fault], None]], Iterator[Block]]
"""Gives rows, and notes faults."""

ASKED = ("prompt", "context", "messages", "chosen", "rejected")
ANSWERED = ("response", "messages", "chosen", "rejected")


class _Alone:
    """Nobody checks these rows."""

    kind: type[Kind] | None = None
    against = False
    judges: tuple[Judge, ...] = ()

    def __init__(self) -> None:
        self.habits = Habits()

    def screens(self, batch: Batch) -> bool:
        """No."""
        return False

    def trains(self, file: File, split: str | None) -> bool:
        """Nobody asks."""
        return False

    def teaches(self, batch: Batch) -> bool:
        """Nobody asks."""
        return False


def batches(
    path: Path,
    given: Layout | None,
    wanted: Sequence[str],
    also: Sequence[str] = (),
    called: str | None = None,
    blocks: Blocks | None = None,
    found: Layout | None = None,
) -> Iterator[Batch]:
    """The rows of a file, whose columns have canonical names.

    Args:
        path: any file that `demur check` reads.
        given: the layout; by default it is found by the columns.
        wanted: canonical columns, of which the file must have one; where none is found, the first by its own name.
        also: other columns that it must have, as texts.
        called: what errors call the file.
        blocks: reads the file, or a part of it.
        found: the layout that the file's first rows have, where they are not among these.

    Raises:
        FormatError: the file cannot be read, or a cell of these columns is neither text, turns nor missing.
        UsageError: another kind of file, no such column, or none of those that are wanted.
    """
    where = called or str(path)
    if blocks is None and kind_of(path) is None:
        msg = "Unknown kind of file"
        raise UsageError(msg, where=where, expected=", ".join(SUFFIXES), got=path.suffix or "no ending")
    faults: list[Fault] = []
    layout, reached, names = given or found, Reached(), dict[str, None]()
    asked = [*also, *(given.columns.values() if given else ())]
    usual = next(iter(wanted))
    for block in (blocks or partial(read_blocks, path))(faults.append):
        rows = opened(block.rows)
        if layout is None:
            layout = layout_found(rows, wanted)
            asked += [usual] if layout.columns == {usual: usual} else []
        rows = reached.add(rows, layout)
        names.update(dict.fromkeys(rows.schema.names))
        batch = Batch(_Alone(), File(path, where), layout, block.first, rows)
        there = {name: native for name in wanted if (native := batch.native(name)) is not None}
        for native, place in [
            *((native, _broken(batch, name, block.not_text)) for name, native in there.items()),
            *((name, _no_text(rows, name, block.not_text)) for name in also if name in rows.schema.names),
        ]:
            if place is not None:
                row, got = place
                line = None if block.lines is None else int(block.lines[row])
                faults.append(Fault("mixed", "", block.first + row, native, line, got))
        refuse(where, path, [*also, *there.values()], faults)
        yield batch
    refuse(where, path, asked, faults)
    if layout is None:
        return  # no rows
    known = [name for name in names if shown(name) == repr(name)]
    for column in asked:
        if column not in names:
            near = reached.near.get(column) or nearest(column.partition("[")[0].partition(".")[0], known)
            msg = "No such column"
            raise UsageError(msg, where=where, got=shown(column), fix=near)


def layout_found(rows: pa.RecordBatch, wanted: Sequence[str] = ASKED) -> Layout:
    """The layout that rows have; where they have none of the wanted columns, the first of these by its own name."""
    layout = layout_for(rows, None)
    there = any(layout.native(name, rows.schema.names) for name in wanted)
    return layout if there else Layout(columns={wanted[0]: wanted[0]})


def _broken(batch: Batch, name: str, not_text: dict[str, tuple[int, str]] | object) -> tuple[int, str] | None:
    """The first row whose cell is neither text, turns nor missing, and what it is."""
    native = batch.native(name) or ""
    column = batch.rows.column(native)
    if name not in batch.said.turns:
        return _no_text(batch.rows, native, not_text)
    texts = texts_of(column)
    for row, turns in enumerate(batch.said.turns[name]):
        if turns is None and column[row].is_valid and (texts is None or _is_json(texts[row].as_py())):
            return row, "no list of turns"
        if any(turn.broken for turn in turns or ()):
            return row, "a turn that is no text"
    return None


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("[", "{")


def _no_text(rows: pa.RecordBatch, name: str, not_text: dict[str, tuple[int, str]] | object) -> tuple[int, str] | None:
    if isinstance(not_text, dict) and name in not_text:
        return not_text[name]
    column = rows.column(name)
    is_text = not pa.types.is_nested(column.type) and texts_of(column) is not None
    return None if is_text else (0, str(column.type))


def layout_said(column: str | None, mapping: str | None, canonical: str) -> Layout | None:
    """The layout that options give: a column that is called as a canonical one, or a mapping."""
    if column:
        return Layout(columns={canonical: column})
    return layout_of(mapping) if mapping else None


def asked(
    path: Path,
    column: str | None = None,
    mapping: str | None = None,
    called: str | None = None,
    blocks: Blocks | None = None,
    found: Layout | None = None,
) -> Iterator[Asked]:
    """What users ask in the rows of a file: prompts, their contexts, and every turn of a user.

    Args:
        path: any file that `demur check` reads.
        column: with texts or turns, or a path to them; by default it is found as a check finds it.
        mapping: as `demur check --map` has it.
        called: what errors call the file.
        blocks: reads the file, or a part of it.
        found: the layout that the file's first rows have.

    Raises:
        FormatError: the file cannot be read.
        UsageError: no such column.
    """
    given = layout_said(column, mapping, "prompt")
    for batch in batches(path, given, ASKED, called=called, blocks=blocks, found=found):
        yield Asked(batch.rows.num_rows, tuple((part.texts, part.rows) for part in batch.said.asked))


def prompts(path: Path, column: str | None = None) -> list[str]:
    """Every text of `asked` that says something, in order."""
    return [text for part in asked(path, column) for texts, _ in part.texts for text in texts.to_pylist() if text]


def answers(batch: Batch, name: str) -> Iterator[tuple[int, str]]:
    """What is answered, with its row in the batch: each response or side, or each turn of the assistant."""
    texts = batch.texts(name)
    plain = [""] * batch.rows.num_rows if texts is None else [text or "" for text in texts.to_pylist()]
    spoken = {} if name in ("chosen", "rejected") else dict(enumerate(batch.said.turns.get(name, ())))
    for row, text in enumerate(plain):
        turns = spoken.get(row)
        said = [text] if turns is None else [turn.text for turn in turns if turn.role == "assistant"]
        yield from ((row, each) for each in said)


def rows_as_texts(path: Path, column: str | None = None, called: str | None = None) -> Iterator[pa.Array]:
    """All that each row says, as one text: turns and columns one below another; null where it says nothing."""
    wanted = ("prompt", "context", "prefix", "messages", "response", "target", "chosen", "rejected")
    for batch in batches(path, layout_said(column, None, "prompt"), wanted, called=called):
        found: list[list[str]] = [[] for _ in range(batch.rows.num_rows)]
        for part in batch.said.parts:
            for row, text in zip(part.rows.tolist(), part.texts.to_pylist(), strict=True):
                if text is not None:
                    found[row].append(text)
        yield pa.array(["\n".join(texts) if texts else None for texts in found], pa.large_string())


__all__ = [
    "ANSWERED",
    "ASKED",
    "Blocks",
    "answers",
    "asked",
    "batches",
    "layout_found",
    "layout_said",
    "prompts",
    "rows_as_texts",
]
