"""Memory that nothing uses any more, and that the C library keeps for the thread that had it."""

from __future__ import annotations

import ctypes
import sys


def release() -> None:
    """Give it back to the system, where that can be asked for: each of several threads would keep its own most.

    Example:
        >>> release()
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
