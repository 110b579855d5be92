"""Numbers that follow from a key and a seed alone: no draw depends on the order or the number of the rows."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from demur.errors import UsageError


def fold_of(pairs: NDArray[np.str_], folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of every row: pairs in the order of a seeded hash, dealt out in turn.

    Example:
        >>> found = fold_of(np.array(["a", "b", "a", "c"]), 3, seed=0)
        >>> bool(found[0] == found[2]), sorted(set(found.tolist()))
        (True, [0, 1, 2])
    """
    names, inverse = np.unique(pairs, return_inverse=True)
    key = f"demur-fold-{seed}".encode()
    order = np.argsort([hashlib.blake2b(name.encode(), digest_size=8, key=key).hexdigest() for name in names.tolist()])
    dealt = np.empty(len(names), np.int64)
    dealt[order] = np.arange(len(names)) % folds
    return dealt[inverse]


def rank(record_id: str, seed: int) -> bytes:
    """The place of a record in the seeded order: a function of its id and the seed alone."""
    return hashlib.blake2b(record_id.encode(), digest_size=8, key=f"demur-sample-{seed}".encode()).digest()


SALT = b"demur-split-v1"
"""One salt of the splits of every data set, so that a prompt is on the same side in all of them."""


def position(key: str) -> float:
    """The number in [0, 1) of a unit's key.

    Example:
        >>> round(position("demo"), 6) == round(position("demo"), 6) and 0 <= position("demo") < 1
        True
    """
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6, key=SALT).digest()) / 2**48


def uniform(record_id: str, seed: int, purpose: str, size: int) -> int:
    """A number in 0 .. size - 1, every one equally likely: 64 hashed bits, drawn again where a remainder would favour.

    Example:
        >>> uniform("ab", 7, "demo", 1)
        0
    """
    if not 1 <= size <= 1 << 64:
        msg = "Nothing to draw from"
        raise UsageError(msg, where=record_id, expected="1 to 2**64 values", got=size)
    fair = (1 << 64) - (1 << 64) % size
    attempt = 0
    while True:
        drawn = hashed(record_id, seed, purpose, attempt)
        if drawn < fair:
            return drawn % size
        attempt += 1


def hashed(record_id: str, seed: int, purpose: str, attempt: int = 0) -> int:
    """64 bits that depend on the record, the seed and what they are for, and on nothing else."""
    text = f"{purpose}\0{seed}\0{attempt}\0{record_id}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8, person=b"demur-training").digest(), "little")
