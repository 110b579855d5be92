"""Files packed with gzip or Zstandard: unpacked as they are read, never to more than fits where the whole is wanted."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from demur.errors import UsageError

PACKED = (".gz", ".zst")

MAX_UNPACKED = 256 * 2**20
"""Bytes that a packed file may give where it is read as a whole: far above what a set of prompts has, far below what a
few packed kilobytes can become."""


class TooLarge(ValueError):
    """A packed file that unpacks to more bytes than ``most``."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"it unpacks to more than {most} bytes")


def is_packed(name: str) -> bool:
    """Whether a file of this name is packed.

    Example:
        >>> is_packed("rows.jsonl.GZ"), is_packed("rows.jsonl.zst"), is_packed("rows.jsonl")
        (True, True, False)
    """
    return name.lower().endswith(PACKED)


def unpacked_name(name: str) -> str:
    """The name without its packing, in small letters.

    Example:
        >>> unpacked_name("Rows.jsonl.GZ"), unpacked_name("rows.csv")
        ('rows.jsonl', 'rows.csv')
    """
    return next((name.lower().removesuffix(each) for each in PACKED if name.lower().endswith(each)), name.lower())


def has_zstandard() -> bool:
    """Whether this build of pyarrow has it; its wheels do."""
    return bool(pa.Codec.is_available("zstd"))


def open_file(path: Path) -> BinaryIO:
    """A file to be read in order, unpacked on the way; Zstandard is pyarrow's own.

    Raises:
        UsageError: a build of pyarrow without Zstandard.
    """
    if path.name.lower().endswith(".zst"):
        if not has_zstandard():
            msg = "This build of pyarrow has no Zstandard"
            raise UsageError(msg, where=path, fix="Install pyarrow's wheel, which has it, or unpack the file.")
        return io.BufferedReader(pa.input_stream(path, compression="zstd"))
    return gzip.open(path, "rb") if is_packed(path.name) else path.open("rb")  # type: ignore[return-value]


def read_whole(path: Path) -> bytes:
    """All bytes of a file, unpacked.

    Raises:
        TooLarge: it is packed, and unpacks to more than `MAX_UNPACKED` bytes.
        OSError, EOFError, zlib.error: it cannot be read.
    """
    if path.name.lower().endswith(".zst"):
        with open_file(path) as stream:
            return _limited(stream)
    return unpack(path.read_bytes()) if is_packed(path.name) else path.read_bytes()


def unpack(data: bytes) -> bytes:
    """What gzip packed.

    Raises:
        TooLarge: that is more than `MAX_UNPACKED` bytes.
        OSError, EOFError, zlib.error: the bytes are truncated or broken.

    Example:
        >>> unpack(gzip.compress(b"rows"))
        b'rows'
    """
    with gzip.open(io.BytesIO(data)) as stream:
        return _limited(stream)


def _limited(stream: BinaryIO | gzip.GzipFile) -> bytes:
    unpacked = stream.read(MAX_UNPACKED + 1)
    if len(unpacked) > MAX_UNPACKED:
        raise TooLarge(MAX_UNPACKED)
    return unpacked
