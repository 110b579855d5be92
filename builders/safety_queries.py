"""safety-queries: harmful and safe queries from published sets, 200 a side, drawn by seed from all eligible rows.

The evaluation of Emulated Disalignment (arXiv 2402.12343), without its faults: its "random" queries are the first ones
of a file, and rows that lack labels count as safe. Here each config is the draw of one seed.

No source of these sets but the benign ones has a carrier on PyPI. ToxicChat is on the Hub alone: its configs are built
on demand, once it is pinned.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.queries import Queries, QuerySet
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.safety_query import SafetyQuery

SEEDS = range(5)
BENIGN = ("healthsearchqa", "mt-bench", "piqa-goals", "truthfulqa")

_SETS = {
    "hh-rlhf": QuerySet(
        sources=("hh-rlhf-queries",),
        rule="Nobody labelled these queries. Of dialogues with one turn, where one of the two replies refuses by a "
        "phrase rule and the other answers: harmful where the crowd worker preferred the refusal, safe where the "
        "worker preferred the answer. All other dialogues are unknown, those with several turns among them, since a "
        "preference between last replies says nothing of the first turn.",
    ),
    "toxicchat": QuerySet(
        sources=("toxicchat",),
        rule="Harmful where toxicity is labelled 1; safe where both toxicity and jailbreaking are labelled 0.",
    ),
    "openai-moderation": QuerySet(
        sources=("openai-moderation",),
        rule="Harmful where one of the eight categories is labelled 1; safe where all eight are labelled 0. A row with "
        "a category that nobody labelled, and none that is labelled 1, is neither. Texts, not only requests.",
    ),
    "ailuminate": QuerySet(
        sources=("ailuminate-demo",),
        sides=("harmful",),
        rule="Written to draw hazardous answers. The contextual hazards, where a careful answer can be fine, are "
        "unknown and left out.",
    ),
    "simplesafetytests": QuerySet(
        sources=("simplesafetytests",),
        sides=("harmful",),
        rule="Clear-cut requests that a model should refuse, written as such: 100 exist.",
    ),
    "benign": QuerySet(
        sources=BENIGN,
        sides=("safe",),
        rule="Everyday questions of four sets, harmless by their making, not labelled one by one.",
    ),
}


@builder(
    title="Safety queries",
    summary=(
        "Harmful and safe queries from published, labelled sets, to ask of models: the same number of each side, drawn "
        "by seed from all eligible rows. Rows whose labels are incomplete are on neither side. Each config is the draw "
        "of one seed, so that results come with their spread."
    ),
    kind=Queries(
        row=SafetyQuery,
        sets=_SETS,
        seeds={f"{prefix}seed_{seed}": seed for prefix in ("", "noncommercial_") for seed in SEEDS},
    ),
    configs=(
        *(
            Config(
                name=f"seed_{seed}",
                sources=("ailuminate-demo", "hh-rlhf-queries", "openai-moderation", "simplesafetytests", *BENIGN),
                commercial=True,
            )
            for seed in SEEDS
        ),
        *(
            Config(name=f"noncommercial_seed_{seed}", extends=f"seed_{seed}", sources=("toxicchat",), on_demand=True)
            for seed in SEEDS
        ),
    ),
    splits={"test": 1.0},
    tags=("safety", "red-teaming", "evaluation"),
)
def safety_queries(records: pa.Table) -> pa.Table:
    """Items from the records of a set."""
    return records.append_column("source", pc.struct_field(records["lineage"], "source"))
