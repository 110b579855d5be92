"""The language that a file, its card or a row says its texts are in, and texts that surely are in another."""

from __future__ import annotations

import re
from functools import cache

_NAMED = {
    "english": "en", "chinese": "zh", "mandarin": "zh", "japanese": "ja", "korean": "ko", "french": "fr",
    "german": "de", "spanish": "es", "italian": "it", "portuguese": "pt", "dutch": "nl", "russian": "ru",
    "ukrainian": "uk", "arabic": "ar", "persian": "fa", "farsi": "fa", "hebrew": "he", "hindi": "hi",
    "bengali": "bn", "thai": "th", "greek": "el", "vietnamese": "vi", "turkish": "tr", "polish": "pl",
    "swedish": "sv", "czech": "cs", "urdu": "ur", "tamil": "ta", "telugu": "te", "eng": "en", "zho": "zh",
    "cmn": "zh", "jpn": "ja", "kor": "ko", "fra": "fr", "deu": "de", "spa": "es", "rus": "ru", "ara": "ar",
    "ben": "bn", "hin": "hi", "tha": "th",
}  # fmt: skip

SCRIPTS = {
    "zh": r"\p{Han}", "ja": r"\p{Han}\p{Hiragana}\p{Katakana}", "ko": r"\p{Hangul}\p{Han}", "ru": r"\p{Cyrillic}",
    "uk": r"\p{Cyrillic}", "ar": r"\p{Arabic}", "fa": r"\p{Arabic}", "ur": r"\p{Arabic}", "he": r"\p{Hebrew}",
    "hi": r"\p{Devanagari}", "bn": r"\p{Bengali}", "th": r"\p{Thai}", "el": r"\p{Greek}", "ta": r"\p{Tamil}",
    "te": r"\p{Telugu}",
    **dict.fromkeys(("en", "fr", "de", "es", "it", "pt", "nl", "vi", "tr", "pl", "sv", "cs"), r"\p{Latin}"),
}  # fmt: skip
"""Language -> the scripts it is written in."""

COMMON = {
    "en": "the|and|of|to|a|in|is|you|what|how|i|for|that|it|my|your|me|do|can|are|with|on|an|be|who|why|this|or",
    "fr": "le|la|les|de|des|du|un|une|et|est|en|que|qui|pour|dans|sur|pas|ce|je|il|elle|vous|au|avec",
    "de": "der|die|das|und|ist|ein|eine|zu|den|von|mit|nicht|ich|sie|es|auf|für|im|wie|dem|des|was|kann",
    "es": "el|la|los|las|de|que|y|en|un|una|es|para|por|con|no|se|del|al|su|como|qué|me|mi",
    "it": "il|lo|la|i|gli|le|di|che|e|un|una|è|per|in|con|non|del|della|come|si|mi",
    "pt": "o|a|os|as|de|que|e|um|uma|é|para|em|com|não|do|da|por|se|como|no|na",
    "nl": "de|het|een|en|van|is|in|dat|op|te|met|voor|niet|ik|je|zijn|hoe|wat|aan",
}
"""Language -> words that hardly any longer text of it lacks: where one stands, no model is asked."""

_FROM_NAMES = frozenset(SCRIPTS) - {"it", "he", "te", "el", "ta"}


def tag_of(said: object) -> str | None:
    """The language of a value or a name, as far as it is known here.

    Example:
        >>> tag_of("zh-CN"), tag_of("English"), tag_of("python"), tag_of(["en", "fr"])
        ('zh', 'en', None, None)
    """
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if not isinstance(said, str):
        return None
    word = said.strip().lower()
    base = re.split(r"[-_]", word)[0]
    return _NAMED.get(word) or (base if base in SCRIPTS and len(word) <= 10 else None)


def tag_of_file(name: str) -> str | None:
    """The language that the end of a file's name says, if it says one only.

    Example:
        >>> tag_of_file("train_zh.jsonl"), tag_of_file("a/de/test.csv"), tag_of_file("en-fr.csv"), tag_of_file("a.csv")
        ('zh', None, None, None)
    """
    words = re.split(r"[-_.]", name.lower().rpartition("/")[2].partition(".")[0])
    found = {_NAMED.get(word, word) for word in words[1:] if word in _FROM_NAMES or word in _NAMED}
    first = words[0] in _FROM_NAMES or words[0] in _NAMED
    return found.pop() if len(found) == 1 and not first else None


def tag_of_card(page: str) -> str | None:
    r"""The one language that the head of a card names.

    Example:
        >>> tag_of_card("---\nlanguage:\n- zh\n---\n"), tag_of_card("---\nlanguage: [en, fr]\n---\n")
        ('zh', None)
    """
    head = re.match(r"---\s*\n(.*?)\n---", page, re.DOTALL)
    stated = head and re.search(r"^language:[ \t]*(.*(?:\n[ \t]*- .*)*)", head[1], re.MULTILINE)
    return tag_of(re.findall(r"[\w-]*\w", stated[1])) if stated else None


@cache
def common(tag: str) -> str | None:
    """A pattern for words of a language."""
    return rf"(?i)(?:^|[^\pL])(?:{COMMON[tag]})(?:[^\pL]|$)" if tag in COMMON else None
