"""Pages beside data: cards and license files, and what license they state."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from demur.files import reading
from demur.files.bounds import page_text
from demur.files.packed import read_whole
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
_UP = 6  # folders between a file and the LICENSE of a repository that was copied without its history
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
    """Where pages about a folder's files may lie: there, and above as far as the checked folder or its repository.

    A copy of a repository without its history ends where its LICENSE stands.
    """
    folder, top = folder.resolve(), top.resolve()
    above = [folder, *folder.parents]
    root = next((each for each in above if (each / ".git").exists()), None)
    if root is None:
        end = above.index(top) + 1 if folder.is_relative_to(top) else 1
        copied = (
            at for at, each in enumerate(above[:_UP], 1) if any((each / name).is_file() for name in _LICENSE_FILES)
        )
        return above[: max(end, next(copied, 0))]
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
                return named(text[:2000]) or "other"
    return None


def beside(folder: Path) -> tuple[str, str] | None:
    """The card of a folder itself: its name, and its text."""
    found = ((name, _text(folder / name)) for name in _CARDS)
    return next(((name, text) for name, text in found if text is not None), None)


def license_file(folder: Path) -> tuple[str, str] | None:
    """The license file of a folder itself: its name, and its text."""
    found = ((name, _text(folder / name)) for name in _LICENSE_FILES)
    return next(((name, text) for name, text in found if text is not None and text.strip()), None)


def families(text: str) -> list[str]:
    """The licenses that a text names, by their ids; what a longer name holds is not named itself.

    Example:
        >>> families("MIT License"), families("Creative Commons Attribution-NonCommercial 4.0 International")
        (['mit'], ['cc-by-nc-4.0'])
    """
    found = []
    for id, pattern in _NAMES:
        text, count = re.subn(pattern, " ", text, flags=re.IGNORECASE)
        found += [id] if count else []
    return found


def license_in(path: Path) -> str | None:
    """The license that a JSON document states of itself, beside its rows; None if it is no such document."""
    if reading.kind_of(path) != ".json" or path.stat().st_size > _DOCUMENT or not _speaks(path):
        return None
    document = reading.read_document(path, lambda _: None)
    said = (
        next((document[name] for name in _STATES if document.get(name)), None) if isinstance(document, dict) else None
    )
    said = (said.get("name") or said.get("id") or said.get("url")) if isinstance(said, dict) else said
    if not isinstance(said, str) or said.strip().lower() in ("unknown", "none"):
        return None
    return named(said) or "other"


def _speaks(path: Path) -> bool:
    """Whether a document is an object, and holds the word."""
    try:
        whole = read_whole(path)
    except (OSError, EOFError, ValueError, zlib.error):
        return False
    start = whole[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and (b"icense" in whole or b"icence" in whole)


def header_license(card: str) -> str | None:
    """The license that a card's header states, by its id."""
    head = card[: card.find("\n---", 3)] if card.startswith("---") else ""
    found = re.search(r"^license:\s*(?:-\s*)?[\"']?([\w.+-]+)", head, re.MULTILINE)
    return found[1].lower() if found and found[1].lower() not in ("unknown", "none") else None


def _in_card(text: str) -> str | None:
    if id := header_license(text):
        return id
    for line in text.splitlines():
        if re.search(r"licen[cs]e", line, re.IGNORECASE) and (id := named(line)):
            return id
    return None


def named(text: str) -> str | None:
    """The license that a text names first of all, by its id; None for none that is known."""
    for id in LICENSES:
        if id in text.lower() and id not in ("mit", "none-stated"):
            return id
    return next((id for id, pattern in _NAMES if re.search(pattern, text, re.IGNORECASE)), None)


def _text(path: Path) -> str | None:
    return page_text(path, _MOST)
