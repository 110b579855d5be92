"""Reading pairs: three text columns of a file, or of every config of a built folder."""

from __future__ import annotations

from pathlib import Path

from demur.errors import FormatError
from demur.protected.screen import read_column


def read_pairs(path: Path, columns: tuple[str, str, str]) -> dict[str, list[list[str]]]:
    """The columns of text, side and pair, by config of a folder or by name of a file.

    Raises:
        FormatError: a file that cannot be read, that holds no rows, or a cell that is missing or no text.
        ManifestError: a folder that ``demur build`` did not write.
        UsageError: another kind of file, or no such column.
    """
    if path.is_file():
        return {path.name: _columns([path], columns)}
    from demur.sets.manifest_file import read_manifest

    configs = [config.name for config in read_manifest(path).configs]
    return {name: _columns(sorted((path / name).glob("*.parquet")), columns) for name in configs}


def _columns(files: list[Path], columns: tuple[str, str, str]) -> list[list[str]]:
    found: list[list[str]] = []
    for column in columns:
        cells = [cell for file in files for part in read_column(file, column) for cell in part.to_pylist()]
        if not cells:
            msg = "The file holds no rows"
            raise FormatError(msg, where=files[0] if files else None, expected="at least one row", got=0)
        if missing := [row for row, cell in enumerate(cells) if cell is None]:
            msg = f"{len(missing)} cells of the column {column!r} are missing"
            raise FormatError(msg, where=f"{files[0]}, row {missing[0]}", expected="text", got="null")
        found.append(cells)
    return found
