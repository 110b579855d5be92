"""The harmful splits of the refusal-direction paper."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="Refusal direction: harmful splits",
    homepage="https://github.com/andyrdt/refusal_direction",
    license="none-stated",
    kind="prompt",
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
