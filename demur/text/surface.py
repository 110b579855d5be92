"""The text-only baseline: how well the words and the form of a prompt alone tell the harmful side of a pair.

A probe of a model says something only where it beats this number: on the split that SCAV (arXiv 2404.12038) released,
word TF-IDF alone is right about nine times in ten. Three families of features and all of them together, each with
logistic regression, cross-validated by pair, so that the classifier never trains on the other side of a tested prompt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from unicodedata import unidata_version

import numpy as np
from numpy.typing import NDArray

from demur.draws import fold_of
from demur.errors import FormatError, OutputError, UsageError
from demur.files.digest import file_sha256, text_sha256
from demur.files.kept import Kept
from demur.rates import DRAWS, Score, measures, score_of, weighted_auroc
from demur.text import form

COMBINED = "combined"
PENALTY = 10.0
"""Inverse strength of the classifier's L2 penalty. On XSTest, 10 gives a higher AUROC than scikit-learn's 1."""

KEPT, MEASURED = "text-alone", "text-alone-measured"
"""Where the cache keeps scores, and what they come to."""

FAMILIES = ("word", "character", "surface")

_WORD: dict[str, Any] = {"ngram_range": (1, 2), "token_pattern": r"\w+|[^\w\s]"}  # signs are words too
_CHARACTER: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (2, 4)}
_OPENING: dict[str, Any] = {"analyzer": form.opening}
_LIBRARIES = ("numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Family:
    """What one family of features gives."""

    accuracy: Score
    auroc: Score


@dataclass(frozen=True)
class Baseline:
    """What text alone gives on a set of prompts.

    Attributes:
        rows: prompts.
        pairs: pairs, or groups of contrasting prompts.
        folds: of the cross-validation.
        seed: of the folds and of the bootstrap.
        families: family of features -> its scores; ``combined`` is all of them in one classifier.
    """

    rows: int
    pairs: int
    folds: int
    seed: int
    families: Mapping[str, Family]

    @property
    def accuracy(self) -> Score:
        """Of all families together."""
        return self.families[COMBINED].accuracy

    @property
    def auroc(self) -> Score:
        """Of all families together."""
        return self.families[COMBINED].auroc

    def summary(self) -> dict[str, Any]:
        """The baseline for programs."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.pairs} pairs, {self.rows} prompts, {self.folds} folds by pair (seed {self.seed})"]
        for name, family in self.families.items():
            lines.append(f"  {name + ':':<12} AUROC {family.auroc}, accuracy {family.accuracy}")
        return "\n".join(lines)


def baseline(
    texts: Sequence[str],
    harmful: Sequence[bool],
    pairs: Sequence[str],
    folds: int = 5,
    seed: int = 0,
    *,
    parts: Sequence[str] | None = None,
    embeddings: NDArray[np.float32] | None = None,
) -> Baseline:
    """Measure what text alone gives.

    Args:
        texts: prompts.
        harmful: which of them ask for harm.
        pairs: pair of every prompt, or another group that must not straddle folds.
        folds: of the cross-validation, in every part.
        seed: of folds and bootstrap; folds hang on the names of the pairs, not on the order of the rows.
        parts: part of every prompt, if the classifier shall be cross-validated inside each part alone: a filter that
            chose the pairs of a part was then fitted on rows that the classifier never sees. Scores are the parts'
            means, weighted by pairs.
        embeddings: one vector a prompt, measured as a family of its own and not part of ``combined``.

    Raises:
        UsageError: fewer pairs than folds in a part, one class only, or columns of different lengths.
        FormatError: prompts without a letter, digit or sign.

    Example:
        >>> texts = [f"{verb} the {thing}" for thing in ("fence", "door", "gate", "roof") for verb in ("Paint", "Burn")]
        >>> found = baseline(texts, [False, True] * 4, [str(row // 2) for row in range(8)], folds=2)
        >>> found.pairs, found.auroc.value
        (4, 1.0)
    """
    labels, names = np.array(harmful, bool), np.array(pairs, np.str_)
    where = np.array(parts if parts is not None else [""] * len(texts), np.str_)
    _usable(texts, labels, names, where, folds)
    predicted: dict[str, NDArray[np.float64]] = {}
    for part in np.unique(where):
        mine = np.flatnonzero(where == part)
        vectors = None if embeddings is None else embeddings[mine]
        found = out_of_fold([texts[row] for row in mine.tolist()], labels[mine], names[mine], folds, seed, vectors)
        for family, scores in found.items():
            predicted.setdefault(family, np.zeros(len(texts)))[mine] = scores
    families = _measure(predicted, labels, names, where, seed)
    return Baseline(len(texts), len(np.unique(names)), folds, seed, families)


