"""Logs of Inspect, opened by Inspect's own reader, which is an extra."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from demur.errors import UsageError


def open_log(path: Path, note: Callable[[str], None], attachments: Literal["core"] | bool = False) -> Any:
    """The log of a file; None where it cannot be read, which is noted.

    Args:
        path: an ``.eval`` or ``.json`` file.
        note: gets what is wrong with it.
        attachments: whether long texts, which a log keeps apart, stand in their places.

    Raises:
        UsageError: inspect-ai is not installed.
    """
    try:
        from inspect_ai.log import read_eval_log
    except ModuleNotFoundError as error:
        msg = "Logs of Inspect need inspect-ai"
        raise UsageError(msg, where=path, got=error.msg, fix="Run `pip install 'demur[inspect]'`.") from error
    try:
        return read_eval_log(str(path), resolve_attachments=attachments)
    except Exception as error:  # zip, JSON and pydantic, each with errors of its own, which may quote a sample
        note(f"{path}: cannot be read as a log of Inspect ({type(error).__name__})")
        return None
