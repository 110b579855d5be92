"""Trojan Detection Challenge 2023, red-teaming behaviors."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="TDC 2023 (LLM edition): red-teaming behaviors",
    homepage="https://github.com/centerforaisafety/tdc2023-starter-kit",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "andyrdt/refusal_direction",
            *[f"dataset/raw/tdc2023_{phase}_behaviors.json" for phase in ("dev", "test")],
            columns={"value": "prompt"},
            stem="file",
        ),
    ),
)
def tdc2023(row: Raw) -> Prompt:
    """Behaviors that red teams had to draw out of a model, of the development and the test phase."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        native_labels=(NativeLabel(name="phase", value=row["file"].split("_")[1]),),
    )
