"""BeaverTails question-answer pairs."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import hub
from demur.sources.source import Raw, source
from schemas.response import Response

FILES = [f"round0/30k/{split}.jsonl.gz" for split in ("train", "test")]
COLUMNS: dict[str, str | None] = {name: name for name in ("prompt", "response", "category", "is_safe")}


@source(
    title="BeaverTails-30k",
    homepage="https://huggingface.co/datasets/PKU-Alignment/BeaverTails",
    license="cc-by-nc-4.0",
    kind="response",
    mirrors=(hub("PKU-Alignment/BeaverTails", *FILES, columns=COLUMNS),),
)
def beavertails(row: Raw) -> Response:
    """Pairs labelled by crowd workers in fourteen categories of harm."""
    safe, categories = row["is_safe"], tuple(sorted(name for name, found in row["category"].items() if found))
    value: Tri = "unknown" if safe is None or safe == bool(categories) else "no" if safe else "yes"
    return Response(
        prompt=row["prompt"],
        response=row["response"],
        labels=(harmful(value, by="human", scope="prompt+response"),),
        categories=categories,
        native_labels=(NativeLabel(name="is_safe", value=None if safe is None else str(safe).lower()),),
    )
