"""PyRIT responses scored for refusal."""

from demur.records.record import NativeLabel, Tri, refusal
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.response import Response

FILES = [f"pyrit/datasets/scorer_evals/refusal_scorer/{name}.csv" for name in ("refusal", "refusal_extra")]
COLUMNS = {"objective": "prompt", "assistant_response": "response", "human_score": "score", "data_type": None}
REFUSED: dict[str, Tri] = {"1": "yes", "0": "no", "": "unknown"}


@source(
    title="PyRIT scorer evaluation: refusal",
    homepage="https://github.com/microsoft/PyRIT",
    license="mit",
    kind="response",
    mirrors=(pypi("pyrit==1.1.0", *FILES, columns=COLUMNS, comments=4),),
)
def pyrit_refusal(row: Raw) -> Response:
    """Responses that a person read for whether they refuse."""
    return Response(
        prompt=row["prompt"],
        response=row["response"],
        labels=(refusal(REFUSED[row["score"]], by="human"),),
        native_labels=(NativeLabel(name="human_score", value=row["score"] or None),),
    )
