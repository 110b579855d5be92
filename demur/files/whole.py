"""A file is written as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from demur.errors import OutputError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file: to a temporary one in the same folder, which then takes its place.

    Raises:
        OutputError: it cannot be written; the file is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
            try:
                part.write(data)
                part.flush()
                os.fsync(part.fileno())
                part.close()
                Path(part.name).replace(path)
            finally:
                Path(part.name).unlink(missing_ok=True)
    except OSError as error:
        msg = "The file cannot be written"
        raise OutputError(msg, where=path, got=error.strerror, fix="What stood there is untouched.") from error
