"""What one looks at before one says yes: the files of a planned release that people read, laid out in a folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demur.files.folder import staged
from demur.files.kept import default_root
from demur.release.croissant import NAME as CROISSANT
from demur.release.dress import CARD
from demur.release.plan import Plan
from demur.sets.diff_page import write_page
from demur.sets.manifest_file import NAME
from demur.sets.notice import NOTICE

DIFF = "diff.html"
"""The page of what the release would change; it is not published."""

_FIRST = {CARD: "card", DIFF: "what changes", "schema.json": "schema", CROISSANT: "croissant", NOTICE: "notice"}
"""What people look at first -> what it is called."""

_ROWS = (".parquet", ".lock")
"""How the names of files end that nobody reads."""


@dataclass(frozen=True)
class Preview:
    """Files to look at.

    Attributes:
        folder: where they lie, until the next plan for the same place.
        files: paths below it, those first that people look at first.
    """

    folder: Path
    files: tuple[str, ...]

    def links(self) -> dict[str, str]:
        """File -> its address on this machine."""
        return {name: (self.folder / name).as_uri() for name in self.files}

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"folder": str(self.folder), "files": self.links()}

    def lines(self) -> Iterator[str]:
        """For people: the folder, and a link to each file."""
        yield f"  to look at before you say yes, in {self.folder}:"
        for name, link in self.links().items():
            yield f"    {_FIRST.get(name, name)}: {link}"


def preview(plan: Plan) -> Preview:
    """Lay out what a release would publish beside its rows, and the page of what it changes; no row's text.

    Raises:
        OutputError: the folder cannot be written.
    """
    out = default_root() / "plans" / plan.place.key / plan.manifest.name
    with staged(out, (NAME, CARD)) as stage:
        for path in sorted(plan.folder.rglob("*")):
            name = path.relative_to(plan.folder)
            if path.is_file() and not name.name.endswith(_ROWS):
                (stage / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, stage / name)
        if plan.diff is not None:
            before = plan.release.changelog[1].version if len(plan.release.changelog) > 1 else "before"
            write_page(plan.diff, plan.manifest.title, before, plan.change.version, stage / DIFF)
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    first = [name for name in _FIRST if name in found]
    return Preview(out.resolve(), (*first, *sorted(found - {*first, NAME}), *sorted(found & {NAME})))
