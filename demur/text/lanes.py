"""What kernels of several modules call: sixty-four bytes at a time, which no loop is compiled to, and hashes in order.

numba does not see changes in a function called from another file, so these never change: who needs another one adds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LANES = 64
FEW = 24  # numbers that are sorted one by one


def in_range(data: NDArray[np.uint8], at: int, fold: int, first: int, last: int) -> np.uint64:
    """Which of the 64 bytes from a place on, each with the bits of `fold` set, are first..last: a bit each.

    All 64 have to be there: nobody looks.

    Example:
        >>> text = np.frombuffer(b"Tea, 2 cups".ljust(64), np.uint8)
        >>> [f"{int(in_range(text, 0, fold, *ends)):011b}"[::-1] for fold, ends in ((32, b"az"), (0, b"09"))]
        ['11100001111', '00000100000']
    """
    bytes = data[at : at + LANES] | np.uint8(fold)
    bits = np.packbits((bytes >= first) & (bytes <= last), bitorder="little")
    return np.uint64(int.from_bytes(bits.tobytes(), "little"))


def ones(bits: np.uint64) -> int:
    """The number of bits that are set.

    Example:
        >>> ones(np.uint64(0b1011))
        3
    """
    return int(bits).bit_count()


def lowest(bits: np.uint64) -> int:
    """The place of the lowest bit that is set; 64 if none is.

    Example:
        >>> lowest(np.uint64(0b1000)), lowest(np.uint64(0))
        (3, 64)
    """
    last = int(bits) | 1 << LANES
    return (last & -last).bit_length() - 1


def sort_hashes(hashes: NDArray[np.uint64]) -> None:
    """Sort in place; several times as fast as any numbers where the highest bits are spread evenly, as those of hashes.

    Example:
        >>> hashes = np.array([9, 1 << 63, 4, 9], np.uint64)
        >>> sort_hashes(hashes)
        >>> hashes.tolist()
        [4, 9, 9, 9223372036854775808]
    """
    hashes.sort()


def sort_ranks(ranks: NDArray[np.uint64]) -> None:
    """Sort in place; several times as fast as any numbers where those with the same highest byte are in order already.

    Example:
        >>> ranks = np.array([1 << 56 | 7, 3, 1 << 56 | 9, 5], np.uint64)
        >>> sort_ranks(ranks)
        >>> [divmod(rank, 1 << 56) for rank in ranks.tolist()]
        [(0, 3), (0, 5), (1, 7), (1, 9)]
    """
    ranks.sort()


def register() -> None:
    """Tell numba what kernels that call these functions are compiled to."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic, overload, register_jitable

    byte, bit = ir.IntType(8), ir.IntType(1)
    lanes = ir.VectorType(byte, LANES)

    def all_lanes(builder: Any, value: Any) -> Any:
        one = builder.insert_element(ir.Constant(lanes, ir.Undefined), builder.trunc(value, byte), ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), order)

    def compared(typing: Any, data: Any, at: Any, fold: Any, first: Any, last: Any) -> Any:
        def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            place = builder.bitcast(builder.gep(array.data, [arguments[1]]), lanes.as_pointer())
            bits, low, high = (all_lanes(builder, each) for each in arguments[2:])
            bytes = builder.or_(builder.load(place, align=1), bits)
            there = builder.icmp_unsigned("<=", builder.sub(bytes, low), builder.sub(high, low))
            return builder.bitcast(there, ir.IntType(LANES))

        return types.uint64(data, types.int64, types.int64, types.int64, types.int64), made

    def counted(typing: Any, bits: Any) -> Any:
        return types.int64(types.uint64), lambda context, builder, signature, arguments: builder.ctpop(arguments[0])

    def found(typing: Any, bits: Any) -> Any:
        def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], bit(0))

        return types.int64(types.uint64), made

    compare, count, find = intrinsic(compared), intrinsic(counted), intrinsic(found)

    def in_range_compiled(data: Any, at: Any, fold: Any, first: Any, last: Any) -> Any:
        if data.layout != "C":
            return None  # bytes that do not stand beside each other
        return lambda data, at, fold, first, last: compare(data, at, fold, first, last)

    def inserted(values: Any, most: Any) -> Any:
        moved = 0
        for at in range(1, len(values)):
            value, hole = values[at], at - 1
            while hole >= 0 and values[hole] > value:
                values[hole + 1] = values[hole]
                hole -= 1
            values[hole + 1] = value
            moved += at - 1 - hole
            if moved > most:
                return False
        return True

    insert = register_jitable(inserted)

    def dealt(values: Any, high: Any) -> None:
        ends, low = np.zeros((1 << high) + 1, np.int64), np.uint64(64 - high)
        for value in values:
            ends[(value >> low) + np.uint64(1)] += 1
        for place in range(1, len(ends)):
            ends[place] += ends[place - 1]
        for value in values.copy():
            place = value >> low
            values[ends[place]] = value
            ends[place] += 1
        if not insert(values, 8 * len(values)):
            values.sort()

    deal = register_jitable(dealt)

    def sort_hashes_compiled(hashes: Any) -> None:
        if len(hashes) <= FEW:
            insert(hashes, FEW * FEW)
            return
        high = 1
        while 1 << high < len(hashes) and high < 16:
            high += 1
        deal(hashes, high)

    def sort_ranks_compiled(ranks: Any) -> None:
        if len(ranks) <= FEW:
            insert(ranks, FEW * FEW)
        else:
            deal(ranks, 8)

    overload(in_range, strict=False)(in_range_compiled)
    overload(ones, strict=False)(lambda bits: lambda bits: count(bits))
    overload(lowest, strict=False)(lambda bits: lambda bits: find(bits))
    overload(sort_hashes, strict=False)(lambda hashes: sort_hashes_compiled)
    overload(sort_ranks, strict=False)(lambda ranks: sort_ranks_compiled)