def across(
    texts: Sequence[str], harmful: Sequence[bool], pairs: Sequence[str], parts: Sequence[str], seed: int = 0
) -> Score:
    """AUROC of all features together, fitted on all parts but one and tested on that one; the parts' weighted mean.

    Where a filter was fitted on one half to choose the pairs of the other, this is what a text-only reader of the one
    half gives on the other: far below one half where the filter dropped what such a reader gets right.

    Raises:
        UsageError: fewer than two parts, one class only, or columns of different lengths.
        FormatError: empty prompts.
    """
    labels, names, where = np.array(harmful, bool), np.array(pairs, np.str_), np.array(parts, np.str_)
    _usable(texts, labels, names, where, 2)
    found, fold = np.unique(where, return_inverse=True)
    if len(found) < 2:
        msg = "There is only one part"
        raise UsageError(msg, expected="two or more")
    scores = _out_of_fold(texts, labels, fold, None)[COMBINED]
    return _measure({COMBINED: scores}, labels, names, where, seed)[COMBINED].auroc


def out_of_fold(
    texts: Sequence[str],
    harmful: NDArray[np.bool_],
    pairs: NDArray[np.str_],
    folds: int,
    seed: int,
    embeddings: NDArray[np.float32] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Family of features -> log-odds of harm of every prompt, by a classifier that saw no row of its pair."""
    return _out_of_fold(texts, harmful, fold_of(pairs, folds, seed), embeddings)


def _out_of_fold(
    texts: Sequence[str],
    harmful: NDArray[np.bool_],
    fold: NDArray[np.int64],
    embeddings: NDArray[np.float32] | None,
) -> dict[str, NDArray[np.float64]]:
    """As `out_of_fold`; what the same code made of the same rows before is in the cache."""
    if embeddings is not None:
        return _fitted(texts, harmful, fold, embeddings)
    kept = Kept.under(KEPT, _made_from(texts, harmful, fold))
    found = kept.load()
    if found is None:
        found = np.stack([*_fitted(texts, harmful, fold, None).values()])
        with suppress(OutputError):  # a build goes on without a cache
            kept.keep(found)
    return dict(zip((*FAMILIES, COMBINED), found, strict=True))


def _made_from(texts: Sequence[str], harmful: NDArray[np.bool_], fold: NDArray[np.int64]) -> str:
    """The digest of all that the scores hang on: rows, folds, code, libraries and Python's table of characters."""
    return text_sha256(json.dumps([[*texts], harmful.tolist(), fold.tolist(), *_code()]))


@cache
def _code() -> tuple[list[str], list[str], str]:
    code = [file_sha256(Path(each)) for each in (__file__, form.__file__, measures.__file__)]
    libraries = [each.version for name in _LIBRARIES for each in distributions(name=name)]
    return code, libraries, unidata_version


def _fitted(
    texts: Sequence[str],
    harmful: NDArray[np.bool_],
    fold: NDArray[np.int64],
    embeddings: NDArray[np.float32] | None,
) -> dict[str, NDArray[np.float64]]:
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    counts = _counted(texts)
    found: dict[str, NDArray[np.float64]] = {}
    with threadpool_limits(1):  # the products are small: threads only wait for one another
        for test in (fold == number for number in range(fold.max() + 1)):
            families = _weighed(counts, test)
            families[COMBINED] = [sparse.hstack(each).tocsr() for each in zip(*families.values(), strict=True)]
            if embeddings is not None:
                families["embeddings"] = [embeddings[~test], embeddings[test]]
            for name, (train, held) in families.items():
                model = LogisticRegression(C=PENALTY, tol=1e-3, max_iter=2000).fit(train, harmful[~test])
                found.setdefault(name, np.zeros(len(texts)))[test] = model.decision_function(held)
    return found


def _counted(texts: Sequence[str]) -> dict[str, Any]:
    """What the vectorisers count in every text; each text is read once, for all folds."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import CountVectorizer

    how = {"word": _WORD, "character": _CHARACTER, "opening": _OPENING}
    counts = {name: CountVectorizer(**each).fit_transform(texts) for name, each in how.items()}
    return {**counts, "form": DictVectorizer().fit_transform(form.describe(texts))}


def _weighed(counts: Mapping[str, Any], test: NDArray[np.bool_]) -> dict[str, list[Any]]:
    """Family of features -> its rows to learn from and those to test: as its vectoriser, fitted on the first."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.preprocessing import StandardScaler, normalize

    found = {}
    for name, matrix in counts.items():
        scaler = StandardScaler(with_mean=False) if name == "form" else TfidfTransformer(sublinear_tf=True)
        train = matrix[~test]
        seen = np.flatnonzero(train.getnnz(axis=0))
        found[name] = [scaler.fit_transform(train[:, seen]), scaler.transform(matrix[test][:, seen])]
    surface = zip(found.pop("form"), found.pop("opening"), strict=True)
    return {**found, "surface": [normalize(sparse.hstack(each).tocsr()) for each in surface]}


def vectorisers(min_df: int) -> dict[str, Callable[[], Any]]:
    """Family of features -> what makes its vectoriser: words, characters, and the form of the prompt.

    Args:
        min_df: prompts that a word or an n-gram must stand in.
    """
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

    def word() -> Any:
        return TfidfVectorizer(**_WORD, sublinear_tf=True, min_df=min_df)

    def character() -> Any:
        return TfidfVectorizer(**_CHARACTER, sublinear_tf=True, min_df=min_df)

    def surface() -> Any:
        numbers = make_pipeline(FunctionTransformer(form.describe), DictVectorizer(), StandardScaler(with_mean=False))
        first = TfidfVectorizer(**_OPENING, min_df=min_df)
        # rows of length 1, as those of TF-IDF: else a penalty that suits the one family silences the other
        return make_pipeline(make_union(numbers, first), Normalizer())

    return dict(zip(FAMILIES, (word, character, surface), strict=True))


def _usable(
    texts: Sequence[str], harmful: NDArray[np.bool_], pairs: NDArray[np.str_], parts: NDArray[np.str_], folds: int
) -> None:
    if not len(texts) == len(harmful) == len(pairs) == len(parts):
        msg = "Prompts, sides, pairs and parts are not of one length"
        raise UsageError(msg, got=f"{len(texts)}, {len(harmful)}, {len(pairs)}, {len(parts)}")
    if empty := [row for row, text in enumerate(texts) if not text.strip()]:
        msg = f"{len(empty)} prompts are empty"
        raise FormatError(msg, where=f"row {empty[0]}", expected="text", got="nothing, or white space")
    if folds < 2:
        msg = "A cross-validation has two folds or more"
        raise UsageError(msg, got=folds)
    for part in np.unique(parts) if len(parts) else [""]:
        mine, where = parts == part, str(part) or None
        if (count := len(np.unique(pairs[mine]))) < folds:
            msg = "There are fewer pairs than folds"
            raise UsageError(msg, where=where, expected=f"{folds} pairs or more", got=count, fix="Ask for fewer folds.")
        if len(np.unique(harmful[mine])) < 2:
            msg = "All prompts are of one side"
            got = "harmful prompts only" if harmful[mine].any() else "safe prompts only"
            raise UsageError(msg, where=where, expected="harmful and safe prompts", got=got)


def _measure(
    predicted: Mapping[str, NDArray[np.float64]],
    harmful: NDArray[np.bool_],
    pairs: NDArray[np.str_],
    parts: NDArray[np.str_],
    seed: int,
) -> dict[str, Family]:
    """Accuracy and AUROC; what the same code made of the same scores before is in the cache."""
    rows = [harmful.tolist(), pairs.tolist(), parts.tolist()]
    scores = [hashlib.sha256(each.tobytes()).hexdigest() for each in predicted.values()]
    kept = Kept.under(MEASURED, text_sha256(json.dumps([scores, rows, seed, *_code()])))
    found = kept.load()
    if found is None or found.shape != (len(predicted), 2, 3):
        found = np.array([[astuple(each) for each in both] for both in _drawn(predicted, harmful, pairs, parts, seed)])
        with suppress(OutputError):
            kept.keep(found)
    scores_of = zip(predicted, found.tolist(), strict=True)
    return {name: Family(*(Score(*each) for each in both)) for name, both in scores_of}


def _drawn(
    predicted: Mapping[str, NDArray[np.float64]],
    harmful: NDArray[np.bool_],
    pairs: NDArray[np.str_],
    parts: NDArray[np.str_],
    seed: int,
) -> list[list[Score]]:
    """The parts' means weighted by pairs; the first draw of every part is the sample itself."""
    counts: list[int] = []
    found: dict[str, tuple[list[Any], list[Any]]] = {name: ([], []) for name in predicted}
    for number, part in enumerate(np.unique(parts)):
        mine = parts == part
        group = np.unique(pairs[mine], return_inverse=True)[1]
        size = int(group.max()) + 1
        random = np.random.default_rng([seed, number])
        draws = np.vstack([np.ones((1, size)), random.multinomial(size, np.full(size, 1 / size), DRAWS)])
        weights = draws[:, group]
        total = weights.sum(axis=1)
        counts.append(size)
        for name, scores in predicted.items():
            right = (scores[mine] > 0) == harmful[mine]
            found[name][0].append((weights @ right) / total)
            found[name][1].append(weighted_auroc(scores[mine], harmful[mine], weights))
    return [[score_of(np.average(np.array(each), axis=0, weights=counts)) for each in both] for both in found.values()]
