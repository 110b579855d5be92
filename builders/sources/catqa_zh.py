"""CatQA in Chinese."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="CatQA: categorical harmful questions (Chinese)",
    homepage="https://github.com/declare-lab/red-instruct",
    license="apache-2.0",
    languages=("zh",),
    kind="prompt",
    mirrors=(
        github(
            "declare-lab/red-instruct",
            "harmful_questions/catqa_chinese.json",
            format="nested",
            columns={"level0": "area", "level1": "subcategory", "value": "prompt"},
        ),
    ),
)
def catqa_zh(row: Raw) -> Prompt:
    """Harmful questions; the subcategory is finer, so it carries the hazard."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=(row["subcategory"],),
        native_labels=(NativeLabel(name="area", value=row["area"]),),
    )
