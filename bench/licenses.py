"""The licenses of everything in ``constraints.txt``, as each package states its own.

    python -m bench.licenses

writes the table of ``docs/licenses.md``, between its marks. What is not installed here keeps its row.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from bench.report import markdown

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licenses.md"
BEGIN, END = "<!-- licenses -->\n", "\n<!-- /licenses -->"
_LONG = 60  # letters: what is longer is the license's text, not its name


def required() -> dict[str, str]:
    """Name -> pinned version, of all lines of ``constraints.txt``."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.partition("==") for line in lines if line and not line.startswith("#"))
    return {name.strip(): version.partition(";")[0].strip() for name, _, version in pins}


def license_of(name: str) -> str | None:
    """What an installed package states; None if it is not here.

    That is an SPDX expression, else a name, else its classifiers, else the first line of its license's text.

    Example:
        >>> license_of("click")
        'BSD-3-Clause'
    """
    try:
        package = distribution(name)
    except PackageNotFoundError:
        return None
    said: Any = package.metadata  # a message, whose `get` is not in its protocol
    if expression := said.get("License-Expression"):
        return str(expression)
    classes = [each.split(" :: ")[-1] for each in said.get_all("Classifier") or () if each.startswith("License :: ")]
    classes = [each for each in classes if each != "OSI Approved"]
    stated = (said.get("License") or "").strip()
    short = stated if 0 < len(stated) <= _LONG and "\n" not in stated and stated != "UNKNOWN" else ""
    texts = [stated, *(each.read_text() for each in package.files or () if "/licenses/LICENSE" in str(each))]
    found = short or ", ".join(classes) or next((text.strip().splitlines()[0] for text in texts if text.strip()), "")
    return re.sub(r"[|\s]+", " ", found) if found else "not stated"


def rows() -> dict[str, str]:
    """Name -> license, of the page."""
    part = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    found = (re.fullmatch(r"\| (\S+) \| (.+) \|", line) for line in part.splitlines()[2:])
    return {each[1]: each[2] for each in found if each}


def written() -> str:
    """The page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    known = rows()
    found = [[name, license_of(name) or known.get(name, "not stated")] for name in required()]
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + markdown(["package", "license"], found).replace("---:", "---") + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
