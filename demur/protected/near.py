"""Decontamination: which texts are near which protected prompts, by which rule, and how much they share.

A row's evidence depends on that row and on the protected set alone, so any sharding of the texts gives the same table.

Four rules, from one tokenisation of each text. *token*: Jaccard index of the sets of words. *word3*: Jaccard index of
the sets of runs of three words. *containment*: the share of a prompt's runs of three words that a text has, however
long it is. *char*: the share of a prompt's 4-grams of characters in one window of a text, through spaces, case, typos,
look-alike letters and digits; the window is laid where 16 characters in a row agree (12 or 10 for short prompts).

What a rule counts as shared must also carry most of the prompt's *content*: words weigh less the more benign prompts
have them (`demur.protected.prompts.Common`). "Write a tutorial on how to" does not make two prompts the same,
whatever share of their words it is. And a prompt inside a longer text needs some content at all, or it is a phrase
that anybody uses.

What shares not everything must ask the same: `demur.protected.lost` looks at what stands where the prompt's words are
missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.protected.lost import other_questions
from demur.protected.prompts import Protected
from demur.similarity.evidence import check_threshold
from demur.similarity.near import CharacterIndex, Pairs, WordIndex, weigh_words
from demur.similarity.sets import GramSets, Units, completed, from_units, hashed_units
from demur.text.arrays import Texts, as_array
from demur.text.compiled import over_parts

Rule = Literal["token", "word3", "containment", "char"]

#: The rules, the plainest first: of equally similar evidence, the first rule is the reason.
RULES: tuple[Rule, ...] = ("token", "word3", "containment", "char")

EVIDENCE = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
        pa.field("span", pa.int32(), nullable=False),
    ]
)
"""Columns of evidence: the row of the text; the prompt; the rule; the similarity that it measures; the longest run of
words that both have (a re-spaced copy may have none)."""

Ints: TypeAlias = NDArray[np.int64]
_Found: TypeAlias = tuple[Ints, Ints, Ints, NDArray[np.float64], Ints]

# Rows whose hashes are in memory at a time, on each thread.
_SLICE = 1 << 13


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds; None switches a rule off.

    Attributes:
        token: 0.8 allows one word in nine to be another, and any order.
        word3: 0.7 allows one word in a text of twenty to be another; three words in a row are seldom chance.
        containment: 0.8 allows one word in the middle of a prompt of seventeen to be another; the rest of the text is
            free, so this is higher than word3.
        char: 0.8 allows a letter in twenty to be wrong. Five 4-grams, what one typo costs, may be missing in any case,
            as long as a quarter of the prompt's is more than that: from 23 letters on.
        content: 0.7 of the prompt's content must be in what is shared: more than a common opening has, and as much as
            is left when a typo hits the key word of a prompt of eight words.
        minimum_words: shorter prompts, and shorter runs of shared words, say nothing inside a longer text.
        minimum_content: two rare words, or more common ones: what a prompt needs to be recognised in a longer text.
        key_word: whether a text with another key word in the place of the prompt's asks for something else.
    """

    token: float | None = 0.8
    word3: float | None = 0.7
    containment: float | None = 0.8
    char: float | None = 0.8
    content: float = 0.7
    minimum_words: int = 4
    minimum_content: float = 2.0
    key_word: bool = True

    def __post_init__(self) -> None:
        """Raise `UsageError` for a threshold out of range."""
        for rule in RULES:
            threshold = getattr(self, rule)
            if threshold is not None:
                check_threshold(threshold)


def decontaminate(
    texts: Texts, protected: Protected, rules: Rules | None = None, *, threads: int | None = None
) -> pa.Table:
    """Evidence of texts that are near protected prompts.

    Args:
        texts: rows to judge; a null matches nothing. Only a few thousand rows are hashed at a time.
        protected: the prompts to keep apart from.
        rules: thresholds, by default those of `Rules`.
        threads: default all cores that the process may use. The result does not depend on it.

    Returns:
        A table of `EVIDENCE`, sorted by row, source, record id and rule (in the order of `RULES`).

    Examples:
        >>> from demur.protected.prompts import Background, Protected
        >>> prompts = Protected.from_texts(["Name the tallest lighthouse in Portugal"], background=Background())
        >>> found = decontaminate(["You are a pirate. Name the tallest lighthouse in Portugal, matey!"], prompts)
        >>> found.select(["rule", "similarity", "span"]).to_pylist()[0]
        {'rule': 'containment', 'similarity': 1.0, 'span': 6}
    """
    return judge_all(Judge.of(protected, rules or Rules()), texts, threads=threads)


