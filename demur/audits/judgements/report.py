"""Judgements that users bring: read the files, check every row, show the summary as tables, JSON or a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from demur.audits.judgements.artifacts import read_artifact
from demur.audits.judgements.judgements import Agreement, Judge, Judgements, listed
from demur.audits.plots import COLORS, panels, save
from demur.errors import FormatError, UsageError, issues, nearest, shown
from demur.files.reading import Fault, read_blocks
from demur.rates import Kappa, Rate

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet", ".json")

TEXTS = ("prompt", "response")
"""Columns that may stand beside judgements, and are not read."""


def read_judgements(paths: Sequence[Path], model: type[BaseModel]) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of JSON Lines, Parquet and artifact files, or of all such files below folders.

    Args:
        paths: files and folders.
        model: the schema of a judgement.

    Returns:
        The rows, without the judges' own words, and the file and row number of each.

    Raises:
        UsageError: another kind of file, or a folder without any.
        FormatError: files that cannot be read or hold no rows, columns that nobody declared or that are missing, rows
            that break the schema. All issues are collected, the first ten shown.
    """
    rows: list[dict[str, Any]] = []
    places: list[str] = []
    wrong: list[str] = []
    for path in _files(paths):
        found = read_artifact(path, wrong.append) if path.suffix.lower() == ".json" else _rows(path, model, wrong)
        for number, row in found:
            try:
                rows.append(model.model_validate(row).model_dump(exclude={"raw"}))
                places.append(f"{path} row {number}")
            except ValidationError as error:
                wrong += [f"{path} row {number}: {issue}" for issue in issues(error)]
    if wrong:
        msg = f"{len(wrong):,} {'issue' if len(wrong) == 1 else 'issues'} in the judgements"
        raise FormatError(
            msg,
            where=listed(wrong),
            expected=f"at least one row, and rows of kind {model.__name__}",
            fix="Correct the files; where the judge's answer says neither, the verdict is 'unparsed'.",
        )
    return rows, places


def _files(paths: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if _ends(each, ENDINGS)) if path.is_dir() else [path]
        if not inside or not _ends(inside[0], ENDINGS):
            msg = "The folder holds no judgements" if path.is_dir() else "Unknown kind of file"
            raise UsageError(msg, where=path, expected=f"a name that ends in {', '.join(ENDINGS)}")
        found |= dict.fromkeys(inside)
    return list(found)


