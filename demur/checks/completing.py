"""The last step of a check: findings get the line and the id of their row, and, where that was asked for, its text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from demur.checks.batch import File, bare
from demur.checks.finding import Finding
from demur.checks.subject import Subject

Said = tuple[str | None, str | None]
"""Id and text of a row."""


def completed(findings: Iterable[Finding], subject: Subject, show_text: bool) -> Iterator[Finding]:
    """The same findings. Lines are from the first reading; ids and texts from another one, of their columns alone."""
    findings = list(findings)
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for each in findings:
        if each.row is not None and (each.record_id is None or show_text):
            wanted[each.file].add(each.row)
    files = [file for file in subject.files if file.name in wanted]
    said = {
        (file.name, row): told for file in files for row, told in _said(file, wanted[file.name], subject, show_text)
    }
    lines = {name: np.concatenate(parts) for name, parts in subject.lines.items() if parts}
    for each in findings:
        if each.row is None:
            yield each
            continue
        id, text = said.get((each.file, each.row), (None, None))
        known = lines.get(each.file, ())
        line = int(known[each.row]) if each.row < len(known) else each.line
        yield replace(each, record_id=each.record_id or id, text=text, line=line)


def _said(file: File, rows: set[int], subject: Subject, show_text: bool) -> Iterator[tuple[int, Said]]:
    layout = subject.layouts.get(file.name)
    if layout is None:
        return
    canonical = ("id", "prompt", "messages") if show_text else ("id",)
    columns = {layout.native(name, subject.names[file.name]): None for name in canonical}
    columns.pop(None, None)
    left = sorted(rows, reverse=True)
    for batch in subject.batches(file, [*filter(None, columns)]) if columns else ():
        ids, texts = batch.column("id"), batch.prompts if show_text else None
        while left and left[-1] < batch.first + batch.rows.num_rows:
            place = left.pop() - batch.first
            id = None if ids is None else _shown(ids[place].as_py())
            yield place + batch.first, (id, None if texts is None else texts[place].as_py())
        if not left:
            return


def _shown(cell: object) -> str | None:
    """An id, if it can be shown: one short word or a number."""
    shown = bare(cell) if isinstance(cell, str | int) and not isinstance(cell, bool) else "<"
    return None if shown.startswith("<") else shown
