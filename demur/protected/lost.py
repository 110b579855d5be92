"""Which texts that are near a protected prompt ask for something else: where its key word stands, they have another.

"What is the purpose of Area 51?" and "What is the purpose of a library?" share three quarters of their 4-grams of
characters, as much as a typo leaves of a short prompt. So the two are laid side by side. Where the text lacks letters
of the prompt, it must have the same letters with one edit, or the place counts as other words. A short prompt may have
next to none. In a longer one, where rewording is likelier, other words count only if they fill a blank: if a second
protected prompt differs from the text in the same place, and from the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.protected.prompts import Protected
from demur.similarity.near import hashed_characters
from demur.text.columns import fold_confusables_array
from demur.text.normalise import is_word

SHORT = 41
"""4-grams of characters, as a prompt of nine or ten words has. In a prompt of fewer no word may be another."""
SLIP = 0.1
"""The share of a prompt's weight, in 4-grams of characters, that other words may take: "Which is" for "What's"."""

_GRAM = 4
_MOST = 0.5  # of the weight: where so much is missing in one place, words have another order, and nothing is lost
_REACH = 5  # letters at an end that one edit may cost: two that are swapped, and three behind them without a gram
_TWO = 7  # letters in a row that two swaps may touch, with no gram left between them
_LATIN = "abcdefghijklmnopqrstuvwxyz0123456789"
_BLOCK, _ALPHABETS = 128, 0x3000  # letters of an alphabet stand together; above, a sign is a word

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]


class Gap(NamedTuple):
    """Grams ``[first, last)`` of a prompt that a text lacks, and ``[start, end)`` of the text, which it has instead."""

    first: int
    last: int
    start: int
    end: int


def other_questions(
    pairs: Iterable[tuple[int, int]], texts: pa.LargeStringArray, protected: Protected
) -> set[tuple[int, int]]:
    """Those pairs of a text and a prompt, by their places, of which the text asks for something else.

    Examples:
        >>> from demur.protected.prompts import Background
        >>> protected = Protected.from_texts(["Where do kingfishers nest?"], background=Background())
        >>> texts = pa.array(["So where do kingfihsers nest?", "Where do kingfishers swim?"], pa.large_string())
        >>> other_questions([(0, 0), (1, 0)], texts, protected)
        {(1, 0)}
    """
    found = set[tuple[int, int]]()
    blanks: defaultdict[int, list[tuple[int, Gap, Hashes]]] = defaultdict(list)
    pairs = sorted(pairs)
    rows = sorted({row for row, _ in pairs})
    read = hashed_characters(texts.take(pa.array(rows, pa.int64())))
    prompts = _weighed(sorted({prompt for _, prompt in pairs}), protected)
    for at, (row, mine) in enumerate(groupby(pairs, itemgetter(0))):
        text = Laid(read.hashes[slice(*read.starts[at : at + 2].tolist())], texts[row].as_py())
        for _, prompt in mine:
            own, weights = prompts[prompt]
            for gap in text.gaps(own):
                share = weights[gap.first : gap.last].sum() / max(1, weights.sum())
                if not SLIP < share <= _MOST:
                    continue
                blanks[row].append((prompt, gap, own[gap.first : gap.last]))
                if len(own) < SHORT:
                    found.add((row, prompt))
    for row, each in blanks.items():
        found |= {(row, prompt) for prompt in _filled(each)}
    return found


def _filled(blanks: Sequence[tuple[int, Gap, Hashes]]) -> Iterator[int]:
    """Prompts with a blank that the text fills in its own way, as another prompt does."""
    for prompt, gap, lacking in blanks:
        for other, place, words in blanks:
            together = max(gap.start, place.start) < min(gap.end, place.end)
            if other != prompt and together and not np.array_equal(lacking, words):
                yield prompt
                break


def _weighed(prompts: Sequence[int], protected: Protected) -> dict[int, tuple[Hashes, Ints]]:
    """Prompts with their grams, in reading order, and how rare each is."""
    grams = protected.characters
    own = [grams.hashes[grams.starts[prompt] : grams.starts[prompt + 1]] for prompt in prompts]
    weights = protected.background.characters.weigh(np.concatenate([grams.hashes[:0], *own])).astype(np.int64)
    ends = np.cumsum([len(each) for each in own]).tolist()
    return {
        prompt: (each, weights[end - len(each) : end]) for prompt, each, end in zip(prompts, own, ends, strict=True)
    }


