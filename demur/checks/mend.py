"""Mending what is mechanical, into new files: edges of texts, control characters, order of keys, equal rows.

A file keeps its format, and a row that needs nothing keeps its bytes (in JSON and CSV: a file that needs nothing). What
cannot be read is left as it is. A second mending changes nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from demur.checks._formats import FORMATS, Left
from demur.checks._mending import Hand
from demur.checks.batch import File
from demur.checks.layouts import Layout
from demur.checks.located import of_files
from demur.checks.said import SPOKEN
from demur.checks.subject import Subject
from demur.errors import UsageError
from demur.files.reading import kind_of
from demur.files.whole import replacing
from demur.sets.folder import is_built


@dataclass(frozen=True)
class Mended:
    """What was done with one file.

    Attributes:
        file: that was read; ``out``: that was written.
        spacing: texts whose edges had space; ``controls``: that held control characters.
        order: rows whose keys stood in another order than those of the first row.
        duplicates: rows that were the same as an earlier one, and are left out.
        left: why the file is copied as it is; None if it was mended.
    """

    file: Path
    out: Path
    rows: int = 0
    spacing: int = 0
    controls: int = 0
    order: int = 0
    duplicates: int = 0
    left: str | None = None

    def __str__(self) -> str:
        """In a line."""
        where = f"{self.file.as_posix()} -> {self.out.as_posix()}: "
        if self.left:
            return f"{where}copied as it is: {self.left}"
        done = [
            f"{count:,} {what}"
            for count, what in (
                (self.spacing, "texts without space at their edges"),
                (self.controls, "texts without control characters"),
                (self.order, "rows with keys in order"),
                (self.duplicates, "equal rows left out"),
            )
            if count
        ]
        return f"{where}{self.rows:,} rows: {', '.join(done) or 'nothing to mend'}"


def mend(paths: Sequence[Path], out: Path, layout: Layout | None = None) -> Iterator[Mended]:
    """Write mended copies of files below a folder.

    Args:
        paths: files, and folders, which are searched for files of rows.
        out: the folder; files lie in it as they lie below the folder that they share.
        layout: which columns hold texts, by default found by their names.

    Raises:
        UsageError: a path that is not there, that Demur built, or that would be overwritten.
    """
    if built := next((path for path in paths if is_built(path)), None):
        msg = "What Demur built is not mended"
        raise UsageError(msg, where=built, fix="Mend its sources, and build it again.")
    root, files = of_files(paths, layout, {})
    base = Path(os.path.commonpath([path.absolute() if path.is_dir() else path.absolute().parent for path in paths]))
    places = [(file, out / file.path.absolute().relative_to(base)) for file in files]
    _refuse(paths, places)
    for file, place in places:
        yield _mend(Subject(None, root, (file,)), file, place)


def _refuse(paths: Sequence[Path], places: Sequence[tuple[File, Path]]) -> None:
    """Nothing that is read may be written."""
    read = {file.path.resolve() for file, _ in places}
    for _, path in places:
        inside = next((each for each in paths if each.is_dir() and path.resolve().is_relative_to(each.resolve())), None)
        linked = path.exists() and any(path.samefile(each) for each in read)
        if inside or linked or path.resolve() in read:
            msg = "The mended file would lie among those that are read"
            raise UsageError(msg, where=path, fix="Name another folder: --fixed DIR.")


def _mend(subject: Subject, file: File, out: Path) -> Mended:
    for _ in islice(subject.scan(file), 1):
        pass
    layout = subject.layouts.get(file.name, Layout(name="unknown", columns={}))
    hand = Hand(*_columns(layout))
    change = FORMATS.get(kind_of(file.path) or "")
    try:
        if change is None or file.path.suffix in (".gz", ".zst"):
            msg = "files of this kind are not mended"
            raise Left(msg)
        with replacing(out, "The mended file cannot be written", folders=True) as part:
            change(file.path, part, hand)
    except Left as error:
        with replacing(out, "The file cannot be copied", folders=True) as part:
            shutil.copyfile(file.path, part)
        return Mended(file.path, out, left=str(error))
    return Mended(file.path, out, hand.rows, hand.spacing, hand.controls, hand.order, hand.duplicates)


def _columns(layout: Layout) -> tuple[set[str], set[str]]:
    """The columns with texts, and those of them whose edges are part of what they say.

    A prefix ends where it is cut, and a completion begins with the space that parts it from its prompt.
    """
    native = {**layout.also, **layout.columns}
    texts = {native[name] for name in SPOKEN if name in native}
    exact = {native["prefix"]} if "prefix" in native else set()
    return texts, exact | (texts if "completion" in texts else set())
