"""Texts that rows learn to write, and texts that rows only read, by how they open: sixteen words, hashed.

In a row of kind ``rto`` the target is a harmful response: it is read, and every position of it predicts one refusal
token. Such a row is harmless as long as nothing takes its target for the text to be learnt, which renaming a column
does. The opening is enough to know a text again: marks that a template put around it do not matter, and a target
behind its prefix is known as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.gathered import targets
from demur.checks.hashes import LONGEST, MARKS, OPENING, Hashes, text_hashes
from demur.checks.shapes import listed, texts_of, turned
from demur.checks.signs import lengths, look_at
from demur.records.row import TextOf, columns_with
from demur.sets.folder import BuiltSet

MARKERS = (
    r"<\|(?:im_start|im_end|endoftext|end_of_text|begin_of_text|eot_id|start_header_id|end_header_id|user|assistant"
    r"|system|end)\|>|\[/?INST\]|\[\\INST\]|<</?SYS>>|^\s*<s>|</s>\s*$|<(?:start|end)_of_turn>"
)
"""Marks of chat templates."""

_LEARNT = ("completion", "response", "output", "answer", "assistant", "segments")
"""Columns that hold the text to be learnt, where no layout says which one does; ``text`` does where no target stands
beside it."""

Mask: TypeAlias = NDArray[np.bool_]


@dataclass
class Learnt:
    """What was seen so far.

    Attributes:
        columns: file -> its own names of the columns whose texts are learnt, ``learnt`` and ``chosen``.
        read: opening of a text that a row only reads -> the first such row, by its number among all rows.
    """

    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)

    def add(self, batch: Batch, start: int) -> Iterator[tuple[str, NDArray[Any]]]:
        """Take note of a batch of anybody's rows, whose first one has a number among all.

        Yields:
            Facts of its rows, where there are any: ``reads``, 1 where the row says that its text is only read, and the
            openings of the texts that it teaches to write, ``learnt`` and ``chosen``.
        """
        if batch.subject.kind is not None:
            return
        reads = reading(batch)
        says = {"kind", "fixed_token"} & {*batch.rows.schema.names}  # other rows of the file may be read only
        if not says and not batch.subject.teaches(batch):
            return
        if reads.any():
            yield "reads", reads.astype(np.uint8)
        mine: dict[str, Hashes] = {}
        for name, (column, texts) in learnt(batch).items():
            self.columns.setdefault(batch.file.name, {})[name] = column
            mine[name] = _openings(batch, texts)
            yield name, mine[name]
        target = batch.rows.column("target") if "target" in batch.rows.schema.names else None
        read = openings(_said(target)) if target is not None else mine.get("learnt")
        if read is not None:
            for row in np.flatnonzero(reads & (read != 0)).tolist():
                self.read.setdefault(int(read[row]), start + row)


def reading(batch: Batch) -> Mask:
    """Rows that say of themselves that their text is read and not learnt: by their kind, or their fixed token."""
    found = np.zeros(batch.rows.num_rows, np.bool_)
    names = batch.rows.schema.names
    kinds = texts_of(batch.rows.column("kind")) if "kind" in names else None
    if kinds is not None:
        found |= pc.fill_null(pc.equal(kinds, "rto"), False).to_numpy(zero_copy_only=False)
    if "fixed_token" in names:
        tokens = batch.rows.column("fixed_token")
        texts = texts_of(tokens)  # as JSON Lines and CSV have an object
        there = tokens.is_valid() if pa.types.is_struct(tokens.type) else None
        there = pc.fill_null(pc.starts_with(texts, "{"), False) if texts is not None else there
        if there is not None:
            found |= there.to_numpy(zero_copy_only=False)
    return found


def learnt(batch: Batch) -> dict[str, tuple[str, pa.LargeStringArray]]:
    """The texts that each row teaches to write: ``learnt``, ``chosen`` -> the file's own name, and the texts."""
    names = {name.lower(): name for name in batch.rows.schema.names}
    found = {}
    plain = next((names[name] for name in _LEARNT if name in names), None)
    rest = names["text"] if "text" in names and "target" not in names else None
    if name := batch.native("response") or batch.native("messages") or plain or rest:
        known = {"response", "messages"} & batch.said.turns.keys()
        texts = targets(batch) if known else None
        own = batch.texts("response") if name == batch.native("response") else None
        found["learnt"] = (name, _said(batch.rows.column(name), own) if texts is None else texts)
    if name := batch.native("chosen"):
        texts = batch.said.texts.get("chosen")
        found["chosen"] = (name, _said(batch.rows.column(name), batch.texts("chosen")) if texts is None else texts)
    return found


