"""Pairs of a harmful and a safe prompt."""

from demur.kinds.contrast.kind import Contrast

__all__ = ["Contrast"]
