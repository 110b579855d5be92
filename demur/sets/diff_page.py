"""A difference as one page: what became what, in how many rows, by whose word; counts open to record ids, no text."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from demur.files.whole import write_whole
from demur.pages.environment import environment
from demur.sets.diff import KINDS, MOVES, Diff
from demur.sets.whose import Move


def page(found: Diff, title: str, old: str, new: str) -> str:
    """The page, in HTML. The same difference gives the same bytes.

    Args:
        found: the difference.
        title: of the set.
        old: what the set before is called.
        new: what the set after is called.
    """
    configs = sorted(found.rows["config"].unique().to_pylist())
    made = (
        environment("demur.sets")
        .get_template("diff.html.jinja")
        .render(
            found=found,
            title=title,
            old=old,
            new=new,
            kinds=KINDS,
            counts={config: found.counts(config) for config in configs},
            all=found.counts(),
            columns=_by_name(found.of("column")),
            rest=[(name, what, found.of(kind)) for name, kind, what in MOVES if kind != "column" and found.of(kind)],
            others=[
                (what, list(map(str, values)))
                for what, values in (
                    ("Stricter terms", found.terms),
                    ("Less strict terms", found.eased),
                    ("Schema", found.schema),
                    ("Configs added", found.configs_added),
                    ("Configs removed", found.configs_removed),
                    ("Splits removed", found.splits_removed),
                    ("Files that differ", found.other),
                )
                if values
            ],
        )
    )
    return made.rstrip() + "\n"


def _by_name(moves: list[Move]) -> list[tuple[str, list[Move]]]:
    """The moves of each column, in their order; a column without labels is its one move."""
    return [(name, [*group]) for name, group in groupby(moves, key=lambda move: move.name)]


def write_page(found: Diff, title: str, old: str, new: str, path: Path) -> None:
    """Write the page.

    Raises:
        OutputError: the file cannot be written.
    """
    write_whole(path, page(found, title, old, new), "The page cannot be written", folders=True)
