"""``pins.json``: what ``demur pin`` writes and nobody types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from demur.errors import PinError, issues
from demur.files.whole import write_whole
from demur.records.record import Frozen, Sha256
from demur.sources.mirror import Pin


class SourcePin(Frozen):
    """All pins of one source, with the row count and digest of the canonical rows that every mirror must give."""

    rows: Annotated[int, Field(ge=1)]
    digest: Sha256
    mirrors: tuple[Pin, ...]


_PINS = TypeAdapter(dict[str, SourcePin])


def read_pins(path: Path) -> dict[str, SourcePin]:
    """Read ``pins.json``; an absent file is no pins.

    Raises:
        PinError: the file is not what `write_pins` writes.
    """
    if not path.exists():
        return {}
    try:
        return _PINS.validate_json(path.read_bytes())
    except ValidationError as error:
        msg = "The pins file is broken"
        raise PinError(msg, where=path, got=issues(error)[0], fix="Restore it from version control.") from None


def write_pins(path: Path, pins: Mapping[str, SourcePin]) -> None:
    """Write ``pins.json`` in one stable form: sorted, indented, ending in a line break; whole or not at all.

    Raises:
        OutputError: the file cannot be written; it is as it was.
    """
    document = _PINS.dump_python(dict(sorted(pins.items())), mode="json", exclude_none=True)
    write_whole(
        path, json.dumps(document, indent=1, ensure_ascii=False) + "\n", "The pins file cannot be written", folders=True
    )
