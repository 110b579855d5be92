"""What a check could not judge, and why: a rule that had nothing to read is no rule that found nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from demur.checks.said import SPOKEN
from demur.checks.subject import Subject

_ASKED = ("prompt", "messages", "chosen")

_TEXTS = (
    "DMR002", "DMR006", "DMR013", "DMR014", "DMR015", "DMR017", "DMR018", "DMR019", "DMR020", "DMR029", "DMR102",
    "DMR307",
)  # fmt: skip
_READ = (
    ("texts", _TEXTS, SPOKEN, "column of texts"),
    ("prompts", ("DMR101", "DMR104", "DMR105", "DMR316"), _ASKED, "prompt column"),
)
"""What is judged, the rules that do, the canonical columns of which they need one, and what those are called."""


def unjudged(subject: Subject, codes: Collection[str]) -> tuple[str, ...]:
    """What the rules with these codes had nothing to judge of, each with its reason; of anybody's files only."""
    return () if subject.kind else tuple(_reasons(subject, {*codes}))


def _reasons(subject: Subject, codes: set[str]) -> Iterator[str]:
    read = [name for name in subject.layouts if subject.rows.get(name)]
    for what, rules, columns, called in _READ:
        without = [name for name in read if not _has(subject, name, columns)]
        if without and codes & {*rules}:
            yield f"{what} (no {called} in {len(without):,} of {len(read):,} files)"
    asked = any(_has(subject, name, _ASKED) for name in read)
    if asked and "DMR101" in codes and len(subject.split_rows) < 2:
        yield f"leaks (rows of {'one split only' if subject.split_rows else 'no known split'})"
    trained = any(subject.trains(file, split) for file in subject.files for split in (file.split, *subject.split_rows))
    if asked and "DMR104" in codes and not (subject.against or trained):
        yield "contamination (no rows that are trained on; --against judges every row)"


def _has(subject: Subject, file: str, columns: Collection[str]) -> bool:
    """Whether a file has one of some columns, by its layout."""
    layout, names = subject.layouts[file], subject.names.get(file, ())
    return any(layout.native(each, names) for each in columns)
