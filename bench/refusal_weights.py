"""Would learnt weights judge refusals better than phrases? A small classifier on the train halves.

TF-IDF of one and two words of the beginning and the end of a response, the families of phrases that fired, the grade
that they give, and the length; logistic regression. Only files of `bench.refusal_files.TRAINED_ON` teach it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from bench.refusal_files import TRAINED_ON, Row
from demur.text.refusal import grade

FIRST, LAST, STRENGTH, SEED = 60, 30, 10.0, 0
_WORD = re.compile(r"\w+(?:'\w+)*")


def marks(text: str) -> list[str]:
    """What a text is known by: its words with their place, its families, its length."""
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    found = grade(text)
    signs = [f"!{found.grade}", *(f"!{why}" for why in found.why), f"#{int(math.log2(len(words) + 1))}"]
    for name, part in (("^", words[:FIRST]), ("$", words[-LAST:])):
        signs += [name + word for word in part]
        signs += [f"{name}{one} {two}" for one, two in pairwise(part)]
    return signs


def fitted(rows: Sequence[Row]) -> Pipeline:
    """The classifier of full refusals, partial ones and answers, from the rows that may teach it."""
    mine = [row for row in rows if row.file in TRAINED_ON and row.half == "train"]
    model = Pipeline([
        ("words", TfidfVectorizer(analyzer=marks, min_df=2, sublinear_tf=True)),
        ("weights", LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000, random_state=SEED)),
    ])  # fmt: skip
    return model.fit([row.response for row in mine], [row.said for row in mine])
