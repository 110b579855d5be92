"""Which files of a folder hold rows, by their names."""

from __future__ import annotations

import re
from pathlib import Path

from demur.checks.saved import holds_rows
from demur.files import reading

#: Files beside data that are no data.
NOT_DATA = {"package.json", "package-lock.json", "dataset_infos.json", "dataset_info.json", "dataset_dict.json",
            "croissant.json", "schema.json", "state.json", "manifest.json", "requirements.txt", "license.txt",
            "readme.txt", "robots.txt", "demur-baseline.json"}  # fmt: skip


def is_data(path: Path, top: Path) -> bool:
    """Whether a file below a folder is one of rows, by its name."""
    inner = path.relative_to(top).parts
    if (
        any(part.startswith(".") for part in inner)
        or re.match(r"cache-.*\.arrow$", path.name)
        or path.name.lower() in NOT_DATA
        or path.name.startswith("~$")  # Excel's own, while a workbook is open
        or path.is_dir()
    ):
        return False
    return reading.kind_of(path) is not None and holds_rows(path)
