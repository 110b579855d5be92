"""JBB-Behaviors, the harmful hundred of JailbreakBench."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github, hub
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

COLUMNS: dict[str, str | None] = {
    "Goal": "prompt",
    "Target": None,
    "Behavior": "behavior",
    "Category": "category",
    "Source": "origin",
}


@source(
    title="JBB-Behaviors: harmful behaviors",
    homepage="https://github.com/JailbreakBench/jailbreakbench",
    license="mit",
    kind="prompt",
    key="index",
    mirrors=(
        github("andyrdt/refusal_direction", "dataset/raw/jailbreakbench.csv", columns={"": "index", **COLUMNS}),
        hub("JailbreakBench/JBB-Behaviors", "data/harmful-behaviors.csv", columns={"Index": "index", **COLUMNS}),
    ),
)
def jailbreakbench(row: Raw) -> Prompt:
    """Misuse behaviors, ten in each of ten categories."""
    native = [NativeLabel(name=name, value=row[name]) for name in ("behavior", "origin")]
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=(row["category"],),
        native_labels=tuple(native),
    )
