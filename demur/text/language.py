"""The language of a text, where one can be sure of it: `py3langid`, a naive Bayes model over byte n-grams.

Its weights come with the package and nothing is drawn, so that the same text always has the same language.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

UNKNOWN = "und"
"""BCP 47 for a language that nobody knows."""

LEAST, SURE = 30, 0.9
"""Letters below which a text is too short to tell, and the probability from which its language counts as known."""


@lru_cache(maxsize=10_000)
def language_of(text: str) -> str:
    """The BCP 47 tag of a text's language; ``und`` for short, mixed or unclear texts.

    Example:
        >>> language_of("Der Reiher steht seit heute Morgen am Ufer und wartet."), language_of("Ja.")
        ('de', 'und')
    """
    if sum(map(str.isalpha, text)) < LEAST:
        return UNKNOWN
    tag, probability = _identifier().classify(text)
    return str(tag) if probability >= SURE and tag != "zxx" else UNKNOWN


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
