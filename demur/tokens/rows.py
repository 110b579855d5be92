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
import pyarrow.compute as pc

from demur.draws import hashed
from demur.errors import RowError, UsageError
from demur.text.arrays import as_array
from demur.tokens._assemble import EMPTY, FITS, Flat, Places, assemble, judge
from demur.tokens.fixed import Fixed
from demur.tokens.known import Pieces, encode, table_of
from demur.tokens.template import SPACES, Template
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
            UsageError: a column or a value is missing, or RTO rows without a fixed token.
        """
        tables = [rows] if isinstance(rows, pa.Table) else (pa.Table.from_batches([each]) for each in rows)
        known = self._known()
        for table in tables:
            if missing := sorted(set(_NEEDED) - set(table.column_names)):
                msg = "Training rows lack columns"
                raise UsageError(msg, expected=", ".join(_NEEDED), got=f"missing: {', '.join(missing)}")
            if lost := [name for name in _NEEDED if table[name].null_count]:
                msg = "Training rows lack values"
                raise UsageError(msg, expected=f"a value of {', '.join(lost)} in every row", got="null")
            if known.pieces is None and not self.template.adds_special:
                known = replace(known, pieces=table_of(backend(self.tokenizer), table.num_rows))
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
        ids, kinds = (table[name].cast(pa.string()) for name in _NEEDED[:2])
        prompts, prefixes, targets = (as_array(table[name]) for name in _NEEDED[2:])
        transition = pc.equal(kinds, "rto").to_numpy()
        if self.fixed is None and transition.any():
            msg = "RTO rows need a fixed token"
            where = ids[int(transition.argmax())].as_py()
            raise UsageError(msg, where=where, fix="Give the view find_fixed(tokenizer, ...).")
        # The answer's opener is the template's own, so its place is known.
        front, contexts, texts = self.template.columns(prompts, prefixes, targets, known.opener)
        heads, head_offsets, head_rows = self._distinct(front, known.pieces, added=False)
        apart, apart_offsets, apart_rows = self._distinct(contexts, known.pieces, added=self.template.adds_special)
        places = pc.utf8_length(contexts).to_numpy()
        tails, offsets, starts = encode(
            backend(self.tokenizer), known.pieces, texts, places, added=self.template.adds_special
        )
        block = np.iinfo(np.int32).max if self.block is None else self.block
        verdicts = judge(
            heads, head_offsets, head_rows, tails, offsets, starts, apart, apart_offsets, apart_rows,
            known.special, known.expected, self.tokenizer.eos_token_id, block,
        )  # fmt: skip
        verdicts[pc.equal(pc.utf8_ltrim(targets, characters=SPACES), "").to_numpy(zero_copy_only=False)] = EMPTY
        good, bad = np.flatnonzero(verdicts == FITS), np.flatnonzero(verdicts != FITS)
        before = np.diff(head_offsets)[head_rows]
        lengths = np.diff(offsets) + before
        out = np.concatenate([[0], np.cumsum(np.minimum(lengths, block)[good])])
        keys = np.zeros(len(verdicts), np.uint64)
        if self.keep_rate < 1:
            thinned = np.flatnonzero(transition)
            keys[thinned] = [hashed(each, self.seed, "keep") for each in ids.take(thinned).to_pylist()]
        inputs, labels = assemble(
            heads, head_offsets, head_rows, tails, offsets, starts, transition, keys, good, out,
            self.fixed.id if self.fixed else -1, self._first(),
            np.uint64(min(self.keep_rate * 2**64, 2**64 - 1)), self.keep_rate == 1,
        )  # fmt: skip
        columns = [
            ids.take(good).combine_chunks(),
            kinds.take(good).combine_chunks(),
            _lists(inputs, out),
            _lists(labels, out),
            _lists(np.ones(len(inputs), np.int8), out),
            pa.array((before + starts)[good].astype(np.int32)),
            pa.array(lengths[good] > block),
        ]
        rejected = [ids.take(bad).combine_chunks(), pa.array(REASONS).take(verdicts[bad])]
        return (
            pa.RecordBatch.from_arrays(columns, schema=TOKEN_ROWS),
            pa.RecordBatch.from_arrays(rejected, schema=TOKEN_REJECTS),
        )

    def _first(self) -> int:
        """What the first position of a transition row predicts: the word as an answer begins with it."""
        if self.fixed is None:
            return -1
        return self.fixed.id if self.fixed.start is None else self.fixed.start

    def _distinct(
        self, texts: pa.LargeStringArray, pieces: Pieces | None, *, added: bool
    ) -> tuple[Flat, Places, Places]:
        """Tokens of the distinct texts, where each begins, and the distinct text of every row."""
        coded = texts.dictionary_encode()
        ids, offsets, _ = encode(backend(self.tokenizer), pieces, coded.dictionary, None, added=added)
        return ids, offsets, coded.indices.to_numpy().astype(np.int64)

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
