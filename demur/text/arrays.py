"""Arrow strings as the flat arrays that kernels read."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.files.numeric import to_bools

Texts: TypeAlias = pa.Array | pa.ChunkedArray | list[str] | list[str | None]


def as_array(texts: Texts) -> pa.LargeStringArray:
    """One contiguous array of 64-bit strings."""
    if isinstance(texts, list):
        return pa.array(texts, pa.large_string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
        if isinstance(texts, pa.ChunkedArray):  # more bytes than one chunk of 32-bit strings can hold
            texts = pa.chunked_array(texts.chunks, texts.type).cast(pa.large_string()).combine_chunks()
    return texts.cast(pa.large_string())


def buffers(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes and the offsets of a string array, not copied; both read-only."""
    _, offsets, data = texts.buffers()
    if offsets is None or offsets.size == 0:
        offsets = pa.py_buffer(bytes(8))
    if data is None or data.size == 0:
        data = pa.py_buffer(b" ")  # nothing points into it
    characters = np.frombuffer(data, np.uint8)
    places = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    # Some Arrow buffers are writable; to a kernel that would be another type, compiled anew.
    characters.flags.writeable = places.flags.writeable = False
    return characters, places


def is_ascii(texts: pa.LargeStringArray) -> bool:
    """Whether all texts are ASCII.

    Example:
        >>> is_ascii(pa.array(["tide", None], pa.large_string())), is_ascii(pa.array(["\u6f6e"], pa.large_string()))
        (True, False)
    """
    data, offsets = buffers(texts)
    return offsets[0] == offsets[-1] or bool(data[offsets[0] : offsets[-1]].max() < 128)


def apart(texts: pa.LargeStringArray, *, every: bool = False) -> tuple[pa.LargeStringArray, NDArray[np.int64]]:
    """Texts that are not ASCII (or every one), and each row's number among them: -1 for others, -2 for a null.

    Example:
        >>> found, numbers = apart(pa.array(["tide", "\u6f6e", None], pa.large_string()))
        >>> len(found), numbers.tolist()
        (1, [-1, 0, -2])
    """
    numbers = np.where(to_bools(texts.is_null()), -2, -1) if texts.null_count else np.full(len(texts), -1)
    if not every and is_ascii(texts):  # as nearly all are, and this is told at once
        return texts.slice(0, 0), numbers
    special = texts.is_valid() if every else pc.and_not_kleene(texts.is_valid(), pc.string_is_ascii(texts))
    chosen = to_bools(special)
    count = int(np.count_nonzero(chosen))
    numbers[chosen] = np.arange(count)
    return texts.filter(special) if count else texts.slice(0, 0), numbers
