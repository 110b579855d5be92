"""Byte-level BPE by a table of known pieces: the ids of the tokenizers library, without asking it for what it has said.

Texts are cut into pieces (words with their space, runs of digits, of signs, of spaces) before BPE sees them, and few
pieces make up most text. So each piece is asked for once, and remembered. What this does not know how to do as the
tokenizer does goes to the tokenizer itself: texts that are not ASCII, and tokenizers of any other make.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.text.arrays import as_array, buffers
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
"""Rows from which the kernels are worth compiling."""

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
    """The table of one tokenizer; it grows with what is encoded."""

    def __init__(self, rust: Any, digit_by_digit: bool, added: Sequence[tuple[str, int]]) -> None:
        self._rust, self._digits = rust, digit_by_digit
        texts = [text.encode() for text, _ in added]
        opens = np.zeros(256, np.uint8)
        opens[[text[0] for text in texts]] = 1
        places = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
        data, ids = np.frombuffer(b"".join(texts) or b" ", np.uint8), np.array([id for _, id in added], np.int32)
        self._added = Added(data, places, ids, opens)
        self._clear()

    def _clear(self) -> None:
        self._table = Table(np.zeros(1 << 12, np.uint64), np.zeros(1 << 12, np.int64), 12, np.empty(0, np.int32))
        self._known = 0

    @cached_property
    def blank(self) -> NDArray[np.bool_]:
        """Which tokens are white space alone."""
        spaces = {byte_characters()[byte] for byte in np.flatnonzero(_CLASSES == SPACE).tolist()}
        vocabulary = self._rust.get_vocab(with_added_tokens=True)
        found = np.zeros(max(vocabulary.values()) + 1, np.bool_)
        found[[id for token, id in vocabulary.items() if not set(token) - spaces]] = True
        return found

    @classmethod
    def of(cls, rust: Any) -> Pieces | None:
        """The table of a tokenizer, if it is byte-level BPE with the pattern of GPT-2 and nothing around it."""
        made = json.loads(rust.to_str())
        model, before = made["model"], made["pre_tokenizer"] or {}
        parts = before["pretokenizers"] if before.get("type") == "Sequence" else [before]
        digits = parts[0] == {"type": "Digits", "individual_digits": True}
        level = parts[-1]
        added = [each for each in made["added_tokens"] if each["content"]]
        plain = (
            model.get("type") == "BPE"
            and not model.get("dropout")
            and made["normalizer"] is None
            and len(parts) == 1 + digits
            and level.get("type") == "ByteLevel"
            and level.get("use_regex", True)
            and not level.get("add_prefix_space")
            and all(each["content"].isascii() for each in added)
            and not any(each[name] for each in added for name in ("single_word", "lstrip", "rstrip", "normalized"))
        )
        if not plain:
            return None
        found = cls(rust, digits, [(each["content"], each["id"]) for each in added])
        tried = [*TRIED, *(f"a {each['content']} b{each['content']}" for each in added[:50])]
        wanted = [each.ids for each in rust.encode_batch(tried, add_special_tokens=False)]
        ids, ends, _ = found.encode(tried, [0] * len(tried))
        return found if [part.tolist() for part in np.split(ids, ends[:-1])] == wanted else None

    def encode(self, texts: Sequence[str], places: Sequence[int] | Places) -> tuple[Flat, Places, Places]:
        """Ids of ASCII texts, one text behind the other; where each ends; and the first token at each text's place.

        Args:
            texts: ASCII alone.
            places: a character of each text.

        Returns:
            Ids, ends, and tokens counted from the text's first one; -1 where none begins at that character.
        """
        data, offsets = buffers(as_array(list(texts)))
        ends, starts = np.empty(len(texts), np.int64), np.empty(len(texts), np.int64)
        wanted = offsets[:-1] + np.asarray(places, np.int64)
        while True:
            ids, missed = encode_rows(
                data, offsets, wanted, _CLASSES, self._digits, self._added, self._table, ends, starts
            )
            if not len(missed):
                return ids, ends, starts
            self._learn(data, missed)

    def _learn(self, data: Bytes, pieces: Places) -> None:
        """Ask the tokenizer's model for pieces."""
        keys = np.empty(len(pieces) // 2, np.uint64)
        hash_pieces(data, pieces, keys)
        keys, first = np.unique(keys, return_index=True)
        spelled = byte_characters()
        if self._known > MOST:
            self._clear()
        held = data.tobytes()
        tokens = [
            [token.id for token in self._rust.model.tokenize(held[begin:end].decode("latin-1").translate(spelled))]
            for begin, end in pieces.reshape(-1, 2)[first].tolist()
        ]
        counts = np.array([len(each) for each in tokens], np.int64)
        starts = len(self._table.ids) + np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        old, self._known = self._table, self._known + len(keys)
        bits = max(old.bits, int(2 * self._known).bit_length())
        ids = np.concatenate([old.ids, np.array([id for each in tokens for id in each], np.int32)])
        if bits == old.bits:
            self._table = old._replace(ids=ids)
        else:
            self._table = Table(np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int64), bits, ids)
            put(self._table.keys, self._table.values, bits, old.keys[old.keys > 0], old.values[old.keys > 0])
        put(self._table.keys, self._table.values, bits, keys, starts << 24 | counts)


def byte_characters() -> dict[int, str]:
    """The character that stands for every ASCII byte in the vocabulary of a byte-level tokenizer (GPT-2's table)."""
    hidden = [*range(33), 127]
    return {byte: chr(byte) for byte in range(33, 127)} | {byte: chr(256 + at) for at, byte in enumerate(hidden)}


def encode(
    rust: Any, pieces: Pieces | None, texts: Sequence[str], places: Sequence[int] | None, *, added: bool
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
    lengths, starts = np.zeros(len(texts), np.int64), np.full(len(texts), -1, np.int64)
    able = np.zeros(len(texts), np.bool_)
    quick = np.empty(0, np.int32)
    if pieces is not None and not added:
        able[:] = [text.isascii() for text in texts]
        some = np.flatnonzero(able)
        wanted = np.asarray(places)[some] if places else np.zeros(len(some), np.int64)
        quick, ends, starts[some] = pieces.encode([texts[row] for row in some.tolist()], wanted)
        lengths[some] = np.diff(ends, prepend=0)
        if places:
            sure = (starts[some] >= 0) & (starts[some] < lengths[some])
            first = (ends - lengths[some] + starts[some])[sure]
            sure[sure] = ~pieces.blank[quick[first]]  # some tokenizers leave white space out of a token's offsets
            quick = quick[np.repeat(sure, lengths[some])]
            able[some] = sure
    rest = np.flatnonzero(~able).tolist()
    call = rust.encode_batch if places else rust.encode_batch_fast
    slow = call([texts[row] for row in rest], add_special_tokens=added)
    rows, ends = flat([each.ids for each in slow])
    lengths[rest] = np.diff(ends)
    if places:
        starts[rest] = [_start(each, places[row], len(texts[row])) for row, each in zip(rest, slow, strict=True)]
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
