"""Files packed with gzip or Zstandard: unpacked as they are read, never to more than fits where the whole is wanted."""

from __future__ import annotations

import gzip
import io
from errno import EINVAL
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from demur.errors import UsageError
from demur.files.bounds import TooLarge, bounds, is_regular

PACKED = (".gz", ".zst")


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
        OSError: it cannot be opened, or is a pipe or a device, which may have no end.
        TooLarge: while it is read: it unpacks to more than `Bounds.unpacked` allows.
    """
    if path.exists() and not is_regular(path):
        raise OSError(EINVAL, "it is no regular file")
    most = bounds().unpacked_of(path.stat().st_size)
    if path.name.lower().endswith(".zst"):
        if not has_zstandard():
            msg = "This build of pyarrow has no Zstandard"
            raise UsageError(msg, where=path, fix="Install pyarrow's wheel, which has it, or unpack the file.")
        return _counted(pa.input_stream(path, compression="zstd"), most)
    return _counted(gzip.open(path, "rb"), most) if is_packed(path.name) else path.open("rb")


class _Counted(io.RawIOBase):
    """A stream that ends with an error where it gives too much."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream, self._left, self._most = stream, most, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(min(len(buffer), _CHUNK))
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(_UNPACKS, "unpacked", self._most)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


_UNPACKS, _CHUNK = "it unpacks to", 1 << 18


def _counted(stream: Any, most: int) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Counted(stream, most), _CHUNK))


def read_whole(path: Path) -> bytes:
    """All bytes of a file, unpacked.

    Raises:
        TooLarge: it is packed, and unpacks to more than `Bounds.unpacked` allows.
        OSError, EOFError, zlib.error: it cannot be read.
    """
    with open_file(path) as stream:
        if not is_packed(path.name):
            return stream.read()
        return _limited(stream, bounds().unpacked_of(path.stat().st_size))


def unpack(data: bytes) -> bytes:
    """What gzip packed.

    Raises:
        TooLarge: that is more than four times `Bounds.unpacked`.
        OSError, EOFError, zlib.error: the bytes are truncated or broken.

    Example:
        >>> unpack(gzip.compress(b"rows"))
        b'rows'
    """
    with gzip.open(io.BytesIO(data)) as stream:
        return _limited(stream, 4 * bounds().unpacked)


def _limited(stream: BinaryIO | gzip.GzipFile, most: int) -> bytes:
    unpacked = stream.read(most + 1)
    if len(unpacked) > most:
        raise TooLarge(_UNPACKS, "unpacked", most)
    return unpacked
