"""What the kernels of protected prompts are given: texts, and prompts that are indexed by words and by characters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class Rows(NamedTuple):
    """Texts for the kernels: ASCII rows as they are, the others folded.

    `other[row]` is -1 for an ASCII row, else the row's place in `other_data`; -2 is null. `lower` has the folded form
    of every ASCII character, or 0.
    """

    data: Bytes
    offsets: Ints
    other_data: Bytes
    other_offsets: Ints
    other: Ints
    lower: Bytes


class Table(NamedTuple):
    """Postings by key: an open-addressing table of 2 ** bits entries, a key and where its postings are, each.

    A posting of words is a prompt << 32 | its size; for one of characters see `Anchored`. `filter` has 16 times as
    many bits, two of them set for each key.
    """

    postings: Hashes
    entries: Hashes
    filter: Hashes
    bits: int


class Grams(NamedTuple):
    """The gram sets of prompts, and an index of the few rarest grams of each.

    Prompt p has ``hashes[starts[p] : starts[p] + sizes[p]]``, ascending; a similar text has at least `least[p]` of its
    grams in the table, whose postings' numbers are the sizes of the prompts, ascending for a key.
    """

    hashes: Hashes
    starts: Ints
    sizes: Ints
    least: Ints
    table: Table


class Anchored(NamedTuple):
    """Prompts for `match_characters`.

    Prompt p has the grams ``grams[starts[p] : starts[p + 1]]`` in reading order, and ``known[places[p] : places[p +
    1]]`` in ascending order, each once, with their ``weights``; `bitmaps` has `WORDS` words a prompt, of whose bits
    every gram sets one. `sieve` has 2 ** `sieve_bits` bits, of which every key of the table sets one, by its first
    bits: few enough for a processor's cache.

    The keys of the table are anchors, 10-grams of characters (see `anchor`). A posting is a prompt << 40 | the anchor's
    position << 26 | the prompt's class << 24 | a mark of a gram before the anchor << 12 | one of a gram behind it. The
    class says how long a shared run has to be: 10, 12 or 16 characters, 7, 9 or 13 grams. So one of the grams that end
    the run 0, 1 or 3 characters before or behind the anchor must be shared too; a mark is that gram modulo 4095, or
    4095 if there is none.
    """

    grams: Hashes
    starts: Ints
    known: Hashes
    places: Ints
    weights: Bytes
    bitmaps: Hashes
    sieve: Hashes
    sieve_bits: int
    table: Table