def _openings(batch: Batch, texts: pa.LargeStringArray) -> Hashes:
    """As `openings`, of texts that may have been read before."""
    known = batch.said.known(texts)
    if known is None:
        return openings(texts)
    hashes, heads = known
    rest = np.flatnonzero((heads == 0) & (hashes != 0))
    if len(rest):
        heads = heads.copy()
        heads[rest] = openings(texts.take(pa.array(rest)))
    return heads


def openings(texts: pa.LargeStringArray) -> Hashes:
    """The opening of each text; 0 where there is nothing to read."""
    long = (lengths(texts) > LONGEST).any()
    begun = pc.utf8_slice_codeunits(texts, 0, LONGEST) if long else texts
    held = look_at(begun).hold(MARKS)
    if held.any():
        marked = pa.array(held)
        begun = pc.replace_with_mask(begun, marked, pc.replace_substring_regex(begun.filter(marked), MARKERS, " "))
    return text_hashes(begun, len(begun), OPENING)


def read_by(sets: Iterable[BuiltSet]) -> Mapping[int, str]:
    """Opening -> set and record id, of all texts that built sets hold to be read, or as harmful responses."""
    found: dict[int, str] = {}
    for built in sets:
        texts = {role.name: name for name, role in columns_with(built.model, TextOf).items()}
        for table in built.whole.values():
            for rows in table.to_batches() if "response" in texts else ():
                mask = _harmful(built, rows)
                chosen = rows.filter(pa.array(mask))
                responses = chosen.column(texts["response"]).cast(pa.large_string())
                for key, id in zip(openings(responses).tolist(), chosen.column("record_id").to_pylist(), strict=True):
                    found.setdefault(key, f"{built.manifest.name} {id}")
    found.pop(0, None)
    return found


def _harmful(built: BuiltSet, rows: pa.RecordBatch) -> Mask:
    """Transitions, by the kind of set, and responses that a column ``safe`` calls harmful."""
    mask = np.zeros(rows.num_rows, np.bool_)
    if (said := built.kind.teaches(rows)) is not None:
        mask |= pc.fill_null(pc.equal(said, "transition"), False).to_numpy(zero_copy_only=False)
    if "safe" in rows.schema.names:
        mask |= pc.fill_null(pc.invert(rows.column("safe")), False).to_numpy(zero_copy_only=False)
    return mask


def _said(column: pa.Array, texts: pa.LargeStringArray | None = None) -> pa.LargeStringArray:
    """The text of each cell; of turns the last one of the assistant, of segments those that are labelled.

    `texts` are the same cells as texts, where somebody has them.
    """
    texts = texts_of(column) if texts is None else texts
    if texts is not None and not pc.any(pc.starts_with(texts, "[")).as_py():
        return texts
    cells = [None] * len(column) if texts is None else texts.to_pylist()
    said = [_last(parts) for parts in listed(column)]
    return pa.array([cell if text is None else text for cell, text in zip(cells, said, strict=True)], pa.large_string())


def _last(parts: Sequence[Mapping[str, Any]] | None) -> str | None:
    said = [turn.text for turn in map(turned, parts or ()) if turn.role == "assistant"]
    if said and said[-1]:
        return said[-1]
    labelled = [part["text"] for part in parts or () if part.get("label") is True and isinstance(part.get("text"), str)]
    return "".join(labelled) or None
