"""The views of a text: which set of grams stands for it. This is the definition; the kernels are held to it."""

from __future__ import annotations

from itertools import groupby
from typing import Literal, get_args

from demur.errors import UsageError, nearest
from demur.text.normalise import fold_confusables, normalise
from demur.text.scripts import has_words, is_unspaced

View = Literal["token", "word3", "char"]

#: Units in a gram. Units are words ("token", "word3") or characters ("char").
GRAM_SIZE: dict[View, int] = {"token": 1, "word3": 3, "char": 4}


def check_view(view: str) -> None:
    """Raise `UsageError` for a view that does not exist."""
    if view not in get_args(View):
        msg = f"No such view. {nearest(view, get_args(View))}"
        raise UsageError(msg, expected=get_args(View), got=view)


def words(normalised: str) -> list[str]:
    """The words of a normalised text; runs of scripts without spaces become overlapping pairs of characters.

    Examples:
        >>> words("two words")
        ['two', 'words']
        >>> words("東京都 abc東")
        ['東京', '京都', 'abc', '東']
    """
    found = []
    for word in normalised.split():
        for unspaced, letters in groupby(word, is_unspaced):
            run = "".join(letters)
            if unspaced and len(run) > 1:
                found += [run[i : i + 2] for i in range(len(run) - 1)]
            else:
                found.append(run)
    return found


def grams(text: str, view: View) -> frozenset[tuple[str, ...]]:
    """The set of grams that stands for a text; two texts are as similar as the Jaccard index of their sets.

    A text with fewer units than the gram has is one gram of all its units. A text without any word character
    (punctuation, emoji, nothing) is one gram of its whole normalised form, so it matches its equals only.

    Examples:
        >>> sorted(grams("a b c d", "word3"))
        [('a', 'b', 'c'), ('b', 'c', 'd')]
        >>> grams("?!", "token")
        frozenset({('whole', '?!')})
    """
    form = fold_confusables(text) if view == "char" else normalise(text)
    if not has_words(form):
        return frozenset({("whole", form)})
    units = list(form.replace(" ", "")) if view == "char" else words(form)
    size = min(GRAM_SIZE[view], len(units))
    return frozenset(tuple(units[i : i + size]) for i in range(len(units) - size + 1))
