"""Dolly 15k without the rows whose responses use words of caution."""

from demur.records.record import NativeLabel, harmful, refusal
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.response import Response


@source(
    title="databricks-dolly-15k: without its safety-related part",
    homepage="https://github.com/databrickslabs/dolly",
    license="cc-by-sa-3.0",
    kind="response",
    mirrors=(
        github(
            "LLM-Tuning-Safety/LLMs-Finetuning-Safety",
            "llama2/ft_datasets/dolly_dataset/databricks-dolly-15k-no-safety.jsonl",
            columns={"instruction": "prompt", "context": "context", "response": "response", "category": "category"},
        ),
    ),
)
def dolly_plain(row: Raw) -> Response:
    """Everyday instructions with answers by people."""
    return Response(
        prompt=row["prompt"],
        context=row["context"] or None,
        response=row["response"],
        labels=(harmful("no", by="author", scope="response"), refusal("unknown", by="unknown")),
        native_labels=(NativeLabel(name="category", value=row["category"]),),
    )
