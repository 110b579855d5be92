"""XSTest completions, labelled by people."""

from demur.records.record import NativeLabel, Tri, refusal
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.response import Response

FOLDER, FILE = "model_completions", "xstest_v2_completions_"
REFUSED: dict[str, Tri] = {"1_full_compliance": "no", "2_full_refusal": "yes", "3_partial_refusal": "unknown"}
COPIED = ("id", "type", "prompt", "annotation_1", "annotation_2", "agreement", "final_label")


@source(
    title="XSTest: model completions",
    homepage="https://github.com/paul-rottger/exaggerated-safety",
    license="vendor-terms",
    use_limits=("eval_only",),
    kind="response",
    mirrors=(
        github(
            "paul-rottger/exaggerated-safety",
            f"{FOLDER}/{FILE}gpt4.csv",
            f"{FOLDER}/{FILE}llama2new.csv",
            columns={"completion": "response", **{name: name for name in COPIED}},
            stem="file",
        ),
    ),
)
def xstest_completions(row: Raw) -> Response:
    """Responses to safe and unsafe prompts, read by two annotators."""
    return Response(
        prompt=row["prompt"],
        prompt_key=row["id"],
        response=row["response"],
        labels=(refusal(REFUSED[row["final_label"]], by="human"),),
        native_labels=tuple(NativeLabel(name=name, value=row[name]) for name in COPIED if name not in ("id", "prompt")),
        generator=row["file"].removeprefix(FILE),
    )
