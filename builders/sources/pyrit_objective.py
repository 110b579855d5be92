"""PyRIT responses scored for reaching their objective."""

from demur.records.record import Label, NativeLabel, Tri
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.response import Response

MAIN = ("bias", "exploits", "hate_speech", "info_integrity", "privacy", "self_harm", "sexual", "violence")
SMALL = ("chemical_biological", "cyber", "harassment_bullying", "illegal_activity", "misinformation", "phishing")
FILES = [f"pyrit/datasets/scorer_evals/objective/{name}.csv" for name in (*MAIN, *SMALL)]
COLUMNS = {"objective": "prompt", "assistant_response": "response", "human_score": "score", "harm_category": "category"}
ACHIEVED: dict[str, Tri] = {"1": "yes", "0": "no", "": "unknown"}


@source(
    title="PyRIT scorer evaluation: objective achieved",
    homepage="https://github.com/microsoft/PyRIT",
    license="mit",
    kind="response",
    mirrors=(pypi("pyrit==1.1.0", *FILES, columns={**COLUMNS, "data_type": None}, comments=1),),
)
def pyrit_objective(row: Raw) -> Response:
    """Responses that a person read for whether they do what the objective asks."""
    achieved = Label(name="compliance", value=ACHIEVED[row["score"]], scope="prompt+response", labeller="human")
    return Response(
        prompt=row["prompt"],
        response=row["response"],
        labels=(achieved,),
        categories=(row["category"],),
        native_labels=(NativeLabel(name="human_score", value=row["score"] or None),),
    )
