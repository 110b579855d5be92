"""Which characters begin words, and which belong to scripts that are written without spaces."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Character classes. Only ``BASE`` and ``UNSPACED_BASE`` make a text one with words; marks continue a word.
NON_WORD, BASE, UNSPACED_BASE, MARK, UNSPACED_MARK, JOINER = range(6)

# Blocks of the scripts without spaces between words: Han, Hiragana, Katakana, Bopomofo, Thai, Lao, Myanmar, Khmer,
# Tai Le, New Tai Lue, Tai Tham and Tai Viet. Hangul, Tibetan and Ethiopic do separate words or syllables.
UNSPACED_RANGES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0x2E80, 0x2FDF),
    (0x3005, 0x3007), (0x3021, 0x302F), (0x3031, 0x3035), (0x3038, 0x303C), (0x3041, 0x3096), (0x3099, 0x309A),
    (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F), (0xAA80, 0xAADF), (0xF900, 0xFAFF), (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)  # fmt: skip


@cache
def character_classes() -> NDArray[np.uint8]:
    """The class of every code point, as this Python's Unicode data have it; read-only."""
    classes = np.zeros(0x110000, np.uint8)
    # Beyond plane 3 there are only ignorable marks, which normalisation removes, and private characters.
    categories = "".join(map(unicodedata.category, map(chr, range(0x34000))))  # two letters each
    initials = np.frombuffer(categories.encode(), "S1")[::2]
    classes[:0x34000][(initials == b"L") | (initials == b"N")] = BASE
    classes[:0x34000][initials == b"M"] = MARK
    for first, last in UNSPACED_RANGES:
        block = classes[first : last + 1]
        digits = [offset for offset in range(min(len(block), 256)) if chr(first + offset).isdecimal()]
        spaced = np.isin(np.arange(len(block)), digits)
        block[(block == BASE) & ~spaced] = UNSPACED_BASE
        block[block == MARK] = UNSPACED_MARK
    classes.flags.writeable = False
    return classes


def is_unspaced(character: str) -> bool:
    """Whether the character belongs to a script without spaces (digits of such scripts are ordinary)."""
    return character_classes()[ord(character)] in (UNSPACED_BASE, UNSPACED_MARK)


def has_words(normalised: str) -> bool:
    """Whether a normalised text has any word character that can stand alone."""
    classes = character_classes()
    return any(classes[ord(c)] in (BASE, UNSPACED_BASE) for c in normalised)
