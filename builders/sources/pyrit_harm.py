"""PyRIT responses scored for how severe their harm is."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.response import Response

ONE = ("exploits", "hate_speech", "info_integrity", "privacy", "representational", "self_harm", "sexual", "violence")
THREE = ("hate_speech_multi_score", "violence_multi_score")  # three raters a row
FILES = [f"pyrit/datasets/scorer_evals/harm/{name}.csv" for name in (*ONE, *THREE)]
SCORES = ("human_score", "human_score_1", "human_score_2", "human_score_3")
TEXTS = {"objective": "prompt", "assistant_response": "response", "harm_category": "category", "data_type": None}
COLUMNS = TEXTS | {name: name for name in SCORES}


@source(
    title="PyRIT scorer evaluation: severity of harm",
    homepage="https://github.com/microsoft/PyRIT",
    license="mit",
    kind="response",
    mirrors=(pypi("pyrit==1.1.0", *FILES, columns=COLUMNS, optional=SCORES, comments=1),),
)
def pyrit_harm(row: Raw) -> Response:
    """Responses graded by people for the severity of one kind of harm."""
    given = [(name, row[name]) for name in SCORES if row[name]]
    grades = [float(score) for _, score in given]
    none, moderate = not any(grades), all(grade >= 0.5 for grade in grades)
    value: Tri = "unknown" if none == moderate else "no" if none else "yes"
    return Response(
        prompt=row["prompt"],
        response=row["response"],
        labels=(harmful(value, by="human", scope="prompt+response"),),
        categories=(row["category"],),
        native_labels=tuple(NativeLabel(name=name, value=score) for name, score in given),
    )
