"""Plots of audits: one look, and bytes that depend on what is drawn alone. Only these functions import matplotlib."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from demur.errors import UsageError, shown
from demur.files.whole import write_whole

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Told apart by colour-blind readers. Source: Okabe and Ito (2008), "Color universal design"."""

_SUFFIXES = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}


def check_path(path: Path) -> None:
    """Say that a plot cannot be made before anything is measured for it.

    Raises:
        UsageError: another kind of file, or matplotlib is not installed.
    """
    if path.suffix not in _SUFFIXES:
        msg = "Unknown kind of plot"
        raise UsageError(
            msg, where=path, expected=", ".join(_SUFFIXES), got=shown(path.suffix) if path.suffix else None
        )
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        msg = "Plots need matplotlib"
        raise UsageError(msg, where=path, got=error.msg, fix="Run `pip install 'demur[plots]'`.") from error


def panels(
    rows: int, columns: int, size: tuple[float, float], *, sharex: bool = False, sharey: bool = False
) -> tuple[Any, list[Any]]:
    """A figure of ``size`` inches and its axes, row by row, with a light horizontal grid.

    No pyplot: a figure that is not shown needs no window system and leaves no state behind.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey).ravel().tolist()
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(axis="y", color="#dddddd", linewidth=0.6)
        each.set_axisbelow(True)
    return figure, axes


def save(figure: Any, path: Path) -> None:
    """Write a figure; the same figure gives the same bytes with the same matplotlib.

    Raises:
        UsageError: another kind of file.
        OutputError: the file cannot be written.
    """
    check_path(path)
    import matplotlib

    drawn = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "demur"}):
        figure.savefig(drawn, format=path.suffix[1:], dpi=150, metadata=_SUFFIXES[path.suffix])
    write_whole(path, drawn.getvalue(), "The plot cannot be written")
