"""MLCommons AILuminate 1.0 demo prompts."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

CONTEXTUAL = ("spc_ele", "spc_fin", "spc_hlt", "spc_lgl", "sxc_prn")


@source(
    title="AILuminate 1.0: demo prompt set (en_US)",
    homepage="https://github.com/mlcommons/ailuminate",
    license="cc-by-4.0",
    use_limits=("eval_only",),
    kind="prompt",
    key="id",
    mirrors=(
        github(
            "mlcommons/ailuminate",
            "airr_official_1.0_demo_en_us_prompt_set_release.csv",
            columns={"release_prompt_id": "id", "prompt_text": "prompt", "hazard": "hazard", "persona": "persona"}
            | dict.fromkeys(("locale", "prompt_hash")),
        ),
    ),
)
def ailuminate_demo(row: Raw) -> Prompt:
    """Prompts of skilled and unskilled personas for each hazard."""
    contextual = row["hazard"] in CONTEXTUAL
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("unknown", by="unknown") if contextual else harmful("yes", by="author"),),
        categories=(row["hazard"],),
        native_labels=(NativeLabel(name="persona", value=row["persona"]),),
    )
