"""Asking a model about many texts: the options of it, padding, and batches that are halved where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import click

from demur.errors import UsageError

Side = Literal["left", "right"]
T = TypeVar("T")


def options(batch: int, of: str, padding: Side) -> tuple[click.Option, ...]:
    """The options of every audit that asks models.

    Args:
        batch: the default number in one pass.
        of: what there is a number of, such as "Prompts".
        padding: the default side of the padding.
    """
    sides = click.Choice(["left", "right"])
    most = f"{of} in one pass, at most."
    return (
        click.Option(
            ["--dtype"],
            type=click.Choice(["float32", "bfloat16"]),
            default="float32",
            show_default=True,
            help="Of the weights.",
        ),
        click.Option(
            ["--device"], default="auto", show_default=True, help="cpu, cuda, or auto: the GPU if there is one."
        ),
        click.Option(["--batch"], type=click.IntRange(1), default=batch, show_default=True, help=most),
        click.Option(
            ["--padding"], type=sides, default=padding, show_default=True, help="Where short texts are filled."
        ),
    )


def in_batches(
    lengths: Sequence[int], wanted: Sequence[int], batch: int, ask: Callable[[list[int]], T], what: str
) -> Iterator[tuple[list[int], T]]:
    """Ask about rows in batches of about equal length, the longest first: memory runs out early, or not at all.

    Args:
        lengths: tokens of every row.
        wanted: the rows to ask about.
        batch: rows in one pass; halved where memory runs out.
        ask: one pass, from the rows to what comes of it.
        what: a row, such as "prompt".

    Yields:
        The rows of a pass, and what came of it.

    Raises:
        UsageError: memory does not even hold one row.

    Example:
        >>> [rows for rows, _ in in_batches([1, 5, 3], [0, 1, 2], 2, lambda rows: None, "prompt")]
        [[1, 2], [0]]
    """
    order = sorted(wanted, key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        rows = order[start : start + batch]
        try:
            found = ask(rows)
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and not _of_memory(error):
                raise
            if batch == 1:
                msg = f"Memory does not hold one {what}"
                fix = "Use --dtype bfloat16, a smaller model, or a larger machine."
                raise UsageError(msg, got=f"{lengths[rows[0]]} tokens", fix=fix) from None
            batch = max(1, batch // 2)
            continue
        yield rows, found
        start += len(rows)


def _of_memory(error: RuntimeError) -> bool:
    """On a CPU, memory that runs out is a plain RuntimeError."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "memory" in str(error)


def padded(rows: Sequence[Sequence[int]], padding: Side) -> dict[str, Any]:
    """Rows of tokens as one batch, as every causal model of transformers takes it: ids, attention mask, positions."""
    import numpy as np
    import torch

    longest = max(map(len, rows))
    ids = np.zeros((len(rows), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, each in enumerate(rows):
        place = slice(0, len(each)) if padding == "right" else slice(longest - len(each), longest)
        ids[row, place] = each
        mask[row, place] = 1
    positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)
    named = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
    return {name: torch.from_numpy(values) for name, values in named.items()}
