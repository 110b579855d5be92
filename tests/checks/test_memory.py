"""Memory is given back where the C library can, and asking for it harms nowhere."""

from __future__ import annotations

import ctypes
import sys

import pytest

from demur.checks.memory import release


def test_the_c_library_is_asked_on_linux_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Library:
        def __init__(self, name: str | None) -> None:
            self.malloc_trim = asked.append

    monkeypatch.setattr(ctypes, "CDLL", Library)
    monkeypatch.setattr(sys, "platform", "linux")
    release()
    monkeypatch.setattr(sys, "platform", "darwin")
    release()
    assert asked == [0]


def test_a_c_library_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    monkeypatch.setattr(sys, "platform", "linux")
    release()
