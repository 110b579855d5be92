"""Whole data sets: from some of its files, as a commit hook gets them, to all files that are judged together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from demur.checks.data import is_data
from demur.files.splits import SPLITS
from demur.sets.folder import is_built


def widened(paths: Sequence[Path], data: Iterable[str], top: Path | None) -> list[Path]:
    """All files of the data sets that some files belong to.

    Args:
        paths: files, or folders, which stay as they are.
        data: folders and patterns of files, each of one data set, from a settings file.
        top: the folder of that file.

    Returns:
        The folder that Demur built, if they all lie in one; else files, in order.
    """
    built = {folder for path in paths for folder in path.absolute().parents if is_built(folder)}
    if len(built) == 1 and all(path.absolute().is_relative_to(next(iter(built))) for path in paths):
        return [_from_here(built.pop())]
    sets = [list(_named(each, top)) for each in data] if top else []
    found: dict[Path, None] = {}
    for path in paths:
        whole = path.absolute()
        named = [each for files in sets if whole in files for each in files]
        found.update(dict.fromkeys([path] if path.is_dir() else map(_from_here, [whole, *(named or _beside(whole))])))
    return sorted(found)


def _named(said: str, top: Path) -> Iterator[Path]:
    """The files of a folder, or of a pattern."""
    if (top / said).is_dir():
        yield from _below((top / said).absolute())
    elif not PurePath(said).is_absolute():
        yield from (each.absolute() for each in sorted(top.glob(said)) if is_data(each, top))


def _beside(path: Path) -> Iterator[Path]:
    """The files of a file's folder; of a folder that is called as a split is, all below the one above."""
    folder = path.parent
    if folder.name.lower() in SPLITS:
        yield from _below(folder.parent)
    else:
        yield from (each for each in sorted(folder.iterdir()) if is_data(each, folder))


def _below(folder: Path) -> Iterator[Path]:
    return (each for each in sorted(folder.rglob("*")) if is_data(each, folder))


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