class Laid:
    """A text that prompts are laid beside; the part that is like a prompt may stand anywhere in it.

    Args:
        grams: its 4-grams of characters, in reading order.
        text: whole.
    """

    def __init__(self, grams: Hashes, text: str) -> None:
        self._text = text
        self._grams: list[int] = grams.tolist()
        self._whole: SequenceMatcher[int] | None = None  # made once for all prompts: it notes where each gram stands

    def gaps(self, prompt: Hashes) -> Iterator[Gap]:
        """Where the text, at its longest common run with a prompt's grams, has other words; slips left out."""
        own, theirs, begin = prompt.tolist(), self._grams, 0
        if len(theirs) > 2 * len(own):
            if self._whole is None:
                self._whole = SequenceMatcher(None, [], theirs, False)
            self._whole.set_seq1(own)
            run = self._whole.find_longest_match()
            slack = max(2 * _GRAM, len(own) // 4)
            begin = max(0, run.b - run.a - slack)
            theirs = theirs[begin : run.b - run.a + len(own) + slack]
        at, there = 0, begin
        for block in SequenceMatcher(None, own, theirs, False).get_matching_blocks():
            gap = Gap(at, block.a, there, begin + block.b)
            if block.a > at and not _slip(gap, prompt, self):
                yield gap
            at, there = block.a + block.size, begin + block.b + block.size

    @cached_property
    def letters(self) -> str:
        """The letters and digits of the text as the character view has them."""
        folded = fold_confusables_array(pa.array([self._text], pa.large_string()))[0].as_py()
        return "".join(letter for letter in folded if letter != " " and is_word(letter))

    @cached_property
    def alphabet(self) -> str:
        """Letters that an edit may add: Latin ones, and those of every other alphabet that the text is written in."""
        blocks = {ord(letter) // _BLOCK for letter in self.letters if _BLOCK <= ord(letter) < _ALPHABETS}
        near = (chr(code) for block in sorted(blocks) for code in range(block * _BLOCK, (block + 1) * _BLOCK))
        return _LATIN + "".join(filter(is_word, near))


def _slip(gap: Gap, prompt: Hashes, text: Laid) -> bool:
    """Whether one edit of the text's letters gives the prompt's, or two swaps near each other."""
    size = gap.last - gap.first
    front, back = gap.first == 0, gap.last == len(prompt)
    if not front and not back:
        missing, instead = size - _GRAM + 1, gap.end - gap.start - _GRAM + 1
        return missing <= 0 or max(missing, instead) <= 1 or missing == instead <= _TWO
    if size == 1 or size > _REACH or (front and back):
        return size == 1
    letters, wanted = text.letters, prompt[gap.first : gap.last].tobytes()
    # the letters that both have beside the gap, and as many more as the prompt has and an edit may need
    if front:
        return _edit_gives(letters[max(0, gap.end - size - 1) : gap.end + _GRAM - 1], True, wanted, text.alphabet)
    return _edit_gives(letters[gap.start : gap.start + _GRAM + size], False, wanted, text.alphabet)


@lru_cache(1 << 12)  # texts that begin or end alike meet the same prompts
def _edit_gives(part: str, front: bool, wanted: bytes, alphabet: str) -> bool:
    """Whether one edit of the letters at an end of a text, its front or its back, gives these grams."""
    grams = np.frombuffer(wanted, np.uint64)
    size = len(grams) + _GRAM - 1
    if front:
        tries = {each[-size:] for each in _edited(part, 0, len(grams) + 1, alphabet)}
    else:
        tries = {each[:size] for each in _edited(part, _GRAM - 1, len(part), alphabet)}
    made = hashed_characters(sorted(each for each in tries if len(each) == size))
    # Others join a sign to the letter before it, or lose one.
    begins = made.starts[:-1][np.diff(made.starts) == len(grams)]
    return bool((made.hashes[begins[:, None] + np.arange(len(grams))] == grams).all(axis=1).any())


def _edited(part: str, first: int, last: int, alphabet: str) -> Iterator[str]:
    """A text with one edit between two places: a letter changed, lost, added, or swapped with the next."""
    for at in range(first, last + 1):
        head, tail = part[:at], part[at:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in alphabet:
            yield head + letter + tail
            yield head + letter + tail[1:]
