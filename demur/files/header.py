"""The names of a table's columns, where its first row should say them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from demur.files._block import Fault, Names, Note

_NUMBER = re.compile(r"[-+]?[\d.,]+")


def header(cells: Sequence[str], columns: Names, note: Note, line: int) -> tuple[list[str], bool]:
    """The names, and whether the header is a row of data as well, which is noted.

    Args:
        cells: of the first row.
        columns: those that are wanted; if the header has one of them, it is a header.
        note: gets the fault.
        line: of the header.
    """
    if is_data(cells) and not {*(columns or ())} & {*cells}:
        note(Fault("header", "the header looks like a row of data, and is read as one", line=line))
        first = next(place for place, cell in enumerate(cells) if len(cell.split()) > 3)
        return ["value" if place == first else f"column {place + 1}" for place in range(len(cells))], True
    if cells.count("") > 1:
        return [name or f"column {place}" for place, name in enumerate(cells, 1)], False
    return [*cells], False


def separator(line: str) -> str:
    """What parts the cells of a CSV file, by its header: a comma, or what stands there in its place.

    Example:
        >>> separator("prompt;response"), separator("prompt,a;b"), separator("prompt")
        (';', ',', ',')
    """
    return "," if "," in line else next((sign for sign in (";", "\t", "|") if sign in line), ",")


def is_data(header: Sequence[str]) -> bool:
    """Whether a header reads as a row of data: a sentence stands in it, and no cell is a name as columns have one.

    Example:
        >>> is_data(["How do I plant a lemon tree?"]), is_data(["prompt", "What is the best answer to it?"])
        (True, False)
    """
    sentences = [len(cell.split()) > 3 and (cell.rstrip()[-1] in ".?!" or len(cell) > 60) for cell in header]
    plain = [cell for cell, told in zip(header, sentences, strict=True) if not told]
    return any(sentences) and all(not cell.strip() or _NUMBER.fullmatch(cell.strip()) for cell in plain)
