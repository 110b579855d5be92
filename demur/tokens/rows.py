"""Token rows: training rows -> input ids, labels and attention mask, for any fast tokenizer and chat template.

* Context positions are never supervised. In an MLE row every target position predicts itself; in an RTO row every
  position of the harmful response, the end of the turn included, predicts the fixed refusal token.
* The place where the target begins is found by the tokenizer's offsets, and the context's tokens must be those that
  the context has alone; otherwise a model would meet another text in training than when it is asked. A row whose
  texts merge there is rejected.
* A row longer than the block loses the end of its target, and its end-of-sequence token with it. A row whose
  context fills the block is rejected: at least one position is always supervised.
* With a keep rate below 1 the positions of an RTO row are thinned by a mask that depends on the record id and the
  seed; if none is left, the one with the smallest number stays. (The released code of DeRTa keeps a random 5 % of
  all positions, padding and context included, drawn anew without a seed in each forward pass.)
* One Arrow batch at a time: memory is bounded by the batch, not by the set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from demur.draws import hashed
from demur.errors import RowError, UsageError
from demur.text.compiled import interpreted
from demur.tokens._assemble import EMPTY, FITS, Flat, Places, assemble, judge
from demur.tokens.fixed import Fixed
from demur.tokens.known import MANY, Pieces, encode
from demur.tokens.template import Template
from demur.tokens.tokenizer import backend

TOKEN_ROWS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("input_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("labels", pa.list_(pa.int32()), nullable=False),
        pa.field("attention_mask", pa.list_(pa.int8()), nullable=False),
        pa.field("target_start", pa.int32(), nullable=False),
        pa.field("truncated", pa.bool_(), nullable=False),
    ]
)
"""Columns of token rows; ``target_start`` is the first position that may be supervised."""

TOKEN_REJECTS = pa.schema(
    [pa.field("record_id", pa.string(), nullable=False), pa.field("reason", pa.string(), nullable=False)]
)
"""Columns of the rows that cannot be tokenised: references only, never a text."""

REASONS = (
    "",
    "context and target merge into other tokens than apart",
    "a special token stands in the text",
    "the end-of-sequence token does not stand once, at the end",
    "the context fills the block",
    "the target is empty",
)
"""Why a row is rejected, by the kernel's verdict."""

_NEEDED = ("record_id", "kind", "prompt", "context_prefix", "target")


@dataclass(frozen=True)
class _Known:
    """What all batches share.

    Attributes:
        special: which token numbers are special.
        expected: how many of them one turn of the template has.
        opener: characters of the template, before an answer, that are encoded with it: from its last special token.
            A tokenizer takes special tokens out of a text before all else, so what stands before this one and what
            follows have the same tokens together and apart, and the head of many rows is encoded once. 0: no such
            place, and the whole row is encoded in one.
        pieces: the table of known pieces, where there are many rows and the tokenizer is of a make that it knows.
    """

    special: np.ndarray
    expected: int
    opener: int
    pieces: Pieces | None = None