def _ends(path: Path, endings: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(endings)


def _rows(path: Path, model: type[BaseModel], wrong: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows that could be read, with the model's columns; what is wrong with the others, or the file, is noted."""
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    before, unread, told = len(wrong), set[int](), set[str]()
    empty = True

    def note(fault: Fault) -> None:
        if fault.column in TEXTS:
            return
        if fault.kind == "unreadable" and fault.row is not None:
            unread.add(fault.row)
        column = "" if fault.column is None else f"column {shown(fault.column)} "
        wrong.append(f"{_place(path, fault.row)}: {column}{fault.message}")

    for block in read_blocks(path, note):
        empty = False
        numbers = range(block.first, block.first + len(block.rows))
        if unread.issuperset(numbers):
            continue  # their columns are not theirs
        names = [name for name in block.rows.schema.names if name not in TEXTS]
        known = [name for name in names if name in model.model_fields]
        said = [f"unknown column {shown(name)}. {nearest(name, model.model_fields)}" for name in names
                if name not in known and names != [""]]  # fmt: skip
        said += [f"no column {name!r}" for name in required if name not in known]
        wrong += [f"{path}: {each}" for each in said if each not in told]
        told.update(said)
        if set(required) <= set(known):
            rows = zip(numbers, block.rows.select(known).to_pylist(), strict=True)
            yield from ((number, row) for number, row in rows if number not in unread)
    if empty and len(wrong) == before:
        wrong.append(f"{path}: holds no rows")


def _place(path: Path, row: int | None) -> str:
    return str(path) if row is None else f"{path} row {row}"


def show(done: Judgements) -> None:
    """Print the tables: shares by cell and judge, agreement by cell and pair, and the spread over seeds."""
    from rich.console import Console

    console = Console()
    shares = [
        (str(each.cell), [f"{_lines(each.judge)}\nsaw {each.scope}", _share(each.of_items), _share(each.of_parsed),
                          _share(each.unparsed), f"{each.counts['no_response']:,}"])
        for each in done.verdicts
    ]  # fmt: skip
    of_shares = ("judge", "harmful,\nof items", "harmful,\nof parsed", "unparsed,\nof items", "no\nresponse")
    console.print(_table(f"{done.judgements:,} judgements", of_shares, shares))
    if done.agreements:
        pairs = [
            (f"all {each.cells} cells" if each.cell is None else str(each.cell),
             [f"{_lines(each.one)}\n{_lines(each.two)}", _counts(each), _share(each.rate), _kappa(each.kappa)])
            for each in done.agreements
        ]  # fmt: skip
        of_pairs = ("two judges", "harmful\nto", "the same\nverdict", "Cohen's\nkappa")
        console.print(_table("agreement", of_pairs, pairs))
    else:
        console.print("Agreement needs two judges of one cell; every cell here has one.")
    if done.spreads:
        spreads = [
            (str(each.cell), [_lines(each.judge), f"{each.seeds:,}", _share(each.lowest), _share(each.highest)])
            for each in done.spreads
        ]
        console.print(_table("harmful, of items, over seeds", ("judge", "seeds", "lowest", "highest"), spreads))
        console.print("seeds may share items, so they are not added up", style="dim")
    console.print(
        "second lines: 95 % intervals, Wilson's, of kappa bootstrap; left out: not parsed by both", style="dim"
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Any:
    """A table with a section for the rows of each cell, below its name. Names are shown as they are, not as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED, title=title)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold", no_wrap=place > 0)
    for cell, group in groupby(rows, key=lambda row: row[0]):
        table.add_row(Text(cell, style="bold"))
        for _, cells in group:
            table.add_row(*map(Text, cells))
        table.add_section()
    return table


def plot(done: Judgements, path: Path) -> None:
    """Draw the share of harmful items, of all and of the parsed ones, with its interval, by cell and judge.

    Raises:
        UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    names = list(dict.fromkeys(each.judge.name for each in done.verdicts))
    labels: list[str] = []
    drawn: list[int] = []  # the line of each share; a cell's name has a line of its own
    for before, each in zip((None, *done.verdicts), done.verdicts, strict=False):
        if before is None or before.cell != each.cell:
            labels.append(str(each.cell))
        drawn.append(len(labels))
        labels.append(f"{each.judge}, n {each.items:,}, parsed {each.of_parsed.n:,}")
    figure, (panel,) = panels(1, 1, (9.5, 1 + 0.26 * len(labels)))
    for line, each in zip(drawn, done.verdicts, strict=True):
        color = COLORS[names.index(each.judge.name) % len(COLORS)]
        for rate, offset, fill in ((each.of_items, -0.13, color), (each.of_parsed, 0.13, "white")):
            panel.plot([rate.low, rate.high], [line + offset] * 2, color=color, linewidth=1.2)
            panel.plot([rate.share], [line + offset], "o", color=color, markerfacecolor=fill, markersize=4.5)
    # names are anybody's: a dollar sign in one begins no formula
    panel.set_yticks(range(len(labels)), labels, fontsize="small", parse_math=False)
    for line, label in enumerate(panel.get_yticklabels()):
        label.set_fontweight("normal" if line in drawn else "bold")
    panel.tick_params(axis="y", length=0)
    panel.grid(visible=False, axis="y")
    panel.grid(axis="x", color="#dddddd", linewidth=0.6)
    panel.set(xlim=(-0.02, 1.02), ylim=(len(labels) - 0.4, -0.6))
    panel.set_xlabel("harmful: filled of all items, hollow of the parsed ones; lines: 95 % intervals")
    save(figure, path)


def _lines(judge: Judge) -> str:
    return f"{judge.name}\n{judge.revision}"


def _share(rate: Rate) -> str:
    interval = f"{100 * rate.share:.1f} %\n{100 * rate.low:.1f}-{100 * rate.high:.1f}\n" if rate.n else ""
    return f"{interval}{rate.count:,} of {rate.n:,}"


def _counts(of: Agreement) -> str:
    lines = dict(
        zip(("both", "first", "second", "neither"), of.table.values(), strict=True), **{"left out": of.left_out}
    )
    return "\n".join(f"{name} {count:,}" for name, count in lines.items())


def _kappa(kappa: Kappa) -> str:
    if kappa.value is None:
        return "undefined"
    return f"{kappa.value:.3f}\n" + ("no interval" if kappa.low is None else f"{kappa.low:.3f} to {kappa.high:.3f}")
