"""Splits that never move: a group's split follows from a hash of its members, or from the lock.

Every unit (a contrast pair, else a record) has a number in [0, 1) that depends on its key alone. A group takes the
smallest of its members' numbers, and the most protected split lies at the small end. So adding rows never moves a
group, unless groups merge, and then only towards the most protected split: the evaluation side wins.

A size is a share (0.8), a number of rows (200), or None for the rest. Shares are stable by themselves. Numbers of rows
are filled in the order of the groups' numbers, so a new group may displace another: pin published ones with the lock.
``{"test": 1.0}`` is an evaluation-only set.

The hash knows neither hazard nor source, so every stratum gets the shares up to chance: `unbalanced` holds each to
`TOLERANCE` standard deviations of the binomial law, a tolerance that a correct assignment exceeds once in 16,000 times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.draws import SALT, position
from demur.errors import UsageError
from demur.groups._positions import BLOCK, DIGEST, IV, SIGMA, hash_keys
from demur.text.arrays import as_array, buffers
from demur.text.compiled import interpreted, over_rows

Sizes = Mapping[str, float | int | None]
Column: TypeAlias = pa.Array | pa.ChunkedArray

TOLERANCE = 4.0
"""Standard deviations by which a stratum's share of a split may differ from the declared one."""

MANY = 100_000
"""Keys from which a kernel that hashes them is worth compiling."""


@dataclass(frozen=True)
class Move:
    """A locked record whose split changed because its group merged with a more protected one."""

    record_id: str
    was: str
    now: str


def assign(
    keys: Sequence[str],
    groups: np.ndarray,
    sizes: Sizes,
    ids: Sequence[str] | None = None,
    lock: Mapping[str, str] | None = None,
) -> tuple[list[str], list[Move]]:
    """The split of every row: `assign_codes`, by name."""
    codes, moves = assign_codes(keys, groups, sizes, ids, lock)
    names = list(sizes)
    return [names[code] for code in codes.tolist()], moves


def assign_codes(
    keys: Sequence[str] | Column,
    groups: np.ndarray,
    sizes: Sizes,
    ids: Sequence[str] | None = None,
    lock: Mapping[str, str] | None = None,
) -> tuple[NDArray[np.int64], list[Move]]:
    """The split of every row, as its place in `sizes`.

    Args:
        keys: unit key of every row: its pair id, else its record id; strings or an Arrow array of them, none null.
        groups: label of every row's group; equal labels share a split.
        sizes: split -> share of the groups, number of rows, or None for the rest; most protected split first.
        ids: record id of every row, to look up in the lock; by default the keys. Only read where there is a lock.
        lock: record id -> split of an earlier release. A group with locked members takes their most protected split.

    Returns:
        For every row the number of its split, and the locked records that had to move.

    Raises:
        UsageError: the sizes do not fit together, or the lock names a split that is not among them.

    Example:
        >>> codes, moves = assign_codes(["a", "b", "c"], np.array([0, 1, 0]), {"test": 0.5, "validation": 0.5})
        >>> bool(codes[0] == codes[2]), moves
        (True, [])
    """
    lock = lock or {}
    if not lock:
        ids = []
    elif ids is None:
        ids = keys.to_pylist() if isinstance(keys, Column) else keys
    check_sizes(sizes)
    if unknown := sorted({*lock.values()} - {*sizes}):
        msg = "The lock names a split that the builder does not have"
        raise UsageError(msg, expected=", ".join(sizes), got=", ".join(unknown))
    names = list(sizes)
    group, labels = _numbered(groups)
    hashed = np.ones(labels)
    np.minimum.at(hashed, group, _positions(keys))
    nobody = len(names)
    locked = np.full(labels, nobody)
    pinned = [row for row, id in enumerate(ids) if id in lock]
    np.minimum.at(locked, group[pinned], [names.index(lock[ids[row]]) for row in pinned])
    if all(isinstance(size, float) for size in sizes.values()):
        of_group = _by_share(hashed, sizes)
    else:
        of_group = _by_number(hashed, sizes, np.bincount(group, minlength=labels), locked)
    of_group = np.where(locked < nobody, locked, of_group)
    codes = of_group[group]
    now = [(ids[row], names[codes[row]]) for row in pinned]
    moves = {Move(id, lock[id], split) for id, split in now if lock[id] != split}
    return codes, sorted(moves, key=lambda move: move.record_id)


def _numbered(groups: np.ndarray) -> tuple[NDArray[np.int64], int]:
    """A number below the second value for every row, the same for equal labels."""
    if groups.dtype == np.int64 and len(groups) and groups.min() >= 0 and groups.max() < len(groups):
        return groups, len(groups)  # labels are rows
    labels, group = np.unique(groups, return_inverse=True)
    return group, len(labels)


