"""Kernel: keyed blake2b (RFC 7693) of many short keys, eight at a time; as `demur.draws.position` by hashlib."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demur.text.compiled import inner, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
U = np.uint64

LANES = 8
"""Keys that are hashed side by side."""

BLOCK = 128
"""Bytes of the longest key: one block."""

DIGEST = 6
"""Bytes of the hash."""

IV = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip

SIGMA = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ],
    np.int64,
)


@inner
def turned(value: np.uint64, bits: int) -> np.uint64:
    return (value >> U(bits)) | (value << U(64 - bits))


@inner
def compress(state: Hashes, words: Hashes, length: Hashes, last: np.uint64, iv: Hashes, sigma: Ints, v: Hashes) -> None:
    """One block of every lane: `state` is 8 x lanes, `words` 16 x lanes, `v` room for 16 x lanes."""
    for at in range(8):
        for lane in range(LANES):
            v[at, lane] = state[at, lane]
            v[at + 8, lane] = iv[at]
    for lane in range(LANES):
        v[12, lane] ^= length[lane]
        v[14, lane] ^= last
    for turn in range(12):
        for mix in range(8):
            shift = mix // 4  # columns, then diagonals
            a, b = mix % 4, 4 + (mix + shift) % 4
            c, d = 8 + (mix + 2 * shift) % 4, 12 + (mix + 3 * shift) % 4
            x, y = sigma[turn % 10, 2 * mix], sigma[turn % 10, 2 * mix + 1]
            for lane in range(LANES):
                one, two, three, four = v[a, lane], v[b, lane], v[c, lane], v[d, lane]
                one += two + words[x, lane]
                four = turned(four ^ one, 32)
                three += four
                two = turned(two ^ three, 24)
                one += two + words[y, lane]
                four = turned(four ^ one, 16)
                three += four
                two = turned(two ^ three, 63)
                v[a, lane], v[b, lane], v[c, lane], v[d, lane] = one, two, three, four
    for at in range(8):
        for lane in range(LANES):
            state[at, lane] ^= v[at, lane] ^ v[at + 8, lane]


@kernel
def hash_keys(
    data: Bytes, offsets: Ints, first: int, last: int, salt: Bytes, iv: Hashes, sigma: Ints, out: Hashes
) -> None:
    """The hash of the keys first..last, each of 1 to 128 bytes, as a number (its first byte is the highest)."""
    begun, state = np.empty((8, LANES), np.uint64), np.empty((8, LANES), np.uint64)
    words, room = np.zeros((16, LANES), np.uint64), np.empty((16, LANES), np.uint64)
    length = np.full(LANES, U(BLOCK))
    for lane in range(LANES):
        for at in range(8):
            begun[at, lane] = iv[at]
        begun[0, lane] ^= U(0x01010000) ^ (U(len(salt)) << U(8)) ^ U(DIGEST)
        for at in range(len(salt)):
            words[at // 8, lane] |= U(salt[at]) << U(8 * (at % 8))
    compress(begun, words, length, U(0), iv, sigma, room)  # the salt's block is the same for every key
    for key in range(first, last, LANES):
        count = min(LANES, last - key)
        words[:] = U(0)
        for lane in range(count):
            begin = offsets[key + lane]
            size = offsets[key + lane + 1] - begin
            for at in range(size):
                words[at >> 3, lane] |= U(data[begin + at]) << U(8 * (at & 7))
            length[lane] = U(BLOCK) + U(size)
        state[:] = begun
        compress(state, words, length, U(0xFFFFFFFFFFFFFFFF), iv, sigma, room)
        for lane in range(count):
            number = U(0)
            for at in range(DIGEST):
                number = number << U(8) | (state[0, lane] >> U(8 * at)) & U(255)
            out[key + lane] = number
