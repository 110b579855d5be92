"""Where refusals begin in a file or a built training set: read it, measure it, show it as a table, JSON or a plot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from demur.audits.plots import COLORS, panels, save
from demur.audits.position.position import EARLY, LATE, Positions, refusal_positions
from demur.errors import FormatError, UsageError
from demur.files.strict import read_column
from demur.kinds.training import Training
from demur.rates import Rate
from demur.sets.manifest_file import read_manifest

_BAR = 30  # characters of a bar that stands for all refusals

_KINDS = {"refusal_mle": ("refusal_mle",), "refusal_mle and prefix_mle": ("refusal_mle", "prefix_mle")}
"""What is measured of a training set: its plain refusals, which all begin an answer, and what prefixes make of them."""


@dataclass(frozen=True)
class Part:
    """What was measured together, and its name: a file, or some kinds of row of a config."""

    name: str
    positions: Positions

    def summary(self) -> dict[str, Any]:
        """Rates, each with n and its 95 % interval, and the histogram; what is unknown is null."""
        found = self.positions
        rows = found.histogram().to_pylist()
        return {
            "name": self.name,
            "unit": found.unit,
            "refusals": _rate(found.refusals),
            "empty": found.empty,
            f"in_first_{EARLY}": _rate(found.early),
            f"beyond_{LATE}": _rate(found.late),
            "histogram": [
                {
                    **{name: row[name] for name in ("first", "last", "count")},
                    "share": row["share"] if found.starts else None,
                    "interval": [row["low"], row["high"]],
                }
                for row in rows
            ],
        }


def measure(
    path: Path,
    column: str = "response",
    prefix: str | None = None,
    where: Mapping[str, str] | None = None,
    tokenizer: Any = None,
) -> list[Part]:
    """Measure a Parquet, JSON Lines or CSV file, or a folder that ``demur build`` wrote.

    Args:
        path: the file or folder. Of a folder the refusals of every config are measured: those of plain rows, and those
            of plain and prefix rows together, where a refusal's position counts the prefix that stands before it.
            ``where`` may name one kind instead.
        column: the responses of a file; missing ones count as empty.
        prefix: column with the part of an answer that was written before the response.
        where: column -> the value that a row needs to be measured.
        tokenizer: a fast tokenizer; None counts words.

    Raises:
        FormatError: the file cannot be read or holds no rows.
        UsageError: no such column, no row fits ``where``, or a folder without training rows.
        ManifestError: a folder that ``demur build`` did not write.
    """
    where = dict(where or {})
    if not path.is_dir():
        return [Part(path.name, _measured([path], column, prefix, [where], tokenizer))]
    manifest = read_manifest(path)
    if manifest.kind != Training.name:
        msg = "The set holds no responses"
        raise UsageError(msg, where=path, expected="a set of training rows", got=manifest.kind)
    asked = {where["kind"]: (where["kind"],)} if "kind" in where else _KINDS
    parts = []
    for config in manifest.configs:
        files = sorted((path / config.name).glob("*.parquet"))
        for name, kinds in asked.items():
            wanted = [{**where, "kind": kind} for kind in kinds]
            found = _measured(files, "target", "context_prefix", wanted, tokenizer)
            parts.append(Part(f"{config.name}: {name}", found))
    return parts


def show(parts: Iterable[Part]) -> None:
    """Print a table for each part: a bar, a share and its interval for every bin."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=100, markup=False)  # file names may look like markup
    for part in parts:
        found = part.positions
        table = Table("begins at", "refusals", "share", "95 % interval", "", title=part.name, title_justify="left")
        for column in table.columns[:-1]:
            column.justify = "right"
        for row in found.histogram().to_pylist() if found.starts else ():
            bar = "\u2588" * round(_BAR * row["share"]) or ("\u258f" if row["count"] else "")
            interval = f"{100 * row['low']:.1f}-{100 * row['high']:.1f}"
            table.add_row(_label(row, " "), f"{row['count']:,}", f"{100 * row['share']:.1f} %", interval, bar)
        console.print(table if found.starts else part.name)
        console.print(f"{found}\n", highlight=False)


def plot(parts: Sequence[Part], path: Path) -> None:
    """Draw the share of refusals by position, with its interval, a panel for each part."""
    figure, axes = panels(len(parts), 1, (7.5, 0.6 + 2.4 * len(parts)), sharex=True, sharey=True)
    for part, panel in zip(parts, axes, strict=True):
        rows = part.positions.histogram().to_pylist() if part.positions.starts else []
        places, shares = range(len(rows)), [row["share"] for row in rows]
        # an interval may end a rounding error inside its own share
        off = [[max(0.0, side) for side in sides] for sides in zip(
            *((row["share"] - row["low"], row["high"] - row["share"]) for row in rows), strict=True
        )]  # fmt: skip
        if rows:
            panel.bar(places, shares, color=COLORS[0], yerr=off, ecolor="#555555", capsize=2)
            panel.set_xticks(places, [_label(row, "\n") for row in rows], fontsize="small")
        panel.set_title(f"{part.name} ({len(part.positions.starts):,} refusals)", loc="left", fontsize="medium")
        panel.set(ylabel="share of refusals", ylim=(0, 1))
    axes[-1].set_xlabel(f"{parts[0].positions.unit} at which the refusal begins; lines: 95 % intervals")
    save(figure, path)


def _measured(
    files: Sequence[Path], column: str, prefix: str | None, wanted: Sequence[Mapping[str, str]], tokenizer: Any
) -> Positions:
    names = list(dict.fromkeys([column, *([prefix] if prefix else []), *wanted[0]]))
    rows = fitting = 0

    def answers() -> Iterator[tuple[str, str]]:
        nonlocal rows, fitting
        for row in chain.from_iterable(_rows(file, names) for file in files):
            rows += 1
            if any(all(row[name] == value for name, value in each.items()) for each in wanted):
                fitting += 1
                yield (row[prefix] or "" if prefix else ""), row[column] or ""

    found = refusal_positions(answers(), tokenizer)
    if not rows:
        msg = "The file holds no rows"
        raise FormatError(msg, where=files[0] if files else None, expected="at least one row", got=0)
    if not fitting:
        msg = "No row fits"
        asked = " or ".join(", ".join(f"{name}={value}" for name, value in each.items()) for each in wanted)
        raise UsageError(msg, where=files[0], expected=asked, got=f"none of {rows} rows")
    return found


def _rows(path: Path, names: Sequence[str]) -> Iterator[dict[str, str | None]]:
    """The rows of a file; a few thousand of them are in memory."""
    columns = (chain.from_iterable(batch.to_pylist() for batch in read_column(path, name)) for name in names)
    return (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))


def _label(row: Mapping[str, Any], joint: str) -> str:
    first, last = row["first"], row["last"]
    if last is None:
        return f"{first}{joint}and on"
    return str(first) if first == last else f"{first}{joint}to {last}"


def _rate(rate: Rate) -> dict[str, Any]:
    share = rate.share if rate.n else None
    return {"count": rate.count, "n": rate.n, "share": share, "interval": [rate.low, rate.high]}