def judge_all(
    judge: Judge,
    texts: Texts,
    first: int = 0,
    threads: int | None = None,
    units: Units | None = None,
    *,
    best: bool = False,
) -> pa.Table:
    """As `decontaminate`, for prompts indexed before.

    Args:
        judge: the prompts.
        texts: rows to judge.
        first: the number of the first row.
        threads: default all cores that the process may use.
        units: the hashed words of the texts, as far as somebody has them (see `demur.similarity.sets.completed`).
        best: leave out what `best_reasons` would not choose, as far as that saves work.
    """
    column = texts if isinstance(texts, pa.ChunkedArray) else as_array(texts)

    def of(part: int) -> pa.Table:
        rows = slice(part * _SLICE, (part + 1) * _SLICE)
        mine = None if units is None else Units(units.hashes, units.starts[rows.start : rows.stop + 1])
        return judge.judge(column.slice(rows.start, _SLICE), first + rows.start, mine, best=best)

    found = over_parts(of, -(-len(column) // _SLICE), threads)
    return pa.concat_tables([EVIDENCE.empty_table(), *found])


def best_reasons(evidence: pa.Table) -> pa.Table:
    """One reason a row: the most similar prompt; of equals the first rule, the longer span, the smaller source and id.

    Examples:
        >>> best_reasons(EVIDENCE.empty_table()).num_rows
        0
    """
    rank = {rule: place for place, rule in enumerate(RULES)}
    keys = zip(*(evidence[name].to_pylist() for name in ("row", "similarity", "rule", "span")), strict=True)
    best: dict[int, tuple[tuple[float, int, int], int]] = {}
    for place, (row, similarity, rule, span) in enumerate(keys):
        best[row] = min(best.get(row, ((1.0, 0, 0), -1)), ((-similarity, rank[rule], -span), place))
    return evidence.take(pa.array([best[row][1] for row in sorted(best)], pa.int64()))


@dataclass(frozen=True, slots=True)
class Judge:
    """Protected prompts indexed for some rules; judges slices of texts, one after another or on threads."""

    protected: Protected
    rules: Rules
    weights: NDArray[np.uint8]
    totals: Ints
    content: NDArray[np.float64]
    order: Ints
    tokens: WordIndex | None
    runs: WordIndex | None
    characters: CharacterIndex | None

    @classmethod
    def of(cls, protected: Protected, rules: Rules) -> Judge:
        """Index the prompts."""
        words = protected.words
        count = len(protected)
        owners = np.repeat(np.arange(count), np.diff(words.starts))
        common, never = protected.background.words, 2.0
        weights = common.weigh(words.hashes)
        ranks = np.lexsort((np.array(protected.record_ids, str), np.array(protected.sources, str)))
        order = np.empty(count, np.int64)
        order[ranks] = np.arange(count)
        with ThreadPoolExecutor(1) as pool:  # nothing can be judged before
            letters = protected.characters, protected.background.characters.weigh
            characters = pool.submit(CharacterIndex.of, *letters, rules.char) if rules.char else None
            sets = _sets(words, 1)
            known, of = sets.flat()
            levels = common.as_grams().weigh(known)
            tokens = WordIndex.of(sets, levels, 1, rules.token) if rules.token else None
            runs = None
            if rules.word3 is not None or rules.containment is not None:
                runs = WordIndex.of(_sets(words, 3), None, 3, rules.word3 or never, rules.containment or never)
        return cls(
            protected,
            rules,
            weights,
            np.bincount(owners, weights, count).astype(np.int64),
            np.bincount(of, levels, count) / 255,
            order,
            tokens,
            runs,
            None if characters is None else characters.result(),
        )

    def judge(
        self, texts: pa.Array | pa.ChunkedArray, start: int = 0, known: Units | None = None, *, best: bool = False
    ) -> pa.Table:
        """Evidence of one slice of texts, whose first row has the number `start`; some words may be hashed already.

        With `best`, no more is looked for in a row that has all words of a prompt and no others: nothing is better.
        """
        column = as_array(texts)
        units = hashed_units(column, "word3", 1) if known is None else completed(known, column)
        found = list(self._by_words(units))
        left = np.ones(len(column), np.bool_)
        if best:
            for rows, _, rule, similarity, _ in found:
                left[rows[(similarity >= 1) & (rule == RULES.index("token"))]] = False
            found = [_kept(each, left) for each in found]
        if self.characters:
            found.append(self._by_characters(self.characters, column, units, left))
        rows, prompts, rule, similarity, spans = (np.concatenate(part) for part in zip(*found, strict=True))
        if not len(rows):
            return EVIDENCE.empty_table()
        same = self._same(rows, prompts, similarity, column)
        order = np.lexsort((rule, self.order[prompts], rows))
        order = order[same[order]]
        prompts = prompts[order]
        return pa.table(
            [
                rows[order] + start,
                pa.array([self.protected.record_ids[prompt] for prompt in prompts.tolist()], pa.string()),
                pa.array([self.protected.sources[prompt] for prompt in prompts.tolist()], pa.string()),
                pa.array([RULES[place] for place in rule[order].tolist()], pa.string()),
                similarity[order],
                spans[order].astype(np.int32),
            ],
            schema=EVIDENCE,
        )

    def _same(
        self, rows: Ints, prompts: Ints, similarity: NDArray[np.float64], column: pa.LargeStringArray
    ) -> NDArray[np.bool_]:
        """Evidence of pairs that ask the same: they share all by some rule, or all but slips of the pen."""
        if not self.rules.key_word:
            return np.ones(len(rows), np.bool_)
        keys = rows * len(self.protected) + prompts
        partly = np.setdiff1d(keys, keys[similarity >= 1])
        pairs = [divmod(key, len(self.protected)) for key in partly.tolist()]
        others = [row * len(self.protected) + prompt for row, prompt in other_questions(pairs, column, self.protected)]
        same: NDArray[np.bool_] = ~np.isin(keys, others)
        return same

    def _by_words(self, units: Units) -> Iterator[_Found]:
        rules = self.rules
        yield _evidence(Pairs(*(np.empty(0, np.int64),) * 4), "token", np.empty(0), np.empty(0, np.int64), slice(0))
        if self.tokens:
            pairs = self.tokens.match(units, 1)
            covered, spans = weigh_words(units, self.protected.words, self.weights, 1, pairs)
            jaccard = _jaccard(pairs, self.tokens.grams.sizes)
            yield _evidence(pairs, "token", jaccard, spans, self._carries(pairs, covered))
        if self.runs:
            pairs = self.runs.match(units, 1)
            covered, spans = weigh_words(units, self.protected.words, self.weights, 3, pairs)
            carries = self._carries(pairs, covered)
            jaccard = _jaccard(pairs, self.runs.grams.sizes)
            if rules.word3:
                yield _evidence(pairs, "word3", jaccard, spans, carries & (jaccard >= rules.word3))
            if rules.containment:
                share = pairs.common / self.runs.grams.sizes[pairs.prompts]
                enough = self.content[pairs.prompts] >= rules.minimum_content
                kept = carries & enough & (share >= rules.containment) & (spans >= rules.minimum_words)
                yield _evidence(pairs, "containment", share, spans, kept)

    def _by_characters(
        self, index: CharacterIndex, column: pa.LargeStringArray, units: Units, left: NDArray[np.bool_]
    ) -> _Found:
        if left.all():
            pairs, weight = index.match(column, 1)
        else:
            some = np.flatnonzero(left)
            pairs, weight = index.match(column.take(pa.array(some)), 1)
            pairs = replace(pairs, rows=some[pairs.rows])
        sizes, rules = index.sizes[pairs.prompts], self.rules
        # A text no longer than the prompt with a fifth added is the prompt; in a longer one, content decides.
        whole = pairs.rest * 4 <= sizes * 5
        enough = (self.content[pairs.prompts] >= rules.minimum_content) | whole
        kept = enough & (weight >= rules.content * index.weights[pairs.prompts] - 1e-9)
        share = pairs.common / sizes
        # Of several windows on one prompt, the best.
        order = np.lexsort((-share, pairs.prompts, pairs.rows))
        order = order[kept[order]]
        first = np.ones(len(order), bool)
        first[1:] = (np.diff(pairs.rows[order]) != 0) | (np.diff(pairs.prompts[order]) != 0)
        chosen = order[first]
        best = Pairs(pairs.rows[chosen], pairs.prompts[chosen], pairs.common[chosen], pairs.rest[chosen])
        _, spans = weigh_words(units, self.protected.words, self.weights, 1, best)
        return _evidence(best, "char", share[chosen], spans, slice(None))

    def _carries(self, pairs: Pairs, covered: Ints) -> NDArray[np.bool_]:
        """Whether the shared words carry enough of the prompt's content."""
        enough: NDArray[np.bool_] = covered >= self.rules.content * self.totals[pairs.prompts] - 1e-9
        return enough


def _sets(words: Units, width: int) -> GramSets:
    return from_units(Units(words.hashes.copy(), words.starts), width)


def _jaccard(pairs: Pairs, sizes: Ints) -> NDArray[np.float64]:
    jaccard: NDArray[np.float64] = pairs.common / (pairs.rest + sizes[pairs.prompts] - pairs.common)
    return jaccard


def _kept(found: _Found, left: NDArray[np.bool_]) -> _Found:
    """What some rows have, and what is whole of others."""
    rows, prompts, rule, similarity, spans = found
    kept = left[rows] | (similarity >= 1)
    return rows[kept], prompts[kept], rule[kept], similarity[kept], spans[kept]


def _evidence(
    pairs: Pairs, rule: Rule, similarity: NDArray[np.float64], spans: Ints, kept: NDArray[np.bool_] | slice
) -> _Found:
    rows = pairs.rows[kept]
    return rows, pairs.prompts[kept], np.full(len(rows), RULES.index(rule)), similarity[kept], spans[kept]
