"""Two tables side by side by a key, and which cells differ: joins and comparisons over whole columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Aligned:
    """Two tables by a key that stands once in each.

    Attributes:
        gone: rows that only the old one has, by the key.
        come: rows that only the new one has, by the key.
        before: rows of the old one that both have, by the key; ``after``: the same rows of the new one.
    """

    gone: pa.Table
    come: pa.Table
    before: pa.Table
    after: pa.Table


def aligned(old: pa.Table, new: pa.Table, key: str = "record_id") -> Aligned:
    """Lay two tables side by side.

    Example:
        >>> old, new = (pa.table({"record_id": ids}) for ids in (["b", "a"], ["c", "b"]))
        >>> found = aligned(old, new)
        >>> [found.gone["record_id"].to_pylist(), found.come["record_id"].to_pylist(), found.after.num_rows]
        [['a'], ['c'], 1]
    """
    old, new = old.sort_by(key), new.sort_by(key)
    here, there = pc.is_in(old[key], new[key].combine_chunks()), pc.is_in(new[key], old[key].combine_chunks())
    return Aligned(
        gone=old.filter(pc.invert(here)),
        come=new.filter(pc.invert(there)),
        before=old.filter(here),
        after=new.filter(there),
    )


def differs(one: pa.ChunkedArray | pa.Array, two: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    """Where two columns of one length differ, nested ones and null cells too.

    Example:
        >>> differs(pa.array([["a"], [], None, ["a", None]]), pa.array([["b"], [], [], ["a", None]])).tolist()
        [True, False, True, False]
        >>> differs(pa.array([{"n": 1}, {"n": None}]), pa.array([{"n": 1}, {"n": 2}])).tolist()
        [False, True]
    """
    one, two = (each.combine_chunks() if isinstance(each, pa.ChunkedArray) else each for each in (one, two))
    if one.equals(two):
        return np.zeros(len(one), np.bool_)
    one, two = (each.dictionary_decode() if pa.types.is_dictionary(each.type) else each for each in (one, two))
    try:
        return _differs(one, two if one.type == two.type else two.cast(one.type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a type that changed beyond a cast, or that has no kernel
        pairs = zip(one.to_pylist(), two.to_pylist(), strict=True)
        return np.fromiter((left != right for left, right in pairs), np.bool_, len(one))


def _differs(one: pa.Array, two: pa.Array) -> NDArray[np.bool_]:
    valid = [_mask(each.is_valid()) for each in (one, two)]
    found: NDArray[np.bool_] = np.logical_xor(*valid)
    kind = one.type
    if pa.types.is_null(kind):
        return found
    if pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            found |= differs(*(pc.struct_field(each, [number]) for each in (one, two)))
        return found
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = [pc.list_value_length(each).fill_null(0).to_numpy(zero_copy_only=False) for each in (one, two)]
        found |= lengths[0] != lengths[1]
        same = ~found & valid[0]
        left, right = (each.filter(pa.array(same)) for each in (one, two))
        inner = differs(left.flatten(), right.flatten())
        parents = pc.list_parent_indices(left).to_numpy(zero_copy_only=False)
        found[np.flatnonzero(same)[parents[inner]]] = True
        return found
    found |= _mask(pc.not_equal(one, two).fill_null(False))
    return found


def _mask(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
