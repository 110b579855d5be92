"""Names for files of declarations, and tuples as `ruff format` leaves them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

_WIDTH = 120


def identifier(text: str) -> str:
    """A name for a file of declarations and a function.

    Example:
        >>> identifier("Red Team-v2"), identifier("2024"), identifier("class")
        ('red_team_v2', 'set_2024', 'set_class')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return plain if plain.isidentifier() and not keyword.iskeyword(plain) else f"set_{plain}".rstrip("_")


def in_brackets(values: Sequence[str], line: str) -> str:
    """A tuple: on its line if it fits there, else a value a line.

    Args:
        values: as Python spells them.
        line: what stands before and behind it, with the indent.

    Example:
        >>> in_brackets(['"en"'], "    languages=,"), in_brackets(['"en"', '"de"'], "    languages=,")
        ('("en",)', '("en", "de")')
    """
    short = f"({', '.join(values)}{',' if len(values) == 1 else ''})"
    if len(values) == 1 or len(line) + len(short) <= _WIDTH:
        return short
    indent = " " * (len(line) - len(line.lstrip()))
    return "(\n" + "".join(f"{indent}    {value},\n" for value in values) + f"{indent})"