@dataclass(frozen=True)
class TokenView:
    """How rows become tokens.

    Attributes:
        tokenizer: a fast tokenizer; its truncation and padding are switched off.
        template: the turn around prompt and answer.
        fixed: the refusal token; needed where there are RTO rows.
        block: the largest number of tokens of a row; None for no limit.
        seed: of the keep mask.
        keep_rate: share of the positions of an RTO row that are supervised.
        batch: rows that are in memory at once.
    """

    tokenizer: Any
    template: Template
    fixed: Fixed | None = None
    block: int | None = None
    seed: int = 0
    keep_rate: float = 1.0
    batch: int = 4096

    def __post_init__(self) -> None:
        rust = backend(self.tokenizer)
        if not 0 < self.keep_rate <= 1 or self.batch < 1 or (self.block is not None and self.block < 2):
            msg = "A setting of the token view is out of range"
            raise UsageError(
                msg,
                expected="0 < keep_rate <= 1, batch >= 1, block >= 2",
                got=f"keep_rate {self.keep_rate}, batch {self.batch}, block {self.block}",
            )
        if self.template.adds_special:
            with_special, without = (rust.encode("a", add_special_tokens=each).ids for each in (True, False))
            if with_special[-1:] != without[-1:]:
                msg = "The tokenizer itself closes every text with a special token"
                raise UsageError(msg, expected="one end-of-sequence token, the template's", fix="Set add_eos off.")

    def batches(self, rows: pa.Table | Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Token rows and rejects, batch after batch.

        Args:
            rows: columns ``record_id``, ``kind``, ``prompt``, ``context_prefix`` and ``target``.

        Yields:
            The batch's rows (`TOKEN_ROWS`) and its rejects (`TOKEN_REJECTS`), each in the order of the input.

        Raises:
            UsageError: a column is missing, or RTO rows without a fixed token.
        """
        tables = [rows] if isinstance(rows, pa.Table) else (pa.Table.from_batches([each]) for each in rows)
        known = self._known()
        done, asked = 0, interpreted()
        for table in tables:
            if missing := sorted(set(_NEEDED) - set(table.column_names)):
                msg = "Training rows lack columns"
                raise UsageError(msg, expected=", ".join(_NEEDED), got=f"missing: {', '.join(missing)}")
            done += table.num_rows
            if not asked and done >= MANY:
                known, asked = replace(known, pieces=Pieces.of(backend(self.tokenizer))), True
            for first in range(0, table.num_rows, self.batch):
                yield self._batch(table.select(_NEEDED).slice(first, self.batch), known)

    def table(self, rows: pa.Table | Iterable[pa.RecordBatch]) -> tuple[pa.Table, pa.Table]:
        """All token rows and all rejects; for sets that fit into memory."""
        pairs = list(self.batches(rows))
        return (
            pa.Table.from_batches([good for good, _ in pairs], TOKEN_ROWS),
            pa.Table.from_batches([bad for _, bad in pairs], TOKEN_REJECTS),
        )

    def _batch(self, table: pa.Table, known: _Known) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        ids, kinds, prompts, prefixes, targets = (table[name].to_pylist() for name in _NEEDED)
        transition = np.fromiter((kind == "rto" for kind in kinds), np.bool_, len(kinds))
        if self.fixed is None and transition.any():
            msg = "RTO rows need a fixed token"
            raise UsageError(msg, where=ids[int(transition.argmax())], fix="Give the view find_fixed(tokenizer, ...).")
        whole = [self.template.context(*each) for each in zip(prompts, prefixes, strict=True)]
        # The answer's opener is the template's own, so its place is known from the end of the context.
        behind = [len(self.template.answer(prefix)) + known.opener for prefix in prefixes]
        contexts = [
            text[len(text) - size :] if known.opener else text for text, size in zip(whole, behind, strict=True)
        ]
        front = [text[: len(text) - size] if known.opener else "" for text, size in zip(whole, behind, strict=True)]
        texts = [
            context + self.template.target(prefix, target)
            for context, prefix, target in zip(contexts, prefixes, targets, strict=True)
        ]
        heads, head_offsets, head_rows = self._distinct(front, known.pieces, added=False)
        apart, apart_offsets, apart_rows = self._distinct(contexts, known.pieces, added=self.template.adds_special)
        tails, offsets, starts = encode(
            backend(self.tokenizer), known.pieces, texts, list(map(len, contexts)), added=self.template.adds_special
        )
        block = np.iinfo(np.int32).max if self.block is None else self.block
        verdicts = judge(
            heads, head_offsets, head_rows, tails, offsets, starts, apart, apart_offsets, apart_rows,
            known.special, known.expected, self.tokenizer.eos_token_id, block,
        )  # fmt: skip
        verdicts[np.fromiter((not target.strip() for target in targets), np.bool_, len(targets))] = EMPTY
        good, bad = np.flatnonzero(verdicts == FITS), np.flatnonzero(verdicts != FITS)
        before = np.diff(head_offsets)[head_rows]
        lengths = np.diff(offsets) + before
        out = np.concatenate([[0], np.cumsum(np.minimum(lengths, block)[good])])
        keys = np.fromiter(
            (hashed(each, self.seed, "keep") if kept else 0 for each, kept in zip(ids, transition, strict=True)),
            np.uint64,
            len(ids),
        )
        inputs, labels = assemble(
            heads, head_offsets, head_rows, tails, offsets, starts, transition, keys, good, out,
            self.fixed.id if self.fixed else -1, self._first(),
            np.uint64(min(self.keep_rate * 2**64, 2**64 - 1)), self.keep_rate == 1,
        )  # fmt: skip
        columns = [
            pa.array([ids[row] for row in good], pa.string()),
            pa.array([kinds[row] for row in good], pa.string()),
            _lists(inputs, out),
            _lists(labels, out),
            _lists(np.ones(len(inputs), np.int8), out),
            pa.array((before + starts)[good].astype(np.int32)),
            pa.array(lengths[good] > block),
        ]
        rejected = [
            pa.array([ids[row] for row in bad], pa.string()),
            pa.array([REASONS[verdicts[row]] for row in bad], pa.string()),
        ]
        return (
            pa.RecordBatch.from_arrays(columns, schema=TOKEN_ROWS),
            pa.RecordBatch.from_arrays(rejected, schema=TOKEN_REJECTS),
        )

    def _first(self) -> int:
        """What the first position of a transition row predicts: the word as an answer begins with it."""
        if self.fixed is None:
            return -1
        return self.fixed.id if self.fixed.start is None else self.fixed.start

    def _distinct(self, texts: list[str], pieces: Pieces | None, *, added: bool) -> tuple[Flat, Places, Places]:
        """Tokens of the distinct texts, where each begins, and the distinct text of every row."""
        numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        ids, offsets, _ = encode(backend(self.tokenizer), pieces, list(numbers), [0] * len(numbers), added=added)
        return ids, offsets, np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))

    def _known(self) -> _Known:
        """What all batches share. Unknown is no special token here: a text may hold characters that nobody knows."""
        added = self.tokenizer.added_tokens_decoder
        found = {number for number, token in added.items() if token.special} | set(self.tokenizer.all_special_ids)
        found.discard(self.tokenizer.unk_token_id)
        table = np.zeros(max(len(self.tokenizer), max(found, default=0) + 1), np.bool_)
        table[list(found)] = True
        turn = self.template.context("?", "") + self.template.target("", "?")
        tokens = backend(self.tokenizer).encode(turn, add_special_tokens=self.template.adds_special).ids
        hard = [token.content for token in added.values() if token.special and not (token.lstrip or token.rstrip)]
        cut = max((self.template.after.rfind(text) for text in hard), default=-1)
        opener = len(self.template.after) - cut if cut >= 0 and not self.template.adds_special else 0
        return _Known(table, int(table[tokens].sum()), opener)


def require_all(rejects: pa.Table) -> None:
    """Raise if any row could not be tokenised.

    Raises:
        RowError: the number of rows by reason, and the first record ids.
    """
    if rejects.num_rows:
        counts = Counter(rejects["reason"].to_pylist())
        msg = f"{rejects.num_rows} rows cannot be tokenised"
        raise RowError(
            msg,
            where=", ".join(rejects["record_id"].to_pylist()[:3]),
            got="; ".join(f"{reason}: {count}" for reason, count in sorted(counts.items())),
            fix="Leave them out, cut the prefix at another unit, or take a larger block.",
        )


def _lists(values: np.ndarray, offsets: Places) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(values))


__all__ = ["REASONS", "TOKEN_REJECTS", "TOKEN_ROWS", "TokenView", "require_all"]
