"""Files so small that nothing is compiled for them, or loaded that was: that would take longer than the check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from demur.files.bounds import is_regular

_LIGHT = 4 << 20
"""Bytes of files that are checked without compiling anything: of more, it pays to load what was compiled before."""


def are_light(paths: Iterable[Path]) -> bool:
    """Whether files have few bytes in all; what is no regular file shows its own as it is read.

    Example:
        >>> are_light([])
        True
    """
    return sum(path.stat().st_size for path in paths if is_regular(path)) < _LIGHT


def weighed(seen: list[int], grown: Callable[[], None], size: int) -> None:
    """Compile, once files that looked light have given twice as many bytes.

    Args:
        seen: bytes that they have given, which grow.
        grown: is called then.
        size: further bytes.

    Example:
        >>> seen = [0]
        >>> for size in (1, 8 << 20, 1):
        ...     weighed(seen, lambda: print(seen), size)
        [8388609]
        [8388610]
    """
    seen[0] += size
    if seen[0] > 2 * _LIGHT:
        grown()
