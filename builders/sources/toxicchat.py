"""ToxicChat user inputs."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import hub
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

NATIVE = ("human_annotation", "toxicity", "jailbreaking", "openai_moderation")


@source(
    title="ToxicChat (toxicchat0124): user inputs",
    homepage="https://huggingface.co/datasets/lmsys/toxic-chat",
    license="cc-by-nc-4.0",
    kind="prompt",
    mirrors=(
        hub(
            "lmsys/toxic-chat",
            *[f"data/0124/toxic-chat_annotation_{split}.csv" for split in ("train", "test")],
            columns={"conv_id": None, "user_input": "prompt", "model_output": None, **{name: name for name in NATIVE}},
            stem="file",
        ),
    ),
)
def toxicchat(row: Raw) -> Prompt:
    """What visitors of a chat demo asked, labelled for toxicity and for jailbreaking."""
    flags = (row["toxicity"], row["jailbreaking"])
    value: Tri = "yes" if flags[0] == "1" else "no" if flags == ("0", "0") else "unknown"
    split = NativeLabel(name="split", value=row["file"].rpartition("_")[2])
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful(value, by="human" if row["human_annotation"] == "True" else "model"),),
        native_labels=(split, *[NativeLabel(name=name, value=row[name] or None) for name in NATIVE]),
    )
