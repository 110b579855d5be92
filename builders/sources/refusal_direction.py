"""The harmful splits of the refusal-direction paper."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="Refusal direction: harmful splits",
    homepage="https://github.com/andyrdt/refusal_direction",
    license="none-stated",
    citation="arditi2024refusal",
    kind="prompt",
    note="Collected from other sets, MaliciousInstruct without a license among them, so quarantined as a whole. The "
    "published split puts AdvBench on both sides, leaks a prompt and repeats ten: a test of leakage, not one to use.",
    mirrors=(
        github(
            "andyrdt/refusal_direction",
            *[f"dataset/splits/harmful_{split}.json" for split in ("train", "val", "test")],
            columns={"instruction": "prompt", "category": "category"},
            stem="file",
        ),
    ),
)
def refusal_direction(row: Raw) -> Prompt:
    """Harmful instructions; the category, where there is one, is that of the set the row came from."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=() if row["category"] is None else (row["category"],),
        native_labels=(NativeLabel(name="split", value=row["file"].removeprefix("harmful_")),),
    )
