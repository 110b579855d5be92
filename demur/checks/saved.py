"""Folders that `datasets` saved (`save_to_disk`): which of their files hold rows, and of which split."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from demur.files.bounds import page_text
from demur.files.splits import SPLITS


@lru_cache(4096)
def _state(folder: Path) -> dict[str, Any] | None:
    """What a saved data set says of itself; None if the folder is none."""
    try:
        found = json.loads(page_text(folder / "state.json") or "")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("_data_files"), list) else None


def holds_rows(path: Path) -> bool:
    """Whether a file may hold rows: in a saved folder, an Arrow file that its state names; caches are none."""
    state = _state(path.parent) if path.suffix == ".arrow" else None
    if state is None:
        return True
    return path.name in {each.get("filename") for each in state["_data_files"] if isinstance(each, dict)}


def split_by_folder(path: Path, top: Path | None) -> str | None:
    """The split that the folders of a file name: a saved one's, else the nearest below ``top`` that is called as one.

    Args:
        path: of the file.
        top: the folder that is checked, if one is.
    """
    folder = path.parent.absolute()
    if (state := _state(folder)) is not None:
        said = folder.name if (folder.parent / "dataset_dict.json").is_file() else state.get("_split")
        return SPLITS.get(said.lower(), said) if isinstance(said, str) else None
    top = None if top is None else top.absolute()
    names = folder.relative_to(top).parts if top is not None and folder.is_relative_to(top) else ()
    return next((SPLITS[name.lower()] for name in reversed(names) if name.lower() in SPLITS), None)
