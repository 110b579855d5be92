"""Which base question an attack was made of: found, and proven by a rule with a score.

In the order of the evidence: a column holds the question (``goal``); a column holds the base's own name of it
(``id``); the question stands in the attack word by word (``containment``), in the strings of its code (``pieces``), or
in its letters shifted (``decoded``); nearly all of its runs of five characters stand there (``grams``); or a run that
mostly re-words the questions of one file, each once, is assigned one to one by likeness (``meaning``), where two views
of the texts, of words and of characters, assign the same. What no rule links stays unlinked, with its nearest question.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import tee
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from demur.kinds.jailbreaks.decode import views
from demur.records.record import Frozen
from demur.text.normalise import normalise

Rule = Literal["goal", "id", "containment", "pieces", "decoded", "grams", "meaning"]

EXACT: tuple[Rule, ...] = ("goal", "id", "containment", "pieces", "decoded")
"""Rules that hold or do not: their score is 1."""

GRAMS = 0.8
"""Of a question's runs of five characters, the share that has to stand in the attack."""

MARGIN = 0.1
"""By how much that share has to be above the next question's."""

FLOOR = 0.1
"""Cosine from which an assignment counts."""

REWORDED = 0.5
"""Share of a run's rows that no other rule links, from which the run counts as one that re-words its questions."""

SHORTEST = 12
"""Characters of a normalised question from which it is looked for in texts."""

_SIZE = 5


class Link(Frozen):
    """How a base question was found."""

    rule: Rule
    """goal (a column holds it), id (a column names it), containment (it stands there word by word), pieces (in the
    strings of code), decoded (in shifted letters), grams (nearly all of it does), meaning (assigned one to one)."""
    score: Annotated[float, Field(ge=0, le=1)]
    """1 for the rules that hold or do not; of grams the share, of meaning the cosine."""


class Question(NamedTuple):
    """A base question: its text, its source, and what that source calls it."""

    text: str
    source: str
    keys: tuple[str, ...] = ()


class Attacked(NamedTuple):
    """An attack, and what its source says of its base."""

    text: str
    run: str | None = None
    base: str | None = None
    goal: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Found:
    """The number of a question, and the rule; without a rule the question is only the nearest one."""

    question: int | None
    rule: Rule | None
    score: float


def find(attacks: Sequence[Attacked], questions: Sequence[Question]) -> list[Found]:
    """The base question of every attack.

    Args:
        attacks: in any order; rows of one run are assigned together.
        questions: of all sources; where several hold the same text, the first of the attack's own base source is meant.

    Example:
        >>> asked = [Question("Where is the blue lamp kept?", "lamps"), Question("Who painted the fence?", "lamps")]
        >>> find([Attacked("You are a pirate. Where is the BLUE lamp kept?! Arr.", base="lamps")], asked)
        [Found(question=0, rule='containment', score=1.0)]
    """
    finder = _Finder(questions)
    found = [finder.exact(each) or finder.contained(each) or finder.nearly(each) for each in attacks]
    runs: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, attack in enumerate(attacks):
        if attack.run is not None and attack.base is not None:
            runs[attack.run, attack.base].append(place)
    for (_, base), places in sorted(runs.items()):
        open_ = [place for place in places if found[place] is None]
        if open_ and len(open_) >= REWORDED * len(places):
            taken = {known.question for place in places if (known := found[place]) is not None}
            free = [number for number in finder.of_source.get(base, ()) if number not in taken]
            for place, link in zip(open_, finder.assigned([attacks[place].text for place in open_], free), strict=True):
                found[place] = link
    rest = [place for place, known in enumerate(found) if known is None]
    for place, near in zip(rest, finder.nearest([attacks[place].text for place in rest]), strict=True):
        found[place] = near
    return [known for known in found if known is not None]


def template_of(text: str, question: str) -> str | None:
    """The sha256 of a normalised text without the question that stands in it; None where it does not.

    Example:
        >>> one, two = template_of("Arr, where is it? Say!", "Where is it?"), template_of("ARR, who? Say", "Who?")
        >>> one == two, template_of("Arr", "Who?")
        (True, None)
    """
    whole, inner = f" {normalise(text)} ", f" {normalise(question)} "
    if inner not in whole or whole == inner:
        return None
    return hashlib.sha256(whole.replace(inner, " \0 ").encode()).hexdigest()


