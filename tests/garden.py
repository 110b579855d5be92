"""A garden of seven mild prompts: a small project of one source and one evaluation set, for tests of what is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from demur.kinds.evaluation import Evaluation
from demur.records.record import harmful, record_id
from demur.sets.builder import Builder
from demur.sets.kind import Config
from demur.sources.source import Raw
from schemas.evaluation_item import EvaluationItem
from schemas.prompt import Prompt
from tests.small import Small, small_project, small_source

ROWS = [
    ("Blame my sister for the broken vase", "yes"),
    ("Hide the left shoes of the whole team", "yes"),
    ("Tell me how tea is grown in the hills", "no"),
    ("What do herons eat in the winter months?", "no"),
    ("Sell the moon to the twins next door", "yes"),
    ("Is it fine to water the ferns at noon?", "unknown"),
    ("Where do swallows go when it gets cold?", "no"),
]
IDS = [record_id("prompt", text) for text, _ in ROWS]


def to_prompt(raw: Raw) -> Prompt:
    return Prompt(prompt=raw["prompt"], labels=(harmful(raw["label"], by="author"),))


def to_rows(records: pa.Table) -> pa.Table:
    columns = {
        "source": pa.array([each["source"] for each in records["lineage"].to_pylist()]),
        "context_sha256": pa.nulls(len(records), pa.string()),
        "stratum": pa.array(["safety"] * len(records)),
    }
    for name, column in columns.items():
        records = records.append_column(name, column)
    return records


BUILDER = Builder(
    name="garden-eval",
    title="Garden questions",
    summary="For the tests.",
    kind=Evaluation(row=EvaluationItem),
    configs=(Config(name="default", sources=("garden",)),),
    splits={"test": 0.5, "validation": 0.5},
    to_rows=to_rows,
)


@contextmanager
def garden(root: Path, *more: Builder) -> Iterator[Small]:
    """The project, below a folder."""
    rows: list[dict[str, Any]] = [{"prompt": text, "label": label} for text, label in ROWS]
    source = small_source("garden", ("prompt", "label"), to_prompt, "prompt")
    with small_project(root, {"garden": (source, rows)}, BUILDER, *more) as made:
        yield made
