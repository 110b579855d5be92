"""Alpaca instructions."""

from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="Alpaca: instructions without input",
    homepage="https://github.com/tatsu-lab/stanford_alpaca",
    license="cc-by-nc-4.0",
    use_limits=("research_only",),
    kind="prompt",
    mirrors=(
        github(
            "andyrdt/refusal_direction",
            "dataset/processed/alpaca.json",
            columns={"instruction": "prompt", "category": None},
        ),
    ),
)
def alpaca(row: Raw) -> Prompt:
    """Everyday instructions."""
    return Prompt(prompt=row["prompt"], labels=(harmful("no", by="unknown"),))
