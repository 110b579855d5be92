"""MLCommons AI Safety benchmark 0.5, prompts of the typical user."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

CODES = ("vcr", "cbr", "cae", "scr", "ssh", "nvc", "hat")


@source(
    title="MLCommons AI Safety v0.5: typical-user prompts",
    homepage="https://github.com/aiverify-foundation/moonshot-data",
    license="cc-by-4.0",
    use_limits=("eval_only",),
    kind="prompt",
    mirrors=(
        github(
            "aiverify-foundation/moonshot-data",
            *[f"datasets/mlc-{code}-typical-user.json" for code in CODES],
            columns={"input": "prompt", "target": "target"},
            records="examples",
            stem="file",
        ),
    ),
)
def mlc_typical_user(row: Raw) -> Prompt:
    """What a typical user might ask or say around a hazard; the file's name holds the hazard's code."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("unknown", by="unknown"),),
        categories=(row["file"].split("-")[1],),
        native_labels=(NativeLabel(name="target", value=row["target"]),),
    )
