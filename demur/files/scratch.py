"""Memory that a thread uses again and again: pages that are new to a process cost more than what is written to them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Scratch(threading.local):
    """Arrays by name, of every thread its own, with whatever was left in them; they go with it, or with their thread.

    Example:
        >>> scratch = Scratch()
        >>> one, two = scratch("ends", 10, np.int32), scratch("ends", 5, np.int32)
        >>> len(two), np.shares_memory(one, two)
        (5, True)
    """

    def __init__(self) -> None:
        self._held: dict[str, NDArray[Any]] = {}

    def __call__(self, name: str, size: int, kind: type[np.generic]) -> NDArray[Any]:
        """An array of so many elements; what was given under the name before lies in the same place."""
        held = self._held.get(name)
        if held is None or len(held) < size:
            held = self._held[name] = np.empty(size, kind)
        return held[:size]
