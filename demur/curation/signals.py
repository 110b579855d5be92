"""What speaks against a label: each signal gives every text a number from 0 to 1, NaN where it says nothing.

None of them is a verdict. They only say where a person should look first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.curation.annotations import Annotation
from demur.curation.texts import Place
from demur.draws import fold_of
from demur.errors import FormatError
from demur.text.surface import vectorisers

Floats = NDArray[np.float64]

PENALTY = 1.0
"""Inverse strength of the classifier's L2 penalty: with 5 % wrong labels, 10 fits them (bench/suspects.py)."""

NEAREST = 10
"""Neighbours by words, or by embeddings."""

_BLOCK = 1024


@dataclass(frozen=True)
class Near:
    """The nearest texts of every text: places of the texts in the list, and cosines, in rows of any length."""

    places: tuple[NDArray[np.int64], ...]
    cosines: tuple[Floats, ...]

    def against(self, refuse: NDArray[np.bool_]) -> Floats:
        """The share of a text's nearest that have the other label, weighted by the square of the cosine."""
        found = np.full(len(refuse), np.nan)
        for row, (places, cosines) in enumerate(zip(self.places, self.cosines, strict=True)):
            if len(places) and (weights := np.square(cosines)).sum() > 0:
                found[row] = weights @ (refuse[places] != refuse[row]) / weights.sum()
        return found

    def opposite(self, row: int, refuse: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Which of a text's nearest have the other label, in order of nearness: numbers within its row."""
        return np.flatnonzero(refuse[self.places[row]] != refuse[row])


def features(texts: Sequence[str]) -> tuple[object, object]:
    """Two matrices of the texts: words alone, and words, characters and form together; rows of length 1 each."""
    from scipy import sparse

    made = {name: make().fit_transform(texts) for name, make in vectorisers(min_df=1 if len(texts) < 50 else 2).items()}
    return made["word"].tocsr(), sparse.hstack(list(made.values())).tocsr()


def out_of_fold(matrix: object, refuse: NDArray[np.bool_], ids: Sequence[str], folds: int, seed: int) -> Floats:
    """The probability of "refuse" of every text, by a classifier that did not see its label; NaN without two labels."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    found = np.full(len(refuse), np.nan)
    if len(ids) < folds:
        return found
    fold = fold_of(np.array(ids, np.str_), folds, seed)
    with threadpool_limits(1):  # the products are small: threads only wait for one another
        for number in range(folds):
            test = fold == number
            if len(np.unique(refuse[~test])) < 2:
                continue
            model = LogisticRegression(C=PENALTY, tol=1e-3, max_iter=1000).fit(matrix[~test], refuse[~test])  # type: ignore[index]
            found[test] = model.predict_proba(matrix[test])[:, 1]  # type: ignore[index]
    return found


def improbable(probability: Floats, refuse: NDArray[np.bool_]) -> Floats:
    """One minus the self-confidence of the label.

    With two classes, cleanlab's three rankings are this one; its adjusted one finds fewer planted flips.
    """
    return np.where(refuse, 1 - probability, probability)


def near_by_words(words: object) -> Near:
    """The nearest texts by cosine of their words' TF-IDF; exact."""
    places, cosines = [], []
    for start in range(0, words.shape[0], _BLOCK):  # type: ignore[attr-defined]
        block = (words[start : start + _BLOCK] @ words.T).tocsr()  # type: ignore[index, attr-defined]
        for row in range(block.shape[0]):
            here = slice(block.indptr[row], block.indptr[row + 1])
            columns, values = block.indices[here], block.data[here]
            other = columns != start + row
            columns, values = columns[other], values[other]
            top = np.lexsort((columns, -values))[:NEAREST]
            places.append(columns[top].astype(np.int64))
            cosines.append(values[top].astype(np.float64))
    return Near(tuple(places), tuple(cosines))


def near_by_vectors(vectors: NDArray[np.float32]) -> Near:
    """The nearest texts by cosine of their embeddings; exact."""
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    places, cosines = [], []
    for start in range(0, len(units), _BLOCK):
        block = units[start : start + _BLOCK] @ units.T
        block[np.arange(len(block)), start + np.arange(len(block))] = -np.inf
        count = min(NEAREST, len(units) - 1)
        top = np.argsort(-block, axis=1, kind="stable")[:, :count]
        places += list(top.astype(np.int64))
        cosines += list(np.clip(np.take_along_axis(block, top, 1), 0, None).astype(np.float64))
    return Near(tuple(places), tuple(cosines))


def near_by_pairs(pairs: pa.Table, ids: Sequence[str]) -> Near:
    """The twins of a table of pairs: ``record_id``, ``twin`` and ``cosine``; either side may stand first.

    Raises:
        FormatError: a column is missing.
    """
    if missing := [name for name in ("record_id", "twin", "cosine") if name not in pairs.column_names]:
        msg = "The table of pairs lacks a column"
        raise FormatError(msg, expected="record_id, twin, cosine", got=f"no {', '.join(missing)}")
    place = {id: row for row, id in enumerate(ids)}
    twins: list[dict[int, float]] = [{} for _ in ids]
    for one, two, cosine in zip(*(pairs[name].to_pylist() for name in ("record_id", "twin", "cosine")), strict=True):
        if one != two and one in place and two in place:
            for here, there in ((one, two), (two, one)):
                twins[place[here]][place[there]] = cosine
    ordered = [sorted(each.items(), key=lambda twin: (-twin[1], twin[0])) for each in twins]
    return Near(
        tuple(np.array([twin for twin, _ in each], np.int64) for each in ordered),
        tuple(np.array([cosine for _, cosine in each], np.float64) for each in ordered),
    )


def readers_against(
    annotations: Mapping[str, Sequence[Annotation]], ids: Sequence[str], refuse: Sequence[bool]
) -> Floats:
    """The share of a text's readers who put it on the other side."""
    found = np.full(len(ids), np.nan)
    for row, (id, label) in enumerate(zip(ids, refuse, strict=True)):
        if said := annotations.get(id):
            found[row] = sum((each.behaviour == "refuse") != label for each in said) / len(said)
    return found


_NUMBERED = re.compile(r"^(?P<what>.*\D)_?(?P<rater>\d+)$")


def raters(native: Mapping[str, str | None]) -> list[list[str]]:
    """What a source's several raters said of one thing: native labels whose names differ in a last number alone.

    Example:
        >>> raters({"harm_1": "yes", "harm_2": "no", "harm_3": None, "topic": "tea"})
        [['yes', 'no']]
    """
    named = [(match["what"].rstrip("_"), value) for name, value in native.items() if (match := _NUMBERED.match(name))]
    groups = groupby(sorted(named, key=lambda each: each[0]), key=lambda each: each[0])
    said = [[value for _, value in each if value is not None] for _, each in groups]
    return [values for values in said if len(values) > 1]


def upstream_against_itself(places: Iterable[Place]) -> float:
    """How far upstream contradicts itself on a text: the share in the minority, of raters and of rows' labels.

    NaN where fewer than two spoke.
    """
    places = list(places)
    labels: list[str] = [place.harmful for place in places if place.harmful != "unknown"]
    said = [each for place in places for each in raters(place.native)]
    minorities = [1 - max(Counter(each).values()) / len(each) for each in [*said, labels] if len(each) > 1]
    return max(minorities, default=np.nan)
