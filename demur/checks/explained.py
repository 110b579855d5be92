"""How a file is read: its layout, which column is what, and which rules have what they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from demur.checks.batch import Batch, bare
from demur.checks.layouts import CANONICAL, Layout
from demur.checks.located import of_files
from demur.checks.needs import ROWS, need_of
from demur.checks.rule import FAMILIES, Rule
from demur.checks.subject import Subject


def explained(path: Path, layout: Layout | None, splits: dict[str, str], rules: Sequence[Rule]) -> Iterator[str]:
    """What the first rows of a file say of it, line by line; of a folder, of every file.

    Args:
        path: the file or folder.
        layout: that was asked for.
        splits: as they were said.
        rules: that are to run.
    """
    root, files = of_files([path], layout, splits)
    for file in files:
        subject = Subject(None, root, (file,))
        yield f"{file.path.as_posix()}"
        for batch in islice(subject.scan(file), 1):
            yield from _columns(batch)
            yield from _rules(batch, subject, rules)
        for fault in subject.faults[file.name][:3]:
            yield f"  stumbled on: {fault.message}"


def _columns(batch: Batch) -> Iterator[str]:
    layout, names = batch.layout, batch.rows.schema.names
    asked = " (as --map says)" if batch.file.given else ""
    yield f"  layout: {layout.name}{asked}"
    told = set[str]()
    for canonical in CANONICAL:
        if (name := layout.native(canonical, names)) is not None:
            shape = " (turns)" if canonical in batch.said.turns else ""
            yield f"  {canonical}: column {bare(name)}{shape}"
            told.add(name)
    for what in ("labels", "flags", "states", "values"):
        if mine := [name for name in names if name in {*getattr(layout, what)}]:
            yield f"  {what}: {', '.join(map(bare, mine))}"
            told.update(mine)
    if rest := [name for name in names if name not in told]:
        yield f"  not read: {', '.join(map(bare, rest))}"
    splits, _ = batch.split_codes
    found = sorted({split for split in splits if split})
    yield f"  split: {', '.join(map(bare, found)) or 'not known'}"
    trains = any(batch.subject.trains(batch.file, split) for split in splits)
    yield f"  trained on: {'yes' if trains else 'no'}"


def _rules(batch: Batch, subject: Subject, rules: Sequence[Rule]) -> Iterator[str]:
    """By family, rules that judge the file, and those that are off, with the reason."""
    off: dict[str, list[str]] = {}
    on: dict[str, list[str]] = {}
    for rule in rules:
        if not rule.judges(None):
            continue
        need = need_of(rule)
        if need.met(batch.layout, batch.rows.schema.names):
            on.setdefault(rule.code[3], []).append(rule.code)
        elif need is not ROWS:
            off.setdefault(f"no {need.called}", []).append(rule.code)
    if "DMR104" in {code for codes in on.values() for code in codes} and not subject.screens(batch):
        on["1"].remove("DMR104")
        off["no rows that are trained on; --against judges every row"] = ["DMR104"]
    for family, codes in on.items():
        yield f"  judged, {FAMILIES[family]}: {', '.join(codes)}"
    for why, codes in off.items():
        yield f"  off, {why}: {', '.join(codes)}"
