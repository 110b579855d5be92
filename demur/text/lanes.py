"""Sixty-four bytes at a time, for kernels: what vector instructions do, and no loop over numbers is compiled to.

numba does not see changes in a function called from another file, so these never change: who needs another one adds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LANES = 64


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


def register() -> None:
    """Tell numba what kernels that call these functions are compiled to."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic, overload

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

    overload(in_range, strict=False)(in_range_compiled)
    overload(ones, strict=False)(lambda bits: lambda bits: count(bits))
    overload(lowest, strict=False)(lambda bits: lambda bits: find(bits))
