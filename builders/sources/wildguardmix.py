"""WildGuardMix, the prompts' side."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import hub
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

NATIVE = ("prompt_harm_label", "adversarial", "subcategory", "prompt_harm_agreement")
TEST_ONLY = ("prompt_harm_agreement", "response_harm_agreement", "response_refusal_agreement")
UNREAD = ("response", "response_harm_label", "response_refusal_label", *TEST_ONLY[1:])


@source(
    title="WildGuardMix: prompts",
    homepage="https://huggingface.co/datasets/allenai/wildguardmix",
    license="odc-by",
    use_limits=("research_only",),
    kind="prompt",
    mirrors=(
        hub(
            "allenai/wildguardmix",
            *[f"{split}/wildguard_{split}.parquet" for split in ("train", "test")],
            columns={"prompt": "prompt", **{name: name for name in NATIVE}, **dict.fromkeys(UNREAD)},
            optional=TEST_ONLY,
            stem="file",
        ),
    ),
)
def wildguardmix(row: Raw) -> Prompt:
    """Vanilla and adversarial prompts, harmful and not; labels of responses are not read."""
    labels: dict[str | None, Tri] = {"harmful": "yes", "unharmful": "no", None: "unknown"}
    value, split = labels[row["prompt_harm_label"]], row["file"].rpartition("_")[2]
    native = {"split": split, **{name: None if row[name] is None else str(row[name]) for name in NATIVE}}
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful(value, by="human" if split == "test" else "model"),),
        categories=(row["subcategory"],) if value == "yes" else (),
        native_labels=tuple(NativeLabel(name=name, value=value) for name, value in native.items()),
    )
