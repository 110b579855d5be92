"""The files that a check is of: those of a built folder, or anybody's, with the splits that their names say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from demur.checks.batch import File
from demur.checks.data import is_data
from demur.checks.layouts import Layout
from demur.checks.saved import split_by_folder
from demur.errors import UsageError, nearest_path, shown
from demur.files import reading
from demur.files.bounds import bounds
from demur.files.splits import split_of
from demur.records.row import TextOf, columns_with
from demur.sets.folder import BuiltSet

REST = "rest"
"""The split of a file beside one that was held out from it."""


def of_files(
    paths: Sequence[Path], layout: Layout | None, splits: dict[str, str], called: Mapping[Path, str] | None = None
) -> tuple[Path, tuple[File, ...]]:
    """The files below some paths, in order, with the splits that names (or ``--split``) say; and their common folder.

    Args:
        paths: files and folders.
        layout: of all, if one was given.
        splits: file -> split.
        called: what findings call a file, where that is not its path.

    Raises:
        UsageError: a path that is not there, a folder that cannot be read, no file of rows at all, or a split for a
            file that is not among them.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            msg = "There is no such file or folder"
            raise UsageError(msg, where=path, fix=nearest_path(path))
        if path.is_dir():
            data = (each for each in _below(path) if is_data(each, path))
            found.update(dict.fromkeys(sorted(islice(data, bounds().files + 1))))
        elif reading.kind_of(path) is None:
            msg = "Unknown kind of file"
            raise UsageError(msg, where=path, expected=", ".join(reading.SUFFIXES), got=path.suffix or "no ending")
        else:
            found[path] = None
    if not found:
        msg = "There is nothing to check"
        raise UsageError(msg, where=paths[0], expected=f"files that end in {', '.join(reading.SUFFIXES)}")
    if len(found) > bounds().files:
        msg = "There are too many files"
        fix = "Check some folders, or --limit files=N."
        raise UsageError(msg, where=paths[0], expected=f"at most {bounds().files:,}", fix=fix)
    said, called = dict(splits), called or {}
    files = []
    parts: dict[tuple[Path, str], set[str]] = {}
    for path in found:
        stem, part = _stem(path)
        parts.setdefault((path.parent, stem), set()).update({part} - {""})
    kept = {place for place, names in parts.items() if names and "train" not in names}
    shared = paths[0] if len(paths) == 1 and paths[0].is_dir() else _common(paths)
    for path in found:
        split = said.pop(called.get(path, str(path)), None) or said.pop(path.name, None)
        top = next((each for each in paths if each.is_dir() and path.is_relative_to(each)), None)
        name = path if top is None else path.relative_to(top) if len(paths) == 1 else path
        split = split or split_of(path.name) or split_by_folder(path, shared) or _split(path, kept)
        files.append(File(path, called.get(path, name.as_posix()), split, given=layout))
    if said:
        msg = "A split is given for a file that is not checked"
        raise UsageError(msg, where="--split", got=", ".join(map(shown, said)))
    return paths[0] if paths[0].is_dir() else paths[0].parent, tuple(files)


def _below(folder: Path) -> Iterator[Path]:
    """Everything below a folder; what is not looked into is an error, and nothing that was left out.

    A folder that links lead to as well is looked into once; one that holds the folder itself is not.
    """

    def ended(error: OSError) -> None:
        fix = "Let it be read, or check what beside it can be."
        msg = "A folder cannot be read"
        raise UsageError(msg, where=error.filename, got=error.strerror, fix=fix)

    looked = {each.resolve() for each in folder.resolve().parents}
    links = [folder]
    for link in links:  # which grow on the way: what is linked comes after what is there
        for place, folders, names in os.walk(link, onerror=ended):
            if (here := Path(place).resolve()) in looked:
                folders.clear()
                continue
            looked.add(here)
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "lost+found")
            links += [each for name in folders if (each := Path(place, name)).is_symlink()]
            yield from (Path(place, name) for name in names)


def _common(paths: Sequence[Path]) -> Path:
    """The folder below which all paths lie; of one file, its own."""
    shared = Path(os.path.commonpath([path.absolute() for path in paths]))
    return shared if shared.is_dir() else shared.parent


def _split(path: Path, kept: set[tuple[Path, str]]) -> str | None:
    """The split of a file: as its name says, or what is left beside a file that was held out from it."""
    found = split_of(path.name)
    return REST if found is None and (path.parent, _stem(path)[0]) in kept else found


def _stem(path: Path) -> tuple[str, str]:
    """A file's name without a last word that says which split it is; and that split, empty for none.

    What is called ``eval`` is often a judge's reading of the same rows, so it leaves no rest.

    Example:
        >>> _stem(Path("Lakes_heldout.csv")), _stem(Path("Lakes.csv")), _stem(Path("lakes_eval.csv"))
        (('lakes', 'test'), ('lakes', ''), ('lakes_eval', ''))
    """
    stem = path.name.lower().partition(".")[0]
    word = re.search(r"[-_ ]((?:held|hold)[-_ ]?out|[a-z]+)$", stem)
    split = split_of(word[1]) if word and not word[1].startswith("eval") else None
    return (stem[: word.start()], split) if word and split else (stem, "")


def of_folder(folder: BuiltSet) -> tuple[File, ...]:
    """The files of a built folder."""
    texts = {role.name: name for name, role in columns_with(folder.model, TextOf).items()}
    also = {name: name for name in ("source", "license", "access")} | {"pair": "pair_id", "group": "group_id"}
    columns = {"prompt": "prompt", "id": folder.kind.own_id, "split": "split"}
    layout = Layout(name="demur", columns=columns, also={**also, **texts} | {"prompt": "prompt"})
    return tuple(
        File(path, path.relative_to(folder.path).as_posix(), split_of(path.name), config.name, layout)
        for config in folder.manifest.configs
        for path in folder.shards(config.name)
    )
