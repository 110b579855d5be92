"""Byte-level BPE by a table of known pieces: the ids of the tokenizers library, without asking it for what it has said.

Texts are cut into pieces (words with their space, runs of digits, of signs, of spaces) before BPE sees them, and few
pieces make up most text. So each piece is asked for once, and remembered. What this does not know how to do as the
tokenizer does goes to the tokenizer itself: texts that are not ASCII, and tokenizers of any other make.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.text.arrays import Texts, as_array, buffers
from demur.text.compiled import interpreted, over_rows
from demur.tokens._pieces import (
    DIGIT,
    LETTER,
    SPACE,
    Added,
    Bytes,
    Flat,
    Places,
    Table,
    encode_rows,
    hash_pieces,
    put,
)

MANY = 20_000
"""Rows of one tokenizer from which the kernels are worth compiling."""

MOST = 1 << 20
"""Pieces that a table holds before it is begun anew."""

TRIED = (
    "Don't we'll they've I'm you're 'tis 's 'S x's he'd  y\n\n z \n  ",
    " 12 345  6a7\t8.90 (1)",
    "a  b   c \t d\r\n e!? --f__g <h> {i}",
    "",
    " ",
    "\n",
    "~ ^`|\\@#$%&*+=/:;\"'",
)
"""Texts that a tokenizer is tried on before it is trusted to be of the known make."""

_CLASSES = np.zeros(256, np.uint8)
_CLASSES[[*range(65, 91), *range(97, 123)]] = LETTER
_CLASSES[48:58] = DIGIT
_CLASSES[[9, 10, 11, 12, 13, 32]] = SPACE


class Pieces:
    """The table of one tokenizer; it grows with what is encoded.

    Attributes:
        blank: which tokens are white space alone, of those that were met.
    """

    def __init__(self, rust: Any, digit_by_digit: bool) -> None:
        self._model, self._digits, self._lock = rust.model, digit_by_digit, Lock()
        added = {token.content: id for id, token in rust.get_added_tokens_decoder().items() if token.content}
        texts = [text.encode() for text in added]
        opens = np.zeros(256, np.uint8)
        opens[[text[0] for text in texts]] = 1
        places = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
        ids = np.array([*added.values()], np.int32)
        self._added = Added(np.frombuffer(b"".join(texts) or b" ", np.uint8), places, ids, opens)
        self.blank = np.zeros(max([rust.get_vocab_size(), *added.values()]) + 1, np.bool_)
        self.blank[[id for text, id in added.items() if text.isspace()]] = True
        self._clear()

    def _clear(self) -> None:
        self._table = Table(np.zeros(1 << 12, np.uint64), np.zeros(1 << 12, np.int64), 12, np.empty(0, np.int32))
        self._known = 0

    @classmethod
    def of(cls, rust: Any) -> Pieces | None:
        """The table of a tokenizer, if it is byte-level BPE with the pattern of GPT-2 and nothing around it."""
        before = json.loads(rust.pre_tokenizer.__getstate__()) if rust.pre_tokenizer else {}
        parts = before["pretokenizers"] if before.get("type") == "Sequence" else [before]
        digits = parts[0] == {"type": "Digits", "individual_digits": True}
        level = parts[-1]
        added = [token for token in rust.get_added_tokens_decoder().values() if token.content]
        plain = (
            type(rust.model).__name__ == "BPE"
            and not rust.model.dropout
            and not rust.model.end_of_word_suffix
            and rust.normalizer is None
            and len(parts) == 1 + digits
            and level.get("type") == "ByteLevel"
            and level.get("use_regex", True)
            and not level.get("add_prefix_space")
            and all(token.content.isascii() for token in added)
            and not any(token.single_word or token.lstrip or token.rstrip or token.normalized for token in added)
        )
        if not plain:
            return None
        found = cls(rust, digits)
        return found if found.agrees(rust) else None

    def agrees(self, rust: Any) -> bool:
        """Whether a few texts have the tokenizer's own tokens."""
        added = [token.content for token in rust.get_added_tokens_decoder().values()]
        tried = [*TRIED, *(f"a {text} b{text}" for text in added[:50])]
        ids, ends, _ = self.encode(tried, np.zeros(len(tried), np.int64))
        wanted = rust.encode_batch(tried, add_special_tokens=False)
        return [part.tolist() for part in np.split(ids, ends[:-1])] == [each.ids for each in wanted]

    def encode(self, texts: Texts, places: Places) -> tuple[Flat, Places, Places]:
        """Ids of ASCII texts, one text behind the other; where each ends; and the first token at each text's place.

        Args:
            texts: ASCII alone.
            places: a character of each text.

        Returns:
            Ids, ends, and tokens counted from the text's first one; -1 where none begins at that character.
        """
        data, offsets = buffers(as_array(texts))
        ends, starts = np.empty(len(places), np.int64), np.empty(len(places), np.int64)
        wanted = offsets[:-1] + places

        def part(first: int, last: int) -> tuple[Flat, Places, int]:
            rows = slice(first, last)
            return *encode_rows(
                data, offsets[first : last + 1], wanted[rows], _CLASSES, self._digits, self._added, self._table,
                ends[rows], starts[rows],
            ), last  # fmt: skip

        with self._lock:
            while True:
                parts = over_rows(part, len(places))
                missed = np.concatenate([each for _, each, _ in parts])
                if not len(missed):
                    break
                self._learn(data, missed)
        first, before = 0, 0
        for ids, _, last in parts:
            ends[first:last] += before
            first, before = last, before + len(ids)
        return np.concatenate([ids for ids, _, _ in parts]), ends, starts

    def _learn(self, data: Bytes, pieces: Places) -> None:
        """Ask the tokenizer's model for pieces."""
        keys = np.empty(len(pieces) // 2, np.uint64)
        hash_pieces(data, pieces, keys)
        keys, first = np.unique(keys, return_index=True)
        spelled = byte_characters()
        spaces = {spelled[byte] for byte in np.flatnonzero(_CLASSES == SPACE).tolist()}
        if self._known > MOST:
            self._clear()
        tokens = [
            self._model.tokenize(data[begin:end].tobytes().decode("ascii").translate(spelled))
            for begin, end in pieces.reshape(-1, 2)[first].tolist()
        ]
        self.blank[[token.id for each in tokens for token in each if not set(token.value) - spaces]] = True
        counts = np.array([len(each) for each in tokens], np.int64)
        starts = len(self._table.ids) + np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        old, self._known = self._table, self._known + len(keys)
        bits = max(old.bits, int(2 * self._known).bit_length())
        ids = np.concatenate([old.ids, np.array([token.id for each in tokens for token in each], np.int32)])
        if bits == old.bits:
            self._table = old._replace(ids=ids)
        else:
            self._table = Table(np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int64), bits, ids)
            put(self._table.keys, self._table.values, bits, old.keys[old.keys > 0], old.values[old.keys > 0])
        put(self._table.keys, self._table.values, bits, keys, starts << 24 | counts)


