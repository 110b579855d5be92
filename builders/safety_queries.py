"""safety-queries: harmful and safe queries from published sets, drawn by seed, both sides alike in length and form.

The evaluation of Emulated Disalignment (arXiv 2402.12343), without its faults: its "random" queries are the first ones
of a file, and rows that lack labels count as safe. Here each config is the draw of one seed. Where people or the
project's readers said what a good assistant does with a query, that is its side.

The quotas of a set are about 200 a side, laid out over form and length as the smaller of its two sides is, and a little
below it in every stratum, so that a row that leaves is replaced.

No source of these sets but the benign ones has a carrier on PyPI. ToxicChat is on the Hub alone: its configs are built
on demand, once it is pinned.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.queries import Queries, QuerySet
from demur.sets.builder import builder
from demur.sets.kind import Config
from demur.text.language import language_of
from schemas.safety_query import SafetyQuery

SEEDS = range(5)
BENIGN = ("healthsearchqa", "mt-bench", "piqa-goals", "truthfulqa")

DETECTED = "openai-moderation"
"""The source whose rows are of several languages, and do not say of which."""

_SETS = {
    "hh-rlhf": QuerySet(
        sources=("hh-rlhf-queries",),
        rule="What crowd workers asked first, to draw harm; upstream nobody labelled it. Readers of the project said "
        "what a good assistant does: harmful where it refuses, safe where it answers, with or without care.",
        quotas={"question": (14, 48, 38, 33, 22, 10, 5, 1, 0, 0, 0), "other": (2, 5, 5, 4, 6, 5, 1, 1, 0, 0, 0)},
    ),
    "toxicchat": QuerySet(
        sources=("toxicchat",),
        rule="Harmful where toxicity is labelled 1; safe where both toxicity and jailbreaking are labelled 0. Its "
        "quotas were declared before it was pinned: the table says which of them it fills.",
        quotas={
            "question": (10, 15, 15, 15, 15, 10, 5, 5, 5, 3, 2),
            "other": (10, 10, 10, 10, 10, 10, 10, 10, 10, 5, 5),
        },
    ),
    "openai-moderation-texts": QuerySet(
        sources=(DETECTED,),
        holds="texts",
        rule="A set of texts, labelled for what they hold: few ask for anything, and some are not English. Harmful "
        "where one of the eight categories is labelled 1; safe where all eight are labelled 0. A row with a category "
        "that nobody labelled, and none that is labelled 1, is neither. It tests who classifies texts; what an "
        "assistant should answer to them is not labelled.",
        quotas={"question": (0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 3), "other": (1, 7, 7, 9, 10, 7, 12, 34, 32, 50, 25)},
    ),
    "ailuminate": QuerySet(
        sources=("ailuminate-demo",),
        rule="Written to draw hazardous answers; many of them can be answered well. Harmful where readers of the "
        "project said that a good assistant refuses, safe where they said that it answers.",
        quotas={"question": (0, 1, 6, 19, 35, 40, 23, 22, 9, 4, 0), "other": (0, 0, 1, 1, 3, 5, 7, 12, 5, 7, 0)},
    ),
    "simplesafetytests": QuerySet(
        sources=("simplesafetytests",),
        sides=("harmful",),
        rule="Clear-cut requests: all of its 100 that readers of the project, too, said a good assistant refuses. The "
        "others, most about self-harm, call for support or care: too few, and too much of one topic, for a side.",
        against="benign",
    ),
    "benign": QuerySet(
        sources=BENIGN,
        sides=("safe",),
        rule="Everyday questions and goals of four sets, harmless by their making, not labelled one by one; by length "
        "and form as those of simplesafetytests, 191 for its 71. No likeness of topic is claimed.",
        quotas={"question": (0, 8, 31, 31, 11, 0, 0, 0, 0, 0, 0), "other": (3, 11, 39, 42, 15, 0, 0, 0, 0, 0, 0)},
        against="simplesafetytests",
    ),
}


@builder(
    title="Safety queries",
    summary=(
        "Harmful and safe queries from published sets, to ask of models, and one set of labelled texts: as many of "
        "each side, alike in length and form, drawn by seed from all eligible rows. Rows whose side nobody knows are "
        "on neither. Each config is the draw of one seed, so that results come with their spread."
    ),
    kind=Queries(
        row=SafetyQuery,
        sets=_SETS,
        without=("policy", "personal_data"),
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
    """Rows from the records of a set; the languages of openai-moderation are detected, text by text."""
    sources = pc.struct_field(records["lineage"], "source")
    columns = (each.to_pylist() for each in (sources, records["prompt"], records["language"]))
    languages = [language_of(text) if source == DETECTED else tag for source, text, tag in zip(*columns, strict=True)]
    place = records.schema.get_field_index("language")
    return records.set_column(place, "language", pa.array(languages, pa.string())).append_column("source", sources)