def _positions(keys: Sequence[str] | Column) -> NDArray[np.float64]:
    """The number of every key: see `demur.draws.position`."""
    texts = as_array(keys if isinstance(keys, Column) else list(keys))
    data, offsets = buffers(texts)
    lengths = np.diff(offsets)
    if len(texts) < MANY or interpreted() or lengths.min() < 1 or lengths.max() > BLOCK:
        return np.fromiter(map(position, texts.to_pylist()), float, len(texts))
    found = np.empty(len(texts), np.uint64)
    salt = np.frombuffer(SALT, np.uint8)
    over_rows(lambda a, b: hash_keys(data, offsets, a, b, salt, IV, SIGMA, found), len(texts))
    return found / 2.0 ** (8 * DIGEST)


def check_sizes(sizes: Sizes) -> None:
    """Make sure that sizes fit together: shares that add up to 1, or numbers of rows with one None for the rest.

    Raises:
        UsageError: they do not.

    Example:
        >>> check_sizes({"test": 200, "validation": 50, "train": None})
    """
    shares = [size for size in sizes.values() if isinstance(size, float)]
    rests = sum(size is None for size in sizes.values())
    if shares and len(shares) == len(sizes) and min(shares) > 0 and abs(sum(shares) - 1) < 1e-9:
        return
    if shares or rests != 1 or any(size is not None and size < 1 for size in sizes.values()):
        msg = "The sizes of the splits do not fit together"
        expected = "shares above 0 that add up to 1, or numbers of rows and one None for the rest"
        raise UsageError(msg, expected=expected, got=dict(sizes))


def unbalanced(
    strata: Sequence[str], splits: Sequence[str], shares: Mapping[str, float], merged: float = 0.0
) -> list[tuple[str, str, float]]:
    """Strata whose share of a split is off by more than `TOLERANCE` standard deviations.

    Args:
        strata: stratum of every unit that was assigned on its own (a group, not its rows).
        splits: split of every unit.
        shares: the declared shares, the most protected split first.
        merged: by how much the first may lie above its share, and others below, because groups of several units take
            the smallest of their numbers.

    Returns:
        Stratum, split and the observed share of each that is off, sorted.

    Example:
        >>> unbalanced(["a"] * 100, ["test"] * 100, {"test": 0.5, "train": 0.5})
        [('a', 'test', 1.0), ('a', 'train', 0.0)]
    """
    counts = Counter(zip(strata, splits, strict=True))
    off = []
    for stratum, n in Counter(strata).items():
        for split, share in shares.items():
            observed = counts[stratum, split] / n
            room = TOLERANCE * (share * (1 - share) / n) ** 0.5
            first = split == next(iter(shares))
            more, less = (room + merged, room) if first else (room, room + merged)
            if not -less <= observed - share <= more:
                off.append((stratum, split, observed))
    return sorted(off)


def _by_share(hashed: NDArray[np.float64], sizes: Sizes) -> NDArray[np.int64]:
    edges = np.cumsum([size or 0 for size in sizes.values()])
    return np.minimum(np.searchsorted(edges, hashed, side="right"), len(edges) - 1)


def _by_number(
    hashed: NDArray[np.float64], sizes: Sizes, rows: NDArray[np.int64], locked: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Fill numbered splits, most protected first, with groups in the order of their numbers; others get the rest."""
    names = list(sizes)
    rest = next(number for number, name in enumerate(names) if sizes[name] is None)
    assigned = np.where(locked < len(names), locked, rest)
    order = np.argsort(hashed, kind="stable")
    order = order[locked[order] == len(names)]
    for number, size in enumerate(sizes.values()):
        if size is None:
            continue
        room = size - int(rows[locked == number].sum())
        for group in order[assigned[order] == rest].tolist():
            if rows[group] <= room:
                assigned[group] = number
                room -= int(rows[group])
        if room > 0:
            msg = "A split cannot be filled to its number of rows"
            got = f"{names[number]}: {room:g} rows short"
            raise UsageError(msg, got=got, fix="Ask for fewer rows, or add sources.")
    return assigned


def read_lock(path: Path) -> dict[str, str]:
    """Read a lock file: one ``record_id split`` a line.

    Raises:
        UsageError: the file is missing, or a line is not of that form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        msg = "The lock file cannot be read"
        raise UsageError(msg, where=path, got=error) from error
    lock: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        parts = line.split(" ")
        if len(parts) != 2 or len(parts[0]) != 32 or parts[0] in lock:
            msg = "The lock file is broken"
            raise UsageError(msg, where=f"{path}, line {number}", expected="a record id, once, and its split")
        lock[parts[0]] = parts[1]
    return lock


def write_lock(ids: Sequence[str], splits: Sequence[str]) -> str:
    """The text of a lock file: sorted, one record a line."""
    return "".join(f"{id} {split}\n" for id, split in sorted(set(zip(ids, splits, strict=True))))