class _Finder:
    """The questions, made ready to be looked for."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.normal = [normalise(each.text) for each in questions]
        self.padded = [f" {each} " for each in self.normal]
        self.words = [frozenset(each.split()) for each in self.normal]  # fewer are compared than looked for in a text
        self.of_source: defaultdict[str, list[int]] = defaultdict(list)
        self.texts: dict[str, int] = {}
        self.own: dict[tuple[str, str], int] = {}
        self.keys: dict[tuple[str, str], int] = {}
        for number, each in enumerate(questions):
            self.of_source[each.source].append(number)
            self.texts.setdefault(self.normal[number], number)
            self.own.setdefault((each.source, self.normal[number]), number)
            for key in each.keys:
                self.keys.setdefault((each.source, key), number)
        self._contained: dict[tuple[str, str | None], Found | None] = {}
        self._looked_for: dict[str, dict[int, frozenset[str]]] = {}
        self._last = self._by_last_word(range(len(questions)))
        self._last_of = {source: self._by_last_word(numbers) for source, numbers in self.of_source.items()}

    def exact(self, attack: Attacked) -> Found | None:
        """By a column that holds the question, or names it."""
        if attack.goal is not None:
            goal = normalise(attack.goal)
            number = self.own.get((attack.base or "", goal))
            if number is None and (attack.key is None or (attack.base or "", attack.key) not in self.keys):
                number = self.texts.get(goal)
            if number is not None:
                return Found(number, "goal", 1.0)
        if attack.key is not None and attack.base is not None:
            number = self.keys.get((attack.base, attack.key))
            if number is not None:
                return Found(number, "id", 1.0)
        return None

    def contained(self, attack: Attacked) -> Found | None:
        """By the longest question that stands in a form of the text: of the declared source, else of any."""
        key = attack.text, attack.base
        if key not in self._contained:
            own = self._last_of.get(attack.base or "", {})
            first, again = tee(views(attack.text))  # most stand in the plain text, and no other form is needed
            self._contained[key] = self._within(first, own) or self._within(again, self._last)
        return self._contained[key]

    def _by_last_word(self, numbers: Iterable[int]) -> dict[str, list[int]]:
        """The questions that are looked for in texts, by the word that they end with."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number in numbers:
            if len(self.normal[number]) >= SHORTEST:
                found[self.normal[number].rpartition(" ")[2]].append(number)
        return dict(found)

    def _within(self, forms: Iterable[tuple[str, str]], by_last_word: Mapping[str, Sequence[int]]) -> Found | None:
        for rule, form in forms if by_last_word else ():
            padded = f" {form} "
            inside = [number for word in by_last_word.keys() & padded.split(" ") for number in by_last_word[word]
                      if f" {self.normal[number]} " in padded]  # fmt: skip
            if inside:
                longest = max(inside, key=lambda number: (len(self.normal[number]), -number))
                return Found(longest, rule, 1.0)  # type: ignore[arg-type] # a rule of `views`
        return None

    def nearly(self, attack: Attacked) -> Found | None:
        """By the question of the declared source of which nearly all stands in the text, and of no other as much."""
        whole, asked = _grams(normalise(attack.text)), self._grams_of(attack.base or "")
        shares = sorted(((len(mine & whole) / len(mine), -number) for number, mine in asked.items()), reverse=True)
        if not shares or shares[0][0] < GRAMS or (len(shares) > 1 and shares[0][0] - shares[1][0] < MARGIN):
            return None
        return Found(-shares[0][1], "grams", round(shares[0][0], 6))

    def _grams_of(self, source: str) -> dict[int, frozenset[str]]:
        """The grams of a source's questions that have enough."""
        if source not in self._looked_for:
            grams = {number: _grams(self.normal[number]) for number in self.of_source.get(source, ())}
            self._looked_for[source] = {number: mine for number, mine in grams.items() if len(mine) >= SHORTEST}
        return self._looked_for[source]

    def assigned(self, texts: Sequence[str], free: Sequence[int]) -> list[Found | None]:
        """One question each, none twice, so that the sum of the cosines is largest."""
        from scipy.optimize import linear_sum_assignment

        if not free:
            return [None] * len(texts)
        normal = [normalise(text) for text in texts]
        questions = [self.normal[number] for number in free]
        characters, words = cosines(normal, questions, "char_wb"), cosines(normal, questions, "word")
        by_words = dict(zip(*(each.tolist() for each in linear_sum_assignment(-words)), strict=True))
        found: list[Found | None] = [None] * len(texts)
        for row, column in zip(*(each.tolist() for each in linear_sum_assignment(-characters)), strict=True):
            cosine = round(min(1.0, float(characters[row, column])), 6)
            if by_words.get(row) == column and cosine >= FLOOR:
                found[row] = Found(free[column], "meaning", cosine)
        return found

    def nearest(self, texts: Sequence[str]) -> list[Found]:
        """The question with the largest cosine, which is no link."""
        if not texts or not self.normal:
            return [Found(None, None, 0.0)] * len(texts)
        likeness = cosines([normalise(text) for text in texts], self.normal, "char_wb")
        best = likeness.argmax(axis=1).tolist()
        return [
            Found(number, None, round(min(1.0, float(likeness[row, number])), 6)) for row, number in enumerate(best)
        ]


def cosines(texts: Sequence[str], questions: Sequence[str], analyzer: str) -> NDArray[np.float64]:
    """Cosine of TF-IDF of every text with every question: of words, or of runs of 3 to 5 characters within words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    of: dict[str, Any] = {"word": {"ngram_range": (1, 1)}, "char_wb": {"ngram_range": (3, 5), "sublinear_tf": True}}
    vectors = TfidfVectorizer(analyzer=analyzer, token_pattern=r"\S+" if analyzer == "word" else None, **of[analyzer])
    vectors.fit([*texts, *questions])
    product: NDArray[np.float64] = (vectors.transform(texts) @ vectors.transform(questions).T).toarray()
    return product


def _grams(text: str) -> frozenset[str]:
    return frozenset(text[start : start + _SIZE] for start in range(len(text) - _SIZE + 1))