class _Met:
    """What is remembered of a tokenizer: rows that it was asked for, how it is set, and its table, if it has one."""

    rows = 0
    setting: tuple[Any, ...] = ()
    pieces: Pieces | None = None


_met: WeakKeyDictionary[Any, _Met] = WeakKeyDictionary()


def table_of(rust: Any, rows: int) -> Pieces | None:
    """The table of a tokenizer that has been asked for many rows: one for all batches, views and calls.

    Args:
        rust: the tokenizer; one that was changed since has a new table.
        rows: how many more it is asked for now.
    """
    met = _met.setdefault(rust, _Met())
    met.rows += rows
    if met.rows < MANY or interpreted():
        return None
    setting = _setting(rust)
    if met.setting != setting or (met.pieces and not met.pieces.agrees(rust)):
        met.setting, met.pieces = setting, Pieces.of(rust)
    return met.pieces


def _setting(rust: Any) -> tuple[Any, ...]:
    """What ids hang on, as far as it is told at once."""
    parts = (part and part.__getstate__() for part in (rust.normalizer, rust.pre_tokenizer))
    added = repr(rust.get_added_tokens_decoder())
    return *parts, added, rust.get_vocab_size(), type(rust.model), getattr(rust.model, "dropout", None)


def byte_characters() -> dict[int, str]:
    """The character that stands for every ASCII byte in the vocabulary of a byte-level tokenizer (GPT-2's table)."""
    hidden = [*range(33), 127]
    return {byte: chr(byte) for byte in range(33, 127)} | {byte: chr(256 + at) for at, byte in enumerate(hidden)}


def encode(
    rust: Any, pieces: Pieces | None, texts: Texts, places: Places | None, *, added: bool
) -> tuple[Flat, Places, Places]:
    """Ids of texts, one behind the other; where each begins, and the end; and the first token at each text's place.

    Args:
        rust: the tokenizer, which encodes what the table cannot.
        pieces: its table, if it has one.
        texts: any.
        places: of each text, a character; None if nobody asks for its token.
        added: whether the tokenizer puts its special tokens around a text.

    Returns:
        Ids, offsets, and tokens counted from the text's first one: the token at the character, or after the white space
        that the tokenizer's offsets leave out; -1 where a token begins before that character and ends behind it.
    """
    given = as_array(texts)
    lengths, starts = np.zeros(len(given), np.int64), np.full(len(given), -1, np.int64)
    able = np.zeros(len(given), np.bool_)
    quick = np.empty(0, np.int32)
    if pieces is not None and not added:
        able[:] = pc.string_is_ascii(given).to_numpy(zero_copy_only=False)
        some = np.flatnonzero(able)
        wanted = np.zeros(len(some), np.int64) if places is None else places[some]
        quick, ends, starts[some] = pieces.encode(given if len(some) == len(given) else given.take(some), wanted)
        lengths[some] = np.diff(ends, prepend=0)
        if places is not None:
            sure = (starts[some] >= 0) & (starts[some] < lengths[some])
            first = (ends - lengths[some] + starts[some])[sure]
            sure[sure] = ~pieces.blank[quick[first]]  # some tokenizers leave white space out of a token's offsets
            quick = quick if sure.all() else quick[np.repeat(sure, lengths[some])]
            able[some] = sure
    if able.all():
        return quick, np.concatenate([[0], np.cumsum(lengths)]), starts
    rest = np.flatnonzero(~able)
    asked = given.take(pa.array(rest)).to_pylist()
    call = rust.encode_batch_fast if places is None else rust.encode_batch
    slow = call(asked, add_special_tokens=added)
    rows, ends = flat([each.ids for each in slow])
    lengths[rest] = np.diff(ends)
    if places is not None:
        starts[rest] = [
            _start(each, place, len(text)) for each, place, text in zip(slow, places[rest].tolist(), asked, strict=True)
        ]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.empty(offsets[-1], np.int32)
    mine = np.repeat(able, lengths)
    ids[mine], ids[~mine] = quick, rows
    return ids, offsets, starts


def flat(rows: Sequence[Sequence[int]]) -> tuple[Flat, Places]:
    """Lists of ids as one array, with where each begins, and the end."""
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=offsets[1:])
    return np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1])), offsets


def _start(encoding: Any, place: int, length: int) -> int:
    for character in range(place, length):
        token = encoding.char_to_token(character)
        if token is not None:
            return int(token) if encoding.token_to_chars(token)[0] >= place else -1
    return -1
