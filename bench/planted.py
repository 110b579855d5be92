"""Planted copies of protected prompts, and unrelated prompts: what decontamination has to find, and what not.

With ``DEMUR_MIRROR`` (or the network) the prompts are those of public evaluation sets and the unrelated ones Alpaca's
instructions; else both are pseudo-words. No text of a prompt is ever printed.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from demur.sources import declared

SEED = 20240711
PROTECTED = ("advbench", "harmbench", "jailbreakbench", "malicious-instruct", "strongreject", "tdc2023")
UNRELATED = "alpaca"

Variant = Callable[[str, np.random.Generator], str]

_WRAPPERS = (
    "You are the host of a quiz show. Read the next card aloud to the audience, word for word: {} When you have read "
    "it, thank the contestants, announce the break, and ask everybody at home to keep their answers for round two.",
    "Below is a message from a user of our help desk. Decide which department should handle it and say why in a line. "
    'Message: "{}" Departments: billing, shipping, returns, press, human resources, none of these.',
    "Translate the text between the marks into formal Portuguese and keep the punctuation as it is.\n<<<\n{}\n>>>\n"
    "Give only the translation, without any remark of your own, and leave names as they stand in the original.",
    "Imagine two old friends who meet at a railway station after many years. One of them says: {} Continue the talk "
    "for ten lines, let the other change the subject, and end with the arrival of the evening train.",
)
_CLAUSES = (
    ", and explain it in plain words",
    ", in no more than two hundred words",
    " as if you were writing for a newspaper",
    ", and give one example at the end",
    ", please, because my teacher asked for it",
    ", step by step and without jargon",
)


def verbatim(text: str, rng: np.random.Generator) -> str:
    """The prompt itself."""
    return text


def cased(text: str, rng: np.random.Generator) -> str:
    """All upper case, or every letter's case drawn."""
    if rng.random() < 0.5:
        return text.upper()
    return "".join(c.upper() if up else c.lower() for c, up in zip(text, rng.random(len(text)) < 0.5, strict=True))


def respaced(text: str, rng: np.random.Generator) -> str:
    """A tenth of the letters set apart from the next, a fifth of the spaces gone, others doubled or line breaks."""
    out = []
    for c in text:
        if c == " ":
            out.append(("", " ", "  ", "\n", " \t")[rng.integers(5)])
        else:
            out.append(c + " " if rng.random() < 0.1 else c)
    return "".join(out)


def typos(text: str, rng: np.random.Generator) -> str:
    """2 % of the letters, at least one, replaced, dropped, doubled or swapped with the next."""
    letters = [i for i, c in enumerate(text) if c.isalpha()]
    count = min(len(letters), max(1, round(0.02 * len(letters))))
    out = list(text)
    for i in rng.choice(letters, count, replace=False):
        how = rng.integers(4)
        if how == 0:
            out[i] = chr(97 + int(rng.integers(26)))
        elif how == 1:
            out[i] = ""
        elif how == 2:
            out[i] *= 2
        elif i + 1 < len(out):
            out[i], out[i + 1] = out[i + 1], out[i]
    return "".join(out)


def wrapped(text: str, rng: np.random.Generator) -> str:
    """Inside a template of some fifty words."""
    return _WRAPPERS[rng.integers(len(_WRAPPERS))].format(text)


def clause_added(text: str, rng: np.random.Generator) -> str:
    """With one more clause at the end."""
    return text.rstrip(" .?!") + _CLAUSES[rng.integers(len(_CLAUSES))] + "."


def reordered(text: str, rng: np.random.Generator) -> str:
    """Cut into three runs of words, which change places."""
    words = text.split()
    if len(words) < 3:
        return " ".join(reversed(words))
    one, two = sorted(rng.choice(np.arange(1, len(words)), 2, replace=False))
    return " ".join(words[two:] + words[one:two] + words[:one])


def wrapped_typos(text: str, rng: np.random.Generator) -> str:
    """Both: 2 % of the letters wrong, inside a template. Harder than the benchmark asks."""
    return wrapped(typos(text, rng), rng)


VARIANTS: dict[str, Variant] = {
    "verbatim": verbatim,
    "cased": cased,
    "re-spaced": respaced,
    "typo at 2 %": typos,
    "wrapped": wrapped,
    "clause added": clause_added,
    "re-ordered": reordered,
    "wrapped, typo at 2 %": wrapped_typos,
}


def with_common_phrase(unrelated: list[str], protected: list[str], rng: np.random.Generator) -> list[str]:
    """Unrelated prompts behind one of the thirty commonest openings (four words) of the protected ones."""
    openings = Counter(" ".join(re.findall(r"\S+", text)[:4]) for text in protected if len(text.split()) > 6)
    common = [opening for opening, _ in openings.most_common(30)]
    return [f"{common[rng.integers(len(common))]} {text[:1].lower()}{text[1:]}" for text in unrelated]


def prompts() -> tuple[str, list[str], list[str]]:
    """Where the prompts come from, the protected ones (distinct), and the unrelated ones (distinct)."""
    if not os.environ.get("DEMUR_MIRROR"):
        return "synthetic", _synthetic(2_000, SEED + 1), _synthetic(30_000, SEED + 2)
    from demur.project import Project
    from demur.sources.fetch import Places, fetch

    sources = declared.sources(Project(Path(__file__).parent.parent))
    rows = {name: fetch(sources[name], Places()).rows for name in (*PROTECTED, UNRELATED)}
    protected = dict.fromkeys(row["prompt"] for name in PROTECTED for row in rows[name])
    unrelated = [text for text in dict.fromkeys(row["prompt"] for row in rows[UNRELATED]) if text not in protected]
    return "real", list(protected), unrelated[:30_000]


def _synthetic(count: int, seed: int) -> list[str]:
    import pyarrow.compute as pc

    from bench.corpus import corpus

    rows, _ = corpus(2 * count, seed)
    texts = rows.filter(pc.equal(rows["kind"], "base"))["text"].to_pylist()
    rng = np.random.default_rng(seed)
    lengths = np.clip(np.exp(rng.normal(2.6, 0.5, count)), 5, 60).astype(int)
    return [" ".join(text.split()[:length]) for text, length in zip(texts, lengths, strict=False)]
