"""Which language a response is to be read in, by its little words and letters first: they suffice for most."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import chain, islice

from demur.text.language import LEAST, UNKNOWN, language_of

OTHER, ANY = "other", "any"
"""A language that is not read; and a text that is too short, or too little of a text, to tell."""

_WORDS = {
    "en": "the of and to is in that it you for not with are this be or your can i have they from what but by if how do"
    " was were on as at an has had he she we its there which who when about will would so my me no more all does been",
    "fr": "le la les des et est une pas vous que qui dans pour sur je ne ce cette il nous avec mais au aux du sont",
    "es": "el los las una es que y no por con para lo se su como pero más este esta son del al si me puedo",
    "de": "der die das und ist nicht ein eine ich sie zu den mit auf für es von dem sich wie aber auch kann sind oder",
    "vi": "không và của là tôi bạn có cho được một các để trong người này với thể những khi đã nhưng về xin lỗi",
}
_STRANGERS = (
    "il di che è per non un sono mi ti della con come ho gli anche questo più può",
    "o os que não um uma para com em eu você por mais são da isso como ou",
    "de het een en van ik niet dat is te voor op zijn met je maar ook deze",
    "saya yang dan tidak untuk dengan ini itu anda bisa dalam akan di ke dari adalah atau",
    "ya na kwa ni wa katika za kama hii hiyo wewe mimi hapana",
    "jest nie w na z do że się to jak co dla ale czy proszę",
    "bir ve bu için değil ile ben sen ne mi var yok olarak",
)
"""Little words of other languages in Latin letters (Italian, Portuguese, Dutch, Indonesian, Swahili, Polish, Turkish),
so that they are not taken for a neighbour."""
_READ = (*_WORDS, "zh")
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"```.*?(?:```|\Z)|https?://\S+", re.DOTALL)
_HAN = re.compile("[\u4e00-\u9fff]+")
_KANA = re.compile("[\u3041-\u30ff]+")
_VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]+", re.IGNORECASE)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
_SMALL = bytes(byte | 32 if chr(byte).isalpha() else 32 for byte in range(128)).ljust(256)

FIRST, SHARE, LITTLE, AHEAD = 300, 0.12, 0.04, 1.3
"""Words that are looked at; the share of them that is little words of one language, by itself and where nothing else is
known; how far it is ahead of the next."""


def tongue(text: str) -> str:
    """A language that is read (``en``, ``zh``, ``fr``, ``es``, ``de``, ``vi``), ``other``, or ``any``.

    ``any``, where nothing can be told, is said of plain Latin texts below thirty letters, code left out.

    Example:
        >>> tongue("The fence is blue."), tongue("Je ne peux pas."), tongue("Blue."), tongue("Нет, не могу.")
        ('en', 'fr', 'any', 'other')
    """
    text = _CODE.sub(" ", text) if "```" in text or "http" in text else text
    if text.isascii():
        read = text.encode().translate(_SMALL)
        letters = len(read) - read.count(b" ")
        words = read.decode("ascii").split(None, FIRST)[:FIRST]
    else:
        letters = sum(map(str.isalpha, text))
        han, latin = _count(_HAN, text), _count(_LATIN, text)
        if 3 * han > letters and 20 * _count(_KANA, text) < letters:
            return "zh"
        if 2 * latin < letters:
            return OTHER
        if 12 * _count(_VIETNAMESE, text) > letters:
            return "vi"
        words = [found[0].lower() for found in islice(_WORD.finditer(text), FIRST)]
    little = _little()
    counts = Counter(chain.from_iterable(map(little.__getitem__, filter(little.__contains__, words))))
    (best, most), (_, next_most), *_ = [*counts.most_common(2), (ANY, 0), (ANY, 0)]
    if most >= 2 and most >= SHARE * len(words) and most >= AHEAD * next_most:
        return best if best in _READ else OTHER
    if letters < LEAST:
        return ANY if text.isascii() or counts else OTHER
    found = language_of(text)
    if found == UNKNOWN and most >= LITTLE * len(words):
        found = best
    return found if found in _READ else OTHER


def _count(letters: re.Pattern[str], text: str) -> int:
    return sum(map(len, letters.findall(text)))


@cache
def _little() -> dict[str, tuple[str, ...]]:
    """Every little word, and the languages that it belongs to."""
    found: dict[str, tuple[str, ...]] = {}
    for language, words in [*_WORDS.items(), *((f"{OTHER} {each}", words) for each, words in enumerate(_STRANGERS))]:
        for word in words.split():
            found[word] = (*found.get(word, ()), language)
    return found
