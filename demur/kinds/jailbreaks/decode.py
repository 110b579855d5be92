"""Forms of an attack's text in which its base question may stand, for matching only: never published, never sent.

Undone is what anybody undoes at sight: the pieces of a text that code puts together from strings, in their order or
from the last one on, and a shift of the alphabet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase

from demur.text.normalise import normalise

_STRING = re.compile(r'"([^"\n]*)"|\'([^\'\n]*)\'')


def pieces(text: str) -> list[str]:
    """The strings that stand in code.

    Example:
        >>> pieces('a.append("where"); a.append("is")')
        ['where', 'is']
    """
    return [one or two for one, two in _STRING.findall(text)]


def shifted(text: str, by: int) -> str:
    """Every letter of the Latin alphabet, so many places back.

    Example:
        >>> shifted("nqqy", 5)
        'illt'
    """
    turned = ascii_lowercase[-by:] + ascii_lowercase[:-by]
    return text.translate(str.maketrans(ascii_lowercase + ascii_lowercase.upper(), turned + turned.upper()))


def views(text: str) -> Iterator[tuple[str, str]]:
    """The rule by which a base is found there, and the normalised form; the plainest first.

    Example:
        >>> [rule for rule, view in views('push("lamp"); push("the")') if "the lamp" in view]
        ['pieces']
    """
    yield "containment", normalise(text)
    if found := pieces(text):
        yield "pieces", normalise(" ".join(found))
        yield "pieces", normalise(" ".join(reversed(found)))
    for by in range(1, len(ascii_lowercase)):
        yield "decoded", normalise(shifted(text, by))
