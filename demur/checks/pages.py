"""Pages beside data: cards and license files, and what license they state."""

from __future__ import annotations

import re
from pathlib import Path

from demur.files import reading
from demur.records.licenses import LICENSES

_CARDS = ("README.md", "README.rst", "README.txt", "README", "readme.md")
_LICENSE_FILES = (
    "LICENSE",
    "LICENSE.txt",
    "LICENSE.md",
    "LICENCE",
    "LICENCE.txt",
    "LICENCE.md",
    "COPYING",
    "COPYING.txt",
)
_MOST = 1 << 20  # characters of a page that are read
_DOCUMENT = 1 << 26  # bytes of a JSON document that is read once more
_STATES = ("license", "licence", "License", "Licence")

#: How well-known licenses name themselves, in cards and license files.
_NAMES = (
    ("cc-by-nc-sa-4.0", r"cc[- ]by[- ]nc[- ]sa|NonCommercial-ShareAlike"),
    ("cc-by-nc-4.0", r"cc[- ]by[- ]nc|Attribution-NonCommercial"),
    ("cc-by-sa-4.0", r"cc[- ]by[- ]sa|Attribution-ShareAlike"),
    ("cc-by-4.0", r"cc[- ]by\b|Creative Commons Attribution"),
    ("cc0-1.0", r"\bcc0\b|Creative Commons Zero|public domain"),
    ("apache-2.0", r"Apache License|apache[- ]2"),
    ("mit", r"\bMIT\b"),
    ("odc-by", r"odc[- ]by|Open Data Commons Attribution"),
)


def may_matter(name: str) -> bool:
    """Whether a file of this name may hold rows, or say something of those beside it.

    Example:
        >>> [may_matter(name) for name in ("train.parquet", "LICENSE", "picture.png")]
        [True, True, False]
    """
    return name in (*_CARDS, *_LICENSE_FILES) or reading.kind_of(Path(name)) is not None


def places(folder: Path, top: Path) -> list[Path]:
    """Where pages about a folder's files may lie: there, and above as far as the checked folder or its repository."""
    folder, top = folder.resolve(), top.resolve()
    above = [folder, *folder.parents]
    root = next((each for each in above if (each / ".git").exists()), None)
    if root is None:
        root = top if folder.is_relative_to(top) else folder
    return above[: above.index(root) + 1]


def card(folder: Path, top: Path) -> tuple[str, str] | None:
    """The nearest card: its name, and its text."""
    for place in places(folder, top):
        for name in _CARDS:
            if (text := _text(place / name)) is not None:
                return name, text
    return None


def license(folder: Path, top: Path) -> str | None:
    """The license that the nearest page states: its id, ``other`` for one that has no id here, or None for none."""
    for place in places(folder, top):
        for name in _CARDS:
            if (text := _text(place / name)) is not None and (found := _in_card(text)):
                return found
        for name in _LICENSE_FILES:
            if (text := _text(place / name)) is not None and text.strip():
                return _named(text[:2000]) or "other"
    return None


def license_in(path: Path) -> str | None:
    """The license that a JSON document states of itself, beside its rows; None if it is no such document."""
    if reading.kind_of(path) != ".json" or path.stat().st_size > _DOCUMENT:
        return None
    document = reading.read_document(path, lambda _: None)
    said = (
        next((document[name] for name in _STATES if document.get(name)), None) if isinstance(document, dict) else None
    )
    said = (said.get("name") or said.get("id") or said.get("url")) if isinstance(said, dict) else said
    if not isinstance(said, str) or said.strip().lower() in ("unknown", "none"):
        return None
    return _named(said) or "other"


def _in_card(text: str) -> str | None:
    head = text[: text.find("\n---", 3)] if text.startswith("---") else ""
    if found := re.search(r"^license:\s*(?:-\s*)?[\"']?([\w.+-]+)", head, re.MULTILINE):
        id = found[1].lower()
        return None if id in ("unknown", "none") else id
    for line in text.splitlines():
        if re.search(r"licen[cs]e", line, re.IGNORECASE) and (named := _named(line)):
            return named
    return None


def _named(text: str) -> str | None:
    for id in LICENSES:
        if id in text.lower() and id not in ("mit", "none-stated"):
            return id
    return next((id for id, pattern in _NAMES if re.search(pattern, text, re.IGNORECASE)), None)


def _text(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", errors="replace") as page:
            return page.read(_MOST)
    except OSError:
        return None
