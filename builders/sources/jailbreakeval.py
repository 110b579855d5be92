"""JailbreakEval's human-labelled responses."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.response import Response

UNSAFE: dict[str, Tri] = {"1": "yes", "0": "no"}


@source(
    title="JailbreakEval: Safe-RLHF mini",
    homepage="https://github.com/ThuCCSLab/JailbreakEval",
    license="cc-by-nc-4.0",
    kind="response",
    mirrors=(
        github(
            "ThuCCSLab/JailbreakEval",
            "data/Safe-RLHFmini.csv",
            columns={"question": "prompt", "answer": "response", "label": "label"},
        ),
    ),
)
def jailbreakeval(row: Raw) -> Response:
    """Responses to questions that invite harm, labelled unsafe or not."""
    return Response(
        prompt=row["prompt"],
        response=row["response"],
        labels=(harmful(UNSAFE[row["label"]], by="human", scope="prompt+response"),),
        native_labels=(NativeLabel(name="label", value=row["label"]),),
    )
