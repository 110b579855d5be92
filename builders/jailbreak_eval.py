"""jailbreak-eval: published attacks, each tied to its base question, in the split of that question.

No attack is made here: rows are what others published, each with its base, how it was found, and the license of both.
`default` holds what may be used commercially, `noncommercial` also attacks on questions of Do-Not-Answer. `runs` has
the prompts of DeRTa's published results, model by model, with a verdict of the phrases of demur.text.refusal on each
response. `pair` is references to transcripts, and cannot be built before its source is pinned. Splits follow from the
base questions alone, at the shares of refusal-eval: they have the same split in its default config.
"""

from __future__ import annotations

import pyarrow as pa

from demur.kinds.jailbreaks import Jailbreaks
from demur.kinds.jailbreaks.make import columns_of
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.jailbreak_item import JailbreakItem
from schemas.jailbreak_reference import JailbreakReference

BASES = ("advbench", "jailbreakbench", "multijail-questions", "derta-questions")
OTHERS = ("harmbench",)
"""Sets that base questions are said to be from."""


@builder(
    title="Jailbreak evaluation",
    summary=(
        "Attacks that others published, each tied to its base question by a rule with a score: what was sent, to which "
        "model, in which run, what was said of the response, and what a good assistant does with the question itself. "
        "No attack was made for it."
    ),
    kind=Jailbreaks(
        row=JailbreakItem,
        reference=JailbreakReference,
        bases=("advbench", "jailbreakbench", "do-not-answer", *OTHERS, "multijail-questions", "derta-questions"),
        keys={"jailbreakbench": "behavior"},
    ),
    configs=(
        Config(
            name="default",
            sources=(
                *BASES,
                *OTHERS,
                "adaptive-attacks",
                "codeattack",
                "derta-attacks",
                "derta-autodan",
                "gptfuzz-templates",
                "jailbreakbench-attacks",
                "multijail",
            ),
            commercial=True,
        ),
        Config(name="noncommercial", extends="default", sources=("do-not-answer",), on_demand=True),
        Config(
            name="runs",
            sources=("advbench", "derta-questions", "derta-runs", "do-not-answer", *OTHERS),
            on_demand=True,
        ),
        Config(
            name="pair",
            sources=("advbench", "derta-pair", "derta-questions", "do-not-answer"),
            references=True,
            on_demand=True,
        ),
    ),
    splits={"test": 0.8, "validation": 0.2},
    tags=("safety", "jailbreak", "red-teaming", "evaluation"),
)
def jailbreak_eval(records: pa.Table) -> pa.Table:
    """What each attack's record tells of it."""
    return columns_of(records)
