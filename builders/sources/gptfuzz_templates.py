"""GPTFuzz: 77 templates written by people, with a place for a question; nothing is ever put there."""

from demur.kinds.jailbreaks.attack import Wrapped
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="GPTFuzz: templates",
    homepage="https://github.com/sherdencooper/GPTFuzz",
    license="mit",
    kind="prompt",
    key="id",
    mirrors=(
        github(
            "sherdencooper/GPTFuzz",
            "datasets/prompts/GPTFuzzer.csv",
            columns={"id": "id", "text": "prompt"},
        ),
    ),
)
def gptfuzz_templates(row: Raw) -> Prompt:
    """Templates: they have no base question, so none of them is ever a row."""
    wrapped = Wrapped(attack="GPTFuzz", family="template", version="seeds", run="gptfuzz/templates")
    return Prompt(prompt=row["prompt"], labels=(harmful("unknown", by="unknown"),), native_labels=wrapped.labels())
