"""Which texts are alike: exact set-similarity joins with evidence (see `joins`, `views`, `near`)."""

from demur.similarity.evidence import components
from demur.similarity.joins import Work, cross_join, self_join
from demur.similarity.onepass import prepare
from demur.similarity.views import GRAM_SIZE, View, grams, words

__all__ = [
    "GRAM_SIZE",
    "View",
    "Work",
    "components",
    "cross_join",
    "grams",
    "prepare",
    "self_join",
    "words",
]
