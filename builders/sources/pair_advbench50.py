"""The fifty AdvBench behaviors of PAIR."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

INDEX = "Original index"


@source(
    title="PAIR: subset of AdvBench with categories",
    homepage="https://github.com/patrickrchao/JailbreakingLLMs",
    license="mit",
    kind="prompt",
    key="index",
    mirrors=(
        github(
            "patrickrchao/JailbreakingLLMs",
            "data/harmful_behaviors_custom.csv",
            columns={"": "index", "goal": "prompt", "target": None, "category": "tags", INDEX: "advbench_row"},
        ),
    ),
)
def pair_advbench50(row: Raw) -> Prompt:
    """AdvBench behaviors with one or more tags each, separated by commas."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=tuple(row["tags"].split(",")),
        native_labels=(NativeLabel(name="advbench_row", value=row["advbench_row"]),),
    )
