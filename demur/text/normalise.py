"""The text form used for matching only; published text is never altered.

The form is Unicode NFKC with full case folding, without default-ignorable marks (zero-width characters, joiners,
variation selectors, bidirectional controls, soft hyphens), in which every run of non-word characters is one space.

* Word characters are letters (L), numbers (N) and the combining marks (M) that follow one of them, so that Hindi,
  Arabic or decomposed Vietnamese words stay whole. A mark without such a base is a separator: the NFKC form of an
  acute accent typed as an apostrophe is a space and a lone mark.
* An apostrophe or a hyphen between two word characters vanishes ("don't" and "dont", "cyber-attack" and "cyberattack"
  are one word each); elsewhere it separates like any other punctuation.
* ``_`` separates words: it is far more often emphasis or a stand-in for a space than part of a word.
* A text without any word character (punctuation or emoji only) keeps its folded characters, white space collapsed, so
  that distinct texts of this kind stay distinct.

Every character is folded on its own (compatibility decomposition and case folding until neither changes it) and the
result is composed (NFC) at the end; this makes the form idempotent. The character data are those of the running
Python (`unicodedata.unidata_version`); releases differ only in characters that the older one does not know.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

# Default_Ignorable_Code_Point of Unicode (DerivedCoreProperties.txt), which `unicodedata` does not carry.
IGNORABLE_RANGES = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip

# Apostrophes (typewriter, typographic) and hyphens (typewriter, U+2010; U+2011 and the full-width forms fold to these).
JOINERS = "'\u2019-\u2010"
JOINER = "'"

# Look-alikes of Latin letters, in lower case: written for Demur after Unicode's names and charts.
_LOOK_ALIKES = {
    "a": "4@\u0430\u03b1\u0251\u1d00", "b": "8\u0432\u044c\u03b2\u0299", "c": "\u0441\u03f2\u1d04\u00a2",
    "d": "\u0501\u1d05\u0111", "e": "3\u0435\u0437\u03b5\u1d07\u0454\u20ac", "f": "\ua730\u0192",
    "g": "69\u0261\u0262", "h": "\u043d\u04bb\u029c\u0127", "i": "1l|\u0456\u04cf\u03b9\u0131\u026a\u029f\u0142\u0269",
    "j": "\u0458\u03f3\u1d0a", "k": "\u043a\u03ba\u1d0b", "m": "\u043c\u1d0d", "n": "\u043f\u03b7\u0274",
    "o": "0\u043e\u03bf\u1d0f\u00f8\u0585\u03c3", "p": "\u0440\u03c1\u1d18", "q": "\u051b", "r": "\u0433\u0280",
    "s": "5$\u0455\ua731", "t": "7\u0442\u03c4\u1d1b", "u": "\u03c5\u03bc\u1d1c\u057d", "v": "\u03bd\u0475\u1d20",
    "w": "\u051d\u03c9\u1d21\u0461", "x": "\u0445\u03c7", "y": "\u0443\u04af\u03b3\u028f", "z": "2\u03b6\u1d22",
}  # fmt: skip
CONFUSABLES = {look: letter for letter, looks in _LOOK_ALIKES.items() for look in looks}
# Boxed and circled letters without a compatibility mapping: negative circled, negative squared, regional indicators.
CONFUSABLES |= {
    chr(first + place): CONFUSABLES.get(chr(97 + place), chr(97 + place))
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for place in range(26)
}


@cache
def is_ignorable(code: int) -> bool:
    """Whether Unicode lets a renderer skip this code point."""
    return any(first <= code <= last for first, last in IGNORABLE_RANGES)


def fold_character(character: str) -> str:
    """Decompose (NFKD) and case-fold one character until neither changes it; ignorable marks become nothing."""
    if is_ignorable(ord(character)):
        return ""
    folded = character
    while True:
        again = unicodedata.normalize("NFKD", folded).casefold()
        if again == folded:
            return "".join(part for part in folded if not is_ignorable(ord(part)))
        folded = again


def fold_confusable_character(character: str) -> str:
    """As `fold_character`; then look-alikes become Latin and the common diacritics (U+0300 to U+036F) nothing."""
    folded = fold_character(CONFUSABLES.get(character, character))
    return "".join(CONFUSABLES.get(c, c) for c in folded if not "\u0300" <= c <= "\u036f")


def is_word(character: str) -> bool:
    """Whether a folded character belongs to words: letters, marks and numbers."""
    return unicodedata.category(character)[0] in "LMN"


class _Folding(dict[int, str]):
    """Code point -> folded text, filled as characters are met (`str.translate` asks through `__missing__`).

    With `spaced`, every apostrophe or hyphen becomes `JOINER` and every other non-word character a space.
    """

    def __init__(self, fold: Callable[[str], str], *, spaced: bool) -> None:
        self.fold, self.spaced = fold, spaced

    def __missing__(self, code: int) -> str:
        folded = self.fold(chr(code))
        if self.spaced:
            folded = "".join(c if is_word(c) else JOINER if c in JOINERS else " " for c in folded)
        self[code] = folded
        return folded


_PLANES = range(0x10000), range(0x10000, 0x20000)
_INNER_JOINER = re.compile(f"{JOINER}(?<=[^ {JOINER}]{JOINER})(?=[^ {JOINER}])")


@cache
def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


@cache
def _lone_marks() -> re.Pattern[str]:
    """Runs of combining marks that no word character carries."""
    # Beyond plane 1 there are only variation selectors, which are ignorable. `re` is slow with a class that leaves
    # plane 0, and is kept from asking it of what lies there.
    marks = ["".join(c for c in map(chr, plane) if unicodedata.category(c)[0] == "M") for plane in _PLANES]
    return re.compile(rf"(?:^|(?<=[ {JOINER}]))(?:[{marks[0]}]|(?=[^\x00-\uffff])[{marks[1]}])+")


@cache
def _tables(fold: Callable[[str], str]) -> tuple[_Folding, _Folding]:
    return _Folding(fold, spaced=True), _Folding(fold, spaced=False)


def _form(text: str, fold: Callable[[str], str]) -> str:
    spacing, folding = _tables(fold)
    spaced = text.translate(spacing)
    if not spaced.isascii() and any(map(_is_mark, {*spaced})):
        spaced = _lone_marks().sub(" ", spaced)
    if JOINER in spaced:
        spaced = _INNER_JOINER.sub("", spaced).replace(JOINER, " ")
    words = " ".join(spaced.split()) or " ".join(text.translate(folding).split())
    return unicodedata.normalize("NFC", words)


def normalise(text: str) -> str:
    r"""Return the form of a text under which equal prompts compare equal.

    Examples:
        >>> normalise("  \N{FULLWIDTH LATIN CAPITAL LETTER H}ello,\u200b WORLD!  ")
        'hello world'
        >>> normalise("Don't re-enter"), normalise("?!")
        ('dont reenter', '?!')
    """
    return _form(text, fold_character)


def fold_confusables(text: str) -> str:
    r"""Return the form for the character view: as `normalise`, with characters that look alike made equal.

    Look-alike letters of other scripts, small capitals, boxed letters and digits that stand for letters become Latin
    letters, diacritics of Latin, Greek and Cyrillic letters vanish, and "l" is "i" (a "1" may mean either). The form is
    for comparing only. Letters set apart ("h e l l o") stay apart here; the character view leaves out all spaces.

    Examples:
        >>> fold_confusables("H\N{CYRILLIC SMALL LETTER IE}1l0, w\u200borld")
        'heiio worid'
    """
    return _form(text, fold_confusable_character)
