"""CoCoNot original set, evaluation part."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github, hub
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

SAFETY = "Requests with safety concerns"
KEPT = ("id", "category", "subcategory", "prompt")
COLUMNS: dict[str, str | None] = {"response": None, **{name: name for name in KEPT}}


@source(
    title="CoCoNot: original set, evaluation",
    homepage="https://github.com/allenai/noncompliance",
    license="odc-by",
    use_limits=("eval_only",),
    kind="prompt",
    key="id",
    mirrors=(
        github("allenai/noncompliance", "data/coconot_eval.jsonl", columns=COLUMNS),
        hub("allenai/coconot", "original/test-00000-of-00001.parquet", columns=COLUMNS),
    ),
)
def coconot(row: Raw) -> Prompt:
    """Requests a model should not comply with, for reasons of safety or other."""
    safety = row["category"] == SAFETY
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author") if safety else harmful("unknown", by="unknown"),),
        categories=(row["subcategory"],) if safety else (),
        native_labels=tuple(NativeLabel(name=name, value=row[name]) for name in ("category", "subcategory")),
    )
