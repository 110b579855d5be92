"""CoCoNot contrast set, evaluation part."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github, hub
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

SAFETY = "Requests with safety concerns"
KEPT = ("id", "category", "subcategory", "prompt")
COLUMNS: dict[str, str | None] = {"response": None, **{name: name for name in KEPT}}


@source(
    title="CoCoNot: contrast set, evaluation",
    homepage="https://github.com/allenai/noncompliance",
    license="odc-by",
    use_limits=("eval_only",),
    kind="prompt",
    key="id",
    mirrors=(
        github("allenai/noncompliance", "data/coconot_contrast_eval.jsonl", columns=COLUMNS),
        hub("allenai/coconot", "contrast/test-00000-of-00001.parquet", columns=COLUMNS),
    ),
)
def coconot_contrast(row: Raw) -> Prompt:
    """Requests that look like ones to decline, and are not."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("no", by="author"),),
        categories=(row["subcategory"],) if row["category"] == SAFETY else (),
        native_labels=tuple(NativeLabel(name=name, value=row[name]) for name in ("category", "subcategory")),
        borderline=True,
    )
