"""Types of the command line's inputs: paths that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.errors import nearest_path


class There(click.Path):
    """A path that is there; for one that is not, the error names something beside it that is called nearly alike."""

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, exists=True, file_okay=file_okay, dir_okay=dir_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, as click has it."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            if not Path(value).exists() and (near := nearest_path(Path(value))):
                self.fail(f"{error.message} {near}", param, ctx)
            raise


class Place(There):
    """The text of a path that is there, or of a URL that fsspec knows."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The same text; a URL is looked at by whoever reads it."""
        return value if "://" in str(value) else str(super().convert(value, param, ctx))
